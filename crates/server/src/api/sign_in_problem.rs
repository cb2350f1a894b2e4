//! What callers are told when logging in with another site is refused.

use axum::http::StatusCode;
use softcap_identity::SignInError;

use super::person_problem::of_person;
use crate::{problem::ApiError, system::CodeText};

/// A refusal as an answer.
pub(crate) fn of_sign_in(error: SignInError) -> ApiError {
    if let SignInError::Person(error) = error {
        return of_person(error);
    }
    let Some((status, remedy)) = like(&error) else {
        return ApiError::internal(&error);
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    SignInError::REFUSALS.into_iter().filter_map(|error| {
        let (_, remedy) = like(&error)?;
        Some(CodeText::of(&error, error.code(), remedy))
    })
}

/// The status of a refusal, and what to do; nothing for a defect, and for what is answered elsewhere.
fn like(error: &SignInError) -> Option<(StatusCode, &'static str)> {
    const AGAIN: &str =
        "Begin again at `/log-in`. If it happens again, tell whoever runs this site.";
    Some(match error {
        SignInError::NoSite => (
            StatusCode::NOT_FOUND,
            "Choose one of those at `/log-in`; whoever runs this site configures them.",
        ),
        SignInError::AttemptOver | SignInError::NewcomerOver => (
            StatusCode::CONFLICT,
            "Begin again at `/log-in`, and go on within ten minutes.",
        ),
        SignInError::OtherBrowser => (
            StatusCode::FORBIDDEN,
            "Begin and end in one browser, with cookies. If you did not begin this, close the page: somebody wanted to log you in as somebody else.",
        ),
        SignInError::Declined => (
            StatusCode::FORBIDDEN,
            "Begin again and agree there, or log in otherwise.",
        ),
        SignInError::Unreachable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again later, or log in otherwise.",
        ),
        SignInError::Exchange => (StatusCode::BAD_GATEWAY, AGAIN),
        SignInError::OtherSite
        | SignInError::Signature
        | SignInError::Audience
        | SignInError::Nonce
        | SignInError::TokenIssuer
        | SignInError::Expired => (StatusCode::FORBIDDEN, AGAIN),
        SignInError::NotAgain => (
            StatusCode::FORBIDDEN,
            "Log in there once more when you are asked to, or show another factor at `POST /v1/sessions/current/step-up`.",
        ),
        SignInError::Unknown => (
            StatusCode::FORBIDDEN,
            "Choose the account there that is linked with yours: the list is at `GET /v1/me/sign-ins`.",
        ),
        SignInError::Known => (
            StatusCode::CONFLICT,
            "Log in with it, or remove it from the other account first.",
        ),
        SignInError::Missing => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/me/sign-ins` again.",
        ),
        SignInError::OnlyWay => (
            StatusCode::CONFLICT,
            "Set a password at `POST /v1/recovery`, or add a passkey, a wallet or another site.",
        ),
        SignInError::TooMany => (
            StatusCode::CONFLICT,
            "Remove one that is not used any more, at `DELETE /v1/me/sign-ins/{id}`.",
        ),
        SignInError::MailKnown => (
            StatusCode::CONFLICT,
            "Log in to that account, then link the other site with it at `/account/sign-ins`.",
        ),
        SignInError::Row(_) | SignInError::Person(_) => return None,
    })
}
