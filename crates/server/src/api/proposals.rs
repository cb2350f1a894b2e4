//! What one person proposes and another approves: changes of roles, and releases of funds.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use softcap_identity::{
    Decision, PersonId, Proposal, ProposalId, ProposalState, ProposedAct, ResetReason,
    ResourcePattern, Right, RoleChange,
};
use softcap_journal::BATCH_TIME;
use softcap_offering::{Command, LineIndex, Stamp};
use utoipa::ToSchema;

use super::{
    Service,
    caller::Staff,
    entry_view::EntryView,
    keys::time_text,
    person_problem::of_person,
    role_problem::of_role,
    roles::{place, role},
    signed_in::no_store,
    submit::submit_as,
};
use crate::{
    admissions::enter_admissions,
    extract::{Json, Path},
    problem::{ApiError, ProblemCode},
};

/// The newest proposals that are shown.
const SHOWN: u32 = 200;

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, propose, decide))]
pub(crate) struct ProposalPaths;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/proposals", get(list).post(propose))
        .route("/v1/proposals/{id}/decision", post(decide))
        .layer(map_response(no_store))
}

/// What is proposed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ActBody {
    /// Give a person a role.
    GiveRole {
        /// Whose.
        person: String,
        /// Which.
        role: String,
        /// The name of an offering, or `*`: every offering.
        on: String,
    },
    /// Take a role from a person.
    TakeRole {
        /// Whose.
        person: String,
        /// Which.
        role: String,
        /// The name of an offering, or `*`: every offering.
        on: String,
    },
    /// Release the money of a milestone to the issuer.
    Release {
        /// Name of the offering.
        offering: String,
        /// Place of the milestone in the terms, from 0.
        milestone: u8,
    },
    /// Verify a person, and let them into rounds up to limits above the one of a single officer. It is proposed at
    /// `POST /v1/verifications/{person}/approval`.
    ApproveVerification {
        /// Who.
        person: String,
        /// Names what is approved; `GET /v1/verifications/{person}` shows it.
        decision: String,
    },
    /// Set aside the second factors of a person who lost all of them, after the delay that the operator set.
    ResetFactors {
        /// Who.
        person: String,
        /// How they showed that it is them.
        reason: ResetReasonName,
    },
}

/// How somebody who lost their second factors showed that it is them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResetReasonName {
    /// They came.
    SeenInPerson,
    /// On a video call.
    SeenOnVideo,
    /// With the document with which they were verified.
    DocumentShownAgain,
    /// A colleague vouches for them.
    KnownToStaff,
}

impl From<ResetReasonName> for ResetReason {
    fn from(name: ResetReasonName) -> Self {
        match name {
            ResetReasonName::SeenInPerson => Self::SeenInPerson,
            ResetReasonName::SeenOnVideo => Self::SeenOnVideo,
            ResetReasonName::DocumentShownAgain => Self::DocumentShownAgain,
            ResetReasonName::KnownToStaff => Self::KnownToStaff,
        }
    }
}

impl From<ResetReason> for ResetReasonName {
    fn from(reason: ResetReason) -> Self {
        match reason {
            ResetReason::SeenInPerson => Self::SeenInPerson,
            ResetReason::SeenOnVideo => Self::SeenOnVideo,
            ResetReason::DocumentShownAgain => Self::DocumentShownAgain,
            ResetReason::KnownToStaff => Self::KnownToStaff,
        }
    }
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateView {
    /// It waits for a second person.
    Open,
    /// A second person approved it.
    Approved,
    /// Somebody declined it.
    Declined,
    /// Nobody decided within seven days.
    Over,
}

/// What somebody proposed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProposalView {
    /// Its name.
    id: String,
    /// What is proposed.
    act: ActBody,
    /// Who proposed it.
    proposed_by: String,
    /// When.
    proposed_at: String,
    /// From when it is over if nobody decides.
    expires_at: String,
    /// What became of it.
    state: StateView,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
}

/// The newest 200 proposals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProposalList {
    /// Newest first.
    proposals: Vec<ProposalView>,
}

/// What somebody says of a proposal.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DecisionWord {
    /// It is done.
    Approve,
    /// It is not done. Who proposed it may say so too.
    Decline,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    /// What is decided.
    decision: DecisionWord,
}

/// A proposal that was decided, and what it did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecidedView {
    /// The proposal.
    proposal: ProposalView,
    /// The entry of an approved release.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<EntryView>,
}

impl ActBody {
    fn read(self) -> Result<ProposedAct, ApiError> {
        let change = |person: &str, name: &str, on: &str| {
            Ok::<_, ApiError>(RoleChange {
                person: person.parse().map_err(of_person)?,
                role: role(name)?,
                place: place(on)?,
            })
        };
        Ok(match self {
            Self::GiveRole { person, role, on } => {
                ProposedAct::GiveRole(change(&person, &role, &on)?)
            }
            Self::TakeRole { person, role, on } => {
                ProposedAct::TakeRole(change(&person, &role, &on)?)
            }
            Self::Release {
                offering,
                milestone,
            } => ProposedAct::Release {
                offering: offering
                    .parse()
                    .map_err(|_| ApiError::invalid("offering", "the name of an offering"))?,
                milestone,
            },
            Self::ResetFactors { person, reason } => ProposedAct::ResetFactors {
                person: person.parse().map_err(of_person)?,
                reason: reason.into(),
            },
            Self::ApproveVerification { .. } => {
                return Err(ApiError::invalid(
                    "kind",
                    "propose it at `POST /v1/verifications/{person}/approval`",
                ));
            }
        })
    }
}

impl From<&ProposedAct> for ActBody {
    fn from(act: &ProposedAct) -> Self {
        match act {
            ProposedAct::GiveRole(change) => Self::GiveRole {
                person: change.person.to_string(),
                role: change.role.to_string(),
                on: change.place.to_string(),
            },
            ProposedAct::TakeRole(change) => Self::TakeRole {
                person: change.person.to_string(),
                role: change.role.to_string(),
                on: change.place.to_string(),
            },
            ProposedAct::Release {
                offering,
                milestone,
            } => Self::Release {
                offering: offering.as_str().to_owned(),
                milestone: *milestone,
            },
            ProposedAct::ApproveVerification { person, decision } => Self::ApproveVerification {
                person: person.to_string(),
                decision: decision.to_string(),
            },
            ProposedAct::ResetFactors { person, reason } => Self::ResetFactors {
                person: person.to_string(),
                reason: (*reason).into(),
            },
        }
    }
}

impl From<&Proposal> for ProposalView {
    fn from(proposal: &Proposal) -> Self {
        let (state, decided) = match proposal.state {
            ProposalState::Open => (StateView::Open, None),
            ProposalState::Approved { by, at } => (StateView::Approved, Some((by, at))),
            ProposalState::Declined { by, at } => (StateView::Declined, Some((by, at))),
            ProposalState::Over => (StateView::Over, None),
        };
        Self {
            id: proposal.id.to_string(),
            act: (&proposal.act).into(),
            proposed_by: proposal.proposed_by.to_string(),
            proposed_at: time_text(proposal.proposed_at),
            expires_at: time_text(proposal.expires_at),
            state,
            decided_by: decided.map(|(by, _): (PersonId, _)| by.to_string()),
            decided_at: decided.map(|(_, at)| time_text(at)),
        }
    }
}

/// The newest proposals that the person who asks made, may decide, or may read as an auditor.
#[utoipa::path(
    get,
    path = "/v1/proposals",
    tag = "roles",
    security(("session" = [])),
    responses((status = 200, description = "Newest first", body = ProposalList)),
)]
async fn list(
    State(service): State<Arc<Service>>,
    staff: Staff,
) -> Result<Json<ProposalList>, ApiError> {
    let proposals = seen_proposals(&service, &staff).await?;
    Ok(Json(ProposalList {
        proposals: proposals.iter().map(ProposalView::from).collect(),
    }))
}

/// The newest proposals that the person made, may decide, or may read as an auditor.
pub(crate) async fn seen_proposals(
    service: &Service,
    staff: &Staff,
) -> Result<Vec<Proposal>, ApiError> {
    let proposals = service.roles.proposals(SHOWN, service.now()).await;
    let mut proposals = proposals.map_err(of_role)?;
    let standing = staff.standing();
    let reads_all = standing.has(Right::ReadRoles, &ResourcePattern::Every);
    proposals.retain(|proposal| {
        reads_all
            || proposal.proposed_by == standing.person()
            || standing.has(proposal.act.to_approve(), &proposal.act.place())
    });
    Ok(proposals)
}

/// Propose a change of roles, a release of funds, or that the second factors of somebody who lost them are set aside. It is done when somebody else who may approves it within seven days.
#[utoipa::path(
    post,
    path = "/v1/proposals",
    tag = "roles",
    security(("session" = [])),
    request_body = ActBody,
    responses((status = 201, description = "It waits for an approval", body = ProposalView)),
)]
async fn propose(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Json(body): Json<ActBody>,
) -> Result<Response, ApiError> {
    let proposal = propose_act(&service, &staff, body.read()?).await?;
    let view = ProposalView::from(&proposal);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Proposes an act, if the person may.
pub(crate) async fn propose_act(
    service: &Service,
    staff: &Staff,
    act: ProposedAct,
) -> Result<Proposal, ApiError> {
    staff.require(act.to_propose(), &act.place())?;
    if let ProposedAct::Release { offering, .. } = &act {
        let log = service.offering(offering.as_str())?;
        if log.sequencer.read().machine().offering().escrow().is_some() {
            return Err(ApiError::new(
                ProblemCode::Conflict,
                "a contract holds this offering's money: it releases it, and the record follows",
            ));
        }
    }
    let person = staff.standing().person();
    let proposal = service.roles.propose(person, act, service.now()).await;
    proposal.map_err(of_role)
}

/// Approve or decline a proposal. What is approved is done at once: a role, or an entry that releases money; second factors are
/// set aside after their delay. Sent again by who
/// approved it, it gives the same answer and does nothing twice.
#[utoipa::path(
    post,
    path = "/v1/proposals/{id}/decision",
    tag = "roles",
    security(("session" = [])),
    params(("id" = String, Path, description = "The proposal's name in the list")),
    request_body = DecisionBody,
    responses((status = 200, description = "It is decided", body = DecidedView)),
)]
async fn decide(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    staff: Staff,
    Json(body): Json<DecisionBody>,
) -> Result<Json<DecidedView>, ApiError> {
    let id = id.parse().map_err(of_role)?;
    let decision = match body.decision {
        DecisionWord::Approve => Decision::Approve,
        DecisionWord::Decline => Decision::Decline,
    };
    let (proposal, entry) = decide_act(&service, &staff, id, decision).await?;
    Ok(Json(DecidedView {
        proposal: (&proposal).into(),
        entry,
    }))
}

/// Decides a proposal, if the person may, and does what was approved.
pub(crate) async fn decide_act(
    service: &Service,
    staff: &Staff,
    id: ProposalId,
    decision: Decision,
) -> Result<(Proposal, Option<EntryView>), ApiError> {
    let known = service.roles.proposal(id, service.now()).await;
    let known = known.map_err(of_role)?;
    let person = staff.standing().person();
    // Who has no part in it is told that it is not there; who proposed it takes it back without showing anything again.
    if known.proposed_by != person
        && staff
            .standing()
            .has(known.act.to_approve(), &known.act.place())
    {
        staff.require(known.act.to_approve(), &known.act.place())?;
    }
    let decided = service.roles.decide(person, id, decision, service.now());
    let proposal = decided.await.map_err(of_role)?;
    let entry = released(service, &proposal).await?;
    if matches!(proposal.act, ProposedAct::ApproveVerification { .. }) {
        enter_admissions(service).await;
    }
    Ok((proposal, entry))
}

/// Enters an approved release. Its request follows from the proposal, so that it is entered once.
async fn released(service: &Service, proposal: &Proposal) -> Result<Option<EntryView>, ApiError> {
    let (
        ProposedAct::Release {
            offering,
            milestone,
        },
        ProposalState::Approved { .. },
    ) = (&proposal.act, proposal.state)
    else {
        return Ok(None);
    };
    let log = service.offering(offering.as_str())?;
    let stamp = Stamp {
        line: LineIndex(0),
        position: BATCH_TIME,
    };
    let command = Command::Release {
        milestone: *milestone,
    };
    let request = service.requests.proposal(proposal.id);
    submit_as(service, &log, request, (stamp, &command))
        .await
        .map(Some)
}
