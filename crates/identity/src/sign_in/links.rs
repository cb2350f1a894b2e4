//! Accounts of other sites that lead into an account here: used, added, listed, removed.

use softcap_database::{DatabaseError, on_reader, on_writer, row};

use super::{Attempt, MOST_SIGN_INS, OutsideIdentity, SignInError};
use crate::{
    Act, Column, Device, Domain, FRESH, Level, LoggedIn, People, PersonError, PersonId, Sealed,
    SecretText, Session, UnixMillis, Warning,
    alerts::{judge_act, tell},
    audit::note,
    factors::HOLD,
    people::{Beginning, MailWords, actor, id_text, random_bytes},
    signals::Signal,
};

/// The clock of another site may be so many seconds behind.
const SKEW: std::time::Duration = std::time::Duration::from_secs(60);
/// As the audit calls it.
const KIND: &str = "sign_in";

const OF_PERSON: &str = "SELECT id, identity, made_at, used_at FROM sign_in_link WHERE person = $1 \
     ORDER BY made_at, id";
const COUNT: &str = "SELECT COUNT(*) FROM sign_in_link WHERE person = $1";
pub(super) const INSERT: &str =
    "INSERT INTO sign_in_link (id, person, tag, identity, made_at) VALUES ($1, $2, $3, $4, $5)";
const USE: &str = "UPDATE sign_in_link SET used_at = $2 WHERE tag = $1 RETURNING person";
const USE_OWN: &str =
    "UPDATE sign_in_link SET used_at = $2 WHERE tag = $1 AND person = $3 RETURNING person";
const FIND: &str = "SELECT COUNT(*) FROM sign_in_link WHERE id = $1 AND person = $2";
/// Not the only way in: id, person.
const REMOVE: &str = "DELETE FROM sign_in_link WHERE id = $1 AND person = $2 AND ( \
     (SELECT COUNT(*) FROM sign_in_link AS other WHERE other.person = $2) > 1 \
     OR EXISTS (SELECT 1 FROM person WHERE person.id = $2 AND password IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM wallet WHERE wallet.person = $2) \
     OR EXISTS (SELECT 1 FROM passkey WHERE passkey.person = $2))";

/// Those who log in with other sites. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct SignIns {
    pub(super) people: People,
}

/// Names a link of a person; no secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignInLinkId([u8; 16]);

id_text!(SignInLinkId, SignInError::Missing);

/// A link, for its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLink {
    /// Which.
    pub id: SignInLinkId,
    /// Who they are there.
    pub identity: OutsideIdentity,
    /// When it was made.
    pub made_at: UnixMillis,
    /// When it was used last.
    pub used_at: Option<UnixMillis>,
}

row! {
    struct LinkRow {
        id: String,
        identity: Vec<u8>,
        made_at: i64,
        used_at: Option<i64>,
    }
}

/// A link as it is stored.
pub(super) struct NewLink {
    pub(super) id: SignInLinkId,
    pub(super) tag: [u8; 32],
    pub(super) identity: Sealed,
}

impl SignIns {
    /// Those of these people.
    #[must_use]
    pub const fn new(people: People) -> Self {
        Self { people }
    }

    /// Logs in whoever is linked with this account there; nothing where nobody is. It is one factor: a person who has a
    /// second one is asked for it next. The session is as fresh as what was shown there, and not fresh at all where the other
    /// site does not say when that was.
    ///
    /// # Errors
    /// [`PersonError::Frozen`], and what the database says.
    pub async fn log_in(
        &self,
        identity: &OutsideIdentity,
        (device, replaces): (&Device, Option<&SecretText>),
        now: UnixMillis,
    ) -> Result<Option<LoggedIn>, SignInError> {
        let tag = self.identity_tag(identity);
        let whose: Option<String> = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let whose = sqlx::query_scalar(USE).bind(tag.as_slice()).bind(now.get());
            let whose: Option<String> = whose.fetch_optional(&mut *work).await?;
            if let Some(whose) = &whose {
                note!(work, now, &actor(whose), Act::ShowFactor, whose, KIND);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(whose)
        }
        .await)?;
        let Some(whose) = whose else {
            return Ok(None);
        };
        let person = whose.parse()?;
        let entered = self.enter(person, identity, (device, replaces), now);
        entered.await.map(Some)
    }

    /// Begins a session of a person who was shown by another site.
    pub(super) async fn enter(
        &self,
        person: PersonId,
        identity: &OutsideIdentity,
        (device, replaces): (&Device, Option<&SecretText>),
        now: UnixMillis,
    ) -> Result<LoggedIn, SignInError> {
        let found = self.people.find(person).await?;
        let needs = found.ok_or(PersonError::NoSession)?.needs;
        let level = Level::One;
        let shown_at = identity.shown_before(now);
        let beginning = Beginning {
            person,
            level,
            device,
            replaces,
            shown_at: shown_at.unwrap_or_else(|| now.minus(FRESH)),
        };
        let (secret, id) = self.people.begin(&beginning, now).await?;
        Ok(LoggedIn {
            secret,
            id,
            person,
            level,
            needs,
        })
    }

    /// Shows again, in a session, that its person is there: the session gets a new secret and is fresh. The other site must
    /// have asked them after it was begun.
    ///
    /// # Errors
    /// [`SignInError::NotAgain`], [`SignInError::Unknown`], and what the database says.
    pub async fn step_up(
        &self,
        session: &Session,
        (attempt, identity): (&Attempt, &OutsideIdentity),
        now: UnixMillis,
    ) -> Result<SecretText, SignInError> {
        let who = session.person.to_string();
        let since = attempt.made_at.minus(SKEW);
        if identity.shown_before(now).is_none_or(|at| at < since) {
            return Err(self.refuse_for(&who, SignInError::NotAgain, now).await);
        }
        let tag = self.identity_tag(identity);
        let used: Option<String> = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let used = sqlx::query_scalar(USE_OWN).bind(tag.as_slice());
            let used = used.bind(now.get()).bind(&who);
            let used: Option<String> = used.fetch_optional(&mut *work).await?;
            if used.is_some() {
                note!(work, now, &actor(&who), Act::ShowFactor, &who, KIND);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(used)
        }
        .await)?;
        if used.is_none() {
            return Err(self.refuse_for(&who, SignInError::Unknown, now).await);
        }
        Ok(self.people.raise(session, session.level, now).await?)
    }

    /// Links an account of another site with the session's person, who is told by mail.
    ///
    /// # Errors
    /// [`PersonError::NotFresh`], [`SignInError::Known`], [`SignInError::TooMany`], and what the database says.
    pub async fn add(
        &self,
        session: &Session,
        identity: &OutsideIdentity,
        now: UnixMillis,
    ) -> Result<SignInLinkId, SignInError> {
        let person = may_change(session, now)?;
        let new = self.new_link(identity)?;
        let words = MailWords::of("sign-in-added").with("issuer", identity.issuer());
        let warning = self.warning(person, words).await?;
        let who = person.to_string();
        let added = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            let count = sqlx::query_scalar(COUNT).bind(&who);
            let count: i64 = count.fetch_one(&mut *work).await?;
            if count >= i64::from(MOST_SIGN_INS) {
                return Ok(Err(SignInError::TooMany));
            }
            let insert = sqlx::query(INSERT).bind(new.id.to_string()).bind(&who);
            let insert = insert.bind(new.tag.as_slice());
            let insert = insert.bind(new.identity.as_bytes()).bind(now.get());
            insert.execute(&mut *work).await?;
            note!(work, now, &actor(&who), Act::AddFactor, &who, KIND);
            tell!(work, warning, now);
            judge_act!(work, self.people, &who, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await);
        let refused = match added {
            Ok(Ok(())) => {
                self.people.mail_was_added();
                return Ok(new.id);
            }
            Ok(Err(refused)) => refused,
            Err(DatabaseError::Taken(_)) => SignInError::Known,
            Err(error) => return Err(error.into()),
        };
        Err(self.refuse_for(&who, refused, now).await)
    }

    /// Removes a link of the session's person, who is told by mail.
    ///
    /// # Errors
    /// [`PersonError::NotFresh`], [`SignInError::Missing`], [`SignInError::OnlyWay`], and what the database says.
    pub async fn remove(
        &self,
        session: &Session,
        id: SignInLinkId,
        now: UnixMillis,
    ) -> Result<(), SignInError> {
        let person = may_change(session, now)?;
        let words = MailWords::of("sign-in-removed");
        let warning = self.warning(person, words).await?;
        let (who, name) = (person.to_string(), id.to_string());
        let removed: Result<(), SignInError> = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            let found = sqlx::query_scalar(FIND).bind(&name).bind(&who);
            let found: i64 = found.fetch_one(&mut *work).await?;
            if found == 0 {
                return Ok(Err(SignInError::Missing));
            }
            let remove = sqlx::query(REMOVE).bind(&name).bind(&who);
            if remove.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(Err(SignInError::OnlyWay));
            }
            note!(work, now, &actor(&who), Act::RemoveFactor, &who, KIND);
            tell!(work, warning, now);
            judge_act!(work, self.people, &who, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await)?;
        self.people.mail_was_added();
        removed
    }

    /// The links of a person, in the order they were made.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], [`SignInError::Row`], and what the database says.
    pub async fn list(&self, person: PersonId) -> Result<Vec<SignInLink>, SignInError> {
        let rows: Vec<LinkRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(OF_PERSON)
                .bind(person.to_string())
                .fetch_all(pool)
                .await
        })?;
        let views = rows.into_iter().map(|row| {
            let key = self.people.key();
            let text = key.open_text(&column(&row.id), row.identity)?;
            Ok(SignInLink {
                identity: OutsideIdentity::parse(&text)?,
                id: row.id.parse()?,
                made_at: UnixMillis::new(row.made_at),
                used_at: row.used_at.map(UnixMillis::new),
            })
        });
        views.collect()
    }

    /// A new row.
    pub(super) fn new_link(&self, identity: &OutsideIdentity) -> Result<NewLink, SignInError> {
        let id = SignInLinkId(random_bytes()?);
        let key = self.people.key();
        let sealed = key.seal(&column(&id.to_string()), identity.text().as_bytes())?;
        Ok(NewLink {
            id,
            tag: self.identity_tag(identity),
            identity: sealed,
        })
    }

    fn identity_tag(&self, identity: &OutsideIdentity) -> [u8; 32] {
        let key = self.people.key();
        key.tag(Domain::SignInLink, identity.text().as_bytes())
    }

    async fn warning(&self, person: PersonId, words: MailWords) -> Result<Warning, SignInError> {
        let owner = self.people.find(person).await?;
        let owner = owner.ok_or(PersonError::NoSession)?;
        Ok(self.people.warning(&owner, words)?)
    }
}

fn may_change(session: &Session, now: UnixMillis) -> Result<PersonId, SignInError> {
    session.require_complete()?;
    session.require_fresh(now)?;
    Ok(session.person)
}

fn column(id: &str) -> Column<'_> {
    Column {
        table: "sign_in_link",
        column: "identity",
        row: id,
    }
}
