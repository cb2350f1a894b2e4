//! The audit bundle of a settled offering, to be taken home and verified.

use std::{collections::BTreeMap, io, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;
use softcap_journal::{BundleArchive, JournalError, LogName, OfferingLog};
use softcap_proof::{ProofError, hex};
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use super::{Service, etag::unless_known, settlements::require_settled, submit::of_journal};
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

/// Bundles that somebody asked for. One is made once, by one at a time, and never changes.
pub(super) type Bundles = Arc<Mutex<BTreeMap<LogName, Arc<BundleArchive>>>>;

/// The audit bundle of a settled offering: terms, journal, checkpoint, tables and settlement tree, in a
/// folder of a tar archive. `softcap verify` computes everything in it again. It ends with the entry
/// that publishes the settlement's root. Its ETag is the SHA-256 of the archive.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/bundle",
    tag = "settlement",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses(
        (status = 200, description = "A tar archive", body = Vec<u8>, content_type = "application/x-tar"),
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
    let disposition = format!("attachment; filename=\"{}.tar\"", log.row.name);
    let content = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-tar"),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(digest.size)),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(disposition).map_err(|error| ApiError::internal(&error))?,
        ),
    ];
    let answer = (content, body(archive));
    Ok(unless_known(&headers, &hex(&digest.sha256), answer))
}

/// The archive, which is made now when nobody asked for it before. Whoever gives up waiting leaves the
/// making of it to go on, for the next one who asks.
async fn archive(
    service: &Arc<Service>,
    log: &Arc<OfferingLog>,
) -> Result<Arc<BundleArchive>, ApiError> {
    let mut known = Arc::clone(&service.bundles).lock_owned().await;
    if let Some(archive) = known.get(&log.row.name) {
        return Ok(Arc::clone(archive));
    }
    let (service, log) = (Arc::clone(service), Arc::clone(log));
    let making = tokio::spawn(async move {
        let name = log.row.name.clone();
        let runtime = Handle::current();
        let made = spawn_blocking(move || {
            let journal = service.journal();
            runtime.block_on(BundleArchive::make(&log, journal.key(), journal.folder()))
        });
        let made = made.await.map_err(|error| ApiError::internal(&error))?;
        let archive = Arc::new(made.map_err(of_making)?);
        known.insert(name, Arc::clone(&archive));
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

/// The bytes of an archive, read as the caller takes them.
fn body(archive: Arc<BundleArchive>) -> Body {
    let pieces = stream::try_unfold((archive, 0), |(archive, place)| async move {
        let read = spawn_blocking(move || {
            let piece = archive.read_at(place, PIECE);
            piece.map(|piece| (archive, piece))
        });
        let (archive, piece) = read.await.map_err(io::Error::other)??;
        let next = place + piece.len() as u64;
        let more = (!piece.is_empty()).then(|| (Bytes::from(piece), (archive, next)));
        Ok::<_, io::Error>(more)
    });
    Body::from_stream(pieces)
}
