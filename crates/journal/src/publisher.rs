//! What follows a batch that is on disk and applied: a checkpoint, and answers.

use std::sync::Arc;

use softcap_proof::SigningKey;
use tokio::sync::watch;

use crate::{Answer, JournalError, SealedBatch, UnsignedBatch, work::Waiting};

/// Signs batches and tells of them, in their order.
pub(crate) struct Publisher {
    pub(crate) origin: String,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) newest: watch::Sender<Option<Arc<SealedBatch>>>,
}

/// A batch with those who wait for its entries.
pub(crate) struct AppliedBatch {
    batch: UnsignedBatch,
    /// One for each entry.
    waiting: Vec<Waiting>,
    /// The entry that came first with the request of each.
    firsts: Vec<u64>,
}

impl AppliedBatch {
    pub(crate) fn new(batch: UnsignedBatch, waiting: Vec<Waiting>, firsts: Vec<u64>) -> Self {
        Self {
            batch,
            waiting,
            firsts,
        }
    }

    /// A batch that another node appended.
    pub(crate) fn of_others(batch: UnsignedBatch) -> Self {
        Self::new(batch, Vec::new(), Vec::new())
    }
}

impl Publisher {
    /// Signs a batch and tells everybody who waits for it.
    pub(crate) fn publish(&self, applied: AppliedBatch) {
        let AppliedBatch {
            batch,
            waiting,
            firsts,
        } = applied;
        match batch.sign(&self.origin, &self.key) {
            Ok(sealed) => {
                let sealed = Arc::new(sealed);
                self.newest.send_replace(Some(Arc::clone(&sealed)));
                if !waiting.is_empty() {
                    // Apart, so that the writer goes on with the next batch meanwhile.
                    tokio::spawn(async move { answer(waiting, &firsts, &sealed) });
                }
            }
            Err(error) => {
                tracing::error!(origin = self.origin, %error, "a checkpoint cannot be signed");
                let error = JournalError::from(error);
                for one in waiting {
                    let _ = one.answer.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Tells everybody of a batch what their entry became: the first of its request, or a repeat of it.
fn answer(waiting: Vec<Waiting>, firsts: &[u64], sealed: &Arc<SealedBatch>) {
    for ((index, first), one) in (sealed.first()..).zip(firsts).zip(waiting) {
        let Waiting { submission, answer } = one;
        let became = if *first == index {
            Answer::Entered {
                batch: Arc::clone(sealed),
                index,
            }
        } else {
            Answer::Known {
                first: *first,
                body: submission.body,
            }
        };
        let _ = answer.send(Ok(became));
    }
}
