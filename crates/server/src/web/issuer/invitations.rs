//! Inviting by mail: an owner to roles, a compliance officer into a sale. What was sent to whom stands in the mail alone.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{
    EmailAddress, Invitation, InvitationState, InvitedTo, ResourcePattern, Right, Role,
};

use super::{
    super::{
        form::{Errors, Form},
        page::{page, page_with, see_other},
        times::When,
        visit::{Visit, with_next},
    },
    permit::Permit,
    team::{on_words, role_words},
};
use crate::{
    api::{Service, Staff, invitations_seen, invite, withdraw_invitation},
    extract::{Path, Query},
    problem::ApiError,
};

/// Code of a limit that is used up.
const LIMITED: &str = "A412";

#[derive(Debug, Default, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct InviteForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
    /// The name of an offering, or `*`.
    #[serde(default)]
    on: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct WithdrawForm {
    #[serde(default)]
    invitation: String,
    /// The sale whose list it stands in; else that of roles.
    #[serde(default)]
    sale: String,
}

struct Row {
    id: String,
    what: String,
    by: String,
    made: When,
    until: When,
    state: String,
    tone: &'static str,
    is_open: bool,
    /// The number of who accepted an invitation into a sale.
    person: Option<String>,
}

#[derive(Template)]
#[template(path = "issuer/invitations.html")]
struct InvitationsPage {
    visit: Visit,
    errors: Errors,
    done: Option<String>,
    /// The sale; else roles.
    sale: Option<String>,
    action: String,
    rows: Vec<Row>,
    roles: Vec<(&'static str, String)>,
    offerings: Vec<String>,
    may_invite: Permit,
    fresh_place: String,
    typed: InviteForm,
}

/// To roles, or into a sale.
#[derive(Clone, Copy)]
enum Place<'a> {
    Team,
    Sale(&'a str),
}

impl<'a> Place<'a> {
    fn path(self) -> String {
        match self {
            Self::Team => "/issuer/team/invitations".to_owned(),
            Self::Sale(name) => format!("/issuer/offerings/{name}/invitations"),
        }
    }

    fn sale(self) -> Option<&'a str> {
        match self {
            Self::Team => None,
            Self::Sale(name) => Some(name),
        }
    }
}

pub(super) async fn to_roles(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    shown(&service, visit, &staff, (Place::Team, &query)).await
}

pub(super) async fn into_sale(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    service.offering(&name)?;
    shown(&service, visit, &staff, (Place::Sale(&name), &query)).await
}

async fn shown(
    service: &Service,
    visit: Visit,
    staff: &Staff,
    (place, query): (Place<'_>, &DoneQuery),
) -> Result<Response, ApiError> {
    let mut answer = view(service, visit, staff, place).await?;
    answer.done = match query.done.as_str() {
        "sent" => Some(answer.visit.say("invite-sent")),
        "withdrawn" => Some(answer.visit.say("invite-withdrawn")),
        _ => None,
    };
    page(&answer)
}

async fn view(
    service: &Service,
    visit: Visit,
    staff: &Staff,
    place: Place<'_>,
) -> Result<InvitationsPage, ApiError> {
    let (reads, right, on) = match place {
        Place::Team => (Right::ReadRoles, Right::ChangeRoles, ResourcePattern::Every),
        Place::Sale(name) => {
            let on = ResourcePattern::Only(name.parse().map_err(|_| nowhere())?);
            let verb = softcap_identity::Verb::InvestorsRead;
            let writes = softcap_identity::Verb::InvestorsWrite;
            (Right::Verb(verb), Right::Verb(writes), on)
        }
    };
    staff.require(reads, &on)?;
    let may_invite = Permit::of(&staff.require(right, &on));
    let mut rows = Vec::new();
    for invitation in invitations_seen(service, place.sale()).await? {
        rows.push(row(service, &visit, &invitation).await?);
    }
    let given = Role::ALL.iter().filter(|role| role.is_granted());
    Ok(InvitationsPage {
        errors: Errors::default(),
        done: None,
        action: place.path(),
        sale: place.sale().map(str::to_owned),
        rows,
        roles: given
            .map(|role| (role.as_code(), role_words(&visit, *role)))
            .collect(),
        offerings: service
            .journal()
            .offerings()
            .iter()
            .map(|log| log.row.name.to_string())
            .collect(),
        may_invite,
        fresh_place: with_next("/account/fresh", &visit.place),
        typed: InviteForm::default(),
        visit,
    })
}

fn nowhere() -> ApiError {
    ApiError::not_found("there is no offering of this name")
}

async fn row(service: &Service, visit: &Visit, invitation: &Invitation) -> Result<Row, ApiError> {
    let language = visit.language;
    let (state, tone) = match invitation.state {
        InvitationState::Open => ("invite-open", "info"),
        InvitationState::Accepted { .. } => ("invite-accepted", "good"),
        InvitationState::Withdrawn => ("invite-taken-back", ""),
        InvitationState::Over => ("invite-over", "poor"),
    };
    let what = match &invitation.to {
        InvitedTo::Role { role, place } => {
            format!("{}, {}", role_words(visit, *role), on_words(visit, place))
        }
        InvitedTo::Sale(offering) => offering.as_str().to_owned(),
    };
    let by = service.people().find(invitation.invited_by).await;
    let by = by.map_err(crate::api::of_person)?;
    let accepted = match (invitation.state, &invitation.to) {
        (InvitationState::Accepted { by, .. }, InvitedTo::Sale(_)) => Some(by.to_string()),
        _ => None,
    };
    Ok(Row {
        id: invitation.id.to_string(),
        what,
        by: by.map_or_else(
            || invitation.invited_by.to_string(),
            |person| person.email.as_str().to_owned(),
        ),
        made: When::of(language, invitation.made_at),
        until: When::of(language, invitation.expires_at),
        state: visit.say(state),
        tone,
        is_open: invitation.state == InvitationState::Open,
        person: accepted,
    })
}

pub(super) async fn invite_to_role(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Form(form): Form<InviteForm>,
) -> Result<Response, ApiError> {
    staff.require(Right::ChangeRoles, &ResourcePattern::Every)?;
    sent(&service, visit, (&staff, Place::Team), form).await
}

pub(super) async fn invite_into_sale(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    staff: Staff,
    Form(form): Form<InviteForm>,
) -> Result<Response, ApiError> {
    service.offering(&name)?;
    sent(&service, visit, (&staff, Place::Sale(&name)), form).await
}

async fn sent(
    service: &Service,
    visit: Visit,
    (staff, place): (&Staff, Place<'_>),
    form: InviteForm,
) -> Result<Response, ApiError> {
    let mut errors = Errors::default();
    let email: Result<EmailAddress, _> = form.email.trim().parse();
    if email.is_err() {
        errors.add("email", visit.say("invite-email-wrong"));
    }
    if let (Some(to), Ok(email)) = (invited_to(&visit, (place, &form), &mut errors), &email)
        && errors.is_empty()
    {
        match invite(service, staff, to, email).await {
            Ok(_) => return see_other(&format!("{}?done=sent", place.path())),
            Err(error) if is_limited(&error) => {
                errors.add("email", visit.say("invite-too-many"));
            }
            Err(error) => return Err(error),
        }
    }
    let mut answer = view(service, visit, staff, place).await?;
    answer.errors = errors;
    answer.typed = form;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

fn is_limited(error: &ApiError) -> bool {
    matches!(error, ApiError::Domain { code, .. } if code == LIMITED)
        || error.status() == StatusCode::TOO_MANY_REQUESTS
}

fn invited_to(
    visit: &Visit,
    (place, form): (Place<'_>, &InviteForm),
    errors: &mut Errors,
) -> Option<InvitedTo> {
    if let Place::Sale(name) = place {
        return name.parse().ok().map(InvitedTo::Sale);
    }
    let role: Option<Role> = form.role.parse().ok();
    if role.is_none() {
        errors.add("role", visit.say("team-choose-role"));
    }
    let on: Option<ResourcePattern> = form.on.parse().ok();
    if on.is_none() {
        errors.add("on", visit.say("team-choose-on"));
    }
    Some(InvitedTo::Role {
        role: role?,
        place: on?,
    })
}

pub(super) async fn withdraw(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Form(form): Form<WithdrawForm>,
) -> Result<Response, ApiError> {
    let id = form
        .invitation
        .parse()
        .map_err(|_| ApiError::not_found("there is no invitation of this name"))?;
    withdraw_invitation(&service, &staff, id).await?;
    let place = match form.sale.as_str() {
        "" => Place::Team,
        name => Place::Sale(name),
    };
    see_other(&format!("{}?done=withdrawn", place.path()))
}
