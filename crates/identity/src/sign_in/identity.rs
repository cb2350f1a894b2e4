//! Who somebody is on another site, as its id token says.

use std::fmt;

use super::SignInError;
use crate::{EmailAddress, UnixMillis};

/// What the standard allows for a subject (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// An account on another site.
#[derive(Clone, PartialEq, Eq)]
pub struct OutsideIdentity {
    issuer: String,
    subject: String,
    shown_at: Option<UnixMillis>,
}

/// An address of mail that another site names.
#[derive(Clone, PartialEq, Eq)]
pub struct OutsideMail {
    /// The address.
    pub address: EmailAddress,
    /// Whether the other site says that it proved it.
    pub is_verified: bool,
}

/// Personal, so nothing of it.
impl fmt::Debug for OutsideIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OutsideIdentity(..)")
    }
}

/// Personal, so nothing of it.
impl fmt::Debug for OutsideMail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OutsideMail(..)")
    }
}

impl OutsideIdentity {
    /// That of an issuer and its name for somebody, and when they showed a factor there, if it says so.
    ///
    /// # Errors
    /// [`SignInError::Exchange`] for a subject that the standard does not allow.
    pub fn new(
        issuer: &str,
        subject: &str,
        shown_at: Option<UnixMillis>,
    ) -> Result<Self, SignInError> {
        let is_one = (1..=LONGEST_SUBJECT).contains(&subject.len())
            && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_one {
            return Err(SignInError::Exchange);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            shown_at,
        })
    }

    /// Whose name for somebody it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When they showed a factor there, not later than now; nothing where the other site does not say it.
    pub(super) fn shown_before(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.shown_at.map(|at| at.min(now))
    }

    pub(super) fn with_shown_at(mut self, shown_at: Option<UnixMillis>) -> Self {
        self.shown_at = shown_at;
        self
    }

    /// What it is found by: no issuer has a line's end in its name, no subject either.
    pub(super) fn text(&self) -> String {
        format!("{}\n{}", self.issuer, self.subject)
    }

    /// Of [`OutsideIdentity::text`].
    pub(super) fn parse(text: &str) -> Result<Self, SignInError> {
        let (issuer, subject) = text.split_once('\n').ok_or(SignInError::Row("identity"))?;
        Self::new(issuer, subject, None).map_err(|_| SignInError::Row("identity"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuer_and_subject_are_found_by_both_and_read_back() {
        let of = |issuer: &str, subject: &str| OutsideIdentity::new(issuer, subject, None).unwrap();
        let one = of("https://id.example", "7");
        assert_eq!(OutsideIdentity::parse(&one.text()).unwrap(), one);
        assert_ne!(one.text(), of("https://id.example/", "7").text());
        assert_ne!(one.text(), of("https://id.exampl", "e7").text());
        for wrong in ["", "a\nb", "ä", "\u{7f}", &"a".repeat(256)] {
            let refused = OutsideIdentity::new("https://id.example", wrong, None);
            assert!(refused.is_err(), "{wrong:?}");
        }
        assert!(OutsideIdentity::parse("https://id.example").is_err());
    }

    #[test]
    fn nothing_personal_is_printed() {
        let one = OutsideIdentity::new("https://id.example", "7", None).unwrap();
        assert_eq!(format!("{one:?}"), "OutsideIdentity(..)");
    }
}
