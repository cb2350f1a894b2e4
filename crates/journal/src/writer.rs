//! The one writer of a log in this process.
//!
//! It takes what is queued, appends it as one batch with one sync, applies it, signs one checkpoint,
//! and answers everybody. Nothing is answered before it is on disk; nothing is applied before it has
//! its place in the order.
//!
//! A batch is applied, signed and answered while the next one is on its way to the disk. The row of that one
//! names the tree's head before the batch that is being applied ([`TreeHead`]).
//!
//! It is a task among those that it answers, and no thread: the system wakes a thread on a processor that is
//! busy with them, and lets it wait there while the other one is idle.

use std::sync::Arc;

use tokio::{sync::mpsc, task::yield_now};

use crate::locks::{read, write};
use crate::{
    Answer, Appended, BatchRow, Clock, Hold, Intake, JournalError, LogName, Machine, NewBatch,
    Store, UnsignedBatch,
    applying::applying,
    company::Company,
    gathering::{Gathering, Looks, Patience},
    publisher::{AppliedBatch, Publisher},
    shared::Shared,
    stored_batch::StoredBatch,
    time_guard::{Moment, TimeGuard},
    work::{Asked, Waiting, Work, bytes_of},
};

/// Most entries of a batch.
const BATCH_ENTRIES: usize = 4096;
/// Most bytes of a batch, but for its last entry.
const BATCH_BYTES: usize = 4 << 20;
/// Bytes that are read at a time from what other nodes appended.
const PAGE_BYTES: usize = 8 << 20;

/// What a writer works with; it runs as a task of its own.
pub(crate) struct Writer<M> {
    name: LogName,
    shared: Arc<Shared<M>>,
    store: Store,
    clock: Arc<dyn Clock>,
    guard: TimeGuard,
    company: Company,
    gathering: Gathering,
    /// Where no other node writes.
    patience: Patience,
    publisher: Publisher,
    /// The batch before the next one, when it is on disk and no more.
    stored: Option<StoredBatch>,
    /// A batch of which it is open whether it was appended: it must be settled before the next one.
    unanswered: Option<NewBatch>,
    /// Why the state in memory may not be used any more: the record could not be applied to it.
    broken: Option<JournalError>,
}

impl<M: Machine> Writer<M> {
    /// Of a log that is up to date with the record.
    pub(crate) fn new(
        name: LogName,
        shared: Arc<Shared<M>>,
        store: Store,
        clock: Arc<dyn Clock>,
        publisher: Publisher,
    ) -> Self {
        let newest = read(&shared.log).newest();
        let patience = if store.is_embedded() {
            Patience::EMBEDDED
        } else {
            Patience::SERVER
        };
        Self {
            name,
            shared,
            store,
            guard: TimeGuard::new(&*clock, newest),
            company: Company::default(),
            gathering: Gathering::default(),
            patience,
            clock,
            publisher,
            stored: None,
            unanswered: None,
            broken: None,
        }
    }

    /// Works until nobody can ask any more.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut batch = Vec::with_capacity(BATCH_ENTRIES);
        loop {
            let work = match (&self.stored, queue.try_recv()) {
                (_, Ok(work)) => work,
                (Some(_), Err(_)) => {
                    // Who waits is told what went wrong; the next batch meets it again.
                    let _ = self.finish();
                    continue;
                }
                (None, Err(_)) => match queue.recv().await {
                    Some(work) => work,
                    None => break,
                },
            };
            let first = match work {
                Work::Enter(first) => vec![first],
                Work::EnterAll(all) => all,
                Work::CatchUp(asked) => {
                    self.catch_up_for(asked).await;
                    continue;
                }
            };
            batch.extend(first);
            let asked = self.collect(&mut batch, &mut queue).await;
            self.take(&mut batch).await;
            if asked.is_some() {
                self.catch_up_for(asked).await;
            }
        }
        tracing::info!(log = %self.name, "the writer ended");
    }

    /// Adds what is queued to a batch, until it is full or somebody asks to catch up, which is returned.
    async fn collect(
        &mut self,
        batch: &mut Vec<Waiting>,
        queue: &mut mpsc::Receiver<Work>,
    ) -> Asked {
        let shared = self.company.is_here(self.clock.monotonic());
        let (most, patience) = if shared {
            // While others commit, one's own clients are answered, and their next requests make one
            // batch of what would be two. The next batch meets again what goes wrong.
            let _ = self.finish();
            (Company::BATCH_ENTRIES, Patience::SHARED)
        } else {
            (BATCH_ENTRIES, self.patience)
        };
        self.gather(batch.len(), patience, queue).await;
        let mut bytes = bytes_of(batch);
        while batch.len() < most && bytes < BATCH_BYTES {
            match queue.try_recv() {
                Ok(Work::Enter(next)) => {
                    bytes += next.submission.body.len();
                    batch.push(next);
                }
                Ok(Work::EnterAll(mut all)) => {
                    bytes += bytes_of(&all);
                    batch.append(&mut all);
                }
                // Whoever appends learns by it whether there is something to catch up with; who
                // asked waits for more than that.
                Ok(Work::CatchUp(None)) => {}
                Ok(Work::CatchUp(asked)) => return asked,
                Err(_) => break,
            }
        }
        None
    }

    /// Lets those come who are about to ask, when they are many. The batch before is answered first: among
    /// those it answers are they.
    async fn gather(&mut self, here: usize, patience: Patience, queue: &mpsc::Receiver<Work>) {
        let expected = self.gathering.expected(self.clock.monotonic());
        if here + queue.len() >= expected || self.finish().is_err() {
            return;
        }
        let begun = self.clock.monotonic();
        let mut looks = Looks::at(queue.len());
        while here + looks.queued() < expected
            && self.clock.monotonic().saturating_sub(begun) < patience.longest
        {
            yield_now().await;
            if !looks.go_on(queue.len(), patience) {
                return;
            }
        }
    }

    async fn catch_up_for(&mut self, asked: Asked) {
        let done = self.catch_up().await;
        // A state that is broken was told of once, and this comes again every second.
        if let Err(error) = &done
            && self.broken.is_none()
        {
            tracing::warn!(log = %self.name, %error, "what others appended was not read");
        }
        if let Some(asked) = asked {
            let _ = asked.send(done);
        }
    }

    async fn take(&mut self, batch: &mut Vec<Waiting>) {
        if let Err(error) = self.try_take(batch).await {
            tracing::warn!(log = %self.name, %error, "a batch was not appended");
            // They are told of it in their order.
            let _ = self.finish();
            for waiting in batch.drain(..) {
                let _ = waiting.answer.send(Err(error.clone()));
            }
        }
    }

    async fn try_take(&mut self, batch: &mut Vec<Waiting>) -> Result<(), JournalError> {
        self.is_sound()?;
        self.settle_unanswered().await?;
        self.pass_hold().await?;
        self.enter(batch).await
    }

    /// Applies the batch before, if it is on disk and no more, signs it and answers who waits for it.
    fn finish(&mut self) -> Result<(), JournalError> {
        let Some(stored) = self.stored.take() else {
            return Ok(());
        };
        let StoredBatch {
            before,
            row,
            waiting,
            ..
        } = stored;
        let entries = before.iter().map(|row| row.count).sum::<u64>() + row.count;
        let applied = applying(entries, || {
            self.is_sound()?;
            self.apply_all(&before)?;
            self.apply(&row)
        });
        match applied {
            Ok(batch) => {
                let firsts = self.firsts(row.first, &waiting);
                let batch = AppliedBatch::new(batch, waiting, firsts);
                self.publisher.publish(batch);
                Ok(())
            }
            Err(error) => {
                for one in waiting {
                    let _ = one.answer.send(Err(error.clone()));
                }
                Err(error)
            }
        }
    }

    fn is_sound(&self) -> Result<(), JournalError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// A batch whose append failed half way: found in the record it is applied, else forgotten, so that
    /// a later try of the same requests does not meet it in between.
    async fn settle_unanswered(&mut self) -> Result<(), JournalError> {
        if self.unanswered.is_none() {
            return Ok(());
        }
        self.catch_up().await?;
        self.unanswered = None;
        Ok(())
    }

    /// While the log is held nothing is entered; another node may have brought what was missing.
    async fn pass_hold(&mut self) -> Result<(), JournalError> {
        if matches!(self.shared.held(), Some(Hold::Behind { .. })) {
            self.catch_up().await?;
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
    async fn catch_up(&mut self) -> Result<(), JournalError> {
        self.finish()?;
        self.is_sound()?;
        loop {
            let from = self.size();
            let rows = self.store.read(&self.name, from, PAGE_BYTES).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.follow(&rows)?;
        }
    }

    /// Applies what others appended, and signs the last of it: it stands for what is before it.
    fn follow(&mut self, rows: &[BatchRow]) -> Result<(), JournalError> {
        let entries = rows.iter().map(|row| row.count).sum();
        if let Some(last) = applying(entries, || self.apply_all(rows))? {
            self.publisher.publish(AppliedBatch::of_others(last));
        }
        Ok(())
    }

    fn apply_all(&mut self, rows: &[BatchRow]) -> Result<Option<UnsignedBatch>, JournalError> {
        let mut last = None;
        for row in rows {
            self.guard.observe(row.time);
            last = Some(self.apply(row)?);
            self.company.wrote(self.clock.monotonic());
        }
        Ok(last)
    }

    /// After a batch that found no place: what stands where it would begin must be there to read.
    async fn catch_up_past(&mut self, first: u64, wrote: &[BatchRow]) -> Result<(), JournalError> {
        self.follow(wrote)?;
        if self.size() > first {
            return Ok(());
        }
        self.catch_up().await?;
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

    async fn enter(&mut self, batch: &mut Vec<Waiting>) -> Result<(), JournalError> {
        let time = self.time();
        let stored = self.stored.as_ref();
        if stored.is_some_and(|stored| stored.is_repeated_in(batch)) {
            self.finish()?;
        }
        loop {
            self.drop_unwanted(batch);
            if batch.is_empty() {
                return self.finish();
            }
            let new = self.new_batch(batch, time)?;
            let (store, name) = (self.store.clone(), self.name.clone());
            let append = store.append(&name, &new);
            let meanwhile = async { self.finish() };
            // The append is asked first, so that it is under way meanwhile.
            let (appended, finished) = tokio::join!(biased; append, meanwhile);
            match appended {
                Ok(Appended::At {
                    first,
                    time,
                    before,
                }) => {
                    self.guard.observe(time);
                    let row = BatchRow {
                        first,
                        count: new.count,
                        id: new.id,
                        time,
                        tree_before: new.tree_before,
                        body: new.body,
                    };
                    let waiting = std::mem::take(batch);
                    self.gathering.goes(waiting.len(), self.clock.monotonic());
                    self.stored = Some(StoredBatch::new(before, row, waiting));
                    return Ok(());
                }
                Ok(Appended::Behind { wrote }) => {
                    finished?;
                    self.catch_up_past(new.first, &wrote).await?;
                }
                Err(error) => {
                    self.unanswered = Some(new);
                    return Err(error);
                }
            }
        }
    }

    /// The time of the next batch. A jump stops contributions, and leaves the time where it was.
    fn time(&mut self) -> u64 {
        if self.shared.takes_confirmation() {
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
        let requests = waiting.iter().filter_map(|one| one.submission.request);
        log.machine().touch_requests(requests);
        for one in waiting {
            let request = one.submission.request;
            let known = request.and_then(|request| log.machine().find_request(request));
            if let Some(first) = known {
                let body = one.submission.body;
                let _ = one.answer.send(Ok(Answer::Known { first, body }));
            } else if let (Some(reason), Intake::Contribution) = (&stopped, one.submission.intake) {
                let error = JournalError::Stopped(Arc::clone(reason));
                let _ = one.answer.send(Err(error));
            } else {
                batch.push(one);
            }
        }
    }

    fn new_batch(&self, batch: &[Waiting], time: u64) -> Result<NewBatch, JournalError> {
        let (tree_before, mut after, mut newest) = {
            let log = read(&self.shared.log);
            (log.head(), log.newest_batch(), log.newest())
        };
        let mut first = tree_before.size;
        if let Some(StoredBatch { row, .. }) = &self.stored {
            first = row.first + row.count;
            after = Some(row.id);
            newest = row.time;
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| {
            JournalError::file("the random source")(std::io::Error::other(error))
        })?;
        let bodies = batch.iter().map(|one| one.submission.body.as_slice());
        Ok(NewBatch {
            first,
            count: batch.len() as u64,
            id,
            after,
            unread: M::UNREAD,
            time: time.max(newest),
            tree_before,
            body: bodies.collect::<Vec<_>>().concat(),
        })
    }

    fn size(&self) -> u64 {
        read(&self.shared.log).size()
    }

    /// The entry that came first with the request of each of a batch: it, one before it in the batch, or one
    /// that another node entered meanwhile.
    fn firsts(&self, first: u64, waiting: &[Waiting]) -> Vec<u64> {
        let log = read(&self.shared.log);
        let machine = log.machine();
        (first..)
            .zip(waiting)
            .map(|(index, one)| {
                let request = one.submission.request;
                let first = request.and_then(|request| machine.find_request(request));
                first.unwrap_or(index)
            })
            .collect()
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
