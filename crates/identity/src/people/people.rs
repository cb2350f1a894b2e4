//! The service: everything about people goes through it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use softcap_database::{Database, DatabaseError, on_reader, on_writer, row};
use tokio::sync::Notify;

use super::{
    Domain, EmailAddress, Level, MailLanguage, Person, PersonError, PersonId, PersonalKey, Session,
    address_change::{self, FORGET_CHANGES},
    allowance::{self, Cell, Rate},
    hasher::Hasher,
    outbox::GIVE_UP,
    password::words,
    session::{ABSOLUTE, IDLE},
};
use crate::{
    Act, UnixMillis,
    alerts::{END_FREEZE_CODES, FORGET_FAILED, FORGET_HABITS, SOURCE_WINDOW},
    audit,
    sign_in::{FORGET_ATTEMPTS, FORGET_NEWCOMERS},
    signals::NetworkMap,
    wallets::FORGET_CHALLENGES,
};

/// A network from which nobody came for so long is no known one any more.
const SOURCE_KNOWN: Duration = Duration::from_secs(90 * 86_400);

/// What was usual so long ago is nobody's habit any more.
const HABITS_KEPT: Duration = Duration::from_secs(400 * 86_400);

/// The site on which people sign up, as mails name it.
#[derive(Clone, Debug)]
pub struct Site {
    /// What people call it.
    pub name: String,
    /// `https://sale.example`.
    pub origin: String,
}

impl Site {
    /// The words that everybody would try in a password here.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        words(&self.name).into_iter().chain(words(&self.origin))
    }
}

/// The people of an installation; its tables are those of [`crate::Keys::migrations`]. Cloning is cheap.
#[derive(Clone)]
pub struct People {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    key: PersonalKey,
    site: Site,
    networks: NetworkMap,
    hasher: Hasher,
    /// Told when a mail was added.
    mail: Notify,
    /// Tries beyond a limit that the audit does not know yet.
    limited: AtomicI64,
}

row! {
    struct PersonRow {
        id: String,
        email: Vec<u8>,
        coming: Option<Vec<u8>>,
        made_at: i64,
        password_at: Option<i64>,
        needs_level: String,
        language: String,
    }
}

impl People {
    /// Those of a database, whose personal columns are sealed with this key. Starts the thread that hashes passwords.
    ///
    /// # Errors
    /// [`PersonError::Hash`] when the system gives no thread.
    pub fn open(database: Database, key: PersonalKey, site: Site) -> Result<Self, PersonError> {
        Self::open_with_networks(database, key, site, NetworkMap::default())
    }

    /// As [`People::open`], with the operator's names of networks.
    ///
    /// # Errors
    /// Those of [`People::open`].
    pub fn open_with_networks(
        database: Database,
        key: PersonalKey,
        site: Site,
        networks: NetworkMap,
    ) -> Result<Self, PersonError> {
        let inner = Inner {
            database,
            key,
            site,
            networks,
            hasher: Hasher::start()?,
            mail: Notify::new(),
            limited: AtomicI64::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The person of this id.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], [`PersonError::Row`], and what the database says.
    pub async fn find(&self, id: PersonId) -> Result<Option<Person>, PersonError> {
        const TEXT: &str = "SELECT id, person.email, email_change.email AS coming, made_at, password_at, needs_level, language \
             FROM person LEFT JOIN email_change ON email_change.person = person.id AND due_at IS NOT NULL \
             WHERE id = $1";
        let row: Option<PersonRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)?;
        row.map(|row| self.read(row)).transpose()
    }

    /// The person who has this address. For whoever runs the machine: a caller of the interface is never told.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], [`PersonError::Row`], and what the database says.
    pub async fn find_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<PersonId>, PersonError> {
        let found = self.credentials(&self.email_tag(address)).await?;
        Ok(found.map(|person| person.id))
    }

    fn read(&self, row: PersonRow) -> Result<Person, PersonError> {
        let email = self
            .key()
            .open_text(&Self::column("email", &row.id), row.email)?;
        let coming = row.coming.map(|sealed| {
            let column = address_change::column(&row.id);
            self.key().open_text(&column, sealed)?.parse()
        });
        Ok(Person {
            id: row.id.parse()?,
            email: email.parse()?,
            coming: coming.transpose()?,
            made_at: UnixMillis::new(row.made_at),
            password_at: row.password_at.map(UnixMillis::new),
            needs: Level::from_code(&row.needs_level).ok_or_else(|| Self::damaged(&row.id))?,
            language: MailLanguage::from_code(&row.language).unwrap_or_default(),
        })
    }

    /// From now on mails to the session's person are in this language.
    ///
    /// # Errors
    /// [`PersonError::SecondFactor`], and what the database says.
    pub async fn set_language(
        &self,
        session: &Session,
        language: MailLanguage,
    ) -> Result<(), PersonError> {
        const TEXT: &str = "UPDATE person SET language = $2 WHERE id = $1";
        session.require_complete()?;
        on_writer!(self.database(), |pool| sqlx::query(TEXT)
            .bind(session.person.to_string())
            .bind(language.as_code())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Returns when a mail was added on this node; those of others are found by asking now and then.
    pub async fn wait_for_mail(&self) {
        self.inner.mail.notified().await;
    }

    pub(crate) fn mail_was_added(&self) {
        self.inner.mail.notify_one();
    }

    /// Sweeps what is over (sessions, codes, cells that are full again, networks long unused), and writes down how many
    /// tries were beyond a limit. Nothing depends on when it is done.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tidy(&self, now: UnixMillis) -> Result<(), DatabaseError> {
        let sweeps = [
            ("DELETE FROM session WHERE seen_at <= $1", now.minus(IDLE)),
            (
                "DELETE FROM session WHERE made_at <= $1",
                now.minus(ABSOLUTE),
            ),
            ("DELETE FROM mail_token WHERE expires_at <= $1", now),
            (FORGET_CHANGES, now),
            (END_FREEZE_CODES, now),
            (FORGET_FAILED, now.minus(SOURCE_WINDOW)),
            (FORGET_HABITS, now.minus(HABITS_KEPT)),
            (FORGET_CHALLENGES, now),
            (FORGET_ATTEMPTS, now),
            (FORGET_NEWCOMERS, now),
            // Where nothing sends mail any more, what waits is of no use.
            (
                "DELETE FROM outbox WHERE made_at <= $1",
                now.minus(2 * GIVE_UP),
            ),
            (
                "DELETE FROM known_source WHERE seen_at <= $1",
                now.minus(SOURCE_KNOWN),
            ),
        ];
        for (text, over) in sweeps {
            on_writer!(self.database(), |pool| sqlx::query(text)
                .bind(over.get())
                .execute(pool)
                .await
                .map(drop))?;
        }
        allowance::forget_full(self.database(), now).await?;
        let limited = self.inner.limited.swap(0, Ordering::Relaxed);
        if limited == 0 {
            return Ok(());
        }
        let limit = PersonError::Limited {
            wait: Duration::ZERO,
        };
        let written = self.add_denial("-", limit.code(), limited, now).await;
        if written.is_err() {
            self.inner.limited.fetch_add(limited, Ordering::Relaxed);
        }
        written
    }

    /// Writes down that somebody was not let in.
    pub(crate) async fn note_denial(
        &self,
        subject: &str,
        why: &PersonError,
        now: UnixMillis,
    ) -> Result<(), DatabaseError> {
        self.add_denial(subject, why.code(), 1, now).await
    }

    async fn add_denial(
        &self,
        subject: &str,
        code: &str,
        times: i64,
        now: UnixMillis,
    ) -> Result<(), DatabaseError> {
        on_writer!(self.database(), |pool| sqlx::query(audit::ADD)
            .bind(now.get())
            .bind("-")
            .bind(Act::Deny.as_code())
            .bind(subject)
            .bind(code)
            .bind(times)
            .execute(pool)
            .await
            .map(drop))
    }

    /// The cell of a rate for whatever these bytes name.
    pub(crate) fn cell(&self, rate: Rate, of: &[&[u8]]) -> Cell {
        let mut bytes = rate.name.as_bytes().to_vec();
        // No name has a zero byte.
        bytes.push(0);
        bytes.extend(of.concat());
        Cell {
            rate,
            tag: self.key().tag(Domain::Allowance, &bytes),
        }
    }

    /// Takes one try of a cell; one beyond it is counted for the audit.
    pub(crate) async fn take(&self, cell: &Cell, now: UnixMillis) -> Result<(), PersonError> {
        let taken = cell.take(self.database(), now).await;
        if matches!(taken, Err(PersonError::Limited { .. })) {
            self.inner.limited.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// What an address is found by.
    pub(crate) fn email_tag(&self, email: &EmailAddress) -> [u8; 32] {
        self.key().tag(Domain::Email, email.to_look_up().as_bytes())
    }

    pub(super) fn damaged(row: &str) -> PersonError {
        PersonError::Row {
            table: "person",
            row: row.to_owned(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn key(&self) -> &PersonalKey {
        &self.inner.key
    }

    pub(crate) fn site(&self) -> &Site {
        &self.inner.site
    }

    pub(crate) fn networks(&self) -> &NetworkMap {
        &self.inner.networks
    }

    pub(super) fn hasher(&self) -> &Hasher {
        &self.inner.hasher
    }
}

impl fmt::Debug for People {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("People")
    }
}
