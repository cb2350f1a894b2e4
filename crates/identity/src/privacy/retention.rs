//! The clock: how long what is kept, and what happens when its time is over.

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};

use super::{Privacy, PrivacyError};
use crate::{Act, KeyPurpose, PersonId, UnixMillis, UploadId, audit::note};

/// People of one round of the clock.
const ROUND: i64 = 100;
const CLOCK: &str = "clock";

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// A verification that its person does not go on with.
    pub unfinished: Duration,
    /// A verification by which somebody decided, after it ended or the person was erased.
    pub verification: Duration,
}

row! {
    struct DueRow {
        person: String,
        why: String,
    }
}

/// Erasures whose time is over; cases that nobody goes on with; cases that ended long ago.
const DUE: &str = "SELECT person, 'erased' AS why FROM erasure WHERE done_at IS NULL AND keep_until <= $1 \
     UNION ALL SELECT person, 'unfinished' AS why FROM verification \
     WHERE state IN ('open', 'needs_more') AND changed_at <= $2 \
     AND NOT EXISTS (SELECT 1 FROM verification_admission AS granted WHERE granted.person = verification.person) \
     UNION ALL SELECT person, 'ended' AS why FROM verification \
     WHERE state IN ('refused', 'expired', 'open', 'needs_more') AND changed_at <= $3 LIMIT $4";
const UPLOADS: &str = "SELECT id FROM verification_upload WHERE person = $1";
const END_ALL: [&str; 6] = [
    "DELETE FROM verification_value WHERE person = $1",
    "DELETE FROM verification_round WHERE person = $1",
    "DELETE FROM verification_upload WHERE person = $1",
    "DELETE FROM verification_decision WHERE person = $1",
    "DELETE FROM verification_admission WHERE person = $1",
    "DELETE FROM verification WHERE person = $1",
];
const DONE: &str = "UPDATE erasure SET done_at = $2 WHERE person = $1 AND done_at IS NULL";

impl Privacy {
    /// One round of the clock: destroys what is kept no more. Of whom nothing is kept any more.
    ///
    /// # Errors
    /// What the database says; what was not done is done in the next round.
    pub async fn keep_clock(&self, now: UnixMillis) -> Result<Vec<PersonId>, PrivacyError> {
        let mut destroyed = Vec::new();
        let unfinished = now.minus(self.policy.unfinished);
        let ended = now.minus(self.policy.verification);
        let due: Vec<DueRow> = on_reader!(self.database(), |pool| sqlx::query_as(DUE)
            .bind(now.get())
            .bind(unfinished.get())
            .bind(ended.get())
            .bind(ROUND)
            .fetch_all(pool)
            .await)?;
        for row in due {
            let person = row.person.parse()?;
            // Somebody may be due by more than one rule.
            if destroyed.contains(&person) {
                continue;
            }
            self.destroy(person, &row.why, now).await?;
            destroyed.push(person);
        }
        Ok(destroyed)
    }

    /// Erases again whom an old copy of the database brought back, and whose erasure a stop broke off. For the start: how
    /// many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn erase_again(&self, now: UnixMillis) -> Result<usize, PrivacyError> {
        let mut again = 0;
        for person in self.keys.erased().await? {
            let is_back = self.people.find(person).await?.is_some();
            if is_back || self.find(person).await?.is_none() {
                self.end_person((CLOCK, person), now).await?;
                again += 1;
            }
        }
        Ok(again)
    }

    /// Destroys what a person said and showed: the key first, so that a stop leaves nothing that can be read.
    async fn destroy(
        &self,
        person: PersonId,
        why: &str,
        now: UnixMillis,
    ) -> Result<(), PrivacyError> {
        self.keys.destroy(person, KeyPurpose::Verification).await?;
        let who = person.to_string();
        let uploads: Vec<String> = on_reader!(self.database(), |pool| sqlx::query_scalar(UPLOADS)
            .bind(&who)
            .fetch_all(pool)
            .await)?;
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            for text in END_ALL {
                sqlx::query(text).bind(&who).execute(&mut *work).await?;
            }
            let done = sqlx::query(DONE).bind(&who).bind(now.get());
            done.execute(&mut *work).await?;
            note!(work, now, CLOCK, Act::DestroyValues, &who, why);
            work.commit().await
        }
        .await)?;
        for upload in uploads {
            if let Ok(id) = upload.parse::<UploadId>() {
                self.cases.remove_file(id).await;
            }
        }
        Ok(())
    }
}
