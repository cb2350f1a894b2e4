//! Logging in and out, and the sessions of a person.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{Level, ListedSession, LogIn, LoggedIn, Password};
use utoipa::ToSchema;

use super::{
    Service,
    keys::time_text,
    person_problem::of_person,
    signed_in::{
        HalfSignedIn, SignedIn, Visitor, no_store, remove_cookie, session_secret, set_cookie,
    },
};
use crate::{
    extract::{Json, Path},
    origin::refuse_other_pages,
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(log_in, list, end_others, log_out, end, step_up))]
pub(crate) struct SessionPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/sessions", get(list).post(log_in).delete(end_others))
        .route("/v1/sessions/current", delete(log_out))
        .route("/v1/sessions/current/step-up", post(step_up))
        .route("/v1/sessions/{id}", delete(end))
        .layer(map_response(no_store))
}

/// Who logs in. It has no `Debug`, because it holds a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogInBody {
    /// The address of mail.
    #[schema(example = "anna@example.org")]
    email: String,
    /// The password, as it was set.
    password: String,
}

/// A password that is shown again. It has no `Debug`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepUpBody {
    /// The password.
    password: String,
}

/// Factors: of a session those that were shown in it, of a person those that are asked for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LevelView {
    /// The password or a wallet alone.
    One,
    /// A second factor too, or a passkey.
    Two,
}

impl From<Level> for LevelView {
    fn from(level: Level) -> Self {
        match level {
            Level::One => Self::One,
            Level::Two => Self::Two,
        }
    }
}

/// A session that began. Its secret is in the cookie only.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LoggedInView {
    /// The session's name.
    id: String,
    /// Whose it is.
    person: String,
    /// What was shown.
    level: LevelView,
    /// What must be shown before anything else may be done.
    needs: LevelView,
}

/// A live session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Its name.
    id: String,
    /// Whether it is the one that asks.
    is_current: bool,
    /// What was shown in it.
    level: LevelView,
    /// When it began.
    made_at: String,
    /// Its last request, a minute old at most.
    seen_at: String,
    /// What its device says of itself.
    device: String,
    /// The address from which it began.
    address: String,
}

/// The live sessions of a person, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The sessions.
    sessions: Vec<SessionView>,
}

/// What was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndedView {
    /// How many sessions.
    ended: u64,
}

impl LoggedInView {
    pub(super) fn new(logged_in: &LoggedIn) -> Self {
        Self {
            id: logged_in.id.to_string(),
            person: logged_in.person.to_string(),
            level: logged_in.level.into(),
            needs: logged_in.needs.into(),
        }
    }
}

impl SessionView {
    fn new(session: ListedSession, current: &SignedIn) -> Self {
        Self {
            id: session.id.to_string(),
            is_current: session.id == current.0.id,
            level: session.level.into(),
            made_at: time_text(session.made_at),
            seen_at: time_text(session.seen_at),
            device: session.device,
            address: session.address,
        }
    }
}

/// Log in with address and password. The answer sets the cookie of a new session; the one that the browser had ends.
/// An unknown address and a wrong password are one answer.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "people",
    request_body = LogInBody,
    responses((status = 201, description = "Logged in", body = LoggedInView)),
)]
async fn log_in(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    visitor: Visitor,
    Json(body): Json<LogInBody>,
) -> Result<Response, ApiError> {
    refuse_other_pages(&headers, &service.origin)?;
    let before = session_secret(&headers);
    let attempt = LogIn {
        email: &body.email.parse().map_err(of_person)?,
        password: &Password::new(body.password).map_err(of_person)?,
        device: &visitor.0,
        replaces: before.as_ref(),
    };
    let logged_in = service.people.log_in(&attempt, service.now()).await;
    let logged_in = logged_in.map_err(of_person)?;
    let view = LoggedInView::new(&logged_in);
    let cookie = [(header::SET_COOKIE, set_cookie(&logged_in.secret)?)];
    Ok((StatusCode::CREATED, cookie, Json(view)).into_response())
}

/// The live sessions of the person who asks.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "Oldest first", body = SessionList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    current: SignedIn,
) -> Result<Json<SessionList>, ApiError> {
    let sessions = service.people.sessions(current.0.person, service.now());
    let sessions = sessions.await.map_err(of_person)?.into_iter();
    Ok(Json(SessionList {
        sessions: sessions
            .map(|session| SessionView::new(session, &current))
            .collect(),
    }))
}

/// End all sessions but the one that asks. It needs a factor that was shown in the last ten minutes.
#[utoipa::path(
    delete,
    path = "/v1/sessions",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "How many there were", body = EndedView)),
)]
async fn end_others(
    State(service): State<Arc<Service>>,
    current: SignedIn,
) -> Result<Json<EndedView>, ApiError> {
    current.require_fresh(&service)?;
    let ended = service.people.end_others(&current.0, service.now()).await;
    Ok(Json(EndedView {
        ended: ended.map_err(of_person)?,
    }))
}

/// Log out. The answer takes the cookie away.
#[utoipa::path(
    delete,
    path = "/v1/sessions/current",
    tag = "people",
    security(("session" = [])),
    responses((status = 204, description = "The session is over")),
)]
async fn log_out(
    State(service): State<Arc<Service>>,
    current: HalfSignedIn,
) -> Result<Response, ApiError> {
    let ended = service.people.log_out(&current.0, service.now()).await;
    ended.map_err(of_person)?;
    let cookie = [(header::SET_COOKIE, remove_cookie()?)];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// End one of the asking person's sessions. It needs a factor that was shown in the last ten minutes.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}",
    tag = "people",
    security(("session" = [])),
    params(("id" = String, Path, description = "The session's name in the list")),
    responses((status = 204, description = "It is over")),
)]
async fn end(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    current: SignedIn,
) -> Result<StatusCode, ApiError> {
    current.require_fresh(&service)?;
    let id = id.parse().map_err(of_person)?;
    let ended = service
        .people
        .end_session(current.0.person, id, service.now());
    ended.await.map_err(of_person)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show the password again, so that acts are done for ten minutes which need that. The answer sets the cookie anew; the
/// secret of before is dead.
#[utoipa::path(
    post,
    path = "/v1/sessions/current/step-up",
    tag = "people",
    security(("session" = [])),
    request_body = StepUpBody,
    responses((status = 204, description = "The session is fresh")),
)]
async fn step_up(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Json(body): Json<StepUpBody>,
) -> Result<Response, ApiError> {
    let password = Password::new(body.password).map_err(of_person)?;
    let secret = service.people.step_up(&current.0, &password, service.now());
    let cookie = [(
        header::SET_COOKIE,
        set_cookie(&secret.await.map_err(of_person)?)?,
    )];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}
