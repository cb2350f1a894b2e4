//! What a person may ask for: everything that is held of them, and that it is erased.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::header,
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::Serialize;
use softcap_identity::{Act, Erasure, PersonId, PrivacyError, ResourcePattern, Right, UnixMillis};
use softcap_journal::JournalError;
use softcap_offering::{CurrencyIndex, InvestorId};
use softcap_rails::balance::PersonId as Owner;
use utoipa::ToSchema;

use super::{
    Service,
    caller::Staff,
    keys::{instant, time_text},
    person_export::export,
    person_problem::of_person,
    role_problem::of_role,
    signed_in::{SignedIn, no_store, remove_cookie},
    submit::of_journal,
    verification_problem::of_verification,
    webhooks::of_database,
};
use crate::{
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_own, export_person, erase_own, erase_person))]
pub(crate) struct PrivacyPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/me/export", get(export_own))
        .route("/v1/me/erasure", post(erase_own))
        .route("/v1/people/{person}/export", get(export_person))
        .route("/v1/people/{person}/erasure", post(erase_person))
        .layer(map_response(no_store))
}

/// Something that is kept for a time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptView {
    /// `verification`, `investor_numbers`, `audit` or `records`.
    what: &'static str,
    /// Until when; absent: for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Why.
    why: &'static str,
}

/// What became of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErasureView {
    /// Who was.
    person: String,
    /// When it was asked for.
    asked_at: String,
    /// What is gone.
    erased: Vec<&'static str>,
    /// What is kept, until when, and why.
    kept: Vec<KeptView>,
}

/// Everything that is held of oneself, as one JSON with the files in it (base64). It needs a factor that was shown in the last
/// ten minutes.
#[utoipa::path(
    get,
    path = "/v1/me/export",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "Everything", body = Object)),
)]
async fn export_own(
    State(service): State<Arc<Service>>,
    current: SignedIn,
) -> Result<Response, ApiError> {
    current.require_fresh(&service)?;
    export_self(&service, current.0.person).await
}

/// Everything that is held of somebody who has shown lately that it is them.
pub(crate) async fn export_self(
    service: &Arc<Service>,
    person: PersonId,
) -> Result<Response, ApiError> {
    note_export(service, person, person).await?;
    export(service, person).await
}

/// Everything that is held of a person, for a compliance officer who answers a request of theirs.
#[utoipa::path(
    get,
    path = "/v1/people/{person}/export",
    tag = "privacy",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Everything", body = Object)),
)]
async fn export_person(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
) -> Result<Response, ApiError> {
    staff.require(Right::ExportPeople, &ResourcePattern::Every)?;
    let person = person.parse().map_err(of_person)?;
    let is_there = service.people.find(person).await.map_err(of_person)?;
    let was_there = service.privacy.find(person).await.map_err(of_privacy)?;
    if is_there.is_none() && was_there.is_none() {
        return Err(of_privacy(PrivacyError::NoPerson));
    }
    note_export(&service, staff.standing().person(), person).await?;
    export(&service, person).await
}

async fn note_export(service: &Service, by: PersonId, person: PersonId) -> Result<(), ApiError> {
    let (actor, who) = (format!("person:{by}"), person.to_string());
    let written = service
        .audit
        .add(&actor, Act::ExportPerson, (&who, ""), service.now());
    written.await.map_err(|error| {
        let code = if error.is_passing() {
            ProblemCode::NoRoom
        } else {
            ProblemCode::Internal
        };
        ApiError::caused(code, &error)
    })
}

/// Erase oneself. It needs a factor that was shown in the last ten minutes, and no money on the platform or in an offering that
/// could come back: take it out first. What the law asks to keep is named in the answer, with its time.
#[utoipa::path(
    post,
    path = "/v1/me/erasure",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, description = "It is done", body = ErasureView)),
)]
async fn erase_own(
    State(service): State<Arc<Service>>,
    current: SignedIn,
) -> Result<Response, ApiError> {
    current.require_fresh(&service)?;
    let person = current.0.person;
    let view = erase(&service, person, person).await?;
    let cookie = [(header::SET_COOKIE, remove_cookie()?)];
    Ok((cookie, Json(view)).into_response())
}

/// Erase a person, for a compliance officer who answers a request of theirs. Asked again it says the same.
#[utoipa::path(
    post,
    path = "/v1/people/{person}/erasure",
    tag = "privacy",
    security(("session" = [])),
    params(("person" = String, Path, description = "The person's id")),
    responses((status = 200, description = "It is done", body = ErasureView)),
)]
async fn erase_person(
    State(service): State<Arc<Service>>,
    Path(person): Path<String>,
    staff: Staff,
) -> Result<Json<ErasureView>, ApiError> {
    staff.require(Right::ErasePeople, &ResourcePattern::Every)?;
    let person = person.parse().map_err(of_person)?;
    let erased = erase(&service, staff.standing().person(), person).await?;
    Ok(Json(erased))
}

/// What became of a person, for pages: what is gone, and what is kept until when.
#[derive(Debug)]
pub(crate) struct Erased {
    /// What is gone.
    pub(crate) gone: Vec<&'static str>,
    /// What is kept, and until when; `None`: for good.
    pub(crate) kept: Vec<(&'static str, Option<UnixMillis>)>,
}

/// Erases somebody who has shown lately that it is them.
pub(crate) async fn erase_self(service: &Service, person: PersonId) -> Result<Erased, ApiError> {
    let view = erase(service, person, person).await?;
    let kept = view.kept.into_iter();
    let kept = kept.map(|kept| {
        let until = kept.until.as_deref().map(|text| instant("until", text));
        Ok((kept.what, until.transpose()?))
    });
    Ok(Erased {
        gone: view.erased,
        kept: kept.collect::<Result<_, ApiError>>()?,
    })
}

async fn erase(service: &Service, by: PersonId, person: PersonId) -> Result<ErasureView, ApiError> {
    let owner = Owner(person.to_bytes());
    require_no_money(service, owner).await?;
    let took_part = took_part(service, owner).await?;
    let (actor, now) = (format!("person:{by}"), service.now());
    let erased = service.privacy.erase((&actor, person), now).await;
    let erased = erased.map_err(of_privacy)?;
    // What stops before this is done when it is asked for again: it then says the same.
    let forgotten = service.wallet_acts.forget(person).await;
    forgotten.map_err(of_database)?;
    let forgotten = service.budgets.forget(person).await;
    forgotten.map_err(of_database)?;
    let forgotten = service.notices.forget(person).await;
    forgotten.map_err(of_database)?;
    if !took_part {
        forget_numbers(service, owner).await.map_err(of_journal)?;
    }
    Ok(view(&erased, took_part, now))
}

/// Forgets which numbers a person has in offerings, if they have any.
pub(crate) async fn forget_numbers(service: &Service, owner: Owner) -> Result<(), JournalError> {
    if service.numbers.of_person(owner).await?.is_empty() {
        return Ok(());
    }
    // What is on its way stands in the platform's log, which another node may have made just now.
    service.journal.open_platform().await?;
    service.transfers().forget(owner).await
}

/// Nobody is erased who would lose money by it: they could not log in to take it out.
async fn require_no_money(service: &Service, owner: Owner) -> Result<(), ApiError> {
    let has_money = || of_journal(JournalError::HasMoney);
    if let Some(platform) = service.journal.find_platform().await.map_err(of_journal)? {
        let state = platform.sequencer.read();
        let balances = state.machine().balances();
        let is_on_its_way = balances
            .open_transfers()
            .any(|transfer| transfer.person == owner);
        let has_balance = balances
            .balances(owner)
            .any(|(_, balance)| !balance.available.is_zero());
        if is_on_its_way || has_balance {
            return Err(has_money());
        }
    }
    let could_come_back =
        |held: &softcap_offering::AccountBalance| !held.available.is_zero() || !held.held.is_zero();
    if any_account(service, owner, could_come_back).await? {
        return Err(has_money());
    }
    Ok(())
}

/// Whether money of the person was accepted somewhere: then they have a claim on tokens, which hangs on their number.
async fn took_part(service: &Service, owner: Owner) -> Result<bool, ApiError> {
    any_account(service, owner, |held| !held.spent.is_zero()).await
}

async fn any_account(
    service: &Service,
    owner: Owner,
    is_it: impl Fn(&softcap_offering::AccountBalance) -> bool,
) -> Result<bool, ApiError> {
    let rows = service.numbers.of_person(owner).await.map_err(of_journal)?;
    for (offering, number) in rows {
        let Some(log) = service.journal.offering(&offering) else {
            continue;
        };
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let Some(index) = offering.find_investor(InvestorId::Opaque(&number)) else {
            continue;
        };
        let mut places = (0_u8..).take(log.terms.currencies.len());
        if places.any(|place| is_it(&offering.account(index, CurrencyIndex(place)))) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn view(erased: &Erasure, took_part: bool, now: UnixMillis) -> ErasureView {
    let mut gone = vec![
        "account",
        "sessions",
        "factors",
        "keys",
        "roles",
        "mail_codes",
        "wallet_acts",
        "budgets",
    ];
    let mut kept = Vec::new();
    if erased.done_at.is_some() || erased.keep_until <= now {
        gone.push("verification");
    } else {
        kept.push(KeptView {
            what: "verification",
            until: Some(time_text(erased.keep_until)),
            why: "Somebody decided by what you said and showed; the law against money laundering asks to keep it.",
        });
    }
    if took_part {
        kept.push(KeptView {
            what: "investor_numbers",
            until: Some(time_text(erased.keep_until)),
            why: "Money of yours was accepted: your number in the offering is what your tokens hang on.",
        });
    } else {
        gone.push("investor_numbers");
    }
    kept.push(KeptView {
        what: "audit",
        until: None,
        why: "It names you by an id that leads to nobody any more.",
    });
    kept.push(KeptView {
        what: "records",
        until: None,
        why: "The records of offerings hold numbers, and nothing about people.",
    });
    ErasureView {
        person: erased.person.to_string(),
        asked_at: time_text(erased.asked_at),
        erased: gone,
        kept,
    }
}

/// A refusal as an answer.
fn of_privacy(error: PrivacyError) -> ApiError {
    let status = match error {
        PrivacyError::Person(error) => return of_person(error),
        PrivacyError::Role(error) => return of_role(error),
        PrivacyError::Verification(error) => return of_verification(error),
        PrivacyError::Database(ref database) if database.is_passing() => {
            return ApiError::caused(ProblemCode::NoRoom, &error);
        }
        PrivacyError::Database(_) => return ApiError::internal(&error),
        PrivacyError::NoPerson => axum::http::StatusCode::NOT_FOUND,
        PrivacyError::HasRole => axum::http::StatusCode::CONFLICT,
    };
    ApiError::domain(&error, error.code(), (status, remedy(&error)))
}

fn remedy(error: &PrivacyError) -> &'static str {
    match error {
        PrivacyError::HasRole => {
            "Give the role up at `DELETE /v1/me/roles/{role}`, or have it taken."
        }
        PrivacyError::NoPerson
        | PrivacyError::Person(_)
        | PrivacyError::Role(_)
        | PrivacyError::Verification(_)
        | PrivacyError::Database(_) => "Correct the id and ask again.",
    }
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let all = [PrivacyError::NoPerson, PrivacyError::HasRole];
    all.into_iter()
        .map(|error| CodeText::of(&error, error.code(), remedy(&error)))
}
