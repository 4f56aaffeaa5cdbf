//! How many batches are in flight, and how large the next one may be: pacing, shared by everything that sends to one
//! destination.

use relaypacs_queue::Limits;
use relaypacs_upload::pacing::{Bounds, Measured, Pace};
use std::sync::{Mutex, PoisonError};

/// The pace of one destination.
pub(crate) struct Gate {
    pace: Mutex<Pace>,
}

impl Gate {
    /// Starts carefully; `most_bytes` is what was learned of the archive's limit before.
    pub(crate) fn new(most_bytes: Option<u64>) -> Self {
        let usual = Bounds::default();
        let most_bytes =
            most_bytes.map_or(usual.most_bytes, |learned| learned.min(usual.most_bytes));
        Self { pace: Mutex::new(Pace::new(Bounds { most_bytes, ..usual })) }
    }

    /// True where one more batch may go while `flying` are on their way.
    pub(crate) fn is_open(&self, flying: usize) -> bool {
        flying < self.pace().in_flight()
    }

    /// The bounds of the next batch.
    pub(crate) fn limits(&self) -> Limits {
        let pace = self.pace();
        Limits {
            bytes: pace.batch_bytes(),
            count: u32::try_from(pace.batch_parts()).unwrap_or(u32::MAX),
        }
    }

    /// The largest request that is worth trying, in bytes.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.pace().most_bytes()
    }

    /// Learns from a batch.
    pub(crate) fn learn(&self, measured: Measured) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        *pace = pace.after(measured);
    }

    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
