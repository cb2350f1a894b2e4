//! What callers are told when something about a second factor is refused.

use axum::http::StatusCode;
use softcap_identity::{FactorError, PasskeyFault};

use super::person_problem::of_person;
use crate::{problem::ApiError, system::CodeText};

/// A refusal as an answer.
pub(crate) fn of_factor(error: FactorError) -> ApiError {
    if let FactorError::Person(error) = error {
        return of_person(error);
    }
    let Some((status, remedy)) = like(&error) else {
        return ApiError::internal(&error);
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let own = [
        FactorError::Code,
        FactorError::LoginOver,
        FactorError::Blocked,
        FactorError::NothingToConfirm,
        FactorError::PresentCode,
        FactorError::Missing,
        FactorError::NothingToRecover,
        FactorError::Label,
        FactorError::TooManyPasskeys,
        FactorError::NoSite,
        FactorError::CeremonyOver,
        FactorError::RemovalPending,
        FactorError::NoRemoval,
        FactorError::NoReset,
        FactorError::NothingToEnrol,
    ];
    let faults = PasskeyFault::ALL.into_iter().map(FactorError::Passkey);
    own.into_iter().chain(faults).filter_map(|error| {
        let (_, remedy) = like(&error)?;
        Some(CodeText::of(&error, error.code(), remedy))
    })
}

/// The status of a refusal, and what to do; nothing for a defect, and for what is answered elsewhere.
fn like(error: &FactorError) -> Option<(StatusCode, &'static str)> {
    Some(match error {
        FactorError::Code => (
            StatusCode::UNAUTHORIZED,
            "Wait for the next code of the app, or take another recovery code.",
        ),
        FactorError::LoginOver => (
            StatusCode::UNAUTHORIZED,
            "Log in at `POST /v1/sessions`, or with a passkey at `POST /v1/sessions/passkey`.",
        ),
        FactorError::Blocked => (
            StatusCode::FORBIDDEN,
            "Log in with a passkey at `POST /v1/sessions/passkey`, or set a new password at `POST /v1/recovery`.",
        ),
        FactorError::NothingToConfirm => (
            StatusCode::CONFLICT,
            "Begin again at `POST /v1/me/factors/totp`, and confirm within five minutes.",
        ),
        FactorError::PresentCode => (
            StatusCode::CONFLICT,
            "Send `present_code` too, or remove the app at `DELETE /v1/me/factors/totp` first.",
        ),
        FactorError::Missing | FactorError::NoRemoval => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/me/factors` again.",
        ),
        FactorError::NoReset => (
            StatusCode::NOT_FOUND,
            "Nothing is to be done: second factors count as before, or were set aside already.",
        ),
        FactorError::NothingToEnrol => (
            StatusCode::CONFLICT,
            "Show the second factor at `POST /v1/sessions/current/second-factor`, or add another in a whole session.",
        ),
        FactorError::NothingToRecover => (
            StatusCode::CONFLICT,
            "Add a passkey at `POST /v1/me/factors/passkeys`, or an app at `POST /v1/me/factors/totp`.",
        ),
        FactorError::Label => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Correct it and begin again.",
        ),
        FactorError::TooManyPasskeys => (
            StatusCode::CONFLICT,
            "Remove one that is not used any more, at `DELETE /v1/me/factors/passkeys/{id}`.",
        ),
        FactorError::NoSite => (
            StatusCode::CONFLICT,
            "Ask the operator; an authenticator app can be added meanwhile.",
        ),
        FactorError::CeremonyOver => (
            StatusCode::CONFLICT,
            "Ask for a new challenge, and answer it once, within five minutes.",
        ),
        FactorError::Passkey(PasskeyFault::Known) => (
            StatusCode::CONFLICT,
            "Use it as it is, or add one of another device.",
        ),
        FactorError::Passkey(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Ask for a new challenge on a page of this site, and answer with a passkey that was added there.",
        ),
        FactorError::RemovalPending => (
            StatusCode::CONFLICT,
            "Wait, or take it back at `DELETE /v1/me/factors/removal`.",
        ),
        FactorError::Row(_) | FactorError::Person(_) => return None,
    })
}
