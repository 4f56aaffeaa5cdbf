//! Writes the smallest DICOM files that archives take: Explicit VR Little Endian, Secondary Capture, invented names.

use relaypacs_model::{SopClassUid, SopInstanceUid};
use relaypacs_upload::Part;
use std::io::{self, Read};
use std::sync::Arc;

pub(crate) const STUDY: &str = "2.25.1001";
pub(crate) const SERIES: &str = "2.25.1001.1";
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.7";

/// One instance in memory. `promised` and what `open` gives may differ, as on a disc that was changed.
pub(crate) struct Instance {
    uid: SopInstanceUid,
    class: SopClassUid,
    pub(crate) content: Content,
    pub(crate) promised: u64,
}

pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// Cannot be opened.
    Gone,
    /// Gives these bytes, then never another one until the sender is dropped.
    Hangs(Vec<u8>, std::sync::Mutex<Option<std::sync::mpsc::Receiver<()>>>),
}

impl Part for Instance {
    fn sop_instance_uid(&self) -> &SopInstanceUid {
        &self.uid
    }

    fn sop_class_uid(&self) -> &SopClassUid {
        &self.class
    }

    fn bytes(&self) -> u64 {
        self.promised
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.content {
            Content::Bytes(bytes) => Ok(Box::new(io::Cursor::new(bytes.clone()))),
            Content::Gone => Err(io::ErrorKind::NotFound.into()),
            Content::Hangs(bytes, until) => {
                let until = until.lock().expect("a lock").take();
                Ok(Box::new(io::Cursor::new(bytes.clone()).chain(Hang(until))))
            }
        }
    }
}

struct Hang(Option<std::sync::mpsc::Receiver<()>>);

impl Read for Hang {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        if let Some(until) = self.0.take() {
            let _ = until.recv();
        }
        Ok(0)
    }
}

/// The instance `number` of the one study and series, with `pixels` bytes of pixel data.
pub(crate) fn instance(number: u32, pixels: usize) -> Arc<dyn Part> {
    Arc::new(raw(number, file(number, pixels, 0)))
}

/// The same instance with other pixels.
pub(crate) fn instance_with(number: u32, pixels: usize, fill: u8) -> Arc<dyn Part> {
    Arc::new(raw(number, file(number, pixels, fill)))
}

/// Any bytes under the UID of instance `number`.
pub(crate) fn raw(number: u32, bytes: Vec<u8>) -> Instance {
    Instance {
        uid: SopInstanceUid::parse(&uid(number)).expect("a UID"),
        class: SopClassUid::parse(CLASS).expect("a UID"),
        promised: bytes.len() as u64,
        content: Content::Bytes(bytes),
    }
}

pub(crate) fn uid(number: u32) -> String {
    format!("{SERIES}.{number}")
}

pub(crate) fn file(number: u32, pixels: usize, fill: u8) -> Vec<u8> {
    let pixels = pixels.next_multiple_of(2).max(2);
    let uid = uid(number);
    let mut meta = Vec::new();
    element(&mut meta, 0x0002, 0x0001, b"OB", &[0, 1]);
    element(&mut meta, 0x0002, 0x0002, b"UI", CLASS.as_bytes());
    element(&mut meta, 0x0002, 0x0003, b"UI", uid.as_bytes());
    element(&mut meta, 0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1");
    element(&mut meta, 0x0002, 0x0012, b"UI", b"2.25.77");
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    element(&mut file, 0x0002, 0x0000, b"UL", &(meta.len() as u32).to_le_bytes());
    file.extend_from_slice(&meta);
    for (tag, vr, value) in [
        (0x0008_0016, b"UI", CLASS),
        (0x0008_0018, b"UI", uid.as_str()),
        (0x0008_0060, b"CS", "OT"),
        (0x0010_0010, b"PN", "Example^Anna"),
        (0x0010_0020, b"LO", "TEST-1"),
        (0x0020_000D, b"UI", STUDY),
        (0x0020_000E, b"UI", SERIES),
        (0x0020_0013, b"IS", number.to_string().as_str()),
    ] {
        element(&mut file, (tag >> 16) as u16, tag as u16, vr, value.as_bytes());
    }
    for (tag, value) in [
        (0x02, 1),
        (0x10, 1),
        (0x11, pixels as u16),
        (0x0100, 8),
        (0x0101, 8),
        (0x0102, 7),
        (0x0103, 0),
    ] {
        element(&mut file, 0x0028, tag, b"US", &value.to_le_bytes());
    }
    element(&mut file, 0x7FE0, 0x0010, b"OB", &vec![fill; pixels]);
    file
}

fn element(out: &mut Vec<u8>, group: u16, element: u16, vr: &[u8; 2], value: &[u8]) {
    let padded = value.len().next_multiple_of(2);
    out.extend_from_slice(&group.to_le_bytes());
    out.extend_from_slice(&element.to_le_bytes());
    out.extend_from_slice(vr);
    if vr == b"OB" {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&(padded as u32).to_le_bytes());
    } else {
        out.extend_from_slice(&(padded as u16).to_le_bytes());
    }
    out.extend_from_slice(value);
    out.resize(out.len() + padded - value.len(), if vr == b"UI" || vr == b"OB" { 0 } else { b' ' });
}
