//! The way to the one writer of a log in this process: what is to be appended goes in, and what it
//! became comes back.

use std::sync::{Arc, RwLockReadGuard};

use softcap_offering::RequestId;
use softcap_proof::SigningKey;
use tokio::sync::{mpsc, oneshot, watch};

use crate::locks::{read, write};
use crate::{
    Clock, Hold, JournalError, Log, LogName, Machine, SealedBatch, Store,
    publisher::Publisher,
    shared::Shared,
    work::{Waiting, Work},
    writer::Writer,
};

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
        /// What was submitted now, to be compared with it.
        body: Vec<u8>,
    },
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
    /// Starts the writer of a log that is up to date with the record, as a task of the runtime that is at work.
    pub fn start(
        log: Log<M>,
        store: Store,
        key: Arc<SigningKey>,
        clock: Arc<dyn Clock>,
        config: SequencerConfig,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(config.queue.max(1));
        let (newest_writer, newest) = watch::channel(None);
        let name = log.name().clone();
        let shared = Arc::new(Shared::of(log));
        let publisher = Publisher {
            origin: config.origin,
            key,
            newest: newest_writer,
        };
        let writer = Writer::new(name.clone(), Arc::clone(&shared), store, clock, publisher);
        tokio::spawn(writer.run(waiting));
        Self {
            name,
            queue,
            shared,
            newest,
        }
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

    /// Appends entries that belong together, in their order and in one batch, so that none stands without
    /// those before it; returns when they are on disk. Some thousands at most: the batch is one row.
    ///
    /// # Errors
    /// As [`Sequencer::submit`], for all of them.
    pub async fn submit_all(
        &self,
        submissions: Vec<Submission>,
    ) -> Result<Vec<Answer>, JournalError> {
        let mut all = Vec::with_capacity(submissions.len());
        let mut answers = Vec::with_capacity(submissions.len());
        for submission in submissions {
            let (answer, answered) = oneshot::channel();
            all.push(Waiting { submission, answer });
            answers.push(answered);
        }
        if all.is_empty() {
            return Ok(Vec::new());
        }
        self.send(Work::EnterAll(all))?;
        let mut became = Vec::with_capacity(answers.len());
        for answered in answers {
            became.push(answered.await.unwrap_or(Err(JournalError::Stopping))?);
        }
        Ok(became)
    }

    fn send(&self, work: Work) -> Result<(), JournalError> {
        self.queue.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => JournalError::Busy,
            mpsc::error::TrySendError::Closed(_) => JournalError::Stopping,
        })
    }

    /// Asks the writer to apply what other nodes appended. Nothing is lost when its queue is full, or when it could
    /// not read: a node asks again for as long as its log is behind.
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
        self.shared.confirm();
    }
}
