//! What the writer of a log is asked to do, and who waits for it.

use tokio::sync::oneshot;

use crate::{Answer, JournalError, Submission};

/// What the writer is asked to do.
pub(crate) enum Work {
    /// Append an entry.
    Enter(Waiting),
    /// Append entries in one batch: all of them or none.
    EnterAll(Vec<Waiting>),
    /// Apply what other nodes appended, and tell who asks when it is done.
    CatchUp(Asked),
}

/// Who waits until this node has read what others appended, if anybody does.
pub(crate) type Asked = Option<oneshot::Sender<Result<(), JournalError>>>;

/// A submission, and who waits for what becomes of it.
pub(crate) struct Waiting {
    pub(crate) submission: Submission,
    pub(crate) answer: oneshot::Sender<Result<Answer, JournalError>>,
}

pub(crate) fn bytes_of(all: &[Waiting]) -> usize {
    all.iter().map(|one| one.submission.body.len()).sum()
}
