//! `instance`: one SOP Instance on its way. The numbers of the states in SQL are their places in `StateName::ALL`
//! (0 queued, 1 waiting, 2 sending, 3 unknown, 4 and 5 stored, 6 confirmed and up: ended).
//!
//! The indexes on states are partial: each is as large as the work that it finds, not as the table.

use super::{ImportId, InstanceId, StudyId, unsigned};
use crate::state::{State, StateName};
use crate::{QueueError, Result};
use relaypacs_model::{
    Code, Encoding, Location, Moment, Outcome, Proof, Reason, SeriesInstanceUid, SopClassUid,
    SopInstanceUid, TransferSyntaxUid,
};
use rusqlite::Row;
use std::time::{Duration, SystemTime};

pub(crate) const V1: &str = "
CREATE TABLE instance (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    study_id INTEGER NOT NULL REFERENCES study(id),
    import_id INTEGER NOT NULL REFERENCES import(id),
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 11),
    until INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    fresh_from INTEGER NOT NULL DEFAULT 0,
    batch_limit INTEGER NOT NULL DEFAULT 4294967295 CHECK (batch_limit > 0),
    sends_dropped INTEGER NOT NULL DEFAULT 0,
    listed_in INTEGER NOT NULL DEFAULT 0,
    changed_in INTEGER NOT NULL DEFAULT 0,
    proof INTEGER,
    reason TEXT,
    reason_status INTEGER,
    reason_dicom INTEGER,
    sha256 BLOB CHECK (length(sha256) = 32),
    sent_at INTEGER,
    bytes_sent INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL,
    modified INTEGER,
    encoding INTEGER NOT NULL,
    part10 INTEGER NOT NULL,
    number_of_frames INTEGER,
    modality TEXT NOT NULL,
    sop_uid TEXT NOT NULL,
    sop_class_uid TEXT NOT NULL,
    series_uid TEXT NOT NULL,
    transfer_syntax_uid TEXT,
    location BLOB NOT NULL,
    UNIQUE (study_id, sop_uid),
    CHECK (state NOT IN (4, 5) OR proof IS NOT NULL),
    CHECK (state <> 6 OR (proof IS NOT NULL AND proof >= 1))
) STRICT;
CREATE INDEX instance_by_study ON instance(study_id);
CREATE INDEX instance_by_import ON instance(import_id);
CREATE INDEX instance_queued ON instance(study_id, batch_limit DESC, id) WHERE state = 0;
CREATE INDEX instance_waiting ON instance(study_id, until) WHERE state = 1;
CREATE INDEX instance_sending ON instance(until) WHERE state = 2;
";

/// Where the bytes are read from, and the numbers by which a person finds an image again. A row that has to be copied
/// first (`copy = 1`) is not ready to be claimed.
pub(crate) const COPY_V1: &str = "
ALTER TABLE instance ADD COLUMN copy INTEGER NOT NULL DEFAULT 0 CHECK (copy BETWEEN 0 AND 2);
ALTER TABLE instance ADD COLUMN number INTEGER;
ALTER TABLE instance ADD COLUMN series_number INTEGER;
CREATE INDEX instance_ready ON instance(study_id, batch_limit DESC, id)
    WHERE state = 0 AND copy <> 1;
CREATE INDEX instance_to_copy ON instance(import_id, id) WHERE copy = 1;
CREATE INDEX instance_source_gone ON instance(id) WHERE state = 10;
";

/// Which studies have something to copy, without a look at every instance.
pub(crate) const COPY_V2: &str = "
CREATE INDEX instance_to_copy_by_study ON instance(study_id, import_id, id) WHERE copy = 1;
";

/// Every column that an [`InstanceRow`] is made of.
pub(crate) const COLUMNS: &str = "id, study_id, import_id, state, until, since, attempts, fresh_from, batch_limit, \
     sends_dropped, proof, reason, reason_status, reason_dicom, sha256, sent_at, bytes_sent, \
     bytes, modified, encoding, part10, number_of_frames, modality, sop_uid, sop_class_uid, \
     series_uid, transfer_syntax_uid, location, copy, number, series_number";

/// No instance is larger than 4 TiB; a size that an archive file makes up beyond that must not overflow a sum.
pub(crate) const MOST_BYTES: i64 = 1 << 42;

/// An instance as the queue holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    /// Its id.
    pub id: InstanceId,
    /// Its study.
    pub study: StudyId,
    /// The last import that offered it.
    pub import: ImportId,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// How often it was claimed in all; names the claim in an [`crate::Answer`].
    pub attempt: u32,
    /// How often it was claimed since it was last offered, moved or retried by a person.
    pub tries: u32,
    /// How many instances its next batch may have.
    pub batch_limit: u32,
    /// How often the archive said that it stored it and then did not list it.
    pub sends_dropped: u32,
    /// The strongest proof that is held.
    pub proof: Option<Proof>,
    /// Why it is where it is, or the archive's warning.
    pub reason: Option<Reason>,
    /// SHA-256 of the bytes that were sent or compared.
    pub sha256: Option<[u8; 32]>,
    /// When it was last sent, perhaps in vain; `None` where nothing of it ever was.
    pub sent_at: Option<Moment>,
    /// Bytes of it that were sent, over all attempts.
    pub bytes_sent: u64,
    /// Its size.
    pub bytes: u64,
    /// When its file was last changed, as it was when it was scanned.
    pub modified: Option<SystemTime>,
    /// How its data set is written.
    pub encoding: Encoding,
    /// Whether it is a PS3.10 file or a bare data set.
    pub part10: bool,
    /// (0028,0008)
    pub number_of_frames: Option<u32>,
    /// (0008,0060)
    pub modality: String,
    /// (0008,0018)
    pub sop_uid: SopInstanceUid,
    /// (0008,0016)
    pub sop_class_uid: SopClassUid,
    /// (0020,000E)
    pub series_uid: SeriesInstanceUid,
    /// (0002,0010)
    pub transfer_syntax_uid: Option<TransferSyntaxUid>,
    /// Where its bytes are.
    pub location: Location,
    /// Whether they are read from there.
    pub copy: Copying,
    /// (0020,0013)
    pub number: Option<i64>,
    /// (0020,0011)
    pub series_number: Option<i64>,
}

/// Whether the bytes of an instance are, or have to be, in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copying {
    /// They are read from the source.
    Not,
    /// They have to be copied before the instance is sent.
    Due,
    /// They are read from the spool.
    Done,
}

impl InstanceRow {
    /// The row in the words of the command line's contract. What has not ended is waiting.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.state {
            State::Queued
            | State::Waiting { .. }
            | State::Sending { .. }
            | State::Unknown
            | State::Stored
            | State::StoredWithWarning => Outcome::Waiting,
            State::Confirmed => match (self.proof, self.sent_at) {
                (Some(Proof::Committed), _) => Outcome::Committed,
                (Some(Proof::Identical), None) => Outcome::AlreadyThere,
                (Some(Proof::Identical), Some(_)) => Outcome::Verified,
                (Some(Proof::Listed | Proof::Referenced) | None, _) => Outcome::Confirmed,
            },
            State::Conflict => Outcome::Conflict,
            State::Rejected => Outcome::Rejected,
            State::Changed => Outcome::Changed,
            State::SourceGone => Outcome::SourceGone,
            State::Cancelled => Outcome::Cancelled,
        }
    }
}

/// Reads [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> Result<InstanceRow> {
    let attempt: u32 = row.get("attempts")?;
    let transfer_syntax: Option<String> = row.get("transfer_syntax_uid")?;
    let sent_at: Option<i64> = row.get("sent_at")?;
    Ok(InstanceRow {
        id: row.get("id")?,
        study: row.get("study_id")?,
        import: row.get("import_id")?,
        state: state_from(row.get("state")?, row.get("until")?)?,
        since: Moment(row.get("since")?),
        attempt,
        tries: attempt.saturating_sub(row.get("fresh_from")?),
        batch_limit: row.get("batch_limit")?,
        sends_dropped: row.get("sends_dropped")?,
        proof: proof_from(row.get("proof")?),
        reason: reason_from(
            row.get("reason")?,
            row.get("reason_status")?,
            row.get("reason_dicom")?,
        ),
        sha256: row.get("sha256")?,
        sent_at: sent_at.map(Moment),
        bytes_sent: unsigned(row, "bytes_sent")?,
        bytes: unsigned(row, "bytes")?,
        modified: modified_from(row.get("modified")?),
        encoding: encoding_from(row.get("encoding")?)?,
        part10: row.get("part10")?,
        number_of_frames: row.get("number_of_frames")?,
        modality: row.get("modality")?,
        sop_uid: SopInstanceUid::parse(&row.get::<_, String>("sop_uid")?)
            .map_err(|_| QueueError::Unreadable("sop_uid"))?,
        sop_class_uid: SopClassUid::parse(&row.get::<_, String>("sop_class_uid")?)
            .map_err(|_| QueueError::Unreadable("sop_class_uid"))?,
        series_uid: SeriesInstanceUid::parse(&row.get::<_, String>("series_uid")?)
            .map_err(|_| QueueError::Unreadable("series_uid"))?,
        transfer_syntax_uid: transfer_syntax
            .map(|text| TransferSyntaxUid::parse(&text))
            .transpose()
            .map_err(|_| QueueError::Unreadable("transfer_syntax_uid"))?,
        location: Location::from_bytes(&row.get::<_, Vec<u8>>("location")?)
            .map_err(|_| QueueError::Unreadable("location"))?,
        copy: copying_from(row.get("copy")?)?,
        number: row.get("number")?,
        series_number: row.get("series_number")?,
    })
}

/// The number of a [`Copying`].
pub(crate) fn copying_code(copying: Copying) -> i64 {
    match copying {
        Copying::Not => 0,
        Copying::Due => 1,
        Copying::Done => 2,
    }
}

fn copying_from(code: i64) -> Result<Copying> {
    [Copying::Not, Copying::Due, Copying::Done]
        .into_iter()
        .find(|copying| copying_code(*copying) == code)
        .ok_or(QueueError::Unreadable("copy"))
}

/// The number of a state.
pub(crate) fn state_code(name: StateName) -> i64 {
    name as i64
}

/// The state of a number.
pub(crate) fn state_name(code: i64) -> Option<StateName> {
    usize::try_from(code).ok().and_then(|index| StateName::ALL.get(index)).copied()
}

/// The state of `state` and `until`.
pub(crate) fn state_from(code: i64, until: i64) -> Result<State> {
    let name = state_name(code).ok_or(QueueError::Unreadable("state"))?;
    Ok(name.at(Moment(until)))
}

/// The number of a proof.
pub(crate) fn proof_code(proof: Proof) -> i64 {
    match proof {
        Proof::Referenced => 0,
        Proof::Listed => 1,
        Proof::Identical => 2,
        Proof::Committed => 3,
    }
}

/// The proof of a number; an unknown one proves nothing.
pub(crate) fn proof_from(code: Option<i64>) -> Option<Proof> {
    [Proof::Referenced, Proof::Listed, Proof::Identical, Proof::Committed]
        .into_iter()
        .find(|proof| Some(proof_code(*proof)) == code)
}

/// The reason of three columns. A code of a newer program reads as a fault of ours: it must not hide its row.
pub(crate) fn reason_from(
    code: Option<String>,
    status: Option<u16>,
    dicom: Option<u16>,
) -> Option<Reason> {
    let code = Code::parse(&code?).unwrap_or(Code::Internal);
    Some(Reason { code, status, dicom })
}

/// The number of an encoding.
pub(crate) fn encoding_code(encoding: Encoding) -> i64 {
    match encoding {
        Encoding::ImplicitLittle => 0,
        Encoding::ExplicitLittle => 1,
        Encoding::ExplicitBig => 2,
        Encoding::Deflated => 3,
    }
}

fn encoding_from(code: i64) -> Result<Encoding> {
    [Encoding::ImplicitLittle, Encoding::ExplicitLittle, Encoding::ExplicitBig, Encoding::Deflated]
        .into_iter()
        .find(|encoding| encoding_code(*encoding) == code)
        .ok_or(QueueError::Unreadable("encoding"))
}

/// A file time in nanoseconds since 1970, signed; a time beyond the years 1677 to 2262 is not kept.
pub(crate) fn modified_column(time: Option<SystemTime>) -> Option<i64> {
    match time?.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).ok(),
        Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|nanos| -nanos),
    }
}

fn modified_from(nanos: Option<i64>) -> Option<SystemTime> {
    let nanos = nanos?;
    let span = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(span)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(span)
    }
}
