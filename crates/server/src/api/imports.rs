//! Deposits and withdrawals from a table: each row counts once by its id, whoever sends it and however
//! often.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use softcap_identity::Verb;
use softcap_journal::JournalError;
use softcap_offering::RequestId;
use softcap_proof::hex;
use softcap_rails::balance::{BalanceOutcome, BalanceRefusal, Payment, read_payments};
use utoipa::ToSchema;

use super::{Service, call_note::begin_change, caller::Caller, submit::of_journal};
use crate::{
    extract::{Json, Query, RawBody},
    problem::{ApiError, ProblemCode},
};

/// Most rows of a table: each is an entry on disk before the next one, within one answer.
const MOST_ROWS: usize = 500;
/// Largest body in bytes: so many of the longest rows.
const LARGEST_BODY: usize = 1 << 19;
/// Wrong rows that are named in one answer.
const NAMED: usize = 20;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(import))]
pub(crate) struct ImportPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/platform/imports", post(import))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// How to import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportQuery {
    /// Say what would be new, and record nothing. Whether a balance covers a withdrawal is not looked
    /// at.
    #[serde(default)]
    dry_run: bool,
}

/// What became of a table.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportView {
    /// One for each row, in their order.
    rows: Vec<ImportedRow>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportedRow {
    /// Its id.
    id: String,
    /// What became of it.
    outcome: RowOutcome,
    /// Number of its entry in the platform's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    /// Why it was refused: the name of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RowOutcome {
    /// It is recorded now.
    Recorded,
    /// It was recorded before, and changes nothing.
    Known,
    /// Only with `dry_run`: it would be recorded.
    New,
    /// The platform refuses it, now or when it came first, for good.
    Refused,
    /// Its id came before with another content. Nothing is changed.
    OtherContent,
}

impl ImportedRow {
    fn new(id: &str, outcome: RowOutcome, sequence: Option<u64>) -> Self {
        Self {
            id: id.to_owned(),
            outcome,
            sequence,
            code: None,
        }
    }

    fn refused(id: &str, refusal: BalanceRefusal, sequence: Option<u64>) -> Self {
        Self {
            code: Some(refusal.name()),
            ..Self::new(id, RowOutcome::Refused, sequence)
        }
    }
}

/// Record deposits and withdrawals from a CSV table of at most 500 rows, with the header
/// `id,kind,person,currency,amount,reference`. Each row counts once by its id: send the same table again
/// as often as you like. A table with a row that cannot be read is refused as a whole, and nothing of it
/// is recorded; a row that the platform refuses does not stop the others.
#[utoipa::path(
    post,
    path = "/v1/platform/imports",
    tag = "balances",
    security(("key" = [])),
    params(ImportQuery),
    request_body(content = String, content_type = "text/csv", description = "The table"),
    responses((status = 200, description = "What became of each row", body = ImportView)),
)]
async fn import(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Query(query): Query<ImportQuery>,
    RawBody(body): RawBody,
) -> Result<Json<ImportView>, ApiError> {
    caller.require_on_all(Verb::AccountsWrite)?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| ApiError::new(ProblemCode::BadRequest, "the table is not UTF-8"))?;
    let payments = read_payments(text).map_err(|problems| {
        let named = problems.iter().take(NAMED).map(ToString::to_string);
        let named: Vec<String> = named.collect();
        let count = problems.len();
        let detail = format!("wrong rows ({count}): {}", named.join("; "));
        ApiError::new(ProblemCode::Invalid, detail)
    })?;
    if payments.len() > MOST_ROWS {
        return Err(ApiError::invalid("rows", "at most 500"));
    }
    let rows = if query.dry_run {
        payments.iter().map(|row| foretold(&service, row)).collect()
    } else {
        let digest = hex(&Sha256::digest(&body));
        let name = format!("import {digest} of {} rows", payments.len());
        begin_change(&service, &caller.who(), ("-", &name)).await?;
        let mut rows = Vec::with_capacity(payments.len());
        for payment in &payments {
            rows.push(record(&service, payment).await?);
        }
        rows
    };
    Ok(Json(ImportView { rows }))
}

/// What would become of a row, as far as it can be said without the others.
fn foretold(service: &Service, payment: &Payment<'_>) -> ImportedRow {
    let request = service.requests.import(payment.id);
    let unknown = BalanceRefusal::UnknownCurrency;
    let Ok(platform) = service.journal.platform() else {
        return ImportedRow::refused(payment.id, unknown, None);
    };
    let state = platform.sequencer.read();
    let balances = state.machine().balances();
    if let Some(first) = balances.find_request(request) {
        return ImportedRow::new(payment.id, RowOutcome::Known, Some(first.0));
    }
    let mut known = balances.currencies();
    if known.any(|unit| unit.symbol == payment.currency) {
        ImportedRow::new(payment.id, RowOutcome::New, None)
    } else {
        ImportedRow::refused(payment.id, unknown, None)
    }
}

async fn record(service: &Service, payment: &Payment<'_>) -> Result<ImportedRow, ApiError> {
    let platform = service.journal.open_platform().await.map_err(of_journal)?;
    let request: RequestId = service.requests.import(payment.id);
    let is_known = {
        let state = platform.sequencer.read();
        state.machine().balances().find_request(request).is_some()
    };
    let recorded = platform.record(Some(request), &payment.command()).await;
    let (sequence, outcome) = match recorded {
        Ok((sequence, outcome)) => (Some(sequence.0), outcome),
        Err(JournalError::OtherContent { first }) => {
            let outcome = RowOutcome::OtherContent;
            return Ok(ImportedRow::new(payment.id, outcome, Some(first)));
        }
        Err(error) => return Err(of_journal(error)),
    };
    Ok(match outcome {
        BalanceOutcome::Done if is_known => {
            ImportedRow::new(payment.id, RowOutcome::Known, sequence)
        }
        BalanceOutcome::Done => ImportedRow::new(payment.id, RowOutcome::Recorded, sequence),
        BalanceOutcome::Refused(refusal) => ImportedRow::refused(payment.id, refusal, sequence),
        // Another node entered it at the same time.
        BalanceOutcome::RepeatOf(first) => {
            ImportedRow::new(payment.id, RowOutcome::Known, Some(first.0))
        }
    })
}
