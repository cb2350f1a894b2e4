//! Staying up to date: what other nodes changed comes in, what requests noted goes out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle, time::MissedTickBehavior};

use crate::{
    Denied, KeyError, KeyId, KeyRecord, Keys, LastUse, UnixMillis,
    pepper::Tag,
    records::{self, Notes},
    signals::KeyUse,
};

/// How often notes are written.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// How often keys that nobody uses are looked for.
const LOOK_FOR_IDLE_EVERY: Duration = Duration::from_secs(3600);

/// The subject of refusals that name no key.
const NAMELESS: &str = "-";

/// Origins of one key that wait to be judged.
const MOST_CAME: usize = 64;

/// Requests leave here what is to be written later. Bounded by the number of keys: a denial without a
/// known key is only counted.
#[derive(Default)]
pub(crate) struct Notebook {
    pages: Mutex<Pages>,
    /// Refusals that name no key, by [`Denied::index`].
    nameless: [AtomicU64; Denied::CODES.len()],
    /// All refusals since the start.
    totals: [AtomicU64; Denied::CODES.len()],
    /// Whether requests that are signed were let in since old signatures were forgotten last.
    signatures: AtomicBool,
    /// Told when something is not to wait for its turn.
    urgent: Notify,
}

#[derive(Default)]
struct Pages {
    uses: HashMap<KeyId, LastUse>,
    /// By the id of a key, or `person:ID`.
    denials: HashMap<(String, usize), i64>,
    moves: HashMap<KeyId, (String, String, Tag)>,
    canaries: BTreeSet<KeyId>,
    /// From where and with what keys came, in order.
    came: BTreeMap<KeyId, Vec<(UnixMillis, KeyUse)>>,
}

impl Notebook {
    pub(crate) fn used(&self, id: KeyId, used: LastUse) {
        self.lock().uses.insert(id, used);
    }

    /// A key was used that nobody has a reason to use.
    pub(crate) fn canary(&self, id: KeyId, used: LastUse) {
        let mut pages = self.lock();
        pages.uses.insert(id, used);
        pages.canaries.insert(id);
        drop(pages);
        self.urgent.notify_one();
    }

    pub(crate) fn came(&self, id: KeyId, uses: KeyUse, now: UnixMillis) {
        let mut pages = self.lock();
        let page = pages.came.entry(id).or_default();
        // Who comes from everywhere at once is alarming by the first of them.
        if page.len() < MOST_CAME {
            page.push((now, uses));
        }
    }

    pub(crate) fn moved(&self, id: KeyId, old: String, new: String, tag: Tag) {
        self.lock().moves.insert(id, (old, new, tag));
    }

    /// `known` is the id if there is such a key.
    pub(crate) fn denied(&self, known: Option<KeyId>, denied: Denied) {
        let index = denied.index();
        self.totals[index].fetch_add(1, Ordering::Relaxed);
        match known {
            Some(id) => self.count(id.to_string(), index, 1),
            None => {
                self.nameless[index].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A signature was written down.
    pub(crate) fn signature_used(&self) {
        self.signatures.store(true, Ordering::Relaxed);
    }

    pub(crate) fn take_signatures_used(&self) -> bool {
        self.signatures.swap(false, Ordering::Relaxed)
    }

    /// Somebody who was let in asked for what they may not do.
    pub(crate) fn not_allowed(&self, subject: String) {
        let index = Denied::NotAllowed.index();
        self.totals[index].fetch_add(1, Ordering::Relaxed);
        self.count(subject, index, 1);
    }

    fn count(&self, subject: String, index: usize, times: i64) {
        *self.lock().denials.entry((subject, index)).or_default() += times;
    }

    pub(crate) fn totals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .totals
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Denied::CODES.into_iter().zip(counts)
    }

    fn take(&self, at: UnixMillis) -> Notes {
        let pages = std::mem::take(&mut *self.lock());
        let mut denials: Vec<_> = pages
            .denials
            .into_iter()
            .map(|((subject, index), times)| (subject, Denied::CODES[index], times))
            .collect();
        denials.sort();
        for (count, code) in self.nameless.iter().zip(Denied::CODES) {
            let times = count.swap(0, Ordering::Relaxed);
            if times > 0 {
                denials.push((
                    NAMELESS.to_owned(),
                    code,
                    i64::try_from(times).unwrap_or(i64::MAX),
                ));
            }
        }
        let moves = pages.moves.into_iter();
        Notes {
            at,
            uses: pages.uses.into_iter().collect(),
            denials,
            verbs: Vec::new(),
            moves: moves
                .map(|(id, (old, new, tag))| (id, old, new, tag))
                .collect(),
            canaries: pages.canaries.into_iter().collect(),
            came: pages.came.into_iter().collect(),
        }
    }

    /// Takes back what could not be written, unless something newer is here.
    fn put_back(&self, notes: Notes) {
        let mut pages = self.lock();
        for (id, used) in notes.uses {
            pages.uses.entry(id).or_insert(used);
        }
        pages.canaries.extend(notes.canaries);
        for (id, mut came) in notes.came {
            let page = pages.came.entry(id).or_default();
            came.append(page);
            came.truncate(MOST_CAME);
            *page = came;
        }
        for (id, old, new, tag) in notes.moves {
            pages.moves.entry(id).or_insert((old, new, tag));
        }
        for (subject, code, times) in notes.denials {
            let Some(index) = Denied::CODES.iter().position(|known| *known == code) else {
                continue;
            };
            if subject == NAMELESS {
                let times = u64::try_from(times).unwrap_or_default();
                self.nameless[index].fetch_add(times, Ordering::Relaxed);
            } else {
                *pages.denials.entry((subject, index)).or_default() += times;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Notebook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Notebook")
    }
}

impl Keys {
    /// Notes that a key or person who was let in asked for what they may not do; `subject` is the id of the key, or
    /// `person:ID`. Written as other refusals are.
    pub fn note_not_allowed(&self, subject: String) {
        self.notebook().not_allowed(subject);
    }

    /// Writes last uses, refusals and moves to the current pepper. The background task does it every ten
    /// seconds; call it once more before the process ends.
    ///
    /// # Errors
    /// What the database says; nothing noted is lost then.
    pub async fn write_notes(&self, now: UnixMillis) -> Result<(), KeyError> {
        let mut notes = self.notebook().take(now);
        notes.verbs = self.cache().take_new_verbs();
        if notes.is_empty() {
            return Ok(());
        }
        match records::write(self.database(), &notes).await {
            Ok(moved) => {
                self.take_over(moved);
                Ok(())
            }
            Err(error) => {
                self.cache().put_back_new_verbs(&notes.verbs);
                self.notebook().put_back(notes);
                Err(error)
            }
        }
    }

    /// Ends the keys that nobody has used for [`crate::KeySettings::idle_after`]. The background task does it every hour. Gives
    /// those that ended.
    ///
    /// # Errors
    /// What the database says; nothing has changed then.
    pub async fn end_idle(&self, now: UnixMillis) -> Result<Vec<KeyRecord>, KeyError> {
        let since = now.minus(self.settings().idle_after);
        let ended = records::end_idle(self.database(), since, now).await?;
        let shown = ended.iter().map(|key| key.record.clone()).collect();
        self.take_over(ended);
        Ok(shown)
    }

    /// Starts the background task: asks for changes every [`crate::KeySettings::refresh_every`], writes
    /// notes. It ends when the value is dropped.
    pub fn watch(&self) -> Watch {
        let keys = self.clone();
        Watch(tokio::spawn(async move { keys.run().await }))
    }

    async fn run(&self) {
        let mut refresh = tokio::time::interval(self.settings().refresh_every);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut write = tokio::time::interval(WRITE_EVERY);
        write.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut idle = tokio::time::interval(LOOK_FOR_IDLE_EVERY);
        idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gone = false;
        loop {
            tokio::select! {
                _ = refresh.tick() => {
                    let result = self.refresh().await;
                    if let Err(error) = &result && !gone {
                        tracing::warn!(%error, "keys cannot be checked against the database");
                    }
                    if result.is_ok() && gone {
                        tracing::info!("keys are checked against the database again");
                    }
                    gone = result.is_err();
                }
                _ = write.tick() => self.start_writing(),
                () = self.notebook().urgent.notified() => self.start_writing(),
                _ = idle.tick() => self.start_ending_idle(),
            }
        }
    }

    fn start_ending_idle(&self) {
        let keys = self.clone();
        tokio::spawn(async move {
            let now = UnixMillis::now();
            // Uses of the last seconds come first: they may be the ones that count.
            let ended = match keys.write_notes(now).await {
                Ok(()) => keys.end_idle(now).await,
                Err(error) => Err(error),
            };
            match ended {
                Ok(ended) => {
                    for key in ended {
                        tracing::warn!(key = %key.id, "the key ended: nobody used it for long");
                    }
                }
                Err(error) => tracing::warn!(%error, "keys that nobody uses are ended later"),
            }
        });
    }

    /// Apart from the loop, because a write that waits for its turn must not hold up the next refresh.
    fn start_writing(&self) {
        let keys = self.clone();
        tokio::spawn(async move {
            let now = UnixMillis::now();
            keys.forget_old(now);
            if let Err(error) = keys.write_notes(now).await {
                tracing::warn!(%error, "last uses of keys are written later");
            }
            if let Err(error) = keys.forget_signatures(now).await {
                tracing::warn!(%error, "old signatures are forgotten later");
            }
        });
    }
}

/// The background task of [`Keys::watch`]; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "the task ends when this is dropped"]
pub struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
