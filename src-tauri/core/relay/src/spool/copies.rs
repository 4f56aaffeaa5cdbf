//! What the lanes of a run know of the copying that goes on beside them.

use relaypacs_queue::{DestinationId, StudyId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Shared between the copier and the lanes.
pub(crate) struct Copies {
    active: AtomicBool,
    given_up: AtomicBool,
    moved: Notify,
    ended: Mutex<HashMap<DestinationId, Vec<StudyId>>>,
}

impl Copies {
    /// Nothing is copied yet.
    pub(crate) fn new() -> Self {
        Self {
            active: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            moved: Notify::new(),
            ended: Mutex::default(),
        }
    }

    /// There is something to copy, and somebody who does it.
    pub(crate) fn begins(&self) {
        self.active.store(true, Ordering::Release);
    }

    /// True until the last copy is made. Read it before the queue is looked at: what is copied after that is seen in
    /// the next turn.
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// Ends when something was copied.
    pub(crate) async fn moved(&self) {
        self.moved.notified().await;
    }

    pub(crate) fn has_moved(&self) {
        self.moved.notify_waiters();
    }

    /// Nothing more is copied for now.
    pub(crate) fn is_over(&self) {
        self.active.store(false, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Asks the copier to come to its end.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// The copier ended an instance of this study, perhaps its last one that was open.
    pub(crate) fn has_ended(&self, destination: DestinationId, study: StudyId) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let studies = ended.entry(destination).or_default();
        if studies.last() != Some(&study) {
            studies.push(study);
        }
    }

    /// Such studies of a destination, once.
    pub(crate) fn take_ended(&self, destination: DestinationId) -> Vec<StudyId> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.remove(&destination).unwrap_or_default()
    }
}
