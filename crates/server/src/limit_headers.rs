//! What is left of a key's limit, said with each answer (draft-ietf-httpapi-ratelimit-headers-10).

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use softcap_identity::{Principal, RateLimit};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// A place in a request where whoever lets a key in says what is left, and from which the answer takes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LimitNote(Arc<OnceLock<(RateLimit, u32)>>);

impl LimitNote {
    /// Notes it; the first key of a request counts.
    pub(crate) fn note(&self, principal: &Principal) {
        let _ = self.0.set((principal.policy().limit, principal.left()));
    }

    /// Says it in the headers of the answer, if a key was let in.
    pub(crate) fn say(&self, headers: &mut HeaderMap) {
        let Some((limit, left)) = self.0.get() else {
            return;
        };
        let (policy, left) = texts(*limit, *left);
        for (name, text) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

/// The burst and the seconds in which it comes back; what is left, and after how many seconds all of it is there again.
fn texts(limit: RateLimit, left: u32) -> (String, String) {
    let (burst, rate) = (limit.burst(), limit.per_second());
    let window = burst.div_ceil(rate);
    let wait = burst.saturating_sub(left).div_ceil(rate);
    (
        format!("\"key\";q={burst};w={window}"),
        format!("\"key\";r={left};t={wait}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_so_that_who_waits_so_long_has_waited_enough() {
        for (rate, burst, left, expected) in [
            (100, 200, 199, ("\"key\";q=200;w=2", "\"key\";r=199;t=1")),
            (100, 200, 0, ("\"key\";q=200;w=2", "\"key\";r=0;t=2")),
            (7, 20, 20, ("\"key\";q=20;w=3", "\"key\";r=20;t=0")),
        ] {
            let limit = RateLimit::new(rate, burst).unwrap();
            let (policy, rest) = texts(limit, left);
            assert_eq!((policy.as_str(), rest.as_str()), expected);
        }
    }
}
