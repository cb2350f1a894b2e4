//! The stage, and the escrow that a record follows.

use std::collections::BTreeMap;

use super::{coded::Coded, error::StateError, reader::Reader, writer::Writer};
use crate::{
    ContributionIndex, EscrowAddress, Sequence, chunked::Chunked, contribution::Contribution,
    escrow::Escrow, offering::Stage,
};

/// Set in the byte of the stage where an escrow stands at the end. States without one have the bytes
/// that they had before there were escrows.
const FOLLOWS: u8 = 8;

/// Whether a record follows a contract.
#[derive(Clone, Copy)]
pub(super) enum Follows {
    Nothing,
    Chain,
}

pub(super) fn write_stage(out: &mut Writer<'_>, stage: Stage, escrow: Option<&Escrow>) {
    let stage = match stage {
        Stage::Draft => 0,
        Stage::Running => 1,
        Stage::Cancelled => 2,
        Stage::Expired => 3,
        Stage::Settled => 4,
    };
    out.byte(stage | if escrow.is_some() { FOLLOWS } else { 0 });
}

pub(super) fn read_stage(input: &mut Reader<'_>) -> Result<(Stage, Follows), StateError> {
    let byte = input.byte()?;
    let stage = match byte & !FOLLOWS {
        0 => Stage::Draft,
        1 => Stage::Running,
        2 => Stage::Cancelled,
        3 => Stage::Expired,
        4 => Stage::Settled,
        _ => return Err(input.malformed("there is no such stage")),
    };
    let follows = if byte & FOLLOWS == 0 {
        Follows::Nothing
    } else if stage == Stage::Draft {
        return Err(input.malformed("a draft follows no escrow"));
    } else {
        Follows::Chain
    };
    Ok((stage, follows))
}

pub(super) fn write(out: &mut Writer<'_>, escrow: &Escrow) {
    let Escrow {
        sequence,
        address:
            EscrowAddress {
                chain_id,
                contract,
                currency,
            },
        change,
        paid,
    } = escrow;
    sequence.write(out);
    chain_id.write(out);
    out.bytes(contract);
    currency.write(out);
    change.write(out);
    paid.write(out);
}

/// The escrow of a state with these contributions.
pub(super) fn read(
    input: &mut Reader<'_>,
    next: Sequence,
    contributions: &Chunked<Contribution>,
) -> Result<Escrow, StateError> {
    let sequence: Sequence = Coded::read(input)?;
    if sequence >= next {
        return Err(input.malformed("an escrow has a number that is not given yet"));
    }
    let address = EscrowAddress {
        chain_id: Coded::read(input)?,
        contract: input.array()?,
        currency: Coded::read(input)?,
    };
    let change: BTreeMap<ContributionIndex, u128> = Coded::read(input)?;
    for (index, change) in &change {
        let held = &contributions[index.index()];
        if *change == 0 || *change > held.amount - held.accepted {
            return Err(input.malformed("more went back at once than was contributed"));
        }
    }
    Ok(Escrow {
        sequence,
        address,
        change,
        paid: Coded::read(input)?,
    })
}
