//! The desk as it changes: texts that the server made, at most four times a second, however many contributions come and
//! however many watch.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Serialize;
use softcap_identity::Verb;
use softcap_journal::{OfferingLog, SealedBatch};
use tokio::sync::watch;

use super::{
    super::{amounts, language::Language, offering_card::phase_words, raise::Raise, visit::Visit},
    Member,
    desk::alarms,
    pulse::Pulse,
};
use crate::{api::Service, extract::Path, problem::ApiError, stop::Stopping};

/// Changes are merged to four a second.
const PAUSE: Duration = Duration::from_millis(250);
/// Time passes also where nothing comes: rates fall.
const IDLE: Duration = Duration::from_secs(1);
/// A comment that often, so that nobody in between takes the connection for dead.
const BEAT: Duration = Duration::from_secs(15);
/// Browsers come back at once, and are asked again who they are.
const LONGEST: Duration = Duration::from_secs(300);

/// What a page puts in its places.
#[derive(Debug, Serialize)]
struct Shown {
    raised: String,
    bar: u32,
    price: String,
    entries: String,
    sentence: String,
    contributions: String,
    investors: String,
    rate: String,
    peak: String,
    minute: String,
    ten: String,
    phase: String,
    /// Rows of tables.
    refused: Vec<[String; 3]>,
    /// Lines of lists.
    strange: Vec<String>,
}

struct Watch {
    service: Arc<Service>,
    stopping: Stopping,
    log: Arc<OfferingLog>,
    language: Language,
    newest: watch::Receiver<Option<Arc<SealedBatch>>>,
    begun: Instant,
    is_first: bool,
}

pub(super) async fn live(
    State(service): State<Arc<Service>>,
    Extension(stopping): Extension<Stopping>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let log = service.offering(&name)?;
    caller.require(Verb::OfferingsRead, &name)?;
    let watch = Watch {
        service,
        stopping,
        newest: log.sequencer.newest(),
        log,
        language: visit.language,
        begun: Instant::now(),
        is_first: true,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT)))
}

impl Watch {
    /// The first one at once, so that who comes back after a break is up to date.
    async fn next(&mut self) -> Option<Event> {
        if !self.is_first {
            if self.begun.elapsed() > LONGEST {
                return None;
            }
            tokio::select! {
                () = self.stopping.wait() => return None,
                changed = self.newest.changed() => changed.ok()?,
                () = tokio::time::sleep(IDLE) => {}
            }
            tokio::select! {
                () = self.stopping.wait() => return None,
                () = tokio::time::sleep(PAUSE) => {}
            }
            self.newest.mark_unchanged();
        }
        self.is_first = false;
        let now = u64::try_from(self.service.now().get()).unwrap_or(0);
        let figures = self.service.desk_pulses().figures(&self.log, now).await;
        let pulse = Pulse::new(self.language, &figures.ok()?);
        let event = Event::default().event("totals");
        event.json_data(self.shown(pulse)).ok()
    }

    fn shown(&self, pulse: Pulse) -> Shown {
        let state = self.log.sequencer.read();
        let offering = state.machine().offering();
        let raise = Raise::new(self.language, offering);
        let count = |number: usize| {
            let number = u128::try_from(number).unwrap_or(u128::MAX);
            amounts::count(self.language, number)
        };
        let alarms = alarms(self.language, &self.service, &self.log);
        let rows = pulse.refused.into_iter();
        Shown {
            raised: raise.raised,
            bar: raise.bar,
            price: raise.price_now.unwrap_or_default(),
            entries: amounts::count(self.language, u128::from(state.size())),
            sentence: raise.sentence,
            contributions: count(offering.contribution_count()),
            investors: count(offering.investor_count()),
            rate: pulse.rate,
            peak: pulse.peak,
            minute: pulse.minute,
            ten: pulse.ten_minutes,
            phase: phase_words(self.language, offering.phase()),
            refused: rows.map(|row| [row.rule, row.whole, row.cut]).collect(),
            strange: alarms.into_iter().chain(pulse.strange).collect(),
        }
    }
}
