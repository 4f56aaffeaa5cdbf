//! A packed TAR that is being unpacked, and how far: like a tape it only winds forward. Whoever reads its members in
//! order, one after another, has the whole unpacked once.

use super::gone;
use super::gzip::{self, Unpacking};
use super::tar::{self, Entry};
use crate::bytes::{Bound, Store};
use crate::{Cancel, Limits};
use relaypacs_model::MemberStep;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of the member that is being read so many first bytes are kept: whoever looked at the header only, or found a
/// difference early, may come back for it.
const KEPT: u64 = 1 << 20;

/// What opening has cost so far, and whether it should go on.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    entries: AtomicU64,
    unpacked: AtomicU64,
    cancel: Cancel,
}

impl Meter {
    pub(crate) fn new(cancel: &Cancel) -> Self {
        Self { cancel: cancel.clone(), ..Self::default() }
    }

    pub(crate) fn entries(&self, count: usize) {
        self.entries.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Entries of directories that were read, bytes that were unpacked on the way.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.entries.load(Ordering::Relaxed), self.unpacked.load(Ordering::Relaxed))
    }
}

/// Counts what comes out, and ends where the scan is cancelled.
pub(crate) struct Metered<R> {
    inner: R,
    meter: Arc<Meter>,
}

impl<R> Metered<R> {
    pub(crate) fn new(inner: R, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.cancel.is_cancelled() {
            return Err(Bound::Cancelled.error());
        }
        let read = self.inner.read(buffer)?;
        self.meter.unpacked.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A packed TAR, unpacked up to somewhere.
pub(crate) struct Tape {
    reader: Metered<Unpacking>,
    /// The index of the entry whose header comes next.
    next: u32,
    /// The entry before it.
    entry: Option<Entry>,
    /// How many of its bytes came out.
    read: u64,
    /// All of those, or nothing once they were too many.
    kept: Vec<u8>,
}

impl Tape {
    pub(crate) fn new(store: &Store, limits: &Limits, meter: &Arc<Meter>) -> Self {
        let reader = Metered::new(gzip::unpack(store, limits), meter.clone());
        Self { reader, next: 0, entry: None, read: 0, kept: Vec::new() }
    }

    /// The first entry that it can still give.
    pub(crate) fn first(&self) -> u32 {
        let again = self.entry.is_some() && self.kept.len() as u64 == self.read;
        self.next - u32::from(again)
    }

    /// Winds on to the member that `step` names; gives its size.
    ///
    /// # Errors
    /// Whatever ends unpacking; `NotFound` where there is no such member any more.
    pub(crate) fn wind(&mut self, step: &MemberStep) -> io::Result<u64> {
        while self.next <= step.index {
            let passed = self.entry.as_ref().map_or(0, Entry::whole);
            let left = passed.saturating_sub(self.read);
            io::copy(&mut (&mut self.reader).take(left), &mut io::sink())?;
            self.entry = Some(tar::next(&mut self.reader)?.ok_or_else(gone)?);
            self.next = self.next.checked_add(1).ok_or_else(gone)?;
            self.read = 0;
            self.kept.clear();
        }
        match &self.entry {
            Some(entry) if self.next - 1 == step.index && entry.is_file(&step.name) => {
                Ok(entry.size)
            }
            Some(_) | None => Err(gone()),
        }
    }

    /// Reads on in the member that it was wound to; `at` is how far its reader has come.
    pub(crate) fn read(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        if let Some(mut kept) = self.kept.get(from..).filter(|kept| !kept.is_empty()) {
            return kept.read(buffer);
        }
        let size = self.entry.as_ref().map_or(0, |entry| entry.size);
        let want = buffer.len().min(usize::try_from(size - at.min(size)).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..want).unwrap_or_default();
        let read = self.reader.read(buffer)?;
        if read == 0 && want > 0 {
            return Err(Bound::Checksum.error());
        }
        let whole = self.kept.len() as u64 == self.read;
        self.read += read as u64;
        if whole && self.read <= KEPT {
            self.kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
        } else {
            self.kept = Vec::new();
        }
        Ok(read)
    }
}
