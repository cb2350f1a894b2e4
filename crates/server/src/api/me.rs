//! The person who is logged in.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{Password, PasswordChange, PersonError};
use utoipa::ToSchema;

use super::{
    Service,
    factor_problem::of_factor,
    keys::time_text,
    person_problem::of_person,
    sessions::LevelView,
    signed_in::{HalfSignedIn, SignedIn, no_store, set_cookie},
};
use crate::{extract::Json, problem::ApiError};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read, change_password))]
pub(crate) struct MePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me", get(read))
        .route("/v1/me/password", put(change_password))
        .layer(map_response(no_store))
}

/// Who is logged in, and how far.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeView {
    /// The id, which names the person in balances too.
    person: String,
    /// The name of the session that asks.
    session: String,
    /// What was shown in it.
    level: LevelView,
    /// What must be shown before anything else may be done.
    needs: LevelView,
    /// Whether a second factor must be added before anything else may be done, because those of before were set aside: with
    /// a code of a mail (`POST /v1/sessions/current/enrolment`).
    must_add_factor: bool,
    /// Until when acts are done that need a factor shown lately.
    fresh_until: String,
    /// The address of mail; absent until every factor was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// When the person signed up; absent until every factor was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<String>,
    /// When the password was set; absent without one, and until every factor was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_at: Option<String>,
}

/// Another password. It has no `Debug`, because it holds two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordBody {
    /// The one that is in force.
    current: String,
    /// The one to come: at least 15 characters of any kind, at most 1,024 bytes, and none that is tried first.
    new: String,
    /// Whether all other sessions end.
    #[serde(default)]
    end_others: bool,
}

/// Who is logged in. Before the second factor was shown it says only that it is asked for.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "The person", body = MeView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    HalfSignedIn(session): HalfSignedIn,
) -> Result<Json<MeView>, ApiError> {
    let person = service
        .people
        .find(session.person)
        .await
        .map_err(of_person)?;
    let person = person.ok_or_else(|| of_person(PersonError::NoSession))?;
    let shown = session.require_complete().is_ok().then_some(person);
    Ok(Json(MeView {
        person: session.person.to_string(),
        session: session.id.to_string(),
        level: session.level.into(),
        needs: session.needs.into(),
        must_add_factor: service
            .factors
            .must_enrol(&session)
            .await
            .map_err(of_factor)?,
        fresh_until: time_text(session.fresh_until()),
        email: shown
            .as_ref()
            .map(|person| person.email.as_str().to_owned()),
        made_at: shown.as_ref().map(|person| time_text(person.made_at)),
        password_at: shown.and_then(|person| person.password_at).map(time_text),
    }))
}

/// Set another password. It needs the one in force and a factor that was shown in the last ten minutes. The answer sets
/// the cookie anew, and a mail says that the password was changed.
#[utoipa::path(
    put,
    path = "/v1/me/password",
    tag = "people",
    security(("session" = [])),
    request_body = PasswordBody,
    responses((status = 204, description = "The new password is in force")),
)]
async fn change_password(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    Json(body): Json<PasswordBody>,
) -> Result<Response, ApiError> {
    current.require_fresh(&service)?;
    let change = PasswordChange {
        current: &Password::new(body.current).map_err(of_person)?,
        new: &Password::new(body.new).map_err(of_person)?,
        end_others: body.end_others,
    };
    let secret = service
        .people
        .change_password(&current.0, &change, service.now());
    let cookie = [(
        header::SET_COOKIE,
        set_cookie(&secret.await.map_err(of_person)?)?,
    )];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}
