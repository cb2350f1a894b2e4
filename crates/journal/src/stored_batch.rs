//! A batch between the disk and its answers.

use std::collections::HashSet;

use softcap_offering::RequestId;

use crate::{BatchRow, work::Waiting};

/// A batch that is on disk and not applied yet, with those who wait for its entries.
pub(crate) struct StoredBatch {
    /// What others appended before it, not applied either.
    pub(crate) before: Vec<BatchRow>,
    pub(crate) row: BatchRow,
    pub(crate) waiting: Vec<Waiting>,
    /// Those of its entries.
    requests: HashSet<RequestId>,
}

impl StoredBatch {
    pub(crate) fn new(before: Vec<BatchRow>, row: BatchRow, waiting: Vec<Waiting>) -> Self {
        let mut requests = HashSet::with_capacity(waiting.len());
        requests.extend(waiting.iter().filter_map(|one| one.submission.request));
        Self {
            before,
            row,
            requests,
            waiting,
        }
    }

    /// Whether a request of a batch is one of these, so that it is not known before these are applied.
    pub(crate) fn is_repeated_in(&self, batch: &[Waiting]) -> bool {
        let mut requests = batch.iter().filter_map(|one| one.submission.request);
        requests.any(|request| self.requests.contains(&request))
    }
}
