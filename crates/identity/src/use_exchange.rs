//! Nodes of one database share the limits of calls: each tells the others what it let in, and takes from its own counts what
//! they did. Nothing of it is on the way of a request.
//!
//! In the long run all nodes together let in what a limit allows. Until they have heard of each other, which is half a second,
//! each may let a burst in; that is taken back afterwards.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use softcap_database::{Database, DatabaseError, on_reader, on_writer, row};
use sqlx::QueryBuilder;
use tokio::sync::Mutex;

use crate::{
    CallLimits, KeyId, Keys, PersonError, UnixMillis,
    people::{hex, random_bytes},
};

/// How often nodes tell each other.
pub const USES_TOLD_EVERY: Duration = Duration::from_millis(500);
/// A node forgets who has not come for so long, and a row that nobody changed for so long goes.
const KEPT: Duration = Duration::from_secs(60);
/// Rows of a statement.
const AT_ONCE: usize = 1000;

/// Whose calls are counted: the hash of a key's id, or of somebody else with the key of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Subject(pub(crate) [u8; 32]);

impl Subject {
    pub(crate) fn of_key(id: KeyId) -> Self {
        Self(Sha256::digest(format!("key {id}")).into())
    }
}

row! {
    struct UseRow {
        node: String,
        subject: Vec<u8>,
        total: i64,
    }
}

/// What a node tells the others, and hears.
#[derive(Debug)]
pub struct UseExchange {
    database: Database,
    keys: Keys,
    limits: Arc<CallLimits>,
    /// A name for this run.
    node: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// What this node let in, and when last.
    own: HashMap<Subject, (i64, UnixMillis)>,
    /// Whose calls the others were not told of yet.
    untold: BTreeSet<Subject>,
    /// What the others said last; nothing before they were heard the first time.
    heard: Option<HashMap<(String, Subject), i64>>,
}

impl UseExchange {
    /// Of the keys and limits of this node.
    ///
    /// # Errors
    /// [`PersonError::Randomness`].
    pub fn new(
        database: Database,
        keys: Keys,
        limits: Arc<CallLimits>,
    ) -> Result<Self, PersonError> {
        let name: [u8; 8] = random_bytes()?;
        Ok(Self {
            database,
            keys,
            limits,
            node: hex(&name),
            known: Mutex::default(),
        })
    }

    /// Tells the other nodes what this one let in since it did so last, and takes from its limits what they did.
    ///
    /// # Errors
    /// What the database says. What was let in is told next time.
    pub async fn exchange(&self, now: UnixMillis) -> Result<(), DatabaseError> {
        let mut known = self.known.lock().await;
        let mut uses = self.keys.take_uses();
        uses.extend(self.limits.take_uses());
        for (subject, cost) in uses {
            let (total, at) = known.own.entry(subject).or_insert((0, now));
            (*total, *at) = (total.saturating_add(i64::from(cost)), now);
            known.untold.insert(subject);
        }
        self.tell(&known, now).await?;
        known.untold.clear();
        let over = now.minus(KEPT);
        known.own.retain(|_, (_, at)| *at > over);
        // Longer than any node remembers, so that what it says is always more or begins anew.
        let rows = self.hear(now.minus(2 * KEPT)).await?;
        let owed = known.take_over(rows);
        self.keys.owe(&owed);
        self.limits.owe(&owed);
        Ok(())
    }

    /// Writes what changed, and removes what is over.
    async fn tell(&self, known: &Known, now: UnixMillis) -> Result<(), DatabaseError> {
        const REMOVE: &str = "DELETE FROM call_use WHERE at <= $1";
        let new = known.untold.iter();
        let new: Vec<_> = new
            .filter_map(|subject| known.own.get_key_value(subject))
            .collect();
        for rows in new.chunks(AT_ONCE) {
            on_writer!(&self.database, |pool| {
                async {
                let mut insert =
                    QueryBuilder::new("INSERT INTO call_use (node, subject, total, at) ");
                insert.push_values(rows, |mut row, (subject, (total, at))| {
                    row.push_bind(&self.node);
                    row.push_bind(subject.0.as_slice());
                    row.push_bind(*total);
                    row.push_bind(at.get());
                });
                insert.push(
                    " ON CONFLICT (node, subject) DO UPDATE SET total = excluded.total, at = excluded.at",
                );
                insert.build().execute(pool).await.map(drop)
            }
            .await
            })?;
        }
        on_writer!(&self.database, |pool| sqlx::query(REMOVE)
            .bind(now.minus(3 * KEPT).get())
            .execute(pool)
            .await
            .map(drop))
    }

    async fn hear(&self, after: UnixMillis) -> Result<Vec<UseRow>, DatabaseError> {
        const READ: &str = "SELECT node, subject, total FROM call_use WHERE node <> $1 AND at > $2";
        on_reader!(&self.database, |pool| sqlx::query_as(READ)
            .bind(&self.node)
            .bind(after.get())
            .fetch_all(pool)
            .await)
    }
}

impl Known {
    /// What the others let in since they were heard last.
    fn take_over(&mut self, rows: Vec<UseRow>) -> HashMap<Subject, u32> {
        let before = self.heard.take();
        let is_first = before.is_none();
        let before = before.unwrap_or_default();
        let mut heard = HashMap::with_capacity(rows.len());
        let mut owed: HashMap<Subject, u32> = HashMap::new();
        for row in rows {
            let Ok(subject) = <[u8; 32]>::try_from(row.subject.as_slice()).map(Subject) else {
                continue;
            };
            let place = (row.node, subject);
            let last = before.get(&place).copied().unwrap_or(0);
            // A node that had forgotten it begins at nothing again.
            let new = if row.total < last {
                row.total
            } else {
                row.total - last
            };
            heard.insert(place, row.total);
            let new = u32::try_from(new).unwrap_or(u32::MAX);
            // What was before this node began is not its to count.
            if new == 0 || is_first {
                continue;
            }
            match owed.entry(subject) {
                Entry::Occupied(mut sum) => *sum.get_mut() = sum.get().saturating_add(new),
                Entry::Vacant(place) => {
                    place.insert(new);
                }
            }
        }
        self.heard = Some(heard);
        owed
    }
}
