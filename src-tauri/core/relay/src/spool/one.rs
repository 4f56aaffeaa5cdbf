//! Copying one instance: read once, hashed and sealed in the same pass, on the disk before it counts.

use super::SpoolFolder;
use relaypacs_queue::{About, InstanceRow, SealWriter, SpoolKey};
use sha2::{Digest, Sha256};
use std::io::{self, BufWriter, Read, Write};

/// What is read at a time where all is well.
pub(super) const WIDE: usize = 256 << 10;
/// What is read at a time where it was not: a sector of a CD, so that one bad one costs its neighbours nothing.
pub(super) const NARROW: usize = 2 << 10;

/// Where copying failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// The source has other bytes than those that were scanned.
    Changed,
    /// The source is not there.
    Gone,
    /// The medium gives an error where the bytes should be.
    Unreadable,
    /// The spool cannot take it.
    NoRoom,
    /// Somebody asked to stop.
    Stopped,
}

impl Failed {
    /// What an error of the source means.
    pub(super) fn of_source(error: &io::Error) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are open-ended")]
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Changed,
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Gone,
            _ => Self::Unreadable,
        }
    }
}

/// Copies what `open` gives into a new file, which is on the disk when this returns (the name in its folder is not yet).
/// Gives its name and the SHA-256 of the bytes. A failure leaves no file.
pub(super) fn copy(
    folder: &SpoolFolder,
    row: &InstanceRow,
    key: &SpoolKey,
    open: &dyn Fn() -> io::Result<Box<dyn Read + Send>>,
    block: usize,
    stopped: &dyn Fn() -> bool,
) -> Result<(String, [u8; 32]), Failed> {
    let mut reader = open().map_err(|error| Failed::of_source(&error))?;
    let mut nonce = [0; 19];
    getrandom::fill(&mut nonce).map_err(|_| Failed::NoRoom)?;
    let (name, file) = folder.create().map_err(|_| Failed::NoRoom)?;
    let about = About { instance: row.id, sop_uid: row.sop_uid.clone(), bytes: row.bytes };
    let copied = (|| {
        let no_room = |_: io::Error| Failed::NoRoom;
        let to = BufWriter::with_capacity(WIDE, file);
        let mut writer = SealWriter::new(to, key, nonce, &about).map_err(no_room)?;
        let digest = pour(&mut *reader, row.bytes, block, &mut writer, stopped)?;
        let file = writer.finish().map_err(no_room)?.into_inner();
        file.map_err(|error| no_room(error.into_error()))?.sync_all().map_err(no_room)?;
        Ok(digest)
    })();
    match copied {
        Ok(digest) => Ok((name, digest)),
        Err(failed) => {
            // What cannot be removed now is swept at the next start.
            let _ = folder.remove(&name);
            Err(failed)
        }
    }
}

fn pour(
    from: &mut dyn Read,
    bytes: u64,
    block: usize,
    to: &mut impl Write,
    stopped: &dyn Fn() -> bool,
) -> Result<[u8; 32], Failed> {
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; block];
    let mut left = bytes;
    loop {
        if stopped() {
            return Err(Failed::Stopped);
        }
        let read = match from.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failed::of_source(&error)),
        };
        let got = buffer.get(..read).unwrap_or_default();
        left = left.checked_sub(read as u64).ok_or(Failed::Changed)?;
        if read == 0 {
            return if left == 0 { Ok(sha256.finalize().into()) } else { Err(Failed::Changed) };
        }
        sha256.update(got);
        to.write_all(got).map_err(|_| Failed::NoRoom)?;
    }
}
