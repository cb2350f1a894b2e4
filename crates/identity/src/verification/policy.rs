//! What an installation asks for before an approval counts, and how long it does.

use std::time::Duration;

use super::{RoundGrant, VerificationError};
use crate::UnixMillis;

/// Bounds on approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationPolicy {
    /// Whole units of an offering's numeraire above which a second person approves; a grant without a limit is above.
    pub four_eyes_above: u64,
    /// How long an approval counts at most, and without a wish.
    pub longest: Duration,
    /// How long after an approval somebody should look again.
    pub recheck_after: Duration,
}

impl VerificationPolicy {
    /// Whether two people approve this.
    #[must_use]
    pub fn needs_two(&self, grants: &[RoundGrant]) -> bool {
        let is_above = |grant: &RoundGrant| {
            grant
                .limit
                .is_none_or(|limit| limit.is_above(self.four_eyes_above))
        };
        grants.iter().any(is_above)
    }

    /// The end of an approval that is given now.
    pub(super) fn until(
        &self,
        wanted: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<UnixMillis, VerificationError> {
        let latest = now.plus(self.longest);
        let until = wanted.unwrap_or(latest);
        if now < until && until <= latest {
            Ok(until)
        } else {
            Err(VerificationError::Until)
        }
    }
}
