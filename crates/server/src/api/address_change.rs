//! Another address of mail for who is logged in. Whether somebody has it never shows in an answer.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{AddressChange, AddressChangeStage, PersonError};
use utoipa::ToSchema;

use super::{
    Service,
    keys::time_text,
    person_problem::of_person,
    sign_up::EmailBody,
    signed_in::{SignedIn, Visitor, no_store},
};
use crate::{
    extract::Json,
    problem::{ApiError, ProblemCode},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(read, ask, confirm, end))]
pub(crate) struct AddressChangePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/address-change", get(read).post(ask).delete(end))
        .route("/v1/me/address-change/confirmation", post(confirm))
        .layer(map_response(no_store))
}

/// The code that proves an address to come. It has no `Debug`, because it holds the code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressCodeBody {
    /// The code of the mail: it works once, for an hour.
    code: String,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AddressChangeState {
    /// The code that was sent to the new address is awaited.
    Code,
    /// The new address is proved and waits for its time.
    Time,
}

/// A change of the address that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressChangeView {
    /// The address to come.
    email: String,
    /// How far it is.
    state: AddressChangeState,
    /// When it was asked for.
    asked_at: String,
    /// While the code is awaited: until when it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_until: Option<String>,
    /// While it waits for its time: when it takes the place of the address in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
}

/// A change whose time runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressChangeBegunView {
    /// When the new address takes the place of the one in force.
    due_at: String,
}

impl AddressChangeView {
    fn new(change: &AddressChange) -> Self {
        let (state, code_until, due_at) = match change.stage {
            AddressChangeStage::Code { until } => (AddressChangeState::Code, Some(until), None),
            AddressChangeStage::Time { due_at } => (AddressChangeState::Time, None, Some(due_at)),
        };
        Self {
            email: change.email.as_str().to_owned(),
            state,
            asked_at: time_text(change.asked_at),
            code_until: code_until.map(time_text),
            due_at: due_at.map(time_text),
        }
    }
}

/// The change of the address that is on its way.
#[utoipa::path(
    get,
    path = "/v1/me/address-change",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "The change", body = AddressChangeView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<Json<AddressChangeView>, ApiError> {
    let change = service
        .address_changes
        .find(session.person, service.now())
        .await
        .map_err(of_person)?;
    let change = change.ok_or_else(|| of_person(PersonError::NoAddressChange))?;
    Ok(Json(AddressChangeView::new(&change)))
}

/// Ask for another address of mail: a mail with a code goes there, or, where an account has it already, the word that it
/// cannot be. It needs a factor that was shown in the last ten minutes. What was asked for before and not proved is forgotten.
#[utoipa::path(
    post,
    path = "/v1/me/address-change",
    tag = "people",
    security(("session" = [])),
    request_body = EmailBody,
    responses((status = 202, description = "A mail is on its way, whatever it says")),
)]
async fn ask(
    State(service): State<Arc<Service>>,
    current: SignedIn,
    visitor: Visitor,
    Json(body): Json<EmailBody>,
) -> Result<StatusCode, ApiError> {
    current.require_fresh(&service)?;
    if !service.sends_mail {
        return Err(ProblemCode::NoMail.into());
    }
    let email = body.email.parse().map_err(of_person)?;
    let (changes, from) = (&service.address_changes, visitor.0.address);
    let asked = changes.ask(&current.0, &email, from, service.now()).await;
    asked.map_err(of_person)?;
    Ok(StatusCode::ACCEPTED)
}

/// Prove the new address with the code of its mail. It takes the place of the one in force after the delay that the operator
/// set (three days if they did not); until then both get what warns you, and the change can be ended.
#[utoipa::path(
    post,
    path = "/v1/me/address-change/confirmation",
    tag = "people",
    security(("session" = [])),
    request_body = AddressCodeBody,
    responses((status = 202, description = "Its time runs", body = AddressChangeBegunView)),
)]
async fn confirm(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
    Json(body): Json<AddressCodeBody>,
) -> Result<(StatusCode, Json<AddressChangeBegunView>), ApiError> {
    let changes = &service.address_changes;
    let due_at = changes.confirm(&session, &body.code, service.now()).await;
    let due_at = time_text(due_at.map_err(of_person)?);
    Ok((
        StatusCode::ACCEPTED,
        Json(AddressChangeBegunView { due_at }),
    ))
}

/// End the change: the address in force stays.
#[utoipa::path(
    delete,
    path = "/v1/me/address-change",
    tag = "people",
    security(("session" = [])),
    responses((status = 204, description = "The address stays")),
)]
async fn end(
    State(service): State<Arc<Service>>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, ApiError> {
    let ended = service.address_changes.end(&session, service.now()).await;
    ended.map_err(of_person)?;
    Ok(StatusCode::NO_CONTENT)
}
