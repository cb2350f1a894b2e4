//! What can go wrong with applications that act for people.

use std::{borrow::Cow, sync::Arc};

use softcap_database::DatabaseError;
use thiserror::Error;

use crate::{KeyError, PersonError};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal;)*) => {
        /// Why an application is refused, as the protocol words it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The word of the protocol, for `error`.
            #[must_use]
            pub const fn as_word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

faults! {
    /// A parameter is missing, there twice, or has a value that it may not have.
    InvalidRequest = "A801", "invalid_request";
    /// No such client, or it did not show that it is the one.
    InvalidClient = "A802", "invalid_client";
    /// Code, refresh token or device code is unknown, used, over, or of another client.
    InvalidGrant = "A803", "invalid_grant";
    /// The client may not use this kind of grant.
    UnauthorizedClient = "A804", "unauthorized_client";
    /// There is no such kind of grant.
    UnsupportedGrantType = "A805", "unsupported_grant_type";
    /// Only codes are given.
    UnsupportedResponseType = "A806", "unsupported_response_type";
    /// A scope is unknown, or more than the client or the person may give.
    InvalidScope = "A807", "invalid_scope";
    /// The person said no.
    AccessDenied = "A808", "access_denied";
    /// Tokens are given for the interface of this site only (RFC 8707).
    InvalidTarget = "A809", "invalid_target";
    /// Somebody must log in first, and the client asked that nobody is shown a page.
    LoginRequired = "A810", "login_required";
    /// Somebody must agree first, and the client asked that nobody is shown a page.
    ConsentRequired = "A811", "consent_required";
    /// A request that is signed by the client is not understood here.
    RequestNotSupported = "A812", "request_not_supported";
    /// The name of a pushed request is unknown, used or over (RFC 9126).
    InvalidRequestUri = "A813", "invalid_request_uri";
    /// A token is unknown, ended or over (RFC 6750).
    InvalidToken = "A814", "invalid_token";
    /// A token is good, and for less than this (RFC 6750).
    InsufficientScope = "A815", "insufficient_scope";
    /// The person must show more, or again (RFC 9470).
    InsufficientUserAuthentication = "A816", "insufficient_user_authentication";
    /// The person has not decided yet (RFC 8628).
    AuthorizationPending = "A820", "authorization_pending";
    /// A device asks too often (RFC 8628).
    SlowDown = "A821", "slow_down";
    /// Nobody decided in time (RFC 8628).
    ExpiredToken = "A822", "expired_token";
    /// The person cannot show what is asked for (OpenID Connect).
    UnmetAuthenticationRequirements = "A819", "unmet_authentication_requirements";
    /// A proof of possession is missing, wrong, or was used (RFC 9449).
    InvalidDpopProof = "A817", "invalid_dpop_proof";
    /// A proof of possession is good but for its nonce (RFC 9449).
    UseDpopNonce = "A818", "use_dpop_nonce";
}

/// Something about an application was refused. No text of it holds a secret.
#[derive(Debug, Error)]
pub enum OauthError {
    /// By the rules of the protocol.
    #[error("{}: {why}", fault.code())]
    Refused {
        /// Which.
        fault: Fault,
        /// What exactly; no quotes or backslashes, which the protocol does not allow in it.
        why: Cow<'static, str>,
    },
    /// There is no such application.
    #[error("A841: there is no application of this name")]
    NoClient,
    /// The person granted nothing under this name.
    #[error("A842: you have granted nothing under this name")]
    NoGrant,
    /// What is said about an application is not what it may be.
    #[error("A843: {0}")]
    Client(Cow<'static, str>),
    /// Nobody gives an application more than they may do themselves.
    #[error("A844: you give an application no scope that you do not have yourself")]
    Wider,
    /// A grant is narrowed, never widened.
    #[error("A845: this is not within what was granted: let the application ask again")]
    NotNarrower,
    /// An application contributes in a currency in which the person allows it nothing.
    #[error("A846: the person allows this application no contribution in this currency")]
    OtherCurrency,
    /// It contributes more at once than the person allows.
    #[error("A847: this is more than the person allows this application in one contribution")]
    OverEach,
    /// It contributes more in all than the person allows.
    #[error("A848: with this the application would contribute more in all than the person allows")]
    OverTotal,
    /// Limits of amounts that are none.
    #[error("A849: limits of amounts name each currency once, with smallest units")]
    Limits,
    /// A row that this program cannot have written.
    #[error("A891: the row `{row}` of {table} is damaged")]
    Row {
        /// Which table.
        table: &'static str,
        /// Which row.
        row: String,
    },
    /// What keeps secrets and people.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The database.
    #[error(transparent)]
    Database(Arc<DatabaseError>),
}

impl From<DatabaseError> for OauthError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<Arc<DatabaseError>> for OauthError {
    fn from(error: Arc<DatabaseError>) -> Self {
        Self::Database(error)
    }
}

impl OauthError {
    pub(super) fn new(fault: Fault, why: impl Into<Cow<'static, str>>) -> Self {
        let why = why.into();
        Self::Refused { fault, why }
    }

    pub(super) fn request(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Fault::InvalidRequest, why)
    }

    pub(super) fn grant(why: &'static str) -> Self {
        Self::new(Fault::InvalidGrant, why)
    }

    pub(super) fn scope(error: &KeyError) -> Self {
        let text = error.to_string().replace(['"', '\\', '`'], "'");
        Self::new(Fault::InvalidScope, text)
    }

    pub(super) fn damaged(table: &'static str, row: &str) -> Self {
        Self::Row {
            table,
            row: row.to_owned(),
        }
    }

    /// The word of the protocol, if it is the protocol that refuses.
    #[must_use]
    pub const fn fault(&self) -> Option<Fault> {
        match self {
            Self::Refused { fault, .. } => Some(*fault),
            Self::NoClient
            | Self::NoGrant
            | Self::Client(_)
            | Self::Wider
            | Self::NotNarrower
            | Self::OtherCurrency
            | Self::OverEach
            | Self::OverTotal
            | Self::Limits
            | Self::Row { .. }
            | Self::Person(_)
            | Self::Database(_) => None,
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused { fault, .. } => fault.code(),
            Self::NoClient => "A841",
            Self::NoGrant => "A842",
            Self::Client(_) => "A843",
            Self::Wider => "A844",
            Self::NotNarrower => "A845",
            Self::OtherCurrency => "A846",
            Self::OverEach => "A847",
            Self::OverTotal => "A848",
            Self::Limits => "A849",
            Self::Row { .. } => "A891",
            Self::Person(error) => error.code(),
            Self::Database(_) => "A899",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_begin_the_text() {
        let codes: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.code()).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
        for error in [
            OauthError::request("x"),
            OauthError::NoClient,
            OauthError::NoGrant,
            OauthError::Client("x".into()),
            OauthError::Wider,
            OauthError::NotNarrower,
            OauthError::OtherCurrency,
            OauthError::OverEach,
            OauthError::OverTotal,
            OauthError::Limits,
            OauthError::damaged("t", "r"),
        ] {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: ", error.code())), "{text}");
        }
    }
}
