//! The central directory of a ZIP file (PKWARE APPNOTE 4.3 to 4.5), read as a stream: members are told apart by their
//! position in it, since names may repeat.

use crate::bytes::{ReadAt, Store};
use crate::header::Unfit;
use relaypacs_model::SkipReason;
use std::fs::File;
use std::io::{self, BufReader, Read};

/// End of central directory record, without its comment.
const END: usize = 22;
/// The longest comment behind it.
const COMMENT: usize = 0xFFFF;
const END_MARK: &[u8; 4] = b"PK\x05\x06";

/// Where the directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Directory {
    start: u64,
    end: u64,
    /// What has to be added to every offset: the length of what stands before the archive, such as an unpacker.
    shift: u64,
    pub(crate) members: u64,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u64,
    pub(crate) size: u64,
    /// Where its local header is in the file.
    pub(crate) header: u64,
    pub(crate) folder: bool,
    pub(crate) link: bool,
}

/// True where the file ends as a ZIP file does, whatever it begins with: an unpacker in front is common.
pub(crate) fn ends_as_zip(mut file: &File, size: u64) -> io::Result<bool> {
    let mut first = [0; 2];
    let read = file.read_at(&mut first, 0)?;
    let program = read == 2 && (first == *b"MZ" || first == *b"#!" || first == *b"\x7fE");
    let tail = if program { END + COMMENT } else { END };
    let start = size.saturating_sub(tail as u64);
    let mut bytes = vec![0; usize::try_from(size - start).unwrap_or(0)];
    let read = file.read_at(&mut bytes, start)?;
    bytes.truncate(read);
    Ok(last_end(&bytes).is_some())
}

/// The position of the last end record whose comment fits.
fn last_end(tail: &[u8]) -> Option<usize> {
    (0..=tail.len().checked_sub(END)?).rev().find(|at| {
        let record = tail.get(*at..).unwrap_or_default();
        record.starts_with(END_MARK) && record.len() >= END + usize::from(u16_at(record, 20))
    })
}

/// Finds the directory of `store`.
pub(crate) fn find(store: &Store) -> Result<Directory, Unfit> {
    let broken = || Unfit::new(SkipReason::Damaged, "a ZIP archive whose directory cannot be read");
    let size = store.size();
    let start = size.saturating_sub((END + COMMENT) as u64);
    let tail = bytes_at(store, start, size).map_err(|error| Unfit::from_io(&error))?;
    let at = last_end(&tail).ok_or_else(broken)?;
    let record = tail.get(at..).unwrap_or_default();
    let mut end = start + at as u64;
    let mut members = u64::from(u16_at(record, 10));
    let mut length = u64::from(u32_at(record, 12));
    let mut offset = u64::from(u32_at(record, 16));
    let full = members == 0xFFFF || length == 0xFFFF_FFFF || offset == 0xFFFF_FFFF;
    if let Some(zip64) = full.then(|| zip64(store, end)).flatten() {
        (end, members, length, offset) = zip64;
    }
    let begin = end.checked_sub(length).ok_or_else(broken)?;
    let shift = begin.checked_sub(offset).ok_or_else(broken)?;
    Ok(Directory { start: begin, end, shift, members })
}

/// The end record of ZIP64 before the one at `end`: its position, members, length and offset of the directory.
fn zip64(store: &Store, end: u64) -> Option<(u64, u64, u64, u64)> {
    let locator = bytes_at(store, end.checked_sub(20)?, end).ok()?;
    if !locator.starts_with(b"PK\x06\x07") {
        return None;
    }
    // What stands before the archive moves the record; it then lies right before its locator.
    let named = u64_at(&locator, 8);
    let near = end.checked_sub(20 + 56)?;
    [named, near].into_iter().find_map(|at| {
        let record = bytes_at(store, at, at.checked_add(56)?).ok()?;
        let sound = record.len() == 56 && record.starts_with(b"PK\x06\x06");
        sound.then(|| (at, u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48)))
    })
}

fn bytes_at(store: &Store, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    store.range(start, end).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The members in the order of the directory. Ends at the first broken record, which is an error.
pub(crate) struct Members {
    reader: BufReader<crate::bytes::Range>,
    /// Where the next record begins.
    at: u64,
    shift: u64,
    left: u64,
}

impl Directory {
    pub(crate) fn members(&self, store: &Store) -> Members {
        self.from(store, self.start, 32 * 1024)
    }

    /// Where the record of each member begins.
    ///
    /// # Errors
    /// What ends reading: a directory is known whole or not at all.
    pub(crate) fn positions(&self, store: &Store) -> io::Result<Vec<u64>> {
        let mut members = self.members(store);
        let mut positions = Vec::new();
        let mut at = members.at;
        while let Some(member) = members.next() {
            member?;
            positions.push(at);
            at = members.at;
        }
        positions.shrink_to_fit();
        Ok(positions)
    }

    /// The member whose record begins at `at`.
    pub(crate) fn member(&self, store: &Store, at: u64) -> io::Result<Member> {
        self.from(store, at, 512).read()
    }

    fn from(&self, store: &Store, at: u64, buffer: usize) -> Members {
        let reader = BufReader::with_capacity(buffer, store.range(at, self.end));
        Members { reader, at, shift: self.shift, left: self.members }
    }
}

impl Iterator for Members {
    type Item = io::Result<Member>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let member = self.read();
        if member.is_err() {
            self.left = 0;
        }
        Some(member)
    }
}

impl Members {
    fn read(&mut self) -> io::Result<Member> {
        let mut fixed = [0; 46];
        self.reader.read_exact(&mut fixed)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
        let [mut name, mut extra, mut comment] = lengths.map(|length| vec![0; length]);
        self.reader.read_exact(&mut name)?;
        self.reader.read_exact(&mut extra)?;
        self.reader.read_exact(&mut comment)?;
        self.at += (fixed.len() + name.len() + extra.len() + comment.len()) as u64;
        let flags = u16_at(&fixed, 8);
        let made_by_unix = fixed.get(5) == Some(&3);
        let attributes = u32_at(&fixed, 38);
        let mut member = Member {
            name: decode_name(&name, flags),
            flags,
            method: u16_at(&fixed, 10),
            crc: u32_at(&fixed, 16),
            packed: u64::from(u32_at(&fixed, 20)),
            size: u64::from(u32_at(&fixed, 24)),
            header: u64::from(u32_at(&fixed, 42)),
            folder: name.ends_with(b"/"),
            link: made_by_unix && (attributes >> 16) & 0o170_000 == 0o120_000,
        };
        widen(&mut member, &extra);
        member.header = member.header.saturating_add(self.shift);
        Ok(member)
    }
}

/// The extended information of ZIP64 (APPNOTE 4.5.3): only what did not fit stands in it, in this order.
fn widen(member: &mut Member, extra: &[u8]) {
    let mut rest = extra;
    while rest.len() >= 4 {
        let (id, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
        let body = rest.get(4..4 + length).unwrap_or_default();
        if id == 1 {
            let mut values = body.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight));
            for field in [&mut member.size, &mut member.packed, &mut member.header] {
                if *field == 0xFFFF_FFFF {
                    *field = values.next().unwrap_or(*field);
                }
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
}

/// UTF-8 where it is flagged or valid, else the code page of the format, IBM 437.
fn decode_name(name: &[u8], flags: u16) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) if flags & 0x800 != 0 => String::from_utf8_lossy(name).into_owned(),
        Err(_) => name.iter().map(|byte| cp437(*byte)).collect(),
    }
}

fn cp437(byte: u8) -> char {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
                         └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(above) => UPPER.chars().nth(usize::from(above)).unwrap_or('\u{fffd}'),
    }
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(chunk(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(chunk(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(chunk(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_the_flag_is_code_page_437_unless_it_is_utf8() {
        assert_eq!(decode_name(b"M\x81ller", 0), "Müller");
        assert_eq!(decode_name("Müller".as_bytes(), 0), "Müller");
        assert_eq!(decode_name(b"\xFF", 0), "\u{a0}");
        assert_eq!(decode_name(b"M\x81", 0x800), "M\u{fffd}");
    }
}
