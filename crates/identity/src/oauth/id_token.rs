//! Who logged in, signed, for "sign in with this site" (OpenID Connect Core, section 2).
//!
//! Keys follow from one secret outside the database and a number in it: a change of the key is a higher number, which all
//! nodes see at once, and nothing has to be copied. The key of before stays in the set, for what was signed with it.

use std::fmt;

use p256::ecdsa::SigningKey;
use serde_json::{Value, json};
use softcap_database::{on_reader, on_writer};
use zeroize::Zeroizing;

use super::{
    ACCESS_LIFE, Client, IdClaims, Oauth, OauthError, acr,
    jwk::{KeySet, PublicKey},
    jws,
};
use crate::{Act, UnixMillis, audit::note, mac::hmac_sha256};

/// The secret from which the keys of id tokens follow.
pub struct SigningSeed(Zeroizing<[u8; 32]>);

impl SigningSeed {
    /// Of 32 random bytes that stay the same over starts.
    #[must_use]
    pub const fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self(secret)
    }

    /// The key of a number. Of 2^32 texts one is no key on the curve; then the next one is taken.
    fn key(&self, turn: i64) -> Option<SigningKey> {
        (0..4_u8).find_map(|attempt| {
            let parts: [&[u8]; 3] = [
                b"softcap/v1/oauth id token key",
                &turn.to_be_bytes(),
                &[attempt],
            ];
            let bytes = Zeroizing::new(hmac_sha256(&*self.0, &parts));
            SigningKey::from_slice(&*bytes).ok()
        })
    }

    fn public(&self, turn: i64) -> Option<(SigningKey, PublicKey)> {
        let key = self.key(turn)?;
        let public = PublicKey::of_p256(format!("k{turn}"), key.verifying_key());
        Some((key, public))
    }
}

impl fmt::Debug for SigningSeed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningSeed(..)")
    }
}

impl Oauth {
    async fn turn(&self) -> Result<i64, OauthError> {
        const TEXT: &str = "SELECT value FROM oauth_key_turn WHERE one = 1";
        Ok(on_reader!(self.database(), |pool| sqlx::query_scalar(
            TEXT
        )
        .fetch_one(pool)
        .await)?)
    }

    /// An id token for a client.
    ///
    /// # Errors
    /// What the database says.
    pub async fn id_token(
        &self,
        client: &Client,
        claims: &IdClaims,
        now: UnixMillis,
    ) -> Result<String, OauthError> {
        let turn = self.turn().await?;
        let damaged = || OauthError::damaged("oauth_key_turn", "1");
        let key = self.seed.key(turn).ok_or_else(damaged)?;
        let seconds = |at: UnixMillis| at.get().div_euclid(1_000);
        let mut said = json!({
            "iss": self.issuer(),
            "sub": claims.person.to_string(),
            "aud": client.id.as_str(),
            "iat": seconds(now),
            "exp": seconds(now.plus(ACCESS_LIFE)),
            "auth_time": seconds(claims.shown_at),
            "acr": acr(claims.level),
        });
        if let Some(nonce) = &claims.nonce {
            said["nonce"] = json!(nonce);
        }
        Ok(jws::sign(&key, &format!("k{turn}"), &said))
    }

    /// The public keys of id tokens: the one that signs, and the one before it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn public_keys(&self) -> Result<Value, OauthError> {
        let turn = self.turn().await?;
        let keys = [turn, turn - 1].into_iter().filter(|turn| *turn > 0);
        let keys = keys.filter_map(|turn| Some(self.seed.public(turn)?.1));
        Ok(KeySet::of(keys.collect()).to_json())
    }

    /// Signs id tokens with another key from now on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rotate_signing_key(&self, actor: &str, now: UnixMillis) -> Result<(), OauthError> {
        const NEXT: &str = "UPDATE oauth_key_turn SET value = value + 1 WHERE one = 1";
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(NEXT).execute(&mut *work).await?;
            note!(work, now, actor, Act::Rotate, "oauth_key", "");
            work.commit().await
        }
        .await)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_has_a_key_of_its_own_and_the_same_on_every_node() {
        let seed = |byte: u8| SigningSeed::new(Zeroizing::new([byte; 32]));
        let print = |seed: &SigningSeed, turn| seed.public(turn).unwrap().1.thumbprint();
        assert_eq!(print(&seed(1), 1), print(&seed(1), 1));
        assert_ne!(print(&seed(1), 1), print(&seed(1), 2));
        assert_ne!(print(&seed(1), 1), print(&seed(2), 1));
        assert_eq!(format!("{:?}", seed(1)), "SigningSeed(..)");
    }
}
