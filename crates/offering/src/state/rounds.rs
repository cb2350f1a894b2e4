//! Rounds, pauses, rates and sums.

use super::{
    coded::{Coded, read_each, write_each},
    error::StateError,
    reader::Reader,
    writer::Writer,
};
use crate::{
    ContributionIndex,
    chunked::Chunked,
    contribution::Contribution,
    offering::{CurrentRate, Rates, Sums},
    pauses::{Pause, Pauses},
    rounds::RoundState,
    terms::{Round, Terms, Window},
};

pub(super) fn write_round(out: &mut Writer<'_>, state: &RoundState) {
    let RoundState {
        windows,
        closed,
        used_value,
        used_tokens,
        gross_value,
        net_value,
        net_tokens,
        guaranteed,
        waiting,
        seed,
        // It follows from the terms.
        fixed_factors: _,
    } = state;
    for window in windows.iter().flatten() {
        // How the end counts is in the terms; a pause moves the positions only.
        let Window {
            from,
            until,
            end: _,
        } = window;
        from.write(out);
        until.write(out);
    }
    closed.write(out);
    used_value.write(out);
    used_tokens.write(out);
    gross_value.write(out);
    net_value.write(out);
    net_tokens.write(out);
    guaranteed.write(out);
    out.count(waiting.len());
    for waits in waiting {
        waits.write(out);
    }
    seed.write(out);
}

/// The state of the round at `place`, whose waiting list names contributions of it.
pub(super) fn read_round(
    input: &mut Reader<'_>,
    terms: &Terms,
    (place, round): (usize, &Round),
    contributions: &Chunked<Contribution>,
) -> Result<RoundState, StateError> {
    let RoundState {
        mut windows,
        fixed_factors,
        ..
    } = RoundState::new(terms, round);
    for window in windows.iter_mut().flatten() {
        window.from = Coded::read(input)?;
        window.until = Coded::read(input)?;
    }
    Ok(RoundState {
        windows,
        closed: Coded::read(input)?,
        used_value: Coded::read(input)?,
        used_tokens: Coded::read(input)?,
        gross_value: Coded::read(input)?,
        net_value: Coded::read(input)?,
        net_tokens: Coded::read(input)?,
        guaranteed: Coded::read(input)?,
        waiting: {
            let waiting: Vec<(ContributionIndex, u128)> = Coded::read(input)?;
            let fits = |(index, waits): &(ContributionIndex, u128)| {
                contributions.get(index.index()).is_some_and(|held| {
                    held.round().is_some_and(|of| of.index() == place)
                        && *waits > 0
                        && *waits <= held.amount - held.accepted
                })
            };
            if !waiting.is_sorted_by(|(a, _), (b, _)| a < b) || !waiting.iter().all(fits) {
                return Err(input.malformed("a waiting list is not one of this round"));
            }
            waiting.into()
        },
        seed: Coded::read(input)?,
        fixed_factors,
    })
}

impl Coded for Pause {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { from, ends } = self;
        from.write(out);
        ends.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let pause = Self {
            from: Coded::read(input)?,
            ends: Coded::read(input)?,
        };
        if pause.ends < pause.from.position {
            return Err(input.malformed("a pause ends before it begins"));
        }
        Ok(pause)
    }
}

impl Coded for Pauses {
    fn write(&self, out: &mut Writer<'_>) {
        let Self {
            count,
            current,
            past,
        } = self;
        count.write(out);
        current.write(out);
        past.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            count: Coded::read(input)?,
            current: Coded::read(input)?,
            past: Coded::read(input)?,
        })
    }
}

impl Coded for CurrentRate {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { index, recorded } = self;
        index.write(out);
        recorded.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            index: input.index(input.counts.rates, "there is no such rate")?,
            recorded: Coded::read(input)?,
        })
    }
}

impl Coded for Rates {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { all, current } = self;
        all.write(out);
        write_each(out, current);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let all: Vec<_> = Coded::read(input)?;
        input.counts.rates = all.len();
        let current = read_each(input, input.counts.currencies)?;
        Ok(Self { all, current })
    }
}

pub(super) fn write_sums(out: &mut Writer<'_>, sums: &Sums) {
    let Sums {
        contributed,
        value,
        tokens,
        // It follows from the terms.
        most_tokens: _,
    } = sums;
    write_each(out, contributed);
    value.write(out);
    tokens.write(out);
}

pub(super) fn read_sums(input: &mut Reader<'_>, terms: &Terms) -> Result<Sums, StateError> {
    let Sums { most_tokens, .. } = Sums::new(terms);
    Ok(Sums {
        contributed: read_each(input, input.counts.currencies)?,
        value: Coded::read(input)?,
        tokens: Coded::read(input)?,
        most_tokens,
    })
}
