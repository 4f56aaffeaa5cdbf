//! A source of DICOM files (folder, file, disc, stick, archive file) as a stream of found instances and skips.
//!
//! This room knows no SQL, no HTTP, no queue and no destination. It reads; it never writes, and it never extracts an
//! archive to a disk. Whatever the bytes are, it neither panics nor takes memory or time out of proportion: every
//! length is held against the bytes that are left. Paths, UIDs and patients never appear in its error texts.

mod archive;
mod bytes;
mod charset;
mod compare;
mod deflated;
mod dicomdir;
mod element;
mod examine;
mod header;
mod index_check;
#[cfg(test)]
mod made;
mod meta;
mod open;
mod pipeline;
mod pixel;
mod seen_before;
mod sniff;
mod sources;
mod walk;
mod walker;

pub use dicomdir::{Directory, Referenced, read_directory};
pub use header::{Unfit, read_header};
pub use open::{Cost, Opened, Opener};

use relaypacs_model::Seen;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How to scan.
#[derive(Debug, Clone)]
pub struct Options {
    /// Yields damaged files whose header can be read as instances, with their damage named, in place of skips.
    pub include_damaged: bool,
    /// How many threads read files; at least one. One is best for optical media, which are slow to move their head.
    pub readers: usize,
    /// Takes the entries of a folder as the file system lists them, in place of by name. On optical media that is as near
    /// to the order in which their bytes lie as can be had without more rights than a user has.
    pub as_listed: bool,
    /// Bounds on what hostile files can cost.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { include_damaged: false, readers: 2, as_listed: false, limits: Limits::default() }
    }
}

/// Bounds on what one file can cost. Real media stay far below each of them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Members of one archive that are looked at.
    pub archive_members: u32,
    /// Unpacked bytes of one member or deflated data set.
    pub member_bytes: u64,
    /// Unpacked bytes for each packed byte of one member or deflated data set, beyond `ratio_free_bytes`.
    pub ratio: u64,
    /// Unpacked bytes of one member or deflated data set that no ratio is asked for.
    pub ratio_free_bytes: u64,
    /// Unpacked bytes of an archive that lies in an archive: it is held in memory. One level is opened.
    pub nested_bytes: u64,
    /// Elements and items of one data set.
    pub elements: u64,
    /// Sequences within sequences.
    pub sequence_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_members: 1_000_000,
            member_bytes: 64 << 30,
            ratio: 200,
            ratio_free_bytes: 256 << 20,
            nested_bytes: 64 << 20,
            elements: 2_000_000,
            sequence_depth: 512,
        }
    }
}

/// Stops a scan from another thread; every clone stops the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    own: Arc<AtomicBool>,
    others: Vec<Arc<AtomicBool>>,
}

impl Cancel {
    /// Not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that is cancelled with this one, and by itself without it.
    #[must_use]
    pub fn below(&self) -> Self {
        let mut others = self.others.clone();
        others.push(self.own.clone());
        Self { own: Arc::default(), others }
    }

    /// Asks the scan to stop; it does within a second.
    pub fn cancel(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// True after [`Cancel::cancel`].
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.own.load(Ordering::Relaxed)
            || self.others.iter().any(|other| other.load(Ordering::Relaxed))
    }
}

/// Why a scan could not be done or finished. What is wrong with a single file is a [`Seen::Skipped`], not an error.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A source does not exist.
    #[error("source number {} does not exist", .which + 1)]
    NotFound {
        /// Its position among the sources.
        which: usize,
    },
    /// A source cannot be opened.
    #[error("source number {} cannot be read", .which + 1)]
    Unreadable {
        /// Its position among the sources.
        which: usize,
        /// What the operating system says.
        source: io::Error,
    },
    /// [`Cancel::cancel`] was called. What was yielded before stands.
    #[error("the scan was cancelled")]
    Cancelled,
    /// No thread could be started.
    #[error("a reading thread could not be started")]
    Thread(#[source] io::Error),
}

/// Walks all sources. Every regular file yields exactly one [`Seen::Instance`] or one [`Seen::Skipped`]; an archive
/// that was opened yields one for each member and none for itself, one that could not be opened yields one skip.
/// The order is that of the walk, the same whatever `readers` is. After the files of a source comes one
/// [`Seen::Index`] for each DICOMDIR in it.
///
/// # Errors
/// [`ScanError`]: a source that is not there or cannot be opened (before anything is yielded), or the cancellation.
pub fn scan(
    sources: &[PathBuf],
    options: &Options,
    cancel: &Cancel,
    sink: &mut dyn FnMut(Seen),
) -> Result<(), ScanError> {
    let sources = sources::resolve(sources)?;
    pipeline::run(&sources, options, cancel, sink)
}
