//! The word that the service is to stop, for everything that would otherwise go on.

use tokio::sync::watch;

/// Says it. Dropping it says it too.
#[derive(Debug)]
pub struct StopSwitch(watch::Sender<bool>);

/// Hears it. Streams of events end on it, and `/readyz` says that the service is stopping.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

/// A switch and its listener.
#[must_use]
pub fn stop_switch() -> (StopSwitch, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (StopSwitch(sender), Stopping(receiver))
}

impl StopSwitch {
    /// The service stops now.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits for SIGINT or SIGTERM, then stops.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub async fn stop_on_signal(self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new connections, open requests are answered");
        self.stop();
        Ok(())
    }
}

impl Stopping {
    /// Whether the service is stopping.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns when the service is to stop.
    pub async fn wait(&mut self) {
        // An error means that the switch is gone, which says the same.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}
