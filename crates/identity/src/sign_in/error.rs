//! Why another site let nobody in.

use softcap_database::DatabaseError;
use thiserror::Error;

use super::MOST_SIGN_INS;
use crate::PersonError;

/// Logging in with another site did not do what was asked. No text of it names a person.
#[derive(Debug, Error)]
pub enum SignInError {
    /// The configuration names no such site.
    #[error("A561: nobody logs in here with this site")]
    NoSite,
    /// Begun by nobody, answered before, or too late.
    #[error("A562: this answer is not valid: it works once, for ten minutes after you began")]
    AttemptOver,
    /// Somebody else began it, or the cookie is gone.
    #[error("A563: this was begun in another browser")]
    OtherBrowser,
    /// The other site, or the person there, said no.
    #[error("A564: the other site did not let you in")]
    Declined,
    /// Another site answered than the one that was asked.
    #[error("A565: another site answered than the one that was asked")]
    OtherSite,
    /// It does not answer, or not as it must.
    #[error("A566: the other site cannot be asked now")]
    Unreachable,
    /// It gives nothing for the code.
    #[error("A567: the other site did not take its own code")]
    Exchange,
    /// By another key, or by none.
    #[error("A568: the answer is not signed by the other site")]
    Signature,
    /// Written for somebody else.
    #[error("A569: the answer was not written for this site")]
    Audience,
    /// Of another login.
    #[error("A570: the answer belongs to another login")]
    Nonce,
    /// In the name of another issuer.
    #[error("A571: the answer speaks for another site")]
    TokenIssuer,
    /// Over, or from the future.
    #[error("A572: the answer is too old, or not of now")]
    Expired,
    /// No new factor was shown there.
    #[error("A573: the other site did not ask you again")]
    NotAgain,
    /// Nobody has it, or somebody else.
    #[error("A574: your account is not linked with this account there")]
    Unknown,
    /// Somebody has it.
    #[error("A575: an account here is linked with this account there already")]
    Known,
    /// No such link of this person.
    #[error("A576: you have no such link")]
    Missing,
    /// Nothing else would let the person in.
    #[error("A577: without this link nothing would let you in: set a password first")]
    OnlyWay,
    /// More than [`MOST_SIGN_INS`].
    #[error("A578: you have {MOST_SIGN_INS} links, the most there may be: remove one")]
    TooMany,
    /// Who came for the first time waited too long, or is somebody by now.
    #[error("A579: signing up took too long: begin again")]
    NewcomerOver,
    /// The address has an account.
    #[error("A580: this address has an account here")]
    MailKnown,
    /// A row that this program cannot have written.
    #[error("A596: a row of a link with another site is damaged: {0}")]
    Row(&'static str),
    /// Something below: sealed columns, limits, randomness, the database.
    #[error(transparent)]
    Person(#[from] PersonError),
}

impl SignInError {
    /// The refusals, for pages that explain each.
    pub const REFUSALS: [Self; 20] = [
        Self::NoSite,
        Self::AttemptOver,
        Self::OtherBrowser,
        Self::Declined,
        Self::OtherSite,
        Self::Unreachable,
        Self::Exchange,
        Self::Signature,
        Self::Audience,
        Self::Nonce,
        Self::TokenIssuer,
        Self::Expired,
        Self::NotAgain,
        Self::Unknown,
        Self::Known,
        Self::Missing,
        Self::OnlyWay,
        Self::TooMany,
        Self::NewcomerOver,
        Self::MailKnown,
    ];

    /// The stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSite => "A561",
            Self::AttemptOver => "A562",
            Self::OtherBrowser => "A563",
            Self::Declined => "A564",
            Self::OtherSite => "A565",
            Self::Unreachable => "A566",
            Self::Exchange => "A567",
            Self::Signature => "A568",
            Self::Audience => "A569",
            Self::Nonce => "A570",
            Self::TokenIssuer => "A571",
            Self::Expired => "A572",
            Self::NotAgain => "A573",
            Self::Unknown => "A574",
            Self::Known => "A575",
            Self::Missing => "A576",
            Self::OnlyWay => "A577",
            Self::TooMany => "A578",
            Self::NewcomerOver => "A579",
            Self::MailKnown => "A580",
            Self::Row(_) => "A596",
            Self::Person(error) => error.code(),
        }
    }
}

impl From<DatabaseError> for SignInError {
    fn from(error: DatabaseError) -> Self {
        Self::Person(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_its_code_and_no_code_is_used_twice() {
        let all = SignInError::REFUSALS.into_iter();
        let all: Vec<_> = all.chain([SignInError::Row("x")]).collect();
        for error in &all {
            let text = error.to_string();
            assert!(text.starts_with(&format!("{}: ", error.code())), "{text}");
        }
        let mut codes: Vec<_> = all.iter().map(SignInError::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all.len());
    }
}
