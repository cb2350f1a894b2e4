//! What is usual for one key: programs are steadier than people.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Finding, Mark, Signal, hours::Hours, known::Known, rate::Rate, recent::Recent};
use crate::UnixMillis;

/// A use from elsewhere so long ago does not count any more.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);
/// For so long after its first use nothing about a key is unusual: it is being set up.
const SETTLING: Duration = Duration::from_secs(3 * 86_400);
const HOUR: i64 = 3_600_000;

/// Uses of a key, from one place with one program for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// From which network, where it is known.
    pub network: Option<Mark>,
    /// With which program, where it is known.
    pub agent: Option<Mark>,
    /// For what, where it is known.
    pub verb: Option<Mark>,
    /// How often.
    pub times: i64,
}

/// What is known of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHabits {
    first_at: Option<i64>,
    networks: Known,
    agents: Known,
    verbs: Known,
    hours: Hours,
    /// The hour that was sampled last.
    hour: i64,
    rate: Rate,
    recent: Recent,
}

impl KeyHabits {
    /// The key was used.
    pub fn used(&mut self, uses: &KeyUse, at: UnixMillis) -> Option<Finding> {
        let first = UnixMillis::new(*self.first_at.get_or_insert(at.get()));
        let mut shown = Vec::new();
        let features = [
            (&mut self.networks, uses.network, Signal::KeyNetwork),
            (&mut self.agents, uses.agent, Signal::KeyProgram),
            (&mut self.verbs, uses.verb, Signal::KeyVerb),
        ];
        for (known, mark, signal) in features {
            let Some(mark) = mark else { continue };
            if !known.has(mark, at, REMEMBERED) {
                shown.push(signal);
            }
            known.see(mark, at);
        }
        if self.rate.add(uses.times, at, HOUR) {
            shown.push(Signal::Rate);
        }
        let hour = at.get().div_euclid(HOUR);
        if hour != self.hour {
            self.hour = hour;
            if self.hours.is_unusual(at) {
                shown.push(Signal::UnusualHour);
            }
        }
        if at < first.plus(SETTLING) {
            return None;
        }
        self.recent.add(&shown, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u8) -> Mark {
        Mark::of(&[number; 32])
    }

    fn at(hour: i64) -> UnixMillis {
        UnixMillis::new(hour * HOUR)
    }

    #[test]
    fn a_key_that_moves_is_no_alarm_and_one_that_moves_with_another_program_is() {
        let usual = KeyUse {
            network: Some(mark(1)),
            agent: Some(mark(2)),
            verb: Some(mark(3)),
            times: 5,
        };
        let mut key = KeyHabits::default();
        for hour in 0..200 {
            assert_eq!(key.used(&usual, at(hour)), None);
        }
        let moved = KeyUse {
            network: Some(mark(9)),
            ..usual
        };
        assert_eq!(key.used(&moved, at(200)), None);
        let updated = KeyUse {
            agent: Some(mark(8)),
            ..usual
        };
        // The network of before was another six hours ago: it does not wait any more.
        assert_eq!(key.used(&updated, at(206)), None);
        let stolen = KeyUse {
            network: Some(mark(7)),
            agent: Some(mark(6)),
            ..usual
        };
        let found = key.used(&stolen, at(300)).unwrap();
        assert_eq!(found.signals, [Signal::KeyNetwork, Signal::KeyProgram]);
    }
}
