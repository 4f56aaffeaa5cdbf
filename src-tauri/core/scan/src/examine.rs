//! One file, looked at: a header, an archive's members, or why it is neither.

use crate::archive::{self, Opening};
use crate::bytes::{Bytes, Store, Window};
use crate::header::{self, Fields, Unfit};
use crate::sniff::{self, Kind, Packing};
use crate::{Cancel, Limits};
use relaypacs_model::{Header, Location, SkipReason};
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What was found out about one file or member.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) location: Location,
    pub(crate) bytes: u64,
    pub(crate) modified: Option<SystemTime>,
    pub(crate) outcome: Result<Header, Unfit>,
}

/// Scratch space of one reading thread.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    buffer: Vec<u8>,
    fields: Fields,
}

/// Looks at the file at `path`; `out` gets one report, or one for each member.
pub(crate) fn file(
    path: PathBuf,
    limits: &Limits,
    cancel: &Cancel,
    scratch: &mut Scratch,
    out: &mut dyn FnMut(Report),
) {
    let (opened, about) = match open_regular(&path) {
        Ok(opened) => opened,
        Err(error) => {
            let outcome = Err(Unfit::from_io(&error));
            return out(Report {
                location: Location::File(path),
                bytes: 0,
                modified: None,
                outcome,
            });
        }
    };
    let (bytes, modified) = (about.len(), about.modified().ok());
    let outcome = match loose(&opened, bytes, limits, cancel, scratch) {
        Ok(outcome) => outcome,
        Err(Unread::Archive(packing)) => {
            let store = Store::File(Arc::new(opened), bytes);
            let mut opening =
                Opening { limits, cancel, path: &path, modified, fields: &mut scratch.fields, out };
            match archive::examine(&store, packing, &[], &mut opening) {
                Ok(()) => return,
                Err(unfit) => Err(unfit),
            }
        }
        Err(Unread::Io(error)) => Err(Unfit::from_io(&error)),
    };
    out(Report { location: Location::File(path), bytes, modified, outcome });
}

/// What is not read as one file.
enum Unread {
    Archive(Packing),
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn loose(
    file: &File,
    bytes: u64,
    limits: &Limits,
    cancel: &Cancel,
    scratch: &mut Scratch,
) -> Result<Result<Header, Unfit>, Unread> {
    if bytes == 0 {
        return Ok(Err(Unfit::new(SkipReason::Empty, "it has no bytes")));
    }
    let mut window = Window::new(file, bytes, &mut scratch.buffer, cancel);
    let kind = sniff::kind(&mut window)?;
    if let Kind::Archive(packing) = kind {
        return Err(Unread::Archive(packing));
    }
    if kind == Kind::Other && archive::ends_as_zip(file, bytes)? {
        return Err(Unread::Archive(Packing::Zip));
    }
    Ok(read(&mut window, kind, limits, cancel, &mut scratch.fields)?)
}

/// The header, or why there is none, for everything that is no archive.
pub(crate) fn read<S: Bytes>(
    source: &mut S,
    kind: Kind,
    limits: &Limits,
    cancel: &Cancel,
    fields: &mut Fields,
) -> io::Result<Result<Header, Unfit>> {
    match kind {
        Kind::Closed(what) => {
            let detail = format!("it is {what}: unpack or mount it, then scan what it holds");
            Ok(Err(Unfit::new(SkipReason::Unreadable, detail)))
        }
        Kind::Other => {
            // A file that was damaged on its way: a byte order mark put in front, the preamble lost or a sector gained.
            let head = source.peek(0, 1024)?;
            let detail = match head.windows(6).position(|six| six == b"DICM\x02\0") {
                Some(at) => format!("its DICM mark is at byte {at}, not at byte 128"),
                None => "not DICOM".to_owned(),
            };
            Ok(Err(Unfit::new(SkipReason::NotDicom, detail)))
        }
        Kind::Part10 | Kind::BareMeta | Kind::Bare(_) | Kind::Archive(_) => {
            Ok(header::read(source, kind, limits, cancel, fields))
        }
    }
}

/// Opens a regular file. A link or FIFO that took its place since it was listed is neither followed nor waited for.
pub(crate) fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let mut how = File::options();
    how.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        how.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = how.open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::from(io::ErrorKind::InvalidFilename));
    }
    Ok((file, about))
}
