//! The audit: its rows, found and exported, and the log that proves them. Private: nothing of it without `audit:read`.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use softcap_identity::{AuditFilter, AuditRow, UnixMillis, Verb};
use softcap_journal::AuditLog;
use softcap_proof::{LeafHash, hex};
use utoipa::ToSchema;

use super::{
    Service,
    audit_export::{Export, Form},
    caller::Caller,
    keys::{instant, time_text},
    log::{ConsistencyQuery, InclusionQuery, ProofView},
    page,
    submit::of_journal,
};
use crate::{
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(rows, checkpoint, entry, inclusion, consistency),
    components(schemas(Form))
)]
pub(crate) struct AuditPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/audit", get(rows))
        .route("/v1/audit/checkpoint", get(checkpoint))
        .route("/v1/audit/entries/{sequence}", get(entry))
        .route("/v1/audit/inclusion", get(inclusion))
        .route("/v1/audit/consistency", get(consistency))
}

/// Which rows, and in which form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// Who did it, for example `key:ID` or `person:ID`.
    #[serde(default)]
    actor: Option<String>,
    /// To what it was done, for example `offering:NAME` or the id of a key.
    #[serde(default)]
    subject: Option<String>,
    /// What was done, for example `deny` or `log_in`.
    #[serde(default)]
    act: Option<String>,
    /// Not before, RFC 3339.
    #[serde(default)]
    from: Option<String>,
    /// Before, RFC 3339.
    #[serde(default)]
    until: Option<String>,
    /// Rows after the one of this number.
    #[serde(default)]
    after: Option<i64>,
    /// How many: of a page 1 to 1000, 100 without a wish; of an export all without a wish.
    #[serde(default)]
    limit: Option<usize>,
    /// `json` (a page), or an export: `csv`, `jsonl`. Without it, what `Accept` says.
    #[serde(default)]
    format: Option<Form>,
}

/// What somebody looks for, as they write it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditWish<'a> {
    pub(crate) actor: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) act: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    pub(crate) until: Option<&'a str>,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter, ApiError> {
        let wish = AuditWish {
            actor: self.actor.as_deref(),
            subject: self.subject.as_deref(),
            act: self.act.as_deref(),
            from: self.from.as_deref(),
            until: self.until.as_deref(),
        };
        wish.filter()
    }
}

impl AuditWish<'_> {
    /// The filter, or what is wrong with the wish.
    pub(crate) fn filter(&self) -> Result<AuditFilter, ApiError> {
        let time =
            |field: &str, text: Option<&str>| text.map(|text| instant(field, text)).transpose();
        // PostgreSQL has no text with it, so that no row can have one.
        let text = |field: &str, text: Option<&str>| match text {
            Some(text) if text.contains('\0') => {
                Err(ApiError::invalid(field, "a text without the character 0"))
            }
            Some(_) | None => Ok(text.map(str::to_owned)),
        };
        Ok(AuditFilter {
            actor: text("actor", self.actor)?,
            subject: text("subject", self.subject)?,
            act: text("act", self.act)?,
            from: time("from", self.from)?,
            until: time("until", self.until)?,
        })
    }
}

/// A row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditRowView {
    /// Its number, from 1 without gaps.
    pub(super) number: i64,
    /// When.
    pub(super) at: String,
    /// Who.
    pub(super) actor: String,
    /// What.
    pub(super) act: String,
    /// To what.
    pub(super) subject: String,
    /// What else there is to say.
    pub(super) code: String,
    /// How often.
    pub(super) times: i64,
    /// The number of its entry in the log; absent for a moment after the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<u64>,
}

impl AuditRowView {
    pub(super) fn new(row: AuditRow, log: Option<&AuditLog>) -> Self {
        let entry = log.and_then(|log| entry_of(&row, log));
        Self {
            number: row.number,
            at: time_text(UnixMillis::new(row.at)),
            actor: row.actor,
            act: row.act,
            subject: row.subject,
            code: row.code,
            times: row.times,
            entry,
        }
    }
}

/// The number of the entry that a row became.
fn entry_of(row: &AuditRow, log: &AuditLog) -> Option<u64> {
    let number = u64::try_from(row.number).unwrap_or(0);
    let state = log.sequencer.read();
    state.machine().state().entry_of(number)
}

/// Rows before one of a number, newest first, each with the number of its entry, for who may read them.
pub(crate) async fn audit_rows_back(
    service: &Service,
    caller: &Caller,
    filter: &AuditFilter,
    (before, most): (i64, u32),
) -> Result<Vec<(AuditRow, Option<u64>)>, ApiError> {
    caller.require_on_all(Verb::AuditRead)?;
    let log = service.journal.find_audit().await.map_err(of_journal)?;
    let found = service.audit.search_back(filter, before, most).await;
    let found = found.map_err(|error| of_table(&error))?;
    let with_entry = found.into_iter().map(|row| {
        let entry = log.as_deref().and_then(|log| entry_of(&row, log));
        (row, entry)
    });
    Ok(with_entry.collect())
}

/// A page of rows in the order of their numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditPage {
    /// The rows.
    rows: Vec<AuditRowView>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditEntryView {
    /// Its number.
    sequence: u64,
    /// Its bytes in hexadecimal, as docs/audit.md describes them.
    leaf: String,
    /// What the tree has of it.
    leaf_hash: String,
}

/// Find rows of the audit, or export them as CSV or JSON lines.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    security(("key" = []), ("session" = [])),
    params(AuditQuery),
    responses((status = 200, description = "A page, or an export", content(
        (AuditPage = "application/json"),
        (String = "text/csv"),
        (String = "application/jsonl"),
    ))),
)]
async fn rows(
    State(service): State<Arc<Service>>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<AuditQuery>, ApiError>,
) -> Result<Response, ApiError> {
    caller.require_on_all(Verb::AuditRead)?;
    let Query(query) = query?;
    let filter = query.filter()?;
    let log = service.journal.find_audit().await.map_err(of_journal)?;
    let after = query.after.unwrap_or(0);
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let form = query.format.unwrap_or_else(|| Form::accepted(accepted));
    if form.is_export() {
        let export = Export {
            table: service.audit.clone(),
            log,
            filter,
            after,
            left: query.limit.unwrap_or(usize::MAX),
        };
        return Ok(export.answer(form));
    }
    let most = page::rows(query.limit)?;
    let asked = u32::try_from(most + 1).unwrap_or(u32::MAX);
    let found = service.audit.search(&filter, after, asked).await;
    let found = found.map_err(|error| of_table(&error))?;
    let is_more = found.len() > most;
    let rows = found.into_iter().take(most);
    let rows: Vec<_> = rows
        .map(|row| AuditRowView::new(row, log.as_deref()))
        .collect();
    let next = rows.last().filter(|_| is_more).map(|row| row.number);
    Ok(Json(AuditPage { rows, next }).into_response())
}

/// The signed tree head of the audit log now (C2SP tlog-checkpoint).
#[utoipa::path(
    get,
    path = "/v1/audit/checkpoint",
    tag = "audit",
    security(("key" = []), ("session" = [])),
    responses((status = 200, description = "A signed note", body = String, content_type = "text/plain")),
)]
async fn checkpoint(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<String, ApiError> {
    let log = readable_audit_log(&service, &caller).await?;
    let note = log.reader.checkpoint().map_err(of_journal)?;
    Ok(note.to_string())
}

/// An entry of the audit log, as bytes.
#[utoipa::path(
    get,
    path = "/v1/audit/entries/{sequence}",
    tag = "audit",
    security(("key" = []), ("session" = [])),
    params(("sequence" = u64, Path, description = "Number of the entry")),
    responses((status = 200, description = "The entry", body = AuditEntryView)),
)]
async fn entry(
    State(service): State<Arc<Service>>,
    Path(sequence): Path<u64>,
    caller: Caller,
) -> Result<Json<AuditEntryView>, ApiError> {
    let log = readable_audit_log(&service, &caller).await?;
    let leaf = log.reader.leaf(sequence).await.map_err(of_journal)?;
    Ok(Json(AuditEntryView {
        sequence,
        leaf: hex(&leaf),
        leaf_hash: hex(&LeafHash::of(&leaf).0),
    }))
}

/// Proof that an entry is in the tree of a size.
#[utoipa::path(
    get,
    path = "/v1/audit/inclusion",
    tag = "audit",
    security(("key" = []), ("session" = [])),
    params(InclusionQuery),
    responses((status = 200, description = "The proof", body = ProofView)),
)]
async fn inclusion(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Result<Query<InclusionQuery>, ApiError>,
) -> Result<Json<ProofView>, ApiError> {
    let log = readable_audit_log(&service, &caller).await?;
    let Query(query) = query?;
    let proof = log.reader.inclusion(query.index, query.size).await;
    Ok(Json(ProofView::new(&proof.map_err(of_journal)?)))
}

/// Proof that the audit log of one size is the beginning of that of another.
#[utoipa::path(
    get,
    path = "/v1/audit/consistency",
    tag = "audit",
    security(("key" = []), ("session" = [])),
    params(ConsistencyQuery),
    responses((status = 200, description = "The proof", body = ProofView)),
)]
async fn consistency(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Result<Query<ConsistencyQuery>, ApiError>,
) -> Result<Json<ProofView>, ApiError> {
    let log = readable_audit_log(&service, &caller).await?;
    let Query(query) = query?;
    let proof = log.reader.consistency(query.old, query.new).await;
    Ok(Json(ProofView::new(&proof.map_err(of_journal)?)))
}

/// The log, for who may read it.
pub(crate) async fn readable_audit_log(
    service: &Service,
    caller: &Caller,
) -> Result<Arc<AuditLog>, ApiError> {
    caller.require_on_all(Verb::AuditRead)?;
    let log = service.journal.find_audit().await.map_err(of_journal)?;
    log.ok_or_else(|| ApiError::not_found("nothing has been entered into the audit log yet"))
}

fn of_table(error: &softcap_database::DatabaseError) -> ApiError {
    if error.is_passing() {
        ApiError::caused(ProblemCode::NoRoom, error)
    } else {
        ApiError::internal(error)
    }
}
