//! What can go wrong with invitations.

use softcap_database::DatabaseError;
use thiserror::Error;

use crate::{PersonError, RoleError};

/// An invitation was not sent, found or accepted.
#[derive(Debug, Error)]
pub enum InvitationError {
    /// The code is unknown, used, taken back or over: which of them is not told.
    #[error(
        "A711: this code of an invitation does not work (any more); ask who invited you for another one"
    )]
    Code,
    /// There is none of this name, or it is not open any more.
    #[error(
        "A712: there is no open invitation of this id; ask for the list of those that are open"
    )]
    NoInvitation,
    /// Who invited may not invite any more.
    #[error("A713: who sent this invitation may not invite any more; ask somebody else who may")]
    InviterLost,
    /// What names a person, limits, and what is sealed.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// What becomes of a role.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl InvitationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Code => "A711",
            Self::NoInvitation => "A712",
            Self::InviterLost => "A713",
            Self::Person(error) => error.code(),
            Self::Role(error) => error.code(),
            Self::Database(_) => "A798",
        }
    }
}
