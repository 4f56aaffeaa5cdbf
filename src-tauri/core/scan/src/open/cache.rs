//! What an opener remembers, and how little: the contents of a few archives, the bytes of archives that lie in
//! archives, and a few packed TARs where their last reader left them.

use crate::archive::contents::Contents;
use crate::archive::tape::Tape;
use relaypacs_model::MemberStep;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Archive files whose contents are kept: 8 MB each at most.
const FILES: usize = 4;
/// Archives in archives that are kept.
const INNER: usize = 16;
/// Packed TARs that wait for the next reader: as many as there are batches in flight.
const TAPES: usize = 8;

/// One archive, as it was at one time.
#[derive(PartialEq, Eq)]
pub(super) struct Key {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) modified: Option<SystemTime>,
    /// The way to an archive within.
    pub(super) steps: Vec<MemberStep>,
}

impl Key {
    /// True where `other` is, or lies in, the same file at another time.
    fn outdates(&self, other: &Self) -> bool {
        self.path == other.path && (self.size, self.modified) != (other.size, other.modified)
    }
}

/// What is known of one archive.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) contents: Arc<Contents>,
    /// The whole of an archive in an archive.
    pub(super) bytes: Option<Arc<Vec<u8>>>,
}

/// The place of one archive in the cache. Whoever finds out what belongs there holds the lock: others wait and share.
pub(super) struct Slot {
    pub(super) key: Arc<Key>,
    known: Mutex<Option<Known>>,
}

impl Slot {
    pub(super) fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner_bytes(&self) -> usize {
        self.known().as_ref().and_then(|known| known.bytes.as_ref()).map_or(0, |bytes| bytes.len())
    }
}

/// Slots and tapes, the one used last at the end.
#[derive(Default)]
pub(super) struct Cache {
    slots: Vec<Arc<Slot>>,
    tapes: Vec<(Arc<Key>, Tape)>,
}

impl Cache {
    /// The place of this archive. What is known of the same file at another time is forgotten.
    pub(super) fn slot(&mut self, key: Key) -> Arc<Slot> {
        self.slots.retain(|slot| !key.outdates(&slot.key));
        self.tapes.retain(|(of, _)| !key.outdates(of));
        let slot = match self.slots.iter().position(|slot| *slot.key == key) {
            Some(at) => self.slots.remove(at),
            None => Arc::new(Slot { key: Arc::new(key), known: Mutex::new(None) }),
        };
        self.slots.push(slot.clone());
        slot
    }

    /// The tape from which the entry `index` is nearest.
    pub(super) fn tape(&mut self, key: &Arc<Key>, index: u32) -> Option<Tape> {
        let near = |(at, (of, tape)): (usize, &(Arc<Key>, Tape))| {
            (of == key && tape.first() <= index).then(|| (tape.first(), at))
        };
        let (_, at) = self.tapes.iter().enumerate().filter_map(near).max()?;
        Some(self.tapes.remove(at).1)
    }

    pub(super) fn park(&mut self, key: Arc<Key>, tape: Tape) {
        self.tapes.push((key, tape));
        if self.tapes.len() > TAPES {
            self.tapes.remove(0);
        }
    }

    /// Forgets what was not used for longest, as far as the bounds ask for it. Archives in archives keep `inner_bytes`
    /// in all; what a reader is using right now stays until it is done, even beyond that.
    pub(super) fn trim(&mut self, inner_bytes: u64) {
        self.drop_oldest(FILES, usize::MAX, false);
        self.drop_oldest(INNER, usize::try_from(inner_bytes).unwrap_or(usize::MAX), true);
    }

    fn drop_oldest(&mut self, most: usize, most_bytes: usize, inner: bool) {
        let (mut count, mut bytes) = (0, 0);
        let mut kept = Vec::with_capacity(self.slots.len());
        for slot in std::mem::take(&mut self.slots).into_iter().rev() {
            // A slot that somebody else has is being filled, and cannot be looked into.
            let sorted = slot.key.steps.is_empty() != inner;
            if !sorted || Arc::strong_count(&slot) > 1 {
                count += usize::from(sorted);
                kept.push(slot);
                continue;
            }
            let size = slot.inner_bytes();
            let fits = count < most && size <= most_bytes.saturating_sub(bytes);
            if !fits && inner {
                // Its tape would hold its bytes.
                self.tapes.retain(|(of, _)| *of != slot.key);
            }
            if fits || in_use(&slot) {
                count += 1;
                bytes += size;
                kept.push(slot);
            }
        }
        kept.reverse();
        self.slots = kept;
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize, usize) {
        let bytes = self.slots.iter().map(|slot| slot.inner_bytes()).sum();
        (self.slots.len(), bytes, self.tapes.len())
    }
}

/// True while a reader has the bytes: forgetting them would free nothing, and the next reader would get a second copy.
fn in_use(slot: &Slot) -> bool {
    let known = slot.known();
    let bytes = known.as_ref().and_then(|known| known.bytes.as_ref());
    bytes.is_some_and(|bytes| Arc::strong_count(bytes) > 1)
}
