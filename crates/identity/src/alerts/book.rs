//! The alerts of staff: reading them, closing them, and the mails about them.

use softcap_database::{DatabaseError, on_reader, on_writer, row};
use thiserror::Error;

use super::{AlertKind, raise};
use crate::{
    Act, People, PersonError, PersonId, UnixMillis,
    audit::note,
    people::{ADD_MAIL, Text, actor, id_text},
};

/// Alerts whose mails are written in one round.
const ROUND: i64 = 20;

/// Names an alert.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AlertId([u8; 16]);

id_text!(AlertId, AlertError::Missing);

/// What somebody found out about an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was meant to happen.
    Expected,
    /// It was an attack, or a mistake, and is dealt with.
    Handled,
    /// The rule should not have held.
    FalseAlarm,
}

impl Verdict {
    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Handled => "handled",
            Self::FalseAlarm => "false_alarm",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        let all = [Self::Expected, Self::Handled, Self::FalseAlarm];
        all.into_iter().find(|verdict| verdict.as_code() == code)
    }
}

/// Whether somebody looked at an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Nobody did, or it happened again since.
    Open,
    /// Somebody did.
    Closed {
        /// Who.
        by: PersonId,
        /// When.
        at: UnixMillis,
        /// What they found out.
        verdict: Verdict,
    },
}

/// One alert: a rule that held for a subject on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub id: AlertId,
    /// Which rule.
    pub kind: AlertKind,
    /// See [`AlertKind`].
    pub subject: String,
    /// When it first held.
    pub first_at: UnixMillis,
    /// When it last held.
    pub last_at: UnixMillis,
    /// How often it held.
    pub times: i64,
    /// Whether somebody looked at it.
    pub state: AlertState,
    /// The weak signals that made it, by their codes with spaces between; empty for a hard rule.
    pub signals: String,
}

/// An alert was not found or closed.
#[derive(Debug, Error)]
pub enum AlertError {
    /// There is none of this id.
    #[error("A601: there is no alert of this id; read the list again")]
    Missing,
    /// Somebody closed it.
    #[error("A602: the alert is closed already")]
    Closed,
    /// What names a person.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl AlertError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "A601",
            Self::Closed => "A602",
            Self::Person(error) => error.code(),
            Self::Database(_) => "A499",
        }
    }
}

row! {
    struct AlertRow {
        id: String,
        kind: String,
        subject: String,
        first_at: i64,
        last_at: i64,
        times: i64,
        state: String,
        closed_by: Option<String>,
        closed_at: Option<i64>,
        note: Option<String>,
        signals: String,
    }
}

impl AlertRow {
    fn read(self) -> Result<Alert, AlertError> {
        let damaged = || DatabaseError::Damaged(format!("alert {}", self.id));
        let closed = || {
            Some(AlertState::Closed {
                by: self.closed_by.as_deref()?.parse().ok()?,
                at: UnixMillis::new(self.closed_at?),
                verdict: Verdict::from_code(self.note.as_deref()?)?,
            })
        };
        let state = match self.state.as_str() {
            "open" => Some(AlertState::Open),
            "closed" => closed(),
            _ => None,
        };
        Ok(Alert {
            id: self.id.parse()?,
            kind: AlertKind::from_code(&self.kind).ok_or_else(damaged)?,
            state: state.ok_or_else(damaged)?,
            first_at: UnixMillis::new(self.first_at),
            last_at: UnixMillis::new(self.last_at),
            times: self.times,
            signals: self.signals,
            subject: self.subject,
        })
    }
}

/// The alerts of an installation. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Alerts {
    people: People,
}

impl Alerts {
    /// Those of a database, whose owners are these people.
    #[must_use]
    pub const fn new(people: People) -> Self {
        Self { people }
    }

    /// Alerts, the latest first: those that are open, or all.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list(&self, only_open: bool, most: u32) -> Result<Vec<Alert>, AlertError> {
        const OPEN: &str =
            "SELECT * FROM alert WHERE state = 'open' ORDER BY last_at DESC, id LIMIT $1";
        const ALL: &str = "SELECT * FROM alert ORDER BY last_at DESC, id LIMIT $1";
        let text = if only_open { OPEN } else { ALL };
        let rows: Vec<AlertRow> = on_reader!(self.people.database(), |pool| sqlx::query_as(text)
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(AlertRow::read).collect()
    }

    /// One alert.
    ///
    /// # Errors
    /// [`AlertError::Missing`], and what the database says.
    pub async fn find(&self, id: AlertId) -> Result<Alert, AlertError> {
        const TEXT: &str = "SELECT * FROM alert WHERE id = $1";
        let row: Option<AlertRow> = on_reader!(self.people.database(), |pool| {
            let find = sqlx::query_as(TEXT).bind(id.to_string());
            find.fetch_optional(pool).await
        })?;
        row.ok_or(AlertError::Missing)?.read()
    }

    /// Raises an alert of something that does not end: once for its subject, and not each day. Whether it was new.
    ///
    /// # Errors
    /// What the database says.
    pub async fn raise_once(
        &self,
        kind: AlertKind,
        subject: &str,
        now: UnixMillis,
    ) -> Result<bool, AlertError> {
        const COUNT: &str = "SELECT COUNT(*) FROM alert WHERE kind = $1 AND subject = $2";
        let is_new = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let count = sqlx::query_scalar(COUNT).bind(kind.as_code()).bind(subject);
            let count: i64 = count.fetch_one(&mut *work).await?;
            if count == 0 {
                raise!(work, kind, subject, now);
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(count == 0)
        }
        .await)?;
        Ok(is_new)
    }

    /// Alerts of which no program was told yet, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn uncalled(&self, most: u32) -> Result<Vec<Alert>, AlertError> {
        const TEXT: &str =
            "SELECT * FROM alert WHERE called_at IS NULL ORDER BY first_at, id LIMIT $1";
        let rows: Vec<AlertRow> = on_reader!(self.people.database(), |pool| {
            sqlx::query_as(TEXT)
                .bind(i64::from(most))
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(AlertRow::read).collect()
    }

    /// The message about an alert is stored.
    ///
    /// # Errors
    /// What the database says; then the message is stored again, and sent once.
    pub async fn is_called(&self, id: AlertId, now: UnixMillis) -> Result<(), AlertError> {
        const TEXT: &str = "UPDATE alert SET called_at = $2 WHERE id = $1";
        on_writer!(self.people.database(), |pool| {
            let mark = sqlx::query(TEXT).bind(id.to_string()).bind(now.get());
            mark.execute(pool).await.map(drop)
        })?;
        Ok(())
    }

    /// Says what was found out about an alert. If it happens again on its day, it is open again.
    ///
    /// # Errors
    /// [`AlertError::Missing`], [`AlertError::Closed`], and what the database says.
    pub async fn close(
        &self,
        by: PersonId,
        id: AlertId,
        verdict: Verdict,
        now: UnixMillis,
    ) -> Result<Alert, AlertError> {
        const CLOSE: &str = "UPDATE alert SET state = 'closed', closed_by = $2, closed_at = $3, note = $4 \
             WHERE id = $1 AND state = 'open' RETURNING *";
        const FIND: &str = "SELECT COUNT(*) FROM alert WHERE id = $1";
        let (row, who, code) = (id.to_string(), by.to_string(), verdict.as_code());
        let closed: Result<AlertRow, i64> = on_writer!(self.people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let close = sqlx::query_as(CLOSE).bind(&row).bind(&who);
            let close = close.bind(now.get()).bind(code);
            let closed: Option<AlertRow> = close.fetch_optional(&mut *work).await?;
            let Some(closed) = closed else {
                let found: i64 = sqlx::query_scalar(FIND)
                    .bind(&row)
                    .fetch_one(&mut *work)
                    .await?;
                return Ok(Err(found));
            };
            note!(work, now, &actor(&who), Act::CloseAlert, &row, code);
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(closed))
        }
        .await)?;
        match closed {
            Ok(row) => row.read(),
            Err(0) => Err(AlertError::Missing),
            Err(_) => Err(AlertError::Closed),
        }
    }

    /// Writes the mails about new alerts to all owners of the organisation: one for each alert and owner, whichever node
    /// does it. Where there is no owner yet, they wait for one. Gives of how many alerts somebody was told.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], and what the database says.
    pub async fn deliver(&self, now: UnixMillis) -> Result<usize, AlertError> {
        const NEW: &str =
            "SELECT * FROM alert WHERE told_at IS NULL ORDER BY first_at, id LIMIT $1";
        const OWNERS: &str = "SELECT person FROM role_grant WHERE role = 'owner' AND place = '*'";
        const TOLD: &str = "UPDATE alert SET told_at = $2 WHERE id = $1 AND told_at IS NULL";
        let database = self.people.database();
        let new: Vec<AlertRow> = on_reader!(database, |pool| sqlx::query_as(NEW)
            .bind(ROUND)
            .fetch_all(pool)
            .await)?;
        if new.is_empty() {
            return Ok(0);
        }
        let ids: Vec<String> = on_reader!(database, |pool| sqlx::query_scalar(OWNERS)
            .fetch_all(pool)
            .await)?;
        let mut owners = Vec::new();
        for id in ids {
            owners.extend(self.people.find(id.parse()?).await?);
        }
        if owners.is_empty() {
            return Ok(0);
        }
        let mut told = 0;
        for row in new {
            let alert = row.read()?;
            let site = self.people.site();
            let mails = owners
                .iter()
                .map(|owner| {
                    let text = Text::alert(site, owner.language, &alert);
                    self.people
                        .seal_mail(&owner.email, &text.subject, &text.body)
                })
                .collect::<Result<Vec<_>, _>>()?;
            let id = alert.id.to_string();
            told += on_writer!(database, |pool| async {
                let mut work = pool.begin().await?;
                let mark = sqlx::query(TOLD).bind(&id).bind(now.get());
                // Another node was faster.
                if mark.execute(&mut *work).await?.rows_affected() == 0 {
                    return Ok(0);
                }
                for mail in &mails {
                    let add = sqlx::query(ADD_MAIL).bind(&mail.id).bind(&mail.recipient);
                    let add = add.bind(&mail.message).bind(now.get());
                    add.execute(&mut *work).await?;
                }
                work.commit().await?;
                Ok::<_, sqlx::Error>(1)
            }
            .await)?;
        }
        if told > 0 {
            self.people.mail_was_added();
        }
        Ok(told)
    }
}
