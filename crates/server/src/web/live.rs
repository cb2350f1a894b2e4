//! The totals of an offering as they change: texts that the server made, at most four times a second, however many
//! contributions come.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Serialize;
use softcap_journal::{OfferingLog, SealedBatch};
use tokio::sync::watch;

use super::{language::Language, raise::Raise, visit::Visit};
use crate::{api::Service, extract::Path, problem::ApiError, stop::Stopping};

/// Totals are merged to four a second.
const PAUSE: Duration = Duration::from_millis(250);
/// A comment that often, so that nobody in between takes the connection for dead.
const BEAT: Duration = Duration::from_secs(15);

/// What a page puts in its places.
#[derive(Debug, Serialize)]
struct Totals {
    raised: String,
    share: String,
    bar: u32,
    price: String,
    entries: String,
    sentence: String,
}

struct Follower {
    stopping: Stopping,
    log: Arc<OfferingLog>,
    language: Language,
    newest: watch::Receiver<Option<Arc<SealedBatch>>>,
    is_first: bool,
}

pub(super) async fn live(
    State(service): State<Arc<Service>>,
    Extension(stopping): Extension<Stopping>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let log = service.offering(&name)?;
    let follower = Follower {
        stopping,
        newest: log.sequencer.newest(),
        log,
        language: visit.language,
        is_first: true,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT)))
}

impl Follower {
    /// The first one at once, so that who comes back after a break is up to date.
    async fn next(&mut self) -> Option<Event> {
        if !self.is_first {
            tokio::select! {
                () = self.stopping.wait() => return None,
                changed = self.newest.changed() => changed.ok()?,
            }
            tokio::select! {
                () = self.stopping.wait() => return None,
                () = tokio::time::sleep(PAUSE) => {}
            }
            self.newest.mark_unchanged();
        }
        self.is_first = false;
        let (raise, size) = {
            let state = self.log.sequencer.read();
            let offering = state.machine().offering();
            (Raise::new(self.language, offering), state.size())
        };
        let totals = Totals {
            raised: raise.raised,
            share: raise.share,
            bar: raise.bar,
            price: raise.price_now.unwrap_or_default(),
            entries: super::amounts::count(self.language, u128::from(size)),
            sentence: raise.sentence,
        };
        let event = Event::default().event("totals").id(size.to_string());
        event.json_data(totals).ok()
    }
}
