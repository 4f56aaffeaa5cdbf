//! Are two instances the same bytes? Compared, never guessed.

use crate::Cancel;
use crate::archive::read_most;
use crate::bytes::Bound;
use crate::open::open;
use relaypacs_model::Location;
use std::hash::Hasher;
use std::io;

const PIECE: usize = 64 * 1024;

/// Which of the two could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    Earlier,
    Later(io::Error),
}

/// True where both have the same bytes.
pub(crate) fn same(earlier: &Location, later: &Location, cancel: &Cancel) -> Result<bool, Fault> {
    let mut one = open(earlier).map_err(|_| Fault::Earlier)?;
    let mut two = open(later).map_err(Fault::Later)?;
    if one.bytes != two.bytes {
        return Ok(false);
    }
    let (mut a, mut b) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        if cancel.is_cancelled() {
            return Err(Fault::Later(Bound::Cancelled.error()));
        }
        let read = read_most(&mut one.reader, &mut a).map_err(|_| Fault::Earlier)?;
        let also = read_most(&mut two.reader, &mut b).map_err(Fault::Later)?;
        if a.get(..read) != b.get(..also) {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// A digest by `hasher`, to find candidates among many; never a proof.
pub(crate) fn digest(
    location: &Location,
    mut hasher: impl Hasher,
    cancel: &Cancel,
) -> io::Result<u64> {
    let mut opened = open(location)?;
    let mut piece = vec![0; PIECE];
    loop {
        if cancel.is_cancelled() {
            return Err(Bound::Cancelled.error());
        }
        let read = read_most(&mut opened.reader, &mut piece)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.write(piece.get(..read).unwrap_or_default());
    }
}
