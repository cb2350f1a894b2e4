//! What a person put into offerings in a year, as a table for a tax return or who makes it. It says what the record says and
//! judges nothing.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use jiff::{Timestamp, tz::Offset};
use serde::Deserialize;
use softcap_identity::PersonId;
use softcap_journal::OfferingLog;
use softcap_offering::{Offering, Position, Ratio, Row, terms::Pricing};
use softcap_proof::bundle::display_decimal;

use super::{
    Service,
    entry_view::position_text,
    own_contributions::{own_names, own_rows},
    signed_in::{SignedIn, no_store},
};
use crate::{
    contribution_state::{ResultOnChain, facts},
    csv_field::{push_field, push_words},
    extract::Query,
    problem::ApiError,
    token_cost::TokenCost,
};

const COLUMNS: &str = "received_at,offering,title,sequence,state,currency,paid,accepted,returned,kept,token,tokens,\
    unit,value,price,receipt\r\n";

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(tax_table))]
pub(crate) struct TaxPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/tax-table", get(tax_table))
        .layer(map_response(no_store))
}

/// Which year.
#[derive(Debug, Deserialize)]
pub(crate) struct YearQuery {
    /// A calendar year (UTC), by the time at which a contribution was received.
    pub(crate) year: i16,
}

/// What was put into offerings in a year, as a table: received when, paid, accepted and returned in the currency, tokens, and
/// the value and price in the numeraire at the rate and price of the terms. Amounts have a decimal point and no groups; words
/// that a spreadsheet would take for a formula begin with an apostrophe. It is what the record says now, and no advice.
#[utoipa::path(
    get,
    path = "/v1/me/tax-table",
    tag = "people",
    security(("session" = [])),
    params(("year" = i16, Query, description = "A calendar year (UTC), by the time at which a contribution was received")),
    responses((
        status = 200,
        description = "The table, with a line of names first",
        body = String,
        content_type = "text/csv",
    )),
)]
async fn tax_table(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Query(query): Query<YearQuery>,
) -> Result<Response, ApiError> {
    tax_file(&service, current.0.person, query.year).await
}

/// The table of a person and a year, to be saved.
pub(crate) async fn tax_file(
    service: &Service,
    person: PersonId,
    year: i16,
) -> Result<Response, ApiError> {
    let text = table(service, person, year).await?;
    let name = format!("attachment; filename=\"contributions-{year}.csv\"");
    let name = HeaderValue::from_str(&name).map_err(|error| ApiError::internal(&error))?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, text).into_response())
}

/// The years in which a person contributed, newest first.
pub(crate) async fn tax_years(service: &Service, person: PersonId) -> Result<Vec<i16>, ApiError> {
    let mut years = Vec::new();
    for (log, own) in own_names(service, person).await? {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let rows = own_rows(service, &log, offering, own.id()).into_iter();
        years.extend(rows.filter_map(|index| year_at(offering.row(index).position)));
    }
    years.sort_unstable_by_key(|year| std::cmp::Reverse(*year));
    years.dedup();
    Ok(years)
}

/// The calendar year (UTC) of a position on a clock of time.
pub(super) fn year_at(position: Position) -> Option<i16> {
    let time = Timestamp::from_millisecond(i64::try_from(position.0).ok()?).ok()?;
    Some(Offset::UTC.to_datetime(time).year())
}

async fn table(service: &Service, person: PersonId, year: i16) -> Result<String, ApiError> {
    let mut lines: Vec<(Position, String)> = Vec::new();
    for (log, own) in own_names(service, person).await? {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let result = ResultOnChain::of(service, &log.row.name, offering);
        for index in own_rows(service, &log, offering, own.id()) {
            let facts = facts(offering, index, result);
            if year_at(facts.row.position) == Some(year) {
                let value = offering.counted_value(index).0;
                let told = (&facts.row, facts.state.code(), value);
                let line = line(service.origin(), &log, offering, told);
                lines.extend(line.map(|line| (facts.row.position, line)));
            }
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    let lines = lines.into_iter().map(|(_, line)| line);
    Ok(std::iter::once(COLUMNS.to_owned()).chain(lines).collect())
}

fn line(
    origin: &str,
    log: &OfferingLog,
    offering: &Offering,
    (row, state, value): (&Row, &str, u128),
) -> Option<String> {
    let terms = &log.terms;
    let currency = terms.currencies.get(row.currency.index())?;
    let (name, sequence) = (&log.row.name, row.sequence.0);
    let money = |units: u128| display_decimal(units, currency.decimals);
    // What went back counts for nothing.
    let value = if row.accepted.is_zero() { 0 } else { value };
    let mut out = String::new();
    push_field(&position_text(terms, row.position.0), &mut out);
    push_next(name.as_str(), &mut out);
    out.push(',');
    push_words(&terms.name, &mut out);
    push_next(&sequence.to_string(), &mut out);
    push_next(state, &mut out);
    out.push(',');
    push_words(&currency.symbol, &mut out);
    for part in [row.contributed, row.accepted, row.refunded, row.kept] {
        push_next(&money(part.0), &mut out);
    }
    out.push(',');
    push_words(&terms.token.symbol, &mut out);
    let tokens = display_decimal(row.tokens.0, terms.token.decimals);
    push_next(&tokens, &mut out);
    out.push(',');
    push_words(&terms.numeraire.symbol, &mut out);
    let value_text = display_decimal(value, terms.numeraire.decimals);
    push_next(&value_text, &mut out);
    push_next(&price(offering, row, value).unwrap_or_default(), &mut out);
    let receipt = format!("{origin}/offerings/{name}/log/{sequence}");
    push_next(&receipt, &mut out);
    out.push_str("\r\n");
    Some(out)
}

fn push_next(field: &str, out: &mut String) {
    out.push(',');
    push_field(field, out);
}

/// What a token cost in the numeraire: the price of the terms at that place in the schedule, and where others decide it
/// (tiers, auctions), what was paid for what is got. Rounded up; nothing where no token is known.
fn price(offering: &Offering, row: &Row, value: u128) -> Option<String> {
    let terms = offering.terms();
    let round = row.round?;
    let by_time = match &terms.rounds.get(round.index())?.pricing {
        Pricing::Fixed { .. } | Pricing::Steps { .. } | Pricing::Linear { .. } => true,
        Pricing::Tiers { .. } | Pricing::Dutch { .. } | Pricing::Bids { .. } => false,
    };
    let tokens_of_money = if by_time {
        offering.quoted_price(round, row.position)?
    } else {
        Ratio::new(row.tokens.0, value)?
    };
    let cost = TokenCost::of(terms, tokens_of_money)?;
    Some(display_decimal(cost.units, cost.places))
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
