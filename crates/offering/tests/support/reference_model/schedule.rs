//! Where things stand on the clock: windows, pauses, what is over.

use softcap_offering::{
    Stamp,
    terms::{Allocation, PauseEnd, Pricing, RateTerm, Sealing},
};

use super::super::fraction::Fraction;
use super::{Model, Paused, Stage};

impl Model {
    /// Takes a position into the clock; `false` when it lies too far behind.
    pub(super) fn enter(&mut self, stamp: Stamp) -> bool {
        let line = stamp.line.index();
        if line >= self.terms.clock.lines.len() {
            return false;
        }
        if stamp.position.after(self.terms.clock.tolerance).0 < self.latest(line) {
            return false;
        }
        self.stamps.push(stamp);
        for place in 0..self.pauses.len() {
            let over = self.latest(self.pauses[place].line) >= self.pauses[place].latest_end;
            if self.pauses[place].ended.is_none() && over {
                self.pauses[place].ended = Some(self.pauses[place].latest_end);
            }
        }
        let deadline = self.terms.refund_deadline;
        if self.stage == Stage::Running && deadline.is_some_and(|end| self.latest(0) > end.0) {
            self.stage = Stage::Expired;
        }
        true
    }

    /// The newest position of a line.
    pub(super) fn latest(&self, line: usize) -> u64 {
        let own = self
            .stamps
            .iter()
            .filter(|stamp| stamp.line.index() == line);
        own.map(|stamp| stamp.position.0).max().unwrap_or(0)
    }

    /// First position inside and first position after, moved by the pauses so far.
    pub(super) fn window(&self, round: usize, line: usize) -> Option<(u64, u64)> {
        let window = (*self.terms.rounds[round].windows.get(line)?)?;
        let (mut from, mut end) = (window.from.0, window.end_exclusive().0);
        if self.pauses_move() {
            for pause in self.pauses.iter().filter(|pause| pause.line == line) {
                let Some(ended) = pause.ended else { continue };
                if end > pause.from {
                    end += ended - pause.from;
                    if from > pause.from {
                        from += ended - pause.from;
                    }
                }
            }
        }
        Some((from, end))
    }

    fn pauses_move(&self) -> bool {
        self.terms
            .pause
            .is_some_and(|pause| pause.end == PauseEnd::Moves)
    }

    fn lines(&self) -> std::ops::Range<usize> {
        0..self.terms.clock.lines.len()
    }

    pub(super) fn has_begun(&self, round: usize) -> bool {
        self.lines().any(|line| {
            self.window(round, line)
                .is_some_and(|(from, _)| self.latest(line) >= from)
        })
    }

    pub(super) fn is_closed(&self, round: usize) -> bool {
        self.closes.iter().any(|(closed, _)| *closed == round)
    }

    /// Closed, or past the end on every line, and no pause is about to move an end.
    pub(super) fn is_over(&self, round: usize) -> bool {
        if self.is_closed(round) {
            return true;
        }
        self.lines().all(|line| {
            let Some((_, end)) = self.window(round, line) else {
                return true;
            };
            let moving = self
                .pauses
                .iter()
                .any(|pause| pause.line == line && pause.ended.is_none() && end > pause.from);
            self.latest(line) >= end && !(moving && self.pauses_move())
        })
    }

    /// A lottery takes nothing once its seed may be known, a sealed auction nothing once bids may be
    /// opened, wherever the money's own position lies.
    pub(super) fn takes_no_late_entry(&self, round: usize) -> bool {
        let terms = &self.terms.rounds[round];
        if let Allocation::Lottery { instant, .. } = terms.allocation {
            let drawn = self
                .lines()
                .any(|line| self.window(round, line).is_some() && self.latest(line) >= instant.0);
            if drawn {
                return true;
            }
        }
        let sealed = matches!(
            terms.pricing,
            Pricing::Bids {
                sealing: Sealing::Sealed { .. },
                ..
            }
        );
        sealed && self.is_over(round)
    }

    pub(super) fn pause(&mut self, stamp: Stamp) -> Option<()> {
        let bounds = self.terms.pause?;
        let running = self.pauses.iter().any(|pause| pause.ended.is_none());
        if running || self.pauses.len() >= usize::try_from(bounds.count).unwrap() {
            return None;
        }
        let line = stamp.line.index();
        let from = self.latest(line);
        let latest_end = from + bounds.longest.0;
        self.pauses.push(Paused {
            line,
            from,
            latest_end,
            ended: None,
        });
        Some(())
    }

    pub(super) fn resume(&mut self, _stamp: Stamp) -> Option<()> {
        let place = self.pauses.iter().position(|pause| pause.ended.is_none())?;
        self.pauses[place].ended = Some(self.latest(self.pauses[place].line));
        Some(())
    }

    /// Money at a position inside a pause is refused; on another chain's line, money during one.
    pub(super) fn is_paused(&self, stamp: Stamp) -> bool {
        let line = stamp.line.index();
        self.pauses.iter().any(|pause| match pause.ended {
            None => pause.line != line || stamp.position.0 >= pause.from,
            Some(ended) => pause.line == line && (pause.from..ended).contains(&stamp.position.0),
        })
    }

    /// The rate in force for money at a position.
    pub(super) fn rate(&self, currency: usize, position: u64) -> Option<Fraction> {
        match &self.terms.currencies[currency].rate {
            RateTerm::Fixed(rate) => Some(Fraction::of(*rate)),
            RateTerm::Recorded { max_age, .. } => {
                let newest = self.rates.iter().rev().find(|(of, ..)| *of == currency);
                let (_, rate, at) = newest?;
                (position <= at + max_age.0).then(|| Fraction::of(*rate))
            }
        }
    }
}
