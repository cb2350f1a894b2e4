//! How long what could hand an account on waits.

use std::time::Duration;

use super::ConfigError;

const DAY: Duration = Duration::from_hours(24);
/// Nobody remembers for longer what they asked for.
const MOST_DAYS: u16 = 30;

/// How long what could hand an account on waits, so that its owner can stop it.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct AccountsSection {
    /// Days after which a new address of mail that was proved takes the place of the old one, 1 to 30.
    #[config(env = "SOFTCAP_ACCOUNTS_ADDRESS_CHANGE_DAYS", default = 3)]
    pub address_change_days: u16,

    /// Days after which second factors that were lost are set aside, once two people approved it, 1 to 30.
    #[config(env = "SOFTCAP_ACCOUNTS_FACTOR_RESET_DAYS", default = 3)]
    pub factor_reset_days: u16,
}

impl AccountsSection {
    /// How long a new address waits.
    #[must_use]
    pub fn address_delay(&self) -> Duration {
        DAY * u32::from(self.address_change_days)
    }

    /// How long second factors count on that are set aside.
    #[must_use]
    pub fn reset_delay(&self) -> Duration {
        DAY * u32::from(self.factor_reset_days)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let days = [self.address_change_days, self.factor_reset_days];
        if days.iter().all(|days| (1..=MOST_DAYS).contains(days)) {
            Ok(())
        } else {
            Err(ConfigError::Contradiction(
                "accounts: address_change_days and factor_reset_days must be between 1 and 30",
            ))
        }
    }
}
