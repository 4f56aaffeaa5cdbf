//! The figures of a run, shared by its lanes.

use crate::observer::Progress;
use relaypacs_queue::{Counts, StateName};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counters; each only grows.
pub(crate) struct Run {
    instances: u64,
    bytes: u64,
    confirmed: AtomicU64,
    stored: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_sent_again: AtomicU64,
    requests: AtomicU64,
}

impl Run {
    /// A run over what the counts say.
    pub(crate) fn new(counts: &Counts) -> Self {
        let here = counts.here();
        let confirmed = counts.of(StateName::Confirmed).instances;
        Self {
            instances: here.instances,
            bytes: here.bytes,
            confirmed: AtomicU64::new(confirmed),
            stored: AtomicU64::new(confirmed),
            bytes_sent: AtomicU64::new(0),
            bytes_sent_again: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Progress {
            instances: self.instances,
            confirmed: get(&self.confirmed),
            stored: get(&self.stored),
            bytes: self.bytes,
            bytes_sent: get(&self.bytes_sent),
        }
    }

    pub(crate) fn stored(&self, instances: u64) {
        self.stored.fetch_add(instances, Ordering::Relaxed);
    }

    pub(crate) fn confirmed(&self, instances: u64) {
        self.confirmed.fetch_add(instances, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn sent_again(&self, bytes: u64) {
        self.bytes_sent_again.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn requested(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes sent, bytes sent again, requests.
    pub(crate) fn totals(&self) -> (u64, u64, u64) {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (get(&self.bytes_sent), get(&self.bytes_sent_again), get(&self.requests))
    }
}

/// Signs of life of one destination.
pub(crate) struct Signs {
    parked: Mutex<Option<Park>>,
    gained: Mutex<Instant>,
    stored: Mutex<Option<Instant>>,
    /// True from a request that hung until the next answer.
    hung: AtomicBool,
}

/// So long ago counts as lately.
const LATELY: Duration = Duration::from_secs(45);

/// When a destination was parked in this run, and over what.
#[derive(Clone, Copy)]
struct Park {
    at: Instant,
    over: Talk,
}

/// What is said to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talk {
    /// Questions, comparisons among them.
    Ask,
    /// Images.
    Store,
}

impl Signs {
    /// None yet; patience counts from now.
    pub(crate) fn new() -> Self {
        let gained = Mutex::new(Instant::now());
        Self {
            parked: Mutex::new(None),
            gained,
            stored: Mutex::new(None),
            hung: AtomicBool::new(false),
        }
    }

    /// The archive took something or answered a question.
    pub(crate) fn gained(&self) {
        *self.gained.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long it is since the archive last took something or answered.
    pub(crate) fn since_gain(&self) -> Duration {
        self.gained.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// A request hung until it was given up, which takes longer than patience lasts. Patience counts from now, once, so
    /// that it is tried again.
    pub(crate) fn hung(&self) {
        if !self.hung.swap(true, Ordering::Relaxed) {
            self.gained();
        }
    }

    /// The archive answered.
    pub(crate) fn answered(&self) {
        self.hung.store(false, Ordering::Relaxed);
        self.gained();
    }

    /// The archive stored something.
    pub(crate) fn stored(&self) {
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// True where the archive stored something lately: it, and the way to it, work.
    pub(crate) fn stores(&self) -> bool {
        let stored = *self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.is_some_and(|stored| stored.elapsed() < LATELY)
    }

    pub(crate) fn now_parked(&self, over: Talk) {
        *self.park() = Some(Park { at: Instant::now(), over });
    }

    /// True, once, where an answer to what began at `begun` ends a park of this run. What was on its way before says
    /// nothing about it, and an archive that can be asked need not be one that stores.
    pub(crate) fn ends_park(&self, talk: Talk, begun: Instant) -> bool {
        let mut park = self.park();
        let ends = park
            .is_some_and(|park| begun > park.at && (talk == Talk::Store || park.over == Talk::Ask));
        if ends {
            *park = None;
        }
        ends
    }

    fn park(&self) -> MutexGuard<'_, Option<Park>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Chance, between 0 and 1, so that many senders do not come back at the same moment.
pub(crate) fn jitter() -> f64 {
    let mut bytes = [0u8; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 0.5,
    }
}
