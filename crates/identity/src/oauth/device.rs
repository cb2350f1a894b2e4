//! A device without a browser: it shows a code, and a person types it on another one (RFC 8628).

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};

use super::{
    AppScopes, Client, Fault, GrantId, GrantKind, Granted, IdClaims, Issued, Oauth, OauthError,
    Params,
    grants::{ADD_GRANT, GRANT_IS_LIVE, GRANT_LIVES, NewFamily, add_family, family_end, family_id},
    tokens::put,
};
use crate::{
    Act, Domain, Level, SecretText, Session, UnixMillis,
    alerts::tell,
    audit::note,
    people::{Rate, actor, random_bytes},
};

/// How long a device waits for its person.
pub const DEVICE_LIFE: Duration = Duration::from_secs(600);
/// How long it pauses between two questions.
pub const DEVICE_PAUSE: Duration = Duration::from_secs(5);
/// Consonants that nobody takes for each other and that make no words (RFC 8628, section 6.1): 8 of 20 are 34 bits.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LETTERS: usize = 8;
/// Codes that one person tries. 34 bits hold for ten minutes against far more.
const BY_PERSON: Rate = Rate {
    name: "device code by person",
    burst: 10,
    every: Duration::from_secs(60),
};

/// What a device shows and keeps.
pub struct DeviceCodes {
    /// For the device alone.
    pub device: SecretText,
    /// For the person to type: `WDJB-MJHT`.
    pub user: String,
}

/// What a device asks for, for its person to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Which application.
    pub client: String,
    /// What it asks for.
    pub scopes: AppScopes,
}

row! {
    struct WaitingRow {
        client: String,
        scopes: String,
    }
}

row! {
    struct PolledRow {
        client: String,
        key_thumbprint: Option<String>,
        state: String,
        family: Option<String>,
        expires_at: i64,
    }
}

row! {
    struct FamilyRow {
        scopes: String,
        person: String,
        level: String,
        shown_at: i64,
    }
}

const ADD: &str = "INSERT INTO oauth_device (tag, user_tag, client, scopes, key_thumbprint, state, \
     next_at, pause, expires_at) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7, $8)";
const FIND: &str = "SELECT client, scopes FROM oauth_device \
     WHERE user_tag = $1 AND state = 'waiting' AND expires_at > $2";
const DENY: &str = "UPDATE oauth_device SET state = 'denied' \
     WHERE user_tag = $1 AND state = 'waiting' AND expires_at > $2";
const ALLOW: &str = "UPDATE oauth_device SET state = 'allowed', family = $3 \
     WHERE user_tag = $1 AND state = 'waiting' AND expires_at > $2";
const POLLED: &str = "SELECT client, key_thumbprint, state, family, expires_at \
     FROM oauth_device WHERE tag = $1";
/// One question is in time: tag, now, when the next one is.
const IN_TIME: &str =
    "UPDATE oauth_device SET next_at = $2 + pause WHERE tag = $1 AND next_at <= $2";
/// One that is too early makes the pause longer (RFC 8628, section 3.5).
const SLOW_DOWN: &str =
    "UPDATE oauth_device SET pause = pause + $3, next_at = $2 + pause + $3 WHERE tag = $1";
/// Of questions at the same time one gets the tokens.
const TAKE: &str = "DELETE FROM oauth_device WHERE tag = $1 AND state = 'allowed'";
const FAMILY: &str = "SELECT oauth_family.scopes, oauth_grant.person, level, shown_at FROM oauth_family \
     JOIN oauth_grant ON oauth_grant.id = oauth_family.grant_id WHERE oauth_family.id = $1";

impl Oauth {
    /// Begins: codes for a device and for its person.
    ///
    /// # Errors
    /// [`Fault::UnauthorizedClient`], [`Fault::InvalidScope`], [`Fault::InvalidTarget`], and what the database says.
    pub async fn begin_device(
        &self,
        client: &Client,
        params: &Params,
        key: Option<&str>,
        now: UnixMillis,
    ) -> Result<DeviceCodes, OauthError> {
        client.require(GrantKind::Device)?;
        self.require_resource(params)?;
        let scopes = client.asks(params.one("scope")?)?;
        Self::require_key(client, &scopes, key)?;
        let codes = DeviceCodes {
            device: SecretText::random()?,
            user: user_code()?,
        };
        let tag = self.tag(Domain::OauthDevice, &codes.device);
        let user_tag = self.user_tag(&codes.user).unwrap_or_default();
        let pause = i64::try_from(DEVICE_PAUSE.as_millis()).unwrap_or(i64::MAX);
        on_writer!(self.database(), |pool| sqlx::query(ADD)
            .bind(tag.as_slice())
            .bind(user_tag.as_slice())
            .bind(client.id.as_str())
            .bind(scopes.to_string())
            .bind(key)
            .bind(now.get())
            .bind(pause)
            .bind(now.plus(DEVICE_LIFE).get())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(codes)
    }

    /// The hash of a code as somebody typed it: in any case, with or without the dash.
    fn user_tag(&self, typed: &str) -> Option<[u8; 32]> {
        let letters = typed.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
        let letters: Vec<u8> = letters.map(|byte| byte.to_ascii_uppercase()).collect();
        let is_code =
            letters.len() == LETTERS && letters.iter().all(|byte| ALPHABET.contains(byte));
        is_code.then(|| self.people.key().tag(Domain::OauthUserCode, &letters))
    }

    /// What the device asks for whose code a person typed. Each try is counted.
    ///
    /// # Errors
    /// [`Fault::InvalidGrant`] when there is no such code; [`crate::PersonError::Limited`]; what the database says.
    pub async fn device_request(
        &self,
        typed: &str,
        session: &Session,
        now: UnixMillis,
    ) -> Result<DeviceRequest, OauthError> {
        let person = session.person.to_bytes();
        let cell = self.people.cell(BY_PERSON, &[person.as_slice()]);
        self.people.take(&cell, now).await?;
        let tag = self.user_tag(typed).ok_or_else(no_code)?;
        let row: Option<WaitingRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        let row = row.ok_or_else(no_code)?;
        Ok(DeviceRequest {
            client: row.client,
            scopes: row.scopes.parse()?,
        })
    }

    /// A person says no to a device.
    ///
    /// # Errors
    /// [`Fault::InvalidGrant`] when there is no such code any more; what the database says.
    pub async fn deny_device(&self, typed: &str, now: UnixMillis) -> Result<(), OauthError> {
        let tag = self.user_tag(typed).ok_or_else(no_code)?;
        let denied = on_writer!(self.database(), |pool| sqlx::query(DENY)
            .bind(tag.as_slice())
            .bind(now.get())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        (denied == 1).then_some(()).ok_or_else(no_code)
    }

    /// A person grants a device what it asks for, or less.
    ///
    /// # Errors
    /// [`Fault::InvalidGrant`] when there is no such code any more; [`Fault::InvalidScope`] for nothing, or more than was
    /// asked; what the database says.
    pub async fn allow_device(
        &self,
        typed: &str,
        session: &Session,
        granted: &Granted,
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        let tag = self.user_tag(typed).ok_or_else(no_code)?;
        let request = self.device_request(typed, session, now).await?;
        if granted.scopes.is_empty() || !granted.scopes.is_within(&request.scopes) {
            let why = "grant something, and nothing beyond what is asked for";
            return Err(OauthError::new(Fault::InvalidScope, why));
        }
        let life = granted
            .life
            .min(GRANT_LIVES.into_iter().max().unwrap_or_default());
        let (grant, who) = (GrantId::random()?, session.person.to_string());
        let (grant_row, ends) = (grant.to_string(), now.plus(life));
        let (scopes, limits) = (granted.scopes.to_string(), granted.limits.to_string());
        let family = NewFamily {
            id: family_id()?,
            grant: Some(grant_row.clone()),
            client: &request.client,
            scopes: scopes.clone(),
            key: None,
            level: session.level,
            shown_at: session.fresh_at,
            nonce: None,
            // The device has as long to fetch its tokens as it had to wait.
            expires_at: family_end(&granted.scopes, ends, now)
                .max(now.plus(2 * DEVICE_LIFE))
                .min(ends),
        };
        let name = self.client_name(&request.client).await?;
        let warning = self.people.warning_of_app(session.person, &name).await?;
        let allowed = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let add = sqlx::query(ADD_GRANT).bind(&grant_row).bind(&who);
            let add = add.bind(&request.client).bind(&scopes).bind(now.get());
            let add = add.bind(ends.get()).bind(&limits);
            add.execute(&mut *work).await?;
            add_family!(work, family, now);
            let allow = sqlx::query(ALLOW).bind(tag.as_slice()).bind(now.get());
            let allow = allow.bind(&family.id).execute(&mut *work).await?;
            if allow.rows_affected() != 1 {
                work.rollback().await?;
                return Ok(false);
            }
            let subject = grant.actor();
            note!(work, now, &actor(&who), Act::GrantAccess, &subject, &scopes);
            tell!(work, warning, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        if !allowed {
            return Err(no_code());
        }
        self.people.mail_was_added();
        Ok(())
    }

    /// A device asks whether its person decided.
    ///
    /// # Errors
    /// [`Fault::AuthorizationPending`], [`Fault::SlowDown`], [`Fault::AccessDenied`], [`Fault::ExpiredToken`],
    /// [`Fault::InvalidGrant`], and what the database says.
    pub async fn poll_device(
        &self,
        client: &Client,
        code: &str,
        key: Option<&str>,
        now: UnixMillis,
    ) -> Result<Issued, OauthError> {
        let unknown = || OauthError::grant("this device code is unknown or was used");
        let secret = SecretText::parse(code).ok_or_else(unknown)?;
        let tag = self.tag(Domain::OauthDevice, &secret);
        let row: Option<PolledRow> = on_reader!(self.database(), |pool| sqlx::query_as(POLLED)
            .bind(tag.as_slice())
            .fetch_optional(pool)
            .await)?;
        let row = row.filter(|row| row.client == client.id.as_str());
        let row = row.ok_or_else(unknown)?;
        if now.get() >= row.expires_at {
            let why = "nobody decided in time: begin again";
            return Err(OauthError::new(Fault::ExpiredToken, why));
        }
        if row.key_thumbprint.is_some() && row.key_thumbprint.as_deref() != key {
            return Err(OauthError::grant(
                "this device code is bound to another key",
            ));
        }
        match (row.state.as_str(), row.family) {
            ("allowed", Some(family)) => self.take_device(client, &tag, &family, key, now).await,
            ("denied", _) => Err(OauthError::new(Fault::AccessDenied, "the person said no")),
            _ => Err(self.not_yet(&tag, now).await?),
        }
    }

    /// Whether a question came in time, as the answer to it.
    async fn not_yet(&self, tag: &[u8; 32], now: UnixMillis) -> Result<OauthError, OauthError> {
        let longer = i64::try_from(DEVICE_PAUSE.as_millis()).unwrap_or(i64::MAX);
        let in_time = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let asked = sqlx::query(IN_TIME).bind(tag.as_slice()).bind(now.get());
            let in_time = asked.execute(&mut *work).await?.rows_affected() == 1;
            if !in_time {
                let slow = sqlx::query(SLOW_DOWN).bind(tag.as_slice());
                let slow = slow.bind(now.get()).bind(longer);
                slow.execute(&mut *work).await?;
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(in_time)
        }
        .await)?;
        Ok(if in_time {
            OauthError::new(Fault::AuthorizationPending, "nobody decided yet")
        } else {
            OauthError::new(Fault::SlowDown, "pause five seconds longer from now on")
        })
    }

    async fn take_device(
        &self,
        client: &Client,
        tag: &[u8; 32],
        family: &str,
        key: Option<&str>,
        now: UnixMillis,
    ) -> Result<Issued, OauthError> {
        const BIND: &str = "UPDATE oauth_family SET key_thumbprint = $2 WHERE id = $1";
        let found: Option<FamilyRow> = on_reader!(self.database(), |pool| sqlx::query_as(FAMILY)
            .bind(family)
            .fetch_optional(pool)
            .await)?;
        let gone = || OauthError::grant("what was granted to this device was ended");
        let found = found.ok_or_else(gone)?;
        let scopes: AppScopes = found.scopes.parse()?;
        Self::require_key(client, &scopes, key)?;
        let level = Level::from_code(&found.level);
        let id = scopes.openid.then_some(IdClaims {
            person: found.person.parse()?,
            nonce: None,
            shown_at: UnixMillis::new(found.shown_at),
            level: level.ok_or_else(|| OauthError::damaged("oauth_family", family))?,
            email: scopes.email,
        });
        let with_refresh = scopes.offline && client.require(GrantKind::Refresh).is_ok();
        let making = self.make(scopes, with_refresh, now)?;
        let taken = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let take = sqlx::query(TAKE).bind(tag.as_slice());
            let taken = take.execute(&mut *work).await?.rows_affected() == 1;
            let live: Option<String> = sqlx::query_scalar(GRANT_IS_LIVE)
                .bind(family)
                .bind(now.get())
                .fetch_optional(&mut *work)
                .await?;
            if taken && live.is_some() {
                let bind = sqlx::query(BIND).bind(family).bind(key);
                bind.execute(&mut *work).await?;
                put!(work, making, family, now);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(taken && live.is_some())
        }
        .await)?;
        if !taken {
            return Err(gone());
        }
        Ok(making.into_issued(key.is_some(), id))
    }
}

fn no_code() -> OauthError {
    OauthError::grant("no device waits with this code: read it again")
}

/// Eight letters, each as likely as the others: bytes that would make some likelier are drawn again.
fn user_code() -> Result<String, OauthError> {
    let mut letters = String::with_capacity(LETTERS + 1);
    while letters.len() < LETTERS + 1 {
        for byte in random_bytes::<16>()? {
            if letters.len() == LETTERS / 2 {
                letters.push('-');
            }
            let place = usize::from(byte);
            if place < 240 && letters.len() < LETTERS + 1 {
                let letter = ALPHABET.get(place % ALPHABET.len());
                letters.extend(letter.map(|letter| char::from(*letter)));
            }
        }
    }
    Ok(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_for_people_have_eight_letters_of_the_alphabet() {
        for _ in 0..1_000 {
            let code = user_code().unwrap();
            let (one, two) = code.split_once('-').unwrap();
            assert_eq!((one.len(), two.len()), (4, 4), "{code}");
            assert!(
                code.bytes()
                    .all(|byte| byte == b'-' || ALPHABET.contains(&byte)),
                "{code}"
            );
        }
    }
}
