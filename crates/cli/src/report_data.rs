//! From a settled offering to what the report page shows.
//!
//! Everything here is said about a settlement that stands; nothing decides anything. Sums and shares
//! are exact integers, words come from the terms, and the same offering gives the same data.

mod course;
mod further;
mod outcome;
mod price;
mod raise;
mod rounds;
mod supply;
mod tally;
#[cfg(test)]
mod tests;
mod unrecorded;
mod words;

use softcap_offering::{Offering, Settlement, Value, Verdict, terms::Terms};

use crate::report::{Amount, Commitments, CurrencyTotals, Holdings, ReportData, Unit, VerifyGuide};

pub(crate) use self::{raise::RaiseSeries, unrecorded::UnrecordedRefusals};
use self::{
    tally::Tally,
    words::{Words, whole_units},
};

/// What every page says, because every offering has it.
const CANCEL_RIGHT: &str = "The issuer may cancel the offering at any time before settlement; then \
                            everybody is refunded.";

/// The same where terms keep money, which a cancellation does not give back.
const CANCEL_RIGHT_KEEPING: &str = "The issuer may cancel the offering at any time before \
                                    settlement; then what was accepted goes back, but not what \
                                    these terms keep.";

/// The program and version that make the page.
const PROGRAM: &str = concat!("softcap ", env!("CARGO_PKG_VERSION"));

/// All that the page shows of a settled offering; `None` before it is settled.
///
/// `raise` and `unrecorded` were told of each contribution, `commitments` come from the bundle, and `bundle_name` is
/// the folder as its readers will call it. Looks at each contribution once.
pub(crate) fn report_data(
    offering: &Offering,
    raise: &RaiseSeries,
    unrecorded: &UnrecordedRefusals,
    commitments: Commitments,
    bundle_name: &str,
) -> Option<ReportData> {
    let settlement = offering.settlement()?;
    let terms = offering.terms();
    let words = Words { terms };
    let tally = Tally::of(offering, unrecorded);
    let succeeded = settlement.settled.verdict == Verdict::Succeeded;
    // After any other verdict nothing is accepted any more, and the page shows what had been.
    let raised = if succeeded {
        settlement.settled.raised
    } else {
        raise.last()
    };
    let points = raise.points(succeeded.then_some((settlement.at, raised)));
    let numeraire = |value: Value| Amount {
        text: whole_units(value.0, terms.numeraire.decimals),
        value: value.0,
    };
    Some(ReportData {
        offering: terms.name.clone(),
        token_name: terms.token.name.clone(),
        token_symbol: terms.token.symbol.clone(),
        outcome: outcome::outcome(settlement.settled.verdict),
        outcome_reason: outcome::reason(words, settlement, raised),
        period: outcome::period(offering),
        warnings: outcome::warnings(words),
        cancel_right: Some(cancel_right(terms).to_owned()),
        numeraire: Unit {
            symbol: terms.numeraire.symbol.clone(),
            decimals: terms.numeraire.decimals,
        },
        raised: numeraire(raised),
        soft_cap: rounds::money_cap(terms.soft_cap).map(numeraire),
        hard_cap: rounds::money_cap(terms.hard_cap).map(numeraire),
        currencies: currencies(words, settlement),
        tokens_sold: whole_units(settlement.settled.sold.0, terms.token.decimals),
        contributions: offering.contribution_count() as u64 + unrecorded.total(),
        investors: tally.investors,
        refused: tally.refused,
        rounds: rounds::rounds(offering, settlement),
        terms: further::facts(offering, settlement),
        axis: raise.axis().clone(),
        price: course::price_view(offering, settlement, raise.axis(), &points),
        raise: points,
        refusals: tally.refusals(),
        returns: tally.returns(words),
        holdings: Holdings::of(tally.tokens, terms.token.decimals),
        supply: supply::supply(words, settlement),
        commitments,
        verify: VerifyGuide {
            bundle: bundle_name.to_owned(),
            program: PROGRAM.to_owned(),
        },
    })
}

fn cancel_right(terms: &Terms) -> &'static str {
    if further::keep_money(terms) {
        CANCEL_RIGHT_KEEPING
    } else {
        CANCEL_RIGHT
    }
}

/// Where the money of each currency is.
fn currencies(words: Words<'_>, settlement: &Settlement) -> Vec<CurrencyTotals> {
    let keeps = further::keep_money(words.terms);
    let totals = words.terms.currencies.iter().zip(&settlement.totals);
    totals
        .map(|(currency, total)| {
            let text = |amount: softcap_offering::Amount| whole_units(amount.0, currency.decimals);
            CurrencyTotals {
                symbol: currency.symbol.clone(),
                contributed: text(total.contributed),
                accepted: text(total.accepted),
                refunded: text(total.refunded),
                kept: (keeps || !total.kept.is_zero()).then(|| text(total.kept)),
            }
        })
        .collect()
}
