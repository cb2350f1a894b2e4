//! Batches are applied among the other tasks of a runtime, and long ones beside them.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

/// Entries that are applied in some two milliseconds, for which it does not pay to move other tasks away.
const SHORT: u64 = 256;

/// Applies so many entries. Where they are many, the other tasks of this thread go on in another one, if the runtime
/// has more than one.
pub(crate) fn applying<T>(entries: u64, apply: impl FnOnce() -> T) -> T {
    let has_others = || Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if entries > SHORT && has_others() {
        block_in_place(apply)
    } else {
        apply()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    /// Waits in a long batch for a task that was given to the same thread.
    async fn is_met_by_another_task() -> bool {
        let (tell, told) = mpsc::channel();
        let other = async move { tell.send(()).unwrap() };
        let long = async move {
            let other = tokio::spawn(other);
            let met = applying(SHORT + 1, || told.recv_timeout(Duration::from_secs(20)));
            other.await.unwrap();
            met.is_ok()
        };
        tokio::spawn(long).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn other_tasks_go_on_beside_a_long_batch() {
        assert!(is_met_by_another_task().await);
    }

    #[tokio::test]
    async fn where_there_is_one_thread_it_is_applied_there() {
        assert_eq!(applying(SHORT + 1, || 7), 7);
    }
}
