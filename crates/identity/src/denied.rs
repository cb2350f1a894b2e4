//! Why a caller is not let in, inside and outside.
//!
//! Inside (audit, metrics) every reason has its code. Outside, a caller who does not hold the secret
//! learns nothing about which keys exist: unknown, wrong secret and revoked are one [`Answer`], and
//! each costs one HMAC. A caller who does hold the secret is told that the key is expired, used from the
//! wrong place, or too fast.

use std::{net::IpAddr, time::Duration};

use thiserror::Error;

/// Why a request with a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Denied {
    /// The text is no key; the database was not asked.
    #[error("the text is no key")]
    Malformed,
    /// No key has this id.
    #[error("there is no such key")]
    Unknown,
    /// The id exists, the secret is another.
    #[error("wrong secret")]
    WrongSecret,
    /// It was revoked.
    #[error("revoked")]
    Revoked,
    /// It is over.
    #[error("expired")]
    Expired,
    /// Not from this address. Nothing is taken from the limit.
    #[error("not from this address")]
    Address {
        /// The address that was judged.
        peer: IpAddr,
    },
    /// Too fast.
    #[error("over the limit")]
    Limited {
        /// After this long the same request goes through if no other comes first.
        wait: Duration,
    },
    /// One request costs more than the whole burst, so that waiting does not help.
    #[error("dearer than the burst of the limit")]
    TooDear {
        /// The burst.
        burst: u32,
    },
    /// No key of this id made this signature.
    #[error("wrong signature")]
    WrongSignature,
    /// A signature is over, or from the future.
    #[error("old signature")]
    OldSignature,
    /// What was signed was sent before.
    #[error("used signature")]
    UsedSignature,
    /// Somebody who was let in asked for what they may not do.
    #[error("not allowed")]
    NotAllowed,
    /// This node has not heard from the database for so long that the key may be revoked.
    #[error("keys cannot be checked now")]
    Stale,
}

/// What may be told to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Stable, for programs.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: &'static str,
    /// When to come again.
    pub wait: Option<Duration>,
}

impl Denied {
    /// Every reason once, for metrics and documentation; values inside mean nothing.
    pub(crate) const CODES: [&'static str; 13] = [
        "key_malformed",
        "key_unknown",
        "key_wrong_secret",
        "key_revoked",
        "key_expired",
        "key_address",
        "key_limited",
        "key_too_dear",
        "key_stale",
        "not_allowed",
        "signature_wrong",
        "signature_old",
        "signature_used",
    ];

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Malformed => 0,
            Self::Unknown => 1,
            Self::WrongSecret => 2,
            Self::Revoked => 3,
            Self::Expired => 4,
            Self::Address { .. } => 5,
            Self::Limited { .. } => 6,
            Self::TooDear { .. } => 7,
            Self::Stale => 8,
            Self::NotAllowed => 9,
            Self::WrongSignature => 10,
            Self::OldSignature => 11,
            Self::UsedSignature => 12,
        }
    }

    /// For the audit and metrics, never for the caller.
    #[must_use]
    pub const fn code(self) -> &'static str {
        Self::CODES[self.index()]
    }

    /// For the caller.
    #[must_use]
    pub const fn answer(self) -> Answer {
        let (code, message, wait) = match self {
            Self::Malformed => (
                "key_malformed",
                "This is no key: send the whole text `sc_live_...` or `sc_test_...` as it was shown.",
                None,
            ),
            Self::Unknown | Self::WrongSecret | Self::Revoked => (
                "key_invalid",
                "This key is not valid: ask its issuer for another one.",
                None,
            ),
            Self::Expired => (
                "key_expired",
                "This key has expired: rotate keys before they do, or ask for another one.",
                None,
            ),
            Self::Address { .. } => (
                "key_address",
                "This key may not be used from this address: use one of its networks, or have them changed.",
                None,
            ),
            Self::Limited { wait } => (
                "key_limited",
                "Too many requests with this key: wait as told, then send the same request again.",
                Some(wait),
            ),
            Self::TooDear { .. } => (
                "key_too_dear",
                "This request costs more than the key's burst: send it in smaller parts.",
                None,
            ),
            Self::WrongSignature => (
                "signature_invalid",
                "No key of this id made this signature: compare what you sign with the documentation, and keyid with the key's public part.",
                None,
            ),
            Self::OldSignature => (
                "signature_old",
                "This signature is over or from the future: set your clock, and sign each request when you send it.",
                None,
            ),
            Self::UsedSignature => (
                "signature_used",
                "This signature was used: sign each request anew, with another nonce.",
                None,
            ),
            Self::NotAllowed => (
                "not_allowed",
                "You may not do this: ask for the scope or the role that the documentation names.",
                None,
            ),
            Self::Stale => (
                "key_stale",
                "Keys cannot be checked now: send the same request again in a moment.",
                Some(Duration::from_secs(1)),
            ),
        };
        Answer {
            code,
            message,
            wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_cannot_tell_unknown_from_wrong_from_revoked() {
        assert_eq!(Denied::Unknown.answer(), Denied::WrongSecret.answer());
        assert_eq!(Denied::Unknown.answer(), Denied::Revoked.answer());
        assert_ne!(Denied::Unknown.answer(), Denied::Expired.answer());
        assert_ne!(Denied::Unknown.code(), Denied::Revoked.code());
    }
}
