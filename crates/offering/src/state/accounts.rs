//! Accounts, and ids that count once.

use super::{coded::Coded, error::StateError, reader::Reader, writer::Writer};
use crate::{
    Sequence,
    accounts::{Account, Accounts},
    seen_ids::{Seen, SeenIds},
};

/// Accounts in the order in which they were first funded. What contributions have of them follows
/// from the contributions.
pub(super) fn write_accounts(out: &mut Writer<'_>, accounts: &Accounts) {
    let Accounts {
        lookup: _,
        records,
        funded: _,
        seed: _,
    } = accounts;
    out.count(records.len());
    for account in records.iter() {
        let Account {
            investor,
            currency,
            funded,
            taken_back,
            uses: _,
        } = account;
        investor.write(out);
        currency.write(out);
        funded.write(out);
        taken_back.write(out);
    }
}

pub(super) fn read_accounts(
    input: &mut Reader<'_>,
    mut accounts: Accounts,
) -> Result<Accounts, StateError> {
    let count: u32 = input.number()?;
    for _ in 0..count {
        let key = Coded::read(input)?;
        let (funded, taken_back) = Coded::read(input)?;
        accounts
            .restore(key, funded, taken_back)
            .ok_or_else(|| input.malformed("an account stands there twice or is too large"))?;
    }
    Ok(accounts)
}

/// Ids in the order of the entries that used them first, each with what its entry's number is above
/// the one before.
pub(super) fn write_ids(out: &mut Writer<'_>, seen: &SeenIds) {
    let SeenIds {
        lookup: _,
        ids,
        runs: _,
        seed: _,
    } = seen;
    out.count(ids.len());
    let mut free = 0_u64;
    for (id, Sequence(entry)) in seen.iter() {
        out.bytes(&id);
        out.number(entry.wrapping_sub(free).into());
        free = entry.wrapping_add(1);
    }
}

/// All ids; the numbers of their entries rise and stay below `next`.
pub(super) fn read_ids(
    input: &mut Reader<'_>,
    mut seen: SeenIds,
    Sequence(next): Sequence,
) -> Result<SeenIds, StateError> {
    let count: u32 = input.number()?;
    let mut free = 0_u64;
    for _ in 0..count {
        let id = input.array()?;
        let entry = free.checked_add(input.number()?);
        let entry = entry
            .filter(|entry| *entry < next)
            .ok_or_else(|| input.malformed("an id has a number that is not given yet"))?;
        if seen.note(id, Sequence(entry)) != Seen::First {
            return Err(input.malformed("an id stands there twice"));
        }
        free = entry + 1;
    }
    Ok(seen)
}
