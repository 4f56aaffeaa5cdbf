//! `series`: what a series says of itself, for a person to recognise it by. Free text can name a patient: the row goes
//! with its study.

use super::StudyId;
use crate::Result;
use relaypacs_model::Header;
use rusqlite::{Transaction, params};

pub(crate) const V1: &str = "
CREATE TABLE series (
    study_id INTEGER NOT NULL,
    series_uid TEXT NOT NULL,
    number INTEGER,
    description TEXT NOT NULL,
    PRIMARY KEY (study_id, series_uid)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER series_gone AFTER DELETE ON study BEGIN
    DELETE FROM series WHERE study_id = OLD.id;
END;
";

/// Keeps what the header says of its series, where nothing is kept yet.
pub(crate) fn keep(tx: &Transaction<'_>, study: StudyId, header: &Header) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO series (study_id, series_uid, number, description) \
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        study,
        header.series_instance_uid.as_str(),
        header.series.number,
        header.series.description.reveal(),
    ])?;
    Ok(())
}

/// Gives a study that is moved what is known of its series.
pub(crate) fn copy(tx: &Transaction<'_>, from: StudyId, to: StudyId) -> Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO series (study_id, series_uid, number, description) \
         SELECT ?2, series_uid, number, description FROM series WHERE study_id = ?1",
        [from, to],
    )?;
    Ok(())
}
