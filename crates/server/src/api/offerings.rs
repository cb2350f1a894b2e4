//! Offerings: announce one, list them, read terms and live totals.

use std::{str::FromStr as _, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::Verb;
use softcap_journal::{LogName, OfferingLog};
use softcap_offering::{Phase, terms};
use softcap_proof::hex;
use utoipa::ToSchema;

use super::{
    Service,
    amount::Money,
    call_note::begin_change,
    caller::Caller,
    entry_view::position_text,
    etag::unless_known,
    issuer::{Signing, TermsSignature, verified},
    rehearsals::require_rehearsed,
    submit::of_journal,
};
use crate::{
    extract::{Json, Path},
    problem::ApiError,
};

/// Names that stand for something else: the log of balances, and addresses beside the offerings.
const RESERVED: [&str; 3] = ["platform", "check", "simulate"];
/// Why terms that are right are not announced here: the journal would refuse them.
const FOREIGN_CLOCK: &str = "note: the clock counts blocks: softcap settle takes these terms, a server \
    stamps time and does not announce them";

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(check, announce, list, read, terms_text, terms_signature))]
pub(crate) struct OfferingPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/offerings", get(list).post(announce))
        .route("/v1/offerings/check", post(check))
        .route("/v1/offerings/{offering}", get(read))
        .route("/v1/offerings/{offering}/terms", get(terms_text))
        .route(
            "/v1/offerings/{offering}/terms/signature",
            get(terms_signature),
        )
}

/// Terms to be checked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TermsBody {
    /// The content of `offering.toml`.
    terms: String,
}

/// An offering to be announced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOffering {
    /// Its name in addresses: lower-case letters, digits and hyphens.
    #[schema(example = "harbour")]
    name: String,
    /// The content of `offering.toml`.
    terms: String,
    /// The hash of the terms, so that nobody announces other ones than were checked.
    terms_hash: String,
    /// The issuer's signature of them: the content of `offering.sig`.
    #[serde(default)]
    signature: Option<String>,
    /// The issuer's public key, `NAME+ID+KEY`. Without it one of those that the server knows.
    #[serde(default)]
    issuer_key: Option<String>,
}

/// What the linter says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckReport {
    /// Whether the terms can be announced.
    valid: bool,
    /// Their hash, if they are terms at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_hash: Option<String>,
    /// Errors and warnings, in the order of the text.
    problems: Vec<String>,
}

/// An offering now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferingView {
    /// Its name in addresses.
    name: String,
    /// Its title.
    title: String,
    /// First line of its checkpoints.
    origin: String,
    /// SHA-256 of the canonical terms.
    terms_hash: String,
    /// Whether the issuer signed them; the signature is at `.../terms/signature`.
    terms_signature: TermsSignature,
    /// The key with which they are signed. Compare it with a source you trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_key: Option<String>,
    /// Where in its life cycle it is.
    phase: &'static str,
    /// The open round.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<String>,
    /// Newest position.
    position: String,
    /// Accepted value.
    raised: Money,
    /// How many contributions there are, refused ones included.
    contributions: usize,
    /// How many investors.
    investors: usize,
    /// Entries of its log.
    entries: u64,
    /// Why contributions are stopped by the server, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

/// All offerings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferingList {
    /// By name.
    offerings: Vec<OfferingView>,
}

pub(crate) fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Draft => "draft",
        Phase::Announced => "announced",
        Phase::Open(_) => "open",
        Phase::Paused => "paused",
        Phase::BetweenRounds => "between_rounds",
        Phase::Closed => "closed",
        Phase::Cancelled => "cancelled",
        Phase::Expired => "expired",
        Phase::Distributing => "distributing",
        Phase::Refunding => "refunding",
        Phase::Finished => "finished",
    }
}

pub(super) fn offering_view(log: &OfferingLog) -> OfferingView {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let terms = &log.terms;
    let phase = offering.phase();
    let round = if let Phase::Open(round) = phase {
        let open = terms.rounds.get(round.index());
        open.map(|round| round.name.clone())
    } else {
        None
    };
    OfferingView {
        name: log.row.name.to_string(),
        title: terms.name.clone(),
        origin: terms.origin.clone(),
        terms_hash: hex(&terms.hash().0),
        terms_signature: match log.row.issuer {
            Some(_) => TermsSignature::Signed,
            None => TermsSignature::Unsigned,
        },
        issuer_key: log.row.issuer.as_ref().map(|issuer| issuer.key.clone()),
        phase: phase_name(phase),
        round,
        position: position_text(terms, offering.now_stamp().position.0),
        raised: Money::of_value(terms, offering.raised().0),
        contributions: offering.contribution_count(),
        investors: offering.investor_count(),
        entries: state.size(),
        stopped: log.sequencer.stopped().map(|reason| reason.to_string()),
    }
}

/// Check terms: errors, and warnings that protect investors.
#[utoipa::path(
    post,
    path = "/v1/offerings/check",
    tag = "offerings",
    security(("key" = [])),
    request_body = TermsBody,
    responses((status = 200, description = "What the linter says", body = CheckReport)),
)]
async fn check(
    State(_): State<Arc<Service>>,
    _: Caller,
    Json(body): Json<TermsBody>,
) -> Result<Json<CheckReport>, ApiError> {
    Ok(Json(check_terms(&body.terms)))
}

/// What the linter says of a text, and whether it could be announced here.
pub(super) fn check_terms(text: &str) -> CheckReport {
    let parsed = match terms::Terms::parse(text) {
        Ok(parsed) => parsed,
        Err(problems) => {
            return CheckReport {
                valid: false,
                terms_hash: None,
                problems: problems.iter().map(ToString::to_string).collect(),
            };
        }
    };
    let found = terms::lint(&parsed);
    let mut problems: Vec<String> = found.iter().map(ToString::to_string).collect();
    let valid = match parsed.clock.kind {
        terms::ClockKind::Time => true,
        terms::ClockKind::Block => {
            problems.insert(0, FOREIGN_CLOCK.to_owned());
            false
        }
    };
    CheckReport {
        valid,
        terms_hash: Some(hex(&parsed.hash().0)),
        problems,
    }
}

/// Reads terms that are to be used; the first thing that is wrong with them.
pub(super) fn parse_terms(text: &str) -> Result<terms::Terms, ApiError> {
    terms::Terms::parse(text).map_err(|problems| {
        let first = problems
            .first()
            .map_or_else(String::new, ToString::to_string);
        ApiError::invalid("terms", &first)
    })
}

/// Announce an offering: its terms are frozen from here on. They must have been rehearsed as a draft (`H447`), but for a key that
/// is for trials.
#[utoipa::path(
    post,
    path = "/v1/offerings",
    tag = "offerings",
    security(("key" = [])),
    request_body = NewOffering,
    responses((status = 201, description = "The offering", body = OfferingView)),
)]
async fn announce(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Json(new): Json<NewOffering>,
) -> Result<Response, ApiError> {
    let name = free_name(&caller, &new.name)?;
    let view = announce_terms(
        &service,
        &caller,
        &name,
        &Announced {
            text: &new.terms,
            terms_hash: &new.terms_hash,
            signing: Signing {
                note: new.signature.as_deref(),
                key: new.issuer_key.as_deref(),
            },
        },
    )
    .await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// A name under which the caller may announce an offering. Whether there is one is not asked.
pub(super) fn free_name(caller: &Caller, name: &str) -> Result<LogName, ApiError> {
    let name = LogName::from_str(name).map_err(of_journal)?;
    caller.require(Verb::OfferingsWrite, name.as_str())?;
    if RESERVED.contains(&name.as_str()) {
        let why = "this name has a meaning of its own";
        return Err(ApiError::invalid("name", why));
    }
    Ok(name)
}

/// Terms that are to be frozen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced<'a> {
    /// The content of `offering.toml`.
    pub(super) text: &'a str,
    /// The hash that they must have.
    pub(super) terms_hash: &'a str,
    /// Who signed them.
    pub(super) signing: Signing<'a>,
}

/// Freezes terms that have the hash, and the signature where one is demanded.
pub(super) async fn announce_terms(
    service: &Service,
    caller: &Caller,
    name: &LogName,
    new: &Announced<'_>,
) -> Result<OfferingView, ApiError> {
    let parsed = parse_terms(new.text)?;
    if hex(&parsed.hash().0) != new.terms_hash.to_ascii_lowercase() {
        let why = "it is not the hash of these terms: check them first";
        return Err(ApiError::invalid("terms_hash", why));
    }
    require_rehearsed(service, caller, &parsed).await?;
    let issuer = verified(&service.issuers, &parsed, new.signing)?;
    let what = format!("announce {}", hex(&parsed.hash().0));
    let subject = format!("offering:{name}");
    begin_change(service, &caller.who(), (&subject, &what)).await?;
    let journal = &service.journal;
    let log = journal.announce_signed(name, new.text, issuer).await;
    Ok(offering_view(&*log.map_err(of_journal)?))
}

/// All offerings.
#[utoipa::path(
    get,
    path = "/v1/offerings",
    tag = "offerings",
    responses((status = 200, description = "By name", body = OfferingList)),
)]
async fn list(State(service): State<Arc<Service>>) -> Json<OfferingList> {
    let offerings = service.journal.offerings();
    Json(OfferingList {
        offerings: offerings.iter().map(|log| offering_view(log)).collect(),
    })
}

/// An offering now, with live totals.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}",
    tag = "offerings",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "Now", body = OfferingView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
) -> Result<Json<OfferingView>, ApiError> {
    Ok(Json(offering_view(&*service.offering(&offering)?)))
}

/// The terms, as announced: the text of `offering.toml`. Its ETag is the terms hash.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/terms",
    tag = "offerings",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses(
        (status = 200, description = "offering.toml", body = String, content_type = "application/toml"),
        (status = 304, description = "The one you have"),
    ),
)]
async fn terms_text(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/toml"),
    );
    let tag = hex(&log.terms.hash().0);
    let answer = ([kind], log.row.document.clone());
    Ok(unless_known(&headers, &tag, answer))
}

/// The issuer's signature of the terms: a signed note (C2SP signed-note) over their origin and hash.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/terms/signature",
    tag = "offerings",
    params(("offering" = String, Path, description = "Name of the offering")),
    responses((status = 200, description = "offering.sig", body = String, content_type = "text/plain")),
)]
async fn terms_signature(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&offering)?;
    let issuer = log.row.issuer.as_ref();
    let issuer = issuer.ok_or_else(|| ApiError::not_found("nobody signed these terms"))?;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], issuer.note.clone()).into_response())
}
