//! API keys, made and changed with a key: only narrower ones, and only those of the same owner. A key
//! of another owner is answered as one that is not there.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{Environment, KeyRecord, Reach, UnixMillis, Verb};
use utoipa::ToSchema;

use super::{
    Service,
    caller::Caller,
    key_acts::{MadeKey, find_key, list_keys, make_key, revoke_key, rotate_key},
};
use crate::{
    extract::{Json, Path, Query},
    problem::ApiError,
};

/// Keys of a page at most, and without a wish.
const PAGE_MOST: u32 = 1000;
const PAGE: u32 = 100;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(create, list, read, rotate, revoke))]
pub(crate) struct KeyPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/keys", get(list).post(create))
        .route("/v1/keys/{id}", get(read).delete(revoke))
        .route("/v1/keys/{id}/rotation", post(rotate))
}

/// A key to be made: of the owner and environment of the key that asks, and within it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyBody {
    /// What people call it: 1 to 200 characters.
    #[schema(example = "till of the spring sale")]
    pub(crate) label: String,
    /// What it may do, each `VERB:RESOURCE`; the resource is `*` or the name of an offering.
    #[schema(example = json!(["contributions:write:harbour"]))]
    pub(crate) scopes: Vec<String>,
    /// From where, in CIDR form; without a wish that of the asking key.
    #[serde(default)]
    pub(crate) networks: Option<Vec<String>>,
    /// Until when, RFC 3339; without a wish 90 days, and never longer than the asking key.
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
    /// How fast; without a wish as fast as the asking key.
    #[serde(default)]
    pub(crate) limit: Option<LimitBody>,
    /// For real offerings or for trials; without a wish as the asking key, or `live` for a person.
    #[serde(default)]
    pub(crate) environment: Option<EnvironmentName>,
    /// Whether it is a canary: put where a thief looks. It can do nothing, is answered as a key that is unknown, and raises an
    /// alert at once. Nothing but its alert shows that it is one.
    #[serde(default)]
    pub(crate) canary: bool,
    /// The public half of an Ed25519 pair, as PEM or base64: the key signs each request (RFC 9421, docs/api-keys.md) and has no
    /// secret. Without it the answer holds a secret.
    #[serde(default)]
    #[schema(example = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")]
    pub(crate) public_key: Option<String>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EnvironmentName {
    /// Real offerings.
    Live,
    /// Trials.
    Test,
}

impl From<EnvironmentName> for Environment {
    fn from(name: EnvironmentName) -> Self {
        match name {
            EnvironmentName::Live => Self::Live,
            EnvironmentName::Test => Self::Test,
        }
    }
}

/// How fast a key may be used.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitBody {
    /// Requests per second in the long run.
    pub(crate) per_second: u32,
    /// Requests at once after a pause.
    pub(crate) burst: u32,
}

/// How a key is replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationBody {
    /// Seconds that the old key goes on working.
    pub(crate) overlap_seconds: u32,
    /// Until when the new one works, RFC 3339; without a wish as long as the old one would have.
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
    /// The public half of the pair that the new one signs with. Needed where the old one signs; a key with a secret becomes
    /// one that signs by it.
    #[serde(default)]
    pub(crate) public_key: Option<String>,
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    /// Its public part.
    id: String,
    /// Its place in the order of keys made.
    number: i64,
    /// What people call it.
    label: String,
    /// `live` or `test`.
    environment: &'static str,
    /// The public half of the pair that it signs with, in base64; absent where it has a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// What it may do.
    scopes: Vec<String>,
    /// From where; empty: from everywhere.
    networks: Vec<String>,
    /// How fast.
    limit: LimitBody,
    /// When it was made.
    created_at: String,
    /// `operator:NAME` or `key:ID`.
    created_by: String,
    /// When it ends, or ended.
    expires_at: String,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    /// The key it took the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    /// The key that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    /// The last use that was written down, about a minute old at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    /// When it ends if nobody uses it again.
    idle_at: String,
    /// Scopes that it was never used for: make a key without them and replace it.
    unused_scopes: Vec<String>,
}

/// A key that was made. It has no `Debug`, because it holds the secret.
#[derive(Serialize, ToSchema)]
pub(super) struct NewKeyView {
    /// The key itself, shown this once; absent where it signs its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// All else of it.
    key: KeyView,
}

/// A page of keys in the order they were made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyPage {
    /// The keys, live or not.
    keys: Vec<KeyView>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What a revocation ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevokedView {
    /// The keys that were revoked by this request; none when it was done before.
    revoked: Vec<String>,
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPageQuery {
    /// Keys after the one of this number.
    #[serde(default)]
    after: Option<i64>,
    /// How many, 1 to 1000; 100 without a wish.
    #[serde(default)]
    limit: Option<u32>,
}

/// How far a revocation reaches.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ReachQuery {
    /// Also all keys that were made with it, and with them, and so on: for a stolen key.
    #[serde(default)]
    with_minted: bool,
}

impl KeyView {
    fn new(record: &KeyRecord, idle_after: Duration) -> Self {
        let policy = &record.policy;
        Self {
            id: record.id.to_string(),
            number: record.number,
            label: record.label.clone(),
            environment: match policy.environment {
                Environment::Live => "live",
                Environment::Test => "test",
            },
            public_key: record.public_key.as_ref().map(ToString::to_string),
            scopes: policy.scopes.iter().map(ToString::to_string).collect(),
            networks: policy.addresses.iter().map(ToString::to_string).collect(),
            limit: LimitBody {
                per_second: policy.limit.per_second(),
                burst: policy.limit.burst(),
            },
            created_at: time_text(record.created_at),
            created_by: record.created_by.clone(),
            expires_at: time_text(policy.expires_at),
            revoked_at: record.revoked_at.map(time_text),
            replaces: record.replaces.map(|id| id.to_string()),
            replaced_by: record.replaced_by.map(|id| id.to_string()),
            last_used_at: record.last_use.map(|used| time_text(used.at)),
            idle_at: time_text(record.idle_at(idle_after)),
            unused_scopes: record.unused_scopes().map(ToString::to_string).collect(),
        }
    }
}

/// Make a key within the asking one, or, as a person, within one's own rights (an owner of the organisation: any). Its secret is in this answer and nowhere else: if the answer is
/// lost, revoke the key and make another.
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "keys",
    security(("key" = [])),
    request_body = NewKeyBody,
    responses((status = 201, description = "The key, shown once", body = NewKeyView)),
)]
async fn create(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Json(body): Json<NewKeyBody>,
) -> Result<Response, ApiError> {
    let made = make_key(&service, &caller, body).await?;
    Ok(shown_once(&service, &made))
}

/// Keys of the asking key's owner, in the order they were made; to a person with a role all keys.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "keys",
    security(("key" = [])),
    params(KeyPageQuery),
    responses((status = 200, description = "A page", body = KeyPage)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Query(page): Query<KeyPageQuery>,
) -> Result<Json<KeyPage>, ApiError> {
    caller.require_on_all(Verb::KeysRead)?;
    let limit = page.limit.unwrap_or(PAGE);
    if limit == 0 || limit > PAGE_MOST {
        return Err(ApiError::invalid("limit", "1 to 1000"));
    }
    let records = list_keys(&service, &caller, page.after.unwrap_or(0), limit + 1).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let idle_after = service.keys.idle_after();
    let keys: Vec<KeyView> = records
        .iter()
        .take(most)
        .map(|record| KeyView::new(record, idle_after))
        .collect();
    let next = keys
        .last()
        .filter(|_| records.len() > most)
        .map(|last| last.number);
    Ok(Json(KeyPage { keys, next }))
}

/// One key, live or not.
#[utoipa::path(
    get,
    path = "/v1/keys/{id}",
    tag = "keys",
    security(("key" = [])),
    params(("id" = String, Path, description = "The public part: 12 characters")),
    responses((status = 200, description = "The key without its secret", body = KeyView)),
)]
async fn read(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<KeyView>, ApiError> {
    let record = find_key(&service, &caller, &id).await?;
    Ok(Json(KeyView::new(&record, service.keys.idle_after())))
}

/// Replace a key by one that may do the same; the old one goes on working for the overlap.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/rotation",
    tag = "keys",
    security(("key" = [])),
    params(("id" = String, Path, description = "The public part: 12 characters")),
    request_body = RotationBody,
    responses((status = 201, description = "The new key, shown once", body = NewKeyView)),
)]
async fn rotate(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    caller: Caller,
    Json(body): Json<RotationBody>,
) -> Result<Response, ApiError> {
    let made = rotate_key(&service, &caller, &id, body).await?;
    Ok(shown_once(&service, &made))
}

/// End a key at once and for good. Doing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    tag = "keys",
    security(("key" = [])),
    params(("id" = String, Path, description = "The public part: 12 characters"), ReachQuery),
    responses((status = 200, description = "What was revoked", body = RevokedView)),
)]
async fn revoke(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    caller: Caller,
    Query(query): Query<ReachQuery>,
) -> Result<Json<RevokedView>, ApiError> {
    let reach = if query.with_minted {
        Reach::WithMinted
    } else {
        Reach::Alone
    };
    let revoked = revoke_key(&service, &caller, &id, reach).await?;
    Ok(Json(RevokedView {
        revoked: revoked.iter().map(|key| key.id.to_string()).collect(),
    }))
}

fn shown_once(service: &Service, made: &MadeKey) -> Response {
    let idle_after = service.keys.idle_after();
    let view = NewKeyView {
        secret: made.text.as_ref().map(|text| text.reveal().to_string()),
        key: KeyView::new(&made.record, idle_after),
    };
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::CREATED, headers, Json(view)).into_response()
}

pub(crate) fn time_text(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at.get())
        .map_or_else(|_| at.get().to_string(), |time| time.to_string())
}

/// When a key ends.
pub(super) fn expiry(text: &str) -> Result<UnixMillis, ApiError> {
    instant("expires_at", text)
}

/// A time of a field of this name.
pub(super) fn instant(field: &str, text: &str) -> Result<UnixMillis, ApiError> {
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| ApiError::invalid(field, "RFC 3339, for example 2027-01-31T12:00:00Z"))?;
    Ok(UnixMillis::new(time.as_millisecond()))
}
