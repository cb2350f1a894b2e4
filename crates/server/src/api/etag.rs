//! Conditional reads: whoever has the newest version is told so and nothing else.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

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
    let mut response = if texts.any(|text| text.split(',').any(names_it)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer.into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
