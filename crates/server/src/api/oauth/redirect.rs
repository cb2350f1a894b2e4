//! The way back to an application: a code or an error in the query of its redirect address, with `iss` (RFC 9207).

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use url::form_urlencoded::Serializer;

/// Sends a browser somewhere on this site, or back to an application. 303: a form that was sent is not sent on.
pub(super) fn see(place: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, place.to_owned())],
    )
        .into_response()
}

/// The redirect address with an answer.
pub(super) fn answered(redirect: &str, answer: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in answer.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let between = if redirect.contains('?') { '&' } else { '?' };
    format!("{redirect}{between}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_added_to_the_query_and_nothing_else_changes() {
        let table = [
            (
                "https://a.example/cb",
                "https://a.example/cb?code=a%26b&iss=x",
            ),
            (
                "https://a.example/cb?x=1",
                "https://a.example/cb?x=1&code=a%26b&iss=x",
            ),
            ("org.example:/cb", "org.example:/cb?code=a%26b&iss=x"),
        ];
        for (redirect, expected) in table {
            let answer = [("code", "a&b"), ("state", ""), ("iss", "x")];
            assert_eq!(answered(redirect, &answer), expected);
        }
    }
}
