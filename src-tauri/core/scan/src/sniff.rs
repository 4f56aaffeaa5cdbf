//! What a file is, told by its first bytes alone. Names are never asked.

use crate::bytes::Bytes;
use crate::element::{self, Front, Tag, UNDEFINED, Way, front};
use std::io;

/// How much is looked at.
const LOOK: usize = 4096;
/// How many elements have to follow each other before bytes without `DICM` are believed to be a data set.
const BELIEVED: usize = 3;

/// The first look at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Preamble and `DICM` (PS3.10 section 7.1).
    Part10,
    /// File meta information without preamble and `DICM`.
    BareMeta,
    /// A data set without preamble and file meta.
    Bare(Way),
    /// An archive file that is opened.
    Archive(Packing),
    /// An archive or image that is named but not opened.
    Closed(&'static str),
    /// None of these.
    Other,
}

/// Archive files that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Zip,
    Gzip,
    Tar,
}

/// Looks at the beginning of `source`.
pub(crate) fn kind<S: Bytes>(source: &mut S) -> io::Result<Kind> {
    let left = source.size().unwrap_or(u64::MAX);
    let head = source.peek(0, LOOK)?;
    if head.get(128..132) == Some(b"DICM") {
        return Ok(Kind::Part10);
    }
    if let Some(packing) = packing(head) {
        return Ok(Kind::Archive(packing));
    }
    if let Some(what) = closed(head) {
        return Ok(Kind::Closed(what));
    }
    if let Some(kind) = bare(head, left) {
        return Ok(kind);
    }
    // The mark of an ISO 9660 volume lies behind its 16 reserved sectors.
    if left > 0x8006 {
        let mark = source.peek(0, 0x8006)?;
        if mark.get(0x8001..) == Some(b"CD001") {
            return Ok(Kind::Closed("a disc image (ISO 9660)"));
        }
    }
    Ok(Kind::Other)
}

fn packing(head: &[u8]) -> Option<Packing> {
    let zip: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04"];
    if zip.iter().any(|magic| head.starts_with(magic)) {
        return Some(Packing::Zip);
    }
    if head.starts_with(b"\x1f\x8b\x08") {
        return Some(Packing::Gzip);
    }
    (head.get(257..262) == Some(b"ustar")).then_some(Packing::Tar)
}

fn closed(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 6] = [
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"Rar!\x1A\x07", "a RAR archive"),
        (b"\xFD7zXZ\0", "an xz archive"),
        (b"BZh91AY&SY", "a bzip2 archive"),
        (b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
        (b"MSCF\0\0\0\0", "a cabinet archive"),
    ];
    kinds.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

/// A file without `DICM`: file meta comes first in group 0002, and a data set begins in group 0008 (tags ascend, PS3.5
/// section 7.1, and every SOP class has elements there). Several known tags have to follow each other.
fn bare(head: &[u8], left: u64) -> Option<Kind> {
    let begins = |way, group| {
        let first = front(head, way).ok();
        first.is_some_and(|first| first.tag.group() == group && first.length % 2 == 0)
            && fronts(head, way, left, true) >= BELIEVED
    };
    if begins(Way::ExplicitLittle, 0x0002) {
        return Some(Kind::BareMeta);
    }
    [Way::ExplicitLittle, Way::ImplicitLittle, Way::ExplicitBig]
        .into_iter()
        .find(|way| begins(*way, 0x0008))
        .map(Kind::Bare)
}

/// How the data set at the beginning of `bytes` is written, as far as its first elements can tell.
pub(crate) fn way(bytes: &[u8], left: u64) -> Option<Way> {
    let fits = |way| fronts(bytes, way, left, false) > 0;
    let group = |way| front(bytes, way).map_or(u32::MAX, |front| front.tag.group());
    match (fits(Way::ExplicitLittle), fits(Way::ExplicitBig)) {
        (true, true) if group(Way::ExplicitBig) < group(Way::ExplicitLittle) => {
            Some(Way::ExplicitBig)
        }
        (true, _) => Some(Way::ExplicitLittle),
        (false, _) if fits(Way::ImplicitLittle) => Some(Way::ImplicitLittle),
        (false, true) => Some(Way::ExplicitBig),
        (false, false) => None,
    }
}

/// How many elements follow each other at the beginning of `bytes`, at most [`BELIEVED`]; 0 where one does not fit.
/// Elements that lie behind what can be seen count as there.
fn fronts(bytes: &[u8], way: Way, left: u64, standard: bool) -> usize {
    let (mut at, mut last) = (0usize, Tag(0));
    for count in 0..BELIEVED {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.is_empty() && at as u64 == left {
            return count;
        }
        if rest.len() < 20 && bytes.len() as u64 != left {
            return BELIEVED;
        }
        let Ok(Front { tag, length, size, known, .. }) = front(rest, way) else { return 0 };
        let end = (at as u64).saturating_add(u64::from(size)).saturating_add(u64::from(length));
        let sound = tag > last && known && (!standard || element::is_standard(tag));
        if !sound || (length != UNDEFINED && end > left) {
            return 0;
        }
        if length == UNDEFINED {
            return if count > 0 { BELIEVED } else { 1 };
        }
        (at, last) = (usize::try_from(end).unwrap_or(usize::MAX), tag);
    }
    BELIEVED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::bytes::Stream;

    fn look(bytes: &[u8]) -> Kind {
        let cancel = Cancel::new();
        kind(&mut Stream::new(bytes, Some(bytes.len() as u64), &cancel)).unwrap()
    }

    #[test]
    fn junk_is_not_taken_for_a_data_set() {
        for junk in
            [&[0u8; 5000][..], &[0xFF; 5000], b"%PDF-1.7", b"MZ\x90\0", b"hello, world", b""]
        {
            assert_eq!(look(junk), Kind::Other);
        }
        let apple_double = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        \0\x02\0\0\0\x09\0\0\0\x32";
        assert_eq!(look(apple_double), Kind::Other);
        assert_eq!(look(b"\x08\0\x05\0CS\x0a\0ISO_IR 100garbage behind it"), Kind::Other);
    }

    #[test]
    fn a_bare_data_set_is_told_by_three_elements_that_follow_each_other() {
        let explicit = b"\x08\0\x05\0CS\x02\0A \x08\0\x12\0DA\0\0\x08\0\x13\0TM\0\0";
        let implicit = b"\x08\0\x05\0\x02\0\0\0A \x08\0\x12\0\0\0\0\0\x08\0\x13\0\0\0\0\0";
        let big = b"\0\x08\0\x05CS\0\x02A \0\x08\0\x12DA\0\0\0\x08\0\x13TM\0\0";
        assert_eq!(look(explicit), Kind::Bare(Way::ExplicitLittle));
        assert_eq!(look(implicit), Kind::Bare(Way::ImplicitLittle));
        assert_eq!(look(big), Kind::Bare(Way::ExplicitBig));
    }

    #[test]
    fn archives_are_told_by_their_magic_and_dicom_comes_before_them() {
        assert_eq!(look(b"PK\x05\x06"), Kind::Archive(Packing::Zip));
        assert_eq!(look(b"\x1f\x8b\x08\0"), Kind::Archive(Packing::Gzip));
        assert!(matches!(look(b"7z\xBC\xAF\x27\x1C"), Kind::Closed(_)));
        let mut both = b"PK\x03\x04".to_vec();
        both.resize(128, 0);
        both.extend_from_slice(b"DICM");
        assert_eq!(look(&both), Kind::Part10);
    }
}
