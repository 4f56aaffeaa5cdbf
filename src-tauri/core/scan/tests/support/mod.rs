//! What the tests of the scan build their cases from.

use relaypacs_model::{IndexReport, Seen, Skip};
use relaypacs_scan::{Cancel, Options, scan};
use std::path::Path;

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// An element in explicit little endian, with the long form of length where the VR has it.
pub(crate) fn element(tag: u32, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let padding = if value.len() % 2 == 1 { &b"\0"[..] } else { b"" };
    let length = (value.len() + padding.len()) as u32;
    let mut out = front(tag, vr, length);
    out.extend_from_slice(value);
    out.extend_from_slice(padding);
    out
}

/// The front of an element only: what `length` claims need not follow.
pub(crate) fn front(tag: u32, vr: &[u8; 2], length: u32) -> Vec<u8> {
    let mut out = ((tag >> 16) as u16).to_le_bytes().to_vec();
    out.extend_from_slice(&(tag as u16).to_le_bytes());
    if tag >> 16 == 0xFFFE {
        out.extend_from_slice(&length.to_le_bytes());
        return out;
    }
    out.extend_from_slice(vr);
    if matches!(vr, b"OB" | b"OW" | b"UN" | b"SQ" | b"UT") {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&length.to_le_bytes());
    } else {
        out.extend_from_slice(&(length as u16).to_le_bytes());
    }
    out
}

/// Preamble, `DICM` and the least file meta information.
pub(crate) fn part10(transfer_syntax: &str, sop_class: &str) -> Vec<u8> {
    let mut out = vec![0; 128];
    out.extend_from_slice(b"DICM");
    out.extend(element(0x0002_0002, b"UI", sop_class.as_bytes()));
    out.extend(element(0x0002_0010, b"UI", transfer_syntax.as_bytes()));
    out
}

/// The elements that every instance needs.
pub(crate) fn data_set(sop: &str) -> Vec<u8> {
    let mut out = element(0x0008_0016, b"UI", b"1.2.840.10008.5.1.4.1.1.7");
    out.extend(element(0x0008_0018, b"UI", sop.as_bytes()));
    out.extend(element(0x0010_0020, b"LO", b"P1"));
    out.extend(element(0x0020_000D, b"UI", b"1.2.840.99.100"));
    out.extend(element(0x0020_000E, b"UI", b"1.2.840.99.101"));
    out
}

/// A whole instance without pixels.
pub(crate) fn dicom(sop: &str) -> Vec<u8> {
    [part10("1.2.840.10008.1.2.1", "1.2.840.10008.5.1.4.1.1.7"), data_set(sop)].concat()
}

/// A scan in short: `name word` for each line, in order, the names without the root.
pub(crate) struct Short {
    pub(crate) lines: Vec<String>,
    pub(crate) skips: Vec<Skip>,
    pub(crate) indexes: Vec<IndexReport>,
}

/// Scans `root` and all under it.
pub(crate) fn short(root: &Path, options: &Options) -> Outcome<Short> {
    let prefix = format!("{}/", root.display());
    let mut all = Short { lines: Vec::new(), skips: Vec::new(), indexes: Vec::new() };
    scan(&[root.to_path_buf()], options, &Cancel::new(), &mut |seen| {
        let (shown, word) = match seen {
            Seen::Index(report) => return all.indexes.push(report),
            Seen::Instance(found) => (found.location.shown(), "instance"),
            Seen::Skipped(skip) => {
                let line = (skip.location.shown(), skip.reason.as_str());
                all.skips.push(skip);
                line
            }
        };
        all.lines.push(format!("{} {word}", shown.strip_prefix(&prefix).unwrap_or(&shown)));
    })?;
    Ok(all)
}
