//! Studies that a person takes out while lanes are at work: nobody else would tell a lane that they have come to their
//! end.

use relaypacs_queue::{DestinationId, StudyId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Written by whoever carries out a wish, taken by the lane of the destination.
#[derive(Default)]
pub(crate) struct Cancelled(Mutex<HashMap<DestinationId, Vec<StudyId>>>);

impl Cancelled {
    pub(crate) fn add(&self, destination: DestinationId, study: StudyId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let studies = all.entry(destination).or_default();
        if !studies.contains(&study) {
            studies.push(study);
        }
    }

    pub(crate) fn take(&self, destination: DestinationId) -> Vec<StudyId> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&destination).unwrap_or_default()
    }
}
