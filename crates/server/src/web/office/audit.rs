//! The audit: rows that are looked for, newest first, and the proof that one of them stands in its log.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use softcap_identity::{AuditRow, UnixMillis};
use softcap_proof::{LeafHash, hex};

use super::super::{
    fields::Fields,
    form::Errors,
    page::{page, page_with},
    times::When,
    visit::Visit,
};
use crate::{
    api::{AuditWish, Caller, Service, Staff, audit_rows_back, of_journal, readable_audit_log},
    extract::{Path, Query},
    problem::ApiError,
};

/// Rows of a page.
const ROWS: usize = 50;

/// A row of the audit.
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) at: When,
    pub(super) actor: String,
    pub(super) act: String,
    pub(super) subject: String,
    pub(super) code: String,
    pub(super) times: i64,
    pub(super) entry: Option<u64>,
}

#[derive(Template)]
#[template(path = "office/audit.html")]
struct AuditPage {
    visit: Visit,
    errors: Errors,
    fields: Fields,
    rows: Vec<Row>,
    /// What is looked for, as the query of other addresses.
    query: String,
    older: Option<i64>,
    checkpoint: Option<String>,
}

#[derive(Template)]
#[template(path = "office/audit_entry.html")]
struct EntryPage {
    visit: Visit,
    sequence: u64,
    size: u64,
    leaf: String,
    leaf_hash: String,
    proof: Vec<String>,
    checkpoint: String,
}

impl Row {
    pub(super) fn new(visit: &Visit, row: AuditRow, entry: Option<u64>) -> Self {
        Self {
            number: row.number,
            at: When::of(visit.language, UnixMillis::new(row.at)),
            actor: row.actor,
            act: row.act,
            subject: row.subject,
            code: row.code,
            times: row.times,
            entry,
        }
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A day, or a moment, as people and programs write them.
fn moment(text: &str) -> Option<String> {
    let text = some(text)?;
    let is_day = text.len() == "2027-01-31".len();
    Some(if is_day {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    })
}

pub(super) async fn audit(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(fields): Query<Fields>,
) -> Result<Response, ApiError> {
    let caller = Caller::from(staff);
    let (from, until) = (moment(fields.text("from")), moment(fields.text("until")));
    let wish = AuditWish {
        actor: some(fields.text("actor")),
        subject: some(fields.text("subject")),
        act: some(fields.text("act")),
        from: from.as_deref(),
        until: until.as_deref(),
    };
    let mut errors = Errors::default();
    let filter = match wish.filter() {
        Ok(filter) => filter,
        Err(error) => {
            let field = if error.problem().detail.starts_with("until") {
                "until"
            } else {
                "from"
            };
            errors.add(field, visit.say("audit-time-wrong"));
            Default::default()
        }
    };
    let before = fields.text("before").parse().unwrap_or(i64::MAX);
    let asked = u32::try_from(ROWS + 1).unwrap_or(u32::MAX);
    let found = audit_rows_back(&service, &caller, &filter, (before, asked)).await?;
    let is_more = found.len() > ROWS;
    let shown = if errors.is_empty() { ROWS } else { 0 };
    let rows = found.into_iter().take(shown);
    let rows: Vec<Row> = rows
        .map(|(row, entry)| Row::new(&visit, row, entry))
        .collect();
    let query = query(&wish);
    // Nothing was entered yet on a new installation.
    let log = readable_audit_log(&service, &caller).await.ok();
    let checkpoint = log.and_then(|log| log.reader.checkpoint().ok());
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let view = AuditPage {
        older: rows.last().filter(|_| is_more).map(|row| row.number),
        checkpoint: checkpoint.map(|note| note.to_string()),
        rows,
        query,
        visit,
        errors,
        fields,
    };
    page_with(status, &view)
}

fn query(wish: &AuditWish<'_>) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("actor", wish.actor),
        ("subject", wish.subject),
        ("act", wish.act),
        ("from", wish.from),
        ("until", wish.until),
    ] {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    pairs.finish()
}

pub(super) async fn entry(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(sequence): Path<u64>,
) -> Result<Response, ApiError> {
    let log = readable_audit_log(&service, &staff.into()).await?;
    let leaf = log.reader.leaf(sequence).await.map_err(of_journal)?;
    let size = log.reader.size();
    let proof = log.reader.inclusion(sequence, size).await;
    let proof = proof.map_err(of_journal)?;
    let note = log.reader.checkpoint_of(size).await.map_err(of_journal)?;
    page(&EntryPage {
        visit,
        sequence,
        size,
        leaf: hex(&leaf),
        leaf_hash: hex(&LeafHash::of(&leaf).0),
        proof: proof.iter().map(|node| hex(&node.0)).collect(),
        checkpoint: note.to_string(),
    })
}
