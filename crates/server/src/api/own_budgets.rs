//! What people allow themselves, and what of it is used: asked before anything of theirs is contributed.

use std::borrow::Cow;

use axum::http::StatusCode;
use jiff::{Timestamp, tz::Offset};
use softcap_identity::PersonId;
use softcap_journal::{LogName, OfferingLog};
use softcap_offering::{Amount, Position};

use super::{
    Service,
    own_contributions::{own_names, own_rows},
    webhooks::of_database,
};
use crate::{
    budgets::{Over, Spent},
    problem::ApiError,
    system::CodeText,
};

const OVER_YEAR: CodeText = CodeText {
    code: Cow::Borrowed("W101"),
    title: Cow::Borrowed("This is more than you allow yourself in a year."),
    remedy: Cow::Borrowed(
        "Contribute less, or raise your budget on its page: more counts after a day. Nothing was done.",
    ),
};

const OVER_OFFERING: CodeText = CodeText {
    code: Cow::Borrowed("W102"),
    title: Cow::Borrowed("This is more than you allow yourself in one offering."),
    remedy: Cow::Borrowed(
        "Contribute less, or raise your budget on its page: more counts after a day. Nothing was done.",
    ),
};

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    [OVER_YEAR, OVER_OFFERING].into_iter()
}

/// The calendar year of a moment in unix milliseconds.
fn year_of(millis: i64) -> Option<i16> {
    let time = Timestamp::from_millisecond(millis).ok()?;
    Some(Offset::UTC.to_datetime(time).year())
}

fn year_at(position: Position) -> Option<i16> {
    year_of(i64::try_from(position.0).ok()?)
}

/// What a person has put in and not got back, in a currency: this year, and in an offering.
pub(crate) async fn spent(
    service: &Service,
    person: PersonId,
    (symbol, decimals): (&str, u8),
    offering: Option<&LogName>,
) -> Result<Spent, ApiError> {
    let year = year_of(service.now().get());
    let mut spent = Spent::default();
    for (log, own) in own_names(service, person).await? {
        let state = log.sequencer.read();
        let held = state.machine().offering();
        for index in own_rows(service, &log, held, own.id()) {
            let row = held.row(index);
            let known = log.terms.currencies.get(row.currency.index());
            if known.is_none_or(|known| known.symbol != symbol || known.decimals != decimals) {
                continue;
            }
            let inside = row.contributed.0.saturating_sub(row.refunded.0);
            if year_at(row.position) == year {
                spent.year = Amount(spent.year.0.saturating_add(inside));
            }
            if offering == Some(&log.row.name) {
                spent.offering = Amount(spent.offering.0.saturating_add(inside));
            }
        }
    }
    Ok(spent)
}

/// Refuses a contribution beyond what the person allows themself.
pub(crate) async fn require_budget(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    (currency, amount): (usize, Amount),
) -> Result<(), ApiError> {
    let Some(known) = log.terms.currencies.get(currency) else {
        return Ok(());
    };
    let unit = (known.symbol.as_str(), known.decimals);
    let budget = service.budgets().find(person, unit).await;
    let limits = budget.map_err(of_database)?.at(service.now());
    if limits.year.is_none() && limits.offering.is_none() {
        return Ok(());
    }
    let spent = spent(service, person, unit, Some(&log.row.name)).await?;
    limits.allow(spent, amount).map_err(|over| {
        let text = match over {
            Over::Year(_) => OVER_YEAR,
            Over::Offering(_) => OVER_OFFERING,
        };
        ApiError::Domain {
            status: StatusCode::CONFLICT,
            code: text.code,
            title: text.title,
            detail: String::new(),
            remedy: text.remedy,
        }
    })
}

/// What is left below both bounds; `None` where there is none.
pub(crate) async fn left_of_budget(
    service: &Service,
    log: &OfferingLog,
    person: PersonId,
    currency: usize,
) -> Result<Option<Amount>, ApiError> {
    let Some(known) = log.terms.currencies.get(currency) else {
        return Ok(None);
    };
    let unit = (known.symbol.as_str(), known.decimals);
    let budget = service.budgets().find(person, unit).await;
    let limits = budget.map_err(of_database)?.at(service.now());
    if limits.year.is_none() && limits.offering.is_none() {
        return Ok(None);
    }
    let spent = spent(service, person, unit, Some(&log.row.name)).await?;
    let left = |limit: Option<Amount>, spent: Amount| {
        limit.map(|limit| Amount(limit.0.saturating_sub(spent.0)))
    };
    let both = [
        left(limits.year, spent.year),
        left(limits.offering, spent.offering),
    ];
    Ok(both.into_iter().flatten().min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_that_of_utc() {
        // 2026-12-31T23:59:59.999Z and the millisecond after it.
        assert_eq!(year_at(Position(1_798_761_599_999)), Some(2026));
        assert_eq!(year_at(Position(1_798_761_600_000)), Some(2027));
        assert_eq!(year_at(Position(u64::MAX)), None);
    }
}
