//! Keys of programs: all of them, and one with what can be done with it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use softcap_identity::{KeyRecord, Reach, ResourcePattern, Right, Scope, UnixMillis, Verb};

use super::super::{
    fields::Fields,
    form::{Form, once},
    language::Language,
    page::{page, see_other},
    times::When,
    visit::Visit,
};
use crate::{
    api::{Caller, Service, Staff, find_key, list_keys, revoke_key, verb_words},
    extract::{Path, Query},
    problem::ApiError,
};

/// Keys of a page.
const ROWS: u32 = 100;
/// Keys that are looked at for those that were made with one.
const LOOKED_AT: u32 = 1_000;

/// How it stands with a key.
struct Standing {
    words: String,
    tone: &'static str,
}

/// A key in the list.
struct KeyRow {
    id: String,
    label: String,
    standing: Standing,
    environment: String,
    scopes: usize,
    used: Option<When>,
    ends: When,
}

#[derive(Template)]
#[template(path = "developer/keys.html")]
struct KeysPage {
    visit: Visit,
    rows: Vec<KeyRow>,
    /// After which key the next page begins.
    next: Option<i64>,
    may_write: bool,
}

/// A scope of a key.
struct ScopeRow {
    code: String,
    words: String,
    is_used: bool,
}

#[derive(Template)]
#[template(path = "developer/key.html")]
struct KeyPage {
    visit: Visit,
    key: KeyRow,
    scopes: Vec<ScopeRow>,
    /// Whether it could do without some of them.
    has_unused: bool,
    networks: String,
    limit: String,
    /// The public half of the pair that it signs with.
    public_key: Option<String>,
    made: When,
    made_by: String,
    idle: When,
    replaces: Option<String>,
    replaced_by: Option<String>,
    children: Vec<KeyRow>,
    is_live: bool,
    may_write: bool,
    done: Option<String>,
    /// Makes the form of a replacement make one key.
    once: String,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct KeysQuery {
    #[serde(default)]
    after: i64,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

impl KeyRow {
    fn new(visit: &Visit, record: &KeyRecord, now: UnixMillis) -> Self {
        let language = visit.language;
        Self {
            id: record.id.to_string(),
            label: record.label.clone(),
            standing: standing(visit, record, now),
            environment: environment(visit, record),
            scopes: record.policy.scopes.iter().count(),
            used: record.last_use.map(|used| When::of(language, used.at)),
            ends: When::of(language, record.policy.expires_at),
        }
    }
}

fn standing(visit: &Visit, record: &KeyRecord, now: UnixMillis) -> Standing {
    let (words, tone) = if record.revoked_at.is_some() {
        (visit.say("key-revoked"), "stop")
    } else if !record.is_live(now) {
        (visit.say("key-over"), "")
    } else if record.replaced_by.is_some() {
        (visit.say("key-replaced"), "poor")
    } else {
        (visit.say("key-live"), "good")
    };
    Standing { words, tone }
}

fn environment(visit: &Visit, record: &KeyRecord) -> String {
    use softcap_identity::Environment::{Live, Test};
    match record.policy.environment {
        Live => visit.say("key-for-live"),
        Test => visit.say("key-for-test"),
    }
}

/// Whether the person has a role that makes and ends keys; what the session must show is asked when it is done.
fn may_write(staff: &Staff) -> bool {
    let right = Right::Verb(Verb::KeysWrite);
    staff.standing().has(right, &ResourcePattern::Every)
}

pub(super) async fn keys(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<KeysQuery>,
) -> Result<Response, ApiError> {
    let may_write = may_write(&staff);
    let caller = Caller::from(staff);
    let records = list_keys(&service, &caller, query.after, ROWS + 1).await?;
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let shown = records.iter().take(most);
    let next = shown.clone().next_back().map(|last| last.number);
    let now = UnixMillis::now();
    page(&KeysPage {
        rows: shown
            .map(|record| KeyRow::new(&visit, record, now))
            .collect(),
        next: next.filter(|_| records.len() > most),
        may_write,
        visit,
    })
}

pub(super) async fn key(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let may_write = may_write(&staff);
    let caller = Caller::from(staff);
    let record = find_key(&service, &caller, &id).await?;
    let later = list_keys(&service, &caller, record.number, LOOKED_AT).await?;
    let maker = format!("key:{}", record.id);
    let (language, now) = (visit.language, UnixMillis::now());
    let children = later.iter().filter(|other| other.created_by == maker);
    let scopes: Vec<ScopeRow> = record
        .policy
        .scopes
        .iter()
        .map(|scope| scope_row(&visit, &record, scope))
        .collect();
    page(&KeyPage {
        key: KeyRow::new(&visit, &record, now),
        has_unused: scopes.iter().any(|scope| !scope.is_used),
        scopes,
        networks: networks(&visit, &record),
        limit: limit(language, &record),
        made: When::of(language, record.created_at),
        idle: When::of(language, record.idle_at(service.keys().idle_after())),
        replaces: record.replaces.map(|id| id.to_string()),
        replaced_by: record.replaced_by.map(|id| id.to_string()),
        children: children
            .map(|other| KeyRow::new(&visit, other, now))
            .collect(),
        is_live: record.is_live(now),
        may_write,
        done: match query.done.as_str() {
            "revoked" => Some(visit.say("key-is-revoked")),
            "shown" => Some(visit.say("key-is-shown")),
            _ => None,
        },
        once: once()?,
        public_key: record.public_key.as_ref().map(ToString::to_string),
        made_by: record.created_by,
        visit,
    })
}

fn scope_row(visit: &Visit, record: &KeyRecord, scope: &Scope) -> ScopeRow {
    ScopeRow {
        code: scope.to_string(),
        words: verb_words(visit, scope.verb),
        is_used: record.used.contains(&scope.verb),
    }
}

fn networks(visit: &Visit, record: &KeyRecord) -> String {
    let all = record.policy.addresses.iter();
    let all: Vec<String> = all.map(ToString::to_string).collect();
    if all.is_empty() {
        visit.say("key-everywhere")
    } else {
        all.join(", ")
    }
}

fn limit(language: Language, record: &KeyRecord) -> String {
    let limit = record.policy.limit;
    let (second, burst) = (limit.per_second(), limit.burst());
    let values = [("second", u64::from(second)), ("burst", u64::from(burst))];
    language.tell(
        "key-limit",
        &values.map(|(name, count)| (name, count.into())),
    )
}

pub(super) async fn revoke(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let reach = if fields.has("with_minted") {
        Reach::WithMinted
    } else {
        Reach::Alone
    };
    // Revoked twice is revoked.
    revoke_key(&service, &staff.into(), &id, reach).await?;
    see_other(&format!("/developer/keys/{id}?done=revoked"))
}
