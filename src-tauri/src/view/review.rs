//! What was found on a source, as the window shows it before anything is sent.

use super::SkipWord;
use serde::Serialize;
use std::collections::BTreeMap;

/// A page of a long list.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Page<T> {
    /// How many rows the whole list has.
    pub total: u64,
    /// The rows that were asked for.
    pub rows: Vec<T>,
}

/// Counts while a source is looked at.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Looking {
    /// The name of the source.
    pub name: String,
    /// Files so far.
    pub files: u64,
    /// Images so far.
    pub images: u64,
    /// Studies so far.
    pub studies: u64,
    /// Patients so far.
    pub patients: u64,
    /// Files that will not be sent, so far.
    pub skipped: u64,
    /// Seconds so far.
    pub seconds: u64,
}

/// The sum of what was found.
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReviewHead {
    /// Which review this is, for `review_send`. Another one for whatever is looked at after it, the same wherever it goes.
    pub id: i64,
    /// Grows when rows may have changed.
    pub revision: u64,
    /// The name of the source.
    pub name: String,
    /// What the source is.
    pub source: SourceKind,
    /// The volume it lies on, where it is one that can be taken out.
    pub volume: Option<String>,
    /// Files that were looked at.
    pub files: u64,
    /// How long it took.
    pub seconds: u64,
    /// Patients.
    pub patients: u64,
    /// Studies.
    pub studies: u64,
    /// Series.
    pub series: u64,
    /// Images that can be sent.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that will not be sent, by reason.
    #[cfg_attr(test, ts(type = "Partial<Record<SkipReason, number>>"))]
    pub skipped: BTreeMap<SkipWord, u64>,
    /// Files that the disc's index lists and the disc lacks.
    pub listed_missing: u64,
    /// Images that the disc's index does not list.
    pub unlisted: u64,
    /// The name of the destination it goes to.
    pub destination: Option<String>,
    /// True where the images are copied to this computer first.
    pub will_spool: bool,
    /// How quick this destination was the last time.
    pub bytes_per_second: Option<u64>,
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the words say it")]
pub enum SourceKind {
    Optical,
    Stick,
    Folder,
    Files,
    Archive,
}

/// A patient as the data set names them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Patient {
    /// `FAMILY, Given`.
    pub name: String,
    /// (0010,0020)
    pub id: String,
    /// (0010,0021)
    pub issuer: String,
    /// (0010,0030), as written.
    pub birth_date: String,
    /// (0010,0040)
    pub sex: String,
    /// Opaque; equal for the same person.
    pub key: String,
}

/// A study that was found.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReviewStudy {
    /// Its number, for `review_series`, `review_images` and `review_send`: the same wherever the review goes, and never
    /// that of a study of another review.
    pub id: i64,
    /// Who it is about.
    pub patient: Patient,
    /// The modalities of its series.
    pub modalities: Vec<String>,
    /// (0008,1030)
    pub description: String,
    /// (0008,0020), a DICOM DA.
    pub date: String,
    /// (0008,0030), a DICOM TM.
    pub time: String,
    /// (0008,0080)
    pub institution: String,
    /// (0008,0050)
    pub accession: String,
    /// Series.
    pub series: u64,
    /// Images.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The token of a picture that stands for it.
    pub picture: Option<String>,
    /// What a person should know before it is sent.
    pub warnings: Vec<Warning>,
    /// True where the row before it is about the same patient.
    pub same_patient_as_previous: bool,
}

/// What a person should know.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Warning {
    /// What it is.
    pub kind: WarningKind,
    /// How many images it is about.
    pub count: u64,
    /// Of how many, where that says something.
    pub of: Option<u64>,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the words say it")]
pub enum WarningKind {
    AlreadyThere,
    PartlyThere,
    Damaged,
    Unreadable,
    Duplicate,
    Conflict,
    MixedIdentity,
    NoPatientId,
    QueuedAlready,
    TextDoubtful,
}

/// A series of a study.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReviewSeries {
    /// Opaque, for `review_images`.
    pub uid: String,
    /// (0020,0011)
    pub number: String,
    /// (0008,0060)
    pub modality: String,
    /// (0008,103E)
    pub description: String,
    /// Images.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The token of a picture that stands for it.
    pub picture: Option<String>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// An instance of a series.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReviewImage {
    /// The token of its picture.
    pub picture: String,
    /// (0020,0013)
    pub number: String,
    /// (0028,0008)
    pub frames: u32,
    /// Its bytes.
    pub bytes: u64,
    /// What a person should know.
    pub warning: Option<Warning>,
}

/// What is known of a picture before its pixels are asked for.
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Picture {
    /// Frames, at least 1 where there are pixels.
    pub frames: u32,
    /// (0028,0010)
    pub rows: u32,
    /// (0028,0011)
    pub columns: u32,
    /// (0008,0060)
    pub modality: String,
    /// (0028,1050), the first.
    pub center: Option<f64>,
    /// (0028,1051), the first.
    pub width: Option<f64>,
    /// The unit of a value, such as `HU`.
    pub unit: Option<String>,
    /// Set where there is nothing to show.
    pub placeholder: Option<Placeholder>,
    /// A few lines of the header.
    pub lines: Vec<HeaderLine>,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Placeholder {
    /// The UI has words under `placeholder.<code>`.
    pub code: String,
}

/// One line of a header.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HeaderLine {
    /// `(0010,0010)`
    pub tag: String,
    /// The keyword.
    pub name: String,
    /// The value, shortened.
    pub value: String,
}

/// A file that will not be sent.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Skipped {
    /// Where it is, from the source down.
    pub path: String,
    /// Why.
    pub reason: SkipWord,
    /// Why, for those who look closer: in English, and not of the words of the window.
    pub detail: String,
    /// Its bytes.
    pub bytes: u64,
}
