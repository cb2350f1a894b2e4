//! How long each part of a test run may take, and how much of it was used.
//!
//! A budget is a promise to everybody who waits for the run. A part that needs more is marked in the
//! report and must become faster. It is killed at three times its budget and not before: machines of one kind
//! differ by more than two (the same build from nothing took 6 minutes on one and 15 on another), and a run
//! that ends for that reason alone says nothing about the code.

use std::time::Duration;

/// How often a part may use its budget before it is killed.
const SLOWEST_MACHINE: u32 = 3;

/// The whole run with small counts: whoever calls it may wait 90 minutes, and should read then what was done.
const WHOLE_RUN: Duration = Duration::from_secs(60 * 85);

/// A part of the test run that shares one time budget. Its steps need not follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Installs what cargo can install; does nothing when it is there.
    Tools,
    /// Compiles every target once, in the profile the tests use.
    Build,
    /// Format, clippy, cargo-deny, docs, tidy, dependency direction.
    LintsAndDocs,
    /// Unit, property, differential and documentation tests.
    UnitAndProperty,
    /// Killed processes, full disks, lost databases.
    Faults,
    /// The escrow contracts, and the program against an EVM node and client by others.
    Chain,
    /// The program in a real browser.
    Browser,
}

impl Part {
    /// All parts in the order in which they are reported.
    pub(crate) const ALL: [Self; 7] = [
        Self::Tools,
        Self::Build,
        Self::LintsAndDocs,
        Self::UnitAndProperty,
        Self::Faults,
        Self::Chain,
        Self::Browser,
    ];

    /// The name in tables and messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Build => "build",
            Self::LintsAndDocs => "lints and docs",
            Self::UnitAndProperty => "unit and property",
            Self::Faults => "faults",
            Self::Chain => "chain",
            Self::Browser => "browser",
        }
    }

    /// The budget in minutes on two cores, and with `--full` counts.
    const fn minutes(self, counts: Counts) -> u64 {
        match (self, counts) {
            (Self::Tools, _) => 10,
            (Self::Build, _) => 12,
            (Self::LintsAndDocs, _) => 5,
            (Self::UnitAndProperty, Counts::Small) => 4,
            // Nobody waits for the full counts: they run before a release or overnight.
            (Self::UnitAndProperty, Counts::Full) => 60,
            (Self::Faults, _) => 8,
            (Self::Chain, Counts::Small) => 6,
            (Self::Chain, Counts::Full) => 25,
            (Self::Browser, _) => 6,
        }
    }

    /// The time this part is to use in one run.
    const fn budget(self, counts: Counts) -> Duration {
        Duration::from_secs(60 * self.minutes(counts))
    }

    /// The time after which this part is killed.
    pub(crate) const fn limit(self, counts: Counts) -> Duration {
        self.budget(counts).saturating_mul(SLOWEST_MACHINE)
    }

    const fn index(self) -> usize {
        match self {
            Self::Tools => 0,
            Self::Build => 1,
            Self::LintsAndDocs => 2,
            Self::UnitAndProperty => 3,
            Self::Faults => 4,
            Self::Chain => 5,
            Self::Browser => 6,
        }
    }
}

/// How many random cases the property tests draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// `cargo xtask test`
    Small,
    /// `cargo xtask test --full`
    Full,
}

/// What each part has used so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    counts: Counts,
    used: [Duration; Part::ALL.len()],
}

impl Ledger {
    /// A ledger in which nothing is used.
    pub(crate) const fn new(counts: Counts) -> Self {
        Self {
            counts,
            used: [Duration::ZERO; Part::ALL.len()],
        }
    }

    /// What is left until a part is killed, by its own limit or by that of the whole run.
    pub(crate) fn remaining(&self, part: Part) -> Duration {
        let of_part = part
            .limit(self.counts)
            .saturating_sub(self.used[part.index()]);
        match self.counts {
            Counts::Small => {
                of_part.min(WHOLE_RUN.saturating_sub(self.used.iter().sum::<Duration>()))
            }
            Counts::Full => of_part,
        }
    }

    /// Books time on a part.
    pub(crate) fn charge(&mut self, part: Part, time: Duration) {
        self.used[part.index()] += time;
    }

    /// The table that ends a run: one row per part that did something, then what is not built yet.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{:<18} {:>13} {:>13}\n", "part", "used", "budget");
        for part in Part::ALL {
            let used = self.used[part.index()];
            let used = if used.is_zero() {
                "-".to_owned()
            } else {
                minutes_and_seconds(used)
            };
            let budget = part.budget(self.counts);
            let mark = if self.used[part.index()] > budget {
                "  OVER"
            } else {
                ""
            };
            let budget = minutes_and_seconds(budget);
            table.push_str(&format!(
                "{:<18} {used:>13} {budget:>13}{mark}\n",
                part.name()
            ));
        }
        table
    }
}

/// `75 s` becomes `1 min 15 s`. Parts of a second are rounded up, so that work never shows as 0.
pub(crate) fn minutes_and_seconds(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budgets_are_the_promised_minutes() {
        let minutes = Part::ALL.map(|part| part.budget(Counts::Small).as_secs() / 60);
        assert_eq!(minutes, [10, 12, 5, 4, 8, 6, 6]);
        assert_eq!(Part::UnitAndProperty.budget(Counts::Full).as_secs(), 3600);
    }

    #[test]
    fn each_part_has_its_own_row_in_the_ledger() {
        for (place, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part.index(), place, "{}", part.name());
        }
    }

    #[test]
    fn steps_of_one_part_share_its_limit() {
        let mut ledger = Ledger::new(Counts::Small);
        ledger.charge(Part::LintsAndDocs, Duration::from_secs(100));
        ledger.charge(Part::LintsAndDocs, Duration::from_secs(110));
        assert_eq!(
            ledger.remaining(Part::LintsAndDocs),
            Duration::from_secs(3 * 300 - 210)
        );
        assert_eq!(ledger.remaining(Part::Build), Duration::from_secs(3 * 720));
        ledger.charge(Part::LintsAndDocs, Duration::from_secs(700));
        assert_eq!(ledger.remaining(Part::LintsAndDocs), Duration::ZERO);
    }

    #[test]
    fn the_whole_run_ends_in_time_and_a_full_one_has_all_night() {
        for (counts, left) in [(Counts::Small, 60), (Counts::Full, 6 * 60 * 3)] {
            let mut ledger = Ledger::new(counts);
            ledger.charge(Part::Build, Duration::from_secs(84 * 60));
            assert_eq!(
                ledger.remaining(Part::Browser),
                Duration::from_secs(left),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn the_table_shows_used_time_and_marks_unused_parts_and_broken_promises() {
        let mut ledger = Ledger::new(Counts::Small);
        ledger.charge(Part::Build, Duration::from_millis(74_200));
        ledger.charge(Part::Tools, Duration::from_millis(600_001));
        let table = ledger.table();
        let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(
            row("build").ends_with("1 min 15 s   12 min 00 s"),
            "{table}"
        );
        assert!(
            row("tools").ends_with("10 min 01 s   10 min 00 s  OVER"),
            "{table}"
        );
        assert!(row("chain").contains(" - "), "{table}");
    }
}
