//! An application that calls the interface with an access token.
//!
//! It may do what all of these allow: the scope of its token, what the person granted and did not take away since, the
//! roles of the person at this moment, and what the person had shown when they logged in (RFC 9470).

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use softcap_identity::{
    Bearer, BearerOwner, Fault, OauthError, Refused, ResourcePattern, Right, Shown, ShownProof,
    Standing, Verb,
};

use super::problem::challenged;
use crate::{
    api::{Service, call_cost::cost_of, caller::within_limit, role_problem::of_role},
    limit_headers::{LimitNote, Limited},
    problem::{ApiError, ProblemCode},
};

pub(super) const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A token as it came.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Credentials<'a> {
    /// The text.
    pub(in crate::api) token: &'a str,
    /// Whether a proof of possession comes with it.
    pub(in crate::api) is_bound: bool,
}

/// The token of the header `Authorization`, if there is one.
pub(in crate::api) fn credentials(headers: &HeaderMap) -> Option<Credentials<'_>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_bound = scheme.eq_ignore_ascii_case("DPoP");
    let is_known = is_bound || scheme.eq_ignore_ascii_case("Bearer");
    is_known.then(|| Credentials {
        token: token.trim(),
        is_bound,
    })
}

/// The proof of the header `DPoP`.
pub(super) fn proof_text(headers: &HeaderMap) -> Result<Option<&str>, OauthError> {
    let mut all = headers.get_all(PROOF).iter();
    let first = all.next();
    let wrong = || refused(Fault::InvalidDpopProof, "DPoP is there once, with a proof");
    if all.next().is_some() {
        return Err(wrong());
    }
    first
        .map(|value| value.to_str().map_err(|_| wrong()))
        .transpose()
}

fn refused(fault: Fault, why: &'static str) -> OauthError {
    OauthError::Refused {
        fault,
        why: why.into(),
    }
}

/// An application that was let in.
#[derive(Clone, Debug)]
pub(crate) struct AppCaller {
    pub(super) bearer: Bearer,
    /// What its person may at this moment; none where it acts in its own name.
    standing: Option<Standing>,
    shown: Shown,
}

impl AppCaller {
    /// Who shows this token, and the key that it may be bound to.
    pub(in crate::api) async fn of(
        service: &Arc<Service>,
        parts: &Parts,
        shown: Credentials<'_>,
    ) -> Result<Self, ApiError> {
        let scheme = if shown.is_bound { "DPoP" } else { "Bearer" };
        let bearer = bearer(service, parts, shown).await;
        let bearer = bearer.map_err(|error| challenged(error, scheme))?;
        let charged = service
            .call_limits
            .charge_app(bearer.actor(), cost_of(parts));
        within_limit(charged, Limited::App, parts.extensions.get::<LimitNote>())?;
        let standing = match &bearer.owner {
            BearerOwner::Person { person, .. } => {
                Some(service.roles.standing(*person).await.map_err(of_role)?)
            }
            BearerOwner::Client => None,
        };
        Ok(Self {
            shown: bearer.shown(service.now()),
            bearer,
            standing,
        })
    }

    /// As the audit names it.
    pub(in crate::api) fn actor(&self) -> String {
        self.bearer.actor()
    }

    /// How its token is sent.
    pub(super) fn scheme(&self) -> &'static str {
        if self.bearer.key.is_some() {
            "DPoP"
        } else {
            "Bearer"
        }
    }

    /// Refuses what the token is not for, what no role of its person may, and what they have not shown enough for.
    pub(in crate::api) fn require(
        &self,
        verb: Verb,
        resource: Option<&str>,
    ) -> Result<(), ApiError> {
        let scheme = self.scheme();
        let allowed = self.bearer.require(verb, resource);
        allowed.map_err(|error| challenged(error, scheme))?;
        let Some(standing) = &self.standing else {
            return Ok(());
        };
        let place = match resource {
            Some(resource) => {
                let id = resource.parse().map_err(|_| ProblemCode::NotAllowed)?;
                ResourcePattern::Only(id)
            }
            None => ResourcePattern::Every,
        };
        match standing.authorize(Right::Verb(verb), &place, self.shown) {
            Ok(()) => Ok(()),
            Err(Refused::Role) => Err(ProblemCode::NotAllowed.into()),
            Err(Refused::SecondFactor | Refused::Stale) => {
                let why = "the person must show two factors, one of them in the last ten minutes";
                let error = refused(Fault::InsufficientUserAuthentication, why);
                Err(challenged(error, scheme))
            }
        }
    }
}

/// The token that a request shows, with the proof that it may need.
pub(super) async fn bearer(
    service: &Service,
    parts: &Parts,
    shown: Credentials<'_>,
) -> Result<Bearer, OauthError> {
    let now = service.now();
    let bearer = service.oauth().bearer(shown.token, now).await?;
    let Some(key) = &bearer.key else {
        let why = "this token is bound to no key: send it as Bearer";
        let is_plain = !shown.is_bound;
        return is_plain
            .then_some(bearer)
            .ok_or_else(|| refused(Fault::InvalidToken, why));
    };
    let why = "this token is bound to a key: send it as DPoP, with a proof by that key";
    if !shown.is_bound {
        return Err(refused(Fault::InvalidToken, why));
    }
    let text = proof_text(&parts.headers)?;
    let proof = ShownProof {
        text: text.ok_or_else(|| refused(Fault::InvalidDpopProof, why))?,
        method: parts.method.as_str(),
        url: &format!("{}{}", service.oauth().issuer(), parts.uri.path()),
        token: Some(shown.token),
    };
    let shown_key = service.oauth().prove(&proof, now).await?;
    if shown_key == *key {
        return Ok(bearer);
    }
    Err(refused(Fault::InvalidToken, why))
}

/// Whether a request came with a proof of its sender's key.
pub(in crate::api) fn sends_proof(headers: &HeaderMap) -> bool {
    headers.contains_key(PROOF)
}

/// Says where the metadata of this interface are, to whoever was not let in (RFC 9728, section 5.1), and which nonce the
/// next proof must hold, to whoever sends proofs (RFC 9449, section 8).
pub(in crate::api) fn name_metadata(service: &Service, sends_proof: bool, headers: &mut HeaderMap) {
    let mut is_asked = sends_proof;
    if let Some(challenge) = headers.get(header::WWW_AUTHENTICATE)
        && let Ok(challenge) = challenge.to_str()
    {
        is_asked |= challenge.starts_with("DPoP");
        let between = if challenge.contains(' ') { "," } else { "" };
        let place = service.oauth().issuer();
        let whole = format!(
            r#"{challenge}{between} resource_metadata="{place}/.well-known/oauth-protected-resource/v1""#
        );
        if let Ok(whole) = HeaderValue::try_from(whole) {
            headers.insert(header::WWW_AUTHENTICATE, whole);
        }
    }
    if is_asked && let Ok(nonce) = HeaderValue::try_from(service.oauth().nonce(service.now())) {
        headers.insert(NONCE, nonce);
    }
}
