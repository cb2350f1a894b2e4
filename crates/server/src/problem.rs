//! What a request that failed gets: an RFC 9457 problem with a stable code and a remedy.
//!
//! Handlers return [`ApiError`]. The frame puts the request id into the body and turns what the
//! framework refuses by itself into a problem too, so that a client has one shape to read.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::system::CodeText;

/// The media type of a problem (RFC 9457, section 3).
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Seconds after which a busy server asks to be called again, when nobody said another number.
const RETRY_SECONDS: u32 = 1;

macro_rules! codes {
    ($( $name:ident = $code:literal, $status:ident, $title:literal, $remedy:literal; )*) => {
        /// The problems of the HTTP interface itself. Codes never change and are never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemCode {
            $( #[doc = $title] $name, )*
        }

        impl ProblemCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// What happened, in a sentence that is the same each time.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What to do.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

codes! {
    BadRequest = "H400", BAD_REQUEST, "The request cannot be read.",
        "Correct what the detail names. A body is one JSON value in UTF-8, at most 64 levels deep.";
    NotAuthenticated = "H401", UNAUTHORIZED, "The request carries no valid key.",
        "Send `Authorization: Bearer sc_...` with a key that is neither expired nor revoked.";
    NotAllowed = "H403", FORBIDDEN, "The caller may not do this.",
        "Use a key whose scopes and networks cover this operation and this offering, or have a role that may.";
    NotFound = "H404", NOT_FOUND, "There is nothing at this address.",
        "Compare path and ids with the reference at /docs.";
    WrongMethod = "H405", METHOD_NOT_ALLOWED, "The address does not know this method.",
        "Use a method of the `Allow` header.";
    BodyTooSlow = "H408", REQUEST_TIMEOUT, "The body did not arrive in time.",
        "Send the request again over a faster connection; nothing was done.";
    Conflict = "H409", CONFLICT, "The present state does not allow this.",
        "Read the object again and decide anew.";
    ConditionFailed = "H412", PRECONDITION_FAILED, "The object is no longer the one you read.",
        "Read it again, and send the new ETag in `If-Match`.";
    TooLarge = "H413", PAYLOAD_TOO_LARGE, "The body is larger than this operation takes.",
        "Send less; the reference at /docs names the largest size.";
    WrongMediaType = "H415", UNSUPPORTED_MEDIA_TYPE, "The body has another media type than this operation takes.",
        "Send `Content-Type: application/json`.";
    NotThatLong = "H416", RANGE_NOT_SATISFIABLE, "The answer is not as long as `Range` supposes.",
        "Begin again without `Range`; `Content-Range` says how long it is.";
    Invalid = "H422", UNPROCESSABLE_ENTITY, "A field of the request is not valid.",
        "Correct the field that the detail names.";
    KeyReused = "H423", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request.",
        "Use a new key for a new request; repeat the first request unchanged to get its answer.";
    KeyMissing = "H428", BAD_REQUEST, "This operation needs an Idempotency-Key.",
        "Send `Idempotency-Key` with a value of your own, for example a UUID, and repeat it on a retry.";
    ConditionMissing = "H431", PRECONDITION_REQUIRED, "This operation needs If-Match.",
        "Read the object and send its ETag in `If-Match`, so that nobody's change is lost.";
    TooMany = "H429", TOO_MANY_REQUESTS, "The limit of calls is used up.",
        "Wait as long as `Retry-After` says.";
    TooManyRefusals = "H430", TOO_MANY_REQUESTS, "Too many contributions of this investor were refused in this minute.",
        "Read why they were refused before you try again, and wait as long as `Retry-After` says. Nothing was written.";
    SecondFactorNeeded = "H445", FORBIDDEN, "A role that may do this needs a second factor.",
        "Set one up below `/v1/me/factors`, or show it at `POST /v1/sessions/current/second-factor`, and ask again.";
    TwoPeople = "H446", FORBIDDEN, "This needs two people.",
        "Propose it at `POST /v1/proposals`; somebody else approves it. No key may do it.";
    NotRehearsed = "H447", CONFLICT, "These terms have no rehearsal that passed.",
        "Make a draft of them, rehearse it (`POST /v1/drafts/{draft}/rehearsal`, or on its page) and announce it when it passed. A key for trials needs none.";
    ForeignReport = "H444", FORBIDDEN, "The report is not signed by whom it says.",
        "Send it without a signature: the key itself is proof enough. An operator saves the reporter's new keys as `leaks.keys_file`.";
    ForeignOrigin = "H441", FORBIDDEN, "The request does not come from a page of this site.",
        "Send it from a page of this site; a program sends `Origin` with the address that the site is configured with (`site.origin`).";
    TooManyTries = "H442", TOO_MANY_REQUESTS, "Too many tries.",
        "Wait as long as `Retry-After` says. Who is known from where they are, or sets a new password by mail, has tries of their own.";
    PasswordsWait = "H443", TOO_MANY_REQUESTS, "Too many passwords wait to be looked at.",
        "Wait as long as `Retry-After` says, and send the same again. Nothing was done, and no try was counted.";
    Internal = "H500", INTERNAL_SERVER_ERROR, "The server made a mistake.",
        "Report the instance; repeat a change only with the same Idempotency-Key.";
    Busy = "H503", SERVICE_UNAVAILABLE, "The server takes no more of these for now.",
        "Repeat after `Retry-After`, a change with the same Idempotency-Key. Nothing was written.";
    TooSlow = "H504", SERVICE_UNAVAILABLE, "The answer took too long.",
        "Repeat after `Retry-After` with the same Idempotency-Key: whether it was done is not known here.";
    Stopping = "H505", SERVICE_UNAVAILABLE, "The server is being stopped.",
        "Repeat after `Retry-After`; another node or the next start answers.";
    NoMail = "H506", SERVICE_UNAVAILABLE, "This server sends no mail, without which nobody can sign up or get a new password.",
        "Ask its operator, who sets `mail.smtp_host` and `mail.from`, or `mail.folder` for trials on one machine.";
    NoPermits = "H508", SERVICE_UNAVAILABLE, "This server signs no permits.",
        "Ask its operator, who signs one with `softcap permit` or configures `verification.permit_key_file`.";
    NoRoom = "H507", SERVICE_UNAVAILABLE, "There is no room or no database to write to.",
        "Repeat later with the same Idempotency-Key: whether it was written is not always known here, and it counts once.";
}

impl ProblemCode {
    /// The code a bare status of the framework stands for.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::NotAuthenticated,
            StatusCode::FORBIDDEN => Self::NotAllowed,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::WrongMethod,
            StatusCode::REQUEST_TIMEOUT => Self::BodyTooSlow,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PRECONDITION_FAILED => Self::ConditionFailed,
            StatusCode::PRECONDITION_REQUIRED => Self::ConditionMissing,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::WrongMediaType,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::NotThatLong,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            other if other.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

/// The body of a failed request (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A page about this kind of problem, relative to the server: `/problems/H404`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, the same sentence each time.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What happened this time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The stable code, for programs.
    pub code: String,
    /// What to do.
    pub remedy: String,
    /// The id of the request, for a report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance: String,
}

/// Why a handler did not do what was asked.
///
/// `detail` is shown to the caller: it never holds a secret, a credential or another person's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// One of the interface's own problems.
    #[error("{}: {detail}", code.code())]
    Own {
        /// Which.
        code: ProblemCode,
        /// What happened this time; empty when the title says it all.
        detail: Cow<'static, str>,
        /// Seconds for `Retry-After`; without it a 429 or 503 says one second.
        retry_after: Option<u32>,
    },
    /// One of them whose cause is for the log and not for the caller.
    #[error("{}: {cause}", code.code())]
    Caused {
        /// Which.
        code: ProblemCode,
        /// Why.
        cause: String,
    },
    /// A refusal that another crate numbered, with its own words.
    #[error("{code}: {title}")]
    Domain {
        /// The status it is answered with.
        status: StatusCode,
        /// The other crate's stable code.
        code: Cow<'static, str>,
        /// What happened.
        title: Cow<'static, str>,
        /// What happened this time.
        detail: String,
        /// What to do.
        remedy: Cow<'static, str>,
    },
    /// A refusal that says in `WWW-Authenticate` how to come back (RFC 6750, section 3; RFC 9470).
    #[error("{error}")]
    Challenged {
        /// What was refused.
        error: Box<ApiError>,
        /// The header.
        challenge: String,
    },
}

impl ApiError {
    /// A problem with a detail of its own.
    pub fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Own {
            code,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// A refusal of another crate in its own words: its code, the status it is answered with, and what to do.
    pub(crate) fn domain(
        error: &impl std::fmt::Display,
        code: &'static str,
        (status, remedy): (StatusCode, &'static str),
    ) -> Self {
        let CodeText {
            code,
            title,
            remedy,
        } = CodeText::of(error, code, remedy);
        Self::Domain {
            status,
            code,
            title,
            detail: String::new(),
            remedy,
        }
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemCode::NotFound, detail)
    }

    /// A field has a value it may not have.
    #[must_use]
    pub fn invalid(field: &str, why: &str) -> Self {
        Self::new(ProblemCode::Invalid, format!("{field}: {why}"))
    }

    /// A defect. The cause goes to the log, not to the caller.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        Self::caused(ProblemCode::Internal, cause)
    }

    /// A problem whose cause goes to the log, beside the id of the request, and not to the caller.
    pub fn caused(code: ProblemCode, cause: &dyn std::fmt::Display) -> Self {
        Self::Caused {
            code,
            cause: cause.to_string(),
        }
    }

    /// The queue is full, or a limit is used up: when to come again.
    #[must_use]
    pub fn retry(code: ProblemCode, seconds: u32) -> Self {
        Self::Own {
            code,
            detail: Cow::Borrowed(""),
            retry_after: Some(seconds),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Own { code, .. } | Self::Caused { code, .. } => code.status(),
            Self::Domain { status, .. } => *status,
            Self::Challenged { error, .. } => error.status(),
        }
    }

    /// The body, without the request id.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (code, title, detail, remedy): (&str, &str, &str, &str) = match self {
            Self::Own { code, detail, .. } => (code.code(), code.title(), detail, code.remedy()),
            Self::Caused { code, .. } => (code.code(), code.title(), "", code.remedy()),
            Self::Domain {
                code,
                title,
                detail,
                remedy,
                ..
            } => (code, title, detail, remedy),
            Self::Challenged { error, .. } => return error.problem(),
        };
        Problem {
            kind: format!("/problems/{code}"),
            title: title.to_owned(),
            status: self.status().as_u16(),
            detail: detail.to_owned(),
            code: code.to_owned(),
            remedy: remedy.to_owned(),
            instance: String::new(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        let busy = matches!(
            self.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        match self {
            Self::Own {
                retry_after: Some(seconds),
                ..
            } => Some(*seconds),
            Self::Own { .. }
            | Self::Caused { .. }
            | Self::Domain { .. }
            | Self::Challenged { .. } => busy.then_some(RETRY_SECONDS),
        }
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Self::new(code, "")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::Challenged { challenge, .. } = &self
            && let Ok(challenge) = HeaderValue::try_from(challenge)
        {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        write_problem(&mut response, problem);
        if let Self::Caused { cause, .. } = self {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}

/// Why a request failed, for the log: the frame finds it beside the response.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) String);

/// Puts a problem into a response as its body, and beside it for the frame.
pub(crate) fn write_problem(response: &mut Response, problem: Problem) {
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *response.body_mut() = Body::from(body);
    response.extensions_mut().insert(problem);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_busy_answers_say_when() {
        let codes: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(codes.len(), ProblemCode::ALL.len());
        for code in ProblemCode::ALL {
            let response = ApiError::from(*code).into_response();
            assert_eq!(response.status(), code.status());
            let retry = response.headers().get(header::RETRY_AFTER);
            let busy = [429, 503].contains(&code.status().as_u16());
            assert_eq!(retry.is_some(), busy, "{code:?}");
        }
        let later = ApiError::retry(ProblemCode::TooMany, 17).into_response();
        assert_eq!(later.headers()[header::RETRY_AFTER], "17");
    }

    #[test]
    fn a_defect_does_not_tell_the_caller_its_cause() {
        let text = serde_json::to_string(&ApiError::internal(&"password=x").problem()).unwrap();
        assert!(!text.contains("password"), "{text}");
    }
}
