//! An application contributes for the person who granted it, out of that person's balance.
//!
//! Nobody's role is asked: it is the person's own money. Asked are the scope, what the person left of the grant, the limits of
//! amounts in it, and what the person allows themself.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::post};
use serde::Deserialize;
use softcap_identity::{BearerOwner, Verb};
use softcap_offering::Amount;
use utoipa::ToSchema;

use super::{app_caller::AppCaller, problem::challenged, spending::Allowance};
use crate::{
    api::{
        EntryView, OwnContribution, Service,
        amount::{parse_currency, parse_units},
        caller::{Caller, IdempotencyKey},
        contributions::{created, entry},
        own_contributions::{contribute_within, is_same_as},
    },
    extract::Json,
    problem::{ApiError, ProblemCode},
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(contribute))]
pub(crate) struct OwnContributionPaths;

pub(in crate::api) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/v1/me/contributions", post(contribute))
}

/// A contribution out of one's own balance.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOwnContribution {
    /// Name of the offering.
    #[schema(example = "harbour")]
    offering: String,
    /// Symbol of a currency of its terms, which is on the balance.
    #[schema(example = "EUR")]
    currency: String,
    /// Smallest units.
    #[schema(example = "125000")]
    amount: String,
}

/// As an application with `contributions:write`: contribute for the person of the token, out of their balance. What is not taken
/// goes back to it at once. A refusal by the rules is an entry too: 201 with the outcome `refused`.
#[utoipa::path(
    post,
    path = "/v1/me/contributions",
    tag = "people",
    security(("key" = [])),
    params(("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry")),
    request_body = NewOwnContribution,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn contribute(
    State(service): State<Arc<Service>>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewOwnContribution>,
) -> Result<Response, ApiError> {
    let Caller::App(app) = caller else {
        return Err(ApiError::new(
            ProblemCode::NotAllowed,
            "for applications: a person contributes on the pages of the site",
        ));
    };
    let log = service.offering(&new.offering)?;
    let person = app.own_money(&new.offering)?;
    let own = OwnContribution {
        once: format!("{} {}", app.actor(), key.text()),
        currency: parse_currency(&log.terms, &new.currency)?,
        amount: Amount(parse_units("amount", &new.amount)?),
        limit: None,
        sealed: None,
    };
    let allowance = Allowance::of(&app.bearer);
    let sequence = contribute_within(&service, &log, person, (&own, allowance)).await?;
    if !is_same_as(&log, sequence, &own) {
        return Err(ProblemCode::KeyReused.into());
    }
    Ok(created(&entry(&log, sequence).await?))
}

impl AppCaller {
    /// The person whose money a token may contribute with on an offering.
    fn own_money(&self, offering: &str) -> Result<softcap_identity::PersonId, ApiError> {
        let allowed = self
            .bearer
            .require(Verb::ContributionsWrite, Some(offering));
        allowed.map_err(|error| challenged(error, self.scheme()))?;
        match &self.bearer.owner {
            BearerOwner::Person { person, .. } => Ok(*person),
            // It has no balance.
            BearerOwner::Client => Err(ProblemCode::NotAllowed.into()),
        }
    }
}
