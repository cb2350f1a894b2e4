//! What callers of the interface are told when something about applications is refused.

use axum::http::StatusCode;
use softcap_identity::{Fault, OauthError, acr, fresh_seconds};

use crate::{
    api::person_problem::of_person,
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// A refusal as a problem.
pub(super) fn of_oauth(error: OauthError) -> ApiError {
    match error {
        OauthError::Person(error) => of_person(error),
        OauthError::Database(ref database) if database.is_passing() => {
            ApiError::caused(ProblemCode::NoRoom, &error)
        }
        OauthError::Database(_) | OauthError::Row { .. } => ApiError::internal(&error),
        OauthError::Refused { .. }
        | OauthError::NoClient
        | OauthError::NoGrant
        | OauthError::Client(_)
        | OauthError::Wider
        | OauthError::NotNarrower
        | OauthError::OtherCurrency
        | OauthError::OverEach
        | OauthError::OverTotal
        | OauthError::Limits => {
            let (status, remedy) = like(&error);
            ApiError::domain(&error, error.code(), (status, remedy))
        }
    }
}

/// A refusal of what an application may do with its token, with the header that says how to come back. `scheme` is
/// `Bearer` or `DPoP`.
pub(super) fn challenged(error: OauthError, scheme: &str) -> ApiError {
    let Some(fault) = error.fault() else {
        return of_oauth(error);
    };
    let word = fault.as_word();
    let challenge = match (&error, fault) {
        (OauthError::Refused { why, .. }, Fault::InsufficientScope) => {
            format!(r#"{scheme} error="{word}", scope="{why}""#)
        }
        (_, Fault::InsufficientUserAuthentication) => {
            let (acr, age) = (acr(softcap_identity::Level::Two), fresh_seconds());
            format!(r#"{scheme} error="{word}", acr_values="{acr}", max_age="{age}""#)
        }
        _ => format!(r#"{scheme} error="{word}", error_description="{error}""#),
    };
    ApiError::Challenged {
        error: Box::new(of_oauth(error)),
        challenge,
    }
}

/// The codes of this folder, for their pages.
pub(in crate::api) fn codes() -> impl Iterator<Item = CodeText> {
    let of_protocol = Fault::ALL.iter().map(|fault| CodeText {
        code: fault.code().into(),
        title: format!("An application is refused with {}.", fault.as_word()).into(),
        remedy: "Read `error_description` of the answer, and the page about applications.".into(),
    });
    let own = [
        OauthError::NoClient,
        OauthError::NoGrant,
        OauthError::Client("what is said about an application is not what it may be".into()),
        OauthError::Wider,
        OauthError::NotNarrower,
        OauthError::OtherCurrency,
        OauthError::OverEach,
        OauthError::OverTotal,
        OauthError::Limits,
    ];
    let own = own
        .into_iter()
        .map(|error| CodeText::of(&error, error.code(), like(&error).1));
    of_protocol.chain(own)
}

fn like(error: &OauthError) -> (StatusCode, &'static str) {
    match error {
        OauthError::NoClient => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/oauth/clients` again.",
        ),
        OauthError::NoGrant => (
            StatusCode::NOT_FOUND,
            "Read the list at `GET /v1/me/apps` again.",
        ),
        OauthError::Wider => (
            StatusCode::FORBIDDEN,
            "Leave out scopes that you do not have yourself.",
        ),
        OauthError::OtherCurrency | OauthError::OverEach | OauthError::OverTotal => (
            StatusCode::FORBIDDEN,
            "Contribute less, or let the person allow more at the authorization endpoint. Nothing was entered.",
        ),
        OauthError::Refused { fault, .. } => like_fault(*fault),
        // All others are about what was sent, or are answered before they come here.
        OauthError::Client(_)
        | OauthError::NotNarrower
        | OauthError::Limits
        | OauthError::Row { .. }
        | OauthError::Person(_)
        | OauthError::Database(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Correct it and send it again.",
        ),
    }
}

/// Where a token is used; the endpoints of the protocol have statuses of their own.
fn like_fault(fault: Fault) -> (StatusCode, &'static str) {
    if [Fault::InvalidDpopProof, Fault::UseDpopNonce].contains(&fault) {
        let remedy = "Sign a new proof for this request, with the nonce of `DPoP-Nonce`.";
        return (StatusCode::UNAUTHORIZED, remedy);
    }
    if fault == Fault::InvalidToken {
        let remedy = "Get a new token with the refresh token, or let the person log in again.";
        return (StatusCode::UNAUTHORIZED, remedy);
    }
    if fault == Fault::InsufficientUserAuthentication {
        let remedy = "Send the person through the authorization endpoint again, with the `acr_values` and `max_age` of \
                      `WWW-Authenticate`.";
        return (StatusCode::UNAUTHORIZED, remedy);
    }
    if fault == Fault::InsufficientScope {
        let remedy = "Ask the person for the scope that `WWW-Authenticate` names.";
        return (StatusCode::FORBIDDEN, remedy);
    }
    (StatusCode::BAD_REQUEST, "Correct it and send it again.")
}
