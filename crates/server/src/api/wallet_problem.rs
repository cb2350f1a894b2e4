//! What callers are told when something about a wallet is refused.

use axum::http::StatusCode;
use softcap_identity::WalletError;

use super::person_problem::of_person;
use crate::{problem::ApiError, system::CodeText};

/// A refusal as an answer.
pub(crate) fn of_wallet(error: WalletError) -> ApiError {
    if let WalletError::Person(error) = error {
        return of_person(error);
    }
    let Some((status, remedy)) = like(&error) else {
        return ApiError::internal(&error);
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

/// The codes of this file, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    WalletError::REFUSALS.into_iter().filter_map(|error| {
        let (_, remedy) = like(&error)?;
        Some(CodeText::of(&error, error.code(), remedy))
    })
}

/// The status of a refusal, and what to do; nothing for a defect, and for what is answered elsewhere.
fn like(error: &WalletError) -> Option<(StatusCode, &'static str)> {
    Some(match error {
        WalletError::Address | WalletError::Chain => {
            (StatusCode::UNPROCESSABLE_ENTITY, "Correct it.")
        }
        WalletError::ChallengeOver => (
            StatusCode::CONFLICT,
            "Ask for a new message, and send it back signed and unchanged, once, within five minutes.",
        ),
        WalletError::Signature => (
            StatusCode::UNAUTHORIZED,
            "Ask for a new message, and sign it with the wallet whose address it names (`personal_sign`).",
        ),
        WalletError::Unreachable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again later, or log in otherwise. A contract logs in on the chain that this site follows.",
        ),
        WalletError::Unknown => (
            StatusCode::UNAUTHORIZED,
            "Sign up with it at `POST /v1/sign-up`, or log in otherwise and add it at `POST /v1/me/wallets`.",
        ),
        WalletError::Known => (
            StatusCode::CONFLICT,
            "Log in with it, or remove it from the other account first.",
        ),
        WalletError::Missing => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/me/wallets` again.",
        ),
        WalletError::OnlyWay => (
            StatusCode::CONFLICT,
            "Set a password at `POST /v1/recovery`, or add a passkey or another wallet.",
        ),
        WalletError::TooMany => (
            StatusCode::CONFLICT,
            "Remove one that is not used any more, at `DELETE /v1/me/wallets/{id}`.",
        ),
        WalletError::Row(_) | WalletError::Person(_) => return None,
    })
}
