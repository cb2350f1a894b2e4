//! How fast a key may be used: the generic cell rate algorithm (GCRA) of the library `governor`, one
//! cell of state per key, per node. What other nodes let in is taken from the cell, too, before the next request.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock as _,
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};

use crate::{Denied, KeyError, Ticks};

const MOST: u32 = 1_000_000;

/// Requests per second in the long run, and how many may come at once after a pause. The nodes of an installation share it
/// in the long run ([`crate::UseExchange`]); within half a second each may let a burst in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

impl RateLimit {
    /// A limit.
    ///
    /// # Errors
    /// [`KeyError::Limit`] for zero and for more than a million.
    pub fn new(per_second: u32, burst: u32) -> Result<Self, KeyError> {
        let within = |number: u32| NonZeroU32::new(number).filter(|number| number.get() <= MOST);
        match (within(per_second), within(burst)) {
            (Some(per_second), Some(burst)) => Ok(Self { per_second, burst }),
            _ => Err(KeyError::Limit),
        }
    }

    /// Requests per second in the long run.
    #[must_use]
    pub const fn per_second(self) -> u32 {
        self.per_second.get()
    }

    /// Requests at once after a pause.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst.get()
    }

    /// For the library.
    pub(crate) fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }

    /// Whether neither is higher than in `wider`.
    #[must_use]
    pub fn is_within(self, wider: Self) -> bool {
        self.per_second <= wider.per_second && self.burst <= wider.burst
    }
}

/// The running count of one key.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: RateLimit,
    cell: RateLimiter<NotKeyed, InMemoryState, Ticks, StateInformationMiddleware>,
    /// Let in here since the other nodes were told.
    used: AtomicU32,
    /// Let in elsewhere, and not taken from the cell yet. At most a burst.
    owed: AtomicU32,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit, ticks: &Ticks) -> Self {
        Self {
            limit,
            cell: RateLimiter::direct_with_clock(limit.quota(), ticks.clone()).with_middleware(),
            used: AtomicU32::new(0),
            owed: AtomicU32::new(0),
        }
    }

    pub(crate) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes `cost`, or nothing at all. Gives how many more requests may come at once.
    pub(crate) fn charge(&self, cost: NonZeroU32) -> Result<u32, Denied> {
        self.pay()?;
        let left = self.take(cost)?;
        self.used.fetch_add(cost.get(), Ordering::Relaxed);
        Ok(left)
    }

    /// What was let in here since this was asked last.
    pub(crate) fn take_used(&self) -> u32 {
        self.used.swap(0, Ordering::Relaxed)
    }

    /// So much more was let in elsewhere. As much as the cell has is taken at once; what is left goes before the next request.
    pub(crate) fn owe(&self, cost: u32) {
        let most = self.limit.burst();
        let more = |owed: u32| Some(owed.saturating_add(cost).min(most));
        let _ = self
            .owed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        let _ = self.pay();
    }

    fn pay(&self) -> Result<(), Denied> {
        if self.owed.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let owed = self.owed.swap(0, Ordering::Relaxed);
        let Some(left) = pay_in_parts(owed, |part| self.take(part).is_ok()) else {
            return Ok(());
        };
        self.owed.fetch_add(left.get(), Ordering::Relaxed);
        self.take(left).map(drop)
    }

    fn take(&self, cost: NonZeroU32) -> Result<u32, Denied> {
        match self.cell.check_n(cost) {
            Ok(Ok(left)) => Ok(left.remaining_burst_capacity()),
            Ok(Err(not_until)) => Err(Denied::Limited {
                wait: not_until
                    .wait_time_from(self.cell.clock().now())
                    .max(Duration::from_nanos(1)),
            }),
            Err(_) => Err(Denied::TooDear {
                burst: self.limit.burst(),
            }),
        }
    }
}

/// Pays as much as there is. Gives what is left.
pub(crate) fn pay_in_parts(
    owed: u32,
    mut take: impl FnMut(NonZeroU32) -> bool,
) -> Option<NonZeroU32> {
    let (mut owed, mut part) = (owed, owed);
    while let Some(next) = NonZeroU32::new(part.min(owed)) {
        if take(next) {
            owed -= next.get();
        } else {
            part = next.get() / 2;
        }
    }
    NonZeroU32::new(owed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    #[test]
    fn a_burst_goes_through_and_then_the_rate_holds() {
        let ticks = Ticks::by_hand();
        let limiter = Limiter::new(RateLimit::new(10, 3).unwrap(), &ticks);
        for left in [2, 1, 0] {
            assert_eq!(limiter.charge(cost(1)), Ok(left));
        }
        let tenth = Duration::from_millis(100);
        assert_eq!(
            limiter.charge(cost(1)),
            Err(Denied::Limited { wait: tenth })
        );
        ticks.advance(tenth - Duration::from_nanos(1));
        let nano = Duration::from_nanos(1);
        assert_eq!(limiter.charge(cost(1)), Err(Denied::Limited { wait: nano }));
        ticks.advance(nano);
        assert_eq!(limiter.charge(cost(1)), Ok(0));
        // A refused request took nothing, and a dear one waits for all it needs.
        assert_eq!(
            limiter.charge(cost(2)),
            Err(Denied::Limited { wait: 2 * tenth })
        );
        ticks.advance(2 * tenth);
        assert_eq!(limiter.charge(cost(2)), Ok(0));
        assert_eq!(limiter.charge(cost(4)), Err(Denied::TooDear { burst: 3 }));
        // An hour of silence is worth one burst.
        ticks.advance(Duration::from_secs(3600));
        assert_eq!(limiter.charge(cost(3)), Ok(0));
        assert!(limiter.charge(cost(1)).is_err());
    }

    #[test]
    fn what_is_let_in_elsewhere_is_taken_first() {
        let ticks = Ticks::by_hand();
        let limiter = Limiter::new(RateLimit::new(10, 4).unwrap(), &ticks);
        assert_eq!(limiter.charge(cost(1)), Ok(3));
        assert_eq!((limiter.take_used(), limiter.take_used()), (1, 0));
        limiter.owe(2);
        assert_eq!(limiter.charge(cost(1)), Ok(0));
        // More than a burst is never owed, and is paid as the cell fills.
        limiter.owe(3);
        limiter.owe(300);
        let tenth = Duration::from_millis(100);
        assert_eq!(
            limiter.charge(cost(1)),
            Err(Denied::Limited { wait: 4 * tenth })
        );
        ticks.advance(2 * tenth);
        assert_eq!(
            limiter.charge(cost(1)),
            Err(Denied::Limited { wait: 2 * tenth })
        );
        ticks.advance(2 * tenth);
        assert_eq!(
            limiter.charge(cost(1)),
            Err(Denied::Limited { wait: tenth })
        );
        ticks.advance(tenth);
        assert_eq!(limiter.charge(cost(1)), Ok(0));
        // Neither what was owed nor what was refused is told to others.
        assert_eq!(limiter.take_used(), 2);
    }

    #[test]
    fn a_limit_has_bounds() {
        for (per_second, burst) in [(0, 1), (1, 0), (MOST + 1, 1), (1, MOST + 1)] {
            let error = RateLimit::new(per_second, burst).unwrap_err();
            assert!(matches!(error, KeyError::Limit), "{per_second} {burst}");
        }
        let limit = RateLimit::new(MOST, MOST).unwrap();
        assert_eq!((limit.per_second(), limit.burst()), (MOST, MOST));
    }
}
