//! How fast everybody may call who shows no key: people, applications, and networks that nobody speaks for.
//!
//! The generic cell rate algorithm (GCRA) of the library `governor`, as for keys: a cell each, on each node.

use std::{
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use governor::{
    RateLimiter, clock::Clock as _, middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::{Denied, PersonId, RateLimit, Ticks, people::network};

/// After so many calls the cells that are full again are forgotten: more than these are never held without need.
const SWEEP_EVERY: u32 = 1 << 14;

/// The limits.
#[derive(Debug, Clone, Copy)]
pub struct CallRates {
    /// Of a person, over all their sessions.
    pub person: RateLimit,
    /// Of an application, for each of the people that let it act.
    pub app: RateLimit,
    /// Of a network, for calls without a key, a session or a token that holds.
    pub source: RateLimit,
}

/// The running counts of a node.
#[derive(Debug)]
pub struct CallLimits {
    person: Cells<PersonId>,
    app: Cells<String>,
    source: Cells<Vec<u8>>,
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, Ticks, StateInformationMiddleware>;

#[derive(Debug)]
struct Cells<K: Hash + Eq + Clone> {
    limit: RateLimit,
    cells: Limiter<K>,
    calls: AtomicU32,
}

impl CallLimits {
    /// With these limits, on this clock.
    #[must_use]
    pub fn new(rates: &CallRates, ticks: &Ticks) -> Self {
        Self {
            person: Cells::new(rates.person, ticks),
            app: Cells::new(rates.app, ticks),
            source: Cells::new(rates.source, ticks),
        }
    }

    /// Takes a call of a person. Gives the limit, and how many more may come at once.
    ///
    /// # Errors
    /// [`Denied::Limited`]; nothing is taken then. [`Denied::TooDear`] for more than a whole burst.
    pub fn charge_person(
        &self,
        person: PersonId,
        cost: NonZeroU32,
    ) -> Result<(RateLimit, u32), Denied> {
        self.person.charge(&person, cost)
    }

    /// Takes a call of an application, which the audit calls so.
    ///
    /// # Errors
    /// As [`CallLimits::charge_person`].
    pub fn charge_app(&self, actor: String, cost: NonZeroU32) -> Result<(RateLimit, u32), Denied> {
        self.app.charge(&actor, cost)
    }

    /// Takes a call of nobody in particular: an address of IPv4, or 64 bits of IPv6.
    ///
    /// # Errors
    /// As [`CallLimits::charge_person`].
    pub fn charge_source(
        &self,
        source: IpAddr,
        cost: NonZeroU32,
    ) -> Result<(RateLimit, u32), Denied> {
        self.source.charge(&network(source), cost)
    }
}

impl<K: Hash + Eq + Clone> Cells<K> {
    fn new(limit: RateLimit, ticks: &Ticks) -> Self {
        let cells = RateLimiter::hashmap_with_clock(limit.quota(), ticks.clone());
        Self {
            limit,
            cells: cells.with_middleware(),
            calls: AtomicU32::new(0),
        }
    }

    fn charge(&self, key: &K, cost: NonZeroU32) -> Result<(RateLimit, u32), Denied> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.cells.retain_recent();
        }
        match self.cells.check_key_n(key, cost) {
            Ok(Ok(left)) => Ok((self.limit, left.remaining_burst_capacity())),
            Ok(Err(not_until)) => Err(Denied::Limited {
                wait: not_until
                    .wait_time_from(self.cells.clock().now())
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

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn limits(ticks: &Ticks) -> CallLimits {
        let rate = |per_second, burst| RateLimit::new(per_second, burst).unwrap();
        let rates = CallRates {
            person: rate(1, 2),
            app: rate(1, 3),
            source: rate(1, 4),
        };
        CallLimits::new(&rates, ticks)
    }

    #[test]
    fn each_has_a_limit_of_their_own() {
        let ticks = Ticks::by_hand();
        let limits = limits(&ticks);
        let (anna, bert) = (PersonId::random().unwrap(), PersonId::random().unwrap());
        let left = |person| limits.charge_person(person, ONE).map(|(_, left)| left);
        assert_eq!((left(anna), left(anna)), (Ok(1), Ok(0)));
        let wait = Duration::from_secs(1);
        assert_eq!(left(anna), Err(Denied::Limited { wait }));
        assert_eq!(left(bert), Ok(1));
        let app = |name: &str| {
            limits
                .charge_app(name.to_owned(), ONE)
                .map(|(_, left)| left)
        };
        assert_eq!((app("a"), app("b")), (Ok(2), Ok(2)));
        ticks.advance(wait);
        assert_eq!(left(anna), Ok(0));
        let dear = NonZeroU32::new(3).unwrap();
        let refused = limits.charge_person(bert, dear).map(drop);
        assert_eq!(refused, Err(Denied::TooDear { burst: 2 }));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_source() {
        let limits = limits(&Ticks::by_hand());
        let left = |text: &str| {
            let source: IpAddr = text.parse().unwrap();
            limits.charge_source(source, ONE).map(|(_, left)| left)
        };
        assert_eq!(left("2001:db8:1:2::1"), Ok(3));
        assert_eq!(left("2001:db8:1:2:ffff::9"), Ok(2));
        assert_eq!(left("2001:db8:1:3::1"), Ok(3));
        assert_eq!(left("192.0.2.1"), Ok(3));
        assert_eq!(left("::ffff:192.0.2.1"), Ok(2));
        assert_eq!(left("192.0.2.2"), Ok(3));
    }

    #[test]
    fn whoever_came_once_is_forgotten() {
        let ticks = Ticks::by_hand();
        let limits = limits(&ticks);
        for number in 0..SWEEP_EVERY - 1 {
            let source = IpAddr::from(number.to_be_bytes());
            limits.charge_source(source, ONE).unwrap();
        }
        let held = limits.source.cells.len();
        assert_eq!(held, SWEEP_EVERY as usize - 1);
        ticks.advance(Duration::from_secs(4));
        limits.charge_source(IpAddr::from([0; 4]), ONE).unwrap();
        assert_eq!(limits.source.cells.len(), 1);
    }
}
