//! From where one session is used: a stolen cookie is used by two.

use serde::{Deserialize, Serialize};

use super::{Mark, Origin, Signal};
use crate::UnixMillis;

/// A change back within this time is one by turns.
const TURN: i64 = 30 * 60_000;
/// So many in a row.
const TURNS: u32 = 3;

/// Where a session began and where it was used last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPath {
    agent: Mark,
    network: Mark,
    last_agent: Mark,
    changed_at: i64,
    turns: u32,
    /// Whether one of the networks between which it goes is none of the person's.
    is_strange: bool,
}

impl SessionPath {
    /// Of a session that begins.
    #[must_use]
    pub const fn new(origin: &Origin, at: UnixMillis) -> Self {
        Self {
            agent: origin.agent,
            network: origin.network,
            last_agent: origin.agent,
            changed_at: at.get(),
            turns: 0,
            is_strange: false,
        }
    }

    /// Whether the last use came from there: then there is nothing to do.
    #[must_use]
    pub fn is_at(&self, origin: &Origin) -> bool {
        self.network == origin.network && self.last_agent == origin.agent
    }

    pub(super) fn next(
        &mut self,
        origin: &Origin,
        is_familiar: bool,
        at: UnixMillis,
    ) -> Vec<Signal> {
        let mut shown = Vec::new();
        if origin.agent != self.agent {
            shown.push(Signal::OtherProgram);
        }
        self.last_agent = origin.agent;
        if origin.network != self.network {
            let is_turn = at.get() - self.changed_at <= TURN;
            self.turns = if is_turn { self.turns + 1 } else { 1 };
            self.is_strange = !is_familiar || (is_turn && self.is_strange);
            if !is_familiar {
                shown.push(Signal::OtherNetwork);
            }
            if self.turns >= TURNS && self.is_strange {
                shown.push(Signal::ByTurns);
            }
            self.network = origin.network;
            self.changed_at = at.get();
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(network: u8, agent: u8) -> Origin {
        let mark = |number| Mark::of(&[number; 32]);
        Origin {
            address: mark(network),
            network: mark(network),
            country: None,
            agent: mark(agent),
        }
    }

    #[test]
    fn a_session_that_two_use_goes_to_and_fro() {
        let minute = |at: i64| UnixMillis::new(at * 60_000);
        let mut path = SessionPath::new(&origin(1, 1), minute(0));
        assert!(path.is_at(&origin(1, 1)));
        assert_eq!(
            path.next(&origin(2, 1), false, minute(5)),
            [Signal::OtherNetwork]
        );
        assert_eq!(path.next(&origin(1, 1), true, minute(6)), []);
        let third = path.next(&origin(2, 1), false, minute(7));
        assert_eq!(third, [Signal::OtherNetwork, Signal::ByTurns]);
        let mut path = SessionPath::new(&origin(1, 1), minute(0));
        let both = [Signal::OtherProgram, Signal::OtherNetwork];
        assert_eq!(path.next(&origin(2, 2), false, minute(50)), both);
        // Between networks of the person, as a telephone does.
        let mut path = SessionPath::new(&origin(1, 1), minute(0));
        for at in 1..20 {
            let next = origin(u8::try_from(at % 2).unwrap(), 1);
            assert_eq!(path.next(&next, true, minute(at)), []);
        }
    }
}
