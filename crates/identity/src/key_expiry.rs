//! Mails about keys that are about to expire: a week before, and a day before.

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};

use crate::{
    People, PersonError, PersonId, UnixMillis,
    people::{ADD_MAIL, MailWords, Text},
};

const DAY: Duration = Duration::from_secs(86_400);
/// Days before the end, and how long a key must have lived for that to be news: twice as long.
const NOTICES: [u32; 2] = [7, 1];
/// Keys of one round.
const ROUND: i64 = 50;

row! {
    struct ExpiringRow {
        id: String,
        label: String,
        created_by: String,
        expires_at: i64,
    }
}

impl People {
    /// Writes the mails about keys that end within a week, and again within a day: to the person who made the key, or to all
    /// owners where a program or an operator did. Each is written once, whichever node does it. A key that was replaced or
    /// revoked is nobody's news. Gives how many keys somebody was told of.
    ///
    /// # Errors
    /// [`PersonError::Sealed`], and what the database says.
    pub async fn tell_of_expiry(&self, now: UnixMillis) -> Result<usize, PersonError> {
        let mut told = 0;
        // The shorter one first: who is told of a day needs no word of a week.
        for days in NOTICES.into_iter().rev() {
            for key in self.expiring(days, now).await? {
                told += self.tell_one(&key, days, now).await?;
            }
        }
        if told > 0 {
            self.mail_was_added();
        }
        Ok(told)
    }

    async fn expiring(&self, days: u32, now: UnixMillis) -> Result<Vec<ExpiringRow>, PersonError> {
        const TEXT: &str = "SELECT id, label, created_by, expires_at FROM api_key \
             WHERE expires_at > $1 AND expires_at <= $2 AND revoked_at IS NULL \
             AND replaced_by IS NULL AND expires_at - created_at >= $3 \
             AND (expiry_told IS NULL OR expiry_told > $4) ORDER BY expires_at, id LIMIT $5";
        let span = DAY * days;
        let life = i64::try_from((2 * span).as_millis()).unwrap_or(i64::MAX);
        let rows = on_reader!(self.database(), |pool| sqlx::query_as(TEXT)
            .bind(now.get())
            .bind(now.plus(span).get())
            .bind(life)
            .bind(i64::from(days))
            .bind(ROUND)
            .fetch_all(pool)
            .await)?;
        Ok(rows)
    }

    async fn tell_one(
        &self,
        key: &ExpiringRow,
        days: u32,
        now: UnixMillis,
    ) -> Result<usize, PersonError> {
        const TOLD: &str = "UPDATE api_key SET expiry_told = $2 \
             WHERE id = $1 AND (expiry_told IS NULL OR expiry_told > $2)";
        let mut mails = Vec::new();
        for person in self.who_is_told(&key.created_by).await? {
            let Some(found) = self.find(person).await? else {
                continue;
            };
            let words = MailWords::of("key-expires")
                .with("label", key.label.as_str())
                .with_count("days", u64::from(days));
            let text = Text::with_code(self.site(), found.language, words, &key.id);
            mails.push(self.seal_mail(&found.email, &text.subject, &text.body)?);
        }
        if mails.is_empty() {
            // Nobody owns the organisation yet; whoever does later is told then.
            return Ok(0);
        }
        let told = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let mark = sqlx::query(TOLD).bind(&key.id).bind(i64::from(days));
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
        Ok(told)
    }

    /// The person who made a key, or all owners.
    async fn who_is_told(&self, created_by: &str) -> Result<Vec<PersonId>, PersonError> {
        const OWNERS: &str = "SELECT person FROM role_grant WHERE role = 'owner' AND place = '*'";
        if let Some(person) = created_by.strip_prefix("person:") {
            return Ok(vec![person.parse()?]);
        }
        let owners: Vec<String> = on_reader!(self.database(), |pool| sqlx::query_scalar(OWNERS)
            .fetch_all(pool)
            .await)?;
        owners.iter().map(|owner| owner.parse()).collect()
    }
}
