//! The limit on what goes out, for all destinations together: they share this machine's line.

use crate::clock;
use relaypacs_model::Bandwidth;
use relaypacs_upload::Throttle;
use std::sync::{Arc, Mutex, PoisonError};

/// What is wished for, and what holds to it at every moment of the day.
pub(crate) struct Limit {
    wished: Arc<Mutex<Option<Bandwidth>>>,
    pub(crate) throttle: Arc<Throttle>,
}

impl Limit {
    pub(crate) fn set(&self, wished: Option<Bandwidth>) {
        *self.wished.lock().unwrap_or_else(PoisonError::into_inner) = wished;
    }
}

impl Default for Limit {
    fn default() -> Self {
        let wished: Arc<Mutex<Option<Bandwidth>>> = Arc::default();
        let asked = Arc::clone(&wished);
        let throttle = Throttle::new(move || {
            let wished = *asked.lock().unwrap_or_else(PoisonError::into_inner);
            wished?.bytes_per_second_at(clock::hour_of_day())
        });
        Self { wished, throttle: Arc::new(throttle) }
    }
}
