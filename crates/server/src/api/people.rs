//! People in offerings: their money moves between the balance and an account that has a number of its
//! own in each offering.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::Verb;
use softcap_journal::{LogName, Moved, Movement};
use softcap_offering::{Amount, InvestorId, TransferId};
use utoipa::ToSchema;

use super::{
    Service,
    accounts::{AccountView, accounts},
    amount::{Money, parse_units},
    balances::{money, person_id, refused},
    call_note::begin_change,
    caller::Caller,
    entry_view::RefusalView,
    random_id::parse_id,
    submit::of_journal,
};
use crate::{
    extract::{Json, Path},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(transfer, offerings, forget))]
pub(crate) struct PeoplePaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/people/{person}", delete(forget))
        .route("/v1/people/{person}/offerings", get(offerings))
        .route("/v1/people/{person}/transfers", post(transfer))
}

/// Which way money goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MovementDirection {
    /// From the balance into the account in the offering.
    ToOffering,
    /// Free money of the account back to the balance.
    FromOffering,
}

/// Money between a person's balance and their account in an offering.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MovementBody {
    /// A name for it that is used once: 32 random hexadecimal digits. The same one again moves nothing.
    #[schema(example = "00112233445566778899aabbccddeeff")]
    transfer: String,
    /// Name of the offering.
    #[schema(example = "harbour")]
    offering: String,
    /// Symbol of a currency of the platform that the offering takes from balances.
    #[schema(example = "EUR")]
    currency: String,
    /// Smallest units.
    #[schema(example = "125000")]
    amount: String,
    /// Which way.
    direction: MovementDirection,
}

/// A transfer that is over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MovementView {
    /// Its name.
    transfer: String,
    /// Whose money.
    person: String,
    /// Name of the offering.
    offering: String,
    /// The person's number in the offering, with which they contribute; absent when it was forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    investor: Option<String>,
    /// How much.
    amount: Money,
    /// Which way.
    direction: MovementDirection,
    /// What became of it.
    outcome: MovementOutcome,
}

/// What became of a transfer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum MovementOutcome {
    /// The money is on the other side.
    Done,
    /// The offering refused; the money is where it was.
    Refused {
        /// Which rule of the offering.
        refusal: RefusalView,
    },
    /// The offering knows this name of a transfer from something else, so that this one can never
    /// happen; the money is where it was.
    IdUsed,
}

/// Where a person has been.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonOfferings {
    /// Who.
    person: String,
    /// Offerings in which the person has a number, by name.
    offerings: Vec<PersonOfferingView>,
}

/// A person in an offering.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonOfferingView {
    /// Name of the offering.
    offering: String,
    /// The person's number in it.
    investor: String,
    /// One for each currency of the terms; none before money arrived.
    accounts: Vec<AccountView>,
}

/// Move money between a person's balance and their account in an offering. The name of the transfer is
/// what makes it happen once, so that no Idempotency-Key is asked for.
#[utoipa::path(
    post,
    path = "/v1/people/{person}/transfers",
    tag = "balances",
    security(("key" = [])),
    params(("person" = String, Path, description = "The person's id")),
    request_body = MovementBody,
    responses((status = 201, description = "It is over, and this became of it", body = MovementView)),
)]
async fn transfer(
    State(service): State<Arc<Service>>,
    Path(who): Path<String>,
    caller: Caller,
    Json(body): Json<MovementBody>,
) -> Result<Response, ApiError> {
    caller.require_on_all(Verb::AccountsWrite)?;
    let movement = Movement {
        transfer: TransferId(parse_id("transfer", &body.transfer)?),
        person: person_id(&who)?,
        offering: service.offering(&body.offering)?.row.name.clone(),
        currency: body.currency,
        amount: Amount(parse_units("amount", &body.amount)?),
    };
    let (subject, name) = (
        format!("person:{who}"),
        format!("transfer {}", body.transfer),
    );
    begin_change(&service, &caller.who(), (&subject, &name)).await?;
    let platform = service.journal.open_platform().await.map_err(of_journal)?;
    let transfers = service.transfers();
    let moved = match body.direction {
        MovementDirection::ToOffering => transfers.fund(&movement).await,
        MovementDirection::FromOffering => transfers.take_back(&movement).await,
    };
    let outcome = match moved.map_err(of_journal)? {
        Moved::Done => MovementOutcome::Done,
        Moved::RefusedByOffering(refusal) => MovementOutcome::Refused {
            refusal: refusal.into(),
        },
        Moved::IdUsedInOffering => MovementOutcome::IdUsed,
        Moved::RefusedByPlatform(refusal) => {
            let detail = "the transfer was not opened: it can be asked for again with this name";
            return Err(refused(refusal, detail.to_owned()));
        }
    };
    let number = service
        .numbers
        .find(movement.person, &movement.offering)
        .await;
    let amount = {
        let state = platform.sequencer.read();
        let balances = state.machine().balances();
        money(balances, &movement.currency, movement.amount)
    };
    let view = MovementView {
        transfer: body.transfer,
        person: who,
        offering: body.offering,
        investor: number.map_err(of_journal)?,
        amount,
        direction: body.direction,
        outcome,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The offerings that a person's money went to, the person's numbers in them, and the accounts.
#[utoipa::path(
    get,
    path = "/v1/people/{person}/offerings",
    tag = "balances",
    security(("key" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Now", body = PersonOfferings)),
)]
async fn offerings(
    State(service): State<Arc<Service>>,
    Path(who): Path<String>,
    caller: Caller,
) -> Result<Json<PersonOfferings>, ApiError> {
    caller.require_on_all(Verb::AccountsRead)?;
    let rows = service.numbers.of_person(person_id(&who)?).await;
    let rows = rows.map_err(of_journal)?.into_iter();
    let view = |(offering, investor): (LogName, String)| {
        let log = service.journal.offering(&offering);
        let held = log.and_then(|log| accounts(&log, InvestorId::Opaque(&investor)));
        PersonOfferingView {
            offering: offering.to_string(),
            accounts: held.unwrap_or_default(),
            investor,
        }
    };
    Ok(Json(PersonOfferings {
        offerings: rows.map(view).collect(),
        person: who,
    }))
}

/// Forget which numbers a person has in offerings, for good. What stands in the logs under these
/// numbers is nobody's then. Refused while money of the person could come back from an offering. Doing
/// it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/people/{person}",
    tag = "balances",
    security(("key" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 204, description = "Nothing leads from the person to an investor any more")),
)]
async fn forget(
    State(service): State<Arc<Service>>,
    Path(who): Path<String>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    caller.require_on_all(Verb::AccountsWrite)?;
    let person = person_id(&who)?;
    // What is on its way stands in the platform's log, which another node may have made just now.
    service.journal.open_platform().await.map_err(of_journal)?;
    let forgotten = service.transfers().forget(person).await;
    forgotten.map_err(of_journal)?;
    Ok(StatusCode::NO_CONTENT)
}
