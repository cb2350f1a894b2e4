//! Proof of possession (RFC 9449): a token is worth nothing without the key that it was given to.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{AppScopes, Client, Fault, Oauth, OauthError, jws::Jws};
use crate::{Demand, Domain, Right, UnixMillis};

/// A nonce is given out for so long, and taken for as long again.
const NONCE_TURN: Duration = Duration::from_secs(180);
/// How far a client's clock may be off.
const CLOCK_SLACK: Duration = Duration::from_secs(300);
/// A proof is remembered for longer than its nonce and its time would let it be used.
const REMEMBERED: Duration = Duration::from_secs(900);
const LONGEST_JTI: usize = 200;

/// A proof as it came, and what it must be about.
#[derive(Debug, Clone, Copy)]
pub struct ShownProof<'a> {
    /// The text of the header `DPoP`.
    pub text: &'a str,
    /// The method of the request.
    pub method: &'a str,
    /// Where the request went, without query.
    pub url: &'a str,
    /// The token that came with it.
    pub token: Option<&'a str>,
}

impl Oauth {
    /// The nonce that a proof must hold now: the same on all nodes, and none that anybody could have known before.
    #[must_use]
    pub fn nonce(&self, now: UnixMillis) -> String {
        self.nonce_of(turn(now))
    }

    fn nonce_of(&self, turn: i64) -> String {
        let tag = self
            .people
            .key()
            .tag(Domain::DpopNonce, &turn.to_be_bytes());
        Base64UrlUnpadded::encode_string(&tag)
    }

    /// The thumbprint of the key that a proof is made with.
    ///
    /// # Errors
    /// [`Fault::UseDpopNonce`] when only the nonce is missing or old; [`Fault::InvalidDpopProof`] for anything else, also
    /// for a proof that was used; what the database says.
    pub async fn prove(
        &self,
        shown: &ShownProof<'_>,
        now: UnixMillis,
    ) -> Result<String, OauthError> {
        let jws = Jws::read(shown.text, true).ok_or_else(|| {
            invalid("this is no proof: signed with ES256 or EdDSA by the public key in its header")
        })?;
        if jws.kind().as_deref() != Some("dpop+jwt") {
            return Err(invalid("typ of a proof is dpop+jwt"));
        }
        let (key, claims) = jws
            .by_own_key()
            .ok_or_else(|| invalid("the key in the header did not sign this"))?;
        judge(claims, shown, now)?;
        let nonce = claims["nonce"].as_str().unwrap_or_default();
        let turn = turn(now);
        let is_fresh = [turn, turn - 1].into_iter().any(|turn| {
            let known = self.nonce_of(turn);
            bool::from(known.as_bytes().ct_eq(nonce.as_bytes()))
        });
        if !is_fresh {
            let why = "send the nonce of the header DPoP-Nonce";
            return Err(OauthError::new(Fault::UseDpopNonce, why));
        }
        let thumbprint = key.thumbprint();
        let name = claims["jti"].as_str().unwrap_or_default();
        let until = now.plus(REMEMBERED);
        if self.is_first_use(&thumbprint, name, until).await? {
            return Ok(thumbprint);
        }
        Err(invalid("this proof was used: make one for each request"))
    }

    /// Refuses to give a token to somebody who shows no key where one is needed: the client is registered so, or a scope is
    /// for what cannot be taken back.
    pub(super) fn require_key(
        client: &Client,
        scopes: &AppScopes,
        key: Option<&str>,
    ) -> Result<(), OauthError> {
        let mut verbs = scopes.scopes.iter().map(|scope| scope.verb);
        let grave = verbs.find(|verb| Right::Verb(*verb).demand() == Demand::Fresh);
        match (key, grave) {
            (None, Some(verb)) => {
                let why = format!("tokens for {verb} are bound to a key: send a proof in DPoP");
                Err(OauthError::new(Fault::InvalidDpopProof, why))
            }
            (None, None) if client.about.needs_dpop => Err(invalid(
                "tokens of this client are bound to a key: send a proof in DPoP",
            )),
            (Some(_), _) | (None, None) => Ok(()),
        }
    }
}

fn turn(now: UnixMillis) -> i64 {
    let length = i64::try_from(NONCE_TURN.as_millis()).unwrap_or(1);
    now.get().div_euclid(length)
}

fn invalid(why: &'static str) -> OauthError {
    OauthError::new(Fault::InvalidDpopProof, why)
}

fn judge(claims: &Value, shown: &ShownProof<'_>, now: UnixMillis) -> Result<(), OauthError> {
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    if !(1..=LONGEST_JTI).contains(&text("jti").len()) {
        return Err(invalid("jti of a proof has 1 to 200 bytes"));
    }
    if text("htm") != shown.method {
        return Err(invalid("htm is not the method of this request"));
    }
    let place = text("htu").split(['?', '#']).next().unwrap_or_default();
    if place != shown.url {
        return Err(invalid("htu is not the address of this request"));
    }
    let made = claims["iat"]
        .as_i64()
        .ok_or_else(|| invalid("iat is a number of seconds"))?;
    let made = UnixMillis::new(made.saturating_mul(1_000));
    if made > now.plus(CLOCK_SLACK) || made < now.minus(CLOCK_SLACK) {
        return Err(invalid("iat is more than five minutes from now"));
    }
    let Some(token) = shown.token else {
        return Ok(());
    };
    let digest = Base64UrlUnpadded::encode_string(&Sha256::digest(token));
    if text("ath") == digest {
        return Ok(());
    }
    Err(invalid("ath is not the SHA-256 of the token"))
}
