//! A client shows that it is the one by signing (RFC 7523, `private_key_jwt`).

use std::time::Duration;

use super::{Client, ClientAuthentication, ClientKeys, Fault, KeySet, Oauth, OauthError, jws::Jws};
use crate::UnixMillis;

/// An assertion lives no longer than this.
const LONGEST_LIFE: Duration = Duration::from_secs(600);
/// How far a client's clock may be ahead.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
const LONGEST_JTI: usize = 200;

impl Oauth {
    /// Who an assertion says to be by, before anybody looked at its signature.
    #[must_use]
    pub fn asserted_client(text: &str) -> Option<String> {
        let jws = Jws::read(text, false)?;
        jws.unverified()["sub"].as_str().map(str::to_owned)
    }

    /// The name of the key that an assertion says to be signed with.
    #[must_use]
    pub fn asserted_key(text: &str) -> Option<String> {
        Jws::read(text, false)?.key_id().map(str::to_owned)
    }

    /// Refuses a client that did not show that it is the one, in the way in which it is registered. `read` are
    /// the keys at its address, where it has one.
    ///
    /// # Errors
    /// [`Fault::InvalidClient`], and what the database says.
    pub async fn authenticate_client(
        &self,
        client: &Client,
        (assertion, read): (Option<&str>, Option<&KeySet>),
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        let keys = match (&client.about.authentication, assertion) {
            (ClientAuthentication::None, None) => return Ok(()),
            (ClientAuthentication::None, Some(_)) => {
                return Err(refused(
                    "this client is registered with none and signs nothing",
                ));
            }
            (ClientAuthentication::PrivateKeyJwt(_), None) => {
                return Err(refused("this client shows who it is with private_key_jwt"));
            }
            (ClientAuthentication::PrivateKeyJwt(ClientKeys::Given(keys)), Some(_)) => keys,
            (ClientAuthentication::PrivateKeyJwt(ClientKeys::At(_)), Some(_)) => {
                read.ok_or_else(|| refused("the keys at jwks_uri of this client cannot be read"))?
            }
        };
        let unsigned = || refused("client_assertion is not signed by a key of this client");
        let jws = Jws::read(assertion.unwrap_or_default(), false).ok_or_else(unsigned)?;
        let claims = jws.signed_by(keys).ok_or_else(unsigned)?;
        let id = client.id.as_str();
        if claims["iss"] != id || claims["sub"] != id {
            return Err(refused("iss and sub of client_assertion are the client_id"));
        }
        // The issuer alone: what is meant for it cannot be meant for another server.
        if claims["aud"] != self.issuer() {
            return Err(refused(
                "aud of client_assertion is the issuer of this server, and nothing else",
            ));
        }
        let time = |name: &str| claims[name].as_f64().map(millis);
        let ends = time("exp").ok_or_else(|| refused("client_assertion has no exp"))?;
        if now >= ends || ends > now.plus(LONGEST_LIFE) {
            return Err(refused(
                "exp of client_assertion is in the past, or more than ten minutes away",
            ));
        }
        let begins = [time("nbf"), time("iat")];
        if begins
            .into_iter()
            .flatten()
            .any(|at| at > now.plus(CLOCK_SLACK))
        {
            return Err(refused("client_assertion is from the future"));
        }
        let name = claims["jti"].as_str().unwrap_or_default();
        if !(1..=LONGEST_JTI).contains(&name.len()) {
            return Err(refused("jti of client_assertion has 1 to 200 bytes"));
        }
        if self.is_first_use(id, name, ends).await? {
            return Ok(());
        }
        Err(refused(
            "this client_assertion was used: sign one for each request",
        ))
    }
}

/// Seconds, which may have a fraction (RFC 7519, section 2). What is beyond all time is at its end.
fn millis(seconds: f64) -> UnixMillis {
    let whole = Duration::try_from_secs_f64(seconds.max(0.0));
    UnixMillis::new(0).plus(whole.unwrap_or(Duration::MAX))
}

fn refused(why: &'static str) -> OauthError {
    OauthError::new(Fault::InvalidClient, why)
}
