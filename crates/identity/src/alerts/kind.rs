//! What staff is alerted of.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::{UnixMillis, people::hex};

/// Failed logins of one account within [`WINDOW`] from which on they are alarming.
pub(crate) const MOST_FAILED: i64 = 10;
/// Accounts at which one source may fail within [`WINDOW`]; one more is alarming.
pub(crate) const MOST_ACCOUNTS: i64 = 20;
/// For so long a failed login counts.
pub(crate) const WINDOW: Duration = Duration::from_secs(3_600);

/// For so long a source that failed at several accounts is a busy one, and a failed login is kept.
pub(crate) const SOURCE_WINDOW: Duration = Duration::from_secs(86_400);

/// What an alert is about: hard rules, and findings of weak signals ([`crate::signals`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// A person said that an act in their name was not theirs; the subject is the person.
    PersonFrozen,
    /// Logins of one person failed ten times within an hour; the subject is the person.
    LoginsFailed,
    /// One source failed at more than 20 accounts within an hour; the subject is a keyed hash of the network.
    Spraying,
    /// A key that nobody has a reason to use was used; the subject is the key.
    CanaryUsed,
    /// A person was given a role; the subject is the person.
    RightsWidened,
    /// A person became or ceased to be an owner of the whole organisation; the subject is the person.
    OwnersChanged,
    /// A person's address of mail is to change; the subject is the person.
    AddressChanging,
    /// Two people approved that a person's second factors are set aside; the subject is the person.
    FactorsResetting,
    /// A login that is probably not the person's: two weak signals, or place and program both new; the subject is the
    /// person.
    UnusualLogin,
    /// A session goes on elsewhere, by two weak signals; the subject is the person.
    SessionMoved,
    /// A key is used as it never was, by two weak signals; the subject is the key.
    UnusualKeyUse,
    /// Money moves as it never did, by two weak signals; the subject is the person.
    UnusualMoney,
    /// Control of an account is handed on, and something about it is unusual; the subject is the person.
    Takeover,
    /// Logins fail all over the site, from where their accounts are not used; there is no subject (`-`).
    SiteFailures,
    /// The audit is not what its log says; the subject is what was found, and the number of the row (`U102:17`).
    LogGap,
}

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::PersonFrozen,
        Self::LoginsFailed,
        Self::Spraying,
        Self::CanaryUsed,
        Self::RightsWidened,
        Self::OwnersChanged,
        Self::AddressChanging,
        Self::FactorsResetting,
        Self::UnusualLogin,
        Self::SessionMoved,
        Self::UnusualKeyUse,
        Self::UnusualMoney,
        Self::Takeover,
        Self::SiteFailures,
        Self::LogGap,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::PersonFrozen => "person_frozen",
            Self::LoginsFailed => "logins_failed",
            Self::Spraying => "spraying",
            Self::CanaryUsed => "canary_used",
            Self::RightsWidened => "rights_widened",
            Self::OwnersChanged => "owners_changed",
            Self::AddressChanging => "address_changing",
            Self::FactorsResetting => "factors_resetting",
            Self::UnusualLogin => "unusual_login",
            Self::SessionMoved => "session_moved",
            Self::UnusualKeyUse => "unusual_key_use",
            Self::UnusualMoney => "unusual_money",
            Self::Takeover => "takeover",
            Self::SiteFailures => "site_failures",
            Self::LogGap => "log_gap",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_code() == code)
    }
}

/// Days since 1970, of which each has one alert of a kind and subject.
pub(crate) fn day(at: UnixMillis) -> i64 {
    at.get().div_euclid(86_400_000)
}

/// Follows from what an alert is about, so that the same one is raised again and not another.
pub(crate) fn alert_id(kind: AlertKind, subject: &str, day: i64) -> String {
    let text = format!("softcap/v1/alert|{}|{subject}|{day}", kind.as_code());
    let mut id = Sha256::digest(text.as_bytes()).to_vec();
    id.truncate(16);
    hex(&id)
}

/// Raises an alert, or counts one of the same day once more: its id, kind, subject, day, now. One that was closed is
/// open again.
pub(crate) const RAISE: &str = "INSERT INTO alert (id, kind, subject, day, first_at, last_at, times, state) \
     VALUES ($1, $2, $3, $4, $5, $5, 1, 'open') ON CONFLICT (id) DO UPDATE SET \
     last_at = $5, times = alert.times + 1, state = 'open', closed_by = NULL, closed_at = NULL, note = NULL";

/// Raises an alert in a transaction that is called `$work`: kind, subject, now.
macro_rules! raise {
    ($work:ident, $kind:expr, $subject:expr, $now:expr) => {{
        let (subject, day): (&str, i64) = ($subject, $crate::alerts::day($now));
        sqlx::query($crate::alerts::RAISE)
            .bind($crate::alerts::alert_id($kind, subject, day))
            .bind($kind.as_code())
            .bind(subject)
            .bind(day)
            .bind($now.get())
            .execute(&mut *$work)
            .await?
    }};
}
pub(crate) use raise;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_one_for_each_kind_subject_and_day() {
        let one = alert_id(AlertKind::Spraying, "a", 20_000);
        assert_eq!(one, alert_id(AlertKind::Spraying, "a", 20_000));
        assert_eq!(one.len(), 32);
        for other in [
            alert_id(AlertKind::CanaryUsed, "a", 20_000),
            alert_id(AlertKind::Spraying, "b", 20_000),
            alert_id(AlertKind::Spraying, "a", 20_001),
        ] {
            assert_ne!(one, other);
        }
        let midnight = 20_000 * 86_400_000;
        assert_eq!(day(UnixMillis::new(midnight - 1)), 19_999);
        assert_eq!(day(UnixMillis::new(midnight)), 20_000);
    }

    #[test]
    fn a_kind_is_read_as_it_was_written() {
        for kind in AlertKind::ALL {
            assert_eq!(AlertKind::from_code(kind.as_code()), Some(kind));
        }
        assert_eq!(AlertKind::from_code("nonsense"), None);
    }
}
