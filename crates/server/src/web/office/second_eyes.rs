//! An approval that a second officer must confirm: what waits about a person, and the word of the second one.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::{Decision, PersonId, ProposalState, ProposedAct};

use super::super::{form::Form, page::see_other, times::When, visit::Visit};
use crate::{
    api::{Service, Staff, decide_act, of_person, of_role, seen_proposals},
    extract::Path,
    problem::ApiError,
};

/// What waits for a second officer.
pub(super) struct Waiting {
    pub(super) id: String,
    /// Who approved it first.
    pub(super) by: String,
    pub(super) expires: When,
    /// Whether the first one looks at it.
    pub(super) is_own: bool,
    pub(super) may_approve: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct SecondForm {
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    decision: String,
}

/// The approval of this person that waits, if one does.
pub(super) async fn waiting(
    service: &Service,
    visit: &Visit,
    staff: &Staff,
    person: PersonId,
) -> Result<Option<Waiting>, ApiError> {
    let proposals = seen_proposals(service, staff).await?;
    let found = proposals.into_iter().find(|proposal| {
        let is_about = matches!(
            &proposal.act,
            ProposedAct::ApproveVerification { person: about, .. } if *about == person
        );
        is_about && proposal.state == ProposalState::Open
    });
    let Some(proposal) = found else {
        return Ok(None);
    };
    let first = service.people().find(proposal.proposed_by).await;
    let first = first.map_err(of_person)?;
    let is_own = proposal.proposed_by == staff.standing().person();
    let (right, place) = (proposal.act.to_approve(), proposal.act.place());
    Ok(Some(Waiting {
        id: proposal.id.to_string(),
        by: first.map_or_else(
            || proposal.proposed_by.to_string(),
            |first| first.email.as_str().to_owned(),
        ),
        expires: When::of(visit.language, proposal.expires_at),
        is_own,
        may_approve: !is_own && staff.require(right, &place).is_ok(),
    }))
}

pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(person): Path<String>,
    Form(form): Form<SecondForm>,
) -> Result<Response, ApiError> {
    let (decision, done) = match form.decision.as_str() {
        "approve" => (Decision::Approve, "confirmed"),
        _ => (Decision::Decline, "declined"),
    };
    let id = form.proposal.parse().map_err(of_role)?;
    decide_act(&service, &staff, id, decision).await?;
    see_other(&format!("/office/verifications/{person}?done={done}"))
}
