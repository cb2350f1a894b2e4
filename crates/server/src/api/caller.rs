//! Who calls, and the key of their request.
//!
//! A key, a person with a session, or an application with a token: all three are asked the same question in one place
//! ([`Caller::require`]).

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use softcap_identity::{
    Actor, Denied, Keys, Oauth, PersonError, Principal, RateLimit, Refused, ResourcePattern, Right,
    Shown, Standing, UnixMillis, Verb,
};

use softcap_offering::RequestId;

use super::{
    RequestKey, Service,
    call_cost::cost_of,
    call_note::{CallNote, Who},
    oauth::{AppCaller, credentials},
    person_problem::of_person,
    role_problem::of_role,
    signed_in::{SignedIn, session_secret},
};
use crate::{
    forwarded::ClientAddress,
    limit_headers::{LimitNote, Limited},
    problem::{ApiError, ProblemCode},
    signed_request::{SignedRequest, is_signed},
    system::CodeText,
};

/// On whose behalf people with roles act.
const ORGANISATION: &str = "organisation";

/// Who asks: the holder of a key, a person with a session and roles, or an application with a token.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A program.
    Key(Principal),
    /// A person.
    Person(Box<Staff>),
    /// An application, for a person or in its own name.
    App(Box<AppCaller>),
}

/// A person as they are at this request.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    standing: Standing,
    shown: Shown,
}

impl Staff {
    /// What the person is now.
    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether a role of the person has this right on something, whatever the session has shown.
    pub(crate) fn may_somewhere(&self, right: Right) -> bool {
        let mut grants = self.standing.grants().iter();
        grants.any(|grant| self.standing.has(right, &grant.place))
    }

    /// Refuses what none of the person's roles may here, and what the session has not shown enough for.
    pub(crate) fn require(&self, right: Right, place: &ResourcePattern) -> Result<(), ApiError> {
        let allowed = self.standing.authorize(right, place, self.shown);
        allowed.map_err(|refused| match refused {
            Refused::Role => ProblemCode::NotAllowed.into(),
            Refused::SecondFactor => ProblemCode::SecondFactorNeeded.into(),
            Refused::Stale => of_person(PersonError::NotFresh),
        })
    }
}

impl From<Staff> for Caller {
    fn from(staff: Staff) -> Self {
        Self::Person(Box::new(staff))
    }
}

impl Caller {
    /// The holder of the key in these headers, from whose limit this cost is taken.
    pub(crate) async fn of(
        keys: &Keys,
        headers: &HeaderMap,
        client: ClientAddress,
        cost: NonZeroU32,
    ) -> Result<Self, ApiError> {
        let text = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(ProblemCode::NotAuthenticated)?;
        let (peer, now) = (client.ip(), UnixMillis::now());
        let principal = keys.authenticate_or_refresh(text, peer, now, cost).await;
        let principal = principal.map_err(denied)?;
        note_origin(keys, &principal, headers, (peer, now));
        Ok(Self::Key(principal))
    }

    /// The holder of the key that signed this request.
    async fn of_signed(
        service: &Service,
        parts: &Parts,
        client: ClientAddress,
    ) -> Result<Self, ApiError> {
        let signed = SignedRequest::read(parts, &service.origin)?;
        let (keys, cost) = (service.keys(), cost_of(parts));
        let (peer, now) = (client.ip(), UnixMillis::now());
        let call = signed.call();
        let principal = keys.authenticate_signed(&call, peer, now, cost).await;
        let principal = principal.map_err(denied)?;
        note_origin(keys, &principal, &parts.headers, (peer, now));
        Ok(Self::Key(principal))
    }

    /// Refuses what the caller may not do on an offering. That an offering exists is public, so there is
    /// nothing to hide here.
    pub(crate) fn require(&self, verb: Verb, offering: &str) -> Result<(), ApiError> {
        match self {
            Self::Key(principal) => allowed(principal.allows(verb, offering)),
            // What is no id of a resource is no offering that somebody has a role on.
            Self::Person(staff) => {
                let place = offering.parse().map_err(|_| ProblemCode::NotAllowed)?;
                staff.require(Right::Verb(verb), &ResourcePattern::Only(place))
            }
            Self::App(app) => app.require(verb, Some(offering)),
        }
    }

    /// Refuses what the caller may not do on every resource: for acts on no single one.
    pub(crate) fn require_on_all(&self, verb: Verb) -> Result<(), ApiError> {
        match self {
            Self::Key(principal) => allowed(principal.allows_on_all(verb)),
            Self::Person(staff) => staff.require(Right::Verb(verb), &ResourcePattern::Every),
            Self::App(app) => app.require(verb, None),
        }
    }

    /// Whether there is something on which the caller may, as far as roles and scopes go: what pages lead to.
    pub(crate) fn may_somewhere(&self, verb: Verb) -> bool {
        match self {
            Self::Key(principal) => principal.allows_on_all(verb),
            Self::Person(staff) => staff.may_somewhere(Right::Verb(verb)),
            Self::App(app) => app.require(verb, None).is_ok(),
        }
    }

    /// As the audit names the caller.
    pub(super) fn who(&self) -> Who {
        match self {
            Self::Key(principal) => Who::Key(principal.key_id()),
            Self::Person(staff) => Who::Person(staff.standing.person()),
            Self::App(app) => Who::App(app.actor()),
        }
    }

    /// Names a request of this caller for good.
    pub(super) fn request(&self, requests: &RequestKey, key: &IdempotencyKey) -> RequestId {
        match self {
            Self::Key(principal) => requests.request(principal.key_id().as_str(), &key.0),
            Self::Person(staff) => requests.request(&staff.standing.person().to_string(), &key.0),
            Self::App(app) => requests.request(&app.actor(), &key.0),
        }
    }

    /// Who it is, as the audit names them.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Key(principal) => format!("key:{}", principal.key_id()),
            Self::Person(staff) => format!("person:{}", staff.standing.person()),
            Self::App(app) => app.actor(),
        }
    }

    /// On whose behalf the caller acts.
    pub(super) fn owner(&self) -> String {
        match self {
            Self::Key(principal) => principal.owner().to_owned(),
            Self::Person(_) | Self::App(_) => ORGANISATION.to_owned(),
        }
    }

    /// Who answers for what is done to keys. No application makes one: it would go on when the token is over.
    pub(super) fn actor(&self) -> Result<Actor, ApiError> {
        match self {
            Self::Key(principal) => Ok(Actor::Key(principal.clone())),
            Self::Person(staff) => Ok(Actor::Person(staff.standing.clone())),
            Self::App(_) => Err(ProblemCode::NotAllowed.into()),
        }
    }
}

/// Notes from where and with what a key came.
fn note_origin(
    keys: &Keys,
    principal: &Principal,
    headers: &HeaderMap,
    (peer, now): (IpAddr, UnixMillis),
) {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok());
    keys.note_origin(principal, peer, agent.unwrap_or_default(), now);
}

fn allowed(is_allowed: bool) -> Result<(), ApiError> {
    if is_allowed {
        Ok(())
    } else {
        Err(ProblemCode::NotAllowed.into())
    }
}

/// A person who asks. Keys are not let in: for what no key may do.
impl FromRequestParts<Arc<Service>> for Staff {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let SignedIn(session) = SignedIn::from_request_parts(parts, service).await?;
        let standing = service.roles.standing(session.person).await;
        let shown = match session.require_fresh(service.now()) {
            Ok(()) => Shown::JustNow(session.level),
            Err(_) => Shown::Earlier(session.level),
        };
        let standing = standing.map_err(of_role)?;
        if let Some(note) = parts.extensions.get::<CallNote>() {
            note.set(Who::Person(standing.person()));
        }
        Ok(Self { standing, shown })
    }
}

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let is_signed = is_signed(&parts.headers);
        // A key goes before a session: a program that sends one says which it means.
        if !is_signed
            && !parts.headers.contains_key(header::AUTHORIZATION)
            && session_secret(&parts.headers).is_some()
        {
            // Apart: the way of a session is long, and would make the future of every call with a key as large.
            let staff = Box::pin(Staff::from_request_parts(parts, service)).await?;
            return Ok(staff.into());
        }
        if let Some(shown) = credentials(&parts.headers)
            && (shown.is_bound || Oauth::is_access_token(shown.token))
        {
            let app = Box::pin(AppCaller::of(service, parts, shown)).await?;
            if let Some(note) = parts.extensions.get::<CallNote>() {
                note.set(Who::App(app.actor()));
            }
            return Ok(Self::App(Box::new(app)));
        }
        let client = parts.extensions.get::<ClientAddress>().copied();
        let client = client.ok_or(ProblemCode::NotAuthenticated)?;
        let caller = if is_signed {
            Box::pin(Self::of_signed(service, parts, client)).await?
        } else {
            let cost = cost_of(parts);
            Self::of(service.keys(), &parts.headers, client, cost).await?
        };
        if let (Self::Key(principal), Some(limit)) = (&caller, parts.extensions.get::<LimitNote>())
        {
            limit.note(Limited::Key, (principal.policy().limit, principal.left()));
        }
        if let (Self::Key(principal), Some(note)) = (&caller, parts.extensions.get::<CallNote>()) {
            note.set(Who::Key(principal.key_id()));
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
        Denied::WrongSignature,
        Denied::OldSignature,
        Denied::UsedSignature,
    ];
    all.into_iter().map(|denied| CodeText {
        code: denied.answer().code.into(),
        title: denied.answer().message.into(),
        remedy: remedy(denied).into(),
    })
}

/// Notes what is left of a limit of somebody without a key, or says how long to wait.
pub(super) fn within_limit(
    charged: Result<(RateLimit, u32), Denied>,
    whose: Limited,
    note: Option<&LimitNote>,
) -> Result<(), ApiError> {
    let left = charged.map_err(denied)?;
    if let Some(note) = note {
        note.note(whose, left);
    }
    Ok(())
}

/// The status of a refusal, and the problem whose remedy it shares.
fn like(denied: Denied) -> (StatusCode, ProblemCode) {
    match denied {
        Denied::Limited { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemCode::TooMany),
        // Without the database nobody knows which keys still hold: that is no fault of the caller.
        Denied::Stale => (StatusCode::SERVICE_UNAVAILABLE, ProblemCode::NoRoom),
        Denied::Address { .. } | Denied::NotAllowed => {
            (StatusCode::FORBIDDEN, ProblemCode::NotAllowed)
        }
        Denied::TooDear { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemCode::TooLarge),
        Denied::Malformed
        | Denied::Unknown
        | Denied::WrongSecret
        | Denied::Revoked
        | Denied::Expired
        | Denied::WrongSignature
        | Denied::OldSignature
        | Denied::UsedSignature => (StatusCode::UNAUTHORIZED, ProblemCode::NotAuthenticated),
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
        remedy: remedy(denied).into(),
    }
}

/// What to do: that of the problem it is like, but for whoever signs, who has no secret to send.
fn remedy(denied: Denied) -> &'static str {
    const SIGN: &str = "Sign what docs/api-keys.md names (\"Keys that sign\"), with the private half of this key, and each attempt anew.";
    if matches!(
        denied,
        Denied::WrongSignature | Denied::OldSignature | Denied::UsedSignature
    ) {
        return SIGN;
    }
    like(denied).1.remedy()
}

/// The `Idempotency-Key` of a change: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey(pub(super) String);

impl IdempotencyKey {
    /// As it came.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Of a form of a page, which carries a value of its own; what that is not counts as one too.
    pub(crate) fn of_form(once: &str) -> Self {
        Self(format!("page {once}"))
    }
}

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
