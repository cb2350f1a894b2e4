//! Who is logged in: the cookie of a session, and what must hold before it counts.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::Response,
};
use softcap_identity::{ABSOLUTE, Device, PersonError, SecretText, Session};

use super::{Service, call_cost::cost_of, caller::within_limit, person_problem::of_person};
use crate::{
    forwarded::ClientAddress,
    limit_headers::{LimitNote, Limited},
    origin::require_own_page,
    problem::{ApiError, ProblemCode},
};

/// Sent back only over TLS (or to this machine), only to this host, to every path, and never to a script.
pub(crate) const SESSION_COOKIE: &str = "__Host-softcap";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// A session in which the second factor may be missing: for what leads on from there, and for leaving.
#[derive(Clone, Debug)]
pub(super) struct HalfSignedIn(pub(super) Session);

/// A session that may act: every factor that its person has was shown.
#[derive(Clone, Debug)]
pub(super) struct SignedIn(pub(super) Session);

impl FromRequestParts<Arc<Service>> for HalfSignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let secret =
            session_secret(&parts.headers).ok_or_else(|| of_person(PersonError::NoSession))?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            require_own_page(&parts.headers, &service.origin)?;
        }
        let now = service.now();
        let session = service.people.session(secret.reveal(), now).await;
        let session = session.map_err(of_person)?;
        charge_person(service, &session, parts)?;
        follow_session(service, &session, parts).await;
        Ok(Self(session))
    }
}

impl FromRequestParts<Arc<Service>> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let HalfSignedIn(session) = HalfSignedIn::from_request_parts(parts, service).await?;
        session.require_complete().map_err(of_person)?;
        Ok(Self(session))
    }
}

impl SignedIn {
    /// Refuses when no factor was shown lately.
    pub(super) fn require_fresh(&self, service: &Service) -> Result<(), ApiError> {
        self.0.require_fresh(service.now()).map_err(of_person)
    }
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(crate) struct Visitor(pub(crate) Device);

impl FromRequestParts<Arc<Service>> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service>) -> Result<Self, ApiError> {
        Ok(Self(device(parts).ok_or(ProblemCode::Internal)?))
    }
}

/// Takes a call from the limit of a session's person.
pub(crate) fn charge_person(
    service: &Service,
    session: &Session,
    parts: &Parts,
) -> Result<(), ApiError> {
    let charged = service
        .call_limits
        .charge_person(session.person, cost_of(parts));
    within_limit(
        charged,
        Limited::Person,
        parts.extensions.get::<LimitNote>(),
    )
}

/// Takes a call from the limit of the network that it comes from.
pub(crate) fn charge_source(
    service: &Service,
    client: Option<ClientAddress>,
    note: Option<&LimitNote>,
) -> Result<(), ApiError> {
    let Some(client) = client else {
        return Ok(());
    };
    let limits = &service.call_limits;
    let charged = limits.charge_source(client.ip(), NonZeroU32::MIN);
    within_limit(charged, Limited::Source, note)
}

/// Judges from where a session is used. A judgement that fails is no reason to refuse.
pub(crate) async fn follow_session(service: &Service, session: &Session, parts: &Parts) {
    let Some(device) = device(parts) else {
        return;
    };
    let followed = service
        .people
        .follow_session(session, &device, service.now());
    if let Err(error) = followed.await {
        tracing::warn!(%error, "where a session is used was not judged");
    }
}

fn device(parts: &Parts) -> Option<Device> {
    let client = parts.extensions.get::<ClientAddress>().copied()?;
    let words = parts.headers.get(header::USER_AGENT);
    let words = words.and_then(|words| words.to_str().ok());
    Some(Device::new(client.ip(), words.unwrap_or_default()))
}

/// The secret of the session in the request's cookies, if there is one that can be.
pub(crate) fn session_secret(headers: &HeaderMap) -> Option<SecretText> {
    cookie_secret(headers, SESSION_COOKIE)
}

/// The secret in a cookie of this name.
pub(crate) fn cookie_secret(headers: &HeaderMap, cookie: &str) -> Option<SecretText> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie).then(|| SecretText::parse(value))?
    })
}

/// Gives the browser the secret of a session.
pub(crate) fn set_cookie(secret: &SecretText) -> Result<HeaderValue, ApiError> {
    secret_cookie(SESSION_COOKIE, secret, ABSOLUTE)
}

/// Gives the browser a secret for so long.
pub(crate) fn secret_cookie(
    cookie: &str,
    secret: &SecretText,
    life: Duration,
) -> Result<HeaderValue, ApiError> {
    let (secret, age) = (secret.reveal(), life.as_secs());
    let text = format!("{cookie}={secret}; Max-Age={age}; {ATTRIBUTES}");
    let mut value = HeaderValue::try_from(text).map_err(|error| ApiError::internal(&error))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Takes it away again.
pub(crate) fn remove_cookie() -> Result<HeaderValue, ApiError> {
    ended_cookie(SESSION_COOKIE)
}

/// Takes a cookie away.
pub(crate) fn ended_cookie(cookie: &str) -> Result<HeaderValue, ApiError> {
    let text = format!("{cookie}=; Max-Age=0; {ATTRIBUTES}");
    HeaderValue::try_from(text).map_err(|error| ApiError::internal(&error))
}

/// No cache keeps an answer about a person.
pub(super) async fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v3_3_1_the_cookie_is_bound_to_host_and_tls_and_hidden_from_scripts() {
        let secret = SecretText::random().unwrap();
        let value = set_cookie(&secret).unwrap();
        let (pair, attributes) = value.to_str().unwrap().split_once("; ").unwrap();
        assert_eq!(pair, format!("__Host-softcap={}", secret.reveal()));
        assert_eq!(
            attributes,
            "Max-Age=43200; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert!(!format!("{value:?}").contains(secret.reveal()));
    }

    #[test]
    fn only_a_whole_secret_under_the_exact_name_is_a_session() {
        let secret = SecretText::random().unwrap();
        let text = secret.reveal();
        let table = [
            (vec![format!("__Host-softcap={text}")], true),
            (vec![format!("a=b; __Host-softcap={text}; c")], true),
            (
                vec!["a=b".to_owned(), format!("__Host-softcap={text}")],
                true,
            ),
            (vec![format!("__host-softcap={text}")], false),
            (vec![format!("softcap={text}")], false),
            (vec![format!("__Host-softcap={text}x")], false),
            (vec!["__Host-softcap=".to_owned()], false),
            (vec![], false),
        ];
        for (lines, expected) in table {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(session_secret(&headers).is_some(), expected, "{lines:?}");
        }
    }
}
