//! The two clocks of a key: the time of day for its expiry, ticks for its rate.
//!
//! Ticks never run back and do not jump when the time of day is set, so that nobody gains or loses
//! requests by it. Tests move both by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use governor::{clock::Clock, nanos::Nanos};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// A time.
    #[must_use]
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// The time of day of this machine.
    #[must_use]
    pub fn now() -> Self {
        let passed = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(0).plus(passed)
    }

    /// The count of milliseconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// A later time; the end of time when there is none.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(in_millis(span)))
    }

    /// An earlier time; the beginning of time when there is none.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(in_millis(span)))
    }

    /// Whether at least `span` has passed since `earlier`.
    pub(crate) fn is_past(self, earlier: Self, span: Duration) -> bool {
        self >= earlier.plus(span)
    }
}

fn in_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A clock that counts nanoseconds from some start and never runs back.
#[derive(Debug, Clone)]
pub struct Ticks(Source);

#[derive(Debug, Clone)]
enum Source {
    System(Instant),
    Hand(Arc<AtomicU64>),
}

impl Ticks {
    /// The monotonic clock of this machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System(Instant::now()))
    }

    /// A clock that stands still until [`Ticks::advance`], for tests.
    #[must_use]
    pub fn by_hand() -> Self {
        Self(Source::Hand(Arc::new(AtomicU64::new(0))))
    }

    /// Moves a clock made by [`Ticks::by_hand`] and all its clones; another clock goes its own way.
    pub fn advance(&self, span: Duration) {
        if let Source::Hand(nanos) = &self.0 {
            nanos.fetch_add(in_nanos(span), Ordering::SeqCst);
        }
    }

    /// Nanoseconds since the start.
    pub(crate) fn nanos(&self) -> u64 {
        match &self.0 {
            Source::System(start) => in_nanos(start.elapsed()),
            Source::Hand(nanos) => nanos.load(Ordering::SeqCst),
        }
    }
}

/// 584 years fit.
pub(crate) fn in_nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.nanos())
    }
}
