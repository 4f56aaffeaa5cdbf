//! Files made here, and pictures taken apart again.

use relaypacs_preview::{
    Cancel, Held, InstanceKey, Picture, Placeholder, Preview, Request, Settings, Source,
};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

/// The worker program of this crate.
pub(crate) fn worker() -> Command {
    Command::new(env!("CARGO_BIN_EXE_relaypacs-preview-worker"))
}

pub(crate) fn preview() -> Preview {
    Preview::new(worker, Settings::default())
}

/// Asks for a picture of bytes, under a key of its own.
pub(crate) fn frame(
    preview: &Preview,
    bytes: &[u8],
    request: &Request,
) -> Result<Arc<Picture>, Placeholder> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let key = InstanceKey(NEXT.fetch_add(1, Ordering::Relaxed));
    let open = || Ok(Box::new(Held(bytes.to_vec())) as Box<dyn Source>);
    preview.frame(key, request, open, &Cancel::new())
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pixels of a PNG, and how many channels they have.
pub(crate) fn pixels(picture: &Picture) -> (Vec<u8>, usize) {
    let decoder = png::Decoder::new(io::Cursor::new(&picture.png));
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width, info.height), (picture.width, picture.height));
    bytes.truncate(info.buffer_size());
    (bytes, info.color_type.samples())
}

/// A value of an element.
pub(crate) enum Value<'a> {
    Short(u16),
    Text(&'a str),
    Bytes(&'a [u8; 2], &'a [u8]),
    /// One item of explicit elements.
    Item(Vec<u8>),
}

/// An element in explicit VR little endian.
pub(crate) fn element(tag: u32, value: &Value<'_>) -> Vec<u8> {
    let (vr, bytes): (&[u8; 2], Vec<u8>) = match value {
        Value::Short(number) => (b"US", number.to_le_bytes().to_vec()),
        Value::Text(text) => (b"LO", text.as_bytes().to_vec()),
        Value::Bytes(vr, bytes) => (vr, bytes.to_vec()),
        Value::Item(elements) => {
            let length = (elements.len() as u32).to_le_bytes();
            (b"SQ", [&[0xFE, 0xFF, 0x00, 0xE0], &length[..], elements].concat())
        }
    };
    let mut out = front(tag, vr);
    if matches!(vr, b"OB" | b"OW" | b"OF" | b"OD" | b"SQ" | b"UN") {
        out.extend([0, 0]);
        out.extend((bytes.len() as u32).to_le_bytes());
    } else {
        out.extend((bytes.len() as u16).to_le_bytes());
    }
    [out, bytes].concat()
}

/// Tag and VR.
pub(crate) fn front(tag: u32, vr: &[u8; 2]) -> Vec<u8> {
    let (group, number) = ((tag >> 16) as u16, tag as u16);
    [&group.to_le_bytes()[..], &number.to_le_bytes(), vr].concat()
}

/// A file with a preamble and the elements given.
pub(crate) fn file(syntax: &str, elements: &[(u32, Value<'_>)]) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(element(0x0002_0010, &Value::Bytes(b"UI", padded(syntax).as_bytes())));
    bytes.extend(element(0x0008_0060, &Value::Text("OT")));
    for (tag, value) in elements {
        bytes.extend(element(*tag, value));
    }
    bytes
}

fn padded(text: &str) -> String {
    if text.len().is_multiple_of(2) { text.into() } else { format!("{text}\0") }
}

pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";

/// Rows, Columns, Bits Allocated, Bits Stored of a grey image, in the order of their tags.
pub(crate) fn grey(
    rows: u16,
    columns: u16,
    bits: (u16, u16),
    signed: bool,
) -> Vec<(u32, Value<'static>)> {
    vec![
        (0x0028_0002, Value::Short(1)),
        (0x0028_0004, Value::Text("MONOCHROME2 ")),
        (0x0028_0010, Value::Short(rows)),
        (0x0028_0011, Value::Short(columns)),
        (0x0028_0100, Value::Short(bits.0)),
        (0x0028_0101, Value::Short(bits.1)),
        (0x0028_0102, Value::Short(bits.1 - 1)),
        (0x0028_0103, Value::Short(u16::from(signed))),
    ]
}

/// The corpus, where there is one.
pub(crate) fn corpus() -> Option<PathBuf> {
    std::env::var_os("RELAYPACS_CORPUS").map(PathBuf::from)
}
