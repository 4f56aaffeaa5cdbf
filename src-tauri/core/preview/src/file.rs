//! From the first bytes of a file to its data set: preamble, File Meta Information (PS3.10 section 7.1), and files that
//! have neither. What the bytes show goes before what the Transfer Syntax UID says of them.

use crate::Placeholder;
use crate::element::{Way, front};
use crate::source::View;
use crate::syntax::Syntax;
use flate2::read::DeflateDecoder;
use std::io::{self, Read};

/// The most bytes that a deflated data set may become: 320 MiB.
const INFLATED_MOST: u64 = 320 << 20;
/// Elements of File Meta Information that are looked at.
const META_MOST: u32 = 1_000;

/// Where the data set begins and how it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) at: u64,
    pub(crate) syntax: Syntax,
}

/// Finds the data set.
pub(crate) fn start(view: &mut View<'_>) -> Result<Start, Placeholder> {
    let head = view.peek(0, 140)?;
    let marked = if head.get(128..132) == Some(b"DICM") {
        Some(132)
    } else if head.starts_with(b"DICM") {
        Some(4)
    } else {
        (head.starts_with(&[2, 0]) && front(head, Way::ExplicitLittle).is_some()).then_some(0)
    };
    let Some(meta) = marked else {
        let way = seen(view, 0)?.ok_or(Placeholder::NotDicom)?;
        return Ok(Start { at: 0, syntax: Syntax { way, ..Syntax::of("") } });
    };
    let (at, uid) = meta_end(view, meta)?;
    let mut syntax = Syntax::of(&uid);
    if !syntax.deflated {
        syntax.way = seen(view, at)?.unwrap_or(syntax.way);
    }
    Ok(Start { at, syntax })
}

/// Passes over File Meta Information; where it ends and which transfer syntax it names.
fn meta_end(view: &mut View<'_>, mut at: u64) -> Result<(u64, String), Placeholder> {
    let mut uid = String::new();
    for _ in 0..META_MOST {
        let bytes = view.peek(at, 12)?;
        if !bytes.starts_with(&[2, 0]) {
            break;
        }
        // Some writers leave out the VR here too.
        let read = front(bytes, Way::ExplicitLittle).or_else(|| front(bytes, Way::ImplicitLittle));
        let Some(front) = read else { break };
        let begin = at + front.size;
        if front.tag == 0x0002_0010 && front.length <= 64 {
            let value = view.peek(begin, front.length as usize)?;
            uid = String::from_utf8_lossy(value).trim_matches([' ', '\0']).to_owned();
        }
        at = begin.saturating_add(u64::from(front.length));
    }
    Ok((at, uid))
}

/// How the element at `at` shows itself to be written; nothing where it shows nothing.
fn seen(view: &mut View<'_>, at: u64) -> Result<Option<Way>, Placeholder> {
    let bytes = view.peek(at, 12)?;
    let known = |vr: &[u8]| VRS.contains(&vr);
    let explicit = bytes.get(4..6).is_some_and(known);
    Ok(match (bytes, explicit) {
        ([0, 8 | 4, 0, ..], true) => Some(Way::ExplicitBig),
        ([8 | 4, 0, _, 0, ..], true) => Some(Way::ExplicitLittle),
        ([8 | 4, 0, _, 0, _, _, 0, 0, ..], false) => Some(Way::ImplicitLittle),
        _ => None,
    })
}

/// The VRs that a data set can begin with, and those near.
const VRS: &[&[u8]] = &[
    b"AE", b"AS", b"CS", b"DA", b"DT", b"IS", b"LO", b"LT", b"OB", b"PN", b"SH", b"SQ", b"TM",
    b"UI", b"UL", b"UN", b"US",
];

/// Unpacks a deflated data set (PS3.5 A.5) into memory. What is cut off is used as far as it goes.
pub(crate) fn inflate(view: &mut View<'_>, at: u64) -> Result<Vec<u8>, Placeholder> {
    let packed = view.exactly(at, view.size().saturating_sub(at).min(INFLATED_MOST))?;
    // Some writers put a zlib header in front, which the standard does not.
    let raw = match packed.as_slice() {
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, rest @ ..] => rest,
        all => all,
    };
    unpacked(raw, INFLATED_MOST)
}

/// Inflates up to `most` bytes.
pub(crate) fn unpacked(packed: &[u8], most: u64) -> Result<Vec<u8>, Placeholder> {
    let mut bytes = Vec::new();
    let mut reader = DeflateDecoder::new(packed).take(most + 1);
    match reader.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
            return Err(Placeholder::TooLarge);
        }
        Err(_) if bytes.is_empty() => return Err(Placeholder::Damaged),
        Err(_) => {}
    }
    if bytes.len() as u64 > most { Err(Placeholder::TooLarge) } else { Ok(bytes) }
}
