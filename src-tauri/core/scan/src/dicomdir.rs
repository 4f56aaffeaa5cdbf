//! Reading a DICOMDIR (PS3.3 Annex F) as a flat list of directory records: the offsets that chain them are never
//! followed, so loops and wrong ones do not matter.

use crate::bytes::{Bytes, Seeking, Window};
use crate::element::Tag;
use crate::header;
use crate::meta::{self, Meta};
use crate::sniff::{self, Kind};
use crate::walker::{Stop, Visitor};
use crate::{Cancel, Limits};
use relaypacs_model::SopInstanceUid;
use std::io::{Read, Seek};

/// The most files that are read from one DICOMDIR, far above what fits on a disc.
const FILES_MOST: usize = 500_000;
/// The most bytes of File IDs that are kept.
const BYTES_MOST: usize = 32 << 20;

/// A file that a DICOMDIR references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referenced {
    /// (0004,1500) Referenced File ID, `/` between components.
    pub id: String,
    /// (0004,1511) Referenced SOP Instance UID in File, where it is there and valid.
    pub sop_instance_uid: Option<SopInstanceUid>,
}

/// What a DICOMDIR lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// The referenced files, in the order of the records.
    pub files: Vec<Referenced>,
    /// Set where it could be read only in part; says why, without patient data.
    pub damage: Option<String>,
}

/// Reads a DICOMDIR of `bytes` bytes. Never fails: what is wrong with it stands in [`Directory::damage`].
pub fn read_directory(source: &mut (impl Read + Seek), bytes: u64) -> Directory {
    let (cancel, mut buffer) = (Cancel::new(), Vec::new());
    let mut window = Window::new(Seeking(source), bytes, &mut buffer, &cancel);
    read(&mut window, &Limits::default(), &cancel)
}

pub(crate) fn read<S: Bytes>(source: &mut S, limits: &Limits, cancel: &Cancel) -> Directory {
    let mut records = Records::default();
    let damage = walk(source, limits, cancel, &mut records).err();
    records.flush();
    let damage = damage.map(|stop| match stop {
        Stop::Damage(what) => what.to_owned(),
        Stop::Io(error) => format!("it cannot be read: {}", error.kind()),
    });
    let full = records.full.then(|| "it lists more files than are accepted".to_owned());
    Directory { files: records.files, damage: damage.or(full) }
}

fn walk<S: Bytes>(
    source: &mut S,
    limits: &Limits,
    cancel: &Cancel,
    records: &mut Records,
) -> Result<(), Stop> {
    let meta = match sniff::kind(source)? {
        Kind::Part10 => meta::read(source, 132)?,
        Kind::BareMeta => meta::read(source, 0)?,
        Kind::Bare(_) => Meta::default(),
        Kind::Archive(_) | Kind::Closed(_) | Kind::Other => return Err(Stop::Damage("not DICOM")),
    };
    header::data_set(source, &meta, limits, cancel, records).1
}

#[derive(Default)]
struct Records {
    files: Vec<Referenced>,
    bytes: usize,
    full: bool,
    id: String,
    uid: Option<SopInstanceUid>,
    /// True while the walk is within (0004,1220) Directory Record Sequence.
    inside: bool,
}

const FILE_ID: Tag = Tag(0x0004_1500);
const UID_IN_FILE: Tag = Tag(0x0004_1511);

impl Visitor for Records {
    const CLAMPS: bool = true;

    fn wants(&mut self, tag: Tag, depth: usize) -> bool {
        depth == 1 && self.inside && (tag == FILE_ID || tag == UID_IN_FILE)
    }

    fn value(&mut self, tag: Tag, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if tag == UID_IN_FILE {
            self.uid = SopInstanceUid::parse(&text).ok();
            return;
        }
        let parts: Vec<&str> =
            text.trim_end_matches('\0').split('\\').map(|part| part.trim_matches(' ')).collect();
        self.id = parts.join("/");
    }

    fn item(&mut self, tag: Tag, depth: usize) {
        if depth == 1 {
            self.flush();
            self.inside = tag == Tag(0x0004_1220);
        }
    }
}

impl Records {
    fn flush(&mut self) {
        let (id, sop_instance_uid) = (std::mem::take(&mut self.id), self.uid.take());
        if id.is_empty() {
            return;
        }
        self.bytes += id.len();
        if self.files.len() >= FILES_MOST || self.bytes > BYTES_MOST {
            self.full = true;
            return;
        }
        self.files.push(Referenced { id, sop_instance_uid });
    }
}
