//! When something changes by itself in a random sale, and how often it may be paused.

use crate::seeded::Seeded;

/// Seconds at which something changes by itself.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) opens: u64,
    pub(crate) closes: u64,
    pub(crate) deadline: u64,
    /// Where the price changes.
    pub(crate) prices: Vec<u64>,
    pub(crate) right: Option<Right>,
    /// Seconds by which all pauses together can move the end.
    pub(crate) moves: u64,
}

/// For how long contributions can be taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right {
    /// Seconds from each contribution.
    Span(u64),
    /// To a second for all.
    Until(u64),
}

impl Schedule {
    pub(crate) fn marks(&self) -> Vec<u64> {
        let mut marks = vec![self.opens, self.closes, self.closes, self.deadline];
        marks.extend(&self.prices);
        if self.moves > 0 {
            marks.extend([self.closes + self.moves, self.closes + self.moves / 2]);
        }
        match self.right {
            Some(Right::Span(span)) => marks.extend([self.opens + span, self.closes + span]),
            Some(Right::Until(until)) => marks.extend([until, until]),
            None => {}
        }
        marks
    }
}

/// How the issuer may pause.
#[derive(Clone, Copy)]
pub(crate) struct Pause {
    pub(crate) longest: u64,
    pub(crate) count: u64,
    pub(crate) moves: bool,
}

impl Pause {
    pub(crate) fn random(rng: &mut Seeded, rounds: usize) -> Option<Self> {
        let pause = Self {
            longest: rng.between(1, 60),
            count: rng.between(1, 3),
            moves: rng.chance(50) && rounds < 2,
        };
        rng.chance(60).then_some(pause)
    }
}

/// Of two to four rounds, one after the other, with or without time between them; none where there is one round.
pub(crate) fn windows(rng: &mut Seeded, opens: u64, closes: u64) -> Vec<(u64, u64)> {
    if closes - opens < 4 || !rng.chance(35) {
        return Vec::new();
    }
    let mut cuts: Vec<u64> = (0..rng.between(1, 3))
        .map(|_| rng.between(opens + 1, closes - 1))
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut from = opens;
    let mut windows = Vec::new();
    for cut in cuts {
        windows.push((from, cut));
        from = (cut + rng.below(3)).min(closes - 1);
    }
    windows.push((from, closes));
    windows.retain(|(from, to)| from < to);
    windows
}
