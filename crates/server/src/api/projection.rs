//! What one contribution would get at the end, if others bring so much: by the engine of the real sale, on an offering
//! that only exists here.

use std::sync::Arc;

use softcap_offering::{
    Amount, Contribute, CurrencyIndex, Funding, InvestorId, Position, Reason, RoundingMode, Row,
    Tokens, Value, Verdict,
    terms::{Bound, Limit, Pricing, Rail, RateTerm, Supply, Terms},
};

use super::simulations::{Trial, Wish};

/// Others who bring what is asked of them, at most.
const MOST_OTHERS: u128 = 400;
/// Into how many parts a sum is divided, so that no limit of one person is in the way.
const PARTS: u128 = 20;
const OWN: &str = "you";

/// A contribution to be projected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wished {
    /// In which currency; one whose rate the terms fix.
    pub(crate) currency: u8,
    /// Smallest units.
    pub(crate) amount: Amount,
    /// When.
    pub(crate) at: Position,
}

/// How the offering would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It would.
    Settled(Verdict),
    /// Something that nobody knows yet is missing, such as a seed.
    NotYetKnown,
}

/// What would be taken of the contribution at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakenAtOnce {
    /// Tokens, as far as they are known then.
    pub(crate) tokens: Tokens,
    /// What would come back at once.
    pub(crate) back: Amount,
}

/// What would become of the contribution.
#[derive(Clone, Debug)]
pub(crate) struct Projected {
    /// What would be taken at once; absent when it would be refused.
    pub(crate) at_once: Option<TakenAtOnce>,
    /// The row at the end; absent when no contribution was made of it.
    pub(crate) row: Option<Row>,
    /// How the offering would end.
    pub(crate) ending: Ending,
}

/// Plays a sale in which `before` was raised by others, then comes the contribution, then others bring `after`; both in the
/// numeraire's smallest unit.
pub(crate) fn project(terms: &Arc<Terms>, wished: Wished, before: u128, after: u128) -> Projected {
    let mut trial = Trial::new(Arc::clone(terms), Vec::new());
    crowd(&mut trial, terms, wished.at, ("before", before));
    let own = InvestorId::Opaque(OWN);
    let sequence = contribute(&mut trial, terms, own, wished);
    let taken = trial.offering.contribution_at(sequence).map(|index| {
        let row = trial.offering.row(index);
        TakenAtOnce {
            tokens: row.tokens,
            back: row.refunded,
        }
    });
    crowd(&mut trial, terms, wished.at, ("after", after));
    let refusal = trial.settle();
    let offering = &trial.offering;
    let index = offering.contribution_at(sequence);
    let ending = match (offering.settlement(), refusal) {
        (Some(settlement), _) => Ending::Settled(settlement.settled.verdict),
        (None, _) => Ending::NotYetKnown,
    };
    Projected {
        at_once: taken,
        row: index.map(|index| offering.row(index)),
        ending,
    }
}

/// What a full sale would bring, in the numeraire: the hard cap, else everything at the first price. `None` where nothing can be
/// played beforehand: bids have prices of their own, rates that are recorded are not known, and nothing bounds the sale.
pub(crate) fn full_sale(terms: &Terms) -> Option<u128> {
    let mut rounds = terms.rounds.iter();
    let mut currencies = terms.currencies.iter();
    let has_bids = rounds.any(|round| matches!(round.pricing, Pricing::Bids { .. }));
    let has_rate = currencies.any(|known| matches!(known.rate, RateTerm::Fixed(_)));
    if has_bids || !has_rate {
        return None;
    }
    if let Some(Bound::Value(cap)) = terms.hard_cap {
        return Some(cap.0);
    }
    let sale = match &terms.token.supply {
        Supply::Fixed { for_sale, .. } => *for_sale,
        Supply::Minted { max, .. } => (*max)?,
    };
    let first = terms.rounds.iter().find_map(|round| match &round.pricing {
        Pricing::Fixed { price } => Some(*price),
        Pricing::Steps { steps } => steps.first().map(|step| step.price),
        Pricing::Linear { base, .. } => Some(*base),
        Pricing::Tiers { tiers, .. } => tiers.first().map(|tier| tier.price),
        Pricing::Dutch { start, .. } => start.inverse(),
        Pricing::Bids { .. } => None,
    })?;
    first.inverse()?.times(sale.0, RoundingMode::Down)
}

/// A whole sale that only exists here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempted {
    /// How it would end.
    pub(crate) ending: Ending,
    /// What would be accepted of what came, in the numeraire.
    pub(crate) raised: Value,
    /// Tokens that would be sold.
    pub(crate) sold: Tokens,
    /// Contributions of which nothing, or not all, would be taken.
    pub(crate) cut: usize,
}

/// Plays a sale in which people bring a value in all, spread evenly over the rounds and each round at its beginning. Everybody
/// is admitted everywhere.
pub(crate) fn attempt(terms: &Arc<Terms>, demand: u128) -> Attempted {
    let mut trial = Trial::new(Arc::clone(terms), Vec::new());
    let mut starts: Vec<Position> = terms
        .rounds
        .iter()
        .filter_map(|round| {
            round
                .windows
                .iter()
                .flatten()
                .map(|window| window.from)
                .min()
        })
        .collect();
    starts.sort_unstable();
    let mut left = demand;
    let mut tried = 0;
    for (place, at) in starts.iter().enumerate() {
        let rounds = u128::try_from(starts.len() - place).unwrap_or(1);
        let part = left.div_ceil(rounds);
        left -= part;
        tried += crowd(&mut trial, terms, *at, (&format!("round{place}"), part));
    }
    trial.settle();
    let offering = &trial.offering;
    let settled = offering.settlement().map(|held| held.settled);
    let whole = offering.rows().filter(|row| match row.reason {
        Some(Reason::Refused(_)) => false,
        // Where many share what there is, nobody is refused and all get less.
        None => row.accepted == row.contributed || settled.is_none(),
        // All of it goes back, to everybody.
        Some(_) => true,
    });
    // Whoever comes after the end of a sale that is sold out has no row.
    let cut = tried.saturating_sub(whole.count());
    Attempted {
        ending: settled.map_or(Ending::NotYetKnown, |settled| {
            Ending::Settled(settled.verdict)
        }),
        raised: settled.map_or_else(|| offering.raised(), |settled| settled.raised),
        sold: settled.map_or(Tokens(0), |settled| settled.sold),
        cut,
    }
}

fn contribute(
    trial: &mut Trial,
    terms: &Terms,
    investor: InvestorId<'_>,
    wished: Wished,
) -> softcap_offering::Sequence {
    let known = terms.currencies.get(usize::from(wished.currency));
    let contribute = Contribute {
        investor,
        currency: CurrencyIndex(wished.currency),
        amount: wished.amount,
        limit: None,
        reference: "",
        source: None,
        funding: match known.map(|known| known.rail) {
            Some(Rail::Balance) => Funding::Account,
            Some(Rail::Evm | Rail::Bitcoin) | None => Funding::Arrived,
        },
    };
    let position = wished.at;
    trial
        .contribute(&Wish {
            position,
            contribute,
        })
        .0
}

/// Many people who together bring a value, and how many they are.
fn crowd(trial: &mut Trial, terms: &Terms, at: Position, (name, value): (&str, u128)) -> usize {
    let Some((currency, each, count)) = parts(terms, value) else {
        return 0;
    };
    for number in 0..count {
        let id = format!("{name}-{number}");
        let wished = Wished {
            currency,
            amount: Amount(each),
            at,
        };
        contribute(trial, terms, InvestorId::Opaque(&id), wished);
    }
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A currency whose rate is fixed, an amount for each, and how many of them.
fn parts(terms: &Terms, value: u128) -> Option<(u8, u128, u128)> {
    if value == 0 {
        return None;
    }
    let (place, rate) = (0_u8..).zip(&terms.currencies).find_map(|(place, known)| {
        if let RateTerm::Fixed(rate) = known.rate {
            Some((place, rate))
        } else {
            None
        }
    })?;
    let of_rounds = terms
        .rounds
        .iter()
        .filter_map(|round| match round.investor_max {
            Some(Bound::Value(most)) => Some(most.0),
            Some(Bound::Tokens(_)) | None => None,
        });
    let most = of_rounds.chain(terms.investor_max.map(|most| most.0)).min();
    let at_least = terms
        .rounds
        .iter()
        .flat_map(|round| &round.contribution_min)
        .filter_map(|limit| match limit {
            Limit::Value(units) => Some(units.0),
            Limit::Tokens(_) | Limit::Money(..) => None,
        })
        .max()
        .unwrap_or(1);
    let each = (value / PARTS)
        .max(at_least)
        .min(most.unwrap_or(value))
        .max(1);
    let count = value.div_ceil(each).min(MOST_OTHERS);
    let each = value.div_ceil(count);
    let units = rate.inverse()?.times(each, RoundingMode::Down)?;
    Some((place, units.max(1), count))
}
