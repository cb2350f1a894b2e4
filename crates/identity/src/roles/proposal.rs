//! What one person proposes and another approves.

use std::time::Duration;

use super::{ResetReason, Right, Role, RoleError};
use crate::{
    DecisionId, PersonId, ResourceId, ResourcePattern, UnixMillis,
    people::{id_text, random_bytes},
};

/// How long a proposal may wait for its approval.
const LIFE: Duration = Duration::from_hours(7 * 24);

/// Names a proposal: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProposalId([u8; 16]);

impl ProposalId {
    pub(super) fn random() -> Result<Self, RoleError> {
        Ok(Self(random_bytes()?))
    }
}

id_text!(ProposalId, RoleError::NoProposal);

/// A role of a person on every offering or on one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChange {
    /// Whose.
    pub person: PersonId,
    /// Which.
    pub role: Role,
    /// Where.
    pub place: ResourcePattern,
}

/// What is done once a second person approves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProposedAct {
    /// A role is given.
    GiveRole(RoleChange),
    /// A role is taken.
    TakeRole(RoleChange),
    /// The money of a milestone is released to the issuer.
    Release {
        /// Of which offering.
        offering: ResourceId,
        /// Place of the milestone in the terms, from 0.
        milestone: u8,
    },
    /// A person is verified, and let into rounds up to a limit.
    ApproveVerification {
        /// Who.
        person: PersonId,
        /// What the first reviewer would approve.
        decision: DecisionId,
    },
    /// The second factors of a person who lost them are set aside after a delay.
    ResetFactors {
        /// Who.
        person: PersonId,
        /// How they showed that it is them.
        reason: ResetReason,
    },
}

impl ProposedAct {
    pub(super) const fn as_code(&self) -> &'static str {
        match self {
            Self::GiveRole(_) => "give_role",
            Self::TakeRole(_) => "take_role",
            Self::Release { .. } => "release",
            Self::ApproveVerification { .. } => "approve_verification",
            Self::ResetFactors { .. } => "reset_factors",
        }
    }

    /// What who proposes it needs.
    #[must_use]
    pub const fn to_propose(&self) -> Right {
        match self {
            Self::GiveRole(_) | Self::TakeRole(_) => Right::ChangeRoles,
            Self::Release { .. } => Right::ProposeRelease,
            Self::ApproveVerification { .. } => Right::DecideVerifications,
            Self::ResetFactors { .. } => Right::ResetFactors,
        }
    }

    /// What who approves or declines it needs.
    #[must_use]
    pub const fn to_approve(&self) -> Right {
        match self {
            Self::GiveRole(_) | Self::TakeRole(_) => Right::ChangeRoles,
            Self::Release { .. } => Right::ApproveRelease,
            Self::ApproveVerification { .. } => Right::DecideVerifications,
            Self::ResetFactors { .. } => Right::ResetFactors,
        }
    }

    pub(super) const fn role_change(&self) -> Option<&RoleChange> {
        match self {
            Self::GiveRole(change) | Self::TakeRole(change) => Some(change),
            Self::Release { .. } | Self::ApproveVerification { .. } | Self::ResetFactors { .. } => {
                None
            }
        }
    }

    /// The person whom it is about, and the decision that it makes count.
    pub(super) const fn verification(&self) -> Option<(PersonId, DecisionId)> {
        match self {
            Self::GiveRole(_)
            | Self::TakeRole(_)
            | Self::Release { .. }
            | Self::ResetFactors { .. } => None,
            Self::ApproveVerification { person, decision } => Some((*person, *decision)),
        }
    }

    /// Whose second factors it sets aside, and why.
    pub(super) const fn reset(&self) -> Option<(PersonId, ResetReason)> {
        match self {
            Self::GiveRole(_)
            | Self::TakeRole(_)
            | Self::Release { .. }
            | Self::ApproveVerification { .. } => None,
            Self::ResetFactors { person, reason } => Some((*person, *reason)),
        }
    }

    /// The person whom it is about, who has no say in it.
    pub(super) const fn about(&self) -> Option<PersonId> {
        match self {
            Self::GiveRole(_) | Self::TakeRole(_) | Self::Release { .. } => None,
            Self::ApproveVerification { person, .. } | Self::ResetFactors { person, .. } => {
                Some(*person)
            }
        }
    }

    /// Whether one of the two makes the other useless.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self.about(), other.about()) {
            (Some(person), Some(other_person)) => {
                person == other_person && self.as_code() == other.as_code()
            }
            (Some(_) | None, Some(_) | None) => self == other,
        }
    }

    pub(super) const fn milestone(&self) -> Option<u8> {
        match self {
            Self::GiveRole(_)
            | Self::TakeRole(_)
            | Self::ApproveVerification { .. }
            | Self::ResetFactors { .. } => None,
            Self::Release { milestone, .. } => Some(*milestone),
        }
    }

    /// Where it is done.
    #[must_use]
    pub fn place(&self) -> ResourcePattern {
        match self {
            Self::GiveRole(change) | Self::TakeRole(change) => change.place.clone(),
            Self::Release { offering, .. } => ResourcePattern::Only(offering.clone()),
            Self::ApproveVerification { .. } | Self::ResetFactors { .. } => ResourcePattern::Every,
        }
    }
}

/// What somebody says of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is done.
    Approve,
    /// It is not done; who proposed it may say so too.
    Decline,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalState {
    /// It waits for a second person.
    Open,
    /// A second person approved it.
    Approved {
        /// Who.
        by: PersonId,
        /// When.
        at: UnixMillis,
    },
    /// Somebody declined it.
    Declined {
        /// Who.
        by: PersonId,
        /// When.
        at: UnixMillis,
    },
    /// Nobody decided in time.
    Over,
}

impl ProposalState {
    /// The stored word, and who decided.
    pub(super) const fn decided(self) -> (&'static str, Option<PersonId>) {
        match self {
            // Being over follows from the time and is not stored.
            Self::Open | Self::Over => ("open", None),
            Self::Approved { by, .. } => ("approved", Some(by)),
            Self::Declined { by, .. } => ("declined", Some(by)),
        }
    }
}

/// What somebody proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its name.
    pub id: ProposalId,
    /// What it is about.
    pub act: ProposedAct,
    /// Who proposed it.
    pub proposed_by: PersonId,
    /// When.
    pub proposed_at: UnixMillis,
    /// From when it is over if nobody decided.
    pub expires_at: UnixMillis,
    /// What became of it.
    pub state: ProposalState,
}

impl Proposal {
    pub(super) fn new(id: ProposalId, act: ProposedAct, by: PersonId, now: UnixMillis) -> Self {
        Self {
            id,
            act,
            proposed_by: by,
            proposed_at: now,
            expires_at: now.plus(LIFE),
            state: ProposalState::Open,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == ProposalState::Open
    }
}
