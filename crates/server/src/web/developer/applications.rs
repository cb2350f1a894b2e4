//! Applications that are registered here: all of them, one, registering and changing.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde_json::Value;
use softcap_identity::{
    AppScopes, Client, ClientAuthentication, ClientKeys, GrantKind, ResourcePattern, Right, Verb,
};

use super::super::{
    fields::Fields,
    form::{Errors, Form},
    page::{page, page_with, see_other},
    times::When,
    visit::Visit,
};
use crate::{
    api::{
        Caller, ClientBody, Service, Staff, change_client, end_client, register_client,
        registered_client, registered_clients, verb_words,
    },
    extract::{Path, Query},
    problem::ApiError,
};

/// An application in the list.
struct ApplicationRow {
    id: String,
    name: String,
    shows: String,
    redirects: Vec<String>,
    made: When,
    is_own: bool,
}

/// Something that an application may ask for.
struct Choice {
    code: String,
    words: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "developer/applications.html")]
struct ApplicationsPage {
    visit: Visit,
    rows: Vec<ApplicationRow>,
    origin: String,
    may_write: bool,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "developer/application_form.html")]
struct ApplicationForm {
    visit: Visit,
    errors: Errors,
    fields: Fields,
    choices: Vec<Choice>,
    /// The application that is changed; none where one is registered.
    client: Option<String>,
    done: Option<String>,
    may_write: bool,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

fn may_write(staff: &Staff) -> bool {
    let right = Right::Verb(Verb::KeysWrite);
    staff.standing().has(right, &ResourcePattern::Every)
}

pub(super) async fn applications(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let may_write = may_write(&staff);
    let own = format!("person:{}", staff.standing().person());
    let clients = registered_clients(&service, &staff.into()).await?;
    let rows = clients.iter().map(|client| ApplicationRow {
        id: client.id.to_string(),
        name: client.about.name.clone(),
        shows: shows(&visit, &client.about.authentication),
        redirects: client
            .about
            .redirects
            .iter()
            .map(ToString::to_string)
            .collect(),
        made: When::of(visit.language, client.made_at),
        is_own: client.made_by == own,
    });
    page(&ApplicationsPage {
        rows: rows.collect(),
        origin: service.origin().to_owned(),
        may_write,
        done: (query.done == "ended").then(|| visit.say("application-is-ended")),
        visit,
    })
}

fn shows(visit: &Visit, authentication: &ClientAuthentication) -> String {
    match authentication {
        ClientAuthentication::None => visit.say("application-open"),
        ClientAuthentication::PrivateKeyJwt(_) => visit.say("application-signs"),
    }
}

/// Each scope that an application may ask for, and the words of OpenID Connect.
fn choices(visit: &Visit, fields: &Fields) -> Vec<Choice> {
    let mut all = vec![
        ("openid".to_owned(), visit.say("app-openid")),
        ("email".to_owned(), visit.say("app-email")),
        ("offline_access".to_owned(), visit.say("app-offline")),
    ];
    let given = Verb::ALL
        .iter()
        .filter(|verb| !AppScopes::NEVER.contains(verb));
    all.extend(given.map(|verb| (format!("{verb}:*"), verb_words(visit, *verb))));
    let all = all.into_iter().map(|(code, words)| Choice {
        is_chosen: fields.has(&code),
        code,
        words,
    });
    all.collect()
}

fn form(visit: Visit, fields: Fields, errors: Errors, client: Option<String>) -> ApplicationForm {
    ApplicationForm {
        choices: choices(&visit, &fields),
        done: None,
        may_write: true,
        visit,
        errors,
        fields,
        client,
    }
}

pub(super) async fn new_application(visit: Visit, staff: Staff) -> Result<Response, ApiError> {
    Caller::from(staff).require_on_all(Verb::KeysWrite)?;
    let fields = Fields::default().with("code", "on").with("openid", "on");
    page(&form(visit, fields, Errors::default(), None))
}

pub(super) async fn application(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let may_write = may_write(&staff);
    let client = registered_client(&service, &staff.into(), &id).await?;
    let fields = typed(&client);
    let done = match query.done.as_str() {
        "made" => Some(visit.say("application-is-made")),
        "changed" => Some(visit.say("application-is-changed")),
        _ => None,
    };
    let form = form(
        visit,
        fields,
        Errors::default(),
        Some(client.id.to_string()),
    );
    page(&ApplicationForm {
        done,
        may_write,
        ..form
    })
}

/// What a form says that registers the same.
fn typed(client: &Client) -> Fields {
    let about = &client.about;
    let redirects: Vec<_> = about.redirects.iter().map(ToString::to_string).collect();
    let mut fields = Fields::default()
        .with("client_name", about.name.clone())
        .with("redirect_uris", redirects.join("\n"));
    match &about.authentication {
        ClientAuthentication::PrivateKeyJwt(ClientKeys::Given(keys)) => {
            fields = fields.with("jwks", keys.to_json().to_string());
        }
        ClientAuthentication::PrivateKeyJwt(ClientKeys::At(uri)) => {
            fields = fields.with("jwks_uri", uri.as_str());
        }
        ClientAuthentication::None => {}
    }
    for scope in about.scopes.to_string().split(' ') {
        fields = fields.with(scope, "on");
    }
    for kind in &about.grants {
        fields = fields.with(grant_field(*kind), "on");
    }
    if about.needs_dpop {
        fields = fields.with("dpop", "on");
    }
    fields
}

const fn grant_field(kind: GrantKind) -> &'static str {
    match kind {
        GrantKind::Code => "code",
        GrantKind::Refresh => "refresh",
        GrantKind::Device => "device",
        GrantKind::ClientCredentials => "own",
    }
}

fn read(visit: &Visit, fields: &Fields, errors: &mut Errors) -> ClientBody {
    let jwks = fields.text("jwks");
    let keys: Option<Value> = serde_json::from_str(jwks).ok();
    if !jwks.is_empty() && keys.is_none() {
        errors.add("jwks", visit.say("application-keys-wrong"));
    }
    if fields.text("client_name").is_empty() {
        errors.add("client_name", visit.say("application-name-wrong"));
    }
    let scopes = choices(visit, fields).into_iter();
    let scopes: Vec<_> = scopes
        .filter(|choice| choice.is_chosen)
        .map(|choice| choice.code)
        .collect();
    let kinds = GrantKind::ALL
        .into_iter()
        .filter(|kind| fields.has(grant_field(*kind)));
    let kinds: Vec<_> = kinds.map(|kind| kind.as_code().to_owned()).collect();
    let redirects = fields.text("redirect_uris").split_whitespace();
    let uri = fields
        .has("jwks_uri")
        .then(|| fields.text("jwks_uri").to_owned());
    let signs = keys.is_some() || uri.is_some();
    ClientBody {
        client_name: fields.text("client_name").to_owned(),
        redirect_uris: redirects.map(str::to_owned).collect(),
        token_endpoint_auth_method: signs.then(|| "private_key_jwt".to_owned()),
        jwks: keys,
        jwks_uri: uri,
        scope: (!scopes.is_empty()).then(|| scopes.join(" ")),
        grant_types: Some(kinds),
        dpop_bound_access_tokens: fields.has("dpop"),
    }
}

/// A refusal that the form can mend stands beside the field that it speaks of.
fn said_of(visit: &Visit, error: ApiError, errors: &mut Errors) -> Result<(), ApiError> {
    if error.status() != StatusCode::UNPROCESSABLE_ENTITY
        && error.status() != StatusCode::BAD_REQUEST
    {
        return Err(error);
    }
    let why = error.problem().title;
    let (field, words) = if why.contains("redirect") {
        ("redirect_uris", visit.say("application-redirects-wrong"))
    } else if why.contains("jwks_uri") {
        ("jwks_uri", visit.say("application-keys-at-wrong"))
    } else if why.contains("jwk") || why.contains("key") {
        ("jwks", visit.say("application-keys-wrong"))
    } else if why.contains("name") {
        ("client_name", visit.say("application-name-wrong"))
    } else {
        ("grants", visit.say("application-grants-wrong"))
    };
    errors.add(field, words);
    Ok(())
}

pub(super) async fn register(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let mut errors = Errors::default();
    let body = read(&visit, &fields, &mut errors);
    if errors.is_empty() {
        match register_client(&service, &staff.into(), body).await {
            Ok(client) => {
                return see_other(&format!("/developer/applications/{}?done=made", client.id));
            }
            Err(error) => said_of(&visit, error, &mut errors)?,
        }
    }
    let form = form(visit, fields, errors, None);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &form)
}

pub(super) async fn change(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let mut errors = Errors::default();
    let body = read(&visit, &fields, &mut errors);
    if errors.is_empty() {
        match change_client(&service, &staff.into(), &id, body).await {
            Ok(client) => {
                return see_other(&format!(
                    "/developer/applications/{}?done=changed",
                    client.id
                ));
            }
            Err(error) => said_of(&visit, error, &mut errors)?,
        }
    }
    let form = form(visit, fields, errors, Some(id));
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &form)
}

pub(super) async fn end(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    end_client(&service, &staff.into(), &id).await?;
    see_other("/developer/applications?done=ended")
}
