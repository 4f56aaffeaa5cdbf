//! Gzip: one packed file, or a packed TAR.

use super::{Opening, read_most, tar};
use crate::Limits;
use crate::bytes::{Bound, Range, Store};
use crate::deflated::Guarded;
use crate::header::Unfit;
use flate2::bufread::MultiGzDecoder;
use relaypacs_model::MemberStep;
use std::io::{self, BufReader};

pub(super) type Unpacking = Guarded<MultiGzDecoder<BufReader<Range>>>;

pub(super) fn unpack(store: &Store, limits: &Limits) -> Unpacking {
    let packed = BufReader::with_capacity(32 * 1024, store.range(0, store.size()));
    Guarded::new(MultiGzDecoder::new(packed), store.size(), limits, Bound::Bomb)
}

pub(crate) fn examine(
    store: &Store,
    steps: &[MemberStep],
    opening: &mut Opening<'_>,
) -> Result<(), Unfit> {
    let limits = opening.limits;
    if is_tar(store, limits).map_err(|error| Unfit::from_io(&error))? {
        return tar::examine(unpack(store, limits), steps, opening);
    }
    let packed_name = match steps.last() {
        Some(step) => step.name.rsplit('/').next().unwrap_or_default().to_owned(),
        None => opening.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    // The name in the gzip header is what it was called when it was packed, and may be missing or a lie.
    let name = packed_name.strip_suffix(".gz").unwrap_or(&packed_name).to_owned();
    opening.member(unpack(store, limits), None, steps, MemberStep { index: 0, name });
    Ok(())
}

pub(super) fn is_tar(store: &Store, limits: &Limits) -> io::Result<bool> {
    let mut head = [0; 512];
    let filled = read_most(&mut unpack(store, limits), &mut head)?;
    Ok(head.get(..filled).and_then(|head| head.get(257..262)) == Some(b"ustar"))
}

/// The names of the members of a packed TAR.
pub(crate) fn names(store: &Store, limits: &Limits) -> Vec<String> {
    tar::names(unpack(store, limits), limits)
}
