//! Invitations by mail, as pages send and take them: asked of the same rights as what they lead to.

use axum::http::StatusCode;
use softcap_identity::{
    Accepted, EmailAddress, Invitation, InvitationError, InvitationId, InvitedTo, PersonId,
};

use super::{Service, caller::Staff, person_problem::of_person, role_problem::of_role};
use crate::{
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// The newest invitations that are shown.
const SHOWN: u32 = 100;

/// A refusal as an answer.
pub(crate) fn of_invitation(error: InvitationError) -> ApiError {
    let (status, remedy) = match error {
        InvitationError::Person(error) => return of_person(error),
        InvitationError::Role(error) => return of_role(error),
        InvitationError::Database(ref database) if database.is_passing() => {
            return ApiError::caused(ProblemCode::NoRoom, &error);
        }
        InvitationError::Database(_) => return ApiError::internal(&error),
        InvitationError::Code | InvitationError::NoInvitation | InvitationError::InviterLost => {
            like(&error)
        }
    };
    ApiError::domain(&error, error.code(), (status, remedy))
}

/// The codes of this file that no other one has, for their pages.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let all = [InvitationError::NoInvitation, InvitationError::InviterLost];
    all.into_iter()
        .map(|error| CodeText::of(&error, error.code(), like(&error).1))
}

fn like(error: &InvitationError) -> (StatusCode, &'static str) {
    match error {
        InvitationError::NoInvitation => (StatusCode::CONFLICT, "Read the list again."),
        InvitationError::InviterLost => (
            StatusCode::FORBIDDEN,
            "Ask somebody else who may to invite you.",
        ),
        // The others are answered before, or look like a code that does not work.
        InvitationError::Code
        | InvitationError::Person(_)
        | InvitationError::Role(_)
        | InvitationError::Database(_) => (
            StatusCode::NOT_FOUND,
            "Ask who invited you for another one.",
        ),
    }
}

/// Sends an invitation, if the person may give what it leads to.
pub(crate) async fn invite(
    service: &Service,
    staff: &Staff,
    to: InvitedTo,
    email: &EmailAddress,
) -> Result<Invitation, ApiError> {
    let (right, place) = to.to_invite();
    staff.require(right, &place)?;
    let by = staff.standing().person();
    let sent = service
        .invitations
        .invite(by, to, email, service.now())
        .await;
    sent.map_err(of_invitation)
}

/// The newest invitations to roles, or into one sale.
pub(crate) async fn invitations_seen(
    service: &Service,
    sale: Option<&str>,
) -> Result<Vec<Invitation>, ApiError> {
    let all = service.invitations.list(sale, SHOWN, service.now()).await;
    all.map_err(of_invitation)
}

/// Takes an open invitation back, if the person may send one like it.
pub(crate) async fn withdraw_invitation(
    service: &Service,
    staff: &Staff,
    id: InvitationId,
) -> Result<(), ApiError> {
    let now = service.now();
    let found = service.invitations.get(id, now).await;
    let found = found.map_err(of_invitation)?;
    let (right, place) = found.to.to_invite();
    staff.require(right, &place)?;
    let by = staff.standing().person();
    let ended = service.invitations.withdraw(by, &found, now).await;
    ended.map_err(of_invitation)
}

/// The invitation of a code.
pub(crate) async fn invitation_of_code(
    service: &Service,
    code: &str,
) -> Result<Invitation, ApiError> {
    let found = service.invitations.find(code, service.now()).await;
    found.map_err(of_invitation)
}

/// Somebody who is logged in accepts the invitation of a code.
pub(crate) async fn accept_invitation(
    service: &Service,
    person: PersonId,
    code: &str,
) -> Result<Accepted, ApiError> {
    let accepted = service
        .invitations
        .accept(person, code, service.now())
        .await;
    accepted.map_err(of_invitation)
}
