//! The one writer of a log in this process.
//!
//! It takes what is queued, appends it as one batch with one sync, applies it, signs one checkpoint,
//! and answers everybody. Nothing is answered before it is on disk; nothing is applied before it has
//! its place in the order. A full queue refuses at once, before anything is written.
//!
//! A batch is signed and answered while the next one is on its way to the disk, which needs nothing
//! but the root.

use std::{
    sync::{Arc, RwLock, RwLockReadGuard},
    thread,
};

use softcap_offering::RequestId;
use softcap_proof::SigningKey;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};

use crate::locks::{read, write};
use crate::{
    Appended, BatchRow, Clock, Hold, JournalError, Log, LogName, Machine, NewBatch, SealedBatch,
    Store, UnsignedBatch,
    publisher::{AppliedBatch, Publisher},
    time_guard::{Moment, TimeGuard},
};

/// Most entries of a batch.
const BATCH_ENTRIES: usize = 4096;
/// Most bytes of a batch, but for its last entry.
const BATCH_BYTES: usize = 4 << 20;
/// Bytes that are read at a time from what other nodes appended.
const PAGE_BYTES: usize = 8 << 20;

/// Sizes and names of a writer.
#[derive(Clone, Debug)]
pub struct SequencerConfig {
    /// How many may wait; the next one is refused.
    pub queue: usize,
    /// First line of checkpoints.
    pub origin: String,
}

/// Whether an entry brings money in. Only that is ever stopped; exits are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// A contribution.
    Contribution,
    /// All else.
    Other,
}

/// One entry to be appended.
#[derive(Debug)]
pub struct Submission {
    /// What stops when contributions are stopped.
    pub intake: Intake,
    /// The request that it answers, if any.
    pub request: Option<RequestId>,
    /// The entry as a batch body; its position is [`BATCH_TIME`](crate::BATCH_TIME) where the server's
    /// time counts.
    pub body: Vec<u8>,
}

/// What became of a submission.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is entry `index` of this batch.
    Entered {
        /// The batch.
        batch: Arc<SealedBatch>,
        /// Number of the entry.
        index: u64,
    },
    /// The same request came before, as this entry.
    Known {
        /// Number of the first entry with the request.
        first: u64,
    },
}

/// What the writer is asked to do.
enum Work {
    /// Append an entry.
    Enter(Waiting),
    /// Apply what other nodes appended, and tell who asks when it is done.
    CatchUp(Option<oneshot::Sender<Result<(), JournalError>>>),
}

pub(crate) struct Waiting {
    pub(crate) submission: Submission,
    pub(crate) answer: oneshot::Sender<Result<Answer, JournalError>>,
}

/// What the writer shares with readers.
#[derive(Debug)]
struct Shared<M> {
    log: RwLock<Log<M>>,
    stopped: RwLock<Option<Arc<str>>>,
    confirmed: std::sync::atomic::AtomicBool,
    held: RwLock<Option<Hold>>,
}

/// The way to the writer of a log. Cloning is cheap; the writer ends with the last clone.
#[derive(Debug)]
pub struct Sequencer<M> {
    name: LogName,
    queue: mpsc::Sender<Work>,
    shared: Arc<Shared<M>>,
    newest: watch::Receiver<Option<Arc<SealedBatch>>>,
}

impl<M> Clone for Sequencer<M> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            queue: self.queue.clone(),
            shared: Arc::clone(&self.shared),
            newest: self.newest.clone(),
        }
    }
}

impl<M: Machine> Sequencer<M> {
    /// Starts the writer of a log that is up to date with the record.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn start(
        log: Log<M>,
        store: Store,
        key: Arc<SigningKey>,
        clock: Arc<dyn Clock>,
        config: SequencerConfig,
    ) -> Result<Self, JournalError> {
        let (queue, waiting) = mpsc::channel(config.queue.max(1));
        let (newest_writer, newest) = watch::channel(None);
        let name = log.name().clone();
        let guard = TimeGuard::new(&*clock, log.newest());
        let shared = Arc::new(Shared {
            log: RwLock::new(log),
            stopped: RwLock::new(None),
            confirmed: std::sync::atomic::AtomicBool::new(false),
            held: RwLock::new(None),
        });
        let writer = Writer {
            name: name.clone(),
            shared: Arc::clone(&shared),
            store,
            clock,
            guard,
            publisher: Publisher {
                origin: config.origin,
                key,
                newest: newest_writer,
                runtime: Handle::current(),
            },
            applied: None,
            runtime: Handle::current(),
            unanswered: None,
            broken: None,
        };
        thread::Builder::new()
            .name(format!("log {name}"))
            .spawn(move || writer.run(waiting))
            .map_err(JournalError::file("the writer's thread"))?;
        Ok(Self {
            name,
            queue,
            shared,
            newest,
        })
    }

    /// The name of the log.
    #[must_use]
    pub fn name(&self) -> &LogName {
        &self.name
    }

    /// Appends an entry; returns when it is on disk.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when too many wait, [`JournalError::Stopped`], or what the database says;
    /// after the latter it is open whether the entry was appended: try again with the same request.
    pub async fn submit(&self, submission: Submission) -> Result<Answer, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(Work::Enter(Waiting { submission, answer }))?;
        answered.await.unwrap_or(Err(JournalError::Stopping))
    }

    fn send(&self, work: Work) -> Result<(), JournalError> {
        self.queue.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => JournalError::Busy,
            mpsc::error::TrySendError::Closed(_) => JournalError::Stopping,
        })
    }

    /// Asks the writer to apply what other nodes appended. Nothing is lost when its queue is full: the
    /// next batch of a writer that is behind is refused a place until it has caught up.
    pub fn catch_up(&self) {
        let _ = self.queue.try_send(Work::CatchUp(None));
    }

    /// As [`Sequencer::catch_up`]; returns when everything is applied that was on disk before the call.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when too many wait, and what the database says.
    pub async fn caught_up(&self) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(Work::CatchUp(Some(answer)))?;
        answered.await.unwrap_or(Err(JournalError::Stopping))
    }

    /// The log now. The guard holds the writer up: look up what is needed, and let go.
    pub fn read(&self) -> RwLockReadGuard<'_, Log<M>> {
        read(&self.shared.log)
    }

    /// Notes that the oldest tiles are in the database now.
    pub(crate) fn tiles_written(&self, count: usize) {
        let mut log = write(&self.shared.log);
        log.written(count);
    }

    /// The newest batch of this writer, and a way to wait for the next. `None` before the first.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<Option<Arc<SealedBatch>>> {
        self.newest.clone()
    }

    /// How many wait for the writer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Stops contributions, with the reason that is shown.
    pub fn stop_contributions(&self, reason: &str) {
        self.shared.set_stopped(Some(reason.into()));
    }

    /// Why contributions are stopped, if they are: alone, or with everything else ([`Self::held`]).
    #[must_use]
    pub fn stopped(&self) -> Option<Arc<str>> {
        let held = self.held().map(|hold| hold.to_string().into());
        held.or_else(|| self.shared.stopped())
    }

    /// Why nothing at all is entered, if so.
    #[must_use]
    pub fn held(&self) -> Option<Hold> {
        self.shared.held()
    }

    /// Lets nothing be entered any more. [`Hold::Behind`] ends by itself when the missing entries came.
    pub(crate) fn hold(&self, hold: Hold) {
        tracing::error!(log = %self.name, reason = %hold, "nothing is entered into this log");
        self.shared.set_held(Some(hold));
    }

    /// An operator says that the clock is right, or that what stopped contributions is over.
    pub fn confirm(&self) {
        self.shared
            .confirmed
            .store(true, std::sync::atomic::Ordering::Release);
        self.shared.set_stopped(None);
    }
}

impl<M> Shared<M> {
    fn held(&self) -> Option<Hold> {
        let held = read(&self.held);
        held.clone()
    }

    fn set_held(&self, hold: Option<Hold>) {
        let mut held = write(&self.held);
        *held = hold;
    }

    fn stopped(&self) -> Option<Arc<str>> {
        let held = read(&self.stopped);
        held.clone()
    }

    fn set_stopped(&self, reason: Option<Arc<str>>) {
        let mut held = write(&self.stopped);
        *held = reason;
    }
}

struct Writer<M> {
    name: LogName,
    shared: Arc<Shared<M>>,
    store: Store,
    clock: Arc<dyn Clock>,
    guard: TimeGuard,
    publisher: Publisher,
    /// The batch before the next one, when nobody was told of it yet.
    applied: Option<AppliedBatch>,
    runtime: Handle,
    /// A batch of which it is open whether it was appended: it must be settled before the next one.
    unanswered: Option<NewBatch>,
    /// Why the state in memory may not be used any more: the record could not be applied to it.
    broken: Option<JournalError>,
}

impl<M: Machine> Writer<M> {
    fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut batch = Vec::with_capacity(BATCH_ENTRIES);
        loop {
            let work = match (&self.applied, queue.try_recv()) {
                (_, Ok(work)) => work,
                (Some(_), Err(_)) => {
                    self.publish();
                    continue;
                }
                (None, Err(_)) => match queue.blocking_recv() {
                    Some(work) => work,
                    None => break,
                },
            };
            let first = match work {
                Work::Enter(first) => first,
                Work::CatchUp(asked) => {
                    self.catch_up_for(asked);
                    continue;
                }
            };
            let mut bytes = first.submission.body.len();
            let mut asked = None;
            batch.push(first);
            while batch.len() < BATCH_ENTRIES && bytes < BATCH_BYTES && asked.is_none() {
                match queue.try_recv() {
                    Ok(Work::Enter(next)) => {
                        bytes += next.submission.body.len();
                        batch.push(next);
                    }
                    // Whoever appends learns by it whether there is something to catch up with; who
                    // asked waits for more than that.
                    Ok(Work::CatchUp(who)) => asked = who,
                    Err(_) => break,
                }
            }
            self.take(&mut batch);
            if asked.is_some() {
                self.catch_up_for(asked);
            }
        }
        tracing::info!(log = %self.name, "the writer ended");
    }

    fn catch_up_for(&mut self, asked: Option<oneshot::Sender<Result<(), JournalError>>>) {
        let done = self.catch_up();
        if let Err(error) = &done {
            tracing::warn!(log = %self.name, %error, "what others appended was not read");
        }
        if let Some(asked) = asked {
            let _ = asked.send(done);
        }
    }

    fn take(&mut self, batch: &mut Vec<Waiting>) {
        let answers = self
            .is_sound()
            .and_then(|()| self.settle_unanswered())
            .and_then(|()| self.pass_hold())
            .and_then(|()| self.enter(batch));
        if let Err(error) = answers {
            tracing::warn!(log = %self.name, %error, "a batch was not appended");
            self.publish();
            for waiting in batch.drain(..) {
                let _ = waiting.answer.send(Err(error.clone()));
            }
        }
    }

    /// Tells of the batch before, if nobody was told of it yet.
    fn publish(&mut self) {
        if let Some(applied) = self.applied.take() {
            self.publisher.publish(applied);
        }
    }

    fn is_sound(&self) -> Result<(), JournalError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// A batch whose append failed half way: found in the record it is applied, else forgotten, so that
    /// a later try of the same requests does not meet it in between.
    fn settle_unanswered(&mut self) -> Result<(), JournalError> {
        if self.unanswered.is_none() {
            return Ok(());
        }
        self.catch_up()?;
        self.unanswered = None;
        Ok(())
    }

    /// While the log is held nothing is entered; another node may have brought what was missing.
    fn pass_hold(&mut self) -> Result<(), JournalError> {
        if matches!(self.shared.held(), Some(Hold::Behind { .. })) {
            self.catch_up()?;
        }
        match self.shared.held() {
            Some(hold) => Err(JournalError::Held(Box::new(hold))),
            None => Ok(()),
        }
    }

    /// Compares a log that came to the size of the kept checkpoint with it.
    fn compare_with_kept(&self) {
        let Some(Hold::Behind { kept, root, .. }) = self.shared.held() else {
            return;
        };
        let (size, now) = {
            let log = read(&self.shared.log);
            (log.size(), log.root())
        };
        if size < kept {
            return;
        }
        // A checkpoint ends a batch, so that a right log comes to just this size.
        let same = size == kept && now == root;
        self.shared
            .set_held((!same).then_some(Hold::Forked { kept }));
    }

    /// Applies what stands in the record after the newest applied entry.
    fn catch_up(&mut self) -> Result<(), JournalError> {
        self.publish();
        self.is_sound()?;
        loop {
            let from = self.size();
            let rows = self
                .runtime
                .block_on(self.store.read(&self.name, from, PAGE_BYTES))?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                self.guard.observe(row.time);
                let batch = self.apply(&row)?;
                self.publisher.publish(AppliedBatch::of_others(batch));
            }
        }
    }

    /// After somebody else took the place of a batch: their batch must be there to read.
    fn catch_up_past(&mut self, first: u64) -> Result<(), JournalError> {
        self.catch_up()?;
        if self.size() > first {
            return Ok(());
        }
        let error = JournalError::Damaged {
            log: self.name.to_string(),
            index: first,
            problem: "the order is past this entry, and the entry is not there".to_owned(),
        };
        self.broken_by(&error);
        Err(error)
    }

    /// Enters nothing any more: the state in memory and the record do not go together.
    fn broken_by(&mut self, error: &JournalError) {
        tracing::error!(log = %self.name, %error, "the record cannot be applied");
        self.shared.set_stopped(Some(error.to_string().into()));
        self.broken = Some(error.clone());
    }

    fn enter(&mut self, batch: &mut Vec<Waiting>) -> Result<(), JournalError> {
        let time = self.time();
        loop {
            self.drop_unwanted(batch);
            if batch.is_empty() {
                self.publish();
                return Ok(());
            }
            let new = self.new_batch(batch, time)?;
            let before = self.applied.take();
            let append = self.store.append(&self.name, &new);
            let meanwhile = async {
                if let Some(before) = before {
                    self.publisher.publish(before);
                }
                read(&self.shared.log).prepare(&new.body);
            };
            // The append is asked first, so that it is under way meanwhile.
            let (appended, ()) = self
                .runtime
                .block_on(async { tokio::join!(biased; append, meanwhile) });
            match appended {
                Ok(Appended::At { time }) => {
                    let row = BatchRow {
                        first: new.first,
                        count: new.count,
                        time,
                        root_before: new.root_before,
                        body: new.body,
                    };
                    self.guard.observe(time);
                    let applied = self.apply(&row)?;
                    let waiting = std::mem::take(batch);
                    self.applied = Some(AppliedBatch::new(applied, waiting));
                    return Ok(());
                }
                Ok(Appended::Behind) => self.catch_up_past(new.first)?,
                Err(error) => {
                    self.unanswered = Some(new);
                    return Err(error);
                }
            }
        }
    }

    /// The time of the next batch. A jump stops contributions, and leaves the time where it was.
    fn time(&mut self) -> u64 {
        let confirmed = &self.shared.confirmed;
        if confirmed.swap(false, std::sync::atomic::Ordering::AcqRel) {
            self.guard.confirm(&*self.clock);
        }
        match self.guard.moment(&*self.clock) {
            Moment::Trusted(time) => time,
            Moment::Jumped { trusted, clock } => {
                if self.shared.stopped().is_none() {
                    tracing::error!(log = %self.name, trusted, clock, "the clock jumped");
                    let reason = "the server's clock jumped forward; an operator must confirm that \
                        it is right";
                    self.shared.set_stopped(Some(reason.into()));
                }
                trusted
            }
        }
    }

    /// Answers what needs no entry: a request that is known, and contributions while they are stopped.
    fn drop_unwanted(&self, batch: &mut Vec<Waiting>) {
        let stopped = self.shared.stopped();
        let log = read(&self.shared.log);
        let waiting = std::mem::take(batch);
        for one in waiting {
            let request = one.submission.request;
            let known = request.and_then(|request| log.machine().find_request(request));
            if let Some(first) = known {
                let _ = one.answer.send(Ok(Answer::Known { first }));
            } else if let (Some(reason), Intake::Contribution) = (&stopped, one.submission.intake) {
                let error = JournalError::Stopped(Arc::clone(reason));
                let _ = one.answer.send(Err(error));
            } else {
                batch.push(one);
            }
        }
    }

    fn new_batch(&self, batch: &[Waiting], time: u64) -> Result<NewBatch, JournalError> {
        let (first, root, newest) = {
            let log = read(&self.shared.log);
            (log.size(), log.root(), log.newest())
        };
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| {
            JournalError::file("the random source")(std::io::Error::other(error))
        })?;
        let bodies = batch.iter().map(|one| one.submission.body.as_slice());
        Ok(NewBatch {
            first,
            count: batch.len() as u64,
            id,
            time: time.max(newest),
            root_before: root.0,
            body: bodies.collect::<Vec<_>>().concat(),
        })
    }

    fn size(&self) -> u64 {
        read(&self.shared.log).size()
    }

    /// Applies a batch of the record. One that cannot be applied leaves a state that follows from no
    /// record: nothing is appended after it.
    fn apply(&mut self, row: &BatchRow) -> Result<UnsignedBatch, JournalError> {
        let applied = write(&self.shared.log).apply(row);
        match &applied {
            Ok(_) => self.compare_with_kept(),
            Err(error) => self.broken_by(error),
        }
        applied
    }
}
