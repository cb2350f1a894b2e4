//! What callers are told when something about roles is refused.

use axum::http::StatusCode;
use softcap_identity::RoleError;

use super::person_problem::of_person;
use crate::{
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// A refusal as an answer.
pub(crate) fn of_role(error: RoleError) -> ApiError {
    let (status, remedy) = match error {
        RoleError::Person(error) => return of_person(error),
        RoleError::Database(ref database) if database.is_passing() => {
            return ApiError::caused(ProblemCode::NoRoom, &error);
        }
        RoleError::Database(_) => return ApiError::internal(&error),
        RoleError::Role(_)
        | RoleError::NoPerson
        | RoleError::NoProposal
        | RoleError::NotOpen(_)
        | RoleError::SamePerson
        | RoleError::ProposerLost
        | RoleError::LastOwner
        | RoleError::NoChange(_)
        | RoleError::Proposed
        | RoleError::OwnCase
        | RoleError::InvitationUsed => like(&error),
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let all = [
        RoleError::Role("landlord".to_owned()),
        RoleError::NoPerson,
        RoleError::NoProposal,
        RoleError::NotOpen("over"),
        RoleError::SamePerson,
        RoleError::ProposerLost,
        RoleError::LastOwner,
        RoleError::NoChange("the person has this role"),
        RoleError::Proposed,
        RoleError::OwnCase,
        RoleError::InvitationUsed,
    ];
    all.into_iter()
        .map(|error| CodeText::of(&error, error.code(), like(&error).1))
}

/// The status of a refusal, and what to do.
fn like(error: &RoleError) -> (StatusCode, &'static str) {
    match error {
        RoleError::Role(_) | RoleError::NoPerson => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Correct it and send it again.",
        ),
        RoleError::NoProposal => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/proposals` again.",
        ),
        RoleError::SamePerson | RoleError::OwnCase => (
            StatusCode::FORBIDDEN,
            "Ask somebody else who has the role to approve it.",
        ),
        RoleError::ProposerLost => (
            StatusCode::FORBIDDEN,
            "Have it proposed by somebody who has the role.",
        ),
        RoleError::InvitationUsed => (
            StatusCode::NOT_FOUND,
            "Ask who invited you for another one.",
        ),
        RoleError::LastOwner => (
            StatusCode::CONFLICT,
            "Give the role of an owner to somebody else first.",
        ),
        RoleError::NotOpen(_) | RoleError::NoChange(_) | RoleError::Proposed => (
            StatusCode::CONFLICT,
            "Read roles and proposals again and decide anew.",
        ),
        // They are answered before.
        RoleError::Person(_) | RoleError::Database(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Try again.")
        }
    }
}
