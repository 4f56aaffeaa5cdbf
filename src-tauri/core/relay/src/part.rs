//! A queued instance as something that can be sent: its bytes, from the spool or from where the scan found them, as long
//! as they are still those that were scanned.

use crate::desk::Desk;
use crate::drive::{AHEAD, Drive, InTurn};
use crate::faults::OrFault;
use crate::spool::Sources;
use crate::volume::Volumes;
use relaypacs_model::{SopClassUid, SopInstanceUid};
use relaypacs_queue::{Copying, InstanceRow};
use relaypacs_scan::Opener;
use relaypacs_upload::Part;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::time::SystemTime;

/// The bytes of one instance.
pub(crate) struct SourcePart {
    row: InstanceRow,
    opener: Opener,
    desk: Desk,
}

impl SourcePart {
    pub(crate) fn new(row: &InstanceRow, opener: &Opener, desk: &Desk) -> Self {
        Self { row: row.clone(), opener: opener.clone(), desk: desk.clone() }
    }

    fn copy(&self) -> io::Result<Box<dyn Read + Send>> {
        let id = self.row.id;
        let opened = self.desk.ask_blocking(move |books| {
            let copy = books.queue.view().copy_of(id).or_fault()?;
            Ok(copy.map(|copy| books.spool.open(&copy)))
        });
        opened.map_err(io::Error::other)?.ok_or(io::ErrorKind::NotFound)?
    }
}

impl Part for SourcePart {
    fn sop_instance_uid(&self) -> &SopInstanceUid {
        &self.row.sop_uid
    }

    fn sop_class_uid(&self) -> &SopClassUid {
        &self.row.sop_class_uid
    }

    fn bytes(&self) -> u64 {
        self.row.bytes
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self.row.copy {
            Copying::Done => self.copy(),
            Copying::Not | Copying::Due => from_source(&self.opener, &self.row, AHEAD),
        }
    }
}

/// The sources of a run, as the copier reads them.
pub(crate) struct FromSource {
    pub(crate) opener: Opener,
    pub(crate) desk: Desk,
}

impl Sources for FromSource {
    fn open(&self, row: &InstanceRow) -> io::Result<Box<dyn Read + Send>> {
        // On a damaged medium a small read has to stay one.
        from_source(&self.opener, row, 0)
    }

    fn is_there(&self, row: &InstanceRow) -> bool {
        let import = row.import;
        let noted =
            self.desk.ask_blocking(move |books| books.queue.view().volumes(import).or_fault());
        noted.is_ok_and(|volumes| Volumes::now().are_there(&volumes, row.location.file()))
    }
}

/// The bytes on the source. Size and time tell at once that they are others; where they were read before, their hash
/// tells it before the last of them is given. From an optical drive they are read in turns of `ahead` bytes.
fn from_source(opener: &Opener, row: &InstanceRow, ahead: u64) -> io::Result<Box<dyn Read + Send>> {
    let drive = Drive::of(row.location.file());
    let turn = drive.as_ref().map(Drive::turn);
    let opened = opener.open(&row.location)?;
    drop(turn);
    // Whole milliseconds: the queue keeps no finer time than that.
    let millis =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map(|d| d.as_millis()).ok();
    let same_time = match (opened.modified, row.modified) {
        (Some(now), Some(then)) => millis(now) == millis(then),
        _ => true,
    };
    if opened.bytes != row.bytes || !same_time {
        return Err(changed());
    }
    let reader: Box<dyn Read + Send> = match drive {
        None => opened.reader,
        Some(drive) => Box::new(InTurn::new(opened.reader, drive, ahead)),
    };
    Ok(match row.sha256 {
        None => reader,
        Some(first) => Box::new(Again::new(reader, row.bytes, first)),
    })
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file is not what was scanned")
}

/// Bytes that were read before: the second time they have to be the same, or the last of them are not given.
struct Again<R> {
    inner: R,
    left: u64,
    first: [u8; 32],
    sha256: Sha256,
}

impl<R: Read> Again<R> {
    fn new(inner: R, bytes: u64, first: [u8; 32]) -> Self {
        Self { inner, left: bytes, first, sha256: Sha256::new() }
    }
}

impl<R: Read> Read for Again<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.sha256.update(out.get(..read).unwrap_or_default());
        let before = self.left;
        self.left = self.left.saturating_sub(read as u64);
        let ends = before > 0 && self.left == 0;
        if ends && <[u8; 32]>::from(self.sha256.clone().finalize()) != self.first {
            return Err(changed());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_at_the_second_reading_never_come_whole() {
        let first: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let hash = Sha256::digest(&first).into();
        let read = |bytes: &[u8]| {
            let mut out = Vec::new();
            let mut again = Again::new(bytes, first.len() as u64, hash);
            (again.read_to_end(&mut out).is_ok(), out.len())
        };
        assert_eq!(read(&first), (true, first.len()));
        for at in [0, 50_000, first.len() - 1] {
            let mut other = first.clone();
            other[at] ^= 1;
            let (whole, got) = read(&other);
            assert!(!whole && got < first.len(), "{at}: {got}");
        }
    }
}
