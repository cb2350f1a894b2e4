//! How an offering got where it is: what counts, by the time at which it came in, in few points.
//!
//! It follows from the contributions of the record and is kept in memory: who asks looks at those that came since somebody
//! asked last. What was taken back, returned or cut later changes contributions that were looked at already; then the sum
//! is not that of the offering any more, and all of them are looked at again.

mod series;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use softcap_identity::UnixMillis;
use softcap_journal::{LogName, OfferingLog};
use softcap_offering::{ContributionIndex, Offering, Verdict};

pub(crate) use series::Series;

/// Contributions that are looked at while the offering is held: a fraction of a millisecond.
const CHUNK: usize = 4_096;
/// Contributions that a page waits for.
const AT_ONCE: usize = 4 * CHUNK;
/// From so many on, all are looked at again no more often than [`REST`].
const MANY: usize = 25 * CHUNK;
const REST: Duration = Duration::from_secs(30);

/// The histories of all offerings.
#[derive(Debug, Default)]
pub(crate) struct RaiseHistories(Mutex<HashMap<LogName, Arc<Held>>>);

/// Of one offering.
#[derive(Debug, Default)]
struct Held {
    history: Mutex<History>,
    /// As it was when all had been looked at last, for who comes while somebody is at it.
    newest: Mutex<Option<Arc<Series>>>,
    /// Whether somebody looks at all of them.
    is_busy: AtomicBool,
}

#[derive(Debug, Default)]
struct History {
    /// Contributions that were looked at.
    seen: usize,
    series: Series,
    /// Whether everything had gone back by then.
    is_void: bool,
    began: Option<UnixMillis>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RaiseHistories {
    fn of(&self, name: &LogName) -> Arc<Held> {
        let mut all = locked(&self.0);
        Arc::clone(all.entry(name.clone()).or_default())
    }

    /// As it is now, if little is missing; else `None`, and who is told to begin does it by [`Self::complete`].
    pub(crate) fn peek(&self, log: &OfferingLog, now: UnixMillis) -> Option<Arc<Series>> {
        let held = self.of(&log.row.name);
        match held.history.try_lock() {
            Ok(mut history) => history
                .catch_up(log, now, AT_ONCE)
                .then(|| held.keep(&history.series)),
            Err(TryLockError::Poisoned(_)) => None,
            Err(TryLockError::WouldBlock) => locked(&held.newest).clone(),
        }
    }

    /// Whether nobody is at what takes longer: one at a time, however many ask.
    pub(crate) fn begins(&self, log: &OfferingLog) -> bool {
        !self.of(&log.row.name).is_busy.swap(true, Ordering::AcqRel)
    }

    /// Looks at all that is missing, however long it takes: not for a thread that others wait for.
    pub(crate) fn complete(&self, log: &OfferingLog, now: UnixMillis) {
        let held = self.of(&log.row.name);
        let mut history = locked(&held.history);
        history.catch_up(log, now, usize::MAX);
        held.keep(&history.series);
        held.is_busy.store(false, Ordering::Release);
    }
}

impl Held {
    fn keep(&self, series: &Series) -> Arc<Series> {
        let mut newest = locked(&self.newest);
        match &*newest {
            Some(kept) if **kept == *series => Arc::clone(kept),
            Some(_) | None => Arc::clone(newest.insert(Arc::new(series.clone()))),
        }
    }
}

impl History {
    /// Whether all were looked at, within as many as are allowed.
    fn catch_up(&mut self, log: &OfferingLog, now: UnixMillis, most: usize) -> bool {
        let mut left = most;
        loop {
            let state = log.sequencer.read();
            let offering = state.machine().offering();
            let end = offering.contribution_count();
            let until = end.min(self.seen.saturating_add(CHUNK.min(left)));
            left = left.saturating_sub(until.saturating_sub(self.seen));
            self.look(offering, until);
            if self.seen < end {
                if left == 0 {
                    return false;
                }
                continue;
            }
            if self.agrees(offering) || !self.may_begin_anew(now) {
                return true;
            }
            *self = Self {
                is_void: is_void(offering),
                began: Some(now),
                ..Self::default()
            };
            if left == 0 {
                return false;
            }
        }
    }

    fn look(&mut self, offering: &Offering, until: usize) {
        for place in self.seen..until {
            let Ok(place) = u32::try_from(place) else {
                break;
            };
            let index = ContributionIndex(place);
            let value = offering.counted_value(index);
            self.series.add(offering.row(index).position.0, value.0);
        }
        self.seen = self.seen.max(until);
    }

    fn agrees(&self, offering: &Offering) -> bool {
        let is_void = is_void(offering);
        self.is_void == is_void && (is_void || self.series.total() == offering.raised().0)
    }

    fn may_begin_anew(&self, now: UnixMillis) -> bool {
        self.seen < MANY || self.began.is_none_or(|began| began.plus(REST) <= now)
    }
}

/// Whether a settlement gave everything back.
fn is_void(offering: &Offering) -> bool {
    let verdict = offering.settlement().map(|held| held.settled.verdict);
    matches!(
        verdict,
        Some(Verdict::Failed | Verdict::Cancelled | Verdict::Expired)
    )
}
