//! The weak signals.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Something unusual. Alone it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// A login that is more likely a stranger's, by place and program.
    UnlikelyLogin,
    /// At an hour at which the person or key is not there.
    UnusualHour,
    /// Some wrong passwords just before the right one.
    FailedBefore,
    /// A login from a source that fails at several accounts.
    BusySource,
    /// A password was set anew by mail lately.
    Recovered,
    /// An act that hands on control: password, address of mail, factors, keys.
    SensitiveAct,
    /// A session goes on in a network that its person does not use.
    OtherNetwork,
    /// A session goes on in another program.
    OtherProgram,
    /// A session is used from two networks by turns.
    ByTurns,
    /// A key is used from a network that it was not used from.
    KeyNetwork,
    /// A key is used with another program.
    KeyProgram,
    /// A key is used for what it was not used for.
    KeyVerb,
    /// Far more often than before.
    Rate,
    /// A far larger amount than before.
    Amount,
    /// Money goes to where this person's never went.
    NewTarget,
    /// More goes out each day than usual.
    Drain,
    /// A quarter or more of what goes out goes to destinations that are not a month old.
    YoungTargets,
    /// Several people come to the same place for the first time with unusual amounts.
    Crowd,
    /// Far more failed logins on the whole site than before.
    SiteRate,
    /// Most failed logins come from where their accounts are not used.
    SiteUnfamiliar,
}

impl Signal {
    /// As written.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::UnlikelyLogin => "unlikely_login",
            Self::UnusualHour => "unusual_hour",
            Self::FailedBefore => "failed_before",
            Self::BusySource => "busy_source",
            Self::Recovered => "recovered",
            Self::SensitiveAct => "sensitive_act",
            Self::OtherNetwork => "other_network",
            Self::OtherProgram => "other_program",
            Self::ByTurns => "by_turns",
            Self::KeyNetwork => "key_network",
            Self::KeyProgram => "key_program",
            Self::KeyVerb => "key_verb",
            Self::Rate => "rate",
            Self::Amount => "amount",
            Self::NewTarget => "new_target",
            Self::Drain => "drain",
            Self::YoungTargets => "young_targets",
            Self::Crowd => "crowd",
            Self::SiteRate => "site_rate",
            Self::SiteUnfamiliar => "site_unfamiliar",
        }
    }

    /// For how long it waits for a second one.
    #[must_use]
    pub const fn life(self) -> Duration {
        Duration::from_secs(match self {
            Self::UnlikelyLogin => DAY,
            Self::Recovered => 2 * DAY,
            Self::KeyNetwork | Self::KeyProgram => 6 * HOUR,
            Self::NewTarget | Self::KeyVerb | Self::OtherNetwork | Self::OtherProgram => HOUR,
            Self::UnusualHour
            | Self::FailedBefore
            | Self::BusySource
            | Self::SensitiveAct
            | Self::ByTurns
            | Self::Rate
            | Self::Amount
            | Self::Drain
            | Self::YoungTargets
            | Self::Crowd
            | Self::SiteRate
            | Self::SiteUnfamiliar => 10 * MINUTE,
        })
    }
}
