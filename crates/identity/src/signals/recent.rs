//! The signals of one subject that still wait for a second one.

use serde::{Deserialize, Serialize};

use super::Signal;
use crate::{AlertKind, UnixMillis};

/// Why an alarm is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The signals that made it, in their order; one alone is a hard rule.
    pub signals: Vec<Signal>,
}

impl Finding {
    /// After a recovery an unlikely login is a takeover.
    pub(crate) fn kind_of_login(&self) -> AlertKind {
        if self.signals.contains(&Signal::Recovered) {
            AlertKind::Takeover
        } else {
            AlertKind::UnusualLogin
        }
    }

    /// The signals as they are stored: their codes with spaces between.
    pub(crate) fn to_words(&self) -> String {
        let words: Vec<&str> = self.signals.iter().map(|signal| signal.as_code()).collect();
        words.join(" ")
    }
}

/// Signals with the times when they were last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recent(Vec<(Signal, i64)>);

impl Recent {
    /// Adds what an event showed. An alarm is found where it showed something, and two signals are there now.
    pub(super) fn add(&mut self, shown: &[Signal], now: UnixMillis) -> Option<Finding> {
        self.0.retain(|(signal, at)| {
            now.minus(signal.life()) < UnixMillis::new(*at) && !shown.contains(signal)
        });
        self.0
            .extend(shown.iter().map(|signal| (*signal, now.get())));
        self.0.sort_unstable();
        self.0.dedup_by_key(|(signal, _)| *signal);
        let mut signals: Vec<Signal> = self.0.iter().map(|(signal, _)| *signal).collect();
        if signals.contains(&Signal::Recovered) {
            // Who forgot a password tries some before they set a new one: that is one thing and not two.
            signals.retain(|signal| *signal != Signal::FailedBefore);
        }
        (!shown.is_empty() && signals.len() >= 2).then_some(Finding { signals })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_signals_within_their_lives_are_a_finding_and_one_twice_is_none() {
        let at = |minute: i64| UnixMillis::new(minute * 60_000);
        let mut recent = Recent::default();
        assert_eq!(recent.add(&[Signal::UnusualHour], at(0)), None);
        assert_eq!(recent.add(&[Signal::UnusualHour], at(5)), None);
        let both = vec![Signal::UnlikelyLogin, Signal::UnusualHour];
        let found = recent.add(&[Signal::UnlikelyLogin], at(14));
        assert_eq!(found.unwrap().signals, both);
        assert_eq!(recent.add(&[], at(14)), None);
        // The hour is over, the login waits for a day.
        assert_eq!(recent.add(&[Signal::UnlikelyLogin], at(15)), None);
        // The login's day is over.
        assert_eq!(recent.add(&[Signal::UnusualHour], at(15 + 24 * 60)), None);
    }
}
