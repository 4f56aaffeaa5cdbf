//! Are two instances the same bytes? Compared, never guessed.

use crate::Cancel;
use crate::archive::read_most;
use crate::bytes::Bound;
use crate::open::Opener;
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
pub(crate) fn same(
    opener: &Opener,
    earlier: &Location,
    later: &Location,
    cancel: &Cancel,
) -> Result<bool, Fault> {
    let mut one = opener.open(earlier).map_err(|_| Fault::Earlier)?;
    let mut two = opener.open(later).map_err(Fault::Later)?;
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

/// How many bytes it has, and a digest by `hasher` to find candidates among many; never a proof.
pub(crate) fn digest(
    opener: &Opener,
    location: &Location,
    mut hasher: impl Hasher,
    cancel: &Cancel,
) -> io::Result<(u64, u64)> {
    let mut opened = opener.open(location)?;
    let mut piece = vec![0; PIECE];
    loop {
        if cancel.is_cancelled() {
            return Err(Bound::Cancelled.error());
        }
        let read = read_most(&mut opened.reader, &mut piece)?;
        if read == 0 {
            return Ok((opened.bytes, hasher.finish()));
        }
        hasher.write(piece.get(..read).unwrap_or_default());
    }
}
