//! A refresh token becomes new tokens, and is dead. Whoever sends it again ends the family.

use softcap_database::{on_reader, on_writer, row};

use super::{
    AppScopes, Client, Fault, Issued, Oauth, OauthError, REFRESH_IDLE,
    grants::{GRANT_IS_LIVE, LAST_USE},
    tokens::{TokenText, end_reused, put},
};
use crate::{Domain, UnixMillis};

/// What an application sends for new tokens.
#[derive(Debug, Clone, Copy)]
pub struct Refreshing<'a> {
    /// The refresh token.
    pub token: &'a str,
    /// Less than before, if it is to be.
    pub scope: Option<&'a str>,
    /// The thumbprint of the key that it proved to have.
    pub key: Option<&'a str>,
}

row! {
    struct RefreshRow {
        family: String,
        made_at: i64,
        used_at: Option<i64>,
        client: String,
        scopes: String,
        key_thumbprint: Option<String>,
        granted: String,
        grant_id: String,
    }
}

const FIND: &str = "SELECT oauth_refresh.family, oauth_refresh.made_at, oauth_refresh.used_at, \
     oauth_family.client, oauth_family.scopes, key_thumbprint, oauth_grant.scopes AS granted, \
     oauth_grant.id AS grant_id \
     FROM oauth_refresh JOIN oauth_family ON oauth_family.id = oauth_refresh.family \
     JOIN oauth_grant ON oauth_grant.id = oauth_family.grant_id WHERE oauth_refresh.tag = $1";
/// Of requests at the same time one uses it.
const USE: &str = "UPDATE oauth_refresh SET used_at = $2 WHERE tag = $1 AND used_at IS NULL";

impl Oauth {
    /// Gives new tokens for a refresh token.
    ///
    /// # Errors
    /// [`Fault::InvalidGrant`], also for a second use, which ends the family; [`Fault::InvalidScope`] for more than before;
    /// what the database says.
    pub async fn refresh(
        &self,
        client: &Client,
        refreshing: &Refreshing<'_>,
        now: UnixMillis,
    ) -> Result<Issued, OauthError> {
        let unknown = || OauthError::grant("this refresh token is unknown, used, ended or over");
        let Some(TokenText::Refresh(secret)) = TokenText::parse(refreshing.token) else {
            return Err(unknown());
        };
        let tag = self.tag(Domain::OauthRefresh, &secret);
        let row: Option<RefreshRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .fetch_optional(pool)
            .await)?;
        let row = row.filter(|row| row.client == client.id.as_str());
        let row = row.ok_or_else(unknown)?;
        if row.used_at.is_none() {
            judge(&row, refreshing, now)?;
        }
        // A replay ends the family, whatever it asks for.
        let wish = refreshing.scope.filter(|_| row.used_at.is_none());
        let scopes = narrowed(&row, wish)?;
        let making = self.make(scopes, true, now)?;
        let refreshed = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let used = sqlx::query(USE).bind(tag.as_slice()).bind(now.get());
            let used = used.execute(&mut *work).await?.rows_affected() == 1;
            let live: Option<String> = sqlx::query_scalar(GRANT_IS_LIVE)
                .bind(&row.family)
                .bind(now.get())
                .fetch_optional(&mut *work)
                .await?;
            if !used {
                end_reused!(work, &row.family, &row.client, "refresh_used_twice", now);
            } else if live.is_some() {
                put!(work, making, &row.family, now);
                let last = sqlx::query(LAST_USE).bind(&row.grant_id).bind(now.get());
                last.execute(&mut *work).await?;
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(used && live.is_some())
        }
        .await)?;
        if !refreshed {
            return Err(unknown());
        }
        Ok(making.into_issued(row.key_thumbprint.is_some(), None))
    }
}

fn judge(row: &RefreshRow, refreshing: &Refreshing<'_>, now: UnixMillis) -> Result<(), OauthError> {
    if now >= UnixMillis::new(row.made_at).plus(REFRESH_IDLE) {
        return Err(OauthError::grant(
            "this refresh token was not used for too long",
        ));
    }
    if row.key_thumbprint.as_deref() != refreshing.key && row.key_thumbprint.is_some() {
        return Err(OauthError::grant(
            "this refresh token is bound to another key",
        ));
    }
    Ok(())
}

/// What the new access token is for: what was granted to the family, or the part of it that is asked for. What the person
/// took away since is checked at each use.
fn narrowed(row: &RefreshRow, scope: Option<&str>) -> Result<AppScopes, OauthError> {
    let family: AppScopes = row.scopes.parse()?;
    let granted: AppScopes = row.granted.parse()?;
    let Some(scope) = scope else {
        return Ok(family.within(&granted));
    };
    let asked: AppScopes = scope.parse()?;
    if asked.is_empty() || !asked.is_within(&family) || !asked.is_within(&granted) {
        let why = "scope is not within what was granted";
        return Err(OauthError::new(Fault::InvalidScope, why));
    }
    Ok(asked)
}
