//! Opening what a scan found, for sending: as a stream, with its exact size.

use crate::bytes::{Bound, Store};
use crate::{Limits, archive, examine};
use relaypacs_model::{Location, MemberStep};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// The bytes of an instance.
pub struct Opened {
    /// Reads them from the beginning. A member of an archive that does not come out as its directory declares ends in
    /// an error, never in a short stream.
    pub reader: Box<dyn Read + Send>,
    /// How many there are.
    pub bytes: u64,
    /// When the file (or the outermost archive) was last changed.
    pub modified: Option<SystemTime>,
}

/// Opens a file or member. A member is unpacked as it is read; only an archive that lies in another archive is held in
/// memory, at most [`Limits::nested_bytes`].
///
/// # Errors
/// What the operating system says; `NotFound` where the archive has no such member any more; `InvalidData` where it
/// cannot be unpacked.
pub fn open(location: &Location) -> io::Result<Opened> {
    match location {
        Location::File(path) => {
            let (file, about) = examine::open_regular(path)?;
            let modified = about.modified().ok();
            Ok(Opened { reader: Box::new(file), bytes: about.len(), modified })
        }
        Location::Member { archive, steps } => member(archive, steps),
    }
}

fn member(path: &Path, steps: &[MemberStep]) -> io::Result<Opened> {
    let (file, about) = examine::open_regular(path)?;
    let limits = Limits::default();
    let (store, last) = inmost(Store::File(Arc::new(file), about.len()), steps, &limits)?;
    let (reader, size) = archive::member(&store, last, &limits)?;
    let bytes = match size {
        Some(size) => size,
        // Gzip does not say how much comes out beyond 4 GiB: it is unpacked once to know.
        None => io::copy(&mut archive::member(&store, last, &limits)?.0, &mut io::sink())?,
    };
    Ok(Opened { reader, bytes, modified: about.modified().ok() })
}

/// The archive that holds the member itself, and the last step into it.
pub(crate) fn inmost<'a>(
    mut store: Store,
    steps: &'a [MemberStep],
    limits: &Limits,
) -> io::Result<(Store, &'a MemberStep)> {
    let (last, before) = steps.split_last().ok_or_else(archive::gone)?;
    for step in before {
        let (reader, _) = archive::member(&store, step, limits)?;
        let mut bytes = Vec::new();
        reader.take(limits.nested_bytes + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limits.nested_bytes {
            return Err(Bound::Bomb.error());
        }
        store = Store::Memory(Arc::new(bytes));
    }
    Ok((store, last))
}
