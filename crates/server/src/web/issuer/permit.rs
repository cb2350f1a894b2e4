//! Whether somebody may do something, for what a page offers: the same question as at the deed, asked before.

use crate::problem::ApiError;

/// What stands between somebody and a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Permit {
    /// Nothing.
    Granted,
    /// A factor must be shown again.
    Stale,
    /// No role of theirs may, or the second factor is missing.
    Refused,
}

impl Permit {
    /// Of what the interface would answer.
    pub(in crate::web) fn of(answer: &Result<(), ApiError>) -> Self {
        match answer {
            Ok(()) => Self::Granted,
            Err(ApiError::Domain { code, .. }) if code == "A409" => Self::Stale,
            Err(_) => Self::Refused,
        }
    }

    pub(in crate::web) fn is_granted(self) -> bool {
        self == Self::Granted
    }

    pub(in crate::web) fn is_stale(self) -> bool {
        self == Self::Stale
    }
}
