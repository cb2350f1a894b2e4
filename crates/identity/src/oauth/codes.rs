//! A code becomes tokens: within a minute, once, for the client that asked, at the address and with the secret that only
//! it knows.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};
use softcap_database::{on_reader, on_writer, row};
use subtle::ConstantTimeEq as _;

use super::{
    AppScopes, Client, GrantKind, IdClaims, Issued, Oauth, OauthError,
    grants::GRANT_IS_LIVE,
    tokens::{Making, end_reused, put},
};
use crate::{Domain, Level, SecretText, UnixMillis};

/// What an application sends for a code.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// The code.
    pub code: &'a str,
    /// The redirect address of the request.
    pub redirect: Option<&'a str>,
    /// What the challenge was made of.
    pub verifier: &'a str,
    /// The thumbprint of the key that it proved to have.
    pub key: Option<&'a str>,
}

row! {
    struct CodeRow {
        family: String,
        redirect: String,
        challenge: String,
        expires_at: i64,
        used_at: Option<i64>,
        client: String,
        scopes: String,
        key_thumbprint: Option<String>,
        person: String,
        level: String,
        shown_at: i64,
        nonce: Option<String>,
    }
}

const FIND: &str = "SELECT oauth_code.family, redirect, challenge, oauth_code.expires_at, oauth_code.used_at, \
     oauth_family.client, oauth_family.scopes, key_thumbprint, oauth_grant.person, level, shown_at, nonce \
     FROM oauth_code JOIN oauth_family ON oauth_family.id = oauth_code.family \
     JOIN oauth_grant ON oauth_grant.id = oauth_family.grant_id WHERE oauth_code.tag = $1";
/// Of requests at the same time one uses it.
const USE: &str = "UPDATE oauth_code SET used_at = $2 WHERE tag = $1 AND used_at IS NULL";
/// Binds a family to the key that was shown with its code, if it is good.
const BIND: &str = "UPDATE oauth_family SET key_thumbprint = $2 WHERE id = $1 AND ended_at IS NULL";

impl Oauth {
    /// Gives tokens for a code.
    ///
    /// # Errors
    /// [`super::Fault::InvalidGrant`], also for a second use, which ends all that came of the first one; what the database
    /// says.
    pub async fn redeem(
        &self,
        client: &Client,
        redemption: &Redemption<'_>,
        now: UnixMillis,
    ) -> Result<Issued, OauthError> {
        let unknown = || OauthError::grant("this code is unknown, used or over");
        let code = SecretText::parse(redemption.code).ok_or_else(unknown)?;
        let tag = self.tag(Domain::OauthCode, &code);
        let row: Option<CodeRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .fetch_optional(pool)
            .await)?;
        // That another client sends it says nothing about the one that it was given to.
        let row = row.filter(|row| row.client == client.id.as_str());
        let row = row.ok_or_else(unknown)?;
        if row.used_at.is_some() {
            self.end_reused_code(&row, now).await?;
            return Err(unknown());
        }
        if now.get() >= row.expires_at {
            return Err(unknown());
        }
        judge(&row, redemption)?;
        let (making, id) = self.prepare(client, &row, now)?;
        Self::require_key(client, &making.scopes, redemption.key)?;
        let key = redemption.key.map(str::to_owned);
        let used = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let used = sqlx::query(USE).bind(tag.as_slice()).bind(now.get());
            let used = used.execute(&mut *work).await?.rows_affected() == 1;
            let live: Option<String> = sqlx::query_scalar(GRANT_IS_LIVE)
                .bind(&row.family)
                .bind(now.get())
                .fetch_optional(&mut *work)
                .await?;
            if !used {
                end_reused!(work, &row.family, &row.client, "code_used_twice", now);
            } else if live.is_some() {
                let bind = sqlx::query(BIND).bind(&row.family).bind(&key);
                bind.execute(&mut *work).await?;
                put!(work, making, &row.family, now);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(used && live.is_some())
        }
        .await)?;
        if !used {
            return Err(unknown());
        }
        Ok(making.into_issued(key.is_some(), id))
    }

    fn prepare(
        &self,
        client: &Client,
        row: &CodeRow,
        now: UnixMillis,
    ) -> Result<(Making, Option<IdClaims>), OauthError> {
        let scopes: AppScopes = row.scopes.parse()?;
        let level = Level::from_code(&row.level);
        let id = scopes.openid.then_some(IdClaims {
            person: row.person.parse()?,
            nonce: row.nonce.clone(),
            shown_at: UnixMillis::new(row.shown_at),
            level: level.ok_or_else(|| OauthError::damaged("oauth_family", &row.family))?,
            email: scopes.email,
        });
        let with_refresh = scopes.offline && client.require(GrantKind::Refresh).is_ok();
        Ok((self.make(scopes, with_refresh, now)?, id))
    }

    async fn end_reused_code(&self, row: &CodeRow, now: UnixMillis) -> Result<(), OauthError> {
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            end_reused!(work, &row.family, &row.client, "code_used_twice", now);
            work.commit().await
        }
        .await)?;
        Ok(())
    }
}

fn judge(row: &CodeRow, redemption: &Redemption<'_>) -> Result<(), OauthError> {
    if redemption.redirect != Some(row.redirect.as_str()) {
        return Err(OauthError::grant("redirect_uri is not that of the request"));
    }
    if row.key_thumbprint.is_some() && row.key_thumbprint.as_deref() != redemption.key {
        return Err(OauthError::grant("this code is bound to another key"));
    }
    if is_verified(&row.challenge, redemption.verifier) {
        return Ok(());
    }
    Err(OauthError::grant(
        "code_verifier is not what code_challenge was made of",
    ))
}

/// RFC 7636, section 4.6, with S256 only.
fn is_verified(challenge: &str, verifier: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(allowed) {
        return false;
    }
    let digest = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier));
    digest.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v10_4_6_a_verifier_is_what_the_challenge_was_made_of() {
        // RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_verified(challenge, verifier));
        let longer = format!("{verifier}A");
        for wrong in [challenge, "", &verifier[1..], &longer, &"a".repeat(129)] {
            assert!(!is_verified(challenge, wrong), "{wrong}");
        }
        // As if the method were `plain`.
        assert!(!is_verified(verifier, verifier));
    }
}
