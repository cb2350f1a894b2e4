//! How fast a key may be used: the generic cell rate algorithm (GCRA) of the library `governor`, one
//! cell of state per key, per node.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::Clock as _,
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};

use crate::{Denied, KeyError, Ticks};

const MOST: u32 = 1_000_000;

/// Requests per second in the long run, and how many may come at once after a pause. Each node of an
/// installation counts for itself.
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
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit, ticks: &Ticks) -> Self {
        Self {
            limit,
            cell: RateLimiter::direct_with_clock(limit.quota(), ticks.clone()).with_middleware(),
        }
    }

    pub(crate) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes `cost`, or nothing at all. Gives how many more requests may come at once.
    pub(crate) fn charge(&self, cost: NonZeroU32) -> Result<u32, Denied> {
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
    fn a_limit_has_bounds() {
        for (per_second, burst) in [(0, 1), (1, 0), (MOST + 1, 1), (1, MOST + 1)] {
            let error = RateLimit::new(per_second, burst).unwrap_err();
            assert!(matches!(error, KeyError::Limit), "{per_second} {burst}");
        }
        let limit = RateLimit::new(MOST, MOST).unwrap();
        assert_eq!((limit.per_second(), limit.burst()), (MOST, MOST));
    }
}
