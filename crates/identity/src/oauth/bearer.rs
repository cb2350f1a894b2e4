//! Who shows an access token.

use softcap_database::{on_reader, row};

use super::{
    AmountLimits, AppScopes, ClientId, Fault, GrantId, Oauth, OauthError, grants::live_where,
    tokens::TokenText,
};
use crate::{Domain, FRESH, Level, PersonId, Shown, UnixMillis, Verb};

/// In whose name a token is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BearerOwner {
    /// A person, who granted it.
    Person {
        /// Who.
        person: PersonId,
        /// What they granted.
        grant: GrantId,
        /// The factors that they had shown.
        level: Level,
        /// When.
        shown_at: UnixMillis,
    },
    /// The application itself.
    Client,
}

/// An access token that is good now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The application that has it.
    pub client: ClientId,
    /// In whose name.
    pub owner: BearerOwner,
    /// What it is for, after what was taken away since.
    pub scopes: AppScopes,
    /// How much it may contribute.
    pub limits: AmountLimits,
    /// The thumbprint of the key without which it is worth nothing.
    pub key: Option<String>,
    /// When it was made.
    pub made_at: UnixMillis,
    /// Until when it is good.
    pub expires_at: UnixMillis,
}

impl Bearer {
    /// Refuses what it is not for; the words name the scope that is needed.
    ///
    /// # Errors
    /// [`Fault::InsufficientScope`].
    pub fn require(&self, verb: Verb, resource: Option<&str>) -> Result<(), OauthError> {
        let scopes = &self.scopes.scopes;
        let is_allowed = match resource {
            Some(resource) => scopes.allows(verb, resource),
            None => scopes.allows_on_all(verb),
        };
        if is_allowed {
            return Ok(());
        }
        let needed = format!("{verb}:{}", resource.unwrap_or("*"));
        Err(OauthError::new(Fault::InsufficientScope, needed))
    }

    /// What the person had shown, seen from now.
    #[must_use]
    pub fn shown(&self, now: UnixMillis) -> Shown {
        match &self.owner {
            BearerOwner::Person {
                level, shown_at, ..
            } if now < shown_at.plus(FRESH) => Shown::JustNow(*level),
            BearerOwner::Person { level, .. } => Shown::Earlier(*level),
            BearerOwner::Client => Shown::Earlier(Level::One),
        }
    }

    /// As the audit names who acts with it.
    #[must_use]
    pub fn actor(&self) -> String {
        match &self.owner {
            BearerOwner::Person { grant, .. } => grant.actor(),
            BearerOwner::Client => format!("client:{}", self.client),
        }
    }
}

row! {
    pub(super) struct BearerRow {
        scopes: String,
        expires_at: i64,
        client: String,
        key_thumbprint: Option<String>,
        level: String,
        shown_at: i64,
        grant_id: Option<String>,
        person: Option<String>,
        granted: Option<String>,
        limits: Option<String>,
    }
}

const FIND: &str = live_where!(
    "SELECT oauth_access.scopes, oauth_access.expires_at, oauth_family.client, key_thumbprint, level, \
     shown_at, grant_id, oauth_grant.person, oauth_grant.scopes AS granted, limits FROM oauth_access \
     JOIN oauth_family ON oauth_family.id = oauth_access.family",
    "oauth_access.tag = $1 AND oauth_access.expires_at > $2"
);

impl Oauth {
    /// Whether a text looks like an access token, so that it is asked for as one.
    #[must_use]
    pub fn is_access_token(text: &str) -> bool {
        matches!(TokenText::parse(text), Some(TokenText::Access(_)))
    }

    /// Who shows this access token. Whether they also show the key that it may be bound to is asked apart.
    ///
    /// # Errors
    /// [`Fault::InvalidToken`] when it is unknown, ended or over; what the database says.
    pub async fn bearer(&self, text: &str, now: UnixMillis) -> Result<Bearer, OauthError> {
        let invalid =
            || OauthError::new(Fault::InvalidToken, "this token is unknown, ended or over");
        let Some(TokenText::Access(secret)) = TokenText::parse(text) else {
            return Err(invalid());
        };
        let tag = self.tag(Domain::OauthAccess, &secret);
        let row: Option<BearerRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        row.ok_or_else(invalid)?.read()
    }
}

impl BearerRow {
    fn read(self) -> Result<Bearer, OauthError> {
        let damaged = || OauthError::damaged("oauth_access", "-");
        let given: AppScopes = self.scopes.parse()?;
        let expires_at = UnixMillis::new(self.expires_at);
        let (owner, scopes) = match (self.person, self.grant_id, self.granted) {
            (Some(person), Some(grant), Some(granted)) => {
                let owner = BearerOwner::Person {
                    person: person.parse()?,
                    grant: grant.parse()?,
                    level: Level::from_code(&self.level).ok_or_else(damaged)?,
                    shown_at: UnixMillis::new(self.shown_at),
                };
                (owner, given.within(&granted.parse()?))
            }
            (None, None, None) => (BearerOwner::Client, given),
            _ => return Err(damaged()),
        };
        Ok(Bearer {
            client: self.client.parse()?,
            owner,
            scopes,
            limits: self.limits.unwrap_or_default().parse()?,
            key: self.key_thumbprint,
            made_at: expires_at.minus(super::ACCESS_LIFE),
            expires_at,
        })
    }
}
