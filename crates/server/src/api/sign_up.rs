//! Signing up, and setting a new password: an address of mail is proved first. Whether somebody is known under it never
//! shows in an answer.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use softcap_identity::{Asker, Password, PersonId};
use utoipa::ToSchema;

use super::{
    Service,
    person_problem::of_person,
    signed_in::{Visitor, no_store},
};
use crate::{
    extract::Json,
    origin::refuse_other_pages,
    problem::{ApiError, ProblemCode},
    web::Language,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(sign_up, confirm_sign_up, recover, confirm_recovery))]
pub(crate) struct SignUpPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/sign-up", post(sign_up))
        .route("/v1/sign-up/confirmation", post(confirm_sign_up))
        .route("/v1/recovery", post(recover))
        .route("/v1/recovery/confirmation", post(confirm_recovery))
        .layer(map_response(no_store))
}

/// An address to which a mail goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailBody {
    /// The address.
    #[schema(example = "anna@example.org")]
    pub(super) email: String,
}

/// The proof of an address, and a password for it. It has no `Debug`, because it holds both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmationBody {
    /// The code of the mail: it works once.
    code: String,
    /// The password to be set: at least 15 characters of any kind, at most 1,024 bytes, and none that is tried first.
    #[schema(example = "tidal lantern ochre mule")]
    password: String,
}

/// A person who signed up.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewPersonView {
    /// The id, which names them in balances too.
    person: String,
}

impl NewPersonView {
    pub(super) fn new(person: PersonId) -> Self {
        Self {
            person: person.to_string(),
        }
    }
}

/// Sign up: a mail with a code goes to the address, or, if somebody signed up with it before, the word that they did.
#[utoipa::path(
    post,
    path = "/v1/sign-up",
    tag = "people",
    request_body = EmailBody,
    responses((status = 202, description = "A mail is on its way, whatever it says")),
)]
async fn sign_up(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    visitor: Visitor,
    Json(body): Json<EmailBody>,
) -> Result<StatusCode, ApiError> {
    require_mail(&service, &headers)?;
    let email = body.email.parse().map_err(of_person)?;
    let asked = service
        .people
        .sign_up(&email, asker(&visitor, &headers), service.now());
    asked.await.map_err(of_person)?;
    Ok(StatusCode::ACCEPTED)
}

/// Prove the address with the code of the mail, and set a password. Then log in. A password that is refused uses up no
/// code.
#[utoipa::path(
    post,
    path = "/v1/sign-up/confirmation",
    tag = "people",
    request_body = ConfirmationBody,
    responses((status = 201, description = "Signed up", body = NewPersonView)),
)]
async fn confirm_sign_up(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(body): Json<ConfirmationBody>,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let password = Password::new(body.password).map_err(of_person)?;
    let person = service
        .people
        .confirm_sign_up(&body.code, &password, service.now());
    let view = NewPersonView::new(person.await.map_err(of_person)?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Ask for a new password: a mail with a code goes to the address, or, if nobody signed up with it, the word that nobody
/// did.
#[utoipa::path(
    post,
    path = "/v1/recovery",
    tag = "people",
    request_body = EmailBody,
    responses((status = 202, description = "A mail is on its way, whatever it says")),
)]
async fn recover(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    visitor: Visitor,
    Json(body): Json<EmailBody>,
) -> Result<StatusCode, ApiError> {
    require_mail(&service, &headers)?;
    let email = body.email.parse().map_err(of_person)?;
    let asked = service
        .people
        .recover(&email, asker(&visitor, &headers), service.now());
    asked.await.map_err(of_person)?;
    Ok(StatusCode::ACCEPTED)
}

/// Prove the address with the code of the mail, and set a new password. All sessions end and nobody is logged in; a second
/// factor stays and is asked for at the next login.
#[utoipa::path(
    post,
    path = "/v1/recovery/confirmation",
    tag = "people",
    request_body = ConfirmationBody,
    responses((status = 204, description = "The new password is in force")),
)]
async fn confirm_recovery(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    visitor: Visitor,
    Json(body): Json<ConfirmationBody>,
) -> Result<StatusCode, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let password = Password::new(body.password).map_err(of_person)?;
    let (people, source) = (&service.people, visitor.0.address);
    let done = people.confirm_recovery(&body.code, &password, source, service.now());
    done.await.map_err(of_person)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mails are in the language that the caller asks for (`Accept-Language`), which becomes that of who signs up.
fn asker(visitor: &Visitor, headers: &HeaderMap) -> Asker {
    Asker {
        source: visitor.0.address,
        language: Language::of_headers(headers).mail(),
    }
}

/// Without mail nothing of this leads anywhere.
fn require_mail(service: &Service, headers: &HeaderMap) -> Result<(), ApiError> {
    refuse_other_pages(headers, &service.origin)?;
    if service.sends_mail {
        Ok(())
    } else {
        Err(ProblemCode::NoMail.into())
    }
}
