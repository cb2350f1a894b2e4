//! Investors with their ids and counts, and their admissions.

use super::{coded::Coded, error::StateError, reader::Reader, writer::Writer};
use crate::{
    InvestorId, WithdrawalMark,
    admissions::{Admission, Standing},
    chunked::Chunked,
    investors::{Investor, Investors, TotalValue},
};

/// Before the 20 bytes of an address. An opaque id follows its length, which is 1 to 100.
const ADDRESS: u8 = 0;

/// Admissions in the order in which they were made.
pub(super) fn write_admissions(out: &mut Writer<'_>, admissions: &Chunked<Admission>) {
    out.count(admissions.len());
    for admission in admissions.iter() {
        let Admission {
            round,
            standing,
            limit,
            expires,
            guaranteed,
            withdrawal,
            older,
        } = admission;
        round.write(out);
        out.byte(match standing {
            Standing::Valid => 0,
            Standing::Revoked => 1,
        });
        limit.write(out);
        expires.write(out);
        guaranteed.write(out);
        out.byte(match withdrawal {
            WithdrawalMark::Unmarked => 0,
            WithdrawalMark::Marked => 1,
        });
        older.write(out);
    }
}

pub(super) fn read_admissions(input: &mut Reader<'_>) -> Result<Chunked<Admission>, StateError> {
    let count: u32 = input.number()?;
    let mut admissions = Chunked::default();
    for place in 0..count {
        admissions.push(Admission {
            round: Coded::read(input)?,
            standing: match input.byte()? {
                0 => Standing::Valid,
                1 => Standing::Revoked,
                _ => return Err(input.malformed("an admission is neither valid nor revoked")),
            },
            limit: Coded::read(input)?,
            expires: Coded::read(input)?,
            guaranteed: Coded::read(input)?,
            withdrawal: match input.byte()? {
                0 => WithdrawalMark::Unmarked,
                1 => WithdrawalMark::Marked,
                _ => return Err(input.malformed("an admission is neither marked nor unmarked")),
            },
            // One of those before it, plus one: a chain of admissions has an end.
            older: {
                let older = Coded::read(input)?;
                if older > place {
                    return Err(input.malformed("an older admission is not older"));
                }
                older
            },
        });
    }
    input.counts.admissions = admissions.len();
    Ok(admissions)
}

/// Investors in order of their first entry. Neither the seed of the hash nor how the look-up lies in
/// memory is part of the state.
pub(super) fn write_investors(out: &mut Writer<'_>, investors: &Investors) {
    let Investors {
        lookup: _,
        records,
        totals,
        total,
        spilled: _,
        seed: _,
    } = investors;
    out.count(records.len());
    for ((index, record), total_value) in (0..).zip(records.iter()).zip(padded(totals)) {
        let Investor {
            key: _,
            round,
            admission,
            round_value,
            round_tokens,
        } = record;
        write_id(out, investors.id(crate::InvestorIndex(index)));
        out.number(round.wrapping_add(1).into());
        admission.write(out);
        round_value.write(out);
        round_tokens.write(out);
        if *total == TotalValue::Counted {
            total_value.write(out);
        }
    }
}

/// The totals, and zeros where the terms do not ask for any.
fn padded(totals: &Chunked<u128>) -> impl Iterator<Item = u128> + '_ {
    totals.iter().copied().chain(std::iter::repeat(0))
}

pub(super) fn read_investors(
    input: &mut Reader<'_>,
    mut investors: Investors,
) -> Result<Investors, StateError> {
    let count: u32 = input.number()?;
    for place in 0..count {
        let index = read_id(input, &mut investors)?;
        if index.0 != place {
            return Err(input.malformed("an investor stands there twice"));
        }
        let rounds = input.counts.rounds + 1;
        let round: u8 = input.index(rounds, "there is no such round")?;
        let admission = input.index(input.counts.admissions + 1, "there is no such admission")?;
        let record = investors.get_mut(index);
        record.round = round.wrapping_sub(1);
        record.admission = admission;
        record.round_value = input.wide()?;
        record.round_tokens = input.wide()?;
        if investors.total == TotalValue::Counted {
            investors.set_total_value(index, input.wide()?);
        }
    }
    input.counts.investors = investors.len();
    Ok(investors)
}

fn write_id(out: &mut Writer<'_>, id: InvestorId<'_>) {
    match id {
        InvestorId::Address(address) => {
            out.byte(ADDRESS);
            out.bytes(&address);
        }
        InvestorId::Opaque(text) => {
            out.count(text.len());
            out.bytes(text.as_bytes());
        }
    }
}

fn read_id(
    input: &mut Reader<'_>,
    investors: &mut Investors,
) -> Result<crate::InvestorIndex, StateError> {
    const WRONG: &str = "this is no investor id";
    let found = match input.byte()? {
        ADDRESS => investors.find_or_insert(InvestorId::Address(input.array()?)),
        length => {
            let bytes = input.bytes(length.into())?;
            let id = std::str::from_utf8(bytes).ok();
            let id = id.and_then(|text| InvestorId::parse(text).ok());
            match id {
                Some(id @ InvestorId::Opaque(_)) => investors.find_or_insert(id),
                Some(InvestorId::Address(_)) | None => None,
            }
        }
    };
    found.ok_or_else(|| input.malformed(WRONG))
}
