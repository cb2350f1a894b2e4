//! Requests that wait: pushed by an application (RFC 9126), or shown to a person who has not decided yet.

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};

use super::{AuthorizationRequest, ClientId, Fault, Oauth, OauthError};
use crate::{Domain, SecretText, UnixMillis};

/// How long a pushed request waits for the browser.
pub const PUSHED_LIFE: Duration = Duration::from_secs(90);
/// How long a person may take to log in and to decide.
pub const SHOWN_LIFE: Duration = Duration::from_secs(30 * 60);
const URN: &str = "urn:ietf:params:oauth:request_uri:";

row! {
    struct RequestRow {
        request: String,
    }
}

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// For the browser to come with its name.
    Pushed,
    /// For a person's decision.
    Shown,
}

impl Waits {
    const fn as_code(self) -> &'static str {
        match self {
            Self::Pushed => "pushed",
            Self::Shown => "shown",
        }
    }

    const fn life(self) -> Duration {
        match self {
            Self::Pushed => PUSHED_LIFE,
            Self::Shown => SHOWN_LIFE,
        }
    }
}

/// Takes the request that a person was shown: its tag, now. Of two decisions one gets it.
pub(super) const DECIDE: &str = "DELETE FROM oauth_request \
     WHERE tag = $1 AND kind = 'shown' AND expires_at > $2 RETURNING request";

impl Oauth {
    /// Keeps a pushed request, and gives its `request_uri`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn push(
        &self,
        request: &AuthorizationRequest,
        now: UnixMillis,
    ) -> Result<String, OauthError> {
        let name = self.keep(request, Waits::Pushed, now).await?;
        Ok(format!("{URN}{}", name.reveal()))
    }

    /// Takes a pushed request; it is there once.
    ///
    /// # Errors
    /// [`Fault::InvalidRequestUri`], and what the database says.
    pub async fn take_pushed(
        &self,
        uri: &str,
        client: &ClientId,
        now: UnixMillis,
    ) -> Result<AuthorizationRequest, OauthError> {
        const TAKE: &str = "DELETE FROM oauth_request WHERE tag = $1 AND client = $2 \
             AND kind = 'pushed' AND expires_at > $3 RETURNING request";
        let unknown = || {
            let why = "request_uri is unknown, used or over: push the request again";
            OauthError::new(Fault::InvalidRequestUri, why)
        };
        let name = uri.strip_prefix(URN).and_then(SecretText::parse);
        let tag = self.tag(Domain::OauthRequest, &name.ok_or_else(unknown)?);
        let row: Option<RequestRow> = on_writer!(self.database(), |pool| sqlx::query_as(TAKE)
            .bind(tag.as_slice())
            .bind(client.as_str())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        read(&row.ok_or_else(unknown)?.request)
    }

    /// Keeps a request while a person decides, and gives the name under which their pages find it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn show(
        &self,
        request: &AuthorizationRequest,
        now: UnixMillis,
    ) -> Result<SecretText, OauthError> {
        self.keep(request, Waits::Shown, now).await
    }

    /// The request that a person is shown.
    ///
    /// # Errors
    /// [`Fault::InvalidRequest`] when it is over or was decided; what the database says.
    pub async fn shown(
        &self,
        name: &str,
        now: UnixMillis,
    ) -> Result<AuthorizationRequest, OauthError> {
        const FIND: &str = "SELECT request FROM oauth_request \
             WHERE tag = $1 AND kind = 'shown' AND expires_at > $2";
        let tag = self.shown_tag(name)?;
        let row: Option<RequestRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        read(&row.ok_or_else(over)?.request)
    }

    /// Takes the request that a person was shown, because they say no.
    ///
    /// # Errors
    /// As [`Oauth::shown`].
    pub async fn decline(
        &self,
        name: &str,
        now: UnixMillis,
    ) -> Result<AuthorizationRequest, OauthError> {
        let tag = self.shown_tag(name)?;
        let row: Option<RequestRow> = on_writer!(self.database(), |pool| sqlx::query_as(DECIDE)
            .bind(tag.as_slice())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        read(&row.ok_or_else(over)?.request)
    }

    pub(super) fn shown_tag(&self, name: &str) -> Result<[u8; 32], OauthError> {
        let name = SecretText::parse(name).ok_or_else(over)?;
        Ok(self.tag(Domain::OauthRequest, &name))
    }

    async fn keep(
        &self,
        request: &AuthorizationRequest,
        waits: Waits,
        now: UnixMillis,
    ) -> Result<SecretText, OauthError> {
        const ADD: &str = "INSERT INTO oauth_request (tag, kind, client, request, expires_at) \
             VALUES ($1, $2, $3, $4, $5)";
        let name = SecretText::random()?;
        let tag = self.tag(Domain::OauthRequest, &name);
        let text = serde_json::to_string(request)
            .map_err(|_| OauthError::damaged("oauth_request", "new"))?;
        on_writer!(self.database(), |pool| sqlx::query(ADD)
            .bind(tag.as_slice())
            .bind(waits.as_code())
            .bind(&request.client)
            .bind(&text)
            .bind(now.plus(waits.life()).get())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(name)
    }
}

pub(super) fn over() -> OauthError {
    OauthError::request("this request is over or was decided: begin again at the application")
}

pub(super) fn read(text: &str) -> Result<AuthorizationRequest, OauthError> {
    serde_json::from_str(text).map_err(|_| OauthError::damaged("oauth_request", "-"))
}
