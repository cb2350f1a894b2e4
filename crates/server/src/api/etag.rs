//! Conditional reads: whoever has the newest version is told so and nothing else. Conditional changes:
//! only who read the newest version changes it.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::problem::{ApiError, ProblemCode};

/// 304 when `If-None-Match` names this tag (compared weakly: RFC 9110, 13.1.2), else the answer;
/// both with the tag.
pub(super) fn unless_known(asked: &HeaderMap, tag: &str, answer: impl IntoResponse) -> Response {
    let names_it = |known: &str| {
        let one = known.trim();
        let strong = one.strip_prefix("W/").unwrap_or(one);
        one == "*"
            || strong
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                == Some(tag)
    };
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut texts = known.filter_map(|value| value.to_str().ok());
    let response = if texts.any(|text| text.split(',').any(names_it)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer.into_response()
    };
    tagged(tag, response)
}

/// An answer with its tag.
pub(super) fn tagged(tag: &str, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Refuses a change unless its `If-Match` names the version that is there (compared strongly: RFC 9110,
/// 13.1.1), or says that any will do.
pub(super) fn require_version(asked: &HeaderMap, version: &str) -> Result<(), ApiError> {
    let mut tags = asked.get_all(header::IF_MATCH).iter().peekable();
    if tags.peek().is_none() {
        return Err(ProblemCode::ConditionMissing.into());
    }
    let current = format!("\"{version}\"");
    let mut texts = tags.filter_map(|value| value.to_str().ok());
    let names_it = |text: &str| {
        let mut tags = text.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag == current)
    };
    if texts.any(names_it) {
        Ok(())
    } else {
        Err(ProblemCode::ConditionFailed.into())
    }
}
