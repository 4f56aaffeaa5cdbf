//! TAR members (POSIX.1 pax, ustar and the long names of GNU), read as a stream.

use super::zip::Checked;
use super::{Opening, Unpacked, gone, leaves, read_most};
use crate::Limits;
use crate::bytes::{Bound, Store};
use crate::header::Unfit;
use relaypacs_model::{MemberStep, SkipReason};
use std::io::{self, Read};

const BLOCK: u64 = 512;
/// The longest extended header that is read.
const EXTENDED: u64 = 1 << 20;

pub(super) struct Entry {
    name: String,
    pub(super) size: u64,
    sort: Sort,
}

impl Entry {
    /// How much lies between its header and the next one.
    pub(super) fn whole(&self) -> u64 {
        self.size.saturating_add(padding(self.size))
    }

    /// True for a regular file of this name.
    pub(super) fn is_file(&self, name: &str) -> bool {
        self.name == name && self.sort == Sort::File
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    File,
    Link,
    Sparse,
    /// Folders, devices, FIFOs.
    Other,
}

pub(crate) fn examine(
    mut reader: impl Read,
    steps: &[MemberStep],
    opening: &mut Opening<'_>,
) -> Result<(), Unfit> {
    let mut files = 0u32;
    for index in 0..opening.limits.archive_members {
        if opening.cancel.is_cancelled() {
            return Ok(());
        }
        let entry = match next(&mut reader) {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(error) if files == 0 => return Err(Unfit::from_io(&error)),
            Err(error) => {
                let step = MemberStep { index, name: "(the rest of the archive)".into() };
                opening.report(steps, step, 0, Err(Unfit::from_io(&error)));
                return Ok(());
            }
        };
        let mut data = (&mut reader).take(entry.size);
        if entry.sort != Sort::Other {
            files += 1;
            let step = MemberStep { index, name: entry.name.clone() };
            match refuse(&entry) {
                Some(unfit) => opening.report(steps, step, entry.size, Err(unfit)),
                None => {
                    let checked = Checked::new(&mut data, entry.size, None);
                    opening.member(checked, Some(entry.size), steps, step);
                }
            }
        }
        let left = data.limit() + padding(entry.size);
        if skip(&mut reader, left, opening).is_err() {
            continue;
        }
    }
    if files == 0 {
        return Err(Unfit::new(SkipReason::Empty, "an archive without a file in it"));
    }
    Ok(())
}

fn refuse(entry: &Entry) -> Option<Unfit> {
    if leaves(&entry.name) {
        let detail = "its name leads out of the archive";
        return Some(Unfit::new(SkipReason::UnsafeArchive, detail));
    }
    match entry.sort {
        Sort::Link => Some(Unfit::new(SkipReason::Link, "a link")),
        Sort::Sparse => Some(Unfit::new(SkipReason::Unreadable, "a sparse file of GNU tar")),
        Sort::File | Sort::Other => None,
    }
}

fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}

fn skip(reader: &mut impl Read, mut left: u64, opening: &Opening<'_>) -> io::Result<()> {
    while left > 0 {
        if opening.cancel.is_cancelled() {
            return Err(Bound::Cancelled.error());
        }
        let read = io::copy(&mut reader.take(left.min(1 << 20)), &mut io::sink())?;
        if read == 0 {
            return Ok(());
        }
        left -= read.min(left);
    }
    Ok(())
}

/// Where the header of each entry begins, and last where the archive ends or cannot be read on. False where reading
/// failed: another time more may come.
pub(crate) fn positions(store: &Store, limits: &Limits) -> (Vec<u64>, bool) {
    let (mut positions, mut at) = (Vec::new(), 0u64);
    let mut sound = true;
    while at < store.size() && positions.len() as u64 <= u64::from(limits.archive_members) {
        positions.push(at);
        let mut reader = store.range(at, store.size());
        match next(&mut reader) {
            Ok(Some(entry)) => at = reader.at().saturating_add(entry.whole()),
            Ok(None) => break,
            Err(error) => {
                sound = Bound::of(&error).is_some();
                break;
            }
        }
    }
    positions.shrink_to_fit();
    (positions, sound)
}

/// A reader of the member that `step` names and whose header begins at `at`.
pub(crate) fn member(store: &Store, at: u64, step: &MemberStep) -> io::Result<Unpacked> {
    let mut reader = store.range(at, store.size());
    let entry = next(&mut reader)?.ok_or_else(gone)?;
    if !entry.is_file(&step.name) {
        return Err(gone());
    }
    let checked = Checked::new(reader.take(entry.size), entry.size, None);
    Ok((Box::new(checked), Some(entry.size)))
}

/// The names of all members, in order.
pub(crate) fn names(mut reader: impl Read, limits: &Limits) -> Vec<String> {
    let mut names = Vec::new();
    while let Ok(Some(entry)) = next(&mut reader) {
        let whole = entry.whole();
        names.push(entry.name);
        let skipped = io::copy(&mut (&mut reader).take(whole), &mut io::sink());
        if skipped.is_err() || names.len() as u64 >= u64::from(limits.archive_members) {
            break;
        }
    }
    names
}

/// The next entry; long names and pax records that stand before it are put into it.
pub(super) fn next(reader: &mut impl Read) -> io::Result<Option<Entry>> {
    let (mut long, mut size) = (None, None);
    // A chain of extended headers is never long; an endless one is no archive.
    for _ in 0..16 {
        let mut block = [0; BLOCK as usize];
        let filled = read_most(reader, &mut block)?;
        if filled == 0 || block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let declared = number(block.get(124..136).unwrap_or_default());
        let (Some(declared), true) = (declared, filled == block.len() && sum_holds(&block)) else {
            return Err(Bound::Corrupt.error());
        };
        match block.get(156) {
            Some(b'L') => long = Some(text(extended(reader, declared)?)),
            Some(b'x') => pax(&extended(reader, declared)?, &mut long, &mut size),
            Some(b'K' | b'g') => drop(extended(reader, declared)?),
            kind => {
                let sort = match kind {
                    Some(b'0' | 0 | b'7') => Sort::File,
                    Some(b'1' | b'2') => Sort::Link,
                    Some(b'S') => Sort::Sparse,
                    Some(_) | None => Sort::Other,
                };
                let name = long.unwrap_or_else(|| short_name(&block));
                let folder = name.ends_with('/');
                let sort = if folder { Sort::Other } else { sort };
                return Ok(Some(Entry { name, size: size.unwrap_or(declared), sort }));
            }
        }
    }
    Err(Bound::Corrupt.error())
}

fn extended(reader: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > EXTENDED {
        return Err(Bound::Corrupt.error());
    }
    let mut bytes = Vec::new();
    reader.take(size + padding(size)).read_to_end(&mut bytes)?;
    bytes.truncate(usize::try_from(size).unwrap_or(0));
    Ok(bytes)
}

/// Records of the form `length key=value\n`.
fn pax(bytes: &[u8], name: &mut Option<String>, size: &mut Option<u64>) {
    let mut rest = bytes;
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let digits = std::str::from_utf8(rest.get(..space).unwrap_or_default()).unwrap_or_default();
        let Ok(length) = digits.parse::<usize>() else { return };
        let record = rest.get(space + 1..length.saturating_sub(1)).unwrap_or_default();
        if let Some(value) = record.strip_prefix(b"path=") {
            *name = Some(text(value.to_vec()));
        } else if let Some(value) = record.strip_prefix(b"size=") {
            *size = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
        }
        if length <= space {
            return;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned()
}

fn short_name(block: &[u8]) -> String {
    let field = |start: usize, end: usize| {
        let bytes = block.get(start..end).unwrap_or_default();
        let bare = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(bare).into_owned()
    };
    let (name, prefix) = (field(0, 100), field(345, 500));
    let posix = block.get(257..263) == Some(b"ustar\0");
    if posix && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// Octal digits, or base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let value = field.iter().fold(0u128, |sum, byte| (sum << 8) | u128::from(*byte));
        return u64::try_from(value & ((1 << 95) - 1)).ok();
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn sum_holds(block: &[u8]) -> bool {
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 0x20 } else { u64::from(*byte) })
        .sum();
    number(block.get(148..156).unwrap_or_default()) == Some(sum)
}
