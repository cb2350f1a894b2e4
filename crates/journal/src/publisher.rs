//! What follows a batch that is on disk and applied: a checkpoint, and answers.

use std::{collections::HashMap, sync::Arc};

use softcap_offering::RequestId;
use softcap_proof::SigningKey;
use tokio::{runtime::Handle, sync::watch};

use crate::{Answer, JournalError, SealedBatch, UnsignedBatch, writer::Waiting};

/// Signs batches and tells of them, in their order.
pub(crate) struct Publisher {
    pub(crate) origin: String,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) newest: watch::Sender<Option<Arc<SealedBatch>>>,
    pub(crate) runtime: Handle,
}

/// A batch with those who wait for its entries, one for each.
pub(crate) struct AppliedBatch {
    batch: UnsignedBatch,
    waiting: Vec<Waiting>,
}

impl AppliedBatch {
    pub(crate) fn new(batch: UnsignedBatch, waiting: Vec<Waiting>) -> Self {
        Self { batch, waiting }
    }

    /// A batch that another node appended.
    pub(crate) fn of_others(batch: UnsignedBatch) -> Self {
        Self::new(batch, Vec::new())
    }
}

impl Publisher {
    /// Signs a batch and tells everybody who waits for it.
    pub(crate) fn publish(&self, applied: AppliedBatch) {
        let AppliedBatch { batch, waiting } = applied;
        match batch.sign(&self.origin, &self.key) {
            Ok(sealed) => {
                let sealed = Arc::new(sealed);
                self.newest.send_replace(Some(Arc::clone(&sealed)));
                if !waiting.is_empty() {
                    // Among the tasks that wait: from another thread each would be woken by itself.
                    self.runtime.spawn(async move { answer(waiting, &sealed) });
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

/// Tells everybody of a batch what their entry became. Two with the same request in one batch are one
/// entry and its repeat.
fn answer(waiting: Vec<Waiting>, sealed: &Arc<SealedBatch>) {
    let mut firsts: HashMap<RequestId, u64> = HashMap::with_capacity(waiting.len());
    for (index, one) in (sealed.first()..).zip(waiting) {
        let first = one
            .submission
            .request
            .map_or(index, |request| *firsts.entry(request).or_insert(index));
        let answer = if first == index {
            Answer::Entered {
                batch: Arc::clone(sealed),
                index,
            }
        } else {
            Answer::Known { first }
        };
        let _ = one.answer.send(Ok(answer));
    }
}
