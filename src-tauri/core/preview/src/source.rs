//! Where the bytes of one instance come from: anything that can be read at a position.

use crate::Placeholder;
use std::io::{self, Read, Seek, SeekFrom};

/// The most bytes of one instance that are held in memory, where its source cannot seek: 512 MiB.
const HELD_MOST: u64 = 512 << 20;
/// How much is read at once.
const CHUNK: usize = 64 << 10;
/// How much is read after a jump.
const JUMP: usize = 1 << 10;

/// The bytes of one instance, read at any position. Only what a frame needs is asked for.
pub trait Source: Send {
    /// How many bytes there are.
    fn size(&self) -> u64;
    /// Reads some bytes from `at` on, like [`Read::read`]; 0 at the end.
    ///
    /// # Errors
    /// What the operating system says.
    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// Bytes in memory: the member of an archive, what was unpacked from a spool.
#[derive(Debug, Clone)]
pub struct Held(pub Vec<u8>);

impl Held {
    /// Reads exactly `length` bytes from something that only goes forward.
    ///
    /// # Errors
    /// [`Placeholder::TooLarge`] above 512 MiB, [`Placeholder::Unreadable`] where it ends early or fails.
    pub fn read(from: &mut dyn Read, length: u64) -> Result<Self, Placeholder> {
        if length > HELD_MOST {
            return Err(Placeholder::TooLarge);
        }
        let mut bytes = Vec::new();
        from.take(length).read_to_end(&mut bytes).map_err(|_| Placeholder::Unreadable)?;
        if bytes.len() as u64 != length {
            return Err(Placeholder::Unreadable);
        }
        Ok(Self(bytes))
    }
}

impl Source for Held {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        self.0.get(from..).unwrap_or_default().read(buffer)
    }
}

/// Anything seekable, such as an open file.
#[derive(Debug)]
pub struct Seekable<R> {
    inner: R,
    size: u64,
}

impl<R: Read + Seek + Send> Seekable<R> {
    /// Finds out how long it is.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn new(mut inner: R) -> io::Result<Self> {
        let size = inner.seek(SeekFrom::End(0))?;
        Ok(Self { inner, size })
    }
}

impl<R: Read + Seek + Send> Source for Seekable<R> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.seek(SeekFrom::Start(at))?;
        self.inner.read(buffer)
    }
}

/// A source with the part held that was read last.
pub(crate) struct View<'a> {
    source: &'a mut dyn Source,
    size: u64,
    held: Vec<u8>,
    start: u64,
}

impl<'a> View<'a> {
    pub(crate) fn new(source: &'a mut dyn Source) -> Self {
        let size = source.size();
        Self { source, size, held: Vec::new(), start: 0 }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Up to `want` bytes from `at` on; fewer only at the end of the source. `want` is small: a front, a value.
    pub(crate) fn peek(&mut self, at: u64, want: usize) -> Result<&[u8], Placeholder> {
        let end = at.saturating_add(want as u64).min(self.size);
        let held = self.start + self.held.len() as u64;
        if at < self.start || end > held {
            let left = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
            // Reading on is worth a large piece, a jump (to the next fragment) is not.
            let piece = if held == 0 || (at >= self.start && at <= held) { CHUNK } else { JUMP };
            self.held.resize(want.max(piece).min(left), 0);
            self.start = at;
            let read = fill(self.source, at, &mut self.held)?;
            self.held.truncate(read);
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let rest = self.held.get(from..).unwrap_or_default();
        Ok(rest.get(..want).unwrap_or(rest))
    }

    /// Exactly `length` bytes from `at` on, which the caller has held against its limits.
    pub(crate) fn exactly(&mut self, at: u64, length: u64) -> Result<Vec<u8>, Placeholder> {
        if at.saturating_add(length) > self.size {
            return Err(Placeholder::Damaged);
        }
        let length = usize::try_from(length).map_err(|_| Placeholder::TooLarge)?;
        let mut bytes = vec![0; length];
        if fill(self.source, at, &mut bytes)? < length {
            return Err(Placeholder::Unreadable);
        }
        Ok(bytes)
    }
}

fn fill(source: &mut dyn Source, at: u64, buffer: &mut [u8]) -> Result<usize, Placeholder> {
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match source.read_at(at + filled as u64, free) {
            Ok(0) => break,
            Ok(read) => filled += read.min(free.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Placeholder::Unreadable),
        }
    }
    Ok(filled)
}
