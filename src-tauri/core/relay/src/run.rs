//! The figures of a run, shared by its lanes.

use crate::observer::Progress;
use relaypacs_queue::{Counts, StateName, Tally};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counters; each only grows, but for what a run is about where more comes and goes meanwhile.
pub(crate) struct Run {
    instances: AtomicU64,
    bytes: AtomicU64,
    /// What was erased before the run.
    before: Tally,
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
            instances: AtomicU64::new(here.instances),
            bytes: AtomicU64::new(here.bytes),
            before: erased(counts),
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
            instances: get(&self.instances),
            confirmed: get(&self.confirmed),
            stored: get(&self.stored),
            bytes: get(&self.bytes),
            bytes_sent: get(&self.bytes_sent),
            bytes_sent_again: get(&self.bytes_sent_again),
            requests: get(&self.requests),
        }
    }

    /// Takes in what the same scope counts by now: more may have been offered since. Returns the instances of the run, by
    /// the queue's own sums.
    pub(crate) fn is_about(&self, counts: &Counts) -> u64 {
        let (here, erased) = (counts.here(), erased(counts));
        let sum = |here: u64, erased: u64, before: u64| here + erased.saturating_sub(before);
        let instances = sum(here.instances, erased.instances, self.before.instances);
        self.instances.store(instances, Ordering::Relaxed);
        self.bytes.store(sum(here.bytes, erased.bytes, self.before.bytes), Ordering::Relaxed);
        instances
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

/// What was erased of a scope.
fn erased(counts: &Counts) -> Tally {
    let (total, here, handed_on) = (counts.total(), counts.here(), counts.handed_on);
    let rest = |total: u64, here: u64, handed_on: u64| total.saturating_sub(here + handed_on);
    Tally {
        instances: rest(total.instances, here.instances, handed_on.instances),
        bytes: rest(total.bytes, here.bytes, handed_on.bytes),
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

/// Since when this run knows a destination as parked, and over what.
#[derive(Clone, Copy)]
struct Park {
    at: Instant,
    over: Talk,
    /// Nobody knows whether one study is the trouble or all are: whatever it answers, to whatever question, ends it.
    in_doubt: bool,
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
        *self.park() = Some(Park { at: Instant::now(), over, in_doubt: false });
    }

    /// The park that it knows is about one study perhaps.
    pub(crate) fn in_doubt(&self) {
        if let Some(park) = &mut *self.park() {
            park.in_doubt = true;
        }
    }

    /// True, once, where an answer to what began at `begun` ends the park. What was on its way before says
    /// nothing about it, and an archive that can be asked need not be one that stores.
    pub(crate) fn ends_park(&self, talk: Talk, begun: Instant) -> bool {
        let mut park = self.park();
        let ends = park.is_some_and(|park| {
            let after = begun > park.at || park.in_doubt;
            after && (talk == Talk::Store || park.over == Talk::Ask)
        });
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
