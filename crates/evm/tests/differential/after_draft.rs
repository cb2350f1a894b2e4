//! Random promises for the time after a sale, as the text of an `offering.toml`.

use std::fmt::Write as _;

use crate::seeded::Seeded;

/// Basis points of the whole.
const WHOLE: u64 = 10_000;

/// What the terms promise.
#[derive(Clone, Debug)]
pub(crate) struct AfterDraft {
    /// Basis points of each step, and the seconds before which it does not come.
    steps: Vec<(u64, u64)>,
    objections: Objections,
    /// Cliff and duration of the share, in seconds.
    pub(crate) vesting: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Objections {
    share: u64,
    span: u64,
    deadline: u64,
}

impl AfterDraft {
    pub(crate) fn random(rng: &mut Seeded) -> Self {
        let vesting = rng.chance(60).then(|| {
            let duration = rng.between(1, 200);
            (rng.below(duration), duration)
        });
        // One of both, at least.
        let count = if vesting.is_some() && rng.chance(25) {
            0
        } else {
            rng.between(1, 4)
        };
        let mut left = WHOLE;
        let mut steps = Vec::new();
        let span = rng.between(1, 20);
        let mut time = 0;
        for place in 0..count {
            let rest = count - place - 1;
            let part = if rest == 0 {
                left
            } else {
                rng.between(1, left - rest)
            };
            left -= part;
            let after = rng.below(30);
            steps.push((part, after));
            let earliest = steps.iter().map(|(_, after)| *after).max().unwrap_or(0);
            time = earliest.max(time) + span;
        }
        let share = *rng.pick(&[1, 100, 1_234, 2_500, 5_000, 5_000]);
        Self {
            steps,
            objections: Objections {
                share,
                span,
                deadline: time + rng.between(1, 60),
            },
            vesting,
        }
    }

    pub(crate) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Seconds from the settlement after which nothing changes by itself.
    pub(crate) fn horizon(&self) -> u64 {
        let vested = self.vesting.map_or(0, |(_, duration)| duration);
        let deadline = if self.has_steps() {
            self.objections.deadline
        } else {
            0
        };
        vested.max(deadline)
    }

    /// Seconds for objections.
    pub(crate) fn span(&self) -> u64 {
        self.objections.span
    }

    /// Seconds from the settlement at which something changes by itself.
    pub(crate) fn marks(&self) -> Vec<u64> {
        let mut marks: Vec<u64> = self.steps.iter().map(|(_, after)| *after).collect();
        if self.has_steps() {
            let Objections { span, deadline, .. } = self.objections;
            marks.extend([deadline, deadline - span]);
        }
        if let Some((cliff, duration)) = self.vesting {
            marks.extend([cliff, duration]);
        }
        // None is before the settlement, whatever is taken off.
        marks.iter().map(|mark| mark.max(&1)).copied().collect()
    }

    /// The tables of the steps; nothing where there are none.
    pub(crate) fn tables(&self) -> String {
        let mut text = String::new();
        for (place, (part, after)) in self.steps.iter().enumerate() {
            let _ = writeln!(
                text,
                "[[milestone]]\nname = \"step {place}\"\npart = {}\nafter = \"{after} seconds\"",
                percent(*part)
            );
        }
        if self.has_steps() {
            let Objections {
                share,
                span,
                deadline,
            } = self.objections;
            let _ = writeln!(
                text,
                "[objections]\nshare = {}\nspan = \"{span} seconds\"\ndeadline = \"{deadline} seconds\"",
                percent(share)
            );
        }
        text
    }

    /// What the share says of it.
    pub(crate) fn vesting_line(&self) -> String {
        let Some((cliff, duration)) = self.vesting else {
            return String::new();
        };
        format!("vesting = {{ cliff = \"{cliff} seconds\", duration = \"{duration} seconds\" }}\n")
    }
}

fn percent(points: u64) -> String {
    format!("\"{}.{:02} %\"", points / 100, points % 100)
}
