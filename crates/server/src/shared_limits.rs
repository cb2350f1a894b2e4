//! The limits of calls, which nodes of one database share.

use std::sync::Arc;

use softcap_database::{Database, DatabaseUrl};
use softcap_identity::{
    CallLimits, CallRates, Keys, People, Ticks, USES_TOLD_EVERY, UnixMillis, UseExchange,
};
use tokio::{task::JoinHandle, time::MissedTickBehavior};

use crate::error::ServerError;

/// The limits of this node; it tells the others what it lets in, where there may be others, until this is dropped.
#[derive(Debug)]
pub(crate) struct SharedLimits {
    pub(crate) limits: Arc<CallLimits>,
    telling: Option<JoinHandle<()>>,
}

impl SharedLimits {
    /// With these rates.
    pub(crate) fn open(
        rates: &CallRates,
        (url, database): (&DatabaseUrl, &Database),
        (keys, people): (&Keys, &People),
    ) -> Result<Self, ServerError> {
        let ticks = Ticks::system();
        Ok(match url {
            // One process at a time has such a folder.
            DatabaseUrl::Folder(_) => Self {
                limits: Arc::new(CallLimits::new(rates, &ticks)),
                telling: None,
            },
            DatabaseUrl::Postgres(_) => {
                let limits = Arc::new(CallLimits::shared(rates, &ticks, people));
                let exchange =
                    UseExchange::new(database.clone(), keys.clone(), Arc::clone(&limits))?;
                Self {
                    limits,
                    telling: Some(tokio::spawn(tell(exchange))),
                }
            }
        })
    }
}

impl Drop for SharedLimits {
    fn drop(&mut self) {
        if let Some(telling) = &self.telling {
            telling.abort();
        }
    }
}

/// While the database does not answer, each node counts for itself; what it let in is told when it answers again.
async fn tell(exchange: UseExchange) {
    let mut every = tokio::time::interval(USES_TOLD_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_gone = false;
    loop {
        every.tick().await;
        let told = exchange.exchange(UnixMillis::now()).await;
        match (&told, is_gone) {
            (Err(error), false) => tracing::warn!(%error, "this node counts calls alone"),
            (Ok(()), true) => tracing::info!("calls are counted with the other nodes again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        is_gone = told.is_err();
    }
}
