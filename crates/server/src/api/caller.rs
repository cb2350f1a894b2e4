//! Who calls, and the key of their request.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use softcap_identity::{Denied, Keys, Principal, UnixMillis, Verb};

use super::Service;
use crate::{
    forwarded::ClientAddress,
    limit_headers::LimitNote,
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

const ONE: NonZeroU32 = NonZeroU32::MIN;

/// The holder of the key of this request.
#[derive(Clone, Debug)]
pub(crate) struct Caller(Principal);

impl Caller {
    /// The holder of the key in these headers.
    pub(crate) async fn of(
        keys: &Keys,
        headers: &HeaderMap,
        client: ClientAddress,
    ) -> Result<Self, ApiError> {
        let text = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(ProblemCode::NotAuthenticated)?;
        let principal = keys.authenticate_or_refresh(text, client.ip(), UnixMillis::now(), ONE);
        principal.await.map(Self).map_err(denied)
    }

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
    pub(crate) fn require_on_all(&self, verb: Verb) -> Result<(), ApiError> {
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
        let client = parts.extensions.get::<ClientAddress>().copied();
        let client = client.ok_or(ProblemCode::NotAuthenticated)?;
        let caller = Self::of(service.keys(), &parts.headers, client).await?;
        if let Some(limit) = parts.extensions.get::<LimitNote>() {
            limit.note(&caller.0);
        }
        Ok(caller)
    }
}

/// What callers may be told of keys that are not let in, for the pages of problems.
pub(super) fn codes() -> impl Iterator<Item = CodeText> {
    let peer = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let all = [
        Denied::Malformed,
        Denied::Unknown,
        Denied::Expired,
        Denied::Address { peer },
        Denied::TooDear { burst: 0 },
    ];
    all.into_iter().map(|denied| CodeText {
        code: denied.answer().code.into(),
        title: denied.answer().message.into(),
        remedy: like(denied).1.remedy().into(),
    })
}

/// The status of a refusal, and the problem whose remedy it shares.
fn like(denied: Denied) -> (StatusCode, ProblemCode) {
    match denied {
        Denied::Limited { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemCode::TooMany),
        // Without the database nobody knows which keys still hold: that is no fault of the caller.
        Denied::Stale => (StatusCode::SERVICE_UNAVAILABLE, ProblemCode::NoRoom),
        Denied::Address { .. } => (StatusCode::FORBIDDEN, ProblemCode::NotAllowed),
        Denied::TooDear { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemCode::TooLarge),
        Denied::Malformed
        | Denied::Unknown
        | Denied::WrongSecret
        | Denied::Revoked
        | Denied::Expired => (StatusCode::UNAUTHORIZED, ProblemCode::NotAuthenticated),
    }
}

fn denied(denied: Denied) -> ApiError {
    let answer = denied.answer();
    let (status, like) = like(denied);
    if matches!(denied, Denied::Limited { .. } | Denied::Stale) {
        let wait = answer.wait.unwrap_or_default().as_millis().div_ceil(1000);
        return ApiError::retry(like, u32::try_from(wait).unwrap_or(u32::MAX).max(1));
    }
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
