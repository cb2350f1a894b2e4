//! Live entries as server-sent events. The id of an event is the number of its entry, so that
//! `Last-Event-ID` resumes without a gap; only what is on disk and applied is ever sent.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
    routing::get,
};
use futures_util::{Stream, stream};
use serde::Serialize;
use softcap_journal::{OfferingLog, SealedBatch};
use softcap_proof::entry::decode;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{
    Service,
    amount::Money,
    entry_view::{OutcomeView, position_text},
};
use crate::{extract::Path, problem::ApiError, stop::Stopping};

/// A comment that often, so that nobody in between takes the connection for dead.
const BEAT: Duration = Duration::from_secs(15);

/// The routes of this file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(events), components(schemas(LiveEntry)))]
pub(crate) struct EventPaths;

pub(super) fn routes(stopping: &Stopping) -> Router<Arc<Service>> {
    let events = get(events).layer(Extension(stopping.clone()));
    Router::new().route("/v1/offerings/{offering}/events", events)
}

/// What an event says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LiveEntry {
    /// Number of the entry.
    sequence: u64,
    /// Where in the schedule it stands.
    position: String,
    /// What it did.
    outcome: OutcomeView,
    /// Accepted value after the newest entry.
    raised: Money,
}

struct Follower {
    stopping: Stopping,
    log: Arc<OfferingLog>,
    next: u64,
    newest: watch::Receiver<Option<Arc<SealedBatch>>>,
}

/// Entries as they happen (text/event-stream). Begins with the next entry, or after that of
/// `Last-Event-ID`.
#[utoipa::path(
    get,
    path = "/v1/offerings/{offering}/events",
    tag = "events",
    params(
        ("offering" = String, Path, description = "Name of the offering"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Number of the last entry you have"),
    ),
    responses((
        status = 200,
        description = "A stream of events: `id` is the number of an entry, `event` is `entry`, and `data` is a `LiveEntry` as JSON on one line",
        body = String,
        content_type = "text/event-stream",
    )),
)]
async fn events(
    State(service): State<Arc<Service>>,
    Path(offering): Path<String>,
    Extension(stopping): Extension<Stopping>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let log = service.offering(&offering)?;
    let size = log.reader.size();
    let next = match headers.get("last-event-id") {
        None => size,
        Some(value) => {
            let last: Option<u64> = value.to_str().ok().and_then(|text| text.parse().ok());
            let last = last
                .filter(|last| *last < size)
                .ok_or_else(|| ApiError::invalid("Last-Event-ID", "it is no entry's number"))?;
            last + 1
        }
    };
    let newest = log.sequencer.newest();
    let follower = Follower {
        stopping,
        log,
        next,
        newest,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next_event().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT)))
}

impl Follower {
    /// `None` ends the stream: the server stops, or an entry cannot be read; the client comes again
    /// with the last number it has.
    async fn next_event(&mut self) -> Option<Event> {
        while self.next >= self.log.reader.size() {
            tokio::select! {
                () = self.stopping.wait() => return None,
                changed = self.newest.changed() => changed.ok()?,
            }
        }
        // Without a receipt: a signature for each entry and listener would cost more than all else.
        let leaf = self.log.reader.leaf(self.next).await.ok()?;
        let (entry, outcome) = decode(&leaf).ok()?;
        let terms = &self.log.terms;
        let raised = {
            let state = self.log.sequencer.read();
            Money::of_value(terms, state.machine().offering().raised().0)
        };
        let data = LiveEntry {
            sequence: self.next,
            position: position_text(terms, entry.stamp.position.0),
            outcome: OutcomeView::new(terms, &entry.command, &outcome),
            raised,
        };
        self.next += 1;
        let event = Event::default()
            .id(data.sequence.to_string())
            .event("entry");
        event.json_data(data).ok()
    }
}
