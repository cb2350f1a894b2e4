//! The rows of the record.
//!
//! What both databases must do, and one conformance test demands: [`Store::append`] gives the next
//! numbers to a batch, stamps it with a time that never runs back, and returns after it is on disk, with
//! what others wrote before it; [`Store::read`] gives the batches of everybody in order.

mod connections;
mod cosignatures;
mod follower;
mod postgres;
mod sqlite;

use connections::Connections;
pub(crate) use cosignatures::CosignatureRow;
pub use follower::Follower;
use follower::{Herald, NodeMark};

use softcap_database::{Database, DatabaseError, migrations, on_reader, row};
use sqlx::PgPool;

use crate::{JournalError, LogName, TreeHead};

/// The record in one database.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    appender: Appender,
}

/// How rows get into the database.
#[derive(Clone, Debug)]
enum Appender {
    /// By the one connection that writes.
    Sqlite(sqlite::Writer),
    /// By any connection; other nodes are told.
    Postgres {
        pool: PgPool,
        connections: Connections,
        herald: Herald,
    },
}

/// What names a batch: drawn at random.
pub type BatchId = [u8; 16];

/// A batch that has no place yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    /// Where the log ends as far as its writer knows: the number that its first entry takes, unless others
    /// appended since.
    pub first: u64,
    /// How many entries; at least one.
    pub count: u64,
    /// Drawn by who appends it; how a batch is found again after a lost connection.
    pub id: BatchId,
    /// The newest batch that its writer knows, unless it began with a snapshot and knows none.
    pub after: Option<BatchId>,
    /// How many entries of others may stand before it that its writer has not read.
    pub unread: u32,
    /// The earliest time of the batch in unix milliseconds: not before that of the last one.
    pub time: u64,
    /// The newest head of the tree that its writer knows.
    pub tree_before: TreeHead,
    /// The entries, one after the other.
    pub body: Vec<u8>,
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk.
    At {
        /// The number of its first entry.
        first: u64,
        /// Unix milliseconds.
        time: u64,
        /// What others appended before it since its writer read, in order and without a gap.
        before: Vec<BatchRow>,
    },
    /// Others appended so much that it must be read first, or the log is not as long as the writer believes: read,
    /// then try again.
    Behind {
        /// Some of what they wrote, from the place of the batch on in order, to spare a question; perhaps nothing.
        wrote: Vec<BatchRow>,
    },
}

/// A batch of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// The number of its first entry.
    pub first: u64,
    /// How many entries.
    pub count: u64,
    /// Its name.
    pub id: BatchId,
    /// Unix milliseconds.
    pub time: u64,
    /// A head of the tree shortly before it.
    pub tree_before: TreeHead,
    /// The entries.
    pub body: Vec<u8>,
}

/// What a log is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// An offering; its document is `offering.toml`.
    Offering,
    /// The balances of the platform; its document is empty.
    Platform,
    /// The audit; its document is empty.
    Audit,
}

impl LogKind {
    fn code(self) -> i64 {
        match self {
            Self::Offering => 1,
            Self::Platform => 2,
            Self::Audit => 3,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        [Self::Offering, Self::Platform, Self::Audit]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// A log and what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its name.
    pub name: LogName,
    /// What it is of.
    pub kind: LogKind,
    /// First line of its checkpoints.
    pub origin: String,
    /// The text that its entries follow from.
    pub document: String,
    /// Unix milliseconds.
    pub created: u64,
    /// Who signed the terms of an offering, if anybody did.
    pub issuer: Option<IssuerSignature>,
}

/// That an issuer signed the terms of an offering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSignature {
    /// The issuer's public key, `NAME+ID+KEY`.
    pub key: String,
    /// The signed note.
    pub note: String,
}

row! {
    struct LogColumns {
        name: String,
        kind: i64,
        origin: String,
        document: String,
        created: i64,
        issuer_key: String,
        signature: String,
    }
}

row! {
    struct BatchColumns {
        first: i64,
        n: i64,
        id: Vec<u8>,
        time: i64,
        root_size: i64,
        root_before: Vec<u8>,
        body: Vec<u8>,
    }
}

/// A count or time for a column.
fn column(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number)
        .map_err(|_| DatabaseError::Statement(format!("{number} is beyond 63 bits")).into())
}

fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

impl LogRow {
    /// Key and note as the columns have them.
    fn issuer_columns(&self) -> (&str, &str) {
        let issuer = self.issuer.as_ref();
        issuer.map_or(("", ""), |issuer| {
            (issuer.key.as_str(), issuer.note.as_str())
        })
    }
}

impl Store {
    /// Opens the record and brings its tables up to date.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(database: Database) -> Result<Self, JournalError> {
        let migrations = migrations!(
            "journal",
            "migrations",
            [
                "0001_journal",
                "0002_origin",
                "0003_cosignature",
                "0004_issuer",
                "0005_reference",
                "0006_tree_head",
                "0007_batch_id",
            ]
        );
        migrations.run(&database).await?;
        let appender = match &database {
            Database::Sqlite(sqlite) => Appender::Sqlite(sqlite::Writer::of(sqlite).await?),
            Database::Postgres(pool) => Appender::Postgres {
                pool: pool.clone(),
                connections: Connections::of(pool.clone()),
                herald: Herald::start(pool.clone(), NodeMark::new()?),
            },
        };
        Ok(Self { database, appender })
    }

    /// The database below.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Makes an empty log.
    ///
    /// # Errors
    /// [`JournalError::LogExists`], [`JournalError::OriginTaken`].
    pub async fn create(&self, row: &LogRow) -> Result<(), JournalError> {
        let made = match &self.appender {
            Appender::Sqlite(writer) => sqlite::create(writer, row).await,
            Appender::Postgres { pool, .. } => postgres::create(pool, row).await,
        };
        match made {
            Err(JournalError::Database(error)) if matches!(*error, DatabaseError::Taken(_)) => {
                let known = self.logs().await?;
                Err(if known.iter().any(|known| known.name == row.name) {
                    JournalError::LogExists(row.name.to_string())
                } else {
                    JournalError::OriginTaken(row.origin.clone())
                })
            }
            other => other,
        }
    }

    /// All logs, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn logs(&self) -> Result<Vec<LogRow>, JournalError> {
        const TEXT: &str = "SELECT name, kind, origin, document, created, issuer_key, signature \
            FROM log ORDER BY name";
        let rows = on_reader!(&self.database, |pool| sqlx::query_as::<_, LogColumns>(TEXT)
            .fetch_all(pool)
            .await)?;
        rows.into_iter()
            .map(|row| {
                let damaged = |problem: &str| JournalError::Damaged {
                    log: row.name.clone(),
                    index: 0,
                    problem: problem.to_owned(),
                };
                Ok(LogRow {
                    name: row.name.parse().map_err(|_| damaged("it has no name"))?,
                    kind: LogKind::from_code(row.kind)
                        .ok_or_else(|| damaged("its kind is unknown"))?,
                    origin: row.origin.clone(),
                    document: row.document.clone(),
                    created: number(row.created),
                    issuer: (!row.issuer_key.is_empty()).then(|| IssuerSignature {
                        key: row.issuer_key.clone(),
                        note: row.signature.clone(),
                    }),
                })
            })
            .collect()
    }

    /// Appends a batch; on disk when it returns.
    ///
    /// # Errors
    /// A passing one ([`JournalError::is_passing`]) leaves it open whether the batch was written; a
    /// second try with the same batch finds it by its id and never writes it twice.
    pub async fn append(&self, log: &LogName, batch: &NewBatch) -> Result<Appended, JournalError> {
        match &self.appender {
            Appender::Sqlite(writer) => sqlite::append(writer, log, batch).await,
            Appender::Postgres {
                connections,
                herald,
                ..
            } => {
                let appended = postgres::append(connections, log, batch).await?;
                herald.tell();
                Ok(appended)
            }
        }
    }

    /// Whether this process is the whole database.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.appender, Appender::Sqlite(_))
    }

    /// Closes all connections. Nothing is appended after it.
    pub async fn close(&self) {
        match &self.appender {
            Appender::Sqlite(writer) => writer.close().await,
            Appender::Postgres { connections, .. } => connections.close().await,
        }
        self.database.close().await;
    }

    /// Learns what other nodes append. `None` where there are none, on SQLite.
    #[must_use]
    pub fn follower(&self) -> Option<Follower> {
        match &self.appender {
            Appender::Sqlite(_) => None,
            Appender::Postgres { pool, herald, .. } => {
                Some(Follower::new(pool.clone(), herald.mark()))
            }
        }
    }

    /// Batches from entry `from` on, which must be the first of a batch, until their bodies are `bytes`
    /// long or there are no more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn read(
        &self,
        log: &LogName,
        from: u64,
        bytes: usize,
    ) -> Result<Vec<BatchRow>, JournalError> {
        // Batches are from one to some thousand entries; a page of rows bounds the memory.
        const ROWS: u16 = 512;
        let mut found = Vec::new();
        let (mut from, mut size) = (from, 0);
        loop {
            let rows = self.rows(log, from, ROWS).await?;
            let last = rows.len() < usize::from(ROWS);
            for row in rows {
                size += row.body.len();
                from = row.first + row.count;
                found.push(row);
            }
            if last || size >= bytes {
                return Ok(found);
            }
        }
    }

    /// At most `rows` batches from entry `from` on.
    pub(crate) async fn rows(
        &self,
        log: &LogName,
        from: u64,
        rows: u16,
    ) -> Result<Vec<BatchRow>, JournalError> {
        const TEXT: &str = "SELECT first, n, id, time, root_size, root_before, body FROM batch \
            WHERE log = $1 AND first >= $2 ORDER BY first LIMIT $3";
        let at = column(from)?;
        let rows = on_reader!(&self.database, |pool| sqlx::query_as::<_, BatchColumns>(
            TEXT
        )
        .bind(log.as_str())
        .bind(at)
        .bind(i64::from(rows))
        .fetch_all(pool)
        .await)?;
        rows.into_iter().map(|row| batch_row(log, row)).collect()
    }

    /// First entry and number of entries of the batch that holds an entry.
    ///
    /// # Errors
    /// What the database says; [`JournalError::NoSuchEntry`].
    pub async fn batch_of(&self, log: &LogName, index: u64) -> Result<(u64, u64), JournalError> {
        const TEXT: &str =
            "SELECT first, n FROM batch WHERE log = $1 AND first <= $2 ORDER BY first DESC LIMIT 1";
        let at = column(index)?;
        let row = on_reader!(&self.database, |pool| sqlx::query_as::<_, (i64, i64)>(TEXT)
            .bind(log.as_str())
            .bind(at)
            .fetch_optional(pool)
            .await)?;
        let (first, count) = row.map_or((0, 0), |(first, n)| (number(first), number(n)));
        if index < first + count {
            Ok((first, count))
        } else {
            Err(JournalError::NoSuchEntry {
                index,
                size: first + count,
            })
        }
    }
}

fn batch_row(log: &LogName, row: BatchColumns) -> Result<BatchRow, JournalError> {
    let first = number(row.first);
    let damaged = |problem: &str| JournalError::Damaged {
        log: log.to_string(),
        index: first,
        problem: problem.to_owned(),
    };
    let root = row.root_before.try_into();
    let id = row.id.try_into();
    Ok(BatchRow {
        first,
        count: number(row.n),
        id: id.map_err(|_| damaged("the id of its batch has not 16 bytes"))?,
        time: number(row.time),
        tree_before: TreeHead {
            size: number(row.root_size),
            root: root.map_err(|_| damaged("the root before it has not 32 bytes"))?,
        },
        body: row.body,
    })
}
