//! What is usual for one person: where they log in from, when, and what they move.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Counts, Finding, Mark, Origin, SessionPath, Signal, Way,
    cusum::Drain,
    hours::Hours,
    known::Known,
    likelihood::login_bits,
    recent::Recent,
    robust::Amounts,
    thresholds::{
        BUSY_SOURCE, FAILURES, LOGINS_KEPT, LOGINS_NEEDED, MOST_UNLIKELY, SALE_OPENS, UNLIKELY,
        YOUNG_TARGET,
    },
};
use crate::UnixMillis;

/// Currencies that are remembered of one person.
const PURSES_KEPT: usize = 16;

/// Logins that failed lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// At the account, within the last hour.
    pub of_account: u32,
    /// At how many accounts the source failed, within the last day.
    pub accounts_of_source: u32,
}

/// Money that a person moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// In smallest units of a currency.
    pub amount: u128,
    /// Which: amounts of different ones cannot be compared.
    pub currency: Mark,
    /// Into something that is sold, or out.
    pub way: Way,
    /// Where to.
    pub target: Mark,
    /// Since when anybody moved money there; `None` when nobody did before.
    pub target_since: Option<UnixMillis>,
}

/// What is known of one person. It is small, and is stored sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHabits {
    logins: VecDeque<Origin>,
    hours: Hours,
    purses: Vec<(Mark, Purse)>,
    recent: Recent,
}

/// What a person moves in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Purse {
    amounts: Amounts,
    targets: Known,
    drain: Drain,
}

impl PersonHabits {
    /// The person logs in; `counts` are those of all people before it.
    pub fn log_in(
        &mut self,
        origin: &Origin,
        counts: &Counts,
        failures: Failures,
        at: UnixMillis,
    ) -> Option<Finding> {
        let mut shown = Vec::new();
        let is_known = self.logins.len() >= LOGINS_NEEDED;
        let bits = if is_known {
            login_bits(&self.logins, origin, counts)
        } else {
            0
        };
        if bits >= UNLIKELY {
            shown.push(Signal::UnlikelyLogin);
        }
        if self.hours.is_unusual(at) {
            shown.push(Signal::UnusualHour);
        }
        if failures.of_account >= FAILURES {
            shown.push(Signal::FailedBefore);
        }
        if failures.accounts_of_source >= BUSY_SOURCE {
            shown.push(Signal::BusySource);
        }
        self.logins.push_back(*origin);
        if self.logins.len() > LOGINS_KEPT {
            self.logins.pop_front();
        }
        let found = self.recent.add(&shown, at);
        let hard = || Finding {
            signals: vec![Signal::UnlikelyLogin],
        };
        found.or_else(|| (bits >= MOST_UNLIKELY).then(hard))
    }

    /// A session of the person is used.
    pub fn use_session(
        &mut self,
        path: &mut SessionPath,
        origin: &Origin,
        at: UnixMillis,
    ) -> Option<Finding> {
        let is_familiar = self.knows_network(origin.network);
        let shown = path.next(origin, is_familiar, at);
        self.recent.add(&shown, at)
    }

    /// The person, or somebody in their name, did something that hands on control ([`Signal::SensitiveAct`]), or set a
    /// password with a code of a mail ([`Signal::Recovered`]).
    pub fn act(&mut self, signal: Signal, at: UnixMillis) -> Option<Finding> {
        self.recent.add(&[signal], at)
    }

    /// The person moves money. Gives also whether they came to a place where they never were, for the crowd.
    pub fn move_money(&mut self, money: &Money, at: UnixMillis) -> (Option<Finding>, bool) {
        let place = self
            .purses
            .iter()
            .position(|(currency, _)| *currency == money.currency);
        let mut purse = match place {
            Some(place) => self.purses.swap_remove(place).1,
            None => Purse::default(),
        };
        let (shown, is_strange) = purse.moves(money, at);
        if self.purses.len() >= PURSES_KEPT {
            self.purses.remove(0);
        }
        self.purses.push((money.currency, purse));
        (self.recent.add(&shown, at), is_strange)
    }

    /// Others came to the same strange place within the hour.
    pub fn is_in_crowd(&mut self, at: UnixMillis) -> Option<Finding> {
        self.recent.add(&[Signal::Crowd], at)
    }

    /// Whether the person logged in from this address lately.
    #[must_use]
    pub fn knows_address(&self, address: Mark) -> bool {
        self.logins.iter().any(|login| login.address == address)
    }

    fn knows_network(&self, network: Mark) -> bool {
        self.logins.iter().any(|login| login.network == network)
    }
}

impl Purse {
    fn moves(&mut self, money: &Money, at: UnixMillis) -> (Vec<Signal>, bool) {
        let mut shown = Vec::new();
        let is_first = self.targets.is_empty();
        let since = self.targets.see(money.target, at);
        let sale_opens = |first: UnixMillis| at < first.plus(SALE_OPENS);
        let is_strange = since.is_none()
            && !is_first
            && match money.way {
                Way::Out => true,
                Way::In => !money.target_since.is_none_or(sale_opens),
            };
        if is_strange {
            shown.push(Signal::NewTarget);
        }
        if self.amounts.is_unusual(money.amount) {
            shown.push(Signal::Amount);
        }
        if money.way == Way::Out {
            let is_young = !is_first && since.is_none_or(|first| at < first.plus(YOUNG_TARGET));
            if let Some(draining) = self.drain.out(money.amount, is_young, at) {
                shown.push(Signal::Drain);
                if draining.is_to_young {
                    shown.push(Signal::YoungTargets);
                }
            }
        }
        (shown, is_strange)
    }
}
