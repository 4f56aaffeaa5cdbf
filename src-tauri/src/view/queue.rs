//! What waits and what came of it, as the window shows it.

use super::{CodeWord, Failure, OutcomeWord, PriorityWord};
use serde::Serialize;

/// The sum of what waits.
#[derive(Clone, PartialEq, Serialize, Default)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QueueHead {
    /// Grows when rows may have changed.
    pub revision: u64,
    /// Studies that have not come to their end.
    pub studies: u64,
    /// Their images.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those of them that have yet to be stored.
    pub bytes_left: u64,
    /// Over the last seconds; `null` while nothing moves.
    pub bytes_per_second: Option<u64>,
    /// At this rate; `null` where it cannot be told.
    pub seconds_left: Option<u64>,
    /// True where a person paused the whole queue.
    pub paused: bool,
    /// True while bytes go out.
    pub sending: bool,
    /// Images that need a person.
    pub needs_person: u64,
    /// Images that have not come to their end: quitting would leave them.
    pub unfinished: u64,
    /// Whether the sources of what is in the queue can come out.
    pub sources: Vec<SourceFree>,
}

/// How far the copying of a source is.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SourceFree {
    /// Its import.
    pub import: i64,
    /// The name of the source.
    pub name: String,
    /// True once nothing more is read from it.
    pub free: bool,
    /// Images that wait for it, where it went away before all was copied.
    pub gone: u64,
    /// Images copied.
    pub copied: u64,
    /// Of how many.
    pub of: u64,
    /// The volume, where it is one that can be taken out.
    pub volume: Option<String>,
}

/// A study in the queue.
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QueueStudy {
    /// Its number, for wishes.
    pub id: i64,
    /// The patient's family name and initial, or a dash.
    pub name: String,
    /// (0008,1030)
    pub description: String,
    /// The modalities of its series.
    pub modality: String,
    /// How urgent it is.
    pub priority: PriorityWord,
    /// Where it goes.
    pub destination: String,
    /// Images.
    pub images: u64,
    /// Those of them that have left for good: stored, confirmed, or there before.
    pub images_done: u64,
    /// Bytes.
    pub bytes: u64,
    /// Bytes of those that are done.
    pub bytes_done: u64,
    /// Over the last seconds.
    pub bytes_per_second: Option<u64>,
    /// At this rate.
    pub seconds_left: Option<u64>,
    /// Where it stands.
    pub state: StudyState,
    /// Why it waits or needs a person.
    pub failure: Option<Failure>,
    /// The destination it waits for.
    pub waiting_for: Option<String>,
    /// When it is tried again, in milliseconds since 1970.
    pub tries_again_at: Option<i64>,
    /// Images that need a person.
    pub failed: u64,
    /// Images that are proven to be in the archive.
    pub in_archive: u64,
    /// Images that a person took out.
    pub taken_out: u64,
    /// True once this computer has nothing of it any more.
    pub erased: bool,
    /// Its receipt, once everything on that came to its end.
    pub receipt: Option<u64>,
}

/// Where a study stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum StudyState {
    /// It is copied from its source.
    Copying,
    /// The archive is asked what it has of it.
    Asking,
    /// Its turn comes.
    Queued,
    /// Its images go out.
    Sending,
    /// All are stored, the archive is asked to confirm.
    Stored,
    /// Something has to pass first.
    Waiting,
    /// A person paused it.
    Paused,
    /// A person has to decide.
    NeedsPerson,
    /// The archive has all of it.
    Confirmed,
    /// The archive has some of it, a person took out the rest.
    Partly,
    /// A person took it out.
    Cancelled,
}

/// Images that need a person for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QueueGroup {
    /// The reason.
    pub failure: Failure,
    /// How they ended.
    pub outcome: OutcomeWord,
    /// How many.
    pub count: u64,
    /// The HTTP status of the answer.
    pub http_status: Option<u16>,
    /// Failure Reason (0008,1197) of the answer.
    pub dicom_reason: Option<u16>,
    /// At most 50 of them.
    pub images: Vec<GroupImage>,
    /// True where trying again makes sense.
    pub can_retry: bool,
}

/// Which image, as a person would name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct GroupImage {
    /// (0020,0013)
    pub number: String,
    /// (0020,0011)
    pub series: String,
}

/// How a send ended.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Done {
    /// Its import: one may end in several parts, each with a receipt of its own.
    pub import: i64,
    /// Its receipt.
    pub receipt: u64,
    /// Where it went.
    pub destination: String,
    /// Images.
    pub images: u64,
    /// Those of them that are proven to be in the archive.
    pub in_archive: u64,
    /// Those of them that a person took out.
    pub cancelled: u64,
    /// Those of them that were there before.
    pub already_there: u64,
    /// Studies.
    pub studies: u64,
    /// Bytes.
    pub bytes: u64,
    /// From the click on Send to the last proof.
    pub seconds: u64,
    /// True where all images are in the archive, the disc's index lists no other, and no file needs a look.
    pub complete: bool,
    /// What is not there, by outcome and reason.
    pub not_there: Vec<NotThere>,
    /// Files that the disc's index lists and the disc lacks.
    pub listed_missing: u64,
    /// True where that index is damaged and could be read only in part.
    pub index_partly: bool,
    /// Skipped files that a person should look at.
    pub skipped_to_look_at: u64,
    /// The name of the source, where it has one.
    pub source: Option<String>,
    /// The volume, where it is one that can be taken out.
    pub volume: Option<String>,
    /// True where nothing more is read from the source, which is not to say that all of it is in the archive.
    pub disc_can_go: bool,
}

/// Images that are not in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct NotThere {
    /// How they ended.
    pub outcome: OutcomeWord,
    /// How many.
    pub count: u64,
    /// Why.
    pub code: Option<CodeWord>,
}
