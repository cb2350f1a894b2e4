//! "This was not me": one code ends everything that acts in a person's name.
//!
//! Whoever has the code can shut the person out, and nothing more; the person comes back with a new password, which
//! needs their mail, and with their second factor, which stays.

use softcap_database::{on_reader, on_writer, row};

use crate::{
    Act, AlertKind, People, PersonError, PersonId, SecretText, UnixMillis,
    alerts::raise,
    audit::note,
    factors::END_RESET,
    oauth::END_GRANTS,
    people::{ADD_MAIL, END_ADDRESS_CHANGE, END_SESSIONS, MailWords, Text, actor},
    records::NEXT_CHANGE,
};

row! {
    struct CodeRow {
        person: String,
    }
}

/// What a freeze ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Whose.
    pub person: PersonId,
    /// Sessions.
    pub sessions: u64,
    /// Keys that the person made, and those that were made with them.
    pub keys: u64,
}

/// What gives the right to freeze somebody.
enum Means {
    /// The keyed hash of a code of a mail to them.
    Code([u8; 32]),
    /// The role of an owner.
    Owner(PersonId),
}

const FIND: &str = "SELECT person FROM freeze_code WHERE tag = $1 AND expires_at > $2";
/// Of requests at the same time one gets the row.
const USE: &str = "DELETE FROM freeze_code WHERE tag = $1 AND expires_at > $2 RETURNING person";
const END_CODES: &str = "DELETE FROM freeze_code WHERE person = $1";
/// Comes first: a login that is under way holds this row, and its session is there then.
const FREEZE: &str = "UPDATE person SET frozen_at = $2 WHERE id = $1";
/// A removal that was begun may not be the person's own.
const KEEP_FACTORS: &str = "DELETE FROM factor_removal WHERE person = $1";
/// Revokes the keys that a person made, and those that were made with them: actor, now, number of the change.
pub(crate) const REVOKE_KEYS: &str = "UPDATE api_key SET revoked_at = $2, changed = $3 \
     WHERE revoked_at IS NULL AND id IN (WITH RECURSIVE line (id) AS \
     (SELECT id FROM api_key WHERE created_by = $1 UNION \
     SELECT minted.id FROM api_key AS minted JOIN line ON minted.minted_by = line.id) \
     SELECT id FROM line) RETURNING id";

impl People {
    /// Somebody who has a code of a warning says that it was not them: all sessions of the person end, the keys that
    /// they made are revoked with those that were made with them, removals and a reset of factors and a change of the address
    /// that were begun are ended,
    /// and nobody logs in until a new password was set by mail. Other nodes see the sessions' end at the next request; the
    /// keys' when they next ask for changes, for which [`crate::Keys::refresh`] is there.
    ///
    /// # Errors
    /// [`PersonError::Code`] when the code is unknown, used or over; what the database says.
    pub async fn freeze(&self, code: &str, now: UnixMillis) -> Result<Frozen, PersonError> {
        let code = SecretText::parse(code.trim()).ok_or(PersonError::Code)?;
        let tag = self.freeze_tag(&code);
        let found: Option<CodeRow> = on_reader!(self.database(), |pool| sqlx::query_as(FIND)
            .bind(tag.as_slice())
            .bind(now.get())
            .fetch_optional(pool)
            .await)?;
        let who = found.ok_or(PersonError::Code)?.person;
        let id: PersonId = who.parse()?;
        self.stop_person(id, Means::Code(tag), now).await
    }

    /// As [`People::freeze`], by an owner who looks at an alert about the person.
    ///
    /// # Errors
    /// [`PersonError::NoSession`] when there is no such person; what the database says.
    pub async fn freeze_by(
        &self,
        by: PersonId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Frozen, PersonError> {
        self.stop_person(person, Means::Owner(by), now).await
    }

    async fn stop_person(
        &self,
        id: PersonId,
        means: Means,
        now: UnixMillis,
    ) -> Result<Frozen, PersonError> {
        let refused = || match means {
            Means::Code(_) => PersonError::Code,
            Means::Owner(_) => PersonError::NoSession,
        };
        let who = id.to_string();
        let person = self.find(id).await?.ok_or_else(refused)?;
        let words = MailWords::of("frozen");
        let text = Text::of(self.site(), person.language, words);
        let mail = self.seal_mail(&person.email, &text.subject, &text.body)?;
        let maker = actor(&who);
        let stopper = match means {
            Means::Code(_) => maker.clone(),
            Means::Owner(by) => actor(&by.to_string()),
        };
        let ended = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let freeze = sqlx::query(FREEZE).bind(&who).bind(now.get());
            freeze.execute(&mut *work).await?;
            if let Means::Code(tag) = &means {
                let used = sqlx::query_as(USE).bind(tag.as_slice()).bind(now.get());
                let used: Option<CodeRow> = used.fetch_optional(&mut *work).await?;
                if used.is_none() {
                    // Nothing is committed, so nobody is frozen.
                    return Ok(None);
                }
            }
            let mut ended = [0; 5];
            for (text, count) in [
                END_SESSIONS,
                END_CODES,
                KEEP_FACTORS,
                END_ADDRESS_CHANGE,
                END_RESET,
            ]
            .into_iter()
            .zip(&mut ended)
            {
                let end = sqlx::query(text).bind(&who).execute(&mut *work).await?;
                *count = end.rows_affected();
            }
            // A grant that was given in their name may be another's doing, as a key may.
            let end = sqlx::query(END_GRANTS).bind(&who).bind(now.get());
            end.execute(&mut *work).await?;
            let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
                .fetch_one(&mut *work)
                .await?;
            let revoke = sqlx::query_scalar(REVOKE_KEYS).bind(&maker).bind(now.get());
            let keys: Vec<String> = revoke.bind(change).fetch_all(&mut *work).await?;
            note!(work, now, &stopper, Act::Freeze, &who, "");
            raise!(work, AlertKind::PersonFrozen, &who, now);
            for key in &keys {
                note!(work, now, &stopper, Act::Revoke, key, "freeze");
            }
            sqlx::query(ADD_MAIL)
                .bind(&mail.id)
                .bind(&mail.recipient)
                .bind(&mail.message)
                .bind(now.get())
                .execute(&mut *work)
                .await?;
            work.commit().await?;
            let [sessions, ..] = ended;
            Ok::<_, sqlx::Error>(Some((sessions, keys.len())))
        }
        .await)?;
        let (sessions, keys) = ended.ok_or_else(refused)?;
        self.mail_was_added();
        Ok(Frozen {
            person: id,
            sessions,
            keys: u64::try_from(keys).unwrap_or(u64::MAX),
        })
    }
}
