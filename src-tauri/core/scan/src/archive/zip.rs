//! ZIP members: stored, deflate, deflate64, bzip2 and LZMA, each unpacked as a stream and held against the size and
//! the checksum that the directory declares.

use super::zip_directory::{self, Directory, Member, u16_at, u32_at};
use super::{Opening, Unpacked, gone, leaves};
use crate::Limits;
use crate::bytes::{Bound, Store};
use crate::deflated::Guarded;
use crate::header::Unfit;
use flate2::Crc;
use relaypacs_model::{MemberStep, SkipReason};
use std::io::{self, BufReader, Read};

pub(crate) fn examine(
    store: &Store,
    steps: &[MemberStep],
    opening: &mut Opening<'_>,
) -> Result<(), Unfit> {
    let directory = zip_directory::find(store)?;
    whole(&directory, store, opening)?;
    let mut packed = 0u64;
    for (index, member) in directory.members(store).enumerate() {
        let Ok(member) = member else { break };
        if member.folder {
            continue;
        }
        if opening.cancel.is_cancelled() {
            return Ok(());
        }
        let step = MemberStep {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            name: member.name.clone(),
        };
        packed = packed.saturating_add(member.packed);
        let refused = refuse(&member, packed > store.size());
        match refused.map_or_else(|| open(store, &member, opening.limits), Err) {
            Ok(reader) => opening.member(reader, Some(member.size), steps, step),
            Err(unfit) => opening.report(steps, step, member.size, Err(unfit)),
        }
    }
    Ok(())
}

/// The directory is read once to its end before a member is touched: an archive is opened whole or not at all.
fn whole(directory: &Directory, store: &Store, opening: &Opening<'_>) -> Result<(), Unfit> {
    if directory.members > u64::from(opening.limits.archive_members) {
        let most = opening.limits.archive_members;
        let detail = format!("an archive with more than {most} members");
        return Err(Unfit::new(SkipReason::UnsafeArchive, detail));
    }
    let mut files = 0u64;
    for member in directory.members(store) {
        let broken = "a ZIP archive whose directory is broken";
        let member = member.map_err(|_| Unfit::new(SkipReason::Damaged, broken))?;
        files += u64::from(!member.folder);
    }
    if files == 0 {
        return Err(Unfit::new(SkipReason::Empty, "an archive without a file in it"));
    }
    Ok(())
}

fn refuse(member: &Member, overlap: bool) -> Option<Unfit> {
    let unsafe_member = |detail| Some(Unfit::new(SkipReason::UnsafeArchive, detail));
    if leaves(&member.name) {
        return unsafe_member("its name leads out of the archive");
    }
    if member.link {
        return Some(Unfit::new(SkipReason::Link, "a symbolic link"));
    }
    if overlap {
        return unsafe_member("its members have more packed bytes than the archive");
    }
    // Bit 0: encrypted; bit 13: the directory hides what it says.
    if member.flags & 0x2001 != 0 {
        let detail = "it needs a password; unpack it, then scan what it holds";
        return Some(Unfit::new(SkipReason::EncryptedArchive, detail));
    }
    None
}

/// A reader of the member that `step` names and whose record begins at `at`.
pub(crate) fn member(
    store: &Store,
    directory: &Directory,
    at: u64,
    step: &MemberStep,
    limits: &Limits,
) -> io::Result<Unpacked> {
    let member = directory.member(store, at)?;
    if member.name != step.name {
        return Err(gone());
    }
    let reader = open(store, &member, limits)
        .map_err(|unfit| io::Error::new(io::ErrorKind::InvalidData, unfit.detail))?;
    Ok((reader, Some(member.size)))
}

/// The names of all members, in order.
pub(crate) fn names(store: &Store) -> Vec<String> {
    let Ok(directory) = zip_directory::find(store) else { return Vec::new() };
    directory.members(store).map_while(Result::ok).map(|member| member.name).collect()
}

fn open(store: &Store, member: &Member, limits: &Limits) -> Result<Box<dyn Read + Send>, Unfit> {
    if member.size > limits.member_bytes {
        let detail = format!("a member of more than {} GiB", limits.member_bytes >> 30);
        return Err(Unfit::new(SkipReason::TooLarge, detail));
    }
    let local = local_header(store, member).map_err(|error| Unfit::from_io(&error))?;
    let data = BufReader::with_capacity(32 * 1024, store.range(local, local + member.packed));
    let unpacked: Box<dyn Read + Send> = match member.method {
        0 => Box::new(data),
        8 => Box::new(flate2::bufread::DeflateDecoder::new(data)),
        9 => Box::new(deflate64::Deflate64Decoder::with_buffer(data)),
        12 => Box::new(bzip2::bufread::BzDecoder::new(data)),
        14 => lzma(data, member).map_err(|error| Unfit::from_io(&error))?,
        method => {
            let detail = format!("packed by method {method}, which is not known here");
            return Err(Unfit::new(SkipReason::Unreadable, detail));
        }
    };
    let guarded = Guarded::new(unpacked, member.packed, limits, Bound::Bomb);
    Ok(Box::new(Checked::new(guarded, member.size, Some(member.crc))))
}

/// Where the bytes of the member begin (APPNOTE 4.3.7).
fn local_header(store: &Store, member: &Member) -> io::Result<u64> {
    let mut fixed = [0; 30];
    let end = member.header.saturating_add(30);
    let corrupt = |_| Bound::Corrupt.error();
    store.range(member.header, end).read_exact(&mut fixed).map_err(corrupt)?;
    if !fixed.starts_with(b"PK\x03\x04") {
        return Err(Bound::Corrupt.error());
    }
    let data = end + u64::from(u16_at(&fixed, 26)) + u64::from(u16_at(&fixed, 28));
    match data.checked_add(member.packed) {
        Some(last) if last <= store.size() => Ok(data),
        Some(_) | None => Err(Bound::Corrupt.error()),
    }
}

/// LZMA as ZIP wraps it (APPNOTE 5.8.8): version, length of the properties, properties, stream.
fn lzma(mut data: impl Read + Send + 'static, member: &Member) -> io::Result<Box<dyn Read + Send>> {
    let mut head = [0; 9];
    data.read_exact(&mut head)?;
    if u16_at(&head, 2) != 5 {
        return Err(Bound::Corrupt.error());
    }
    let [_, _, _, _, properties, ..] = head;
    // A dictionary larger than the member is never looked into, and must not take its memory.
    let needed = u32::try_from(member.size.max(4096)).unwrap_or(u32::MAX);
    let dictionary = u32_at(&head, 5).min(needed);
    if dictionary > 64 << 20 {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }
    let size = if member.flags & 2 != 0 { u64::MAX } else { member.size };
    let reader = lzma_rust2::LzmaReader::new_with_props(data, size, properties, dictionary, None)?;
    Ok(Box::new(reader))
}

/// Ends in an error where what comes out is not what was declared.
pub(crate) struct Checked<R> {
    inner: R,
    crc: Crc,
    out: u64,
    size: u64,
    declared: Option<u32>,
}

impl<R> Checked<R> {
    pub(crate) fn new(inner: R, size: u64, declared: Option<u32>) -> Self {
        Self { inner, crc: Crc::new(), out: 0, size, declared }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.out += read as u64;
        if self.out > self.size {
            return Err(Bound::LargerThanDeclared.error());
        }
        if self.declared.is_some() {
            self.crc.update(buffer.get(..read).unwrap_or_default());
        }
        let ended = read == 0 && !buffer.is_empty();
        let wrong = self.declared.is_some_and(|declared| declared != self.crc.sum());
        if ended && (self.out != self.size || wrong) {
            return Err(Bound::Checksum.error());
        }
        Ok(read)
    }
}
