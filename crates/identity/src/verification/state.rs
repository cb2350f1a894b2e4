//! The life of a case: which step leads from which state to which. Pure, so that a table can test all of it.

use super::{Reason, VerificationError};
use crate::{PersonId, UnixMillis};

/// How often a reviewer may ask for more before they must decide.
pub(crate) const MOST_ROUNDS: u8 = 3;

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseState {
    /// The person fills it in.
    Open,
    /// The person says that it is complete; nobody looks at it yet.
    Submitted,
    /// Somebody looks at it.
    InReview {
        /// Who.
        by: PersonId,
    },
    /// Something is missing or wrong; the person may mend it.
    NeedsMore {
        /// Who says so.
        by: PersonId,
        /// What.
        reasons: Vec<Reason>,
    },
    /// The person is verified.
    Approved {
        /// Who decided; where two did, the second one.
        by: PersonId,
        /// From when it counts no more.
        until: UnixMillis,
        /// From when somebody should look at it again.
        recheck_at: UnixMillis,
    },
    /// The person is verified, and it is time to look at it again.
    RecheckDue {
        /// Who approved.
        by: PersonId,
        /// From when it counts no more.
        until: UnixMillis,
    },
    /// The person is not verified, and it is said why.
    Refused {
        /// Who decided.
        by: PersonId,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// The time of an approval is over.
    Expired,
}

/// The state without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKind {
    /// [`CaseState::Open`].
    Open,
    /// [`CaseState::Submitted`].
    Submitted,
    /// [`CaseState::InReview`].
    InReview,
    /// [`CaseState::NeedsMore`].
    NeedsMore,
    /// [`CaseState::Approved`].
    Approved,
    /// [`CaseState::RecheckDue`].
    RecheckDue,
    /// [`CaseState::Refused`].
    Refused,
    /// [`CaseState::Expired`].
    Expired,
}

impl StateKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::Submitted,
        Self::InReview,
        Self::NeedsMore,
        Self::Approved,
        Self::RecheckDue,
        Self::Refused,
        Self::Expired,
    ];

    /// As stored and shown.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Submitted => "submitted",
            Self::InReview => "in_review",
            Self::NeedsMore => "needs_more",
            Self::Approved => "approved",
            Self::RecheckDue => "recheck_due",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// The state of this text.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_code() == code)
    }

    /// Whether the person may change what stands in the case.
    #[must_use]
    pub const fn is_persons_turn(self) -> bool {
        matches!(self, Self::Open | Self::NeedsMore)
    }

    /// Whether the person counts as verified.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Approved | Self::RecheckDue)
    }
}

impl CaseState {
    /// Which.
    #[must_use]
    pub const fn kind(&self) -> StateKind {
        match self {
            Self::Open => StateKind::Open,
            Self::Submitted => StateKind::Submitted,
            Self::InReview { .. } => StateKind::InReview,
            Self::NeedsMore { .. } => StateKind::NeedsMore,
            Self::Approved { .. } => StateKind::Approved,
            Self::RecheckDue { .. } => StateKind::RecheckDue,
            Self::Refused { .. } => StateKind::Refused,
            Self::Expired => StateKind::Expired,
        }
    }
}

/// What somebody does with a case, or what time does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The person begins it anew: after an end, or for a higher level.
    Reopen,
    /// The person says that it is complete.
    Submit,
    /// A reviewer takes it, perhaps from another one.
    Take {
        /// Who.
        by: PersonId,
    },
    /// The reviewer asks for more.
    AskMore {
        /// Who.
        by: PersonId,
        /// What.
        reasons: Vec<Reason>,
    },
    /// The reviewer approves.
    Approve {
        /// Who.
        by: PersonId,
        /// From when it counts no more.
        until: UnixMillis,
        /// From when somebody should look again.
        recheck_at: UnixMillis,
    },
    /// The reviewer refuses, also what was approved before.
    Refuse {
        /// Who.
        by: PersonId,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// Time passes.
    Pass,
}

impl Step {
    /// As errors name it.
    #[must_use]
    pub(crate) const fn as_words(&self) -> &'static str {
        match self {
            Self::Reopen => "beginning it anew",
            Self::Submit => "submitting it",
            Self::Take { .. } => "taking it for review",
            Self::AskMore { .. } => "asking for more",
            Self::Approve { .. } => "approving it",
            Self::Refuse { .. } => "refusing it",
            Self::Pass => "waiting",
        }
    }
}

/// The state after a step at a time, when more was asked for so many times before. `None`: nothing changes.
///
/// # Errors
/// [`VerificationError::Step`] for a step that does not follow on the state, [`VerificationError::NoMoreRounds`].
pub(crate) fn after(
    state: &CaseState,
    step: Step,
    rounds: u8,
    now: UnixMillis,
) -> Result<Option<CaseState>, VerificationError> {
    let refused = |step: &Step| {
        Err(VerificationError::Step {
            state: state.kind(),
            step: step.as_words(),
        })
    };
    let next = match (state.kind(), step) {
        (_, Step::Pass) => return Ok(after_time(state, now)),
        (StateKind::Open | StateKind::NeedsMore, Step::Submit) => CaseState::Submitted,
        (
            StateKind::Approved | StateKind::RecheckDue | StateKind::Expired | StateKind::Refused,
            Step::Reopen,
        ) if state.kind() != StateKind::Refused || rounds < MOST_ROUNDS => CaseState::Open,
        (
            StateKind::Submitted
            | StateKind::InReview
            | StateKind::Approved
            | StateKind::RecheckDue
            | StateKind::Refused,
            Step::Take { by },
        ) => CaseState::InReview { by },
        (StateKind::InReview, Step::AskMore { .. }) if rounds >= MOST_ROUNDS => {
            return Err(VerificationError::NoMoreRounds);
        }
        (StateKind::InReview, Step::AskMore { by, reasons }) => {
            CaseState::NeedsMore { by, reasons }
        }
        (
            StateKind::InReview,
            Step::Approve {
                by,
                until,
                recheck_at,
            },
        ) => CaseState::Approved {
            by,
            until,
            recheck_at,
        },
        (StateKind::InReview, Step::Refuse { by, reasons }) => CaseState::Refused { by, reasons },
        (
            StateKind::Open
            | StateKind::Submitted
            | StateKind::InReview
            | StateKind::NeedsMore
            | StateKind::Approved
            | StateKind::RecheckDue
            | StateKind::Refused
            | StateKind::Expired,
            step,
        ) => return refused(&step),
    };
    Ok(Some(next))
}

/// What time alone does.
fn after_time(state: &CaseState, now: UnixMillis) -> Option<CaseState> {
    match state {
        CaseState::Approved { until, .. } | CaseState::RecheckDue { until, .. }
            if now >= *until =>
        {
            Some(CaseState::Expired)
        }
        CaseState::Approved {
            by,
            until,
            recheck_at,
        } if now >= *recheck_at => Some(CaseState::RecheckDue {
            by: *by,
            until: *until,
        }),
        CaseState::Open
        | CaseState::Submitted
        | CaseState::InReview { .. }
        | CaseState::NeedsMore { .. }
        | CaseState::Approved { .. }
        | CaseState::RecheckDue { .. }
        | CaseState::Refused { .. }
        | CaseState::Expired => None,
    }
}

#[cfg(test)]
mod tests;
