//! Reading requests: axum's extractors, with our problems when they refuse.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    body_deadline,
    problem::{ApiError, ProblemCode},
    signed_request,
};

/// Levels of arrays and objects a body may have. Nothing of ours has more than ten.
const MAX_DEPTH: u32 = 64;

/// A JSON body, or a JSON answer. Types derive `serde(deny_unknown_fields)`, so that a misspelt
/// field is an error that names it.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// The query, by axum; a problem when it does not fit.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// The parameters of the path; what does not fit is not found.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The body as it came, within the route's limit and the time for bodies.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                if body_deadline::caused(&rejection) {
                    return ApiError::from(ProblemCode::BodyTooSlow);
                }
                if signed_request::caused(&rejection) {
                    return signed_request::other_body();
                }
                // A reset while the body is read arrives here as a plain bad request.
                ApiError::from(ProblemCode::of_status(rejection.status()))
            })?;
        Ok(Self(bytes))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ProblemCode::WrongMediaType.into());
        }
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        parse_json(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => Err(ApiError::new(
                ProblemCode::BadRequest,
                rejection.body_text(),
            )),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(path) => Ok(Self(path.0)),
            Err(rejection) => Err(ApiError::not_found(rejection.body_text())),
        }
    }
}

/// Parses a JSON body. Well-formed JSON of the wrong shape is [`ProblemCode::Invalid`] and names the
/// field; anything else is [`ProblemCode::BadRequest`].
///
/// # Errors
/// As said.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if is_too_deep(bytes) {
        return Err(ApiError::new(
            ProblemCode::BadRequest,
            format!("the JSON is more than {MAX_DEPTH} levels deep"),
        ));
    }
    // Nearly all bodies are right, and to know the field that is wrong costs as much as to read them.
    serde_json::from_slice(bytes).or_else(|_| parse_and_name(bytes))
}

/// Reads again what could not be read, to say in which field.
fn parse_and_name<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let cause = error.into_inner();
        let code = match cause.classify() {
            serde_json::error::Category::Data => ProblemCode::Invalid,
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => ProblemCode::BadRequest,
        };
        match field.as_str() {
            "." | "?" => ApiError::new(code, in_words_of_json(&cause.to_string())),
            field => {
                let cause = in_words_of_json(&cause.to_string());
                ApiError::new(code, format!("{field}: {cause}"))
            }
        }
    })?;
    match reader.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(ApiError::new(ProblemCode::BadRequest, error.to_string())),
    }
}

/// The parser names the type that it fills, which means nothing to whoever wrote the JSON.
fn in_words_of_json(cause: &str) -> String {
    const NAMED: &str = "expected struct ";
    let Some((before, named)) = cause.split_once(NAMED) else {
        return cause.to_owned();
    };
    let after = named.split_once(' ').map_or("", |(_, after)| after);
    let separator = if after.is_empty() { "" } else { " " };
    format!("{before}expected an object{separator}{after}")
}

/// Whether brackets nest deeper than anything of ours. The parser has a limit too, but which error
/// it gives would depend on the type that it fills.
fn is_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_text = false,
            (false, b'"') => in_text = true,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or(value).trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[allow(dead_code, reason = "only its shape matters")]
        amount: u64,
        #[serde(default)]
        #[allow(dead_code, reason = "only its shape matters")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[allow(dead_code, reason = "only its shape matters")]
        units: u8,
    }

    #[test]
    fn what_is_wrong_is_named() {
        let table = [
            (r#"{"amount":1,"lines":[{"units":7}]}"#, "", ""),
            (r#"{"amount":"x"}"#, "H422", "amount: invalid type: string"),
            (
                r#"{"amount":1,"lines":[{"units":300}]}"#,
                "H422",
                "lines[0].units: ",
            ),
            (
                r#"{"amount":1,"amout":1}"#,
                "H422",
                "amout: unknown field `amout`",
            ),
            ("{}", "H422", "missing field `amount`"),
            (
                "[]",
                "H422",
                "invalid length 0, expected an object with 2 elements",
            ),
            (
                r#"{"amount":1,"lines":["x"]}"#,
                "H422",
                "lines[0]: invalid type: string \"x\", expected an object at line 1 column 24",
            ),
            (
                r#"{"amount":1,"amount":1}"#,
                "H422",
                "duplicate field `amount`",
            ),
            (r#"{"amount":1} {}"#, "H400", "trailing characters"),
            (r#"{"amount":1"#, "H400", "EOF"),
            ("", "H400", "EOF"),
            ("\u{feff}{}", "H400", "expected value"),
        ];
        for (text, code, said) in table {
            match parse_json::<Order>(text.as_bytes()) {
                Ok(_) => assert_eq!(code, "", "{text}"),
                Err(error) => {
                    let problem = error.problem();
                    assert_eq!(problem.code, code, "{text}: {problem:?}");
                    assert!(problem.detail.contains(said), "{text}: {problem:?}");
                }
            }
        }
        let latin1 = parse_json::<String>(b"\"\xe4\"").unwrap_err();
        assert_eq!(latin1.problem().code, "H400");
    }

    #[test]
    fn depth_counts_outside_of_texts_only() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse_json::<serde_json::Value>(nested(64).as_bytes()).is_ok());
        assert!(!is_too_deep(
            format!("\"\\\"{}\"", "[".repeat(1_000)).as_bytes()
        ));
        for deep in [nested(65), "[".repeat(100_000), "{\"a\":".repeat(100_000)] {
            let problem = parse_json::<Order>(deep.as_bytes()).unwrap_err().problem();
            assert_eq!(problem.code, "H400");
        }
    }
}
