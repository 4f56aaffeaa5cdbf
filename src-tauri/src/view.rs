//! What the window is shown: the only types that leave Rust for the web view. `ui/types.d.ts` is generated from them.
//!
//! Names are those of the contract with the UI, numbers are whole where they count and milliseconds since 1970 where they
//! are moments. What can hold a patient derives no `Debug`: it is shown, and never logged.

mod destination;
mod failure;
mod queue;
mod review;
mod settings;
mod start;
mod words;

#[cfg(test)]
mod export;

pub use destination::{
    Checked, Destination, DestinationDraft, SignInDraft, SignInField, SignInKind, Standing,
};
pub use failure::Failure;
pub use queue::{
    Done, GroupImage, NotThere, QueueGroup, QueueHead, QueueStudy, SourceFree, StudyState,
};
pub use review::{
    HeaderLine, Looking, Page, Patient, Picture, Placeholder, ReviewHead, ReviewImage,
    ReviewSeries, ReviewStudy, Skipped, SourceKind, Warning, WarningKind,
};
pub use settings::{Appearance, Bandwidth, Cover, Language, Names, Settings, Spool, Standard};
pub use words::{CodeWord, OutcomeWord, PriorityWord, ReadBackWord, SkipWord};

use serde::Serialize;

/// Everything that the window shows but for long lists, which are asked for page by page.
#[derive(Clone, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct State {
    /// How far the program is with itself.
    pub stage: Stage,
    /// Why it is `broken`, or why a passphrase was not taken.
    pub failure: Option<Failure>,
    /// Something that happened and that a person should have read.
    pub notice: Option<Failure>,
    /// Whether that was met with by looking inside a source, which can be repeated.
    pub notice_of_look: bool,
    /// What this machine is and can do.
    pub platform: Platform,
    /// What the person set.
    pub settings: Settings,
    /// Where images can go.
    pub destinations: Vec<Destination>,
    /// The ways to sign in; the form for a destination is built from them.
    pub sign_in_kinds: Vec<SignInKind>,
    /// Discs and sticks of this computer.
    pub volumes: Vec<Volume>,
    /// Folders that were looked at in this session.
    pub recents: Vec<Recent>,
    /// Whether something is held over the window to be dropped.
    pub drop: DropState,
    /// Counts while a source is looked at.
    pub looking: Option<Looking>,
    /// What was found, until it is sent or discarded.
    pub review: Option<ReviewHead>,
    /// What waits.
    pub queue: QueueHead,
    /// The first send that came to its end and was not put away.
    pub done: Option<Done>,
    /// Grows when the ledger has something new of what was sent.
    pub ledger: u64,
    /// The practice archive in this process.
    pub practice: Practice,
    /// True where a person asked to quit while work is left: the window asks back.
    pub quitting: bool,
    /// While `locked`: there is no queue yet, so that the passphrase is a new one.
    pub new_passphrase: bool,
}

/// How far the program is with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Stage {
    /// The home is being opened.
    Starting,
    /// A passphrase is needed: there is no key store, or this home was made with one.
    Locked,
    /// Open, and no destination is known yet.
    FirstStart,
    /// Open.
    Open,
    /// The home cannot be opened; `failure` says why.
    Broken,
}

/// What this machine is and can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Platform {
    /// The operating system.
    #[cfg_attr(test, ts(type = "\"linux\" | \"windows\" | \"macos\" | \"android\" | \"ios\""))]
    pub os: &'static str,
    /// The version of this program.
    pub version: &'static str,
    /// True where fingers are the first way to point.
    pub touch: bool,
    /// False where the system has no dialog for folders.
    pub can_choose_folder: bool,
    /// False where the queue's key has to come from a passphrase.
    pub has_key_store: bool,
    /// True where closing the window leaves an icon that brings it back, and sending goes on behind it.
    pub tray: bool,
}

/// A disc or stick.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Volume {
    /// Opaque.
    pub id: String,
    /// Its name, as the system shows it.
    pub label: String,
    /// What it is.
    pub kind: VolumeKind,
    /// True where nothing can be written on it.
    pub read_only: bool,
    /// Bytes in use, where the system tells.
    pub bytes: Option<u64>,
    /// What seems to be on it.
    pub hint: VolumeHint,
    /// True where the system can eject it.
    pub can_eject: bool,
    /// True while something is read from it, or has yet to be.
    pub in_use: bool,
}

/// What a volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the words say it")]
pub enum VolumeKind {
    Optical,
    Stick,
    Disk,
}

/// What seems to be on a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum VolumeHint {
    /// A DICOMDIR at its root.
    Dicomdir,
    /// A folder that discs of images have.
    Dicom,
    /// Nothing that tells.
    Unknown,
}

/// A folder that was looked at before. Kept in memory only: the name of a folder can be that of a patient.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Recent {
    /// Opaque.
    pub id: String,
    /// Its last path component.
    pub name: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// Whether something is held over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the words say it")]
pub enum DropState {
    None,
    Over,
}

/// The practice archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Practice {
    /// True while it runs in this process.
    pub running: bool,
    /// True where there is a sample disc.
    pub sample: bool,
}
