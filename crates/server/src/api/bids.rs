//! Sealed bids: money is locked first, amount and price are opened later by a `reveal` operation.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::post};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_offering::{Amount, Command, Funding, InvestorId};
use softcap_proof::from_hex;
use utoipa::ToSchema;

use super::{
    Service,
    amount::parse_units,
    caller::{Caller, IdempotencyKey},
    contributions::{FundingName, created},
    entry_view::EntryView,
    submit::submit,
};
use crate::{
    extract::{Json, Path},
    problem::ApiError,
};

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(commit))]
pub(crate) struct BidPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/v1/offerings/{offering}/bids", post(commit))
}

/// A sealed bid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBid {
    /// Who bids.
    #[schema(example = "p-1024")]
    investor: String,
    /// Money locked, in smallest units of the round's currency; a multiple of the terms' step.
    locked: String,
    /// 64 hexadecimal digits: the salted hash of what is revealed later.
    commitment: String,
    /// Where the money is; `arrived` without a wish.
    #[serde(default)]
    funding: Option<FundingName>,
    /// A name of your own for it. It is public.
    #[serde(default)]
    reference: String,
}

/// Bid in a sealed round. Answered when the entry is on disk; a refusal by the rules is an entry too.
#[utoipa::path(
    post,
    path = "/v1/offerings/{offering}/bids",
    tag = "contributions",
    security(("key" = [])),
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; repeat it on a retry"),
    ),
    request_body = NewBid,
    responses((status = 201, description = "The entry and its receipt", body = EntryView)),
)]
async fn commit(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    caller: Caller,
    key: IdempotencyKey,
    Json(bid): Json<NewBid>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    caller.require(Verb::ContributionsWrite, &offering)?;
    let commitment = from_hex(&bid.commitment).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let command = Command::Commit {
        investor: InvestorId::parse(&bid.investor)
            .map_err(|error| ApiError::invalid("investor", &error.to_string()))?,
        locked: Amount(parse_units("locked", &bid.locked)?),
        commitment: commitment
            .ok_or_else(|| ApiError::invalid("commitment", "64 lower-case hexadecimal digits"))?,
        reference: &bid.reference,
        funding: match bid.funding {
            Some(FundingName::Account) => Funding::Account,
            Some(FundingName::Arrived) | None => Funding::Arrived,
        },
    };
    let entry = submit(&service, &log, &caller, &key, &command).await?;
    Ok(created(&entry))
}
