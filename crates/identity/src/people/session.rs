//! Sessions: a secret in a cookie, of which a keyed hash is stored.
//!
//! Every request asks the database, so that a session that was ended on one node is dead on all of them at the next
//! request. Ends are decided by the times of the row; [`People::tidy`] only sweeps.

use std::{fmt, net::IpAddr, time::Duration};

use softcap_database::{on_reader, on_writer, row};

use super::{
    Column, Domain, Level, People, PersonError, PersonId, SecretText,
    mail_token::network,
    random_id::{id_text, random_bytes},
    sign_up::{KNOW_SOURCE, actor},
};
use crate::{
    Act, UnixMillis,
    alerts::{judge_login, path_bytes, read_path, tell},
    audit::note,
    signals::SessionPath,
};

/// Without a request for so long, a session is over (ASVS V7.3.1).
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// After so long it is over whatever happens (ASVS V7.3.2).
pub const ABSOLUTE: Duration = Duration::from_secs(12 * 3_600);
/// For so long after a factor was shown, acts are done that need a fresh one.
pub const FRESH: Duration = Duration::from_secs(10 * 60);
/// A request is written down once in this time.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Characters of a device's own words that are kept.
const LONGEST_DEVICE: usize = 200;
const TABLE: &str = "session";

/// Ends all sessions of a person.
pub(crate) const END_ALL: &str = "DELETE FROM session WHERE person = $1";
/// Ends those of a person but one: person, the id of that one.
pub(super) const END_OTHERS: &str = "DELETE FROM session WHERE person = $1 AND id <> $2";
/// Holds a session that is still there until the end of a transaction: its tag.
pub(crate) const STANDS: &str = "UPDATE session SET seen_at = seen_at WHERE tag = $1";
/// Gives a session a new secret: old tag, new tag, now, level.
pub(crate) const ROTATE: &str = "UPDATE session SET tag = $2, fresh_at = $3, seen_at = $3, level = $4 \
     WHERE tag = $1 RETURNING id";

/// Names a session in lists; no secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId([u8; 16]);

id_text!(SessionId, PersonError::NoSuchSession);

/// Who is at the other end, for the list of sessions.
#[derive(Clone)]
pub struct Device {
    /// From where.
    pub address: IpAddr,
    words: String,
}

impl Device {
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// What it says of itself (`User-Agent`), of which 200 characters are kept and no control characters.
    #[must_use]
    pub fn new(address: IpAddr, words: &str) -> Self {
        let words = words.chars().filter(|character| !character.is_control());
        Self {
            address,
            words: words.take(LONGEST_DEVICE).collect(),
        }
    }
}

/// Personal, so nothing of it.
impl fmt::Debug for Device {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Device(..)")
    }
}

/// A live session, as a request meets it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// When it began.
    pub made_at: UnixMillis,
    /// When a factor was last shown in it.
    pub fresh_at: UnixMillis,
    /// The factors that were shown in it.
    pub level: Level,
    /// The factors that must have been shown before it may do anything.
    pub needs: Level,
    /// Whether its person may add a factor without showing one, see [`crate::Factors::confirm_enrolment`].
    pub enrols: bool,
    pub(crate) tag: [u8; 32],
    /// From where it was used, unless it began before that was written down.
    pub(crate) path: Option<SessionPath>,
}

impl Session {
    /// Refuses a session in which the second factor, that its person has, was not shown yet.
    ///
    /// # Errors
    /// [`PersonError::SecondFactor`].
    pub fn require_complete(&self) -> Result<(), PersonError> {
        if self.level >= self.needs {
            Ok(())
        } else {
            Err(PersonError::SecondFactor)
        }
    }

    /// Refuses a session in which no factor was shown in the last ten minutes.
    ///
    /// # Errors
    /// [`PersonError::NotFresh`].
    pub fn require_fresh(&self, now: UnixMillis) -> Result<(), PersonError> {
        if now < self.fresh_until() {
            Ok(())
        } else {
            Err(PersonError::NotFresh)
        }
    }

    /// Until when it is fresh, if no factor is shown again.
    #[must_use]
    pub fn fresh_until(&self) -> UnixMillis {
        self.fresh_at.plus(FRESH)
    }
}

/// A session in the list of its person.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// Its name.
    pub id: SessionId,
    /// When it began.
    pub made_at: UnixMillis,
    /// Its last request, a minute old at most.
    pub seen_at: UnixMillis,
    /// The factors that were shown in it.
    pub level: Level,
    /// What its device says of itself.
    pub device: String,
    /// From where it began.
    pub address: String,
}

/// A session that is to begin.
#[derive(Clone, Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) person: PersonId,
    pub(crate) level: Level,
    pub(crate) device: &'a Device,
    /// The session of the same browser that it takes the place of.
    pub(crate) replaces: Option<&'a SecretText>,
    /// When a factor was shown: it is fresh from then on.
    pub(crate) shown_at: UnixMillis,
}

row! {
    struct SessionRow {
        id: String,
        person: String,
        made_at: i64,
        seen_at: i64,
        fresh_at: i64,
        level: String,
        needs_level: String,
        enrols: i64,
        path: Option<Vec<u8>>,
    }
}

row! {
    struct ListedRow {
        id: String,
        made_at: i64,
        seen_at: i64,
        level: String,
        device: Vec<u8>,
        address: Vec<u8>,
    }
}

impl People {
    /// The live session of this secret. Its use is written down at most once a minute.
    ///
    /// # Errors
    /// [`PersonError::NoSession`] when there is none, it was ended or it is over; what the database says.
    pub async fn session(&self, secret: &str, now: UnixMillis) -> Result<Session, PersonError> {
        const FIND: &str = "SELECT session.id, person, session.made_at, seen_at, fresh_at, level, needs_level, enrols, path \
             FROM session JOIN person ON person.id = session.person \
             WHERE tag = $1 AND disabled_at IS NULL";
        const SEEN: &str = "UPDATE session SET seen_at = $2 WHERE tag = $1 AND seen_at < $2";
        let secret = SecretText::parse(secret).ok_or(PersonError::NoSession)?;
        let tag = self.session_tag(&secret);
        let row: Option<SessionRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .fetch_optional(pool)
            .await)?;
        let row = row.ok_or(PersonError::NoSession)?;
        let (made_at, seen_at) = (UnixMillis::new(row.made_at), UnixMillis::new(row.seen_at));
        if now >= seen_at.plus(IDLE) || now >= made_at.plus(ABSOLUTE) {
            return Err(PersonError::NoSession);
        }
        if now >= seen_at.plus(SEEN_EVERY) {
            on_writer!(self.database(), |pool| sqlx::query(SEEN)
                .bind(tag.as_slice())
                .bind(now.get())
                .execute(pool)
                .await
                .map(drop))?;
        }
        Ok(Session {
            id: row.id.parse()?,
            person: row.person.parse()?,
            made_at,
            fresh_at: UnixMillis::new(row.fresh_at),
            level: level(&row.id, &row.level)?,
            needs: level(&row.id, &row.needs_level)?,
            enrols: row.enrols != 0,
            tag,
            path: read_path(row.path.as_deref()),
        })
    }

    /// Begins a session, and writes down that it did. Its source is known from now on; a new one is told by mail to who
    /// logged in before.
    ///
    /// # Errors
    /// [`PersonError::WrongPassword`] for a person who is disabled, as if there were none; [`PersonError::Frozen`], and
    /// what the database says.
    pub(crate) async fn begin(
        &self,
        beginning: &Beginning<'_>,
        now: UnixMillis,
    ) -> Result<(SecretText, SessionId), PersonError> {
        const ADD: &str = "INSERT INTO session \
             (id, person, tag, made_at, seen_at, fresh_at, level, device, address, path) \
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)";
        const END: &str = "DELETE FROM session WHERE tag = $1 RETURNING id, person";
        const COUNT: &str = "UPDATE person SET logins = logins + 1 \
             WHERE id = $1 AND disabled_at IS NULL RETURNING logins, frozen_at";
        const SEEN_AGAIN: &str =
            "UPDATE known_source SET seen_at = $3 WHERE person = $1 AND source_tag = $2";
        let (id, secret) = (SessionId(random_bytes()?), SecretText::random()?);
        let (row, who) = (id.to_string(), beginning.person.to_string());
        let address = beginning.device.address;
        let sealed = |name, text: &str| self.key().seal(&column(name, &row), text.as_bytes());
        let device = sealed("device", &beginning.device.words)?;
        let from = sealed("address", &address.to_canonical().to_string())?;
        let replaced = beginning.replaces.map(|secret| self.session_tag(secret));
        let source = self.source_tag(beginning.person, address);
        let tag = self.session_tag(&secret);
        let origin = self.origin(beginning.device);
        let network = self.key().tag(Domain::Source, &network(address));
        let warning = self.warning_of_place(beginning.person, address).await?;
        let begun = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            // Under the lock of this row, so that a freeze at the same time ends this session, or keeps it from beginning.
            let counted: Option<(i64, Option<i64>)> = sqlx::query_as(COUNT)
                .bind(&who)
                .fetch_optional(&mut *work)
                .await?;
            let logins = match counted {
                Some((logins, None)) => logins,
                Some((_, Some(_))) => return Ok(Err(PersonError::Frozen)),
                None => return Ok(Err(PersonError::WrongPassword)),
            };
            if let Some(replaced) = &replaced {
                let end = sqlx::query_as(END).bind(replaced.as_slice());
                let ended: Option<(String, String)> = end.fetch_optional(&mut *work).await?;
                if let Some((id, owner)) = &ended {
                    note!(work, now, &actor(&who), Act::EndSession, owner, id);
                }
            }
            let add = sqlx::query(ADD).bind(&row).bind(&who).bind(tag.as_slice());
            let add = add.bind(now.get()).bind(beginning.shown_at.get());
            let add = add.bind(beginning.level.as_code());
            let add = add.bind(device.as_bytes()).bind(from.as_bytes());
            let add = add.bind(path_bytes(&SessionPath::new(&origin, now)));
            add.execute(&mut *work).await?;
            let known = sqlx::query(SEEN_AGAIN).bind(&who);
            let known = known.bind(source.as_slice()).bind(now.get());
            let is_new = known.execute(&mut *work).await?.rows_affected() == 0;
            if is_new {
                let know = sqlx::query(KNOW_SOURCE).bind(&who);
                let know = know.bind(source.as_slice()).bind(now.get());
                know.execute(&mut *work).await?;
            }
            let is_told = is_new && logins > 1;
            if is_told {
                tell!(work, warning, now);
            }
            note!(work, now, &actor(&who), Act::LogIn, &who, &row);
            judge_login!(work, self, (&who, &network, &origin), now);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(is_told))
        }
        .await)?;
        match begun {
            Ok(true) => self.mail_was_added(),
            Ok(false) => {}
            Err(refused) => {
                self.note_denial(&who, &refused, now).await?;
                return Err(refused);
            }
        }
        Ok((secret, id))
    }

    /// Gives a session in which a factor was shown a new secret; the old one is dead. It is fresh now.
    ///
    /// # Errors
    /// [`PersonError::NoSession`] when it was ended meanwhile, or had another secret by now; what the database says.
    pub(crate) async fn raise(
        &self,
        session: &Session,
        level: Level,
        now: UnixMillis,
    ) -> Result<SecretText, PersonError> {
        let secret = SecretText::random()?;
        let tag = self.session_tag(&secret);
        let who = session.person.to_string();
        let id: Option<String> = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let rotate = sqlx::query_scalar(ROTATE).bind(session.tag.as_slice());
            let rotate = rotate.bind(tag.as_slice()).bind(now.get());
            let id: Option<String> = rotate
                .bind(level.as_code())
                .fetch_optional(&mut *work)
                .await?;
            if let Some(id) = &id {
                note!(work, now, &actor(&who), Act::StepUp, &who, id);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(id)
        }
        .await)?;
        id.map(|_| secret).ok_or(PersonError::NoSession)
    }

    /// The live sessions of a person, oldest first.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], and what the database says.
    pub async fn sessions(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Vec<ListedSession>, PersonError> {
        const TEXT: &str = "SELECT id, made_at, seen_at, level, device, address FROM session \
             WHERE person = $1 AND seen_at > $2 AND made_at > $3 ORDER BY made_at, id";
        let rows: Vec<ListedRow> = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(person.to_string())
            .bind(now.minus(IDLE).get())
            .bind(now.minus(ABSOLUTE).get())
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(|row| self.listed(row)).collect()
    }

    fn listed(&self, row: ListedRow) -> Result<ListedSession, PersonError> {
        let open = |name, sealed| self.key().open_text(&column(name, &row.id), sealed);
        Ok(ListedSession {
            id: row.id.parse()?,
            made_at: UnixMillis::new(row.made_at),
            seen_at: UnixMillis::new(row.seen_at),
            level: level(&row.id, &row.level)?,
            device: open("device", row.device)?.to_string(),
            address: open("address", row.address)?.to_string(),
        })
    }

    /// Ends one session of a person, this one or another.
    ///
    /// # Errors
    /// [`PersonError::NoSuchSession`] when the person has none of this name; what the database says.
    pub async fn end_session(
        &self,
        person: PersonId,
        id: SessionId,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        const TEXT: &str = "DELETE FROM session WHERE person = $1 AND id = $2";
        let (who, row) = (person.to_string(), id.to_string());
        let ended = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(TEXT).bind(&who).bind(&row);
            let ended = end.execute(&mut *work).await?.rows_affected();
            if ended > 0 {
                note!(work, now, &actor(&who), Act::EndSession, &who, &row);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(ended)
        }
        .await)?;
        if ended > 0 {
            Ok(())
        } else {
            Err(PersonError::NoSuchSession)
        }
    }

    /// Ends all sessions of a person but this one. Gives how many there were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_others(&self, session: &Session, now: UnixMillis) -> Result<u64, PersonError> {
        let (who, row) = (session.person.to_string(), session.id.to_string());
        let ended = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let end = sqlx::query(END_OTHERS).bind(&who).bind(&row);
            let ended = end.execute(&mut *work).await?.rows_affected();
            if ended > 0 {
                note!(work, now, &actor(&who), Act::EndSession, &who, "others");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(ended)
        }
        .await)?;
        Ok(ended)
    }

    pub(crate) fn session_tag(&self, secret: &SecretText) -> [u8; 32] {
        self.key().tag(Domain::Session, secret.reveal().as_bytes())
    }
}

fn column<'a>(column: &'static str, row: &'a str) -> Column<'a> {
    Column {
        table: TABLE,
        column,
        row,
    }
}

fn level(row: &str, code: &str) -> Result<Level, PersonError> {
    Level::from_code(code).ok_or_else(|| PersonError::Row {
        table: TABLE,
        row: row.to_owned(),
    })
}
