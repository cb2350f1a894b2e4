//! The table of the audit, for whoever carries it into a log, searches it or compares it.

use std::sync::Arc;

use softcap_database::{Database, DatabaseError, on_reader, on_writer};

use crate::{
    Act, AuditRow, UnixMillis,
    audit::ADD,
    audit_rows::{AuditRows, NewRow},
    write_queue::WriteQueue,
};

macro_rules! rows_where {
    ($condition:literal) => {
        rows_where!($condition, "")
    };
    ($condition:expr, $order:literal) => {
        concat!(
            "SELECT number, at, actor, act, subject, code, times FROM identity_audit WHERE ",
            $condition,
            " ORDER BY number",
            $order,
            " LIMIT $2"
        )
    };
}

/// One text for each way to begin, so that each uses the index of what it begins with.
macro_rules! filtered {
    ($bound:literal, $order:literal) => {
        [
            rows_where!(
                concat!($bound, " AND subject = $3 AND ($4 = '' OR actor = $4) AND ($5 = '' OR act = $5) AND at >= $6 AND at < $7"),
                $order
            ),
            rows_where!(
                concat!($bound, " AND actor = $4 AND ($3 = '' OR subject = $3) AND ($5 = '' OR act = $5) AND at >= $6 AND at < $7"),
                $order
            ),
            rows_where!(
                concat!($bound, " AND act = $5 AND ($3 = '' OR subject = $3) AND ($4 = '' OR actor = $4) AND at >= $6 AND at < $7"),
                $order
            ),
            rows_where!(
                concat!($bound, " AND ($3 = '' OR subject = $3) AND ($4 = '' OR actor = $4) AND ($5 = '' OR act = $5) AND at >= $6 AND at < $7"),
                $order
            ),
        ]
    };
}

/// Oldest first, after a number.
const FORWARD: [&str; 4] = filtered!("number > $1", "");
/// Newest first, before a number.
const BACK: [&str; 4] = filtered!("number < $1", " DESC");

/// What is searched for. What is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<String>,
    /// To what it was done.
    pub subject: Option<String>,
    /// What was done.
    pub act: Option<String>,
    /// Not before.
    pub from: Option<UnixMillis>,
    /// Before.
    pub until: Option<UnixMillis>,
}

impl AuditFilter {
    /// The text that uses the index of what is asked for.
    const fn text(&self, texts: [&'static str; 4]) -> &'static str {
        let [subject, actor, act, all] = texts;
        if self.subject.is_some() {
            subject
        } else if self.actor.is_some() {
            actor
        } else if self.act.is_some() {
            act
        } else {
            all
        }
    }
}

/// The table of the audit. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct AuditTable {
    database: Database,
    queue: Arc<WriteQueue<AuditRows>>,
}

impl AuditTable {
    /// In the database of [`Keys`](crate::Keys), whose migrations were run.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let queue = Arc::new(WriteQueue::new(database.clone(), AuditRows));
        Self { database, queue }
    }

    /// Rows after the one of this number, in order, at most `most`. Who has seen row N has seen all before it: a number is
    /// given when its transaction ends.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows(&self, after: i64, most: u32) -> Result<Vec<AuditRow>, DatabaseError> {
        const TEXT: &str = rows_where!("number > $1");
        on_reader!(&self.database, |pool| sqlx::query_as(TEXT)
            .bind(after)
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)
    }

    /// As [`AuditTable::rows`], but only what a filter lets through.
    ///
    /// # Errors
    /// What the database says.
    pub async fn search(
        &self,
        filter: &AuditFilter,
        after: i64,
        most: u32,
    ) -> Result<Vec<AuditRow>, DatabaseError> {
        self.found(filter, filter.text(FORWARD), (after, most))
            .await
    }

    /// What a filter lets through before the row of this number, newest first, at most `most`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn search_back(
        &self,
        filter: &AuditFilter,
        before: i64,
        most: u32,
    ) -> Result<Vec<AuditRow>, DatabaseError> {
        self.found(filter, filter.text(BACK), (before, most)).await
    }

    async fn found(
        &self,
        filter: &AuditFilter,
        query: &'static str,
        (bound, most): (i64, u32),
    ) -> Result<Vec<AuditRow>, DatabaseError> {
        let text = |wish: &Option<String>| wish.clone().unwrap_or_default();
        on_reader!(&self.database, |pool| sqlx::query_as(query)
            .bind(bound)
            .bind(i64::from(most))
            .bind(text(&filter.subject))
            .bind(text(&filter.actor))
            .bind(text(&filter.act))
            .bind(filter.from.map_or(i64::MIN, UnixMillis::get))
            .bind(filter.until.map_or(i64::MAX, UnixMillis::get))
            .fetch_all(pool)
            .await)
    }

    /// The newest rows of whoever did something, in order, at most `most`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn newest_of(&self, actor: &str, most: u32) -> Result<Vec<AuditRow>, DatabaseError> {
        const TEXT: &str = "SELECT number, at, actor, act, subject, code, times FROM identity_audit \
             WHERE actor = $1 ORDER BY number DESC LIMIT $2";
        let mut rows: Vec<AuditRow> = on_reader!(&self.database, |pool| sqlx::query_as(TEXT)
            .bind(actor)
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)?;
        rows.reverse();
        Ok(rows)
    }

    /// The number of the newest row; 0 when there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn newest(&self) -> Result<i64, DatabaseError> {
        const TEXT: &str = "SELECT COALESCE(MAX(number), 0) FROM identity_audit";
        on_reader!(&self.database, |pool| sqlx::query_scalar(TEXT)
            .fetch_one(pool)
            .await)
    }

    /// Adds a row of an act that is in no transaction of this crate; returns when it is on disk. Rows that come while
    /// others are written share the next transaction. A caller that goes away does not take its row along.
    ///
    /// # Errors
    /// What the database says, to all of a transaction.
    pub async fn add(
        &self,
        actor: &str,
        act: Act,
        (subject, code): (&str, &str),
        now: UnixMillis,
    ) -> Result<(), Arc<DatabaseError>> {
        let row = NewRow {
            at: now,
            actor: actor.to_owned(),
            act,
            subject: subject.to_owned(),
            code: code.to_owned(),
        };
        WriteQueue::add(&self.queue, row).await
    }

    /// Puts rows back that the table lost at its end, under the numbers they had, and one that says so. All or nothing.
    ///
    /// # Errors
    /// What the database says, also when a row of such a number is there.
    pub async fn put_back(&self, rows: &[AuditRow], now: UnixMillis) -> Result<(), DatabaseError> {
        const TEXT: &str = "INSERT INTO identity_audit (number, at, actor, act, subject, code, times) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(());
        };
        let range = format!("{}-{}", first.number, last.number);
        on_writer!(&self.database, |pool| async {
            let mut work = pool.begin().await?;
            for row in rows {
                let put = sqlx::query(TEXT).bind(row.number).bind(row.at);
                let put = put.bind(&row.actor).bind(&row.act).bind(&row.subject);
                let put = put.bind(&row.code).bind(row.times);
                put.execute(&mut *work).await?;
            }
            let note = sqlx::query(ADD).bind(now.get()).bind("server");
            let note = note.bind(Act::PutBack.as_code()).bind("-").bind(&range);
            note.bind(1_i64).execute(&mut *work).await?;
            work.commit().await
        }
        .await)
    }
}
