//! Names of what works once, on all nodes: signatures of requests and proofs of possession, until they are over by themselves.

use std::{collections::BTreeSet, sync::Arc};

use softcap_database::{Database, DatabaseError, on_writer};
use sqlx::QueryBuilder;

use crate::{
    UnixMillis,
    write_queue::{Together, WriteQueue},
};

/// A name that is used.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) tag: [u8; 32],
    /// Until when it is remembered.
    pub(crate) until: UnixMillis,
}

/// A table of `tag` and `expires_at`.
#[derive(Debug)]
pub(crate) struct FirstUses {
    insert: String,
}

/// Uses of the names in a table, written together.
pub(crate) type UseQueue = WriteQueue<FirstUses>;

impl FirstUses {
    /// A queue for the table of this name.
    pub(crate) fn queue(database: Database, table: &'static str) -> Arc<UseQueue> {
        let insert = format!("INSERT INTO {table} (tag, expires_at) ");
        Arc::new(WriteQueue::new(database, Self { insert }))
    }
}

impl Together for FirstUses {
    type Row = Use;
    /// Whether nobody used it before.
    type Answer = bool;

    async fn write(&self, database: &Database, uses: &[Use]) -> Result<Vec<bool>, DatabaseError> {
        // Two nodes that take the same names in one order do not wait for each other in a circle.
        let mut sorted: Vec<&Use> = uses.iter().collect();
        sorted.sort_by_key(|one| one.tag);
        let new: Vec<Vec<u8>> = on_writer!(database, |pool| async {
            let mut insert = QueryBuilder::new(self.insert.as_str());
            insert.push_values(&sorted, |mut row, one| {
                row.push_bind(one.tag.as_slice());
                row.push_bind(one.until.get());
            });
            insert.push(" ON CONFLICT (tag) DO NOTHING RETURNING tag");
            insert.build_query_scalar().fetch_all(pool).await
        }
        .await)?;
        let mut new: BTreeSet<Vec<u8>> = new.into_iter().collect();
        // Of two with one name in here, the first one used it.
        Ok(uses
            .iter()
            .map(|one| new.remove(one.tag.as_slice()))
            .collect())
    }
}
