//! The wallets of people: used, added, listed, removed.

use softcap_database::{DatabaseError, on_reader, on_writer, row};

use super::{
    MOST_WALLETS, ProvenWallet, WalletAddress, WalletError, WalletPurpose, challenge::USE_CHALLENGE,
};
use crate::{
    Act, Column, Device, Domain, Level, LoggedIn, People, PersonError, PersonId, Sealed,
    SecretText, Session, UnixMillis, Warning,
    alerts::{judge_act, tell},
    audit::note,
    factors::HOLD,
    people::{Beginning, MailWords, actor, id_text, random_bytes},
    signals::Signal,
};

const OF_PERSON: &str =
    "SELECT id, address, made_at, used_at FROM wallet WHERE person = $1 ORDER BY made_at, id";
const COUNT: &str = "SELECT COUNT(*) FROM wallet WHERE person = $1";
pub(crate) const INSERT: &str =
    "INSERT INTO wallet (id, person, tag, address, made_at) VALUES ($1, $2, $3, $4, $5)";
const USE: &str = "UPDATE wallet SET used_at = $2 WHERE tag = $1 RETURNING person";
const FIND: &str = "SELECT COUNT(*) FROM wallet WHERE id = $1 AND person = $2";
/// Not the only way in: id, person.
const REMOVE: &str = "DELETE FROM wallet WHERE id = $1 AND person = $2 AND ( \
     (SELECT COUNT(*) FROM wallet AS other WHERE other.person = $2) > 1 \
     OR EXISTS (SELECT 1 FROM person WHERE person.id = $2 AND password IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM sign_in_link WHERE sign_in_link.person = $2) \
     OR EXISTS (SELECT 1 FROM passkey WHERE passkey.person = $2))";

/// The wallets of people. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Wallets {
    pub(super) people: People,
}

/// Names a wallet of a person; no secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WalletId([u8; 16]);

id_text!(WalletId, WalletError::Missing);

/// A wallet, for its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletView {
    /// Which.
    pub id: WalletId,
    /// Its address.
    pub address: WalletAddress,
    /// When it was added.
    pub made_at: UnixMillis,
    /// When it was used last.
    pub used_at: Option<UnixMillis>,
}

row! {
    struct ListedWallet {
        id: String,
        address: Vec<u8>,
        made_at: i64,
        used_at: Option<i64>,
    }
}

/// A wallet as it is stored.
pub(crate) struct WalletRow {
    pub(crate) id: WalletId,
    pub(crate) tag: [u8; 32],
    pub(crate) address: Sealed,
}

impl Wallets {
    /// Those of these people.
    #[must_use]
    pub const fn new(people: People) -> Self {
        Self { people }
    }

    /// Logs in whoever has this wallet. It is one factor: a person who has a second one is asked for it next.
    ///
    /// # Errors
    /// [`WalletError::ChallengeOver`], [`WalletError::Unknown`]; [`PersonError::Frozen`], and what the database says.
    pub async fn log_in(
        &self,
        proven: ProvenWallet,
        (device, replaces): (&Device, Option<&SecretText>),
        now: UnixMillis,
    ) -> Result<LoggedIn, WalletError> {
        let person = self.use_wallet(&proven, now).await?;
        let found = self.people.find(person).await?;
        let needs = found.ok_or(PersonError::NoSession)?.needs;
        let level = Level::One;
        let beginning = Beginning {
            person,
            level,
            device,
            replaces,
            shown_at: now,
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

    /// Shows a wallet of the session's person again: the session gets a new secret and is fresh.
    ///
    /// # Errors
    /// Those of [`Wallets::log_in`]; [`WalletError::Unknown`] for a wallet of somebody else.
    pub async fn step_up(
        &self,
        session: &Session,
        proven: ProvenWallet,
        now: UnixMillis,
    ) -> Result<SecretText, WalletError> {
        let person = self.use_wallet(&proven, now).await?;
        if person != session.person {
            return Err(WalletError::Unknown);
        }
        Ok(self.people.raise(session, session.level, now).await?)
    }

    /// Uses the message up, and says whose wallet signed it.
    async fn use_wallet(
        &self,
        proven: &ProvenWallet,
        now: UnixMillis,
    ) -> Result<PersonId, WalletError> {
        let tag = self.address_tag(proven.address);
        let (purpose, asked) = (proven.purpose.as_code(), proven.purpose.person());
        let used: Result<String, WalletError> = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(USE_CHALLENGE).bind(proven.challenge.as_slice());
            let end = end.bind(purpose).bind(&asked).bind(now.get());
            if end.fetch_optional(&mut *work).await?.is_none() {
                return Ok(Err(WalletError::ChallengeOver));
            }
            let whose = sqlx::query_scalar(USE).bind(tag.as_slice()).bind(now.get());
            let whose: Option<String> = whose.fetch_optional(&mut *work).await?;
            let Some(whose) = whose else {
                note!(work, now, "-", Act::Deny, "-", WalletError::Unknown.code());
                work.commit().await?;
                return Ok(Err(WalletError::Unknown));
            };
            note!(work, now, &actor(&whose), Act::ShowFactor, &whose, "wallet");
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(whose))
        }
        .await)?;
        Ok(used?.parse()?)
    }

    /// Adds a wallet to the session's person, who is told by mail.
    ///
    /// # Errors
    /// [`PersonError::NotFresh`], [`WalletError::ChallengeOver`], [`WalletError::Known`], [`WalletError::TooMany`], and
    /// what the database says.
    pub async fn add(
        &self,
        session: &Session,
        proven: ProvenWallet,
        now: UnixMillis,
    ) -> Result<WalletId, WalletError> {
        let person = may_change(session, now)?;
        let new = self.row(proven.address)?;
        let warning = self.warning(person, MailWords::of("wallet-added")).await?;
        let (purpose, who) = (WalletPurpose::Add(person).as_code(), person.to_string());
        let added = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            let end = sqlx::query(USE_CHALLENGE).bind(proven.challenge.as_slice());
            let end = end.bind(purpose).bind(&who).bind(now.get());
            if end.fetch_optional(&mut *work).await?.is_none() {
                return Ok(Err(WalletError::ChallengeOver));
            }
            let count = sqlx::query_scalar(COUNT).bind(&who);
            let count: i64 = count.fetch_one(&mut *work).await?;
            if count >= i64::from(MOST_WALLETS) {
                return Ok(Err(WalletError::TooMany));
            }
            let insert = sqlx::query(INSERT).bind(new.id.to_string()).bind(&who);
            let insert = insert.bind(new.tag.as_slice());
            let insert = insert.bind(new.address.as_bytes()).bind(now.get());
            insert.execute(&mut *work).await?;
            note!(work, now, &actor(&who), Act::AddFactor, &who, "wallet");
            tell!(work, warning, now);
            judge_act!(work, self.people, &who, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await);
        match added {
            Ok(added) => added?,
            Err(DatabaseError::Taken(_)) => return Err(WalletError::Known),
            Err(error) => return Err(error.into()),
        }
        self.people.mail_was_added();
        Ok(new.id)
    }

    /// Removes a wallet of the session's person, who is told by mail.
    ///
    /// # Errors
    /// [`PersonError::NotFresh`], [`WalletError::Missing`], [`WalletError::OnlyWay`], and what the database says.
    pub async fn remove(
        &self,
        session: &Session,
        id: WalletId,
        now: UnixMillis,
    ) -> Result<(), WalletError> {
        let person = may_change(session, now)?;
        let warning = self
            .warning(person, MailWords::of("wallet-removed"))
            .await?;
        let (who, name) = (person.to_string(), id.to_string());
        let removed: Result<(), WalletError> = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            let found = sqlx::query_scalar(FIND).bind(&name).bind(&who);
            let found: i64 = found.fetch_one(&mut *work).await?;
            if found == 0 {
                return Ok(Err(WalletError::Missing));
            }
            let remove = sqlx::query(REMOVE).bind(&name).bind(&who);
            if remove.execute(&mut *work).await?.rows_affected() == 0 {
                return Ok(Err(WalletError::OnlyWay));
            }
            note!(work, now, &actor(&who), Act::RemoveFactor, &who, "wallet");
            tell!(work, warning, now);
            judge_act!(work, self.people, &who, Signal::SensitiveAct, now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await)?;
        self.people.mail_was_added();
        removed
    }

    /// The wallets of a person, in the order they were added.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], [`WalletError::Row`], and what the database says.
    pub async fn list(&self, person: PersonId) -> Result<Vec<WalletView>, WalletError> {
        let rows: Vec<ListedWallet> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(OF_PERSON)
                .bind(person.to_string())
                .fetch_all(pool)
                .await
        })?;
        let views = rows.into_iter().map(|row| {
            let key = self.people.key();
            let address = key.open_text(&column(&row.id), row.address)?;
            Ok(WalletView {
                address: address
                    .parse()
                    .map_err(|_| WalletError::Row("an address"))?,
                id: row.id.parse()?,
                made_at: UnixMillis::new(row.made_at),
                used_at: row.used_at.map(UnixMillis::new),
            })
        });
        views.collect()
    }

    /// A new row for an address.
    pub(super) fn row(&self, address: WalletAddress) -> Result<WalletRow, WalletError> {
        let id = WalletId(random_bytes()?);
        let sealed = self
            .people
            .key()
            .seal(&column(&id.to_string()), address.to_string().as_bytes())?;
        Ok(WalletRow {
            id,
            tag: self.address_tag(address),
            address: sealed,
        })
    }

    fn address_tag(&self, address: WalletAddress) -> [u8; 32] {
        self.people
            .key()
            .tag(Domain::LogInWallet, &address.to_bytes())
    }

    async fn warning(&self, person: PersonId, words: MailWords) -> Result<Warning, WalletError> {
        let owner = self.people.find(person).await?;
        let owner = owner.ok_or(PersonError::NoSession)?;
        Ok(self.people.warning(&owner, words)?)
    }
}

fn may_change(session: &Session, now: UnixMillis) -> Result<PersonId, WalletError> {
    session.require_complete()?;
    session.require_fresh(now)?;
    Ok(session.person)
}

fn column(id: &str) -> Column<'_> {
    Column {
        table: "wallet",
        column: "address",
        row: id,
    }
}
