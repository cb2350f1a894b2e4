//! Old messages go: what was delivered or given up is of no use for ever, and holds what investors did.

use std::time::Duration;

use softcap_database::{DatabaseError, on_writer};
use softcap_identity::UnixMillis;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{deliverer::Webhooks, store::Store};
use crate::stop::Stopping;

/// How often old messages are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// Messages that are deleted at a time: others want to write in between.
const AT_ONCE: i64 = 500;
/// From one batch to the next.
const PAUSE: Duration = Duration::from_millis(200);

/// Each statement stands for itself: a stop in between leaves a message that is found again, and a
/// delivery that somebody replays in between waits, so that it and its message stay.
macro_rules! of_old_messages {
    ($action:literal) => {
        concat!(
            $action,
            " IN (SELECT m.id FROM webhook_message m WHERE m.created < $1 AND NOT EXISTS
             (SELECT 1 FROM webhook_delivery d
              WHERE d.message = m.id AND (d.state = 0 OR d.due >= $1))
             ORDER BY m.created, m.id LIMIT $2)"
        )
    };
}
const DELETE_DELIVERIES: &str =
    of_old_messages!("DELETE FROM webhook_delivery WHERE state <> 0 AND message");
const DELETE_ATTEMPTS: &str = of_old_messages!("DELETE FROM webhook_attempt WHERE message");
const DELETE_MESSAGES: &str = of_old_messages!("DELETE FROM webhook_message WHERE id");

impl Store {
    /// Deletes some of the messages from before `before_ms` that wait for nothing since then, with their
    /// deliveries and calls; how many.
    async fn delete_old(&self, before_ms: i64) -> Result<u64, DatabaseError> {
        let mut deleted = 0;
        for text in [DELETE_DELIVERIES, DELETE_ATTEMPTS, DELETE_MESSAGES] {
            deleted = on_writer!(&self.0, |pool| sqlx::query(text)
                .bind(before_ms)
                .bind(AT_ONCE)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()))?;
        }
        Ok(deleted)
    }
}

impl Webhooks {
    /// Deletes some of the messages that are older than they are kept, as of `now_ms`; how many. None are
    /// left when there were none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn delete_old(&self, now_ms: i64) -> Result<u64, DatabaseError> {
        let before = now_ms.saturating_sub(self.kept_ms());
        self.store().delete_old(before).await
    }

    /// Deletes old messages until the service stops.
    pub async fn keep_tidy(self, mut stopping: Stopping) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.wait() => return,
                () = async { looks.tick().await; self.delete_all_old().await } => {}
            }
        }
    }

    async fn delete_all_old(&self) {
        let mut deleted = 0;
        loop {
            match self.delete_old(UnixMillis::now().get()).await {
                Ok(0) => break,
                Ok(some) => deleted += some,
                Err(error) => {
                    tracing::warn!(%error, "old webhook messages were not deleted");
                    break;
                }
            }
            sleep(PAUSE).await;
        }
        if deleted > 0 {
            tracing::info!(deleted, "old webhook messages were deleted");
        }
    }
}
