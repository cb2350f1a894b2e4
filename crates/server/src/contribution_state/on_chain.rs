//! What a chain says of the result of a sale, which the record cannot know: that those who paid can object to it, and that the
//! contract counts it no more.

use softcap_evm::{RootPhase, RootStanding};
use softcap_journal::LogName;
use softcap_offering::{Offering, Position};

use crate::api::Service;

/// What a contract that takes a root does with the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ResultOnChain {
    /// Nothing that the record does not say; also where nobody follows the chain.
    #[default]
    Undisputed,
    /// Those who paid can object before this position.
    Contestable(Position),
    /// It pays all money back to those who have not claimed.
    Void(Voiding),
}

/// Why a contract pays money back after a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voiding {
    /// So many objected, or somebody showed a leaf that breaks a rule.
    Root,
    /// The time in which tokens could be claimed is over.
    Late,
}

impl ResultOnChain {
    /// As far as the chain of an offering is followed.
    pub(crate) fn of(service: &Service, name: &LogName, offering: &Offering) -> Self {
        let status = service.rails().status(name);
        let root = status.and_then(|status| status.root);
        root.map_or(Self::Undisputed, |root| {
            // After a settlement no entry need come for months, and the record's clock stands still.
            let here = Position(u64::try_from(service.now().get()).unwrap_or(0));
            Self::at(&root, here.max(offering.now_stamp().position))
        })
    }

    /// The clock is the record's, which stands at the chain's time, or the server's where that is ahead.
    fn at(root: &RootStanding, now: Position) -> Self {
        let millis = |second: u64| Position(second.saturating_mul(1_000));
        match root.phase {
            RootPhase::Sale | RootPhase::Cancelled => Self::Undisputed,
            RootPhase::Void => Self::Void(Voiding::Root),
            RootPhase::Posted => {
                let contest = root.challenge_until.map(millis);
                let claims = root.claims_until.map(millis);
                match (contest.filter(|until| now < *until), claims) {
                    (Some(until), _) => Self::Contestable(until),
                    (None, Some(until)) if now >= until => Self::Void(Voiding::Late),
                    (None, _) => Self::Undisputed,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_contested_first_then_claimed_and_then_its_money_goes_back() {
        let posted = RootStanding {
            phase: RootPhase::Posted,
            root: None,
            challenge_until: Some(700),
            claims_until: Some(1_600),
            contributed: 10,
            objections: 0,
            accepted: 0,
            tokens: 0,
        };
        let at = |standing: &RootStanding, second: u64| {
            ResultOnChain::at(standing, Position(second * 1_000))
        };
        let contestable = ResultOnChain::Contestable(Position(700_000));
        for (second, expected) in [
            (699, contestable),
            (700, ResultOnChain::Undisputed),
            (1_599, ResultOnChain::Undisputed),
            (1_600, ResultOnChain::Void(Voiding::Late)),
        ] {
            assert_eq!(at(&posted, second), expected, "{second}");
        }
        for (phase, expected) in [
            (RootPhase::Sale, ResultOnChain::Undisputed),
            (RootPhase::Cancelled, ResultOnChain::Undisputed),
            (RootPhase::Void, ResultOnChain::Void(Voiding::Root)),
        ] {
            assert_eq!(
                at(&RootStanding { phase, ..posted }, 100),
                expected,
                "{phase:?}"
            );
        }
    }
}
