//! Files of one's own verification by a plain form: sealed as they come, with the bounds of the interface.

use std::sync::Arc;

use axum::{
    extract::{Multipart, State, multipart::Field},
    response::Response,
};
use softcap_identity::{MediaType, PersonId, UploadId, UploadKind, VerificationError};

use super::page::{Typed, back, wrong};
use crate::{
    api::{Service, of_verification},
    extract::Path,
    problem::{ApiError, ProblemCode},
    web::{
        form::{Errors, Form},
        visit::Visit,
    },
};

/// Longest text of a field beside the file.
const LONGEST_TEXT: usize = 512;

/// What became of a form with a file.
enum Came {
    Kept,
    /// No file was chosen.
    Nothing,
}

pub(super) async fn add(
    State(service): State<Arc<Service>>,
    visit: Visit,
    mut form: Multipart,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let (mut next, mut kind) = (String::new(), None);
    let mut came = Ok(Came::Nothing);
    // The fields stand before the file, as in the page.
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "next" => next = text_of(field).await?,
            "kind" => kind = UploadKind::from_code(&text_of(field).await?),
            "file" => {
                let kind =
                    kind.ok_or_else(|| ApiError::invalid("kind", "one of the four kinds"))?;
                came = receive(&service, person, kind, field).await?;
                break;
            }
            _ => {}
        }
    }
    let key = match came {
        Ok(Came::Kept) => return back(&next, "shown"),
        Ok(Came::Nothing) => "own-check-no-file",
        Err(VerificationError::TooLarge(_)) => "own-check-too-large",
        Err(VerificationError::NotThatType) => "own-check-not-that-type",
        Err(VerificationError::TooMany(_)) => "own-check-too-many",
        Err(error) => return Err(of_verification(error)),
    };
    let mut errors = Errors::default();
    errors.add(kind.map_or("upload_identity", field_of), visit.say(key));
    wrong(&service, visit, &next, (errors, &Typed::new())).await
}

/// The field of a kind of file.
const fn field_of(kind: UploadKind) -> &'static str {
    softcap_identity::Need::Upload(kind).as_code()
}

/// Keeps a file. What is wrong with it is for the page; what broke on the way is not.
async fn receive(
    service: &Service,
    person: PersonId,
    kind: UploadKind,
    mut field: Field<'_>,
) -> Result<Result<Came, VerificationError>, ApiError> {
    let media = field.content_type().unwrap_or_default();
    let media = MediaType::from_code(&media.to_ascii_lowercase());
    // A browser sends an empty file of no name where none was chosen.
    if field.file_name().is_none_or(str::is_empty) {
        return Ok(Ok(Came::Nothing));
    }
    let Some(media) = media else {
        return Ok(Err(VerificationError::NotThatType));
    };
    let cases = service.verifications();
    let mut receiving = match cases.receive(person, (kind, media), service.now()).await {
        Ok(receiving) => receiving,
        Err(error) => return Ok(Err(error)),
    };
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        if let Err(error) = receiving.push(&piece).await {
            return Ok(Err(error));
        }
    }
    Ok(receiving.finish(service.now()).await.map(|_| Came::Kept))
}

async fn text_of(mut field: Field<'_>) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LONGEST_TEXT {
            return Err(ProblemCode::TooLarge.into());
        }
    }
    String::from_utf8(bytes).map_err(|_| ProblemCode::BadRequest.into())
}

/// A form that ended early, came too slowly, or is none.
fn broken(error: axum::extract::multipart::MultipartError) -> ApiError {
    if crate::body_deadline::caused(&error) {
        return ProblemCode::BodyTooSlow.into();
    }
    ApiError::from(ProblemCode::of_status(error.status()))
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct RemoveForm {
    #[serde(default)]
    next: String,
}

pub(super) async fn remove(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Form(form): Form<RemoveForm>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let id: UploadId = name.parse().map_err(of_verification)?;
    let taken = service.verifications().take_back(person, id, service.now());
    match taken.await {
        // Removed twice is removed.
        Ok(()) | Err(VerificationError::NoUpload) => back(&form.next, "removed"),
        Err(error) => Err(of_verification(error)),
    }
}
