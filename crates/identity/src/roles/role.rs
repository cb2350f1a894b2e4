//! What a person is in the organisation.

use std::{fmt, str::FromStr};

use super::RoleError;

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a person is in the organisation, or for one offering of it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role { $($(#[$doc])* $name,)* }

        impl Role {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The text, as stored and shown.
            #[must_use]
            pub const fn as_code(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

roles! {
    /// Answers for the organisation: roles, keys, everything that is not somebody's own.
    Owner = "owner",
    /// Runs an offering: drafts, announcement, the issuer's entries.
    IssuerManager = "issuer_manager",
    /// Decides who may take part.
    ComplianceOfficer = "compliance_officer",
    /// Moves money: balances, settlement, the second person of a release.
    Treasurer = "treasurer",
    /// Helps people: sees who takes part and with what, changes nothing.
    Support = "support",
    /// Reads everything, changes nothing.
    Auditor = "auditor",
    /// Everybody who has signed up: their own things and nobody else's. It is not granted.
    Investor = "investor",
    /// Connects programs: keys and webhooks.
    Developer = "developer",
}

impl Role {
    /// Whether it is given to people; the role of an investor everybody has.
    #[must_use]
    pub const fn is_granted(self) -> bool {
        !matches!(self, Self::Investor)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_code())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let found = Self::ALL.iter().find(|role| role.as_code() == text);
        let found = found.copied().filter(|role| role.is_granted());
        found.ok_or_else(|| RoleError::Role(text.chars().take(40).collect()))
    }
}
