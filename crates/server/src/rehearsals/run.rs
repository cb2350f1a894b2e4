//! Runs beside the service: one at a time on a node, on a thread that a stop does not wait for, with a row that says how far
//! it is.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use softcap_database::DatabaseError;
use softcap_identity::UnixMillis;
use softcap_offering::terms::Terms;
use softcap_proof::hex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{plan::Plan, play::play, report::SaleReport};
use crate::drafts::{Drafts, KeptRehearsal, RehearsalState};

/// How often the row says how far it is.
const LOOK: Duration = Duration::from_millis(250);
/// And that it is still there, in looks, where it is no further.
const BEAT: u32 = 20;

/// Tells the time in unix milliseconds, as the service has it.
pub(crate) type Now = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// What rehearses on this node.
#[derive(Clone, Debug)]
pub(crate) struct Rehearsals {
    drafts: Drafts,
    turn: Arc<Semaphore>,
}

impl Rehearsals {
    pub(crate) fn new(drafts: Drafts) -> Self {
        Self {
            drafts,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits until none runs on this node.
    pub(crate) async fn ended(&self) {
        // It is closed nowhere.
        drop(self.turn.acquire().await);
    }

    /// Begins a rehearsal of these terms, where nobody works at one. Returns before it is done.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn begin(
        &self,
        terms: Arc<Terms>,
        plan: Plan,
        (asked_by, now): (String, Now),
    ) -> Result<(), DatabaseError> {
        let begun_ms = now().get();
        let kept = KeptRehearsal {
            terms_hash: hex(&terms.hash().0),
            state: RehearsalState::Running,
            step: 0,
            steps: plan.steps(),
            report: String::new(),
            asked_by,
            begun_ms,
            heard_ms: begun_ms,
        };
        if !self.drafts.begin_rehearsal(&kept).await? {
            return Ok(());
        }
        let run = Run {
            drafts: self.drafts.clone(),
            kept,
            done: Arc::default(),
            now,
        };
        // Who gets the turn at once has it before anybody can ask whether something runs.
        let turn = Arc::clone(&self.turn).try_acquire_owned().ok();
        let turns = Arc::clone(&self.turn);
        tokio::spawn(async move { run.drive(terms, plan, (turn, turns)).await });
        Ok(())
    }
}

struct Run {
    drafts: Drafts,
    kept: KeptRehearsal,
    done: Arc<AtomicU32>,
    now: Now,
}

impl Run {
    async fn drive(
        self,
        terms: Arc<Terms>,
        plan: Plan,
        (turn, turns): (Option<OwnedSemaphorePermit>, Arc<Semaphore>),
    ) {
        let turn = match turn {
            Some(turn) => Ok(turn),
            None => self.while_heard(turns.acquire_owned()).await,
        };
        let (told, heard) = oneshot::channel();
        let done = Arc::clone(&self.done);
        let thread = thread::Builder::new().name("rehearsal".to_owned());
        let begun = thread.spawn(move || {
            // Nobody listens any more where the node stops.
            let _ = told.send(play(&terms, plan, &done));
        });
        if let Err(error) = begun {
            tracing::error!(%error, "a rehearsal could not begin");
        }
        match self.while_heard(heard).await {
            Ok(reports) => self.end(&reports).await,
            // The row falls silent, and says that it broke off.
            Err(_) => tracing::error!(terms = %self.kept.terms_hash, "a rehearsal broke off"),
        }
        drop(turn);
    }

    /// Waits for something, and lets the row say meanwhile that it is still there.
    async fn while_heard<T>(&self, awaited: impl Future<Output = T>) -> T {
        let mut awaited = pin!(awaited);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut said, mut silent) = (0, 0);
        loop {
            tokio::select! {
                result = &mut awaited => return result,
                _ = looks.tick() => {}
            }
            let step = self.done.load(Ordering::Relaxed);
            silent += 1;
            if step == said && silent < BEAT {
                continue;
            }
            (said, silent) = (step, 0);
            let noted = self
                .drafts
                .hear_rehearsal(&self.kept, (step, (self.now)().get()));
            if let Err(error) = noted.await {
                tracing::warn!(%error, "how far a rehearsal is could not be noted");
            }
        }
    }

    async fn end(&self, reports: &[SaleReport]) {
        let has_passed = reports.iter().all(|report| report.faults.is_empty());
        let text = serde_json::to_string(reports).unwrap_or_default();
        let now = (self.now)().get();
        let ended = self
            .drafts
            .end_rehearsal(&self.kept, (has_passed, &text), now);
        if let Err(error) = ended.await {
            tracing::error!(%error, "what became of a rehearsal could not be noted");
        }
    }
}
