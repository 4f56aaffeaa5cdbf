//! Where header bytes come from: a window over something that can be read at any position, or a stream that only goes
//! forward (a member of an archive, a deflated data set). Both answer the same two questions, always in order of
//! position, so that a reader of headers never knows which it has.

use crate::Cancel;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// What one read fetches at first: nearly every header lies within it.
const FIRST: usize = 8 * 1024;
/// What one read fetches at most.
const MOST: usize = 64 * 1024;

/// Bytes that are read in order of position.
pub(crate) trait Bytes {
    /// The bytes from `at` on, `want` of them, fewer only where the source ends. `at` never goes back.
    fn peek(&mut self, at: u64, want: usize) -> io::Result<&[u8]>;
    /// True where the source has at least `end` bytes. Nothing before `end` can be asked for afterwards.
    fn reaches(&mut self, end: u64) -> io::Result<bool>;
    /// How many bytes there are, where that is known or declared without reading them.
    fn size(&self) -> Option<u64>;
}

/// Why we, not the operating system, ended a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Bound {
    #[error("the scan was cancelled")]
    Cancelled,
    #[error("its data set expands to more than is accepted")]
    Expands,
    #[error("it expands to far more than an archive of images does")]
    Bomb,
    #[error("it is larger than its archive declares")]
    LargerThanDeclared,
    #[error("it does not have the checksum or size that its archive declares")]
    Checksum,
    #[error("its compressed bytes cannot be unpacked")]
    Corrupt,
}

impl Bound {
    pub(crate) fn error(self) -> io::Error {
        io::Error::other(self)
    }

    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).copied()
    }
}

/// Something that can be read at any position.
pub(crate) trait ReadAt {
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
}

impl ReadAt for &File {
    #[cfg(unix)]
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(*self, buffer, at)
    }

    #[cfg(windows)]
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(*self, buffer, at)
    }
}

/// Anything seekable, as something that can be read at any position.
pub(crate) struct Seeking<'a, R>(pub(crate) &'a mut R);

impl<R: Read + Seek> ReadAt for Seeking<'_, R> {
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(at))?;
        self.0.read(buffer)
    }
}

/// The bytes of an archive: a file, or an inner archive held in memory.
#[derive(Clone)]
pub(crate) enum Store {
    File(Arc<File>, u64),
    Memory(Arc<Vec<u8>>),
}

impl Store {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// A reader of `start..end`.
    pub(crate) fn range(&self, start: u64, end: u64) -> Range {
        Range { store: self.clone(), at: start, end: end.min(self.size()) }
    }
}

impl ReadAt for Store {
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Self::File(file, _) => (&**file).read_at(buffer, at),
            Self::Memory(bytes) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX);
                let mut rest = bytes.get(from..).unwrap_or_default();
                rest.read(buffer)
            }
        }
    }
}

/// A part of a [`Store`] as a reader of its own.
pub(crate) struct Range {
    store: Store,
    at: u64,
    end: u64,
}

impl Range {
    /// Where the next read begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }
}

impl Read for Range {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = self.store.read_at(buffer.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// [`Bytes`] over positioned reads. The buffer is lent, so that reading a file allocates nothing.
pub(crate) struct Window<'a, P> {
    inner: P,
    size: u64,
    buffer: &'a mut Vec<u8>,
    start: u64,
    refill: usize,
    cancel: &'a Cancel,
}

impl<'a, P: ReadAt> Window<'a, P> {
    pub(crate) fn new(inner: P, size: u64, buffer: &'a mut Vec<u8>, cancel: &'a Cancel) -> Self {
        buffer.clear();
        Self { inner, size, buffer, start: 0, refill: FIRST, cancel }
    }

    fn fill(&mut self, at: u64, want: usize) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Bound::Cancelled.error());
        }
        let held = self.start + self.buffer.len() as u64;
        // Reading on is rewarded with larger reads; after a jump the next header is small again.
        self.refill = match self.buffer.len() {
            0 => FIRST,
            _ if at <= held => (self.refill * 2).min(MOST),
            _ => FIRST / 2,
        };
        let left = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = want.max(self.refill).min(left);
        self.buffer.resize(length, 0);
        self.start = at;
        let mut filled = 0;
        while let Some(free) = self.buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
            match self.inner.read_at(free, at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read.min(free.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A damaged place beyond what is asked for is nobody's trouble.
                Err(_) if filled >= want => break,
                Err(error) => {
                    self.buffer.clear();
                    return Err(error);
                }
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}

impl<P: ReadAt> Bytes for Window<'_, P> {
    #[inline]
    fn peek(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let held = at >= self.start && at + want as u64 <= self.start + self.buffer.len() as u64;
        if !held && at < self.size {
            let to_end = self.start + self.buffer.len() as u64 >= self.size;
            if !(at >= self.start && to_end) || self.buffer.is_empty() {
                self.fill(at, want)?;
            }
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let rest = self.buffer.get(from..).unwrap_or_default();
        Ok(rest.get(..want).unwrap_or(rest))
    }

    #[inline]
    fn reaches(&mut self, end: u64) -> io::Result<bool> {
        Ok(end <= self.size)
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }
}

/// [`Bytes`] over a reader that only goes forward.
pub(crate) struct Stream<'a, R> {
    inner: R,
    size: Option<u64>,
    buffer: Vec<u8>,
    start: u64,
    ended: bool,
    cancel: &'a Cancel,
}

impl<'a, R: Read> Stream<'a, R> {
    /// `size`: what the source declares; more than that is never asked for.
    pub(crate) fn new(inner: R, size: Option<u64>, cancel: &'a Cancel) -> Self {
        Self { inner, size, buffer: Vec::new(), start: 0, ended: false, cancel }
    }

    fn end(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    /// How many bytes came out so far.
    pub(crate) fn seen(&self) -> u64 {
        self.end()
    }

    /// Everything, where nothing was passed over yet; nothing where it is more than `most`.
    pub(crate) fn all(&mut self, most: u64) -> io::Result<Option<Vec<u8>>> {
        if self.size.is_some_and(|size| size > most) {
            return Ok(None);
        }
        let want = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1);
        let whole = self.peek(0, want)?.len() < want;
        let bytes = std::mem::take(&mut self.buffer);
        self.start += bytes.len() as u64;
        Ok(whole.then_some(bytes))
    }

    /// Drops what lies before `at` and reads until `want` bytes from there are held.
    fn advance(&mut self, at: u64, want: usize) -> io::Result<()> {
        if at < self.start {
            return Err(io::Error::other("a stream was asked to go back"));
        }
        loop {
            let gone = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
            if gone > 0 && (gone >= self.buffer.len() || gone >= MOST) {
                let gone = gone.min(self.buffer.len());
                self.buffer.drain(..gone);
                self.start += gone as u64;
            }
            if self.ended || at.saturating_add(want as u64) <= self.end() {
                return Ok(());
            }
            if self.cancel.is_cancelled() {
                return Err(Bound::Cancelled.error());
            }
            let held = self.buffer.len();
            self.buffer.resize(held + MOST, 0);
            let read = self.inner.read(self.buffer.get_mut(held..).unwrap_or_default());
            self.buffer.truncate(held + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => self.ended = true,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
    }
}

impl<R: Read> Bytes for Stream<'_, R> {
    #[inline]
    fn peek(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        if at < self.start || at.saturating_add(want as u64) > self.end() {
            self.advance(at, want)?;
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let rest = self.buffer.get(from..).unwrap_or_default();
        Ok(rest.get(..want).unwrap_or(rest))
    }

    fn reaches(&mut self, end: u64) -> io::Result<bool> {
        if self.size.is_some_and(|size| end > size) {
            return Ok(false);
        }
        if end > self.end() {
            self.advance(end, 0)?;
        }
        Ok(end <= self.end())
    }

    fn size(&self) -> Option<u64> {
        self.size
    }
}

/// [`Bytes`] from a position on, as a reader: what a deflated data set is inflated from.
pub(crate) struct Reading<'a, S> {
    pub(crate) source: &'a mut S,
    pub(crate) at: u64,
}

impl<S: Bytes> Read for Reading<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.source.peek(self.at, buffer.len().min(MOST))?;
        let read = bytes.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        (0..300_000u32).map(|n| (n % 251) as u8).collect()
    }

    fn same_answers(source: &mut impl Bytes) {
        let bytes = sample();
        for at in [0usize, 10, 8_190, 8_200, 70_000, 200_000, 299_990] {
            let want = 40;
            let end = bytes.len().min(at + want);
            assert_eq!(source.peek(at as u64, want).unwrap(), &bytes[at..end]);
        }
        assert!(source.reaches(300_000).unwrap());
        assert!(!source.reaches(300_001).unwrap());
        assert!(source.peek(300_000, 8).unwrap().is_empty());
    }

    #[test]
    fn a_window_and_a_stream_show_the_same_bytes() {
        let (bytes, cancel, mut buffer) = (sample(), Cancel::new(), Vec::new());
        let store = Store::Memory(Arc::new(bytes.clone()));
        same_answers(&mut Window::new(store, 300_000, &mut buffer, &cancel));
        same_answers(&mut Stream::new(&bytes[..], None, &cancel));
        same_answers(&mut Stream::new(&bytes[..], Some(300_000), &cancel));
    }

    #[test]
    fn a_cancelled_scan_reads_no_further() {
        let (bytes, cancel, mut buffer) = (sample(), Cancel::new(), Vec::new());
        cancel.cancel();
        let store = Store::Memory(Arc::new(bytes.clone()));
        let mut window = Window::new(store, 300_000, &mut buffer, &cancel);
        assert_eq!(Bound::of(&window.peek(0, 4).unwrap_err()), Some(Bound::Cancelled));
        let mut stream = Stream::new(&bytes[..], None, &cancel);
        assert_eq!(Bound::of(&stream.peek(0, 4).unwrap_err()), Some(Bound::Cancelled));
    }
}
