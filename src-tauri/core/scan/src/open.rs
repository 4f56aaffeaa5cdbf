//! Opening what a scan found, for sending: as a stream, with its exact size, at a cost that does not depend on where in
//! its archive it lies.

mod cache;

use crate::archive::contents::Contents;
use crate::archive::tape::{Meter, Tape};
use crate::archive::{Unpacked, gone, names};
use crate::bytes::{Bound, Store};
use crate::{Cancel, Limits, examine};
use cache::{Cache, Key, Known};
use relaypacs_model::{Location, MemberStep};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The bytes of an instance.
pub struct Opened {
    /// Reads them from the beginning. A member of an archive that does not come out as its directory declares ends in
    /// an error, never in a short stream.
    pub reader: Box<dyn Read + Send>,
    /// How many there are.
    pub bytes: u64,
    /// When the file (or the outermost archive) was last changed.
    pub modified: Option<SystemTime>,
}

/// Opens files and members, and remembers a little of the archives that it met: where their members are, and where
/// the last reader of a packed TAR left it. So the members of one archive cost the same each when they are opened in
/// any order, those of a packed TAR when they are opened in order, by several readers at once too. Every clone shares
/// what is remembered; it is forgotten as soon as the file has another size or time.
#[derive(Clone, Default)]
pub struct Opener(Arc<Shared>);

/// What opening has cost so far, to see that it grows with the work and no faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Entries of archives that were looked at.
    pub entries: u64,
    /// Bytes that were unpacked, whether a reader took them or they were passed over. Members of a ZIP do not count:
    /// nothing stands before them.
    pub unpacked: u64,
}

#[derive(Default)]
struct Shared {
    cache: Mutex<Cache>,
    limits: Limits,
    meter: Arc<Meter>,
}

impl Shared {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An archive that holds a member.
struct Holder {
    key: Arc<Key>,
    store: Store,
    contents: Arc<Contents>,
}

/// The outermost archive, freshly opened.
struct Outer<'a> {
    path: &'a Path,
    file: Arc<File>,
    size: u64,
    modified: Option<SystemTime>,
}

impl<'a> Outer<'a> {
    fn new(path: &'a Path, file: File, about: &Metadata) -> Self {
        let modified = about.modified().ok();
        Self { path, file: Arc::new(file), size: about.len(), modified }
    }

    fn open(path: &'a Path) -> io::Result<Self> {
        let (file, about) = examine::open_regular(path)?;
        Ok(Self::new(path, file, &about))
    }
}

impl Opener {
    /// An opener that remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that ends with an error once `cancel` is cancelled.
    pub(crate) fn until(cancel: &Cancel) -> Self {
        Self(Arc::new(Shared { meter: Arc::new(Meter::new(cancel)), ..Shared::default() }))
    }

    /// Opens a file or member. A member is unpacked as it is read; only an archive that lies in another archive is
    /// held in memory, at most [`Limits::nested_bytes`] each and together, beyond what is being read right now.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` where the archive has no such member any more; `InvalidData` where
    /// it cannot be unpacked.
    pub fn open(&self, location: &Location) -> io::Result<Opened> {
        match location {
            Location::File(path) => {
                let (file, about) = examine::open_regular(path)?;
                let modified = about.modified().ok();
                Ok(Opened { reader: Box::new(file), bytes: about.len(), modified })
            }
            Location::Member { archive, steps } => {
                let outer = Outer::open(archive)?;
                let (last, before) = steps.split_last().ok_or_else(gone)?;
                let holder = self.holder(&outer, before)?;
                let (reader, bytes) = self.sized(&holder, last)?;
                Ok(Opened { reader, bytes, modified: outer.modified })
            }
        }
    }

    /// What it has cost so far.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let (entries, unpacked) = self.0.meter.totals();
        Cost { entries, unpacked }
    }

    /// The names of all members beside the one at `steps` in the archive at `path`.
    pub(crate) fn names(&self, path: &Path, steps: &[MemberStep]) -> io::Result<Vec<String>> {
        let (_, before) = steps.split_last().ok_or_else(gone)?;
        let holder = self.holder(&Outer::open(path)?, before)?;
        names(&holder.store, &self.0.limits)
    }

    /// The archive at the end of `steps`, from memory where it is known.
    fn holder(&self, outer: &Outer<'_>, steps: &[MemberStep]) -> io::Result<Holder> {
        let &Outer { path, size, modified, .. } = outer;
        let key = Key { path: path.to_owned(), size, modified, steps: steps.to_vec() };
        let slot = self.0.cache().slot(key);
        let key = slot.key.clone();
        let mut known = slot.known();
        let held = match &*known {
            Some(held) => held.clone(),
            None => {
                let (held, sound) = self.look(outer, steps)?;
                if sound {
                    *known = Some(held.clone());
                }
                held
            }
        };
        drop(known);
        drop(slot);
        self.0.cache().trim(self.0.limits.nested_bytes);
        let store = match held.bytes {
            Some(bytes) => Store::Memory(bytes),
            None => Store::File(outer.file.clone(), size),
        };
        Ok(Holder { key, store, contents: held.contents })
    }

    /// Looks into an archive; false where that is not worth remembering.
    fn look(&self, outer: &Outer<'_>, steps: &[MemberStep]) -> io::Result<(Known, bool)> {
        let bytes = match steps.split_last() {
            Some((last, before)) => Some(self.all(&self.holder(outer, before)?, last)?),
            None => None,
        };
        let store = match &bytes {
            Some(bytes) => Store::Memory(bytes.clone()),
            None => Store::File(outer.file.clone(), outer.size),
        };
        let (contents, sound) = Contents::of(&store, &self.0.limits, &self.0.meter)?;
        Ok((Known { contents: Arc::new(contents), bytes }, sound))
    }

    /// The whole of an archive that lies in an archive.
    fn all(&self, holder: &Holder, step: &MemberStep) -> io::Result<Arc<Vec<u8>>> {
        let most = self.0.limits.nested_bytes;
        let (reader, size) = self.member(holder, step)?;
        if size.is_some_and(|size| size > most) {
            return Err(Bound::Bomb.error());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size.unwrap_or(0)).unwrap_or(0));
        reader.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(Bound::Bomb.error());
        }
        bytes.shrink_to_fit();
        Ok(Arc::new(bytes))
    }

    fn sized(&self, holder: &Holder, step: &MemberStep) -> io::Result<(Box<dyn Read + Send>, u64)> {
        let (mut reader, size) = self.member(holder, step)?;
        if let Some(size) = size {
            return Ok((reader, size));
        }
        // Gzip does not say how much comes out beyond 4 GiB: it is unpacked once to know.
        let size = io::copy(&mut reader, &mut io::sink())?;
        if let Contents::Packed(known) = &*holder.contents {
            known.get_or_init(|| size);
        }
        Ok((self.member(holder, step)?.0, size))
    }

    fn member(&self, holder: &Holder, step: &MemberStep) -> io::Result<Unpacked> {
        let Holder { key, store, contents } = holder;
        let Shared { limits, meter, .. } = &*self.0;
        if let Some(member) = contents.member(store, step, limits, meter)? {
            return Ok(member);
        }
        let parked = self.0.cache().tape(key, step.index);
        let mut tape = parked.unwrap_or_else(|| Tape::new(store, limits, meter));
        let size = tape.wind(step)?;
        let reader = Playing { tape: Some(tape), at: 0, key: key.clone(), shared: self.0.clone() };
        Ok((Box::new(reader), Some(size)))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Opener").field(&self.cost()).finish()
    }
}

/// Reads a member from a tape, and leaves the tape to the next reader.
struct Playing {
    tape: Option<Tape>,
    at: u64,
    key: Arc<Key>,
    shared: Arc<Shared>,
}

impl Read for Playing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tape = self.tape.as_mut().ok_or_else(|| Bound::Corrupt.error())?;
        match tape.read(buffer, self.at) {
            Ok(read) => {
                self.at += read as u64;
                Ok(read)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    // Where it stands now is anybody's guess.
                    self.tape = None;
                }
                Err(error)
            }
        }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if let Some(tape) = self.tape.take() {
            self.shared.cache().park(self.key.clone(), tape);
        }
    }
}

#[cfg(test)]
mod tests;
