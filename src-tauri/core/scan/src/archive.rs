//! Archive files: each member is looked at as a file would be, unpacked as a stream and never onto a disk.

pub(crate) mod contents;
mod gzip;
pub(crate) mod tape;
mod tar;
pub(crate) mod zip;
mod zip_directory;

use crate::bytes::{Bytes, Store, Stream};
use crate::examine::{self, Report};
use crate::header::{Fields, Unfit};
use crate::sniff::{self, Kind, Packing};
use crate::{Cancel, Limits};
use relaypacs_model::{Header, Location, MemberStep, SkipReason};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use zip_directory::ends_as_zip;

/// An archive file that is being looked through.
pub(crate) struct Opening<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) cancel: &'a Cancel,
    /// The outermost archive.
    pub(crate) path: &'a Path,
    pub(crate) modified: Option<SystemTime>,
    pub(crate) fields: &'a mut Fields,
    pub(crate) out: &'a mut dyn FnMut(Report),
}

/// A reader of a member, and its size where that is known.
pub(crate) type Unpacked = (Box<dyn Read + Send>, Option<u64>);

/// Looks at every member.
///
/// # Errors
/// Why the archive as a whole cannot be opened; then nothing was reported for its members.
pub(crate) fn examine(
    store: &Store,
    packing: Packing,
    steps: &[MemberStep],
    opening: &mut Opening<'_>,
) -> Result<(), Unfit> {
    match packing {
        Packing::Zip => zip::examine(store, steps, opening),
        Packing::Tar => {
            let whole = store.range(0, store.size());
            tar::examine(whole, steps, opening)
        }
        Packing::Gzip => gzip::examine(store, steps, opening),
    }
}

/// The names of all members, in order.
///
/// # Errors
/// Whatever ends reading.
pub(crate) fn names(store: &Store, limits: &Limits) -> io::Result<Vec<String>> {
    Ok(match packing(store)? {
        Some(Packing::Tar) => tar::names(store.range(0, store.size()), limits),
        Some(Packing::Gzip) => gzip::names(store, limits),
        Some(Packing::Zip) => zip::names(store),
        None => Vec::new(),
    })
}

/// What sort of archive was scanned here. A ZIP file may begin with anything.
fn packing(store: &Store) -> io::Result<Option<Packing>> {
    let mut head = [0; 4096];
    let filled = read_most(&mut store.range(0, 4096), &mut head)?;
    let cancel = Cancel::new();
    let head = head.get(..filled).unwrap_or_default();
    Ok(match sniff::kind(&mut Stream::new(head, Some(store.size()), &cancel))? {
        Kind::Archive(packing) => Some(packing),
        Kind::Other | Kind::Closed(_) => Some(Packing::Zip),
        Kind::Part10 | Kind::BareMeta | Kind::Bare(_) => None,
    })
}

/// The archive is not what was scanned.
pub(crate) fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the archive has no such member any more")
}

/// Fills `buffer` as far as the source goes.
pub(crate) fn read_most(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match source.read(free) {
            Ok(0) => break,
            Ok(read) => filled += read.min(free.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// True for a name that would leave the folder it is unpacked into. Nothing is ever unpacked here; but whoever wrote
/// such a name meant harm, or the archive is broken.
pub(crate) fn leaves(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.starts_with(char::is_alphabetic);
    drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

impl Opening<'_> {
    pub(crate) fn report(
        &mut self,
        steps: &[MemberStep],
        step: MemberStep,
        bytes: u64,
        outcome: Result<Header, Unfit>,
    ) {
        let mut steps = steps.to_vec();
        steps.push(step);
        let location = Location::Member { archive: self.path.to_owned(), steps };
        (self.out)(Report { location, bytes, modified: self.modified, outcome });
    }

    /// Looks at one member, which `reader` unpacks.
    pub(crate) fn member(
        &mut self,
        reader: impl Read,
        size: Option<u64>,
        steps: &[MemberStep],
        step: MemberStep,
    ) {
        let mut stream = Stream::new(reader, size, self.cancel);
        let empty = match stream.peek(0, 1) {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => {
                let unfit = Unfit::from_io(&error);
                return self.report(steps, step, size.unwrap_or(0), Err(unfit));
            }
        };
        let looked = match sniff::kind(&mut stream) {
            Ok(_) if empty => Ok(Err(Unfit::new(SkipReason::Empty, "it has no bytes"))),
            Ok(Kind::Archive(packing)) => match self.inner(&mut stream, packing, steps, &step) {
                Ok(()) => return,
                Err(unfit) => Ok(Err(unfit)),
            },
            Ok(kind) => examine::read(&mut stream, kind, self.limits, self.cancel, self.fields),
            Err(error) => Err(error),
        };
        let outcome = looked.unwrap_or_else(|error| Err(Unfit::from_io(&error)));
        let bytes = size.unwrap_or_else(|| stream.seen());
        self.report(steps, step, bytes, outcome);
    }

    /// An archive in an archive: held in memory, one level deep.
    fn inner<R: Read>(
        &mut self,
        stream: &mut Stream<'_, R>,
        packing: Packing,
        steps: &[MemberStep],
        step: &MemberStep,
    ) -> Result<(), Unfit> {
        if !steps.is_empty() {
            let deep = "an archive in an archive in an archive; unpack it, then scan what it holds";
            return Err(Unfit::new(SkipReason::UnsafeArchive, deep));
        }
        let most = self.limits.nested_bytes;
        let bytes = stream.all(most).map_err(|error| Unfit::from_io(&error))?;
        let Some(bytes) = bytes else {
            let detail = format!("an archive in an archive of more than {} MiB", most >> 20);
            return Err(Unfit::new(SkipReason::TooLarge, detail));
        };
        let store = Store::Memory(Arc::new(bytes));
        let inside = [steps, std::slice::from_ref(step)].concat();
        examine(&store, packing, &inside, self)
    }
}
