//! How many refused contributions of one person become entries in a minute.
//!
//! A refusal by the rules is an entry that nobody can ever take out of the record, so that somebody who
//! is refused again and again could fill it. Refused and undecided contributions of a person together
//! are never more than the limit: who has none left is told to come back in the next minute, and who
//! waits for the outcome of others waits. Contributions that are taken do not count.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use softcap_journal::LogName;
use softcap_offering::InvestorId;
use tokio::sync::Notify;

/// Length of the window in seconds.
const WINDOW_SECONDS: u64 = 60;
/// People whose refusals are counted within a minute. Refusals of further ones are not counted: who can
/// speak for so many is bounded by the limits of API keys.
const PEOPLE_MAX: usize = 1 << 18;

/// Refusals of the present minute, by person and log.
#[derive(Debug)]
pub(super) struct RefusalLimit {
    most: u32,
    /// Keyed at random, so that nobody can choose ids that meet.
    hasher: RandomState,
    window: Mutex<Window>,
    decided: Notify,
}

#[derive(Debug, Default)]
struct Window {
    minute: u64,
    people: HashMap<Person, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    refused: u32,
    undecided: u32,
}

/// Whether a contribution may be entered.
#[derive(Debug)]
pub(super) enum Admitted<'a> {
    /// Yes, and it counts as refused until its outcome is told.
    Yes(Undecided<'a>),
    /// As many others of the person as may still be refused are under way.
    Later,
    /// Not in this minute.
    UsedUp {
        /// Until the next one.
        seconds: u32,
    },
}

/// A person in a log, as far as refusals are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Person(u64);

/// A contribution whose outcome is not known. One that is dropped without an outcome, because its
/// caller went away, counts as refused.
#[derive(Debug)]
pub(super) struct Undecided<'a> {
    limit: &'a RefusalLimit,
    person: Person,
    minute: u64,
    became: Became,
}

/// What an undecided contribution became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// An entry that refuses it.
    Refused,
    /// Something else, or nothing.
    NotRefused,
}

impl RefusalLimit {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            hasher: RandomState::new(),
            window: Mutex::default(),
            decided: Notify::new(),
        }
    }

    /// Who it is whose refusals are counted.
    pub(super) fn person(&self, log: &LogName, investor: InvestorId<'_>) -> Person {
        Person(self.hasher.hash_one((log.as_str(), investor)))
    }

    /// Asks for a contribution of a person at a time since some start.
    pub(super) fn admit(&self, person: Person, now: Duration) -> Admitted<'_> {
        let minute = now.as_secs() / WINDOW_SECONDS;
        let mut window = self.window();
        window.begin(minute);
        let is_full = window.people.len() >= PEOPLE_MAX;
        let mut uncounted = Count::default();
        let count = if is_full {
            window.people.get_mut(&person).unwrap_or(&mut uncounted)
        } else {
            window.people.entry(person).or_default()
        };
        if count.refused >= self.most {
            let left = WINDOW_SECONDS - now.as_secs() % WINDOW_SECONDS;
            let seconds = u32::try_from(left).unwrap_or(1);
            return Admitted::UsedUp { seconds };
        }
        if count.refused.saturating_add(count.undecided) >= self.most {
            return Admitted::Later;
        }
        count.undecided += 1;
        Admitted::Yes(Undecided {
            limit: self,
            person,
            minute: window.minute,
            became: Became::Refused,
        })
    }

    /// Woken when an outcome is told that somebody may wait for.
    pub(super) fn decided(&self) -> &Notify {
        &self.decided
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    /// In a new minute nobody was refused; what is under way stays so.
    fn begin(&mut self, minute: u64) {
        if minute <= self.minute {
            return;
        }
        self.minute = minute;
        self.people.retain(|_, count| {
            count.refused = 0;
            count.undecided > 0
        });
        self.people.shrink_to(PEOPLE_MAX >> 8);
    }
}

impl Undecided<'_> {
    /// Tells the outcome.
    pub(super) fn decide(mut self, became: Became) {
        self.became = became;
    }
}

impl Drop for Undecided<'_> {
    fn drop(&mut self) {
        let mut window = self.limit.window();
        let is_this_minute = window.minute == self.minute;
        if let Some(count) = window.people.get_mut(&self.person) {
            count.undecided = count.undecided.saturating_sub(1);
            // An entry of the last minute is none of this one.
            if self.became == Became::Refused && is_this_minute {
                count.refused = count.refused.saturating_add(1);
            }
            if count.refused == 0 && count.undecided == 0 {
                window.people.remove(&self.person);
            }
        }
        drop(window);
        self.limit.decided.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn log() -> LogName {
        "harbour".parse().unwrap()
    }

    /// What the limit says: `+` admitted, `.` later, else the seconds to wait.
    fn said(admitted: &Admitted<'_>) -> String {
        match admitted {
            Admitted::Yes(_) => "+".to_owned(),
            Admitted::Later => ".".to_owned(),
            Admitted::UsedUp { seconds } => seconds.to_string(),
        }
    }

    fn person(limit: &RefusalLimit, who: &str) -> Person {
        limit.person(&log(), InvestorId::Opaque(who))
    }

    /// A contribution that became this at once.
    fn make(limit: &RefusalLimit, who: &str, now: Duration, became: Became) -> String {
        let admitted = limit.admit(person(limit, who), now);
        let said = said(&admitted);
        if let Admitted::Yes(undecided) = admitted {
            undecided.decide(became);
        }
        said
    }

    #[test]
    fn only_refusals_of_one_person_and_log_in_one_minute_count() {
        let limit = RefusalLimit::new(2);
        let at = |seconds| MINUTE * 5 + Duration::from_secs(seconds);
        let (refused, taken) = (Became::Refused, Became::NotRefused);
        let table = [
            ("p-1", 0, refused, "+"),
            ("p-1", 1, taken, "+"),
            ("p-1", 2, taken, "+"),
            ("p-1", 3, refused, "+"),
            ("p-1", 4, taken, "56"),
            ("p-2", 5, refused, "+"),
            ("p-1", 59, refused, "1"),
            ("p-1", 60, refused, "+"),
            ("p-1", 61, refused, "+"),
            ("p-1", 62, refused, "58"),
        ];
        for (who, seconds, became, expected) in table {
            let said = make(&limit, who, at(seconds), became);
            assert_eq!(said, expected, "{who} {seconds}");
        }
        let other: LogName = "other".parse().unwrap();
        let elsewhere = limit.person(&other, InvestorId::Opaque("p-1"));
        assert_eq!(said(&limit.admit(elsewhere, at(62))), "+");
    }

    #[test]
    fn undecided_contributions_count_until_they_are_decided() {
        let limit = RefusalLimit::new(2);
        let p1 = person(&limit, "p-1");
        let first = limit.admit(p1, MINUTE);
        let second = limit.admit(p1, MINUTE);
        assert_eq!((said(&first), said(&second)), ("+".into(), "+".into()));
        assert_eq!(said(&limit.admit(p1, MINUTE)), ".");
        let Admitted::Yes(first) = first else {
            panic!("not admitted")
        };
        first.decide(Became::NotRefused);
        // Its caller went away: nobody knows that it was not refused.
        drop(second);
        assert_eq!(make(&limit, "p-1", MINUTE, Became::Refused), "+");
        assert_eq!(make(&limit, "p-1", MINUTE, Became::Refused), "60");
    }

    #[test]
    fn what_was_under_way_over_the_turn_of_a_minute_counts_in_none() {
        let limit = RefusalLimit::new(1);
        let p1 = person(&limit, "p-1");
        let before = limit.admit(p1, MINUTE);
        assert_eq!(said(&limit.admit(p1, MINUTE * 2)), ".");
        drop(before);
        assert_eq!(make(&limit, "p-1", MINUTE * 2, Became::Refused), "+");
        assert_eq!(make(&limit, "p-1", MINUTE * 2, Became::Refused), "60");
        assert_eq!(make(&limit, "p-1", MINUTE * 3, Became::NotRefused), "+");
        assert!(limit.window().people.is_empty());
    }

    #[test]
    fn more_people_than_are_counted_are_admitted_all_the_same() {
        let limit = RefusalLimit::new(1);
        for place in 0..=PEOPLE_MAX {
            let who = place.to_string();
            assert_eq!(make(&limit, &who, MINUTE, Became::Refused), "+");
        }
        assert_eq!(limit.window().people.len(), PEOPLE_MAX);
        assert_eq!(make(&limit, "0", MINUTE, Became::Refused), "60");
    }
}
