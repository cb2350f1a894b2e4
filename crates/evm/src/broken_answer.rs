//! What is wrong with an answer of an endpoint: in words, and whether to ask again.

use alloy_transport::{RpcError, TransportError, TransportErrorKind};

/// What a node says that broke down over a question.
const INTERNAL_ERROR: i64 = -32_603;

/// An error without an address in it, which may hold a secret.
pub(crate) fn in_short(error: &TransportError) -> String {
    match error {
        RpcError::ErrorResp(payload) => format!("{} ({})", payload.message, payload.code),
        RpcError::NullResp => "it does not have it".to_owned(),
        RpcError::DeserError { .. } | RpcError::SerError(_) => {
            "its answer is none of this protocol".to_owned()
        }
        RpcError::UnsupportedFeature(what) => (*what).to_owned(),
        RpcError::LocalUsageError(_) => "the question could not be asked".to_owned(),
        RpcError::Transport(
            TransportErrorKind::HttpError(http)
            | TransportErrorKind::HttpErrorWithRetryAfter { error: http, .. },
        ) => {
            format!("status {}", http.status)
        }
        RpcError::Transport(TransportErrorKind::Custom(why)) => why.to_string(),
        RpcError::Transport(_) => "the connection broke".to_owned(),
    }
}

/// Whether an answer broke on the way, so that the same question may be answered at once: not where the endpoint said
/// something of this protocol, if only that it refuses.
pub(crate) fn is_broken(error: &TransportError) -> bool {
    match error {
        RpcError::DeserError { .. } => true,
        RpcError::Transport(
            TransportErrorKind::HttpError(http)
            | TransportErrorKind::HttpErrorWithRetryAfter { error: http, .. },
        ) => http.status >= 500,
        RpcError::Transport(kind) => !matches!(kind, TransportErrorKind::NonRetryable(_)),
        RpcError::ErrorResp(payload) => {
            payload.code == INTERNAL_ERROR || payload.message.contains("header not found")
        }
        RpcError::NullResp
        | RpcError::SerError(_)
        | RpcError::UnsupportedFeature(_)
        | RpcError::LocalUsageError(_) => false,
    }
}

/// How endpoints say that a range holds more than they give.
pub(crate) fn is_too_many(error: &TransportError) -> bool {
    const WORDS: [&str; 7] = [
        "too many",
        "more than",
        "limit exceeded",
        "block range",
        "range is too",
        "too large",
        "response size",
    ];
    let Some(payload) = error.as_error_resp() else {
        return false;
    };
    let message = payload.message.to_ascii_lowercase();
    // The same number also says that somebody asked too often.
    if ["rate", "request count", "per second"]
        .iter()
        .any(|words| message.contains(words))
    {
        return false;
    }
    payload.code == -32005 || WORDS.iter().any(|words| message.contains(words))
}
