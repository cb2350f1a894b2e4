//! The table of applications.

use softcap_database::{on_reader, on_writer, row};

use super::{
    AppScopes, Client, ClientAuthentication, ClientId, ClientKeys, ClientMetadata, ClientSource,
    GrantKind, Oauth, OauthError,
};
use crate::{Act, Scopes, Standing, UnixMillis, audit::note};

row! {
    struct ClientRow {
        id: String,
        name: String,
        redirects: String,
        authentication: String,
        jwks: Option<String>,
        jwks_uri: Option<String>,
        scopes: String,
        grants: String,
        needs_dpop: i64,
        source: String,
        made_by: String,
        made_at: i64,
        read_at: i64,
    }
}

macro_rules! clients_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, name, redirects, authentication, jwks, jwks_uri, scopes, grants, needs_dpop, source, \
             made_by, made_at, read_at FROM oauth_client WHERE ended_at IS NULL AND ",
            $condition
        )
    };
}
const ADD: &str = "INSERT INTO oauth_client (id, name, redirects, authentication, jwks, scopes, grants, \
     needs_dpop, source, made_by, made_at, read_at, jwks_uri) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     ON CONFLICT (id) DO UPDATE SET name = $2, redirects = $3, authentication = $4, jwks = $5, \
     scopes = $6, grants = $7, needs_dpop = $8, read_at = $12, jwks_uri = $13 WHERE oauth_client.source = 'document'";

/// What anybody may say again of one that was registered.
const CHANGE: &str = "UPDATE oauth_client SET name = $2, redirects = $3, authentication = $4, jwks = $5, \
     scopes = $6, grants = $7, needs_dpop = $8, jwks_uri = $9 \
     WHERE id = $1 AND source = 'registered' AND ended_at IS NULL";

/// Lists as they are stored.
struct Columns {
    redirects: String,
    grants: String,
    jwks: Option<String>,
    jwks_uri: Option<String>,
}

impl Columns {
    fn of(about: &ClientMetadata) -> Self {
        let redirects: Vec<_> = about.redirects.iter().map(ToString::to_string).collect();
        let grants: Vec<_> = about.grants.iter().map(|kind| kind.as_code()).collect();
        let (jwks, jwks_uri) = match &about.authentication {
            ClientAuthentication::None => (None, None),
            ClientAuthentication::PrivateKeyJwt(ClientKeys::Given(keys)) => {
                (Some(keys.to_json().to_string()), None)
            }
            ClientAuthentication::PrivateKeyJwt(ClientKeys::At(uri)) => {
                (None, Some(uri.as_str().to_owned()))
            }
        };
        Self {
            redirects: redirects.join("\n"),
            grants: grants.join("\n"),
            jwks,
            jwks_uri,
        }
    }
}

impl ClientRow {
    fn read(self) -> Result<Client, OauthError> {
        let id = self.id.clone();
        self.parse()
            .ok_or_else(|| OauthError::damaged("oauth_client", &id))
    }

    fn parse(self) -> Option<Client> {
        let redirects: Option<Vec<_>> = self
            .redirects
            .lines()
            .map(|line| line.parse().ok())
            .collect();
        let grants: Option<Vec<_>> = self.grants.lines().map(GrantKind::of).collect();
        let keys = self.jwks.as_deref().map(serde_json::from_str).transpose();
        let keys = keys.ok()?.unwrap_or_default();
        let uri = self.jwks_uri.as_deref();
        Some(Client {
            id: self.id.parse().ok()?,
            source: ClientSource::from_code(&self.source)?,
            about: ClientMetadata {
                name: self.name,
                redirects: redirects?,
                authentication: ClientAuthentication::read(&self.authentication, &keys, uri)
                    .ok()?,
                scopes: self.scopes.parse().ok()?,
                grants: grants?,
                needs_dpop: self.needs_dpop != 0,
            },
            made_by: self.made_by,
            made_at: UnixMillis::new(self.made_at),
            read_at: UnixMillis::new(self.read_at),
        })
    }
}

/// Who registers an application, and what they may give it.
#[derive(Debug, Clone)]
pub enum Registrar {
    /// A person with roles.
    Person(Standing),
    /// A key: its id and its scopes.
    Key(String, Scopes),
}

impl Registrar {
    /// As the audit names them.
    #[must_use]
    pub fn actor(&self) -> String {
        match self {
            Self::Person(standing) => format!("person:{}", standing.person()),
            Self::Key(id, _) => format!("key:{id}"),
        }
    }

    /// Scopes that an application uses in its own name come from who registers it. What it does for a person comes from
    /// that person, each time.
    fn may_give(&self, about: &ClientMetadata) -> bool {
        let in_its_own_name = about.grants.contains(&GrantKind::ClientCredentials);
        !in_its_own_name
            || match self {
                Self::Person(standing) => standing.may_give(&about.scopes.scopes),
                Self::Key(_, scopes) => about.scopes.scopes.is_within(scopes),
            }
    }
}

impl Oauth {
    /// Registers an application.
    ///
    /// # Errors
    /// [`OauthError::Client`], [`OauthError::Wider`], and what the database says.
    pub async fn register(
        &self,
        by: &Registrar,
        about: ClientMetadata,
        now: UnixMillis,
    ) -> Result<Client, OauthError> {
        about.check()?;
        if !by.may_give(&about) {
            return Err(OauthError::Wider);
        }
        let client = Client {
            id: ClientId::random()?,
            source: ClientSource::Registered,
            about,
            made_by: by.actor(),
            made_at: now,
            read_at: now,
        };
        self.put(&client, now).await?;
        Ok(client)
    }

    /// Keeps what an application says about itself in its document. It replaces what it said before.
    ///
    /// # Errors
    /// [`OauthError::Client`], and what the database says.
    pub async fn keep_document(
        &self,
        id: ClientId,
        about: ClientMetadata,
        now: UnixMillis,
    ) -> Result<Client, OauthError> {
        about.check()?;
        let client = Client {
            id,
            source: ClientSource::Document,
            about,
            made_by: "-".to_owned(),
            made_at: now,
            read_at: now,
        };
        self.put(&client, now).await?;
        Ok(client)
    }

    async fn put(&self, client: &Client, now: UnixMillis) -> Result<(), OauthError> {
        let about = &client.about;
        let columns = Columns::of(about);
        let is_registered = client.source == ClientSource::Registered;
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let add = sqlx::query(ADD).bind(client.id.as_str()).bind(&about.name);
            let add = add
                .bind(&columns.redirects)
                .bind(about.authentication.as_code());
            let add = add.bind(&columns.jwks).bind(about.scopes.to_string());
            let add = add.bind(&columns.grants).bind(i64::from(about.needs_dpop));
            let add = add.bind(client.source.as_code()).bind(&client.made_by);
            let add = add.bind(client.made_at.get()).bind(client.read_at.get());
            let add = add.bind(&columns.jwks_uri);
            add.execute(&mut *work).await?;
            if is_registered {
                let subject = format!("client:{}", client.id);
                note!(work, now, &client.made_by, Act::AddClient, &subject, "");
            }
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    /// Replaces what is said about an application that was registered. What people granted to it stays as it is.
    ///
    /// # Errors
    /// [`OauthError::Client`], [`OauthError::Wider`], [`OauthError::NoClient`], and what the database says.
    pub async fn change_client(
        &self,
        by: &Registrar,
        id: &ClientId,
        about: &ClientMetadata,
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        about.check()?;
        if !by.may_give(about) {
            return Err(OauthError::Wider);
        }
        let columns = Columns::of(about);
        let (actor, subject) = (by.actor(), format!("client:{id}"));
        let changed = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let change = sqlx::query(CHANGE).bind(id.as_str()).bind(&about.name);
            let change = change
                .bind(&columns.redirects)
                .bind(about.authentication.as_code());
            let change = change.bind(&columns.jwks).bind(about.scopes.to_string());
            let change = change
                .bind(&columns.grants)
                .bind(i64::from(about.needs_dpop))
                .bind(&columns.jwks_uri);
            let changed = change.execute(&mut *work).await?.rows_affected();
            if changed > 0 {
                note!(work, now, &actor, Act::ChangeClient, &subject, "");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(changed)
        }
        .await)?;
        (changed > 0).then_some(()).ok_or(OauthError::NoClient)
    }

    /// The application of this name, if it is known and was not ended.
    ///
    /// # Errors
    /// [`OauthError::Row`], and what the database says.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, OauthError> {
        const TEXT: &str = clients_where!("id = $1");
        let row: Option<ClientRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(id.as_str())
            .fetch_optional(pool)
            .await)?;
        row.map(ClientRow::read).transpose()
    }

    /// The applications that were registered and not ended, oldest first.
    ///
    /// # Errors
    /// [`OauthError::Row`], and what the database says.
    pub async fn clients(&self, most: u32) -> Result<Vec<Client>, OauthError> {
        const TEXT: &str = clients_where!("source = 'registered' ORDER BY made_at, id LIMIT $1");
        let rows: Vec<ClientRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(ClientRow::read).collect()
    }

    /// Ends an application: no token of it works from now on, whoever granted it.
    ///
    /// # Errors
    /// [`OauthError::NoClient`], and what the database says.
    pub async fn end_client(
        &self,
        actor: &str,
        id: &ClientId,
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        const END: &str =
            "UPDATE oauth_client SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        let subject = format!("client:{id}");
        let ended = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(END).bind(id.as_str()).bind(now.get());
            let ended = end.execute(&mut *work).await?.rows_affected();
            if ended > 0 {
                note!(work, now, actor, Act::EndClient, &subject, "");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(ended)
        }
        .await)?;
        (ended > 0).then_some(()).ok_or(OauthError::NoClient)
    }
}

/// What an application may ask for that says nothing about it: everything, because each person decides.
#[must_use]
pub fn every_scope() -> AppScopes {
    let all = Scopes::everything();
    let given = all
        .iter()
        .filter(|scope| !AppScopes::NEVER.contains(&scope.verb));
    AppScopes {
        openid: true,
        email: true,
        offline: true,
        scopes: Scopes::new(given.cloned()).unwrap_or_default(),
    }
}
