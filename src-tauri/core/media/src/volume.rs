//! A volume, and the words for it.

use relaypacs_model::PatientText;
use std::fmt;
use std::path::PathBuf;

/// Names a volume: the same disc put in again has the same, another disc in the same drive has another, as far as the
/// file system has a serial number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VolumeId(pub String);

/// What sort of volume it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A CD, DVD or Blu-ray disc, or the image of one.
    Optical,
    /// A stick or a memory card.
    Stick,
    /// An external hard disk.
    Disk,
}

/// What seems to be on a volume, after a bounded look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// It was not looked at yet.
    Unknown,
    /// It has a DICOMDIR at its root.
    Dicomdir,
    /// Some of its first files are DICOM files.
    Dicom,
    /// Nothing that looks like it. There may be DICOM files deeper down.
    Nothing,
    /// It could not be read.
    Unreadable,
}

/// A volume that can be taken out.
#[derive(Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name for programs.
    pub id: VolumeId,
    /// Where its files are.
    pub mount_point: PathBuf,
    /// Its name for people. Discs are often labelled with a patient's name.
    pub label: PatientText,
    /// What sort it is.
    pub kind: Kind,
    /// True where nothing can be written.
    pub read_only: bool,
    /// Its size; nothing where the system does not say.
    pub total_bytes: Option<u64>,
    /// What seems to be on it.
    pub hint: Hint,
}

impl fmt::Debug for Volume {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Volume({:?}, {:?})", self.kind, self.hint)
    }
}

/// How an attempt to eject ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ejected {
    /// It is out, or switched off: take it.
    Out,
    /// It is no longer in use and can be taken out by hand.
    Released,
    /// A program still uses it.
    Busy,
    /// The system does not let this user.
    NotAllowed,
    /// This system has no way for it: it is taken out by hand.
    NotPossible,
    /// It did not work, or took longer than half a minute.
    Failed,
}
