//! Blocks by the clock.

use std::{sync::Arc, time::Duration};

use crate::node::Node;

/// Makes a block each time so long has passed, until the future is dropped. A block that cannot be written is tried
/// again with the next one.
pub async fn mine_every(node: Arc<Node>, pause: Duration) {
    let mut ticks = tokio::time::interval(pause);
    // The first tick comes at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let node = Arc::clone(&node);
        let mined = tokio::task::spawn_blocking(move || node.mine()).await;
        if let Ok(Err(error)) = mined {
            tracing::error!("no block: {error}");
        }
    }
}
