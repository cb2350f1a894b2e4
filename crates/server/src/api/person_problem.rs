//! What callers are told when something about a person is refused.

use std::time::Duration;

use axum::http::StatusCode;
use softcap_identity::PersonError;

use crate::{
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

const LOG_IN: &str = "Log in at `POST /v1/sessions`; repeat it when the answer came too late.";

/// A refusal as an answer. What was refused because of somebody who does not exist looks like any other.
pub(crate) fn of_person(error: PersonError) -> ApiError {
    match &error {
        PersonError::Limited { wait } => ApiError::retry(ProblemCode::TooManyTries, seconds(*wait)),
        PersonError::Busy { wait } => ApiError::retry(ProblemCode::PasswordsWait, seconds(*wait)),
        PersonError::Database(database) if database.is_passing() => {
            ApiError::caused(ProblemCode::NoRoom, &error)
        }
        PersonError::Database(_)
        | PersonError::Randomness
        | PersonError::Sealed { .. }
        | PersonError::Row { .. }
        | PersonError::Hash => ApiError::internal(&error),
        PersonError::Id
        | PersonError::Email
        | PersonError::PasswordLength
        | PersonError::PasswordGuessed
        | PersonError::PasswordOfContext
        | PersonError::Code
        | PersonError::WrongPassword
        | PersonError::NoSession
        | PersonError::NotFresh
        | PersonError::SecondFactor
        | PersonError::Frozen
        | PersonError::SameAddress
        | PersonError::NoAddressChange
        | PersonError::AddressChangeWaits
        | PersonError::NoSuchSession => {
            let (status, remedy) = like(&error);
            ApiError::domain(&error, error.code(), (status, remedy))
        }
    }
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let all = [
        PersonError::Id,
        PersonError::Email,
        PersonError::PasswordLength,
        PersonError::PasswordGuessed,
        PersonError::PasswordOfContext,
        PersonError::Code,
        PersonError::WrongPassword,
        PersonError::NoSession,
        PersonError::NotFresh,
        PersonError::SecondFactor,
        PersonError::Frozen,
        PersonError::SameAddress,
        PersonError::NoAddressChange,
        PersonError::AddressChangeWaits,
        PersonError::NoSuchSession,
    ];
    all.into_iter()
        .map(|error| CodeText::of(&error, error.code(), like(&error).1))
}

/// The status of a refusal, and what to do.
fn like(error: &PersonError) -> (StatusCode, &'static str) {
    match error {
        PersonError::NoSession => (StatusCode::UNAUTHORIZED, LOG_IN),
        PersonError::WrongPassword => (
            StatusCode::UNAUTHORIZED,
            "Type both again, or set a new password at `POST /v1/recovery`.",
        ),
        PersonError::NotFresh => (
            StatusCode::FORBIDDEN,
            "Show a factor again at `POST /v1/sessions/current/step-up`.",
        ),
        PersonError::SecondFactor => (
            StatusCode::FORBIDDEN,
            "Show it at `POST /v1/sessions/current/second-factor`.",
        ),
        PersonError::Frozen => (
            StatusCode::FORBIDDEN,
            "Set a new password at `POST /v1/recovery`; a second factor stays.",
        ),
        PersonError::NoSuchSession => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/sessions` again.",
        ),
        PersonError::Code => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Copy the whole code from the newest mail, or ask for another one.",
        ),
        PersonError::NoAddressChange => (
            StatusCode::NOT_FOUND,
            "Ask for another address at `POST /v1/me/address-change`; a code that was not typed in is over after an hour.",
        ),
        PersonError::AddressChangeWaits => (
            StatusCode::CONFLICT,
            "End it at `DELETE /v1/me/address-change`, or wait until it is done.",
        ),
        // All others are about what was sent, or are answered before they come here.
        PersonError::Id
        | PersonError::Email
        | PersonError::PasswordLength
        | PersonError::PasswordGuessed
        | PersonError::PasswordOfContext
        | PersonError::SameAddress
        | PersonError::Limited { .. }
        | PersonError::Busy { .. }
        | PersonError::Database(_)
        | PersonError::Randomness
        | PersonError::Sealed { .. }
        | PersonError::Row { .. }
        | PersonError::Hash => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Correct it and send it again.",
        ),
    }
}

fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u32::MAX)
        .max(1)
}
