//! Changes of addresses whose time has come: done once, by whichever node looks first. A stop in the middle leaves them for
//! the next look.

use softcap_database::{on_reader, on_writer, row};

use super::{
    AddressChanges, MailWords, People, PersonError, actor,
    address_change::{END_CODES_OF, column},
};
use crate::{Act, UnixMillis, alerts::tell, audit::note};

/// Changes that are done in one round.
const ROUND: i64 = 100;

row! {
    struct DueRow {
        person: String,
        email_tag: Vec<u8>,
        email: Vec<u8>,
    }
}

const DUE: &str = "SELECT person, email_tag, email FROM email_change WHERE due_at <= $1 \
     ORDER BY due_at LIMIT $2";
/// Of nodes at the same time one gets the row.
const TAKE: &str = "DELETE FROM email_change WHERE person = $1 AND email_tag = $2 AND due_at <= $3";
/// Where nobody has the address: person, tag, sealed address.
const SET: &str = "UPDATE person SET email_tag = $2, email = $3 WHERE id = $1 \
     AND NOT EXISTS (SELECT 1 FROM person AS other WHERE other.email_tag = $2)";

/// What became of a change.
#[derive(Clone, Copy)]
enum Settled {
    Changed,
    /// Somebody has the address.
    Taken,
    /// Another node was faster, or it was ended.
    Gone,
}

impl AddressChanges {
    /// Does what is due of anybody. How many were done, or could not be because somebody has the address.
    ///
    /// # Errors
    /// What the database says; what was not done is done in the next round.
    pub async fn settle_due(&self, now: UnixMillis) -> Result<usize, PersonError> {
        let due: Vec<DueRow> = on_reader!(self.people.database(), |pool| sqlx::query_as(DUE)
            .bind(now.get())
            .bind(ROUND)
            .fetch_all(pool)
            .await)?;
        let (mut done, mut failed) = (0, None);
        for row in due {
            match self.settle(&row, now).await {
                Ok(Settled::Changed | Settled::Taken) => done += 1,
                Ok(Settled::Gone) => {}
                // One that does not open keeps no other waiting.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn settle(&self, row: &DueRow, now: UnixMillis) -> Result<Settled, PersonError> {
        let (people, who) = (&self.people, &row.person);
        let Some(person) = people.find(who.parse()?).await? else {
            return Ok(Settled::Gone);
        };
        let email = people.key().open_text(&column(who), row.email.clone())?;
        let sealed = people
            .key()
            .seal(&People::column("email", who), email.as_bytes())?;
        let old_tag = people.email_tag(&person.email);
        let changed = people.warning(&person, MailWords::of("address-changed"))?;
        let taken = people.warning(&person, MailWords::of("address-taken"))?;
        let settled = on_writer!(people.database(), |pool| async {
            let mut work = pool.begin().await?;
            let take = sqlx::query(TAKE).bind(who).bind(&row.email_tag);
            let take = take.bind(now.get()).execute(&mut *work).await?;
            if take.rows_affected() == 0 {
                return Ok(Settled::Gone);
            }
            let set = sqlx::query(SET).bind(who).bind(&row.email_tag);
            let set = set.bind(sealed.as_bytes()).execute(&mut *work).await?;
            let settled = if set.rows_affected() == 1 {
                let end = sqlx::query(END_CODES_OF).bind(old_tag.as_slice());
                end.execute(&mut *work).await?;
                note!(work, now, &actor(who), Act::ChangeAddress, who, "");
                tell!(work, changed, now);
                Settled::Changed
            } else {
                note!(work, now, &actor(who), Act::EndAddressChange, who, "taken");
                tell!(work, taken, now);
                Settled::Taken
            };
            work.commit().await?;
            Ok::<_, sqlx::Error>(settled)
        }
        .await)?;
        people.mail_was_added();
        Ok(settled)
    }
}
