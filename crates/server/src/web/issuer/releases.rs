//! Releases of money in steps: proposed by one person, done when another one approves.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::{
    Decision, Proposal, ProposalState, ProposedAct, ResourceId, ResourcePattern, Right,
};
use softcap_journal::OfferingLog;

use super::{
    super::{amounts, form::Form, language::Language, page::see_other, times::When},
    desk_acts::outcome_place,
    permit::Permit,
};
use crate::{
    api::{Service, Staff, decide_act, of_role, propose_act, seen_proposals},
    extract::Path,
    problem::ApiError,
};

/// A step as the page shows it.
pub(super) struct StepRow {
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) part: String,
    pub(super) amounts: String,
    pub(super) earliest: Option<When>,
    pub(super) is_released: bool,
    /// The next one: it alone can be released.
    pub(super) is_next: bool,
    /// The proposal that waits.
    pub(super) proposal: Option<OpenProposal>,
}

/// A proposal that waits for a second person.
pub(super) struct OpenProposal {
    pub(super) id: String,
    pub(super) expires: When,
    pub(super) is_own: bool,
    pub(super) may_approve: bool,
}

/// The steps of the terms, and whether the person may propose the next one.
pub(super) async fn step_rows(
    service: &Service,
    staff: &Staff,
    language: Language,
    log: &OfferingLog,
) -> Result<(Vec<StepRow>, Permit), ApiError> {
    let proposals = seen_proposals(service, staff).await?;
    let name = log.row.name.as_str();
    let pattern: ResourcePattern = name
        .parse()
        .map_err(|_| ApiError::not_found("there is no offering of this name"))?;
    let may_propose = Permit::of(&staff.require(Right::ProposeRelease, &pattern));
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let terms = offering.terms();
    let settled = offering.settlement();
    let mut left = offering.released().0;
    let mut is_next = true;
    let rows = terms.milestones.iter().enumerate().map(|(place, step)| {
        let is_released = settled.is_some() && left >= step.part.0;
        left = left.saturating_sub(step.part.0);
        let comes_next = !is_released && std::mem::take(&mut is_next);
        let of_currency = settled.map_or_else(Vec::new, |held| {
            let totals = held.totals.iter().enumerate();
            totals
                .map(|(currency, totals)| {
                    let part = softcap_offering::Ratio::new(u128::from(step.part.0), 10_000)
                        .and_then(|part| {
                            part.times(totals.accepted.0, softcap_offering::RoundingMode::Down)
                        });
                    amounts::money(language, terms, currency, part.unwrap_or(0)).text
                })
                .collect()
        });
        StepRow {
            place,
            name: step.name.clone(),
            part: amounts::percent(language, u128::from(step.part.0), 10_000).unwrap_or_default(),
            amounts: of_currency.join(", "),
            earliest: settled.map(|held| When::at(language, held.at.position.after(step.after))),
            is_released,
            is_next: comes_next,
            proposal: waiting(staff, language, &proposals, (name, place)),
        }
    });
    Ok((rows.collect(), may_propose))
}

fn waiting(
    staff: &Staff,
    language: Language,
    proposals: &[Proposal],
    (name, place): (&str, usize),
) -> Option<OpenProposal> {
    let found = proposals.iter().find(|proposal| {
        proposal.state == ProposalState::Open
            && matches!(
                &proposal.act,
                ProposedAct::Release { offering, milestone }
                    if offering.as_str() == name && usize::from(*milestone) == place
            )
    })?;
    let is_own = found.proposed_by == staff.standing().person();
    Some(OpenProposal {
        id: found.id.to_string(),
        expires: When::of(language, found.expires_at),
        may_approve: !is_own
            && staff
                .standing()
                .has(found.act.to_approve(), &found.act.place()),
        is_own,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct ProposeForm {
    #[serde(default)]
    milestone: u8,
}

pub(super) async fn propose(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    staff: Staff,
    Form(form): Form<ProposeForm>,
) -> Result<Response, ApiError> {
    let offering: ResourceId = name
        .parse()
        .map_err(|_| ApiError::not_found("there is no offering of this name"))?;
    let act = ProposedAct::Release {
        offering,
        milestone: form.milestone,
    };
    let done = format!("/issuer/offerings/{name}/settlement?done=proposed");
    match propose_act(&service, &staff, act).await {
        Ok(_) => see_other(&done),
        // Sent twice: the same waits already.
        Err(ApiError::Domain { code, .. }) if code == "A709" => see_other(&done),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct DecideForm {
    #[serde(default)]
    pub(in crate::web) proposal: String,
    #[serde(default)]
    pub(in crate::web) decision: String,
}

impl DecideForm {
    /// Whatever is no approval does nothing but decline.
    pub(in crate::web) fn read(&self) -> Decision {
        if self.decision == "approve" {
            Decision::Approve
        } else {
            Decision::Decline
        }
    }
}

pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    staff: Staff,
    Form(form): Form<DecideForm>,
) -> Result<Response, ApiError> {
    let id = form.proposal.parse().map_err(of_role)?;
    let decision = form.read();
    let (_, entry) = decide_act(&service, &staff, id, decision).await?;
    let page = format!("/issuer/offerings/{name}/settlement");
    match entry {
        Some(entry) => see_other(&outcome_place(&page, "released", &entry)),
        None => see_other(&format!("{page}?done=declined")),
    }
}
