//! Letting a person in nowhere, and letting them in again.

use softcap_database::on_writer;

use super::{END_ADDRESS_CHANGE, People, PersonError, PersonId, session::END_ALL};
use crate::{Act, UnixMillis, audit::note};

impl People {
    /// Lets a person in nowhere: their sessions are dead on every node at the next request, and no password, code of a
    /// mail or passkey begins another one. What they have stays. Whether it was not so before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn disable(
        &self,
        operator: &str,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<bool, PersonError> {
        const TEXT: &str =
            "UPDATE person SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
        let (who, operator) = (person.to_string(), format!("operator:{operator}"));
        let changed = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let disable = sqlx::query(TEXT).bind(&who).bind(now.get());
            let changed = disable.execute(&mut *work).await?.rows_affected() == 1;
            if changed {
                for text in [END_ALL, END_ADDRESS_CHANGE] {
                    sqlx::query(text).bind(&who).execute(&mut *work).await?;
                }
                note!(work, now, &operator, Act::Disable, &who, "");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(changed)
        }
        .await)?;
        Ok(changed)
    }

    /// Lets a person in again. Whether they were disabled.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enable(
        &self,
        operator: &str,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<bool, PersonError> {
        const TEXT: &str =
            "UPDATE person SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL";
        let (who, operator) = (person.to_string(), format!("operator:{operator}"));
        let changed = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let enable = sqlx::query(TEXT).bind(&who).execute(&mut *work);
            let changed = enable.await?.rows_affected() == 1;
            if changed {
                note!(work, now, &operator, Act::Enable, &who, "");
            }
            work.commit().await?;
            Ok::<_, sqlx::Error>(changed)
        }
        .await)?;
        Ok(changed)
    }
}
