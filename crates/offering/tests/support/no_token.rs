//! Nobody pays for nothing: money that a settled offering accepted has bought tokens.

use std::collections::BTreeMap;

use softcap_offering::{
    CurrencyIndex, InvestorIndex, Offering, RoundIndex, Row,
    terms::{Limit, RoundingScope, Terms},
};

/// Contributions that stand or fall together: those that are rounded together, or one by itself.
type Lot = (InvestorIndex, RoundIndex, CurrencyIndex, Option<u64>);

/// Every lot with accepted money has tokens, where no minimum of zero lets it in without and the
/// investor is not at the ceiling, which takes tokens and keeps the money.
pub(super) fn check(engine: &Offering) -> Result<(), String> {
    let terms = engine.terms();
    let mut tokens_of: BTreeMap<InvestorIndex, u128> = BTreeMap::new();
    let mut lots: BTreeMap<Lot, (u128, u128)> = BTreeMap::new();
    for row in engine.rows() {
        *tokens_of.entry(row.investor).or_default() += row.tokens.0;
        let Some(round) = row.round else { continue };
        if allows_nothing(terms, round, &row) {
            continue;
        }
        let alone = match terms.currencies[row.currency.index()].rounding.per {
            RoundingScope::Contribution => Some(row.sequence.0),
            RoundingScope::Investor => None,
        };
        let lot = lots
            .entry((row.investor, round, row.currency, alone))
            .or_default();
        *lot = (lot.0 + row.accepted.0, lot.1 + row.tokens.0);
    }
    for (lot, (accepted, tokens)) in lots {
        let at_ceiling = terms
            .token_ceiling
            .is_some_and(|ceiling| tokens_of[&lot.0] == ceiling.0);
        if accepted > 0 && tokens == 0 && !at_ceiling {
            return Err(format!("{accepted} is accepted for no token: {lot:?}"));
        }
    }
    Ok(())
}

fn allows_nothing(terms: &Terms, round: RoundIndex, row: &Row) -> bool {
    let mut minima = terms.rounds[round.index()].contribution_min.iter();
    minima.any(|least| match *least {
        Limit::Value(least) => least.0 == 0,
        Limit::Tokens(least) => least.0 == 0,
        Limit::Money(currency, least) => currency == row.currency && least.0 == 0,
    })
}
