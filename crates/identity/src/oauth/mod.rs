//! Applications that act for people: an OAuth 2.1 authorization server without its HTTP.
//!
//! | step | file |
//! |---|---|
//! | an application is known, or describes itself | `client`, `clients` |
//! | what it asks for is read and kept while a person decides | `request`, `requests` |
//! | a person grants it, narrows it, ends it | `grants` |
//! | a code becomes tokens, a refresh token new ones | `codes`, `refresh` |
//! | a token is used, looked at, revoked | `bearer`, `introspection` |
//! | a device waits for a person | `device` |
//! | an application contributes within limits | `amount_limits`, `spending` |
//! | an application is told who logged in | `id_token` |
//! | somebody shows a key of their own | `dpop`, `assertion`, over `jws` and `jwk` |
//!
//! **What lives how long.** A person's *grant* is what `/apps` shows. Each login of an application under it is a *family*:
//! one code, its access tokens, its line of refresh tokens. Whoever uses a code or a refresh token a second time ends the
//! family, because one of the two who had it is a thief. A token is good while its family, its grant, its client and its
//! person are; all of that is asked of the database at each use, so that an end holds on all nodes at the next request.
//!
//! Nothing here reads a clock, and of every secret there is only a keyed hash in the database.

mod amount_limits;
mod asked;
mod assertion;
mod bearer;
mod client;
mod client_credentials;
mod clients;
mod codes;
mod device;
mod dpop;
mod error;
mod grants;
mod id_token;
mod introspection;
mod jwk;
mod jws;
mod params;
mod proofs;
mod redirect;
mod refresh;
mod request;
mod requests;
mod spending;
mod tokens;

pub use amount_limits::{AmountLimit, AmountLimits};
pub use asked::AppScopes;
pub use bearer::{Bearer, BearerOwner};
pub use client::{
    Client, ClientAuthentication, ClientId, ClientKeys, ClientMetadata, ClientSource, GrantKind,
    JwksUri,
};
pub use clients::{Registrar, every_scope};
pub use codes::Redemption;
pub use device::{DEVICE_LIFE, DEVICE_PAUSE, DeviceCodes, DeviceRequest};
pub use dpop::ShownProof;
pub use error::{Fault, OauthError};
pub(crate) use grants::END_GRANTS;
pub use grants::{AppGrant, GRANT_LIVES, GrantId, Granted, LeftOfGrant};
pub use id_token::SigningSeed;
pub use introspection::Introspection;
pub use jwk::KeySet;
pub use params::Params;
pub use redirect::RedirectUri;
pub use refresh::Refreshing;
pub use request::{AuthorizationRequest, BadRequest, Prompt, ToldError, acr, fresh_seconds};
pub use requests::{PUSHED_LIFE, SHOWN_LIFE};
pub use spending::{AppSpend, InRecord, Spent};
pub use tokens::{ACCESS_LIFE, CODE_LIFE, IdClaims, Issued, REFRESH_IDLE};

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use softcap_database::{Database, DatabaseError, on_writer};

use crate::{
    Domain, People, SecretText, UnixMillis,
    first_uses::{FirstUses, UseQueue},
    people::{Rate, network},
};

/// Requests of one source that are kept before anybody has logged in.
const BY_SOURCE: Rate = Rate {
    name: "oauth by source",
    burst: 100,
    every: Duration::from_secs(1),
};

/// The applications of an installation; its tables are those of [`crate::Keys::migrations`]. Cloning is cheap.
#[derive(Clone)]
pub struct Oauth {
    people: People,
    seed: Arc<SigningSeed>,
    /// Proofs that were used.
    proofs: Arc<UseQueue>,
}

impl Oauth {
    /// Those that act for these people, in their database.
    #[must_use]
    pub fn new(people: People, seed: SigningSeed) -> Self {
        let proofs = FirstUses::queue(people.database().clone(), "oauth_proof");
        let seed = Arc::new(seed);
        Self {
            people,
            seed,
            proofs,
        }
    }

    /// Who gives tokens (`iss`): the site's origin.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.people.site().origin
    }

    /// What tokens are for (RFC 8707): the interface of this site.
    #[must_use]
    pub fn resource(&self) -> String {
        format!("{}/v1", self.issuer())
    }

    /// Counts a request that makes this server keep or fetch something for somebody who has shown nothing yet.
    ///
    /// # Errors
    /// [`crate::PersonError::Limited`], and what the database says.
    pub async fn admit(&self, source: IpAddr, now: UnixMillis) -> Result<(), OauthError> {
        let cell = self.people.cell(BY_SOURCE, &[network(source).as_slice()]);
        Ok(self.people.take(&cell, now).await?)
    }

    /// Refuses a request for tokens that are for something else (RFC 8707).
    ///
    /// # Errors
    /// [`Fault::InvalidTarget`].
    pub fn require_resource(&self, params: &Params) -> Result<(), OauthError> {
        request::require_resource(params, &self.resource())
    }

    /// Sweeps what is over. Nothing depends on when it is done.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tidy(&self, now: UnixMillis) -> Result<(), DatabaseError> {
        for text in [
            "DELETE FROM oauth_request WHERE expires_at <= $1",
            "DELETE FROM oauth_access WHERE expires_at <= $1",
            "DELETE FROM oauth_proof WHERE expires_at <= $1",
            "DELETE FROM oauth_device WHERE expires_at <= $1",
            // With it go its code, its tokens of both kinds.
            "DELETE FROM oauth_family WHERE expires_at <= $1",
        ] {
            on_writer!(self.database(), |pool| sqlx::query(text)
                .bind(now.get())
                .execute(pool)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    fn database(&self) -> &Database {
        self.people.database()
    }

    fn tag(&self, domain: Domain, secret: &SecretText) -> [u8; 32] {
        self.people.key().tag(domain, secret.reveal().as_bytes())
    }
}

/// How clients and proofs may be signed, for metadata.
#[must_use]
pub const fn signing_algorithms() -> [&'static str; 3] {
    jwk::Algorithm::NAMES
}

impl fmt::Debug for Oauth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Oauth")
    }
}
