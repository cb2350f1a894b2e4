//! The last ten minutes of a log, second by second: contributions, and which rules refused or cut them.

use std::collections::{BTreeMap, VecDeque};

use softcap_offering::{Command, Outcome};
use softcap_proof::entry::Entry;

/// Seconds that are kept.
const KEPT: u64 = 600;
/// Seconds over which the rate of now is taken.
const NOW: u64 = 10;
const MINUTE: u64 = 60;
/// So many contributions in a minute say something about the share that is refused.
const ENOUGH: u64 = 20;
/// A rate is a burst from so many contributions in the last ten seconds, and so many times the usual ones.
const BURST: u64 = 50;
const BURST_TIMES: u64 = 5;
/// A minute without any is strange where so many came in the nine before it.
const BUSY: u64 = 60;

/// What a rule did: refused as a whole, and cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByRule {
    /// Its number.
    pub(crate) code: u16,
    pub(crate) whole: u64,
    pub(crate) cut: u64,
}

/// One second.
#[derive(Clone, Debug, Default)]
struct Second {
    at: u64,
    taken: u64,
    refused: u64,
    by_rule: BTreeMap<u16, (u64, u64)>,
}

/// The newest seconds of a log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    /// The entry that is looked at next.
    next: u64,
    /// The second of the oldest entry that was looked at, where there are older ones.
    since: Option<u64>,
    seconds: VecDeque<Second>,
}

/// What is strange about the last minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strange {
    /// More than half of what came in the last minute was refused: so many of so many.
    ManyRefused(u64, u64),
    /// Much more comes than before: so many in ten seconds, and usually so many.
    Burst(u64, u64),
    /// Nothing came for a minute, and so many in the nine minutes before.
    Silence(u64),
}

/// The window in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Contributions that were taken in the last ten seconds: tenths of a rate a second.
    pub(crate) rate_tenths: u64,
    /// The most in one second.
    pub(crate) peak: u64,
    pub(crate) minute: u64,
    pub(crate) ten_minutes: u64,
    pub(crate) refused: u64,
    /// The rules by how much they refused, most first.
    pub(crate) by_rule: Vec<ByRule>,
    /// The counts are at least these: older entries of the ten minutes were not looked at.
    pub(crate) is_part: bool,
    pub(crate) strange: Vec<Strange>,
}

impl Window {
    /// A window that begins at an entry; `is_whole` where there is none before it.
    pub(super) fn from(next: u64) -> Self {
        Self {
            next,
            since: (next > 0).then_some(u64::MAX),
            seconds: VecDeque::new(),
        }
    }

    /// The entry that is looked at next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Looks at the next entry.
    pub(super) fn take(&mut self, entry: &Entry<'_>, outcome: &Outcome) {
        self.next = entry.sequence.0 + 1;
        let at = entry.stamp.position.0 / 1_000;
        if let Some(since) = &mut self.since {
            *since = at.min(*since);
        }
        if !matches!(
            entry.command,
            Command::Contribute(_) | Command::Commit { .. }
        ) {
            return;
        }
        let (is_refused, rule) = match outcome {
            Outcome::Refused(refusal) => (true, Some(refusal.code())),
            Outcome::Contributed(taken) => (false, taken.reason.map(|refusal| refusal.code())),
            Outcome::Done
            | Outcome::Refunded { .. }
            | Outcome::RefundedAndPromoted { .. }
            | Outcome::Settled(_) => (false, None),
            Outcome::RepeatOf(_) => return,
        };
        let second = self.second(at);
        let (taken, refused) = if is_refused { (0, 1) } else { (1, 0) };
        second.taken += taken;
        second.refused += refused;
        if let Some(code) = rule {
            let (whole, cut) = second.by_rule.entry(code).or_default();
            *whole += refused;
            *cut += taken;
        }
    }

    /// Entries come in the order of time, but for blocks that are a little behind.
    fn second(&mut self, at: u64) -> &mut Second {
        let place = self.seconds.partition_point(|known| known.at < at);
        if self.seconds.get(place).is_none_or(|known| known.at != at) {
            let new = Second {
                at,
                ..Second::default()
            };
            self.seconds.insert(place, new);
        }
        &mut self.seconds[place]
    }

    /// The figures at a second; what is older than ten minutes is forgotten.
    pub(super) fn figures(&mut self, now: u64) -> Figures {
        while let Some(oldest) = self.seconds.front()
            && oldest.at + KEPT <= now
        {
            self.seconds.pop_front();
        }
        let sum = |age: u64, of: fn(&Second) -> u64| {
            let young = self.seconds.iter().rev();
            let young = young.take_while(|second| second.at + age > now);
            young.map(of).sum::<u64>()
        };
        let taken = |second: &Second| second.taken;
        let came = |second: &Second| second.taken + second.refused;
        let refused = |second: &Second| second.refused;
        let mut by_rule: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
        for (code, (whole, cut)) in self.seconds.iter().flat_map(|second| &second.by_rule) {
            let sum = by_rule.entry(*code).or_default();
            *sum = (sum.0 + whole, sum.1 + cut);
        }
        let mut by_rule: Vec<ByRule> = by_rule
            .into_iter()
            .map(|(code, (whole, cut))| ByRule { code, whole, cut })
            .collect();
        by_rule.sort_by_key(|rule| std::cmp::Reverse((rule.whole + rule.cut, rule.code)));
        let looked_for = self.since.map_or(KEPT, |since| now.saturating_sub(since));
        let counts = Counts {
            now: sum(NOW, taken),
            came_minute: sum(MINUTE, came),
            refused_minute: sum(MINUTE, refused),
            came: sum(KEPT, came),
            seconds: looked_for.min(KEPT),
        };
        Figures {
            rate_tenths: counts.now * 10 / NOW,
            peak: self.seconds.iter().map(taken).max().unwrap_or(0),
            minute: sum(MINUTE, taken),
            ten_minutes: sum(KEPT, taken),
            refused: sum(KEPT, refused),
            by_rule,
            is_part: looked_for < KEPT,
            strange: counts.strange(),
        }
    }
}

struct Counts {
    now: u64,
    came_minute: u64,
    refused_minute: u64,
    came: u64,
    /// For how long there is anything to compare with.
    seconds: u64,
}

impl Counts {
    fn strange(&self) -> Vec<Strange> {
        let mut found = Vec::new();
        if self.came_minute >= ENOUGH && self.refused_minute * 2 > self.came_minute {
            found.push(Strange::ManyRefused(self.refused_minute, self.came_minute));
        }
        let before = self.came.saturating_sub(self.came_minute);
        let minutes = self.seconds.saturating_sub(MINUTE) / NOW;
        let usual = before.checked_div(minutes).unwrap_or(0);
        if minutes > 0 && self.now >= BURST && self.now >= BURST_TIMES * usual.max(1) {
            found.push(Strange::Burst(self.now, usual));
        }
        if self.came_minute == 0 && before >= BUSY {
            found.push(Strange::Silence(before));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use softcap_offering::{
        Amount, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Position, Refusal,
        Sequence, Stamp,
    };

    use super::*;

    fn contributed(window: &mut Window, second: u64, refused: bool) {
        let command = Command::Contribute(Contribute {
            investor: InvestorId::Opaque("a"),
            currency: CurrencyIndex(0),
            amount: Amount(1),
            limit: None,
            reference: "",
            source: None,
            funding: Funding::Arrived,
        });
        let entry = Entry {
            sequence: Sequence(window.next()),
            stamp: Stamp {
                line: LineIndex(0),
                position: Position(second * 1_000),
            },
            request: None,
            command,
        };
        let outcome = if refused {
            Outcome::Refused(Refusal::ALL[0])
        } else {
            Outcome::Done
        };
        window.take(&entry, &outcome);
    }

    fn busy(window: &mut Window, seconds: std::ops::Range<u64>, each: u64, refused: bool) {
        for second in seconds {
            for _ in 0..each {
                contributed(window, second, refused);
            }
        }
    }

    #[test]
    fn seconds_are_counted_and_forgotten() {
        let mut window = Window::from(0);
        busy(&mut window, 1_000..1_100, 3, false);
        contributed(&mut window, 1_099, true);
        let figures = window.figures(1_099);
        assert_eq!(figures.rate_tenths, 30);
        assert_eq!((figures.peak, figures.minute), (3, 180));
        assert_eq!((figures.ten_minutes, figures.refused), (300, 1));
        assert_eq!(figures.by_rule.len(), 1);
        assert_eq!(figures.strange, []);
        assert!(!figures.is_part);
        let later = window.figures(1_104);
        assert_eq!((later.rate_tenths, later.minute), (15, 165));
        let much_later = window.figures(1_699);
        assert_eq!((much_later.ten_minutes, much_later.peak), (0, 0));
        assert_eq!(window.seconds.len(), 0);
    }

    #[test]
    fn a_window_that_does_not_reach_back_says_so() {
        let mut window = Window::from(7);
        busy(&mut window, 1_000..1_010, 1, false);
        assert!(window.figures(1_010).is_part);
        assert!(!window.figures(1_600).is_part);
    }

    #[test]
    fn what_is_strange_is_named_with_its_numbers() {
        let mut refusing = Window::from(0);
        busy(&mut refusing, 1_000..1_010, 1, false);
        busy(&mut refusing, 1_000..1_011, 1, true);
        let strange = refusing.figures(1_011).strange;
        assert_eq!(strange, [Strange::ManyRefused(11, 21)]);

        let mut burst = Window::from(0);
        busy(&mut burst, 1_000..1_600, 1, false);
        busy(&mut burst, 1_595..1_600, 10, false);
        assert_eq!(burst.figures(1_600).strange, [Strange::Burst(59, 10)]);

        let mut silent = Window::from(0);
        busy(&mut silent, 1_000..1_100, 1, false);
        assert_eq!(silent.figures(1_161).strange, [Strange::Silence(100)]);
        let mut calm = Window::from(0);
        busy(&mut calm, 1_000..1_050, 1, false);
        assert_eq!(calm.figures(1_161).strange, []);
    }

    /// Blocks may be a little older than what came before them.
    #[test]
    fn entries_of_older_seconds_find_their_place() {
        let mut window = Window::from(0);
        for second in [1_003, 1_001, 1_003, 1_002] {
            contributed(&mut window, second, false);
        }
        let order: Vec<u64> = window.seconds.iter().map(|second| second.at).collect();
        assert_eq!(order, [1_001, 1_002, 1_003]);
        assert_eq!(window.figures(1_003).peak, 2);
    }
}
