//! Keys in memory, so that a request needs no statement.
//!
//! A reader takes no lock: the map is replaced as a whole when a key changes, which is rare. What runs
//! on (the count of the limit, the last use) is carried over to the new version of a key.

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;

use crate::{
    Denied, KeyId, KeyRecord, Peppers, Ticks, UnixMillis, Verb, limit::Limiter, pepper::Tag,
    records::StoredKey, scope::VerbSet,
};

/// How long a key that is over stays known, so that its holder is told that it expired.
pub(crate) const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A key as requests meet it.
pub(crate) struct CachedKey {
    record: KeyRecord,
    /// Which of the known peppers; none when its pepper is not configured, and then it cannot be used.
    pub(crate) pepper: Option<usize>,
    pub(crate) tag: Tag,
    changed: i64,
    limiter: Arc<Limiter>,
    /// When the last use was noted, unix milliseconds.
    noted: Arc<AtomicI64>,
    /// Whether the move to the current pepper is under way.
    pub(crate) moving: AtomicBool,
    /// What it was ever used for.
    verbs: Arc<VerbSet>,
    /// Whether some of it is not written yet.
    verbs_are_new: Arc<AtomicBool>,
    /// From where and with what it comes.
    came: Arc<Came>,
}

/// Uses of a key since they were last noted for the judgement of what is usual.
#[derive(Default)]
struct Came {
    /// A fingerprint of the origin that was noted last.
    origin: AtomicU64,
    at: AtomicI64,
    times: AtomicI64,
}

impl CachedKey {
    pub(crate) fn record(&self) -> &KeyRecord {
        &self.record
    }

    pub(crate) fn charge(&self, cost: NonZeroU32) -> Result<u32, Denied> {
        self.limiter.charge(cost)
    }

    /// Notes that it was used for this.
    pub(crate) fn used_for(&self, verb: Verb) {
        if self.verbs.insert(verb) {
            self.verbs_are_new.store(true, Ordering::Release);
        }
    }

    /// Counts a use. How many there were since the last note, where this one is to be noted: it comes from elsewhere than
    /// the one before, or `every` has passed.
    pub(crate) fn uses_due(&self, origin: u64, now: UnixMillis, every: Duration) -> Option<i64> {
        let came = &self.came;
        came.times.fetch_add(1, Ordering::Relaxed);
        let at = came.at.load(Ordering::Relaxed);
        let is_elsewhere = came.origin.swap(origin, Ordering::Relaxed) != origin;
        let is_due = is_elsewhere || now.is_past(UnixMillis::new(at), every);
        if !is_due {
            return None;
        }
        let exchange =
            came.at
                .compare_exchange(at, now.get(), Ordering::Relaxed, Ordering::Relaxed);
        // Of two at the same moment one notes for both, unless they come from two places.
        (is_elsewhere || exchange.is_ok()).then(|| came.times.swap(0, Ordering::Relaxed))
    }

    /// Whether this use is to be written down, which is so once per `every`.
    pub(crate) fn is_use_due(&self, now: UnixMillis, every: Duration) -> bool {
        let noted = self.noted.load(Ordering::Relaxed);
        now.is_past(UnixMillis::new(noted), every)
            && self
                .noted
                .compare_exchange(noted, now.get(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

fn join(verbs: impl Iterator<Item = Verb>) -> String {
    verbs.map(Verb::as_code).collect::<Vec<_>>().join(" ")
}

type Map = HashMap<KeyId, Arc<CachedKey>>;

/// All keys that may matter.
pub(crate) struct Cache {
    map: ArcSwap<Map>,
    /// Held by whoever replaces the map.
    changing: Mutex<()>,
    ticks: Ticks,
}

impl Cache {
    pub(crate) fn new(ticks: Ticks) -> Self {
        Self {
            map: ArcSwap::from_pointee(Map::new()),
            changing: Mutex::new(()),
            ticks,
        }
    }

    pub(crate) fn get(&self, id: &KeyId) -> Option<Arc<CachedKey>> {
        self.map.load().get(id).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.map.load().len()
    }

    /// Takes over changed keys. A version older than the one already here is passed over, so that an
    /// answer of the database that was on its way during a change does not undo it.
    pub(crate) fn apply(&self, keys: Vec<StoredKey>, peppers: &Peppers) {
        if keys.is_empty() {
            return;
        }
        let _changing = self.lock();
        let mut map = Map::clone(&self.map.load());
        for key in keys {
            let before = map.get(&key.record.id);
            if before.is_some_and(|before| before.changed >= key.changed) {
                continue;
            }
            let after = self.next_version(before, key, peppers);
            map.insert(after.record.id, Arc::new(after));
        }
        self.map.store(Arc::new(map));
    }

    /// The keys that were used for something new, and all that they were used for.
    pub(crate) fn take_new_verbs(&self) -> Vec<(KeyId, String)> {
        let map = self.map.load();
        let new = map
            .values()
            .filter(|key| key.verbs_are_new.swap(false, Ordering::AcqRel));
        new.map(|key| (key.record.id, join(key.verbs.iter())))
            .collect()
    }

    /// The keys that were let in since this was asked last, and for how much.
    pub(crate) fn take_uses(&self) -> Vec<(KeyId, u32)> {
        let map = self.map.load();
        let uses = map
            .values()
            .map(|key| (key.record.id, key.limiter.take_used()));
        uses.filter(|(_, used)| *used > 0).collect()
    }

    /// Takes from the limit of each key what it was let in for elsewhere.
    pub(crate) fn owe(&self, used: impl Fn(KeyId) -> u32) {
        for key in self.map.load().values() {
            key.limiter.owe(used(key.record.id));
        }
    }

    /// They could not be written.
    pub(crate) fn put_back_new_verbs(&self, ids: &[(KeyId, String)]) {
        for (id, _) in ids {
            if let Some(key) = self.get(id) {
                key.verbs_are_new.store(true, Ordering::Release);
            }
        }
    }

    /// Drops keys that were over long ago.
    pub(crate) fn forget(&self, over: UnixMillis) {
        let gone = |key: &CachedKey| key.record.policy.expires_at <= over;
        if !self.map.load().values().any(|key| gone(key)) {
            return;
        }
        let _changing = self.lock();
        let mut map = Map::clone(&self.map.load());
        map.retain(|_, key| !gone(key));
        self.map.store(Arc::new(map));
    }

    fn next_version(
        &self,
        before: Option<&Arc<CachedKey>>,
        key: StoredKey,
        peppers: &Peppers,
    ) -> CachedKey {
        let limit = key.record.policy.limit;
        let running = before.filter(|before| before.limiter.limit() == limit);
        let last = key.record.last_use.map_or(0, |used| used.at.get());
        CachedKey {
            pepper: peppers.find(&key.pepper),
            tag: key.tag,
            changed: key.changed,
            limiter: running.map_or_else(
                || Arc::new(Limiter::new(limit, &self.ticks)),
                |before| Arc::clone(&before.limiter),
            ),
            noted: before.map_or_else(
                || Arc::new(AtomicI64::new(last)),
                |before| Arc::clone(&before.noted),
            ),
            moving: AtomicBool::new(false),
            verbs: before.map_or_else(
                || Arc::new(VerbSet::of(key.record.used.iter().copied())),
                |before| Arc::clone(&before.verbs),
            ),
            verbs_are_new: before
                .map_or_else(Arc::default, |before| Arc::clone(&before.verbs_are_new)),
            came: before.map_or_else(Arc::default, |before| Arc::clone(&before.came)),
            record: key.record,
        }
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cache({} keys)", self.len())
    }
}
