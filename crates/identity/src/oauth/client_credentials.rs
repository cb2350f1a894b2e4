//! A client acts in its own name: for the organisation that registered it, with what it was given then.

use softcap_database::on_writer;

use super::{
    ACCESS_LIFE, Client, GrantKind, Issued, Oauth, OauthError,
    grants::{NewFamily, add_family, family_id},
    tokens::put,
};
use crate::{Level, UnixMillis};

impl Oauth {
    /// Gives a client that showed who it is a token of its own.
    ///
    /// # Errors
    /// [`super::Fault::UnauthorizedClient`], [`super::Fault::InvalidScope`], [`super::Fault::InvalidDpopProof`], and what the
    /// database says.
    pub async fn client_credentials(
        &self,
        client: &Client,
        scope: Option<&str>,
        key: Option<&str>,
        now: UnixMillis,
    ) -> Result<Issued, OauthError> {
        client.require(GrantKind::ClientCredentials)?;
        let scopes = client.asks(scope)?;
        if scopes.openid || scopes.email || scopes.offline {
            return Err(OauthError::new(
                super::Fault::InvalidScope,
                "openid, email and offline_access are about a person, and there is none",
            ));
        }
        Self::require_key(client, &scopes, key)?;
        let family = NewFamily {
            id: family_id()?,
            grant: None,
            client: client.id.as_str(),
            scopes: scopes.to_string(),
            key,
            level: Level::One,
            shown_at: UnixMillis::new(0),
            nonce: None,
            expires_at: now.plus(ACCESS_LIFE),
        };
        let making = self.make(scopes, false, now)?;
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            add_family!(work, family, now);
            put!(work, making, &family.id, now);
            work.commit().await
        }
        .await)?;
        Ok(making.into_issued(key.is_some(), None))
    }
}
