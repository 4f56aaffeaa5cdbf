//! `study`: one study on its way to one destination, and the patient as the data set names them.

use super::destination::Parked;
use super::instance::reason_from;
use super::{DestinationId, StudyId};
use crate::{QueueError, Result};
use relaypacs_model::{Moment, Patient, PatientText, Study, StudyInstanceUid};
use rusqlite::Row;

pub(crate) const V1: &str = "
CREATE TABLE study (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destination(id),
    study_uid TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    patient_id_issuer TEXT NOT NULL,
    patient_name TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    date TEXT NOT NULL,
    time TEXT NOT NULL,
    description TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    own_id TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    paused INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    asked INTEGER NOT NULL DEFAULT 0,
    ask_number INTEGER NOT NULL DEFAULT 0,
    ask_after INTEGER NOT NULL DEFAULT 0,
    UNIQUE (destination_id, study_uid)
) STRICT;
CREATE INDEX study_in_turn ON study(destination_id, priority DESC, id);
CREATE INDEX study_by_uid ON study(study_uid);
";

pub(crate) const INSTITUTION_V1: &str = "
ALTER TABLE study ADD COLUMN institution TEXT NOT NULL DEFAULT '';
";

/// Why the archive could not be asked about this study, while it answers for others, and how often in a row; `ask_after` is
/// when it is asked again.
pub(crate) const LEFT_V1: &str = "
ALTER TABLE study ADD COLUMN left_reason TEXT;
ALTER TABLE study ADD COLUMN left_status INTEGER;
ALTER TABLE study ADD COLUMN left_dicom INTEGER;
ALTER TABLE study ADD COLUMN left_times INTEGER NOT NULL DEFAULT 0;
";

/// What the patient and the study say of themselves, with the row's id.
pub(crate) const COLUMNS: &str = "study.id, study.destination_id, study.study_uid, study.patient_id, study.patient_id_issuer, \
     study.patient_name, study.patient_birth_date, study.patient_sex, study.date, study.time, \
     study.description, study.institution, study.accession_number, study.own_id, study.priority, study.paused, \
     study.cancelled, study.asked, study.ask_after, study.left_reason, study.left_status, \
     study.left_dicom, study.left_times";

/// The columns that two rows of the same study share when it is moved to another destination.
pub(crate) const COPIED: &str = "study_uid, patient_id, patient_id_issuer, patient_name, patient_birth_date, patient_sex, \
     date, time, description, institution, accession_number, own_id, priority, paused";

/// A study without its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyColumns {
    /// Its id.
    pub id: StudyId,
    /// Where it goes.
    pub destination: DestinationId,
    /// (0020,000D)
    pub uid: StudyInstanceUid,
    /// Who it is about, as the first import found it.
    pub patient: Patient,
    /// What it says of itself.
    pub study: Study,
    /// Higher goes first.
    pub priority: i64,
    /// True where a person paused it.
    pub paused: bool,
    /// True where a person took it out.
    pub cancelled: bool,
    /// True where its archive was asked since it was last offered.
    pub asked: bool,
    /// Set where it is left alone because its archive failed over it.
    pub left: Option<Parked>,
}

/// Reads [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> Result<StudyColumns> {
    let text = |name| row.get::<_, String>(name).map(PatientText::new);
    Ok(StudyColumns {
        id: row.get("id")?,
        destination: row.get("destination_id")?,
        uid: uid(&row.get::<_, String>("study_uid")?)?,
        patient: Patient {
            id: text("patient_id")?,
            id_issuer: text("patient_id_issuer")?,
            name: text("patient_name")?,
            birth_date: text("patient_birth_date")?,
            sex: text("patient_sex")?,
        },
        study: Study {
            date: text("date")?,
            time: text("time")?,
            description: text("description")?,
            institution: text("institution")?,
            accession_number: text("accession_number")?,
            id: text("own_id")?,
        },
        priority: row.get("priority")?,
        paused: row.get("paused")?,
        cancelled: row.get("cancelled")?,
        asked: row.get("asked")?,
        left: left(row)?,
    })
}

/// A study that is being asked about is not left alone.
fn left(row: &Row<'_>) -> Result<Option<Parked>> {
    let until: i64 = row.get("ask_after")?;
    let reason =
        reason_from(row.get("left_reason")?, row.get("left_status")?, row.get("left_dicom")?);
    let Some(reason) = reason.filter(|_| until > 0) else { return Ok(None) };
    Ok(Some(Parked { reason, until: Some(Moment(until)), attempts: row.get("left_times")? }))
}

/// A stored Study Instance UID.
pub(crate) fn uid(text: &str) -> Result<StudyInstanceUid> {
    StudyInstanceUid::parse(text).map_err(|_| QueueError::Unreadable("study_uid"))
}
