//! The name of a log: that of its offering in URLs, or of a private log of the platform.

use std::{fmt, str::FromStr};

use crate::JournalError;

/// 1 to 64 lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName(Box<str>);

impl LogName {
    /// The log of the platform's balances.
    #[must_use]
    pub fn platform() -> Self {
        Self("platform".into())
    }

    /// The log of the audit.
    #[must_use]
    pub fn audit() -> Self {
        Self("audit".into())
    }

    /// Whether no offering can have it.
    pub(crate) fn is_reserved(&self) -> bool {
        *self == Self::platform() || *self == Self::audit()
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogName {
    type Err = JournalError;

    fn from_str(text: &str) -> Result<Self, JournalError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if begins && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(JournalError::LogName)
        }
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
