//! Making a key and putting one in the place of another: the form, and the secret that is shown once.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use softcap_identity::{ResourcePattern, Scope, Scopes, Standing, UnixMillis, Verb};

use super::super::{
    fields::Fields,
    form::{Errors, Form, once},
    page::{page, page_with, see_other},
    times::When,
    visit::Visit,
};
use crate::{
    api::{
        Caller, EnvironmentName, LimitBody, MadeKey, NewKeyBody, RotationBody, SentForKey, Service,
        Staff, find_key, make_key_by_form, rotate_key_by_form, time_text, verb_words,
    },
    extract::{Path, Query},
    problem::ApiError,
};

/// Days that a key may be made for, the usual one first.
const DAYS: [u64; 4] = [90, 7, 30, 365];
const DAY: Duration = Duration::from_secs(86_400);
/// Seconds that an old key goes on after a rotation: an hour, none, a day, a week.
pub(super) const OVERLAPS: [u32; 4] = [3_600, 0, 86_400, 604_800];

/// Something that a key can be let do.
struct Choice {
    code: &'static str,
    words: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "developer/key_form.html")]
struct KeyForm {
    visit: Visit,
    errors: Errors,
    fields: Fields,
    choices: Vec<Choice>,
    offerings: Vec<String>,
    days: [u64; 4],
    /// Makes the form make one key.
    once: String,
}

#[derive(Template)]
#[template(path = "developer/key_made.html")]
struct KeyMade {
    visit: Visit,
    /// None where the program signs, and has all that it needs.
    secret: Option<String>,
    id: String,
    label: String,
    ends: When,
    origin: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NewQuery {
    /// A key whose unused scopes the new one goes without.
    #[serde(default)]
    from: String,
}

pub(super) async fn new_key(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<NewQuery>,
) -> Result<Response, ApiError> {
    let standing = staff.standing().clone();
    let caller = Caller::from(staff);
    // Asked before anything is typed: a factor that must be shown again would lose it.
    caller.require_on_all(Verb::KeysWrite)?;
    let fields = match query.from.as_str() {
        "" => Fields::default(),
        from => narrower(&service, &caller, from).await?,
    };
    page(&form(
        &service,
        visit,
        &standing,
        fields,
        Errors::default(),
    )?)
}

/// What is typed for a key that may do what another one was used for.
async fn narrower(service: &Service, caller: &Caller, from: &str) -> Result<Fields, ApiError> {
    let record = find_key(service, caller, from).await?;
    let mut fields = Fields::default().with("label", record.label.clone());
    for scope in record.policy.scopes.iter() {
        if record.used.contains(&scope.verb) {
            fields = fields.with(&format!("scope-{}", scope.verb), "on");
        }
        if let ResourcePattern::Only(id) = &scope.resource {
            fields = fields.with("offering", id.as_str());
        }
    }
    let networks: Vec<_> = record
        .policy
        .addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(fields.with("networks", networks.join("\n")))
}

fn form(
    service: &Service,
    visit: Visit,
    standing: &Standing,
    fields: Fields,
    errors: Errors,
) -> Result<KeyForm, ApiError> {
    let given = Verb::ALL.iter().copied().filter(|verb| {
        let scope = Scope {
            verb: *verb,
            resource: ResourcePattern::Every,
        };
        Scopes::new([scope]).is_ok_and(|scopes| standing.may_give(&scopes))
    });
    let choices = given.map(|verb| Choice {
        code: verb.as_code(),
        words: verb_words(&visit, verb),
        is_chosen: fields.has(&format!("scope-{verb}")),
    });
    let offerings = service.journal().offerings();
    let once = match fields.text("once") {
        "" => once()?,
        before => before.to_owned(),
    };
    Ok(KeyForm {
        choices: choices.collect(),
        offerings: offerings
            .iter()
            .map(|log| log.row.name.to_string())
            .collect(),
        days: DAYS,
        visit,
        errors,
        fields,
        once,
    })
}

pub(super) async fn make(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let standing = staff.standing().clone();
    let mut errors = Errors::default();
    let body = read(&visit, &fields, &mut errors);
    if errors.is_empty() {
        let once = fields.text("once");
        match make_key_by_form(&service, &staff.into(), body, once).await {
            Ok(sent) => return sent_for_key(&service, visit, sent),
            Err(error) => said_of(&visit, error, &mut errors)?,
        }
    }
    let form = form(&service, visit, &standing, fields, errors)?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &form)
}

fn read(visit: &Visit, fields: &Fields, errors: &mut Errors) -> NewKeyBody {
    let place = match fields.text("offering") {
        "" => "*",
        name => name,
    };
    let chosen = Verb::ALL
        .iter()
        .filter(|verb| fields.has(&format!("scope-{verb}")));
    let scopes: Vec<String> = chosen.map(|verb| format!("{verb}:{place}")).collect();
    if fields.text("label").is_empty() {
        errors.add("label", visit.say("key-label-wrong"));
    }
    if scopes.is_empty() {
        errors.add("scopes", visit.say("key-scopes-none"));
    }
    let limit = match (fields.text("per_second"), fields.text("burst")) {
        ("", "") => None,
        (second, burst) => match (u32::from_str(second), u32::from_str(burst)) {
            (Ok(per_second), Ok(burst)) => Some(LimitBody { per_second, burst }),
            _ => {
                errors.add("per_second", visit.say("key-limit-wrong"));
                None
            }
        },
    };
    let days = fields.text("days").parse().ok();
    let days = days.filter(|days| DAYS.contains(days));
    let networks = fields.text("networks").split_whitespace();
    NewKeyBody {
        label: fields.text("label").to_owned(),
        scopes,
        networks: Some(networks.map(str::to_owned).collect()),
        expires_at: days.map(|days| time_text(UnixMillis::now().plus(DAY * small(days)))),
        limit,
        environment: Some(match fields.text("environment") {
            "test" => EnvironmentName::Test,
            _ => EnvironmentName::Live,
        }),
        canary: fields.has("canary"),
        public_key: public_key(fields),
    }
}

fn public_key(fields: &Fields) -> Option<String> {
    fields
        .has("public_key")
        .then(|| fields.text("public_key").to_owned())
}

fn small(days: u64) -> u32 {
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// A refusal that a field of the form can mend stands beside it; any other is a problem of the page.
fn said_of(visit: &Visit, error: ApiError, errors: &mut Errors) -> Result<(), ApiError> {
    let (field, words) = match error.problem().code.as_str() {
        "K201" | "K202" | "K203" => ("scopes", visit.say("key-scopes-wrong")),
        "K211" | "K212" | "K213" | "K214" => ("networks", visit.say("key-networks-wrong")),
        "K221" => ("per_second", visit.say("key-limit-wrong")),
        "K231" => ("days", visit.say("key-days-wrong")),
        "K233" => ("label", visit.say("key-label-wrong")),
        "K234" => ("public_key", visit.say("key-public-wrong")),
        _ => return Err(error),
    };
    errors.add(field, words);
    Ok(())
}

/// A form that is sent again, by loading the page that came of it anew, leads to the key that it made.
fn sent_for_key(service: &Service, visit: Visit, sent: SentForKey) -> Result<Response, ApiError> {
    match sent {
        SentForKey::Made(key) => made(service, visit, &key),
        SentForKey::MadeBefore(id) => see_other(&format!("/developer/keys/{id}?done=shown")),
    }
}

/// The page with the secret, which no cache keeps and no page shows again.
fn made(service: &Service, visit: Visit, key: &MadeKey) -> Result<Response, ApiError> {
    let record = &key.record;
    let template = KeyMade {
        secret: key.text.as_ref().map(|text| text.reveal().to_string()),
        id: record.id.to_string(),
        label: record.label.clone(),
        ends: When::of(visit.language, record.policy.expires_at),
        origin: service.origin().to_owned(),
        visit,
    };
    let mut response = page_with(StatusCode::CREATED, &template)?;
    let never = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, never);
    Ok(response)
}

pub(super) async fn rotate(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let overlap = fields.text("overlap").parse().ok();
    let overlap = overlap.filter(|seconds| OVERLAPS.contains(seconds));
    let body = RotationBody {
        overlap_seconds: overlap.unwrap_or(0),
        expires_at: None,
        public_key: public_key(&fields),
    };
    let (caller, once) = (staff.into(), fields.text("once"));
    let sent = rotate_key_by_form(&service, &caller, (&id, body), once).await?;
    sent_for_key(&service, visit, sent)
}
