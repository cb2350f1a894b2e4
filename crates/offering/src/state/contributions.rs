//! Contributions: by far the most of a state, so each is told by what differs from the one before.

use super::{coded::Coded, error::StateError, reader::Reader, writer::Writer};
use crate::{
    InvestorIndex, Position, Sequence,
    accounts::Holder,
    chunked::Chunked,
    contribution::{Contribution, NO_ROUND, Status},
};

/// Set in the status byte of a contribution that is accepted to the last unit.
const ACCEPTED_WHOLE: u8 = 8;

/// Set in the status byte of a contribution whose money was in an account.
const FROM_ACCOUNT: u8 = 16;

/// The rate of a contribution that had none.
const NO_RATE: u32 = u32::MAX;

/// Where the contribution before stands.
#[derive(Default)]
struct Before {
    /// Its number plus one.
    sequence: u64,
    position: u64,
}

pub(super) fn write(out: &mut Writer<'_>, contributions: &Chunked<Contribution>) {
    out.count(contributions.len());
    let mut before = Before::default();
    for held in contributions.iter() {
        before.write(out, held);
    }
}

/// All contributions; their numbers rise and stay below `next`.
pub(super) fn read(
    input: &mut Reader<'_>,
    next: Sequence,
) -> Result<Chunked<Contribution>, StateError> {
    let count: u32 = input.number()?;
    let mut contributions = Chunked::default();
    let mut before = Before::default();
    for _ in 0..count {
        contributions.push(before.read(input, next)?);
    }
    input.counts.contributions = contributions.len();
    Ok(contributions)
}

impl Before {
    fn write(&mut self, out: &mut Writer<'_>, held: &Contribution) {
        let Contribution {
            sequence: Sequence(sequence),
            position: Position(position),
            investor: InvestorIndex(investor),
            rate,
            round,
            currency,
            status,
            holder,
            amount,
            accepted,
            tokens,
        } = *held;
        let whole = accepted == amount;
        let from = match holder {
            Holder::Rail => 0,
            Holder::Account => FROM_ACCOUNT,
        };
        out.byte(tag_of(status) | from | if whole { ACCEPTED_WHOLE } else { 0 });
        match status {
            Status::Cut(refusal) => refusal.write(out),
            Status::Returned(reason) => reason.write(out),
            Status::Whole | Status::Sealed | Status::Withdrawn | Status::Voided => {}
        }
        out.number(sequence.wrapping_sub(self.sequence).into());
        out.number(folded(position.wrapping_sub(self.position)).into());
        out.number(investor.into());
        out.number(rate.wrapping_add(1).into());
        out.number(round.wrapping_add(1).into());
        currency.write(out);
        out.number(amount);
        if !whole {
            out.number(accepted);
        }
        out.number(tokens);
        *self = Self {
            sequence: sequence.wrapping_add(1),
            position,
        };
    }

    fn read(
        &mut self,
        input: &mut Reader<'_>,
        Sequence(next): Sequence,
    ) -> Result<Contribution, StateError> {
        let flags = input.byte()?;
        let status = read_status(input, flags & !(ACCEPTED_WHOLE | FROM_ACCOUNT))?;
        let sequence = self
            .sequence
            .checked_add(input.number()?)
            .filter(|sequence| *sequence < next)
            .ok_or_else(|| input.malformed("a contribution has a number that is not given yet"))?;
        let position = self.position.wrapping_add(unfolded(input.number()?));
        let investor = Coded::read(input)?;
        let rates = input.counts.rates + 1;
        let rate: u32 = input.index(rates, "there is no such rate")?;
        let rounds = input.counts.rounds + 1;
        let round: u8 = input.index(rounds, "there is no such round")?;
        let currency = Coded::read(input)?;
        let amount = input.wide()?;
        let accepted = if flags & ACCEPTED_WHOLE == 0 {
            let accepted = input.wide()?;
            if accepted >= amount {
                return Err(input.malformed("more is accepted than was contributed"));
            }
            accepted
        } else {
            amount
        };
        *self = Self {
            sequence: sequence + 1,
            position,
        };
        Ok(Contribution {
            sequence: Sequence(sequence),
            position: Position(position),
            investor,
            rate: rate.wrapping_sub(1),
            round: round.wrapping_sub(1),
            currency,
            status,
            holder: if flags & FROM_ACCOUNT == 0 {
                Holder::Rail
            } else {
                Holder::Account
            },
            amount,
            accepted,
            tokens: input.wide()?,
        })
    }
}

fn tag_of(status: Status) -> u8 {
    match status {
        Status::Whole => 0,
        Status::Cut(_) => 1,
        Status::Sealed => 2,
        Status::Withdrawn => 3,
        Status::Returned(_) => 4,
        Status::Voided => 5,
    }
}

fn read_status(input: &mut Reader<'_>, tag: u8) -> Result<Status, StateError> {
    Ok(match tag {
        0 => Status::Whole,
        1 => Status::Cut(Coded::read(input)?),
        2 => Status::Sealed,
        3 => Status::Withdrawn,
        4 => Status::Returned(Coded::read(input)?),
        5 => Status::Voided,
        _ => return Err(input.malformed("there is no such status")),
    })
}

/// Small differences in either direction as small numbers: 0, -1, 1, -2, 2 and so on.
fn folded(difference: u64) -> u64 {
    (difference << 1) ^ (difference.cast_signed() >> 63).cast_unsigned()
}

fn unfolded(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

// "None" is written as zero by adding one; that works because it is the largest value.
const _: () = assert!(NO_ROUND == u8::MAX && NO_RATE == u32::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_in_either_direction_fold_and_unfold() {
        let table = [
            (0, 0),
            (u64::MAX, 1),
            (1, 2),
            (u64::MAX - 1, 3),
            (2, 4),
            (i64::MAX.cast_unsigned(), u64::MAX - 1),
            (i64::MIN.cast_unsigned(), u64::MAX),
        ];
        for (difference, number) in table {
            assert_eq!(folded(difference), number, "{difference}");
            assert_eq!(unfolded(number), difference, "{number}");
        }
    }
}
