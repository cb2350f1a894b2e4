//! The audit bundle of a settled offering, to be taken home and verified.

use std::{io, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;
use softcap_journal::{BundleArchive, JournalError, LogName, OfferingLog};
use softcap_proof::{ProofError, hex};
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use super::{
    Service,
    byte_range::{Asked, asked},
    etag::unless_known,
    lately_used::LatelyUsed,
    settlements::require_settled,
    submit::of_journal,
};
use crate::{
    extract::Path,
    problem::{ApiError, ProblemCode},
};

/// Bytes of an archive that are sent at a time.
const PIECE: usize = 1 << 18;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read))]
pub(crate) struct BundlePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/v1/offerings/{offering}/bundle", get(read))
}

/// Bundles that somebody asked for lately. One is made by one at a time and never changes; its file has
/// no name and goes with the last who reads it.
pub(super) type Bundles = Arc<Mutex<LatelyUsed<LogName, Arc<BundleArchive>>>>;

/// The audit bundle of a settled offering: terms, journal, checkpoint, tables and settlement tree, in a
/// folder of a tar archive. `softcap verify` computes everything in it again. It ends with the entry
/// that publishes the settlement's root. Its ETag is the SHA-256 of the archive. A download that broke
/// off goes on with `Range`.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/bundle",
    tag = "settlement",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses(
        (status = 200, description = "A tar archive", body = Vec<u8>, content_type = "application/x-tar"),
        (status = 206, description = "The part that `Range` asks for", body = Vec<u8>, content_type = "application/x-tar"),
        (status = 304, description = "The one you have"),
    ),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    require_settled(&log)?;
    let archive = archive(&service, &log).await?;
    let digest = archive.digest();
    let tag = hex(&digest.sha256);
    let (status, first, length) = match asked(&headers, &tag, digest.size) {
        Asked::Whole => (StatusCode::OK, 0, digest.size),
        Asked::Part { first, length } => (StatusCode::PARTIAL_CONTENT, first, length),
        Asked::Beyond => {
            let mut refusal = ApiError::from(ProblemCode::NotThatLong).into_response();
            let range = content_range("*", digest.size)?;
            refusal.headers_mut().insert(header::CONTENT_RANGE, range);
            return Ok(refusal);
        }
    };
    let disposition = format!("attachment; filename=\"{}.tar\"", log.row.name);
    let content = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-tar"),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(disposition).map_err(|error| ApiError::internal(&error))?,
        ),
    ];
    let mut answer = (status, content, body(archive, first, length)).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let last = first + length.saturating_sub(1);
        let range = content_range(&format!("{first}-{last}"), digest.size)?;
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    Ok(unless_known(&headers, &tag, answer))
}

fn content_range(part: &str, size: u64) -> Result<HeaderValue, ApiError> {
    HeaderValue::try_from(format!("bytes {part}/{size}"))
        .map_err(|error| ApiError::internal(&error))
}

/// The archive, which is made now when nobody asked for it before. Whoever gives up waiting leaves the
/// making of it to go on, for the next one who asks.
async fn archive(
    service: &Arc<Service>,
    log: &Arc<OfferingLog>,
) -> Result<Arc<BundleArchive>, ApiError> {
    let mut known = Arc::clone(&service.bundles).lock_owned().await;
    if let Some(archive) = known.find(&log.row.name, service.clock.monotonic()) {
        return Ok(archive);
    }
    let (service, log) = (Arc::clone(service), Arc::clone(log));
    let making = tokio::spawn(async move {
        let name = log.row.name.clone();
        let runtime = Handle::current();
        let maker = Arc::clone(&service);
        let made = spawn_blocking(move || {
            let journal = maker.journal();
            runtime.block_on(BundleArchive::make(&log, journal.key(), journal.folder()))
        });
        let made = made.await.map_err(|error| ApiError::internal(&error))?;
        let archive = Arc::new(made.map_err(of_making)?);
        known.keep(name, Arc::clone(&archive), service.clock.monotonic());
        Ok(archive)
    });
    making.await.map_err(|error| ApiError::internal(&error))?
}

/// What the making of a bundle met: files are those of the server's own disk.
fn of_making(error: JournalError) -> ApiError {
    let JournalError::Proof(proof) = &error else {
        let is_of_a_file = matches!(error, JournalError::File { .. });
        return if is_of_a_file {
            no_room(&error)
        } else {
            of_journal(error)
        };
    };
    if matches!(**proof, ProofError::NotSettled) {
        ApiError::not_found("the root of the settlement is not in the log yet")
    } else if matches!(
        **proof,
        ProofError::BundleIo { .. } | ProofError::JournalIo { .. } | ProofError::TreeFileIo { .. }
    ) {
        no_room(&error)
    } else {
        ApiError::internal(&error)
    }
}

fn no_room(error: &JournalError) -> ApiError {
    ApiError::caused(ProblemCode::NoRoom, error)
}

/// So many bytes of an archive from a place on, read as the caller takes them.
fn body(archive: Arc<BundleArchive>, first: u64, length: u64) -> Body {
    let pieces = stream::try_unfold(
        (archive, first, length),
        |(archive, place, left)| async move {
            let most = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let read = spawn_blocking(move || {
                let piece = archive.read_at(place, most);
                piece.map(|piece| (archive, piece))
            });
            let (archive, piece) = read.await.map_err(io::Error::other)??;
            let read = piece.len() as u64;
            let rest = (archive, place + read, left.saturating_sub(read));
            let more = (!piece.is_empty()).then(|| (Bytes::from(piece), rest));
            Ok::<_, io::Error>(more)
        },
    );
    Body::from_stream(pieces)
}
