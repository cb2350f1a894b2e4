//! How fast everybody may call who shows no key: people, applications, and networks that nobody speaks for.
//!
//! The generic cell rate algorithm (GCRA) of the library `governor`, as for keys: a cell each, on each node. Where nodes
//! share their limits, what others let in is taken from a cell before the next call.

use std::{
    collections::HashMap,
    fmt, mem,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    RateLimiter, clock::Clock as _, middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::{
    Denied, Domain, People, PersonId, RateLimit, Ticks, limit::pay_in_parts, people::network,
    use_exchange::Subject,
};

/// After so many calls the cells that are full again are forgotten: more than these are never held without need.
const SWEEP_EVERY: u32 = 1 << 14;

/// So many of a kind are told to the other nodes at a time. Where more come, each of them uses little.
const MOST_TOLD: usize = 4096;

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
    person: Cells,
    app: Cells,
    source: Cells,
}

type Limiter = RateLimiter<Vec<u8>, HashMapStateStore<Vec<u8>>, Ticks, StateInformationMiddleware>;

#[derive(Debug)]
struct Cells {
    limit: RateLimit,
    cells: Limiter,
    calls: AtomicU32,
    shared: Option<Shared>,
}

/// What nodes that share limits tell each other. Nobody is found by it who is not known already: it is hashed with a key.
struct Shared {
    people: People,
    kind: &'static str,
    /// Let in here since the other nodes were told.
    used: Mutex<HashMap<Subject, u32>>,
    /// Let in elsewhere, and not taken from a cell yet. At most a burst of each.
    owed: Mutex<HashMap<Subject, u32>>,
    /// Whether anybody owes anything.
    is_owed: AtomicBool,
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

    /// The same, shared with other nodes of these people's database ([`crate::UseExchange`]).
    #[must_use]
    pub fn shared(rates: &CallRates, ticks: &Ticks, people: &People) -> Self {
        let mut limits = Self::new(rates, ticks);
        let shared = |kind| Some(Shared::new(people.clone(), kind));
        limits.person.shared = shared("person");
        limits.app.shared = shared("app");
        limits.source.shared = shared("source");
        limits
    }

    /// What was let in since this was asked last.
    pub(crate) fn take_uses(&self) -> Vec<(Subject, u32)> {
        let all = [&self.person, &self.app, &self.source].into_iter();
        let shared = all.filter_map(|cells| cells.shared.as_ref());
        shared.flat_map(Shared::take_uses).collect()
    }

    /// Takes what was let in on other nodes from the limits here.
    pub(crate) fn owe(&self, uses: &HashMap<Subject, u32>) {
        for cells in [&self.person, &self.app, &self.source] {
            cells.owe(uses);
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
        self.person.charge(person.to_string().into_bytes(), cost)
    }

    /// Takes a call of an application, which the audit calls so.
    ///
    /// # Errors
    /// As [`CallLimits::charge_person`].
    pub fn charge_app(&self, actor: String, cost: NonZeroU32) -> Result<(RateLimit, u32), Denied> {
        self.app.charge(actor.into_bytes(), cost)
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
        self.source.charge(network(source), cost)
    }
}

impl Cells {
    fn new(limit: RateLimit, ticks: &Ticks) -> Self {
        let cells = RateLimiter::hashmap_with_clock(limit.quota(), ticks.clone());
        Self {
            limit,
            cells: cells.with_middleware(),
            calls: AtomicU32::new(0),
            shared: None,
        }
    }

    fn charge(&self, who: Vec<u8>, cost: NonZeroU32) -> Result<(RateLimit, u32), Denied> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.cells.retain_recent();
        }
        let Some(shared) = &self.shared else {
            return self.take(&who, cost);
        };
        let subject = shared.subject(&who);
        let who = subject.0.to_vec();
        if let Some(left) = shared.pay(subject, |part| self.take(&who, part).is_ok()) {
            // What was let in elsewhere goes first.
            self.take(&who, left)?;
        }
        let taken = self.take(&who, cost)?;
        shared.note(subject, cost);
        Ok(taken)
    }

    /// What was let in elsewhere.
    fn owe(&self, uses: &HashMap<Subject, u32>) {
        let Some(shared) = &self.shared else {
            return;
        };
        shared.owe(uses, self.limit.burst());
        for subject in shared.debtors() {
            let who = subject.0.to_vec();
            let _ = shared.pay(subject, |part| self.take(&who, part).is_ok());
        }
    }

    fn take(&self, who: &Vec<u8>, cost: NonZeroU32) -> Result<(RateLimit, u32), Denied> {
        match self.cells.check_key_n(who, cost) {
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

impl Shared {
    fn new(people: People, kind: &'static str) -> Self {
        Self {
            people,
            kind,
            used: Mutex::default(),
            owed: Mutex::default(),
            is_owed: AtomicBool::new(false),
        }
    }

    fn subject(&self, who: &[u8]) -> Subject {
        let bytes = [self.kind.as_bytes(), &[0], who].concat();
        Subject(self.people.key().tag(Domain::CallUse, &bytes))
    }

    fn note(&self, subject: Subject, cost: NonZeroU32) {
        let mut used = held(&self.used);
        if used.len() < MOST_TOLD || used.contains_key(&subject) {
            let count = used.entry(subject).or_default();
            *count = count.saturating_add(cost.get());
        }
    }

    fn take_uses(&self) -> Vec<(Subject, u32)> {
        mem::take(&mut *held(&self.used)).into_iter().collect()
    }

    fn owe(&self, uses: &HashMap<Subject, u32>, burst: u32) {
        let mut owed = held(&self.owed);
        for (subject, cost) in uses {
            let count = owed.entry(*subject).or_default();
            *count = count.saturating_add(*cost).min(burst);
        }
        self.is_owed.store(!owed.is_empty(), Ordering::Relaxed);
    }

    fn debtors(&self) -> Vec<Subject> {
        held(&self.owed).keys().copied().collect()
    }

    /// Pays as much as there is. Gives what is left.
    fn pay(&self, subject: Subject, take: impl FnMut(NonZeroU32) -> bool) -> Option<NonZeroU32> {
        if !self.is_owed.load(Ordering::Relaxed) {
            return None;
        }
        let mut owed = held(&self.owed);
        let left = pay_in_parts(owed.remove(&subject)?, take)?;
        owed.insert(subject, left.get());
        Some(left)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Shared({})", self.kind)
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
