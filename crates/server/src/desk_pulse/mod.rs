//! How fast contributions come and which rules refuse them, for the desks of all who watch: each entry is looked at once, however
//! many watch, and the figures are those of the record, whenever a page was loaded.

mod window;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use softcap_journal::{LogName, OfferingLog};
use softcap_proof::entry::decode;
use tokio::sync::Mutex as Turn;

use window::Window;
pub(crate) use window::{ByRule, Figures, Strange};

use crate::{problem::ApiError, web::leaves};

/// Entries that are looked at first. A desk that is opened during a stampede shows at least so much.
const FIRST_LOOK: u64 = 4_096;
/// Whoever is further behind begins anew instead of reading everything that nobody watched.
const MOST_BEHIND: u64 = 16_384;

/// The windows of all offerings that somebody watches.
#[derive(Debug, Default)]
pub(crate) struct DeskPulses(Mutex<BTreeMap<LogName, Arc<Turn<Window>>>>);

impl DeskPulses {
    /// The figures of an offering at a time in unix milliseconds.
    ///
    /// # Errors
    /// What reading the record says.
    pub(crate) async fn figures(
        &self,
        log: &OfferingLog,
        now_ms: u64,
    ) -> Result<Figures, ApiError> {
        let window = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(log.row.name.clone()).or_default())
        };
        let mut window = window.lock().await;
        let size = log.sequencer.read().size();
        if window.next() == 0 || size.saturating_sub(window.next()) > MOST_BEHIND {
            *window = Window::from(size.saturating_sub(FIRST_LOOK));
        }
        for leaf in leaves(log, window.next(), size).await? {
            let (entry, outcome) = decode(&leaf).map_err(|error| ApiError::internal(&error))?;
            window.take(&entry, &outcome);
        }
        Ok(window.figures(now_ms / 1_000))
    }
}
