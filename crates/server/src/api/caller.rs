//! Who calls, and the key of their request.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use softcap_identity::{Denied, Principal, UnixMillis, Verb};

use super::Service;
use crate::{
    forwarded::ClientAddress,
    problem::{ApiError, ProblemCode},
};

const ONE: NonZeroU32 = NonZeroU32::MIN;

/// The holder of the key of this request.
#[derive(Clone, Debug)]
pub(super) struct Caller(Principal);

impl Caller {
    /// Refuses what the key may not do on an offering. That an offering exists is public, so there is
    /// nothing to hide here.
    pub(super) fn require(&self, verb: Verb, offering: &str) -> Result<(), ApiError> {
        if self.0.allows(verb, offering) {
            Ok(())
        } else {
            Err(ProblemCode::NotAllowed.into())
        }
    }

    /// Refuses what the key may not do on every resource: for acts on no single one.
    pub(super) fn require_on_all(&self, verb: Verb) -> Result<(), ApiError> {
        if self.0.allows_on_all(verb) {
            Ok(())
        } else {
            Err(ProblemCode::NotAllowed.into())
        }
    }

    /// The key's holder.
    pub(super) fn principal(&self) -> &Principal {
        &self.0
    }
}

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let text = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(ProblemCode::NotAuthenticated)?;
        let peer = parts.extensions.get::<ClientAddress>();
        let peer = peer.ok_or(ProblemCode::NotAuthenticated)?.ip();
        service
            .keys
            .authenticate_or_refresh(text, peer, UnixMillis::now(), ONE)
            .await
            .map(Self)
            .map_err(denied)
    }
}

fn denied(denied: Denied) -> ApiError {
    let answer = denied.answer();
    let retry = |code, wait: Duration| {
        let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        ApiError::retry(code, seconds.max(1))
    };
    let (status, like) = match denied {
        Denied::Limited { wait } => return retry(ProblemCode::TooMany, wait),
        // Without the database nobody knows which keys still hold: that is no fault of the caller.
        Denied::Stale => return retry(ProblemCode::NoRoom, answer.wait.unwrap_or_default()),
        Denied::Address { .. } => (StatusCode::FORBIDDEN, ProblemCode::NotAllowed),
        Denied::TooDear { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemCode::TooLarge),
        Denied::Malformed
        | Denied::Unknown
        | Denied::WrongSecret
        | Denied::Revoked
        | Denied::Expired => (StatusCode::UNAUTHORIZED, ProblemCode::NotAuthenticated),
    };
    ApiError::Domain {
        status,
        code: answer.code.into(),
        title: answer.message.into(),
        detail: String::new(),
        remedy: like.remedy().into(),
    }
}

/// The `Idempotency-Key` of a change: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub(super) struct IdempotencyKey(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let value = parts
            .headers
            .get("idempotency-key")
            .ok_or(ProblemCode::KeyMissing)?;
        let text = value.to_str().unwrap_or_default();
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.is_empty() || text.len() > 255 || !is_printable {
            return Err(ApiError::new(
                ProblemCode::BadRequest,
                "Idempotency-Key: 1 to 255 printable ASCII characters",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
