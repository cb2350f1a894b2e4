//! An invitation as it stands, and the table of them.

use std::time::Duration;

use softcap_database::{DatabaseError, row};

use super::InvitationError;
use crate::{
    PersonId, ResourceId, ResourcePattern, Role, UnixMillis,
    people::{MailWords, id_text, random_bytes},
};

/// How long the code of an invitation works.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);

/// Names an invitation: 16 random bytes. It is no secret and lets nobody in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvitationId([u8; 16]);

impl InvitationId {
    pub(super) fn random() -> Result<Self, InvitationError> {
        Ok(Self(random_bytes()?))
    }
}

id_text!(InvitationId, InvitationError::NoInvitation);

/// What somebody is invited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitedTo {
    /// A role, which a second person must still approve where roles ask for one.
    Role {
        /// Which.
        role: Role,
        /// Where.
        place: ResourcePattern,
    },
    /// The sale of an offering. Who accepts is let in by whoever may.
    Sale(ResourceId),
}

impl InvitedTo {
    /// The role, if it is one.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Role { role, .. } => Some(*role),
            Self::Sale(_) => None,
        }
    }

    /// Where.
    #[must_use]
    pub fn place(&self) -> ResourcePattern {
        match self {
            Self::Role { place, .. } => place.clone(),
            Self::Sale(offering) => ResourcePattern::Only(offering.clone()),
        }
    }

    /// The words of its mail.
    pub(super) fn words(&self) -> MailWords {
        match self {
            Self::Role { role, place } => MailWords::of("invitation-role")
                .with("role", role.as_code())
                .with("reach", place.reach())
                .with("place", place.to_string()),
            Self::Sale(offering) => {
                MailWords::of("invitation-sale").with("place", offering.as_str())
            }
        }
    }

    /// As the audit has it.
    pub(super) fn as_code(&self) -> String {
        match self {
            Self::Role { role, place } => format!("{role}:{place}"),
            Self::Sale(offering) => format!("sale:{}", offering.as_str()),
        }
    }
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// Its code works.
    Open,
    /// Somebody accepted it.
    Accepted {
        /// Who.
        by: PersonId,
        /// When.
        at: UnixMillis,
    },
    /// It was taken back.
    Withdrawn,
    /// Nobody accepted it in time.
    Over,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its name.
    pub id: InvitationId,
    /// What to.
    pub to: InvitedTo,
    /// Who invites.
    pub invited_by: PersonId,
    /// When.
    pub made_at: UnixMillis,
    /// From when its code works no more.
    pub expires_at: UnixMillis,
    /// Where it stands.
    pub state: InvitationState,
}

row! {
    pub(crate) struct InvitationRow {
        id: String,
        role: Option<String>,
        place: String,
        invited_by: String,
        made_at: i64,
        expires_at: i64,
        accepted_by: Option<String>,
        accepted_at: Option<i64>,
        withdrawn_at: Option<i64>,
    }
}

impl InvitationRow {
    pub(crate) fn read(self, now: UnixMillis) -> Result<Invitation, DatabaseError> {
        let id = self.id.clone();
        self.parse(now)
            .ok_or_else(|| DatabaseError::Damaged(format!("invitation {id}")))
    }

    fn parse(self, now: UnixMillis) -> Option<Invitation> {
        let to = match self.role {
            Some(role) => InvitedTo::Role {
                role: role.parse().ok()?,
                place: self.place.parse().ok()?,
            },
            None => InvitedTo::Sale(self.place.parse().ok()?),
        };
        let expires_at = UnixMillis::new(self.expires_at);
        let state = match (self.accepted_by, self.withdrawn_at) {
            (Some(by), _) => InvitationState::Accepted {
                by: by.parse().ok()?,
                at: UnixMillis::new(self.accepted_at?),
            },
            (None, Some(_)) => InvitationState::Withdrawn,
            (None, None) if now < expires_at => InvitationState::Open,
            (None, None) => InvitationState::Over,
        };
        Some(Invitation {
            id: self.id.parse().ok()?,
            to,
            invited_by: self.invited_by.parse().ok()?,
            made_at: UnixMillis::new(self.made_at),
            expires_at,
            state,
        })
    }
}
