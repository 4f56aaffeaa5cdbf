//! What an archive holds, learned once: where each member is, so that opening one costs the same wherever it lies.
//! Eight bytes for each member; what stands at that place is read again and held against the name.

use super::tape::{Meter, Metered};
use super::zip_directory::{self, Directory};
use super::{Unpacked, gone, gzip, packing, tar, zip};
use crate::Limits;
use crate::bytes::Store;
use crate::sniff::Packing;
use relaypacs_model::MemberStep;
use std::io;
use std::sync::{Arc, OnceLock};

/// The way into one archive.
pub(crate) enum Contents {
    /// Where the record of each member is in the directory.
    Zip(Directory, Vec<u64>),
    /// Where the header of each entry is.
    Tar(Vec<u64>),
    /// One packed file, and its size once it is known.
    Packed(OnceLock<u64>),
    /// Entries that can only be reached one after another: by a [`super::tape::Tape`].
    PackedTar,
}

impl Contents {
    /// Looks at `store`. False where a later look may see more, since reading failed on the way.
    ///
    /// # Errors
    /// Whatever ends reading; `NotFound` where this is no archive, or has more members than any scan lists.
    pub(crate) fn of(store: &Store, limits: &Limits, meter: &Meter) -> io::Result<(Self, bool)> {
        let (contents, sound) = match packing(store)?.ok_or_else(gone)? {
            Packing::Zip => {
                let directory = zip_directory::find(store).map_err(|_| gone())?;
                if directory.members > u64::from(limits.archive_members) {
                    return Err(gone());
                }
                (Self::Zip(directory, directory.positions(store)?), true)
            }
            Packing::Tar => {
                let (positions, sound) = tar::positions(store, limits);
                (Self::Tar(positions), sound)
            }
            Packing::Gzip if gzip::is_tar(store, limits)? => (Self::PackedTar, true),
            Packing::Gzip => (Self::Packed(OnceLock::new()), true),
        };
        meter.entries(contents.positions().len());
        Ok((contents, sound))
    }

    fn positions(&self) -> &[u64] {
        match self {
            Self::Zip(_, positions) | Self::Tar(positions) => positions,
            Self::Packed(_) | Self::PackedTar => &[],
        }
    }

    /// The member that `step` names; nothing where it takes a tape.
    pub(crate) fn member(
        &self,
        store: &Store,
        step: &MemberStep,
        limits: &Limits,
        meter: &Arc<Meter>,
    ) -> io::Result<Option<Unpacked>> {
        let index = usize::try_from(step.index).unwrap_or(usize::MAX);
        let at = || {
            meter.entries(1);
            self.positions().get(index).copied().ok_or_else(gone)
        };
        match self {
            Self::Zip(directory, _) => zip::member(store, directory, at()?, step, limits).map(Some),
            Self::Tar(_) => tar::member(store, at()?, step).map(Some),
            Self::Packed(size) => {
                let reader = Metered::new(gzip::unpack(store, limits), meter.clone());
                Ok(Some((Box::new(reader), size.get().copied())))
            }
            Self::PackedTar => Ok(None),
        }
    }
}
