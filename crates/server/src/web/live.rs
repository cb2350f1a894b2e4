//! The totals of an offering as they change: texts that the server made, at most four times a second, however many
//! contributions come.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Serialize;
use softcap_journal::OfferingLog;
use tokio::sync::watch;

use super::{amounts, language::Language, raise::Raise, visit::Visit};
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
    /// Where the record is, in unix milliseconds, and what is raised, for who draws it.
    at: u64,
    value: String,
}

/// Totals of one moment, written once for everybody who listens.
#[derive(Clone, Debug)]
struct Told {
    /// Entries of the log.
    size: u64,
    /// [`Totals`] as JSON.
    text: Arc<str>,
}

/// Whose totals, in whose language.
type Channel = (String, Language);

/// One teller for each offering and language that somebody listens to. Ten thousand listeners cost ten thousand copies of
/// a text four times a second, and no more looks at the offering than one.
#[derive(Clone, Debug, Default)]
pub(super) struct LiveTotals {
    tellers: Arc<Mutex<HashMap<Channel, watch::Sender<Option<Told>>>>>,
}

impl LiveTotals {
    /// Listens; begins to tell where nobody does yet.
    fn listen(
        &self,
        channel: Channel,
        log: Arc<OfferingLog>,
        stopping: Stopping,
    ) -> watch::Receiver<Option<Told>> {
        let mut tellers = self.tellers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = tellers.get(&channel) {
            return sender.subscribe();
        }
        let (sender, listener) = watch::channel(None);
        tellers.insert(channel.clone(), sender.clone());
        tokio::spawn(self.clone().tell(channel, log, stopping, sender));
        listener
    }

    /// Tells until nobody listens any more.
    async fn tell(
        self,
        channel: Channel,
        log: Arc<OfferingLog>,
        mut stopping: Stopping,
        sender: watch::Sender<Option<Told>>,
    ) {
        let mut newest = log.sequencer.newest();
        loop {
            newest.mark_unchanged();
            if let Some(told) = totals(channel.1, &log) {
                sender.send_replace(Some(told));
            }
            let alone = tokio::select! {
                () = stopping.wait() => break,
                () = sender.closed() => true,
                changed = newest.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    false
                }
            };
            if alone && self.leave(&channel, &sender) {
                return;
            }
            tokio::select! {
                () = stopping.wait() => break,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        // Those who still listen are told to come again by the end of their streams.
        self.remove(&channel);
    }

    /// Ends the telling, unless somebody began to listen meanwhile.
    fn leave(&self, channel: &Channel, sender: &watch::Sender<Option<Told>>) -> bool {
        let mut tellers = self.tellers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_alone = sender.receiver_count() == 0;
        if is_alone {
            tellers.remove(channel);
        }
        is_alone
    }

    fn remove(&self, channel: &Channel) {
        let mut tellers = self.tellers.lock().unwrap_or_else(PoisonError::into_inner);
        tellers.remove(channel);
    }
}

fn totals(language: Language, log: &OfferingLog) -> Option<Told> {
    let (raise, size, at, value) = {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let decimals = offering.terms().numeraire.decimals;
        let value = amounts::plain(offering.raised().0, decimals);
        let at = offering.now_stamp().position.0;
        (Raise::new(language, offering), state.size(), at, value)
    };
    let totals = Totals {
        raised: raise.raised,
        share: raise.share,
        bar: raise.bar,
        price: raise.price_now.unwrap_or_default(),
        entries: amounts::count(language, u128::from(size)),
        sentence: raise.sentence,
        at,
        value,
    };
    let text = serde_json::to_string(&totals).ok()?.into();
    Some(Told { size, text })
}

/// The first totals come at once, so that who comes back after a break is up to date.
pub(super) async fn live(
    State(service): State<Arc<Service>>,
    Extension(stopping): Extension<Stopping>,
    Extension(totals): Extension<LiveTotals>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let log = service.offering(&name)?;
    let mut listener = totals.listen((name, visit.language), log, stopping.clone());
    listener.mark_changed();
    let events = stream::unfold((listener, stopping), |(mut listener, mut stopping)| async {
        let told = loop {
            tokio::select! {
                () = stopping.wait() => return None,
                changed = listener.changed() => changed.ok()?,
            }
            if let Some(told) = listener.borrow_and_update().clone() {
                break told;
            }
        };
        let event = Event::default()
            .event("totals")
            .id(told.size.to_string())
            .data(&*told.text);
        Some((Ok(event), (listener, stopping)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT)))
}
