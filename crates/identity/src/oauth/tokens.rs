//! Tokens: what they look like, how long they are good, and the statements that make them.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{AppScopes, Oauth, OauthError};
use crate::{Domain, Level, PersonId, SecretText, UnixMillis};

/// How long a code waits for its application.
pub const CODE_LIFE: Duration = Duration::from_secs(60);
/// How long an access token is good.
pub const ACCESS_LIFE: Duration = Duration::from_secs(600);
/// A refresh token that nobody used for so long is over.
pub const REFRESH_IDLE: Duration = Duration::from_secs(30 * 86_400);
/// Before the random part, so that a token is known for what it is where it leaked.
const ACCESS: &str = "sc_at_";
const REFRESH: &str = "sc_rt_";

/// Which kind of token a text says to be.
#[derive(Clone)]
pub(super) enum TokenText {
    Access(SecretText),
    Refresh(SecretText),
}

impl TokenText {
    /// `None` for what can be neither, so that junk never reaches the database.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let access = text.strip_prefix(ACCESS).and_then(SecretText::parse);
        let refresh = text.strip_prefix(REFRESH).and_then(SecretText::parse);
        access.map(Self::Access).or(refresh.map(Self::Refresh))
    }
}

/// What an id token says, besides who says it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaims {
    /// Who logged in.
    pub person: PersonId,
    /// Of the request, as it came.
    pub nonce: Option<String>,
    /// When a factor was last shown.
    pub shown_at: UnixMillis,
    /// The factors that were shown.
    pub level: Level,
    /// Whether their address of mail may be told.
    pub email: bool,
}

/// What an application gets.
pub struct Issued {
    /// The access token.
    pub access: Zeroizing<String>,
    /// The refresh token, if it may act while the person is away.
    pub refresh: Option<Zeroizing<String>>,
    /// What the access token is for.
    pub scopes: AppScopes,
    /// Whether it works with a proof of possession only.
    pub is_bound: bool,
    /// For an id token, where one is asked for.
    pub id: Option<IdClaims>,
}

/// Tokens on their way into the database.
pub(super) struct Making {
    access: SecretText,
    refresh: Option<SecretText>,
    pub(super) access_tag: [u8; 32],
    pub(super) refresh_tag: Option<[u8; 32]>,
    pub(super) scopes: AppScopes,
    pub(super) expires_at: UnixMillis,
}

impl Making {
    /// What the application gets once they are there.
    pub(super) fn into_issued(self, is_bound: bool, id: Option<IdClaims>) -> Issued {
        let text = |prefix: &str, secret: &SecretText| {
            Zeroizing::new(format!("{prefix}{}", secret.reveal()))
        };
        Issued {
            access: text(ACCESS, &self.access),
            refresh: self.refresh.as_ref().map(|secret| text(REFRESH, secret)),
            scopes: self.scopes,
            is_bound,
            id,
        }
    }
}

impl Oauth {
    /// New secrets; with a refresh token where one may be given.
    pub(super) fn make(
        &self,
        scopes: AppScopes,
        with_refresh: bool,
        now: UnixMillis,
    ) -> Result<Making, OauthError> {
        let access = SecretText::random()?;
        let refresh = with_refresh.then(SecretText::random).transpose()?;
        let refresh_tag = refresh.as_ref();
        Ok(Making {
            access_tag: self.tag(Domain::OauthAccess, &access),
            refresh_tag: refresh_tag.map(|secret| self.tag(Domain::OauthRefresh, secret)),
            access,
            refresh,
            scopes,
            expires_at: now.plus(ACCESS_LIFE),
        })
    }
}

pub(super) const ADD_ACCESS: &str =
    "INSERT INTO oauth_access (tag, family, scopes, expires_at) VALUES ($1, $2, $3, $4)";
pub(super) const ADD_REFRESH: &str =
    "INSERT INTO oauth_refresh (tag, family, made_at) VALUES ($1, $2, $3)";
/// Ends a family, and with it every token of it: its id, now.
pub(super) const END_FAMILY: &str =
    "UPDATE oauth_family SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";

/// Puts tokens of a family into the database in a transaction that is called `$work`.
macro_rules! put {
    ($work:ident, $making:expr, $family:expr, $now:expr) => {{
        let making: &$crate::oauth::tokens::Making = &$making;
        sqlx::query($crate::oauth::tokens::ADD_ACCESS)
            .bind(making.access_tag.as_slice())
            .bind($family)
            .bind(making.scopes.to_string())
            .bind(making.expires_at.get())
            .execute(&mut *$work)
            .await?;
        if let Some(tag) = &making.refresh_tag {
            sqlx::query($crate::oauth::tokens::ADD_REFRESH)
                .bind(tag.as_slice())
                .bind($family)
                .bind($now.get())
                .execute(&mut *$work)
                .await?;
        }
    }};
}
pub(super) use put;

/// Ends a family because something of it was used twice, and says so in the audit.
macro_rules! end_reused {
    ($work:ident, $family:expr, $client:expr, $what:literal, $now:expr) => {{
        let end = sqlx::query($crate::oauth::tokens::END_FAMILY).bind($family);
        let ended = end.bind($now.get()).execute(&mut *$work).await?;
        if ended.rows_affected() > 0 {
            let subject = format!("client:{}", $client);
            $crate::audit::note!($work, $now, "-", $crate::Act::EndAccess, &subject, $what);
        }
    }};
}
pub(super) use end_reused;
