//! The public log: checkpoint, tiles, entries, proofs.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use softcap_proof::{CheckpointNote, NodeHash, hex};
use utoipa::ToSchema;

use super::{
    Service, contributions::entry as read_entry, entry_view::EntryView, submit::of_journal,
};
use crate::{
    extract::{Json, Path, Query},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(checkpoint, entry, inclusion, consistency, tile, entries))]
pub(crate) struct LogPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings/{offering}/log/checkpoint", get(checkpoint))
        .route(
            "/v1/offerings/{offering}/log/entries/{sequence}",
            get(entry),
        )
        .route("/v1/offerings/{offering}/log/inclusion", get(inclusion))
        .route("/v1/offerings/{offering}/log/consistency", get(consistency))
        .route(
            "/v1/offerings/{offering}/log/tile/entries/{*place}",
            get(entries),
        )
        .route(
            "/v1/offerings/{offering}/log/tile/{level}/{*place}",
            get(tile),
        )
}

/// Which inclusion proof.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct InclusionQuery {
    /// Number of the entry.
    pub(super) index: u64,
    /// In the tree of this size.
    pub(super) size: u64,
}

/// Which consistency proof.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsistencyQuery {
    /// The smaller size.
    pub(super) old: u64,
    /// The larger size.
    pub(super) new: u64,
}

/// A proof of RFC 9162: hashes in hexadecimal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProofView {
    /// In the order of the RFC.
    proof: Vec<String>,
}

impl ProofView {
    pub(super) fn new(proof: &[NodeHash]) -> Self {
        Self {
            proof: proof.iter().map(|node| hex(&node.0)).collect(),
        }
    }
}

/// The signed tree head now (C2SP tlog-checkpoint), with the lines of witnesses that signed just this.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/checkpoint",
    tag = "log",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "A signed note", body = String, content_type = "text/plain")),
)]
async fn checkpoint(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
) -> Result<String, ApiError> {
    let log = service.offering(&offering)?;
    let mut note = log.reader.checkpoint().map_err(of_journal)?;
    if let CheckpointNote::Signed(signed) = &mut note {
        service.cosignatures().put_under(&log.row.name, signed);
    }
    Ok(note.to_string())
}

/// An entry with its receipt.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/entries/{sequence}",
    tag = "log",
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("sequence" = u64, Path, description = "Number of the entry"),
    ),
    responses((status = 200, description = "The entry", body = EntryView)),
)]
async fn entry(
    State(service): State<Arc<Service>>,
    Path((offering, sequence)): Path<(String, u64)>,
) -> Result<Json<EntryView>, ApiError> {
    let log = service.offering(&offering)?;
    read_entry(&log, sequence).await.map(Json)
}

/// Proof that an entry is in the tree of a size.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/inclusion",
    tag = "log",
    params(("offering" = String, Path, description = "Name of the offering"), InclusionQuery),
    responses((status = 200, description = "The proof", body = ProofView)),
)]
async fn inclusion(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    Query(query): Query<InclusionQuery>,
) -> Result<Json<ProofView>, ApiError> {
    let log = service.offering(&offering)?;
    let proof = log
        .reader
        .inclusion(query.index, query.size)
        .await
        .map_err(of_journal)?;
    Ok(Json(ProofView::new(&proof)))
}

/// Proof that the log of one size is the beginning of that of another.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/consistency",
    tag = "log",
    params(("offering" = String, Path, description = "Name of the offering"), ConsistencyQuery),
    responses((status = 200, description = "The proof", body = ProofView)),
)]
async fn consistency(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    Query(query): Query<ConsistencyQuery>,
) -> Result<Json<ProofView>, ApiError> {
    let log = service.offering(&offering)?;
    let proof = log
        .reader
        .consistency(query.old, query.new)
        .await
        .map_err(of_journal)?;
    Ok(Json(ProofView::new(&proof)))
}

/// A hash tile (C2SP tlog-tiles): `x001/234`, or `x001/234.p/17` for a part of it.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/tile/{level}/{place}",
    tag = "log",
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("level" = u8, Path, description = "Level, from 0"),
        ("place" = String, Path, description = "Place of the tile, as in the specification"),
    ),
    responses((status = 200, description = "Hashes of 32 bytes", body = Vec<u8>, content_type = "application/octet-stream")),
)]
async fn tile(
    State(service): State<Arc<Service>>,
    Path((offering, level, place)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    let level = match level.as_bytes() {
        [digit @ b'0'..=b'7'] => i64::from(digit - b'0'),
        _ => return Err(ApiError::not_found("there are levels 0 to 7")),
    };
    let place = TilePlace::parse(&place)?;
    let body = log
        .reader
        .tile(level, place.index)
        .await
        .map_err(of_journal)?;
    place.cut(body, 32)
}

/// An entry bundle (C2SP tlog-tiles).
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/log/tile/entries/{place}",
    tag = "log",
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("place" = String, Path, description = "Place of the bundle, as in the specification"),
    ),
    responses((status = 200, description = "Entries, each with its 16-bit length before it", body = Vec<u8>, content_type = "application/octet-stream")),
)]
async fn entries(
    State(service): State<Arc<Service>>,
    Path((offering, place)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    let place = TilePlace::parse(&place)?;
    let body = log.reader.tile(-1, place.index).await.map_err(of_journal)?;
    place.cut_bundle(body)
}

/// Place of a tile in its level, and how much of it is wanted.
#[derive(Debug, PartialEq, Eq)]
struct TilePlace {
    index: u64,
    /// 1 to 256.
    width: usize,
}

impl TilePlace {
    /// Reads `x001/x234/067` and `x001/234.p/17`; one place has one spelling.
    fn parse(text: &str) -> Result<Self, ApiError> {
        let wrong = || ApiError::not_found("this is no place of a tile");
        let (path, width) = match text.split_once(".p/") {
            Some((path, width)) => {
                let number: usize = width.parse().map_err(|_| wrong())?;
                if !(1..256).contains(&number) || number.to_string() != width {
                    return Err(wrong());
                }
                (path, number)
            }
            None => (text, 256),
        };
        let mut parts = path.split('/').peekable();
        let mut index: u64 = 0;
        while let Some(part) = parts.next() {
            let digits = if parts.peek().is_some() {
                part.strip_prefix('x').ok_or_else(wrong)?
            } else {
                part
            };
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            let number: u64 = digits.parse().map_err(|_| wrong())?;
            index = index
                .checked_mul(1000)
                .and_then(|index| index.checked_add(number))
                .ok_or_else(wrong)?;
        }
        if path.starts_with("x000/") {
            return Err(wrong());
        }
        Ok(Self { index, width })
    }

    fn cut(&self, mut body: Vec<u8>, each: usize) -> Result<Response, ApiError> {
        let wanted = self.width * each;
        if body.len() < wanted {
            return Err(ApiError::not_found("the tile is not as full yet"));
        }
        body.truncate(wanted);
        Ok(bytes(body))
    }

    fn cut_bundle(&self, mut body: Vec<u8>) -> Result<Response, ApiError> {
        let mut leaves = softcap_journal::bundle_leaves(&body);
        let mut length = 0;
        for _ in 0..self.width {
            let leaf = leaves
                .next()
                .ok_or_else(|| ApiError::not_found("the bundle is not as full yet"))?;
            length += 2 + leaf.len();
        }
        drop(leaves);
        body.truncate(length);
        Ok(bytes(body))
    }
}

/// Tiles never change: whoever has one need not ask again.
fn bytes(body: Vec<u8>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_tiles_have_one_spelling() {
        let place = |index, width| TilePlace { index, width };
        for (text, expected) in [
            ("000", place(0, 256)),
            ("067", place(67, 256)),
            ("x001/234", place(1234, 256)),
            ("x001/x234/067", place(1_234_067, 256)),
            ("x001/234.p/17", place(1234, 17)),
        ] {
            assert_eq!(TilePlace::parse(text).unwrap(), expected, "{text}");
        }
        for wrong in [
            "",
            "1",
            "0000",
            "001/234",
            "x000/001",
            "x001",
            "000.p/0",
            "000.p/256",
            "000.p/017",
            "../000",
        ] {
            assert!(TilePlace::parse(wrong).is_err(), "{wrong}");
        }
    }
}
