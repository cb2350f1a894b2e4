//! The table of rights: which role may do what, and what its holder must have shown before.

use std::fmt;

use super::Role;
use crate::Verb;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// What an API key may be allowed too.
    Verb(Verb),
    /// Read who has which role, and what is proposed. No key may.
    ReadRoles,
    /// Propose a change of roles, and approve one that somebody else proposed. No key may.
    ChangeRoles,
    /// Propose the release of funds. No key may.
    ProposeRelease,
    /// Approve a release that somebody else proposed. No key may.
    ApproveRelease,
    /// Read what is alarming. No key may.
    ReadAlerts,
    /// Say what was found out about it. No key may.
    CloseAlerts,
    /// Read whose verification stands where, without what they said and showed. No key may.
    ReadVerifications,
    /// See what people said and showed, take their cases and ask for more. No key may.
    ReviewVerifications,
    /// Approve and refuse people. No key may.
    DecideVerifications,
    /// Set aside the second factors of who lost them, with a second person; and end that. No key may.
    ResetFactors,
    /// Give out everything that is held of a person. No key may.
    ExportPeople,
    /// Erase a person. No key may.
    ErasePeople,
}

/// What a session must have shown. Each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// That somebody is logged in.
    LoggedIn,
    /// Two factors, or a passkey.
    TwoFactors,
    /// A factor within the last minutes: for what cannot be taken back.
    Fresh,
}

impl Demand {
    /// As the table of the documentation says it.
    #[must_use]
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged in",
            Self::TwoFactors => "two factors",
            Self::Fresh => "fresh factor",
        }
    }
}

const PERSONS_ONLY: [Right; 12] = [
    Right::ReadRoles,
    Right::ChangeRoles,
    Right::ProposeRelease,
    Right::ApproveRelease,
    Right::ReadAlerts,
    Right::CloseAlerts,
    Right::ReadVerifications,
    Right::ReviewVerifications,
    Right::DecideVerifications,
    Right::ResetFactors,
    Right::ExportPeople,
    Right::ErasePeople,
];

impl Right {
    /// All of them: those of keys first.
    pub fn all() -> impl Iterator<Item = Self> {
        Verb::ALL
            .iter()
            .copied()
            .map(Self::Verb)
            .chain(PERSONS_ONLY)
    }

    /// As the table of the documentation says it.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Verb(verb) => verb.as_code(),
            Self::ReadRoles => "roles:read",
            Self::ChangeRoles => "roles:change",
            Self::ProposeRelease => "releases:propose",
            Self::ApproveRelease => "releases:approve",
            Self::ReadAlerts => "alerts:read",
            Self::CloseAlerts => "alerts:close",
            Self::ReadVerifications => "verifications:read",
            Self::ReviewVerifications => "verifications:review",
            Self::DecideVerifications => "verifications:decide",
            Self::ResetFactors => "factors:reset",
            Self::ExportPeople => "people:export",
            Self::ErasePeople => "people:erase",
        }
    }

    /// Who has it. Nobody has it whose role is not named.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        use Role::{
            Auditor, ComplianceOfficer, Developer, IssuerManager, Owner, Support, Treasurer,
        };
        match self {
            Self::Verb(verb) => match verb {
                Verb::OfferingsRead => &[
                    Owner,
                    IssuerManager,
                    ComplianceOfficer,
                    Treasurer,
                    Support,
                    Auditor,
                    Developer,
                ],
                Verb::OfferingsWrite | Verb::OperationsWrite => &[Owner, IssuerManager],
                Verb::InvestorsRead => &[Owner, IssuerManager, ComplianceOfficer, Support, Auditor],
                // Who is let in is decided by somebody who does not profit from it.
                Verb::InvestorsWrite => &[ComplianceOfficer],
                Verb::ContributionsRead => &[
                    Owner,
                    IssuerManager,
                    ComplianceOfficer,
                    Treasurer,
                    Support,
                    Auditor,
                ],
                // Nobody contributes for somebody else, but the program of a platform with its key.
                Verb::ContributionsWrite => &[],
                Verb::AccountsRead => &[Owner, Treasurer, Support, Auditor],
                Verb::AccountsWrite | Verb::SettlementsWrite => &[Treasurer],
                Verb::KeysRead | Verb::WebhooksRead => &[Owner, Auditor, Developer],
                Verb::KeysWrite | Verb::WebhooksWrite => &[Owner, Developer],
                Verb::MetricsRead | Verb::AuditRead => &[Owner, Auditor],
                Verb::ServerWrite => &[Owner],
            },
            Self::ReadRoles | Self::ReadAlerts => &[Owner, Auditor],
            Self::ChangeRoles | Self::CloseAlerts => &[Owner],
            Self::ProposeRelease => &[IssuerManager, Treasurer],
            Self::ApproveRelease => &[Owner, Treasurer],
            Self::ReadVerifications => &[Owner, ComplianceOfficer, Auditor],
            // Who knows people by their documents, and who answers for everything.
            Self::ResetFactors => &[Owner, ComplianceOfficer],
            // What people showed is for who must look at it, and for nobody above them.
            Self::ReviewVerifications
            | Self::DecideVerifications
            | Self::ExportPeople
            | Self::ErasePeople => &[ComplianceOfficer],
        }
    }

    /// What must have been shown.
    #[must_use]
    pub const fn demand(self) -> Demand {
        match self {
            Self::Verb(verb) => match verb {
                Verb::OfferingsRead
                | Verb::InvestorsRead
                | Verb::ContributionsRead
                | Verb::AccountsRead
                | Verb::KeysRead
                | Verb::WebhooksRead
                | Verb::MetricsRead
                | Verb::AuditRead
                | Verb::OfferingsWrite
                | Verb::InvestorsWrite
                | Verb::ContributionsWrite
                | Verb::WebhooksWrite => Demand::TwoFactors,
                Verb::AccountsWrite
                | Verb::OperationsWrite
                | Verb::SettlementsWrite
                | Verb::KeysWrite
                | Verb::ServerWrite => Demand::Fresh,
            },
            Self::ReadRoles
            | Self::ReadAlerts
            | Self::CloseAlerts
            | Self::ReadVerifications
            | Self::ReviewVerifications => Demand::TwoFactors,
            Self::ChangeRoles
            | Self::ProposeRelease
            | Self::ApproveRelease
            | Self::DecideVerifications
            | Self::ResetFactors
            | Self::ExportPeople
            | Self::ErasePeople => Demand::Fresh,
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_reads_everything_and_changes_nothing() {
        for right in Right::all() {
            let reads = right.as_code().ends_with(":read");
            let auditor = right.roles().contains(&Role::Auditor);
            assert_eq!(auditor, reads, "{right}");
        }
    }

    #[test]
    fn an_investor_has_no_right_on_what_is_not_theirs() {
        assert!(Right::all().all(|right| !right.roles().contains(&Role::Investor)));
    }

    #[test]
    fn support_changes_nothing() {
        let changes = Right::all().filter(|right| !right.as_code().ends_with(":read"));
        assert_eq!(
            changes
                .filter(|right| right.roles().contains(&Role::Support))
                .count(),
            0
        );
    }

    #[test]
    fn what_changes_something_demands_two_factors_or_more() {
        for right in Right::all() {
            assert!(right.demand() >= Demand::TwoFactors, "{right}");
        }
    }
}
