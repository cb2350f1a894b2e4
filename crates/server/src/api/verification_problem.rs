//! What callers are told when something about verification is refused.

use axum::http::StatusCode;
use softcap_identity::{ApprovalError, StateKind, VerificationError};

use super::{person_problem::of_person, role_problem::of_role};
use crate::{
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// A refusal as an answer.
pub(crate) fn of_verification(error: VerificationError) -> ApiError {
    let (status, remedy) = match error {
        VerificationError::Person(error) => return of_person(error),
        VerificationError::Database(ref database) if database.is_passing() => {
            return ApiError::caused(ProblemCode::NoRoom, &error);
        }
        VerificationError::Database(_) | VerificationError::File => {
            return ApiError::internal(&error);
        }
        VerificationError::NoCase
        | VerificationError::Step { .. }
        | VerificationError::Value { .. }
        | VerificationError::Missing(_)
        | VerificationError::NoMoreRounds
        | VerificationError::Reasons
        | VerificationError::Changed
        | VerificationError::OwnCase
        | VerificationError::Until
        | VerificationError::Level
        | VerificationError::Destroyed
        | VerificationError::Rounds
        | VerificationError::NotWanted
        | VerificationError::TooLarge(_)
        | VerificationError::NotThatType
        | VerificationError::TooMany(_)
        | VerificationError::NoUpload
        | VerificationError::Room
        | VerificationError::OtherWallet => like(&error),
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

/// A refusal of an approval, whichever rule it broke.
pub(super) fn of_approval(error: ApprovalError) -> ApiError {
    match error {
        ApprovalError::Verification(error) => of_verification(error),
        ApprovalError::Role(error) => of_role(error),
    }
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let all = [
        VerificationError::NoCase,
        VerificationError::Step {
            state: StateKind::Open,
            step: "approving it",
        },
        VerificationError::Value {
            field: "birth_date",
            why: "a day since 1900, written 1990-12-31",
        },
        VerificationError::Missing(Vec::new()),
        VerificationError::NoMoreRounds,
        VerificationError::Reasons,
        VerificationError::Changed,
        VerificationError::OwnCase,
        VerificationError::Until,
        VerificationError::Level,
        VerificationError::Destroyed,
        VerificationError::Rounds,
        VerificationError::NotWanted,
        VerificationError::TooLarge(10_485_760),
        VerificationError::NotThatType,
        VerificationError::TooMany(12),
        VerificationError::NoUpload,
        VerificationError::Room,
        VerificationError::OtherWallet,
    ];
    all.into_iter()
        .map(|error| CodeText::of(&error, error.code(), like(&error).1))
}

/// The status of a refusal, and what to do.
fn like(error: &VerificationError) -> (StatusCode, &'static str) {
    match error {
        VerificationError::NoCase => (
            StatusCode::NOT_FOUND,
            "Begin one at `POST /v1/me/verification`, or read the list at `GET /v1/verifications`.",
        ),
        VerificationError::NoUpload => (StatusCode::NOT_FOUND, "Read the list of files again."),
        VerificationError::Destroyed => (
            StatusCode::GONE,
            "The person was erased; nobody can read this any more.",
        ),
        VerificationError::Step { .. }
        | VerificationError::Changed
        | VerificationError::NoMoreRounds
        | VerificationError::TooMany(_) => (
            StatusCode::CONFLICT,
            "Read the verification again and decide anew.",
        ),
        VerificationError::OtherWallet => (
            StatusCode::CONFLICT,
            "Pay from the wallet of the first permit, or ask to be verified anew with the other one.",
        ),
        VerificationError::Missing(_) => (
            StatusCode::CONFLICT,
            "Fill in or show what is missing; `GET /v1/me/verification` says why it is asked for.",
        ),
        VerificationError::OwnCase => (
            StatusCode::FORBIDDEN,
            "Ask another compliance officer to look at it.",
        ),
        VerificationError::TooLarge(_) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "Send a smaller picture; it must only be readable.",
        ),
        VerificationError::NotThatType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send a PDF, JPEG or PNG, and say which in `Content-Type`.",
        ),
        VerificationError::Room => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Send it again later; the operator must make room.",
        ),
        // They are answered before, or are about what was sent.
        VerificationError::Value { .. }
        | VerificationError::Reasons
        | VerificationError::Until
        | VerificationError::Level
        | VerificationError::Rounds
        | VerificationError::NotWanted
        | VerificationError::File
        | VerificationError::Person(_)
        | VerificationError::Database(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Correct it and send it again.",
        ),
    }
}
