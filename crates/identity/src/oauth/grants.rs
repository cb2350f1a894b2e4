//! What people granted to applications: given on a page, seen, narrowed and ended at any time.

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};

use super::{
    AmountLimits, AppScopes, AuthorizationRequest, ClientId, Fault, Oauth, OauthError,
    requests::{DECIDE, over, read},
    tokens::{ACCESS_LIFE, CODE_LIFE},
};
use crate::{
    Act, Domain, PersonError, PersonId, SecretText, Session, UnixMillis,
    alerts::tell,
    audit::note,
    people::{actor, hex, id_text, random_bytes},
};

const DAY: u64 = 86_400;
/// How long a grant may last, of which a person chooses one. The second one is offered first.
pub const GRANT_LIVES: [Duration; 4] = [
    Duration::from_secs(DAY),
    Duration::from_secs(30 * DAY),
    Duration::from_secs(90 * DAY),
    Duration::from_secs(365 * DAY),
];

/// Names a grant: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GrantId([u8; 16]);

id_text!(GrantId, OauthError::NoGrant);

impl GrantId {
    pub(super) fn random() -> Result<Self, PersonError> {
        Ok(Self(random_bytes()?))
    }

    /// As the audit names what an application does under this grant.
    #[must_use]
    pub fn actor(self) -> String {
        format!("app:{self}")
    }
}

/// What a person grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// What the application may do: what it asked for, or less.
    pub scopes: AppScopes,
    /// How long: one of [`GRANT_LIVES`], or anything shorter.
    pub life: Duration,
    /// How much it may contribute.
    pub limits: AmountLimits,
}

/// What is left of a grant that is narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOfGrant {
    /// What the application may still do.
    pub scopes: AppScopes,
    /// Until when.
    pub expires_at: UnixMillis,
    /// How much it may still contribute.
    pub limits: AmountLimits,
}

/// A grant, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppGrant {
    /// Its name.
    pub id: GrantId,
    /// To whom.
    pub client: ClientId,
    /// What that is called.
    pub client_name: String,
    /// What it may do.
    pub scopes: AppScopes,
    /// How much it may contribute.
    pub limits: AmountLimits,
    /// Since when.
    pub made_at: UnixMillis,
    /// Until when.
    pub expires_at: UnixMillis,
    /// When tokens of it were last given.
    pub used_at: UnixMillis,
}

row! {
    struct GrantRow {
        id: String,
        client: String,
        name: String,
        scopes: String,
        limits: String,
        made_at: i64,
        expires_at: i64,
        used_at: i64,
    }
}

impl GrantRow {
    fn read(self) -> Result<AppGrant, OauthError> {
        Ok(AppGrant {
            id: self.id.parse()?,
            client: self.client.parse()?,
            client_name: self.name,
            scopes: self.scopes.parse()?,
            limits: self.limits.parse()?,
            made_at: UnixMillis::new(self.made_at),
            expires_at: UnixMillis::new(self.expires_at),
            used_at: UnixMillis::new(self.used_at),
        })
    }
}

macro_rules! live_where {
    ($select:literal, $condition:literal) => {
        concat!(
            $select,
            " LEFT JOIN oauth_grant ON oauth_grant.id = oauth_family.grant_id \
             LEFT JOIN person ON person.id = oauth_grant.person \
             JOIN oauth_client ON oauth_client.id = oauth_family.client WHERE ",
            $condition,
            " AND oauth_family.ended_at IS NULL AND oauth_family.expires_at > $2 \
             AND oauth_client.ended_at IS NULL AND (oauth_family.grant_id IS NULL \
             OR (oauth_grant.ended_at IS NULL AND oauth_grant.expires_at > $2 \
             AND person.disabled_at IS NULL AND person.frozen_at IS NULL))"
        )
    };
}
pub(super) use live_where;

/// Whether everything that a family needs is live: its id, now.
pub(super) const GRANT_IS_LIVE: &str = live_where!(
    "SELECT oauth_family.id FROM oauth_family",
    "oauth_family.id = $1"
);
/// When tokens of a grant were last given: its id, now.
pub(super) const LAST_USE: &str = "UPDATE oauth_grant SET used_at = $2 WHERE id = $1";
/// Ends all grants of a person: who, now.
pub(crate) const END_GRANTS: &str =
    "UPDATE oauth_grant SET ended_at = $2 WHERE person = $1 AND ended_at IS NULL";

pub(super) const ADD_GRANT: &str = "INSERT INTO oauth_grant (id, person, client, scopes, made_at, expires_at, used_at, limits) \
     VALUES ($1, $2, $3, $4, $5, $6, $5, $7)";
pub(super) const ADD_FAMILY: &str = "INSERT INTO oauth_family (id, grant_id, client, scopes, key_thumbprint, level, \
     shown_at, nonce, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const ADD_CODE: &str = "INSERT INTO oauth_code (tag, family, redirect, challenge, expires_at) \
     VALUES ($1, $2, $3, $4, $5)";

/// Adds a family in a transaction that is called `$work`: its id, its grant, client, scopes, key, session, nonce, end.
macro_rules! add_family {
    ($work:ident, $family:expr, $now:expr) => {{
        let family: &$crate::oauth::grants::NewFamily<'_> = &$family;
        let add = sqlx::query($crate::oauth::grants::ADD_FAMILY).bind(&family.id);
        let add = add.bind(&family.grant).bind(family.client);
        let add = add.bind(&family.scopes).bind(family.key);
        let add = add.bind(family.level.as_code()).bind(family.shown_at.get());
        let add = add.bind(family.nonce).bind($now.get());
        add.bind(family.expires_at.get())
            .execute(&mut *$work)
            .await?;
    }};
}
pub(super) use add_family;

/// A family that is to begin.
pub(super) struct NewFamily<'a> {
    pub(super) id: String,
    pub(super) grant: Option<String>,
    pub(super) client: &'a str,
    pub(super) scopes: String,
    pub(super) key: Option<&'a str>,
    pub(super) level: crate::Level,
    pub(super) shown_at: UnixMillis,
    pub(super) nonce: Option<&'a str>,
    pub(super) expires_at: UnixMillis,
}

/// The name of a family.
pub(super) fn family_id() -> Result<String, PersonError> {
    Ok(hex(&random_bytes::<16>()?))
}

/// Until when a family lives: as long as its grant where it may act while the person is away, else as long as one code
/// and one access token.
pub(super) fn family_end(
    scopes: &AppScopes,
    grant_ends: UnixMillis,
    now: UnixMillis,
) -> UnixMillis {
    if scopes.offline {
        grant_ends
    } else {
        grant_ends.min(now.plus(CODE_LIFE + ACCESS_LIFE))
    }
}

impl Oauth {
    /// A person grants what they were asked for, or less. Gives the code for the application, and the request.
    ///
    /// # Errors
    /// [`Fault::InvalidRequest`] when it was decided or is over; [`Fault::InvalidScope`] for nothing, or more than was
    /// asked; what the database says.
    pub async fn approve(
        &self,
        shown: &str,
        session: &Session,
        granted: &Granted,
        now: UnixMillis,
    ) -> Result<(SecretText, AuthorizationRequest), OauthError> {
        let tag = self.shown_tag(shown)?;
        let request = self.shown(shown, now).await?;
        if granted.scopes.is_empty() || !granted.scopes.is_within(&request.scopes()?) {
            let why = "grant something, and nothing beyond what is asked for";
            return Err(OauthError::new(Fault::InvalidScope, why));
        }
        let life = granted
            .life
            .min(GRANT_LIVES.into_iter().max().unwrap_or_default());
        let (grant, who) = (GrantId::random()?, session.person.to_string());
        let grant_row = grant.to_string();
        let ends = now.plus(life);
        let code = SecretText::random()?;
        let code_tag = self.tag(Domain::OauthCode, &code);
        let family = new_family(&request, session, grant, &granted.scopes, ends, now)?;
        let name = self.client_name(&request.client).await?;
        let warning = self.people.warning_of_app(session.person, &name).await?;
        let (scopes, limits) = (granted.scopes.to_string(), granted.limits.to_string());
        let taken = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let decide = sqlx::query(DECIDE).bind(tag.as_slice()).bind(now.get());
            if decide.fetch_optional(&mut *work).await?.is_none() {
                return Ok(false);
            }
            let add = sqlx::query(ADD_GRANT).bind(&grant_row).bind(&who);
            let add = add.bind(&request.client).bind(&scopes).bind(now.get());
            let add = add.bind(ends.get()).bind(&limits);
            add.execute(&mut *work).await?;
            add_family!(work, family, now);
            let add = sqlx::query(ADD_CODE).bind(code_tag.as_slice());
            let add = add.bind(&family.id).bind(&request.redirect);
            let add = add.bind(&request.challenge).bind(now.plus(CODE_LIFE).get());
            add.execute(&mut *work).await?;
            let subject = grant.actor();
            note!(work, now, &actor(&who), Act::GrantAccess, &subject, &scopes);
            tell!(work, warning, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        if !taken {
            return Err(over());
        }
        self.people.mail_was_added();
        Ok((code, request))
    }

    /// A grant that this person gave before and that covers what is asked for: nobody is asked again.
    ///
    /// # Errors
    /// [`OauthError::Row`], and what the database says.
    pub async fn covering(
        &self,
        person: PersonId,
        request: &AuthorizationRequest,
        now: UnixMillis,
    ) -> Result<Option<AppGrant>, OauthError> {
        let asked = request.scopes()?;
        let grants = self.grants(person, now).await?;
        let mut grants = grants.into_iter();
        Ok(grants.find(|grant| {
            grant.client.as_str() == request.client && asked.is_within(&grant.scopes)
        }))
    }

    /// Gives a code under a grant of before.
    ///
    /// # Errors
    /// As [`Oauth::approve`].
    pub async fn continue_under(
        &self,
        grant: &AppGrant,
        shown: &str,
        session: &Session,
        now: UnixMillis,
    ) -> Result<(SecretText, AuthorizationRequest), OauthError> {
        let tag = self.shown_tag(shown)?;
        let code = SecretText::random()?;
        let code_tag = self.tag(Domain::OauthCode, &code);
        let request = self.shown(shown, now).await?;
        let ends = grant.expires_at;
        let family = new_family(&request, session, grant.id, &request.scopes()?, ends, now)?;
        let id = grant.id.to_string();
        let taken = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let decide = sqlx::query_scalar(DECIDE).bind(tag.as_slice());
            let taken: Option<String> = decide.bind(now.get()).fetch_optional(&mut *work).await?;
            if taken.is_some() {
                add_family!(work, family, now);
                let add = sqlx::query(ADD_CODE).bind(code_tag.as_slice());
                let add = add.bind(&family.id).bind(&request.redirect);
                let add = add.bind(&request.challenge).bind(now.plus(CODE_LIFE).get());
                add.execute(&mut *work).await?;
                let last = sqlx::query(LAST_USE).bind(&id).bind(now.get());
                last.execute(&mut *work).await?;
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(taken)
        }
        .await)?;
        let taken = taken.ok_or_else(over)?;
        Ok((code, read(&taken)?))
    }

    /// The live grants of a person, newest first.
    ///
    /// # Errors
    /// [`OauthError::Row`], and what the database says.
    pub async fn grants(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Vec<AppGrant>, OauthError> {
        const TEXT: &str = "SELECT oauth_grant.id, client, name, oauth_grant.scopes, limits, \
             oauth_grant.made_at, expires_at, used_at FROM oauth_grant \
             JOIN oauth_client ON oauth_client.id = oauth_grant.client \
             WHERE person = $1 AND oauth_grant.ended_at IS NULL AND expires_at > $2 \
             AND oauth_client.ended_at IS NULL ORDER BY oauth_grant.made_at DESC, oauth_grant.id";
        let rows: Vec<GrantRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(person.to_string())
            .bind(now.get())
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(GrantRow::read).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`OauthError::NoGrant`], and what the database says.
    pub async fn grant(
        &self,
        person: PersonId,
        id: GrantId,
        now: UnixMillis,
    ) -> Result<AppGrant, OauthError> {
        let grants = self.grants(person, now).await?;
        let mut grants = grants.into_iter();
        grants
            .find(|grant| grant.id == id)
            .ok_or(OauthError::NoGrant)
    }

    /// Takes away a part of a grant, some of its time, or some of what may be contributed. Tokens that were given before are for what is left, from the next
    /// request on.
    ///
    /// # Errors
    /// [`OauthError::NoGrant`]; [`OauthError::NotNarrower`]; what the database says.
    pub async fn narrow(
        &self,
        person: PersonId,
        id: GrantId,
        left: &LeftOfGrant,
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        const NARROW: &str = "UPDATE oauth_grant SET scopes = $3, expires_at = $4, limits = $6 \
             WHERE id = $1 AND person = $2 AND ended_at IS NULL AND scopes = $5 AND expires_at >= $4 \
             AND limits = $7";
        let before = self.grant(person, id, now).await?;
        let LeftOfGrant {
            scopes,
            expires_at,
            limits,
        } = left;
        let is_narrower = !scopes.is_empty()
            && scopes.is_within(&before.scopes)
            && *expires_at <= before.expires_at
            && limits.is_within(&before.limits);
        if !is_narrower {
            return Err(OauthError::NotNarrower);
        }
        let (row, who) = (id.to_string(), person.to_string());
        let (text, text_before) = (scopes.to_string(), before.scopes.to_string());
        let narrowed = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let narrow = sqlx::query(NARROW).bind(&row).bind(&who).bind(&text);
            let narrow = narrow.bind(expires_at.get()).bind(&text_before);
            let narrow = narrow.bind(limits.to_string());
            let narrow = narrow.bind(before.limits.to_string());
            let narrowed = narrow.execute(&mut *work).await?.rows_affected();
            if narrowed > 0 {
                let subject = id.actor();
                note!(work, now, &actor(&who), Act::NarrowAccess, &subject, &text);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(narrowed)
        }
        .await)?;
        (narrowed > 0).then_some(()).ok_or(OauthError::NoGrant)
    }

    /// Ends a grant: every token of it is dead at the next request.
    ///
    /// # Errors
    /// [`OauthError::NoGrant`], and what the database says.
    pub async fn end_grant(
        &self,
        person: PersonId,
        id: GrantId,
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        const END: &str = "UPDATE oauth_grant SET ended_at = $3 \
             WHERE id = $1 AND person = $2 AND ended_at IS NULL AND expires_at > $3";
        let (row, who) = (id.to_string(), person.to_string());
        let ended = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(END).bind(&row).bind(&who).bind(now.get());
            let ended = end.execute(&mut *work).await?.rows_affected();
            if ended > 0 {
                let subject = id.actor();
                note!(work, now, &actor(&who), Act::EndAccess, &subject, "person");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(ended)
        }
        .await)?;
        (ended > 0).then_some(()).ok_or(OauthError::NoGrant)
    }

    pub(super) async fn client_name(&self, client: &str) -> Result<String, OauthError> {
        let client = self.client(&client.parse()?).await?;
        Ok(client.ok_or(OauthError::NoClient)?.about.name)
    }
}

fn new_family<'a>(
    request: &'a AuthorizationRequest,
    session: &Session,
    grant: GrantId,
    scopes: &AppScopes,
    grant_ends: UnixMillis,
    now: UnixMillis,
) -> Result<NewFamily<'a>, OauthError> {
    Ok(NewFamily {
        id: family_id()?,
        grant: Some(grant.to_string()),
        client: &request.client,
        scopes: scopes.to_string(),
        key: request.key.as_deref(),
        level: session.level,
        shown_at: session.fresh_at,
        nonce: request.nonce.as_deref(),
        expires_at: family_end(scopes, grant_ends, now),
    })
}
