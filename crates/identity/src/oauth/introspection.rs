//! What an application may learn about its own tokens (RFC 7662), and how it ends them (RFC 7009).

use softcap_database::{on_reader, on_writer, row};

use super::{
    AppScopes, Bearer, Client, Oauth, OauthError, REFRESH_IDLE,
    grants::live_where,
    tokens::{END_FAMILY, TokenText},
};
use crate::{Act, Domain, UnixMillis, audit::note};

/// A token that is good, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Introspection {
    /// An access token.
    Access(Box<Bearer>),
    /// A refresh token.
    Refresh {
        /// What it is for.
        scopes: AppScopes,
        /// The key that it is bound to.
        key: Option<String>,
        /// When it is over if nobody uses it.
        expires_at: UnixMillis,
    },
}

row! {
    struct RefreshRow {
        scopes: String,
        key_thumbprint: Option<String>,
        made_at: i64,
        ends_at: i64,
        client: String,
    }
}

row! {
    struct FamilyRow {
        family: String,
        client: String,
    }
}

const FIND_REFRESH: &str = live_where!(
    "SELECT oauth_family.scopes, key_thumbprint, oauth_refresh.made_at, oauth_family.expires_at AS ends_at, \
     oauth_family.client FROM oauth_refresh JOIN oauth_family ON oauth_family.id = oauth_refresh.family",
    "oauth_refresh.tag = $1 AND oauth_refresh.used_at IS NULL"
);
const FAMILY_OF_ACCESS: &str = "SELECT family, client FROM oauth_access \
     JOIN oauth_family ON oauth_family.id = oauth_access.family WHERE tag = $1";
const FAMILY_OF_REFRESH: &str = "SELECT family, client FROM oauth_refresh \
     JOIN oauth_family ON oauth_family.id = oauth_refresh.family WHERE tag = $1";
const END_ACCESS: &str = "DELETE FROM oauth_access WHERE tag = $1";

impl Oauth {
    /// A token of this client, if it is good now. One of another client is as one that does not exist.
    ///
    /// # Errors
    /// What the database says.
    pub async fn introspect(
        &self,
        client: &Client,
        text: &str,
        now: UnixMillis,
    ) -> Result<Option<Introspection>, OauthError> {
        match TokenText::parse(text) {
            Some(TokenText::Access(_)) => match self.bearer(text, now).await {
                Ok(bearer) if bearer.client == client.id => {
                    Ok(Some(Introspection::Access(Box::new(bearer))))
                }
                Ok(_) => Ok(None),
                Err(error) if error.fault().is_some() => Ok(None),
                Err(error) => Err(error),
            },
            Some(TokenText::Refresh(secret)) => {
                let tag = self.tag(Domain::OauthRefresh, &secret);
                let row: Option<RefreshRow> = on_reader!(self.database(), |pool| {
                    sqlx::query_as(FIND_REFRESH)
                        .bind(tag.as_slice())
                        .bind(now.get())
                        .fetch_optional(pool)
                        .await
                })?;
                let row = row.filter(|row| row.client == client.id.as_str());
                let Some(row) = row else { return Ok(None) };
                let idle = UnixMillis::new(row.made_at).plus(REFRESH_IDLE);
                let expires_at = idle.min(UnixMillis::new(row.ends_at));
                if now >= expires_at {
                    return Ok(None);
                }
                Ok(Some(Introspection::Refresh {
                    scopes: row.scopes.parse()?,
                    key: row.key_thumbprint,
                    expires_at,
                }))
            }
            None => Ok(None),
        }
    }

    /// Ends a token of this client: an access token alone, a refresh token with all of its family. One that is unknown or of
    /// another client changes nothing, and nobody is told so.
    ///
    /// # Errors
    /// What the database says.
    pub async fn revoke(
        &self,
        client: &Client,
        text: &str,
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        let (tag, find, is_access) = match TokenText::parse(text) {
            Some(TokenText::Access(secret)) => (
                self.tag(Domain::OauthAccess, &secret),
                FAMILY_OF_ACCESS,
                true,
            ),
            Some(TokenText::Refresh(secret)) => (
                self.tag(Domain::OauthRefresh, &secret),
                FAMILY_OF_REFRESH,
                false,
            ),
            None => return Ok(()),
        };
        let row: Option<FamilyRow> = on_reader!(self.database(), |pool| sqlx::query_as(find)
            .bind(tag.as_slice())
            .fetch_optional(pool)
            .await)?;
        let Some(row) = row.filter(|row| row.client == client.id.as_str()) else {
            return Ok(());
        };
        let subject = format!("client:{}", client.id);
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let ended = if is_access {
                sqlx::query(END_ACCESS).bind(tag.as_slice())
            } else {
                sqlx::query(END_FAMILY).bind(&row.family).bind(now.get())
            };
            let ended = ended.execute(&mut *work).await?.rows_affected();
            if ended > 0 {
                note!(work, now, &subject, Act::EndAccess, &subject, "revoked");
            }
            work.commit().await
        }
        .await)?;
        Ok(())
    }
}
