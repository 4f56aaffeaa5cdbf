//! Where a walk through a file gets its bytes from.

use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};

/// Bytes that can be skipped.
pub(crate) trait Source: Read {
    fn skip(&mut self, bytes: u64) -> io::Result<()>;
}

/// A file, as it is.
pub(crate) struct FileSource(pub(crate) BufReader<File>);

impl Read for FileSource {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Source for FileSource {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.0.seek_relative(i64::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?)
    }
}

/// What a deflated data set holds (PS3.5 annex A.5).
pub(crate) struct InflatedSource<R>(pub(crate) DeflateDecoder<R>);

impl<R: Read> Read for InflatedSource<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<R: Read> Source for InflatedSource<R> {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.0.by_ref().take(bytes), &mut io::sink())?;
        if skipped < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}
