//! A name for each request, for logs and reports: the caller's `x-request-id` if it is sane, else ours.

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a caller.
const MAX_LENGTH: usize = 64;

/// The id of a request, in its extensions. Nothing secret, nothing to rely on for uniqueness: a
/// caller chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

static NEXT: AtomicU64 = AtomicU64::new(0);
/// Tells the ids of this process from those of others.
static PROCESS: LazyLock<u64> = LazyLock::new(|| {
    let mut bytes = [0; 8];
    // Without a source of randomness ids repeat after a restart, which harms nobody.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
});

impl RequestId {
    /// The caller's id, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_sane(text))
            .map_or_else(Self::fresh, |text| Self(text.into()))
    }

    fn fresh() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{:016x}-{number:x}", *PROCESS).into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn is_sane(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_id_is_taken_over() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(text).unwrap());
            RequestId::of(&headers).to_string()
        };
        for sane in ["a", "req-1_2.3:4", &"x".repeat(64)] {
            assert_eq!(of(sane), sane);
        }
        for not in ["", "a b", "<script>", &"x".repeat(65), "a\tb"] {
            assert_ne!(of(not), not);
        }
        assert_ne!(RequestId::fresh(), RequestId::fresh());
    }
}
