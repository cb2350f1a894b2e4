//! Mails about what a record says: they and the place up to which it was told move in one transaction, so that a stop at any
//! instruction neither skips a mail nor makes a second one, and of several nodes one tells.

use softcap_database::{DatabaseError, on_reader, on_writer};

use super::{
    Column, EmailAddress, People, PersonError, SealedMail, mail_text::Text, outbox::TABLE,
};
use crate::UnixMillis;

const FIND: &str = "SELECT place FROM told WHERE what = $1";
const BEGIN: &str = "INSERT INTO told (what, place) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const MOVE: &str = "UPDATE told SET place = $3 WHERE what = $1 AND place = $2";
const ADD: &str = "INSERT INTO outbox (id, recipient, message, unsubscribe, made_at, due_at, tries) \
     VALUES ($1, $2, $3, $4, $5, $5, 0)";

/// A step on the way through something that is told.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// What is told.
    pub what: &'a str,
    /// Where it was; empty before the first step.
    pub from: &'a str,
    /// Where it is then.
    pub to: &'a str,
    /// What begins to be told with this step, and where.
    pub begins: Option<(&'a str, &'a str)>,
}

/// A mail about what a record says, which its reader can end.
#[derive(Debug)]
pub struct Notice {
    /// To whom.
    pub recipient: EmailAddress,
    /// What it is about, one line; the name of the site comes before it.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// Where mails of its kind are ended by one click.
    pub unsubscribe: String,
}

impl People {
    /// How far something was told; empty before the first step.
    ///
    /// # Errors
    /// What the database says.
    pub async fn told(&self, what: &str) -> Result<String, DatabaseError> {
        let place: Option<String> = on_reader!(self.database(), |pool| sqlx::query_scalar(FIND)
            .bind(what)
            .fetch_optional(pool)
            .await)?;
        Ok(place.unwrap_or_default())
    }

    /// Takes a step with its mails. Not if it is not where it was thought to be: another node was faster.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], and what the database says.
    pub async fn tell(
        &self,
        step: &Telling<'_>,
        notices: &[Notice],
        now: UnixMillis,
    ) -> Result<bool, PersonError> {
        let mails = notices
            .iter()
            .map(|notice| self.seal_notice(notice))
            .collect::<Result<Vec<_>, _>>()?;
        let is_done = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            if step.from.is_empty() {
                let begin = sqlx::query(BEGIN).bind(step.what).bind("");
                begin.execute(&mut *work).await?;
            }
            let moved = sqlx::query(MOVE).bind(step.what).bind(step.from);
            let moved = moved.bind(step.to).execute(&mut *work).await?;
            if moved.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some((what, place)) = step.begins {
                let begin = sqlx::query(BEGIN).bind(what).bind(place);
                begin.execute(&mut *work).await?;
            }
            for (mail, unsubscribe) in &mails {
                let add = sqlx::query(ADD).bind(&mail.id).bind(&mail.recipient);
                let add = add.bind(&mail.message).bind(unsubscribe).bind(now.get());
                add.execute(&mut *work).await?;
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        if is_done && !mails.is_empty() {
            self.mail_was_added();
        }
        Ok(is_done)
    }

    fn seal_notice(&self, notice: &Notice) -> Result<(SealedMail, Vec<u8>), PersonError> {
        let text = Text::new(self.site(), &notice.subject, notice.body.clone());
        let mail = self.seal_mail(&notice.recipient, &text.subject, &text.body)?;
        let column = Column {
            table: TABLE,
            column: "unsubscribe",
            row: &mail.id,
        };
        let unsubscribe = self.key().seal(&column, notice.unsubscribe.as_bytes())?;
        Ok((mail, unsubscribe.into_bytes()))
    }
}
