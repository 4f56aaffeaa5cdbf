//! What a scan yields: every regular file is exactly one instance or one skip; failures are values.

use crate::{Header, Location};
use std::time::SystemTime;

/// One thing that a scan came upon.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// An instance that can be sent.
    Instance(Box<Found>),
    /// A file or member that will not be sent, and why.
    Skipped(Skip),
    /// What a DICOMDIR lists against what is there; comes once for each DICOMDIR, after the files of its source, and
    /// does not count as a file (the DICOMDIR itself is a skip).
    Index(IndexReport),
}

/// An instance and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where its bytes are.
    pub location: Location,
    /// How many bytes it has, as the file system or the archive's directory says.
    pub bytes: u64,
    /// When the file (or the outermost archive) was last changed.
    pub modified: Option<SystemTime>,
    /// What its header says.
    pub header: Header,
    /// Set where the instance is not whole and was asked for all the same; says what is wrong, without patient data.
    pub damage: Option<String>,
}

/// A file that is not sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Skip {
    /// Which file or member.
    pub location: Location,
    /// Its size, where known.
    pub bytes: u64,
    /// Why, as a word that programs can rely on.
    pub reason: SkipReason,
    /// Why, in words, without patient data (paths are allowed: the line it stands in has one already).
    pub detail: String,
    /// For `conflict` and `duplicate`: where the instance listed before is.
    pub earlier: Option<Location>,
    /// For `conflict`, `duplicate` and a `damaged` one whose header could be read.
    pub header: Option<Box<Header>>,
}

/// The words of the command line's contract for why a file is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// Not DICOM at all.
    NotDicom,
    /// A DICOMDIR: an index, never sent.
    Dicomdir,
    /// DICOM that an archive could not take whole.
    Damaged,
    /// Could not be read: permission, bad sector, vanished.
    Unreadable,
    /// No bytes.
    Empty,
    /// Same SOP Instance UID and same bytes as one already listed (compared, not guessed).
    Duplicate,
    /// Same SOP Instance UID as one already listed, other bytes.
    Conflict,
    /// DICOM without a valid SOP Class, SOP Instance, Study or Series UID.
    NoUid,
    /// A member or an archive that needs a password.
    EncryptedArchive,
    /// A member whose name leaves the archive, a bomb, or nesting too deep.
    UnsafeArchive,
    /// Above a size that the scan accepts.
    TooLarge,
    /// A symbolic link; links are not followed off the source.
    Link,
}

impl SkipReason {
    /// Every reason, in the order of the contract.
    pub const ALL: [Self; 12] = [
        Self::NotDicom,
        Self::Dicomdir,
        Self::Damaged,
        Self::Unreadable,
        Self::Empty,
        Self::Duplicate,
        Self::Conflict,
        Self::NoUid,
        Self::EncryptedArchive,
        Self::UnsafeArchive,
        Self::TooLarge,
        Self::Link,
    ];

    /// The word in the command line's contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDicom => "not_dicom",
            Self::Dicomdir => "dicomdir",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::NoUid => "no_uid",
            Self::EncryptedArchive => "encrypted_archive",
            Self::UnsafeArchive => "unsafe_archive",
            Self::TooLarge => "too_large",
            Self::Link => "link",
        }
    }

    /// True where a person should look: an image may be missing because of it.
    #[must_use]
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::Damaged
            | Self::Unreadable
            | Self::Conflict
            | Self::NoUid
            | Self::EncryptedArchive
            | Self::UnsafeArchive
            | Self::TooLarge => true,
            Self::NotDicom | Self::Dicomdir | Self::Empty | Self::Duplicate | Self::Link => false,
        }
    }
}

/// A DICOMDIR held against the files that are there (PS3.3 Annex F).
#[derive(Debug, Clone, PartialEq)]
pub struct IndexReport {
    /// The DICOMDIR.
    pub location: Location,
    /// How many files it references.
    pub listed: u64,
    /// Referenced File IDs that are not there, `/` between components; bounded, `listed_missing_total` has the number.
    pub listed_missing: Vec<String>,
    /// How many referenced files are not there.
    pub listed_missing_total: u64,
    /// How many instances lie under the folder of the DICOMDIR without being listed in it.
    pub unlisted: u64,
    /// Where they are, from that folder on; bounded, `unlisted` has the number.
    pub unlisted_files: Vec<String>,
    /// Set where the DICOMDIR itself is damaged and was read only in part.
    pub damage: Option<String>,
}
