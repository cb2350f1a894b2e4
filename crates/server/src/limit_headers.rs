//! What is left of a caller's limit, said with each answer (draft-ietf-httpapi-ratelimit-headers-10).

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::InvalidHeaderValue};
use softcap_identity::RateLimit;

use crate::header_text::header_text;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Whose limit it is, as the headers call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    /// Of an API key.
    Key,
    /// Of a person, over all their sessions.
    Person,
    /// Of an application.
    App,
    /// Of an address.
    Source,
}

impl Limited {
    const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Person => "person",
            Self::App => "app",
            Self::Source => "source",
        }
    }
}

/// A place in a request where whoever lets somebody in says what is left, and from which the answer takes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LimitNote(Arc<OnceLock<(Limited, RateLimit, u32)>>);

impl LimitNote {
    /// Notes it; the first one of a request counts.
    pub(crate) fn note(&self, whose: Limited, (limit, left): (RateLimit, u32)) {
        let _ = self.0.set((whose, limit, left));
    }

    /// Whether somebody was let in.
    pub(crate) fn is_noted(&self) -> bool {
        self.0.get().is_some()
    }

    /// Says it in the headers of the answer, if somebody was let in.
    pub(crate) fn say(&self, headers: &mut HeaderMap) {
        let Some((whose, limit, left)) = self.0.get() else {
            return;
        };
        let [policy, left] = values(whose.name(), *limit, *left);
        for (name, value) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = value {
                headers.insert(name, value);
            }
        }
    }
}

/// The burst and the seconds in which it comes back; what is left, and after how many seconds all of it is there again.
fn values(name: &str, limit: RateLimit, left: u32) -> [Result<HeaderValue, InvalidHeaderValue>; 2] {
    let (burst, rate) = (limit.burst(), limit.per_second());
    let window = burst.div_ceil(rate);
    let wait = burst.saturating_sub(left).div_ceil(rate);
    [
        header_text(format_args!("\"{name}\";q={burst};w={window}")),
        header_text(format_args!("\"{name}\";r={left};t={wait}")),
    ]
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
            let values = values(Limited::Key.name(), limit, left).map(Result::unwrap);
            let [policy, rest] = values.each_ref().map(|value| value.to_str().unwrap());
            assert_eq!((policy, rest), expected);
        }
    }
}
