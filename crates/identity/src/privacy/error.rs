//! What can go wrong when people are erased.

use softcap_database::DatabaseError;
use thiserror::Error;

use crate::{PersonError, RoleError, VerificationError};

/// A person was not erased.
#[derive(Debug, Error)]
pub enum PrivacyError {
    /// There is no such person, and never was one who was erased.
    #[error("A931: no person has this id")]
    NoPerson,
    /// Somebody with a role answers for something.
    #[error("A932: the person has a role in the organisation: it must be given up or taken first")]
    HasRole,
    /// People.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// Roles.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// Verification.
    #[error(transparent)]
    Verification(#[from] VerificationError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl PrivacyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPerson => "A931",
            Self::HasRole => "A932",
            Self::Person(error) => error.code(),
            Self::Role(error) => error.code(),
            Self::Verification(error) => error.code(),
            Self::Database(_) => "A999",
        }
    }
}
