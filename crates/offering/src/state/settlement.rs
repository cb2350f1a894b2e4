//! The settlement and what was done since.

use super::{
    coded::{Coded, read_each, write_each},
    error::StateError,
    escrow::Follows,
    reader::Reader,
    writer::Writer,
};
use crate::{
    Position, RoundSettlement, Settled, Settlement, Verdict,
    after_sale::{AfterSale, Published},
    rows::CurrencyTotals,
    settlement::ByInvestor,
    terms::Terms,
};

pub(super) fn write(out: &mut Writer<'_>, settlement: &Settlement) {
    let Settlement {
        settled,
        at,
        rounds,
        totals,
        shares,
        unsold,
        minted,
        // It follows from the contributions, of which there are no more after a settlement.
        by_investor: _,
        after,
    } = settlement;
    settled.write(out);
    at.write(out);
    write_each(out, rounds);
    write_each(out, totals);
    write_each(out, shares);
    unsold.write(out);
    minted.write(out);
    write_after(out, after);
}

/// The settlement of an offering with these contributions by investor; `latest` is how far each clock
/// line is.
pub(super) fn read(
    input: &mut Reader<'_>,
    terms: &Terms,
    latest: &[Position],
    by_investor: ByInvestor,
    follows: Follows,
) -> Result<Settlement, StateError> {
    Ok(Settlement {
        settled: Coded::read(input)?,
        at: {
            let at: crate::Stamp = Coded::read(input)?;
            if latest
                .get(at.line.index())
                .is_none_or(|now| at.position > *now)
            {
                return Err(input.malformed("the settlement lies ahead"));
            }
            at
        },
        rounds: read_each(input, input.counts.rounds)?,
        totals: read_each(input, input.counts.currencies)?,
        shares: read_each(input, terms.token.supply.share_count())?,
        unsold: Coded::read(input)?,
        minted: Coded::read(input)?,
        by_investor,
        after: read_after(input, terms, follows)?,
    })
}

fn write_after(out: &mut Writer<'_>, after: &AfterSale) {
    let AfterSale {
        published,
        distributed,
        distributed_total,
        vested,
        refunds_paid,
        refunded,
        released,
    } = after;
    out.byte(match published {
        Published::No => 0,
        Published::Yes => 1,
    });
    distributed.write(out);
    distributed_total.write(out);
    write_each(out, vested);
    refunds_paid.write(out);
    write_each(out, refunded);
    out.count(*released);
}

fn read_after(
    input: &mut Reader<'_>,
    terms: &Terms,
    follows: Follows,
) -> Result<AfterSale, StateError> {
    // A contract that is followed pays out in one draw where the terms have no milestones.
    let releases = match follows {
        Follows::Nothing => terms.milestones.len(),
        Follows::Chain => terms.milestones.len().max(1),
    };
    Ok(AfterSale {
        published: match input.byte()? {
            0 => Published::No,
            1 => Published::Yes,
            _ => return Err(input.malformed("a root is published or not")),
        },
        distributed: {
            let distributed: Vec<u128> = Coded::read(input)?;
            if distributed.len() > input.counts.investors {
                return Err(input.malformed("more got tokens than there are investors"));
            }
            distributed
        },
        distributed_total: Coded::read(input)?,
        vested: read_each(input, terms.token.supply.share_count())?,
        refunds_paid: Coded::read(input)?,
        refunded: read_each(input, input.counts.currencies)?,
        released: input.index(releases + 1, "there is no such milestone")?,
    })
}

impl Coded for Settled {
    fn write(&self, out: &mut Writer<'_>) {
        let Self {
            verdict,
            raised,
            sold,
        } = self;
        out.byte(match verdict {
            Verdict::Succeeded => 1,
            Verdict::Failed => 2,
            Verdict::Cancelled => 3,
            Verdict::Expired => 4,
        });
        raised.write(out);
        sold.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            verdict: match input.byte()? {
                1 => Verdict::Succeeded,
                2 => Verdict::Failed,
                3 => Verdict::Cancelled,
                4 => Verdict::Expired,
                _ => return Err(input.malformed("there is no such verdict")),
            },
            raised: Coded::read(input)?,
            sold: Coded::read(input)?,
        })
    }
}

impl Coded for RoundSettlement {
    fn write(&self, out: &mut Writer<'_>) {
        let Self {
            accepted,
            sold,
            clearing,
            lottery_threshold,
        } = self;
        accepted.write(out);
        sold.write(out);
        clearing.write(out);
        lottery_threshold.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            accepted: Coded::read(input)?,
            sold: Coded::read(input)?,
            clearing: Coded::read(input)?,
            lottery_threshold: Coded::read(input)?,
        })
    }
}

impl Coded for CurrencyTotals {
    fn write(&self, out: &mut Writer<'_>) {
        let Self {
            contributed,
            accepted,
            refunded,
            kept,
        } = self;
        contributed.write(out);
        accepted.write(out);
        refunded.write(out);
        kept.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            contributed: Coded::read(input)?,
            accepted: Coded::read(input)?,
            refunded: Coded::read(input)?,
            kept: Coded::read(input)?,
        })
    }
}
