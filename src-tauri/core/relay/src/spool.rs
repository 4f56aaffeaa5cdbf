//! The spool: copies of what lies on a removable source, sealed before the disk sees a byte, so that the disc can come
//! out long before the last byte has left.
//!
//! This module knows files, the queue's rows and the source; it knows no archive. A file counts once its row says so, and
//! the row says so only after the file and its folder are on the disk.

mod copier;
mod copies;
mod damaged;
mod folder;
mod one;
mod rounds;

pub use damaged::Gap;

pub(crate) use copier::{Copier, Sources};
pub(crate) use copies::Copies;
pub(crate) use folder::SpoolFolder;

use crate::volume::Origin;
use relaypacs_queue::ImportId;

/// When what an import found is copied into the spool before it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SpoolWhen {
    /// Whatever the source.
    Always,
    /// Where it lies on a disc or stick that somebody may take away.
    #[default]
    Removable,
    /// Never: the source has to stay until all of it is sent.
    Never,
}

impl SpoolWhen {
    /// Whether what comes from there is copied.
    pub(crate) fn copies(self, origin: &Origin) -> bool {
        match self {
            Self::Always => true,
            Self::Removable => origin.is_removable,
            Self::Never => false,
        }
    }
}

/// How a relay copies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spooling {
    /// When.
    pub when: SpoolWhen,
    /// Bytes that copying leaves free on the disk of the home; `None`: 512 MB or 2 % of it, whichever is more.
    pub keep_free: Option<u64>,
}

/// How far the copying of one import has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Which import.
    pub import: ImportId,
    /// Instances that are copied, or need it no more.
    pub copied: u64,
    /// Instances that had to be copied.
    pub of: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The source of an import is not needed any more: each of its instances that will be sent has a copy, and those that
/// could not be read were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFree {
    /// Which import.
    pub import: ImportId,
    /// Instances that were copied in this run.
    pub copied: u64,
    /// Instances that could not be read from it, however often it was tried.
    pub unreadable: u64,
}

/// The source of an import was there no more before all of it was copied: what is missing waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceGone {
    /// Which import.
    pub import: ImportId,
    /// Instances that were copied in this run.
    pub copied: u64,
    /// Instances that wait until it is there again.
    pub waits: u64,
}

/// The source of an import has to stay in until the last byte of it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceStays {
    /// Which import.
    pub import: ImportId,
    /// Instances that are read from the source.
    pub instances: u64,
    /// Bytes that are free on the disk of the home, where that could be told.
    pub free: Option<u64>,
}
