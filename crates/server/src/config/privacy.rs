//! How long what is kept of people.

use std::time::Duration;

use softcap_identity::RetentionPolicy;

use super::ConfigError;

const DAY: Duration = Duration::from_hours(24);

/// How long what is kept of people. A clock of the server destroys it then.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct PrivacySection {
    /// Days that a verification is kept with which its person does not go on.
    #[config(env = "SOFTCAP_PRIVACY_UNFINISHED_DAYS", default = 90)]
    pub unfinished_days: u16,

    /// Days that what a person said and showed is kept after somebody decided by it and it ended, or the person was erased.
    /// The law against money laundering asks for five years in the European Union.
    #[config(env = "SOFTCAP_PRIVACY_VERIFICATION_DAYS", default = 1826)]
    pub verification_days: u16,
}

impl PrivacySection {
    /// The clock.
    #[must_use]
    pub fn policy(&self) -> RetentionPolicy {
        RetentionPolicy {
            unfinished: DAY * u32::from(self.unfinished_days),
            verification: DAY * u32::from(self.verification_days),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.unfinished_days == 0 || self.unfinished_days > self.verification_days {
            return Err(ConfigError::Contradiction(
                "privacy: unfinished_days must be at least 1, and no more than verification_days",
            ));
        }
        Ok(())
    }
}
