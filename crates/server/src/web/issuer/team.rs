//! Who works on offerings, and in which role: proposed by one owner, done when another one approves.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{
    PersonId, ProposalState, ProposedAct, ResourcePattern, Right, Role, RoleChange,
};

use super::{
    super::{
        form::{Errors, Form},
        page::{page, page_with, see_other},
        times::When,
        visit::{Visit, with_next},
    },
    permit::Permit,
    releases::DecideForm,
};
use crate::{
    api::{Service, Staff, decide_act, of_person, of_role, propose_act, seen_proposals},
    extract::Query,
    problem::ApiError,
};

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// A change that is proposed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ChangeForm {
    /// `give` or `take`.
    #[serde(default)]
    act: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    role: String,
    /// The name of an offering, or `*`.
    #[serde(default)]
    on: String,
}

struct GrantRow {
    person: String,
    /// The address of mail, as far as there is one.
    email: String,
    role: String,
    role_code: &'static str,
    on: String,
    on_code: String,
    since: When,
    is_own: bool,
}

struct ChangeRow {
    id: String,
    words: String,
    by: String,
    expires: When,
    is_own: bool,
}

#[derive(Template)]
#[template(path = "issuer/team.html")]
struct TeamPage {
    visit: Visit,
    errors: Errors,
    done: Option<String>,
    rows: Vec<GrantRow>,
    waiting: Vec<ChangeRow>,
    /// Code and words of each role that is given.
    roles: Vec<(&'static str, String)>,
    offerings: Vec<String>,
    may_change: Permit,
    fresh_place: String,
    own_number: String,
    typed: ChangeForm,
}

pub(super) async fn team(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let mut answer = team_page(&service, visit, &staff).await?;
    answer.done = match query.done.as_str() {
        "proposed" => Some(answer.visit.say("team-proposed")),
        "approve" => Some(answer.visit.say("team-approved")),
        "decline" => Some(answer.visit.say("team-declined")),
        _ => None,
    };
    page(&answer)
}

async fn team_page(service: &Service, visit: Visit, staff: &Staff) -> Result<TeamPage, ApiError> {
    staff.require(Right::ReadRoles, &ResourcePattern::Every)?;
    let language = visit.language;
    let own = staff.standing().person();
    let grants = service.roles().grants().await.map_err(of_role)?;
    let proposals = seen_proposals(service, staff).await?;
    let mut emails = Emails::default();
    let mut rows = Vec::new();
    for grant in &grants {
        rows.push(GrantRow {
            person: grant.person.to_string(),
            email: emails.of(service, grant.person).await?,
            role: role_words(&visit, grant.role),
            role_code: grant.role.as_code(),
            on: on_words(&visit, &grant.place),
            on_code: grant.place.to_string(),
            since: When::of(language, grant.granted_at),
            is_own: grant.person == own,
        });
    }
    let mut waiting = Vec::new();
    for proposal in proposals {
        let (key, change) = match &proposal.act {
            ProposedAct::GiveRole(change) => ("team-gives", change),
            ProposedAct::TakeRole(change) => ("team-takes", change),
            ProposedAct::Release { .. }
            | ProposedAct::ApproveVerification { .. }
            | ProposedAct::ResetFactors { .. } => continue,
        };
        if proposal.state != ProposalState::Open {
            continue;
        }
        let whose = emails.of(service, change.person).await?;
        let (role, on) = (
            role_words(&visit, change.role),
            on_words(&visit, &change.place),
        );
        let values = [
            ("person", (&whose).into()),
            ("role", (&role).into()),
            ("on", (&on).into()),
        ];
        waiting.push(ChangeRow {
            id: proposal.id.to_string(),
            words: language.tell(key, &values),
            by: emails.of(service, proposal.proposed_by).await?,
            expires: When::of(language, proposal.expires_at),
            is_own: proposal.proposed_by == own,
        });
    }
    let given = Role::ALL.iter().filter(|role| role.is_granted());
    let offerings = service.journal().offerings();
    Ok(TeamPage {
        errors: Errors::default(),
        done: None,
        rows,
        waiting,
        roles: given
            .map(|role| (role.as_code(), role_words(&visit, *role)))
            .collect(),
        offerings: offerings
            .iter()
            .map(|log| log.row.name.to_string())
            .collect(),
        may_change: Permit::of(&staff.require(Right::ChangeRoles, &ResourcePattern::Every)),
        fresh_place: with_next("/account/fresh", &visit.place),
        own_number: own.to_string(),
        typed: ChangeForm::default(),
        visit,
    })
}

/// Addresses of people with roles, each looked up once.
#[derive(Default)]
struct Emails(BTreeMap<PersonId, String>);

impl Emails {
    async fn of(&mut self, service: &Service, person: PersonId) -> Result<String, ApiError> {
        if let Some(known) = self.0.get(&person) {
            return Ok(known.clone());
        }
        let found = service.people().find(person).await.map_err(of_person)?;
        let email = found.map_or_else(
            || person.to_string(),
            |found| found.email.as_str().to_owned(),
        );
        self.0.insert(person, email.clone());
        Ok(email)
    }
}

pub(in crate::web) fn role_words(visit: &Visit, role: Role) -> String {
    match role {
        Role::Owner => visit.say("role-owner"),
        Role::IssuerManager => visit.say("role-issuer-manager"),
        Role::ComplianceOfficer => visit.say("role-compliance-officer"),
        Role::Treasurer => visit.say("role-treasurer"),
        Role::Support => visit.say("role-support"),
        Role::Auditor => visit.say("role-auditor"),
        Role::Investor => visit.say("role-investor"),
        Role::Developer => visit.say("role-developer"),
    }
}

pub(in crate::web) fn on_words(visit: &Visit, place: &ResourcePattern) -> String {
    match place {
        ResourcePattern::Every => visit.say("team-everything"),
        ResourcePattern::Only(_) => place.to_string(),
    }
}

pub(super) async fn propose(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Form(form): Form<ChangeForm>,
) -> Result<Response, ApiError> {
    staff.require(Right::ChangeRoles, &ResourcePattern::Every)?;
    let mut errors = Errors::default();
    if let Some(act) = act(&visit, &form, &mut errors) {
        match propose_act(&service, &staff, act).await {
            Ok(_) => return see_other("/issuer/team?done=proposed"),
            Err(ApiError::Domain { code, .. }) if code == "A709" => {
                return see_other("/issuer/team?done=proposed");
            }
            Err(ApiError::Domain { code, .. }) if code == "A702" => {
                errors.add("person", visit.say("investors-unknown"));
            }
            Err(ApiError::Domain { code, title, .. }) if code == "A707" || code == "A708" => {
                errors.add("role", title.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    let mut answer = team_page(&service, visit, &staff).await?;
    answer.errors = errors;
    answer.typed = form;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

fn act(visit: &Visit, form: &ChangeForm, errors: &mut Errors) -> Option<ProposedAct> {
    let person = form.person.trim().to_ascii_lowercase().parse();
    if person.is_err() {
        errors.add("person", visit.say("team-person-wrong"));
    }
    let role = form.role.parse();
    if role.is_err() {
        errors.add("role", visit.say("team-choose-role"));
    }
    let place = form.on.parse();
    if place.is_err() {
        errors.add("on", visit.say("team-choose-on"));
    }
    let change = RoleChange {
        person: person.ok()?,
        role: role.ok()?,
        place: place.ok()?,
    };
    Some(if form.act == "take" {
        ProposedAct::TakeRole(change)
    } else {
        ProposedAct::GiveRole(change)
    })
}

pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Form(form): Form<DecideForm>,
) -> Result<Response, ApiError> {
    let id = form.proposal.parse().map_err(of_role)?;
    decide_act(&service, &staff, id, form.read()).await?;
    let word = if form.decision == "approve" {
        "approve"
    } else {
        "decline"
    };
    see_other(&format!("/issuer/team?done={word}"))
}
