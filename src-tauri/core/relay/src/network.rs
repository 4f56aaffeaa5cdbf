//! What this machine is connected to. When that changes (a cable, another Wi-Fi, a tunnel), what an archive could not be
//! reached for may be over, and waiting on would be for nothing.

use crate::stop::Stop;
use relaypacs_model::Code;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where a lane looks whether the network has changed. Asked every second or two by a lane that waits, so it must be
/// quick.
pub trait Network: Send + Sync + 'static {
    /// A number that stays as long as the machine is connected as it is.
    fn fingerprint(&self) -> u64;
}

/// The addresses of this machine's interfaces, as the system lists them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interfaces;

impl Network for Interfaces {
    /// One that cannot be listed counts as none: what does not change wakes nobody.
    fn fingerprint(&self) -> u64 {
        let mut addresses: Vec<(String, IpAddr)> = if_addrs::get_if_addrs()
            .unwrap_or_default()
            .into_iter()
            .map(|interface| (interface.name.clone(), interface.ip()))
            .collect();
        addresses.sort();
        let mut sum = DefaultHasher::new();
        addresses.hash(&mut sum);
        sum.finish()
    }
}

/// What another network may put right: also a page of a guest network in the archive's place.
pub(crate) const OF_THE_NETWORK: [Code; 8] = [
    Code::Unreachable,
    Code::NameNotFound,
    Code::ConnectionLost,
    Code::Stalled,
    Code::TlsNotTrusted,
    Code::TlsFailed,
    Code::Redirected,
    Code::AnswerNotUnderstood,
];

/// How often a wait is interrupted for a look.
const LOOK: Duration = Duration::from_secs(2);

/// Waits that end where the network changes.
pub(crate) struct Watch {
    network: Arc<dyn Network>,
    last: AtomicU64,
}

impl Watch {
    /// Changes count from now.
    pub(crate) fn new(network: Arc<dyn Network>) -> Self {
        let last = AtomicU64::new(network.fingerprint());
        Self { network, last }
    }

    /// Waits for so long, unless somebody stops it or the network has changed since it was last looked at: then `true`.
    pub(crate) async fn wait(&self, wait: Duration, stop: &Stop) -> bool {
        let end = Instant::now() + wait;
        loop {
            if self.has_changed().await {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || stop.is_stopped() {
                return false;
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK)) => {}
                () = stop.stopped() => {}
            }
        }
    }

    async fn has_changed(&self) -> bool {
        let network = self.network.clone();
        // Some systems take a moment to list their interfaces.
        let now = tokio::task::spawn_blocking(move || network.fingerprint()).await;
        now.is_ok_and(|now| self.last.swap(now, Ordering::Relaxed) != now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_stays_connected_as_it_is_keeps_its_fingerprint() {
        assert_eq!(Interfaces.fingerprint(), Interfaces.fingerprint());
        assert!(!if_addrs::get_if_addrs().unwrap().is_empty(), "not even the loopback");
    }
}
