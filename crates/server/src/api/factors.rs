//! Second factors: the list, what is added and removed, and showing one.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{
    Answered, Ceremony, FactorList, FactorName, FactorReset, Removal, SecondFactor, SecretText,
    TotpConfirmation, UnixMillis,
};
use utoipa::ToSchema;

use super::{
    Service,
    factor_problem::of_factor,
    keys::time_text,
    sessions::LoggedInView,
    signed_in::{HalfSignedIn, SignedIn, Visitor, no_store, session_secret, set_cookie},
};
use crate::{
    extract::{Json, Path},
    origin::refuse_other_pages,
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list,
    begin_totp,
    confirm_totp,
    remove_totp,
    make_recovery_codes,
    begin_passkey,
    confirm_passkey,
    remove_passkey,
    keep,
    stop_reset,
    ask_for_passkey,
    log_in,
    show
))]
pub(crate) struct FactorPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/factors", get(list))
        .route("/v1/me/factors/totp", post(begin_totp).delete(remove_totp))
        .route("/v1/me/factors/totp/confirmation", post(confirm_totp))
        .route("/v1/me/factors/recovery-codes", post(make_recovery_codes))
        .route("/v1/me/factors/passkeys", post(begin_passkey))
        .route(
            "/v1/me/factors/passkeys/confirmation",
            post(confirm_passkey),
        )
        .route("/v1/me/factors/passkeys/{id}", delete(remove_passkey))
        .route("/v1/me/factors/removal", delete(keep))
        .route("/v1/me/factors/reset", delete(stop_reset))
        .route("/v1/sessions/passkey", post(ask_for_passkey))
        .route("/v1/sessions/passkey/confirmation", post(log_in))
        .route("/v1/sessions/current/second-factor", post(show))
        .layer(map_response(no_store))
}

/// What a person has beside a password.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FactorListView {
    /// The authenticator app; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    totp: Option<TotpView>,
    /// The passkeys in the order they were added.
    passkeys: Vec<PasskeyEntry>,
    /// Recovery codes that were not used yet.
    recovery_codes_left: u32,
    /// When all of it is set aside, because two people of the organisation approved that it was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_at: Option<String>,
}

/// An authenticator app.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TotpView {
    /// Since when it counts.
    since: String,
    /// When it goes, because its removal was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    goes_at: Option<String>,
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyEntry {
    /// Its name here.
    id: String,
    /// What its owner calls it.
    label: String,
    /// When it was added.
    added_at: String,
    /// When it was used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    /// When it goes, because its removal was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    goes_at: Option<String>,
}

/// An app that waits for its first code. It has no `Debug`, because it holds the secret.
#[derive(Serialize, ToSchema)]
pub(super) struct BegunTotpView {
    /// The secret, base 32, for whoever types it. It is shown this once.
    secret: String,
    /// The same as `otpauth://totp/...`, to be shown as a picture (QR).
    uri: String,
    /// Until when its first code is taken.
    until: String,
}

/// What shows that an app works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TotpConfirmationBody {
    /// A code of the new app.
    #[schema(example = "287082")]
    code: String,
    /// A code of the app that it takes the place of, if there is one.
    #[serde(default)]
    present_code: Option<String>,
}

/// New recovery codes. It has no `Debug`.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodesView {
    /// Ten codes, shown this once. Those before are void.
    #[schema(example = json!(["7K2M-9QXR-4TDA-0VHC-XE3N-P85W"]))]
    codes: Vec<String>,
}

/// A challenge for an authenticator.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CeremonyView {
    /// Comes back with the answer.
    ceremony: String,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    #[schema(value_type = Object)]
    options: serde_json::Value,
    /// Until when an answer is taken.
    until: String,
}

/// A new passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskeyBody {
    /// That of the challenge.
    ceremony: String,
    /// What `navigator.credentials.create` gave, by its `toJSON`.
    #[schema(value_type = Object)]
    credential: serde_json::Value,
    /// What its owner calls it: 1 to 100 characters.
    #[schema(example = "phone")]
    label: String,
}

/// A passkey that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyAddedView {
    /// Its name here.
    id: String,
}

/// The answer of a passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyBody {
    /// That of the challenge.
    ceremony: String,
    /// What `navigator.credentials.get` gave, by its `toJSON`.
    #[schema(value_type = Object)]
    credential: serde_json::Value,
}

/// A second factor, one of three. It has no `Debug`, because two of them are secrets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum SecondFactorBody {
    /// A code of the authenticator app.
    Totp(String),
    /// A recovery code.
    RecoveryCode(String),
    /// The answer of a passkey to a challenge of `POST /v1/sessions/passkey`.
    Passkey(PasskeyBody),
}

/// When a factor goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeavingView {
    /// Until then it counts, and the removal can be taken back.
    goes_at: String,
}

impl FactorListView {
    fn new(list: FactorList, reset: Option<FactorReset>) -> Self {
        let goes_at = |name: FactorName| {
            let leaving = list.removals.iter().find(|(leaving, _)| *leaving == name);
            leaving.map(|(_, at)| time_text(*at))
        };
        Self {
            totp: list.totp_since.map(|since| TotpView {
                since: time_text(since),
                goes_at: goes_at(FactorName::Totp),
            }),
            passkeys: list
                .passkeys
                .iter()
                .map(|passkey| PasskeyEntry {
                    id: passkey.id.to_string(),
                    label: passkey.label.clone(),
                    added_at: time_text(passkey.made_at),
                    used_at: passkey.used_at.map(time_text),
                    goes_at: goes_at(FactorName::Passkey(passkey.id)),
                })
                .collect(),
            recovery_codes_left: list.recovery_codes_left,
            reset_at: reset.map(|reset| time_text(reset.due_at)),
        }
    }
}

impl CeremonyView {
    fn new(ceremony: Ceremony) -> Self {
        Self {
            ceremony: ceremony.id,
            options: ceremony.options,
            until: time_text(ceremony.ends_at),
        }
    }
}

fn cookie(secret: &SecretText) -> Result<[(HeaderName, HeaderValue); 1], ApiError> {
    Ok([(header::SET_COOKIE, set_cookie(secret)?)])
}

/// The second factors of the person who asks, and how many recovery codes are left.
#[utoipa::path(
    get,
    path = "/v1/me/factors",
    tag = "factors",
    security(("session" = [])),
    responses((status = 200, description = "All of them", body = FactorListView)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<FactorListView>, ApiError> {
    let list = service.factors.list(session.person, service.now()).await;
    let list = list.map_err(of_factor)?;
    let reset = service.factors.reset_of(session.person).await;
    Ok(Json(FactorListView::new(list, reset.map_err(of_factor)?)))
}

/// Begin with an authenticator app. It counts after its first code; one that counts already goes on until then.
#[utoipa::path(
    post,
    path = "/v1/me/factors/totp",
    tag = "factors",
    security(("session" = [])),
    responses((status = 201, description = "The secret, shown once", body = BegunTotpView)),
)]
async fn begin_totp(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
) -> Result<Response, ApiError> {
    let begun = service.factors.begin_totp(&session, service.now()).await;
    let begun = begun.map_err(of_factor)?;
    let view = BegunTotpView {
        secret: begun.secret.to_string(),
        uri: begun.uri.to_string(),
        until: time_text(begun.ends_at),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Let the app that was begun count. The answer sets the cookie anew, and a mail says it.
#[utoipa::path(
    post,
    path = "/v1/me/factors/totp/confirmation",
    tag = "factors",
    security(("session" = [])),
    request_body = TotpConfirmationBody,
    responses((status = 204, description = "It counts")),
)]
async fn confirm_totp(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
    Json(body): Json<TotpConfirmationBody>,
) -> Result<Response, ApiError> {
    let shown = TotpConfirmation {
        code: &body.code,
        present_code: body.present_code.as_deref(),
    };
    let secret = service
        .factors
        .confirm_totp(&session, shown, service.now())
        .await
        .map_err(of_factor)?;
    Ok((StatusCode::NO_CONTENT, cookie(&secret)?).into_response())
}

/// Remove the app: at once if it is one of several factors that are older than 72 hours, else after 72 hours.
#[utoipa::path(
    delete,
    path = "/v1/me/factors/totp",
    tag = "factors",
    security(("session" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 202, description = "It goes later", body = LeavingView),
    ),
)]
async fn remove_totp(
    State(service): State<Arc<Service>>,
    current: SignedIn,
) -> Result<Response, ApiError> {
    remove(&service, &current, FactorName::Totp).await
}

/// Make ten recovery codes, which are shown this once; those before are void. A mail says it.
#[utoipa::path(
    post,
    path = "/v1/me/factors/recovery-codes",
    tag = "factors",
    security(("session" = [])),
    responses((status = 201, description = "The codes, shown once", body = RecoveryCodesView)),
)]
async fn make_recovery_codes(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Response, ApiError> {
    let made = service
        .factors
        .make_recovery_codes(&session, service.now())
        .await
        .map_err(of_factor)?;
    let codes = made.iter().map(|code| code.reveal().to_string()).collect();
    Ok((StatusCode::CREATED, Json(RecoveryCodesView { codes })).into_response())
}

/// Begin with a passkey.
#[utoipa::path(
    post,
    path = "/v1/me/factors/passkeys",
    tag = "factors",
    security(("session" = [])),
    responses((status = 201, description = "A challenge", body = CeremonyView)),
)]
async fn begin_passkey(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
) -> Result<Response, ApiError> {
    let asked = service.factors.begin_passkey(&session, service.now()).await;
    let view = CeremonyView::new(asked.map_err(of_factor)?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Add the passkey that answered. The answer sets the cookie anew, and a mail says it.
#[utoipa::path(
    post,
    path = "/v1/me/factors/passkeys/confirmation",
    tag = "factors",
    security(("session" = [])),
    request_body = NewPasskeyBody,
    responses((status = 201, description = "It counts", body = PasskeyAddedView)),
)]
async fn confirm_passkey(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
    Json(body): Json<NewPasskeyBody>,
) -> Result<Response, ApiError> {
    let answered = Answered {
        ceremony: &body.ceremony,
        credential: body.credential,
    };
    let (id, secret) = service
        .factors
        .add_passkey(&session, answered, &body.label, service.now())
        .await
        .map_err(of_factor)?;
    let view = PasskeyAddedView { id: id.to_string() };
    Ok((StatusCode::CREATED, cookie(&secret)?, Json(view)).into_response())
}

/// Remove a passkey: at once if it is one of several factors that are older than 72 hours, else after 72 hours.
#[utoipa::path(
    delete,
    path = "/v1/me/factors/passkeys/{id}",
    tag = "factors",
    security(("session" = [])),
    params(("id" = String, Path, description = "The name of the passkey")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 202, description = "It goes later", body = LeavingView),
    ),
)]
async fn remove_passkey(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = id.parse().map_err(of_factor)?;
    remove(&service, &current, FactorName::Passkey(id)).await
}

async fn remove(
    service: &Service,
    current: &SignedIn,
    factor: FactorName,
) -> Result<Response, ApiError> {
    let removed = service.factors.remove(&current.0, factor, service.now());
    Ok(match removed.await.map_err(of_factor)? {
        Removal::Done => StatusCode::NO_CONTENT.into_response(),
        Removal::Due(at) => {
            let goes_at = time_text(at);
            (StatusCode::ACCEPTED, Json(LeavingView { goes_at })).into_response()
        }
    })
}

/// Keep the factors that were about to go.
#[utoipa::path(
    delete,
    path = "/v1/me/factors/removal",
    tag = "factors",
    security(("session" = [])),
    responses((status = 204, description = "They stay")),
)]
async fn keep(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, ApiError> {
    let kept = service.factors.take_back(&session, service.now()).await;
    kept.map_err(of_factor)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep the second factors that are about to be set aside because others said that they were lost.
#[utoipa::path(
    delete,
    path = "/v1/me/factors/reset",
    tag = "factors",
    security(("session" = [])),
    responses((status = 204, description = "They stay")),
)]
async fn stop_reset(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, ApiError> {
    let stopped = service.factors.stop_reset(&session, service.now()).await;
    stopped.map_err(of_factor)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for any passkey of this site: for logging in, or as a second factor. Nobody says yet who they are.
#[utoipa::path(
    post,
    path = "/v1/sessions/passkey",
    tag = "factors",
    responses((status = 201, description = "A challenge", body = CeremonyView)),
)]
async fn ask_for_passkey(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Visitor(device): Visitor,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let asked = service
        .factors
        .ask_for_passkey(device.address, service.now());
    let view = CeremonyView::new(asked.await.map_err(of_factor)?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Log in with a passkey: two factors at once. The answer sets the cookie of a new session; the one that the browser had
/// ends.
#[utoipa::path(
    post,
    path = "/v1/sessions/passkey/confirmation",
    tag = "factors",
    request_body = PasskeyBody,
    responses((status = 201, description = "Logged in", body = LoggedInView)),
)]
async fn log_in(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Visitor(device): Visitor,
    Json(body): Json<PasskeyBody>,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let replaces = session_secret(&headers);
    let logged_in = service
        .factors
        .log_in(body.answered(), &device, replaces.as_ref(), service.now())
        .await
        .map_err(of_factor)?;
    let view = LoggedInView::new(&logged_in);
    Ok((StatusCode::CREATED, cookie(&logged_in.secret)?, Json(view)).into_response())
}

/// Show a second factor: after the password, or to make the session fresh. The answer sets the cookie anew. Five wrong
/// codes in a row end the session.
#[utoipa::path(
    post,
    path = "/v1/sessions/current/second-factor",
    tag = "factors",
    security(("session" = [])),
    request_body = SecondFactorBody,
    responses((status = 204, description = "It was shown")),
)]
async fn show(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
    Json(body): Json<SecondFactorBody>,
) -> Result<Response, ApiError> {
    let (factors, now): (_, UnixMillis) = (&service.factors, service.now());
    let secret = match &body {
        SecondFactorBody::Totp(code) => {
            let shown = SecondFactor::Totp(code);
            factors.show_code(&session, shown, now).await
        }
        SecondFactorBody::RecoveryCode(code) => {
            let shown = SecondFactor::RecoveryCode(code);
            factors.show_code(&session, shown, now).await
        }
        SecondFactorBody::Passkey(body) => factors.step_up(&session, body.answered(), now).await,
    };
    let secret = secret.map_err(of_factor)?;
    Ok((StatusCode::NO_CONTENT, cookie(&secret)?).into_response())
}

impl PasskeyBody {
    fn answered(&self) -> Answered<'_> {
        Answered {
            ceremony: &self.ceremony,
            credential: self.credential.clone(),
        }
    }
}
