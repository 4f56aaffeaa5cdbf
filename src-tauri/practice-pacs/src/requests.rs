//! What was asked and what became of it: numbers only, never a UID.

use crate::faults::Kind;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const KEPT: usize = 100_000;

/// A request that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The method.
    pub method: String,
    /// What it was for.
    pub kind: Kind,
    /// The status that was answered; nothing where the connection ended before an answer.
    pub status: Option<u16>,
    /// Bytes of its body that were read.
    pub bytes_received: u64,
    /// Parts of a store that arrived whole.
    pub parts: usize,
    /// Instances that became new in the archive.
    pub stored: usize,
    /// Whether a rule acted on it.
    pub faulty: bool,
}

/// Sums since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that have ended.
    pub requests: u64,
    /// Those of kind store.
    pub stores: u64,
    /// Those of kind search.
    pub searches: u64,
    /// Those of kind retrieve.
    pub retrieves: u64,
    /// Bytes of bodies that were read.
    pub bytes_received: u64,
    /// Parts that arrived whole.
    pub parts: u64,
    /// Instances that became new in the archive.
    pub stored: u64,
    /// Connections that were closed at once.
    pub refused: u64,
    /// Requests that are being worked on.
    pub in_flight: u64,
    /// The most requests that were worked on at one time.
    pub most_in_flight: u64,
    /// How often each rule of the script has acted, in its order.
    pub fired: Vec<u64>,
}

/// The log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    log: VecDeque<Logged>,
    counts: Counts,
}

impl Requests {
    /// A request begins. It is logged when what comes back is dropped, however it ends.
    pub(crate) fn begin(&self, method: &str, kind: Kind) -> Entry {
        let mut kept = self.lock();
        kept.counts.in_flight += 1;
        kept.counts.most_in_flight = kept.counts.most_in_flight.max(kept.counts.in_flight);
        drop(kept);
        let logged = Logged {
            method: method.to_owned(),
            kind,
            status: None,
            bytes_received: 0,
            parts: 0,
            stored: 0,
            faulty: false,
        };
        Entry { requests: self.clone(), logged }
    }

    pub(crate) fn refused(&self) {
        self.lock().counts.refused += 1;
    }

    pub(crate) fn log(&self) -> Vec<Logged> {
        self.lock().log.iter().cloned().collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being worked on.
#[derive(Debug)]
pub(crate) struct Entry {
    requests: Requests,
    pub(crate) logged: Logged,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut kept = self.requests.lock();
        let Kept { log, counts } = &mut *kept;
        let logged = self.logged.clone();
        counts.in_flight = counts.in_flight.saturating_sub(1);
        counts.requests += 1;
        match logged.kind {
            Kind::Store => counts.stores += 1,
            Kind::Search => counts.searches += 1,
            Kind::Retrieve => counts.retrieves += 1,
            Kind::Native | Kind::Any => {}
        }
        counts.bytes_received += logged.bytes_received;
        counts.parts += logged.parts as u64;
        counts.stored += logged.stored as u64;
        if log.len() == KEPT {
            log.pop_front();
        }
        log.push_back(logged);
    }
}
