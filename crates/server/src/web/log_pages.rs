//! The log of an offering: a page of entries, newest first, and each entry with its receipt.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_journal::{OfferingLog, bundle_leaves};
use softcap_proof::{LeafHash, entry::decode, hex};

use super::{
    amounts,
    entry_words::{command_words, outcome_words},
    language::Language,
    page::page,
    times::When,
    visit::Visit,
};
use crate::{
    api::{Service, of_journal},
    extract::{Path, Query},
    problem::ApiError,
};

/// Entries on a page.
const ROWS: u64 = 25;
/// Entries in a bundle, and the level at which the reader keeps bundles.
const BUNDLE: u64 = 256;
const BUNDLE_LEVEL: i64 = -1;

/// An entry in the list.
struct EntryRow {
    sequence: u64,
    number: String,
    when: When,
    command: String,
    outcome: String,
    leaf: String,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    visit: Visit,
    name: String,
    title: String,
    size: String,
    root: String,
    rows: Vec<EntryRow>,
    /// The page with newer, and with older entries.
    newer: Option<u64>,
    older: Option<u64>,
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    visit: Visit,
    name: String,
    title: String,
    row: EntryRow,
    receipt: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct LogQuery {
    /// Entries below this number; the newest without it.
    #[serde(default)]
    before: Option<u64>,
    /// The form that asks for one entry.
    #[serde(default)]
    entry: Option<u64>,
}

pub(super) async fn log(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(query): Query<LogQuery>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    if let Some(entry) = query.entry {
        return super::page::see_other(&format!("/offerings/{name}/log/{entry}"));
    }
    let (size, root) = {
        let state = log.sequencer.read();
        (state.size(), state.root())
    };
    let end = query.before.unwrap_or(size).min(size);
    let begin = end.saturating_sub(ROWS);
    let language = visit.language;
    let mut rows = rows(language, &log, begin, end).await?;
    rows.reverse();
    page(&LogPage {
        visit,
        title: log.terms.name.clone(),
        size: amounts::count(language, u128::from(size)),
        root: hex(&root.0),
        rows,
        newer: (end < size).then_some(end + ROWS),
        older: (begin > 0).then_some(begin),
        name,
    })
}

async fn rows(
    language: Language,
    log: &OfferingLog,
    begin: u64,
    end: u64,
) -> Result<Vec<EntryRow>, ApiError> {
    let leaves = leaves(log, begin, end).await?;
    leaves.iter().map(|leaf| row(language, log, leaf)).collect()
}

/// The entries from one number up to another, as they stand in the log.
pub(crate) async fn leaves(
    log: &OfferingLog,
    begin: u64,
    end: u64,
) -> Result<Vec<Vec<u8>>, ApiError> {
    let mut found = Vec::new();
    for place in begin / BUNDLE..end.div_ceil(BUNDLE) {
        let bundle = log
            .reader
            .tile(BUNDLE_LEVEL, place)
            .await
            .map_err(of_journal)?;
        for (sequence, leaf) in (place * BUNDLE..).zip(bundle_leaves(&bundle)) {
            if (begin..end).contains(&sequence) {
                found.push(leaf.to_vec());
            }
        }
    }
    Ok(found)
}

fn row(language: Language, log: &OfferingLog, leaf: &[u8]) -> Result<EntryRow, ApiError> {
    let (entry, outcome) = decode(leaf).map_err(|error| ApiError::internal(&error))?;
    let sequence = entry.sequence.0;
    Ok(EntryRow {
        sequence,
        number: amounts::count(language, u128::from(sequence)),
        when: When::at(language, entry.stamp.position),
        command: command_words(language, &log.terms, &entry.command),
        outcome: outcome_words(language, &log.terms, &entry.command, &outcome),
        leaf: hex(&LeafHash::of(leaf).0),
    })
}

pub(super) async fn entry(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let receipt = log.reader.receipt(sequence).await.map_err(of_journal)?;
    let row = row(visit.language, &log, receipt.leaf())?;
    page(&EntryPage {
        visit,
        title: log.terms.name.clone(),
        name,
        row,
        receipt: receipt.to_string(),
    })
}
