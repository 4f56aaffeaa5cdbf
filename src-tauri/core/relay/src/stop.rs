//! Stopping: one switch that a face of RelayPACS turns, and that everything at work looks at.

use relaypacs_scan::Cancel;
use std::sync::Arc;
use tokio::sync::watch;

/// A switch that is turned once. Cheap to clone; every clone is the same switch.
#[derive(Debug, Clone)]
pub struct Stop {
    cancel: Cancel,
    sender: Arc<watch::Sender<bool>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// A switch that nobody has turned.
    #[must_use]
    pub fn new() -> Self {
        Self { cancel: Cancel::new(), sender: Arc::new(watch::Sender::new(false)) }
    }

    /// Asks everything to come to an end: a scan within a second, a batch at once.
    pub fn stop(&self) {
        self.cancel.cancel();
        self.sender.send_replace(true);
    }

    /// True once somebody has asked.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.sender.borrow()
    }

    /// Ends when somebody asks.
    pub async fn stopped(&self) {
        // The sender lives in `self`, so the channel cannot close under this wait.
        let _ = self.sender.subscribe().wait_for(|stopped| *stopped).await;
    }

    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}
