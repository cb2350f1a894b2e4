//! The case of a person, as its row holds it.

use softcap_database::row;

use super::{
    CaseState, Reason, StateKind, VerificationError, VerificationLevel, reasons_of,
    state::MOST_ROUNDS,
};
use crate::{PersonError, PersonId, UnixMillis};

/// The verification of a person, without what they said and showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Whose.
    pub person: PersonId,
    /// How far they want to be, or are, verified.
    pub level: VerificationLevel,
    /// Where it stands.
    pub state: CaseState,
    /// Grows with each change: who decides says which one they read.
    pub version: i64,
    /// How often more was asked for.
    pub rounds: u8,
    /// What a screening found at the last submission, for the reviewer.
    pub flags: Vec<Reason>,
    /// When it was begun.
    pub began_at: UnixMillis,
    /// When it last changed.
    pub changed_at: UnixMillis,
}

impl Case {
    /// How often more may still be asked for.
    #[must_use]
    pub const fn rounds_left(&self) -> u8 {
        MOST_ROUNDS.saturating_sub(self.rounds)
    }
}

row! {
    pub(super) struct CaseRow {
        person: String,
        level: String,
        state: String,
        version: i64,
        rounds: i64,
        officer: Option<String>,
        reasons: String,
        flags: String,
        until_at: Option<i64>,
        recheck_at: Option<i64>,
        began_at: i64,
        changed_at: i64,
    }
}

impl CaseRow {
    pub(super) fn read(self) -> Result<Case, VerificationError> {
        let row = self.person.clone();
        self.parse().ok_or_else(|| damaged(row))
    }

    fn parse(self) -> Option<Case> {
        let by = || self.officer.as_deref()?.parse::<PersonId>().ok();
        let reasons = || {
            let codes: Vec<_> = self.reasons.split(' ').collect();
            reasons_of(&codes).ok()
        };
        let until = || self.until_at.map(UnixMillis::new);
        let state = match StateKind::from_code(&self.state)? {
            StateKind::Open => CaseState::Open,
            StateKind::Submitted => CaseState::Submitted,
            StateKind::InReview => CaseState::InReview { by: by()? },
            StateKind::NeedsMore => CaseState::NeedsMore {
                by: by()?,
                reasons: reasons()?,
            },
            StateKind::Approved => CaseState::Approved {
                by: by()?,
                until: until()?,
                recheck_at: UnixMillis::new(self.recheck_at?),
            },
            StateKind::RecheckDue => CaseState::RecheckDue {
                by: by()?,
                until: until()?,
            },
            StateKind::Refused => CaseState::Refused {
                by: by()?,
                reasons: reasons()?,
            },
            StateKind::Expired => CaseState::Expired,
        };
        Some(Case {
            person: self.person.parse().ok()?,
            level: VerificationLevel::from_code(&self.level)?,
            state,
            version: self.version,
            rounds: u8::try_from(self.rounds).ok()?,
            flags: match self.flags.as_str() {
                "" => Vec::new(),
                flags => reasons_of(&flags.split(' ').collect::<Vec<_>>()).ok()?,
            },
            began_at: UnixMillis::new(self.began_at),
            changed_at: UnixMillis::new(self.changed_at),
        })
    }
}

/// What a state has beside its name, for its columns.
pub(super) struct StateColumns {
    pub(super) officer: Option<String>,
    pub(super) reasons: String,
    pub(super) until_at: Option<i64>,
    pub(super) recheck_at: Option<i64>,
}

impl StateColumns {
    pub(super) fn of(state: &CaseState) -> Self {
        let columns = |by: Option<PersonId>| Self {
            officer: by.map(|by| by.to_string()),
            reasons: String::new(),
            until_at: None,
            recheck_at: None,
        };
        let with = |by: PersonId, reasons: &[Reason]| Self {
            reasons: super::reason::stored(reasons),
            ..columns(Some(by))
        };
        match state {
            CaseState::Open | CaseState::Submitted | CaseState::Expired => columns(None),
            CaseState::InReview { by } => columns(Some(*by)),
            CaseState::NeedsMore { by, reasons } | CaseState::Refused { by, reasons } => {
                with(*by, reasons)
            }
            CaseState::Approved {
                by,
                until,
                recheck_at,
            } => Self {
                until_at: Some(until.get()),
                recheck_at: Some(recheck_at.get()),
                ..columns(Some(*by))
            },
            CaseState::RecheckDue { by, until } => Self {
                until_at: Some(until.get()),
                ..columns(Some(*by))
            },
        }
    }
}

pub(super) fn damaged(row: String) -> VerificationError {
    let table = "verification";
    VerificationError::Person(PersonError::Row { table, row })
}
