//! Drafts of offerings: terms that are written, checked and tried out until they are announced. A draft
//! is private and in no record; its name is the one under which it will be announced, and scopes are
//! those on an offering of that name.

use std::{str::FromStr as _, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{UnixMillis, Verb};
use softcap_journal::LogName;
use utoipa::ToSchema;

use super::{
    Service,
    call_note::begin_change,
    caller::Caller,
    etag::{require_version, tagged, unless_known},
    issuer::Signing,
    offerings::{Announced, CheckReport, OfferingView, announce_terms, check_terms, free_name},
    page::rows,
    simulations::{SimulationView, TrialBody, simulate_terms},
    webhooks::of_database,
};
use crate::{
    drafts::{Added, Draft, DraftName, MOST_DRAFTS, Replaced},
    extract::{Json, Path, Query},
    problem::{ApiError, ProblemCode},
};

/// Longest text of terms in bytes. The longest real ones have a tenth of it.
const LONGEST_TERMS: usize = 65_536;
/// Largest body in bytes: such terms as JSON, and contributions to try them with.
const LARGEST_BODY: usize = 1 << 18;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(create, list, read, replace, delete, check, simulate, announce))]
pub(crate) struct DraftPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/drafts", get(list).post(create))
        .route("/v1/drafts/{draft}", get(read).put(replace).delete(delete))
        .route("/v1/drafts/{draft}/check", post(check))
        .route("/v1/drafts/{draft}/simulate", post(simulate))
        .route("/v1/drafts/{draft}/announcement", post(announce))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// A draft to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDraft {
    /// The name under which it will be announced: lower-case letters, digits and hyphens.
    #[schema(example = "harbour")]
    name: String,
    /// The content of `offering.toml`, right or wrong; at most 65,536 bytes.
    terms: String,
}

/// Other terms for a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftTerms {
    /// The content of `offering.toml`, right or wrong; at most 65,536 bytes.
    terms: String,
}

/// Which terms are announced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Announcement {
    /// The hash of the terms, so that nobody announces other ones than were checked.
    terms_hash: String,
    /// The issuer's signature of them: the content of `offering.sig`.
    #[serde(default)]
    signature: Option<String>,
    /// The issuer's public key, `NAME+ID+KEY`. Without it one of those that the server knows.
    #[serde(default)]
    issuer_key: Option<String>,
}

/// A draft.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DraftView {
    /// The name under which it will be announced.
    name: String,
    /// The content of `offering.toml`.
    terms: String,
    /// When it was written, RFC 3339.
    changed_at: String,
}

/// A draft in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DraftRow {
    /// The name under which it will be announced.
    name: String,
    /// SHA-256 of the text: its ETag without quotation marks.
    version: String,
    /// When it was written, RFC 3339.
    changed_at: String,
}

/// A page of drafts by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DraftPage {
    /// Those that the key may read.
    drafts: Vec<DraftRow>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftQuery {
    /// `next` of the page before.
    #[serde(default)]
    after: Option<String>,
    /// How many, 1 to 1000; 100 without a wish.
    #[serde(default)]
    limit: Option<usize>,
}

fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| unix_ms.to_string(), |time| time.to_string())
}

fn shown(status: StatusCode, draft: Draft) -> Response {
    let Draft {
        name,
        terms,
        version,
        changed_ms,
    } = draft;
    let view = DraftView {
        name,
        terms,
        changed_at: time(changed_ms),
    };
    tagged(&version, (status, Json(view)))
}

fn new_draft(name: &str, terms: String) -> Result<Draft, ApiError> {
    if terms.len() > LONGEST_TERMS {
        return Err(ApiError::invalid("terms", "at most 65536 bytes"));
    }
    // PostgreSQL keeps no such text, and no TOML has the character.
    if terms.contains('\0') {
        return Err(ApiError::invalid("terms", "they contain the character 0"));
    }
    Ok(Draft::new(name, terms, UnixMillis::now().get()))
}

/// The draft, if the caller may. Who may not is not told whether there is one.
pub(crate) async fn draft_of(
    service: &Service,
    caller: &Caller,
    verb: Verb,
    name: &str,
) -> Result<Draft, ApiError> {
    caller.require(verb, name)?;
    let found = match LogName::from_str(name) {
        Ok(name) => service.drafts.read(name.as_str()).await,
        Err(_) => Ok(None),
    };
    found
        .map_err(of_database)?
        .ok_or_else(|| ApiError::not_found("there is no draft of this name"))
}

fn changed_meanwhile(change: Replaced) -> Result<(), ApiError> {
    match change {
        Replaced::Done => Ok(()),
        Replaced::OtherVersion => Err(ProblemCode::ConditionFailed.into()),
    }
}

/// Make a draft. Its text need not be right yet. A server keeps at most 1000 drafts.
#[utoipa::path(
    post,
    path = "/v1/drafts",
    tag = "drafts",
    security(("key" = [])),
    request_body = NewDraft,
    responses((status = 201, description = "The draft, with its ETag", body = DraftView)),
)]
async fn create(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Json(new): Json<NewDraft>,
) -> Result<Response, ApiError> {
    let draft = create_draft(&service, &caller, &new.name, new.terms).await?;
    Ok(shown(StatusCode::CREATED, draft))
}

/// Makes a draft, if the caller may and the name is free.
pub(crate) async fn create_draft(
    service: &Service,
    caller: &Caller,
    name: &str,
    terms: String,
) -> Result<Draft, ApiError> {
    let name = free_name(caller, name)?;
    if service.journal.offering(&name).is_some() {
        let detail = "there is an offering of this name: its terms are frozen";
        return Err(ApiError::new(ProblemCode::Conflict, detail));
    }
    let draft = new_draft(name.as_str(), terms)?;
    begin(service, caller, ("create", &draft)).await?;
    let detail = match service.drafts.add(&draft).await.map_err(of_database)? {
        Added::Stored => return Ok(draft),
        Added::NameTaken => "there is a draft of this name: replace it".to_owned(),
        Added::Full => format!("there are {MOST_DRAFTS} drafts: announce or delete some"),
    };
    Err(ApiError::new(ProblemCode::Conflict, detail))
}

/// The drafts that the caller may read, by name.
pub(crate) async fn readable_drafts(
    service: &Service,
    caller: &Caller,
) -> Result<Vec<DraftName>, ApiError> {
    let mut names = service.drafts.names().await.map_err(of_database)?;
    names.retain(|draft| caller.require(Verb::OfferingsRead, &draft.name).is_ok());
    Ok(names)
}

/// The drafts that the key may read, by name, without their texts.
#[utoipa::path(
    get,
    path = "/v1/drafts",
    tag = "drafts",
    security(("key" = [])),
    params(DraftQuery),
    responses((status = 200, description = "A page", body = DraftPage)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Query(query): Query<DraftQuery>,
) -> Result<Json<DraftPage>, ApiError> {
    let limit = rows(query.limit)?;
    let after = query.after.unwrap_or_default();
    let names = readable_drafts(&service, &caller).await?;
    let mut rest = names.into_iter().filter(|draft| draft.name > after);
    let drafts: Vec<DraftRow> = rest
        .by_ref()
        .take(limit)
        .map(|draft| DraftRow {
            name: draft.name,
            version: draft.version,
            changed_at: time(draft.changed_ms),
        })
        .collect();
    let last = drafts.last().map(|draft| draft.name.clone());
    let next = rest.next().and(last);
    Ok(Json(DraftPage { drafts, next }))
}

/// A draft. Its ETag names its text: send it in `If-Match` to replace or delete just this one.
#[utoipa::path(
    get,
    path = "/v1/drafts/{draft}",
    tag = "drafts",
    security(("key" = [])),
    params(("draft" = String, Path, description = "Name of the draft")),
    responses(
        (status = 200, description = "The draft", body = DraftView),
        (status = 304, description = "The one you have"),
    ),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    let version = draft.version.clone();
    let answer = shown(StatusCode::OK, draft);
    Ok(unless_known(&headers, &version, answer))
}

/// Replace the text of a draft, if it is still the one you read.
#[utoipa::path(
    put,
    path = "/v1/drafts/{draft}",
    tag = "drafts",
    security(("key" = [])),
    params(
        ("draft" = String, Path, description = "Name of the draft"),
        ("If-Match" = String, Header, description = "The ETag of the draft as you read it, or *"),
    ),
    request_body = DraftTerms,
    responses((status = 200, description = "The draft, with its new ETag", body = DraftView)),
)]
async fn replace(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<DraftTerms>,
) -> Result<Response, ApiError> {
    let old = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    require_version(&headers, &old.version)?;
    let draft = replace_draft(&service, &caller, &old, body.terms).await?;
    Ok(shown(StatusCode::OK, draft))
}

/// Writes down who is about to do what to a draft, with the hash of the text that it is about.
async fn begin(
    service: &Service,
    caller: &Caller,
    (act, draft): (&str, &Draft),
) -> Result<(), ApiError> {
    let (subject, what) = (
        format!("draft:{}", draft.name),
        format!("{act} {}", draft.version),
    );
    begin_change(service, &caller.who(), (&subject, &what)).await
}

/// Puts a text in the place of a version of a draft that the caller may write.
pub(crate) async fn replace_draft(
    service: &Service,
    caller: &Caller,
    old: &Draft,
    terms: String,
) -> Result<Draft, ApiError> {
    let draft = new_draft(&old.name, terms)?;
    begin(service, caller, ("replace", &draft)).await?;
    let replaced = service.drafts.replace(&draft, &old.version).await;
    changed_meanwhile(replaced.map_err(of_database)?)?;
    Ok(draft)
}

/// Deletes a version of a draft that the caller may write.
pub(crate) async fn remove_draft(
    service: &Service,
    caller: &Caller,
    draft: &Draft,
) -> Result<(), ApiError> {
    begin(service, caller, ("remove", draft)).await?;
    let removed = service.drafts.remove(&draft.name, &draft.version).await;
    changed_meanwhile(removed.map_err(of_database)?)
}

/// Delete a draft, if it is still the one you read.
#[utoipa::path(
    delete,
    path = "/v1/drafts/{draft}",
    tag = "drafts",
    security(("key" = [])),
    params(
        ("draft" = String, Path, description = "Name of the draft"),
        ("If-Match" = String, Header, description = "The ETag of the draft as you read it, or *"),
    ),
    responses((status = 204, description = "It is gone")),
)]
async fn delete(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    require_version(&headers, &draft.version)?;
    remove_draft(&service, &caller, &draft).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Check a draft: errors, and warnings that protect investors.
#[utoipa::path(
    post,
    path = "/v1/drafts/{draft}/check",
    tag = "drafts",
    security(("key" = [])),
    params(("draft" = String, Path, description = "Name of the draft")),
    responses((status = 200, description = "What the linter says", body = CheckReport)),
)]
async fn check(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Json<CheckReport>, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    Ok(Json(check_terms(&draft.terms)))
}

/// Try a draft out: what would become of these contributions. Nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/drafts/{draft}/simulate",
    tag = "drafts",
    security(("key" = [])),
    params(("draft" = String, Path, description = "Name of the draft")),
    request_body = TrialBody,
    responses((status = 200, description = "What would happen", body = SimulationView)),
)]
async fn simulate(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
    Json(trial): Json<TrialBody>,
) -> Result<Json<SimulationView>, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    simulate_terms(draft.terms, trial).await.map(Json)
}

/// Announce a draft: its terms are frozen from here on, and the draft is gone. They must have been rehearsed (`H447`), but for a
/// key that is for trials.
#[utoipa::path(
    post,
    path = "/v1/drafts/{draft}/announcement",
    tag = "drafts",
    security(("key" = [])),
    params(("draft" = String, Path, description = "Name of the draft")),
    request_body = Announcement,
    responses((status = 201, description = "The offering", body = OfferingView)),
)]
async fn announce(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Caller,
    Json(announcement): Json<Announcement>,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let signing = Signing {
        note: announcement.signature.as_deref(),
        key: announcement.issuer_key.as_deref(),
    };
    let hash = &announcement.terms_hash;
    let view = announce_draft(&service, &caller, &draft, (hash, signing)).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Freezes the terms of a draft that have this hash; the draft is gone.
pub(crate) async fn announce_draft(
    service: &Service,
    caller: &Caller,
    draft: &Draft,
    (terms_hash, signing): (&str, Signing<'_>),
) -> Result<OfferingView, ApiError> {
    let log_name = free_name(caller, &draft.name)?;
    let announced = Announced {
        text: &draft.terms,
        terms_hash,
        signing,
    };
    let view = announce_terms(service, caller, &log_name, &announced).await?;
    // The offering is there whatever becomes of its draft, and of that whoever lists drafts learns.
    if let Err(error) = service.drafts.remove(&draft.name, &draft.version).await {
        tracing::warn!(draft = %draft.name, %error, "a draft was announced and is still there");
    }
    Ok(view)
}
