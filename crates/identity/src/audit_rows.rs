//! Rows of the audit that are no part of another transaction.

use softcap_database::{Database, DatabaseError, on_writer};

use crate::{Act, UnixMillis, audit::ADD, write_queue::Together};

/// A row that has no number yet.
#[derive(Debug)]
pub(crate) struct NewRow {
    pub(crate) at: UnixMillis,
    pub(crate) actor: String,
    pub(crate) act: Act,
    pub(crate) subject: String,
    pub(crate) code: String,
}

/// The table that they are written to.
#[derive(Debug)]
pub(crate) struct AuditRows;

impl Together for AuditRows {
    type Row = NewRow;
    type Answer = ();

    async fn write(&self, database: &Database, rows: &[NewRow]) -> Result<Vec<()>, DatabaseError> {
        on_writer!(database, |pool| async {
            let mut work = pool.begin().await?;
            for row in rows {
                let add = sqlx::query(ADD).bind(row.at.get()).bind(&row.actor);
                let add = add.bind(row.act.as_code()).bind(&row.subject);
                let add = add.bind(&row.code).bind(1_i64);
                add.execute(&mut *work).await?;
            }
            work.commit().await
        }
        .await)?;
        Ok(vec![(); rows.len()])
    }
}
