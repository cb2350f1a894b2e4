//! Documents of an offering: the white paper, risk notes and what supplements them, by their hashes.
//! They are published by operations.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use serde::{Deserialize, Serialize};
use softcap_offering::{Document, DocumentExit, terms::Terms};
use softcap_proof::hex;
use utoipa::ToSchema;

use super::{Service, entry_view::position_text, page::Page};
use crate::{
    extract::{Json, Path, Query},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
pub(crate) struct DocumentPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/v1/offerings/{offering}/documents", get(list))
}

/// A version of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentView {
    /// Its number among the documents of the offering, from 1.
    version: u64,
    /// Number of its entry, whose receipt proves it.
    sequence: u64,
    /// When it was published: RFC 3339, or a height.
    position: String,
    /// SHA-256 of the document, 64 hexadecimal digits.
    hash: String,
    /// What its entry does beside publishing it.
    reason: DocumentReason,
    /// Until when everybody who contributed before it may withdraw, if it is a supplement.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawal_until: Option<String>,
}

/// What a document's entry does.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DocumentReason {
    /// It informs, and changes no right.
    Information,
    /// It opens a right of withdrawal.
    Supplement,
}

/// A page of documents in the order of their entries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentPage {
    /// The documents.
    documents: Vec<DocumentView>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentQuery {
    /// `next` of the page before.
    #[serde(default)]
    after: Option<u32>,
    /// How many, 1 to 1000; 100 without a wish.
    #[serde(default)]
    limit: Option<usize>,
}

fn view(terms: &Terms, version: u64, document: &Document) -> DocumentView {
    let (reason, until) = match document.exit {
        DocumentExit::None => (DocumentReason::Information, None),
        DocumentExit::WithdrawalUntil(until) => (DocumentReason::Supplement, Some(until)),
    };
    DocumentView {
        version,
        sequence: document.sequence.0,
        position: position_text(terms, document.stamp.position.0),
        hash: hex(&document.hash),
        reason,
        withdrawal_until: until.map(|until| position_text(terms, until.0)),
    }
}

/// The documents of an offering: the hash of each version, in the order in which they were published.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/documents",
    tag = "offerings",
    params(("offering" = String, Path, description = "Name of the offering"), DocumentQuery),
    responses((status = 200, description = "A page", body = DocumentPage)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    Query(query): Query<DocumentQuery>,
) -> Result<Json<DocumentPage>, ApiError> {
    let log = service.offering(&offering)?;
    let state = log.sequencer.read();
    let documents = state.machine().offering().documents();
    let page = Page::new(query.after, query.limit, documents.len())?;
    let places = page.places();
    let rows = (1..)
        .zip(documents)
        .skip(places.start as usize)
        .take(places.len());
    Ok(Json(DocumentPage {
        documents: rows
            .map(|(version, document)| view(&log.terms, version, document))
            .collect(),
        next: page.next(),
    }))
}
