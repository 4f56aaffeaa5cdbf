//! An import that a person looks at before it ends: what it found, by study, series and instance; what of it is not
//! wanted; and where it goes after all. Nothing of it is claimed meanwhile, and without an end all of it is taken out.

use crate::person::study_at;
use crate::reoffer::{reoffers, take_over};
use crate::state::StateName;
use crate::table::destination::one_row;
use crate::table::instance::{InstanceRow, state_code};
use crate::table::study::{self, StudyColumns};
use crate::table::{DestinationId, ImportId, InstanceId, StudyId, series, unsigned};
use crate::{Import, Queue, QueueError, Result, Tally, View};
use relaypacs_model::{Moment, PatientText, SeriesInstanceUid};
use rusqlite::{Transaction, params};
use std::collections::BTreeSet;

/// A study as one import found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldStudy {
    /// Its row, patient and study as the first instance told them.
    pub study: StudyColumns,
    /// How many series.
    pub series: u64,
    /// How many instances, and their bytes.
    pub found: Tally,
    /// How many of them were in the queue before.
    pub queued_already: u64,
    /// Distinct values of (0008,0060), in the order of the alphabet.
    pub modalities: Vec<String>,
    /// An instance from the middle, to show: of a series of images where there is one.
    pub picture: Option<InstanceId>,
}

/// A series of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRow {
    /// (0020,000E)
    pub uid: SeriesInstanceUid,
    /// (0020,0011)
    pub number: Option<i64>,
    /// (0008,103E)
    pub description: PatientText,
    /// (0008,0060)
    pub modality: String,
    /// How many instances, and their bytes.
    pub found: Tally,
    /// The instance in its middle.
    pub picture: Option<InstanceId>,
}

/// What a held import comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldSum {
    /// How many studies.
    pub studies: u64,
    /// How many instances, and their bytes.
    pub found: Tally,
}

/// What this import found of one study: its own rows, and what stands beside rows of earlier imports.
const FOUND: &str = "(SELECT bytes, series_uid, modality, 0 AS again FROM instance \
     WHERE study_id = ?1 AND import_id = ?2 UNION ALL \
     SELECT reoffer.bytes, reoffer.series_uid, reoffer.modality, 1 FROM reoffer \
     JOIN instance ON instance.id = instance_id WHERE reoffer.import_id = ?2 AND study_id = ?1)";

/// Objects without pixels: reports, presentation states, key object selections, documents, plans, dose, waveforms.
const NO_PICTURE: &str = "('SR', 'PR', 'KO', 'DOC', 'REG', 'RTPLAN', 'RTSTRUCT', 'RTRECORD', 'ECG', 'HD', 'AU', 'PLAN', 'FID', 'RWV')";

impl View<'_> {
    /// The studies of an import, ordered by patient and latest study, from `offset` on, at most `limit`.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn held_studies(self, import: ImportId, offset: u64, limit: u32) -> Result<Vec<HeldStudy>> {
        let sql = format!(
            "SELECT {} FROM hold JOIN study ON study.id = hold.study_id WHERE hold.import_id = ?1 \
             ORDER BY patient_name COLLATE NOCASE, patient_id, patient_id_issuer, \
             patient_birth_date, date DESC, time DESC, study.id LIMIT ?3 OFFSET ?2",
            study::COLUMNS
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![import, offset, limit])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(self.held_study(import, study::read(row)?)?);
        }
        Ok(out)
    }

    /// What an import found in all.
    ///
    /// # Errors
    /// Those of the database.
    pub fn held_sum(self, import: ImportId) -> Result<HeldSum> {
        let mut sum = HeldSum::default();
        let studies = "SELECT count(*), 0 FROM hold WHERE import_id = ?1";
        let own = "SELECT coalesce(sum(instances), 0), coalesce(sum(bytes), 0) FROM tally \
                   WHERE import_id = ?1";
        let again = "SELECT count(*), coalesce(sum(bytes), 0) FROM reoffer WHERE import_id = ?1";
        let read = |sql: &str| -> Result<Tally> {
            Ok(self.conn.prepare_cached(sql)?.query_row([import], |row| {
                Ok(Tally { instances: unsigned(row, 0)?, bytes: unsigned(row, 1)? })
            })?)
        };
        sum.studies = read(studies)?.instances;
        sum.found.add(read(own)?);
        sum.found.add(read(again)?);
        Ok(sum)
    }

    /// The series of a study that an import found.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn held_series(self, import: ImportId, study: StudyId) -> Result<Vec<SeriesRow>> {
        let sql = format!(
            "SELECT found.series_uid, max(modality), count(*), sum(bytes), max(series.number), \
             coalesce(max(series.description), '') FROM {FOUND} AS found \
             LEFT JOIN series ON series.study_id = ?1 AND series.series_uid = found.series_uid \
             GROUP BY found.series_uid ORDER BY max(series.number), found.series_uid"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![study, import])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let uid = SeriesInstanceUid::parse(&row.get::<_, String>(0)?)
                .map_err(|_| QueueError::Unreadable("series_uid"))?;
            let picture = self.middle(study, &uid)?;
            out.push(SeriesRow {
                uid,
                number: row.get(4)?,
                description: PatientText::new(row.get::<_, String>(5)?),
                modality: row.get(1)?,
                found: Tally { instances: unsigned(row, 2)?, bytes: unsigned(row, 3)? },
                picture,
            });
        }
        Ok(out)
    }

    /// The instances of a series in the order of their numbers, from `offset` on, at most `limit`.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn series_instances(
        self,
        study: StudyId,
        series: &SeriesInstanceUid,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<InstanceRow>> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        self.page(OF_SERIES, params![study, series.as_str(), offset, limit])
    }

    /// One instance.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`]; those of the database.
    pub fn instance(self, id: InstanceId) -> Result<InstanceRow> {
        self.page("WHERE id = ?1", [id])?.pop().ok_or(QueueError::NoSuchRow)
    }

    fn held_study(self, import: ImportId, study: StudyColumns) -> Result<HeldStudy> {
        let sql = format!(
            "SELECT count(*), coalesce(sum(bytes), 0), count(DISTINCT series_uid), \
             coalesce(sum(again), 0), coalesce(group_concat(DISTINCT modality), '') FROM {FOUND}"
        );
        let mut held =
            self.conn.prepare_cached(&sql)?.query_row(params![study.id, import], |row| {
                let words: String = row.get(4)?;
                let modalities = words.split(',').filter(|word| !word.is_empty());
                Ok(HeldStudy {
                    study: study.clone(),
                    series: unsigned(row, 2)?,
                    found: Tally { instances: unsigned(row, 0)?, bytes: unsigned(row, 1)? },
                    queued_already: unsigned(row, 3)?,
                    modalities: modalities.map(str::to_owned).collect(),
                    picture: None,
                })
            })?;
        held.modalities.sort();
        let sql = format!(
            "SELECT series_uid FROM instance WHERE study_id = ?1 \
             ORDER BY modality IN {NO_PICTURE}, id LIMIT 1"
        );
        let mut first = self.conn.prepare_cached(&sql)?;
        let mut rows = first.query([study.id])?;
        if let Some(row) = rows.next()?
            && let Ok(uid) = SeriesInstanceUid::parse(&row.get::<_, String>(0)?)
        {
            held.picture = self.middle(study.id, &uid)?;
        }
        Ok(held)
    }

    /// The instance in the middle of a series.
    fn middle(self, study: StudyId, series: &SeriesInstanceUid) -> Result<Option<InstanceId>> {
        let mut middle = self.conn.prepare_cached(
            "SELECT id FROM instance WHERE study_id = ?1 AND series_uid = ?2 ORDER BY number, id \
             LIMIT 1 OFFSET (SELECT count(*) / 2 FROM instance \
                             WHERE study_id = ?1 AND series_uid = ?2)",
        )?;
        let mut rows = middle.query(params![study, series.as_str()])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }
}

const OF_SERIES: &str =
    "WHERE study_id = ?1 AND series_uid = ?2 ORDER BY number, id LIMIT ?4 OFFSET ?3";

impl Queue {
    /// Takes the studies that a person does not want out of an import that has not ended. They count as cancelled
    /// by its sum. Returns how many instances that were.
    ///
    /// # Errors
    /// Those of the database; then nothing is taken out.
    pub fn leave_out(
        &mut self,
        import: &Import,
        wanted: &BTreeSet<StudyId>,
        now: Moment,
    ) -> Result<Tally> {
        let id = import.id();
        self.durably(|tx| {
            let mut left_out = Tally::default();
            for study in held(tx, id)?.into_iter().filter(|study| !wanted.contains(study)) {
                left_out.add(leave_out(tx, id, study, now)?);
            }
            Ok(left_out)
        })
    }

    /// Gives an import that has not ended to another destination.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`] where there is no such destination or the import has ended; those of the database.
    pub fn retarget(&mut self, import: &mut Import, to: DestinationId, now: Moment) -> Result<()> {
        if import.destination == to {
            return Ok(());
        }
        let id = import.id();
        self.durably(|tx| {
            one_row(tx.execute(
                "UPDATE import SET destination_id = (SELECT id FROM destination WHERE id = ?2) \
                 WHERE id = ?1 AND finished_at IS NULL",
                params![id, to],
            )?)?;
            held(tx, id)?.into_iter().try_for_each(|study| retarget(tx, id, study, to, now))
        })?;
        import.now_for(to);
        Ok(())
    }
}

fn held(tx: &Transaction<'_>, import: ImportId) -> Result<Vec<StudyId>> {
    Ok(tx
        .prepare_cached("SELECT study_id FROM hold WHERE import_id = ?1")?
        .query_map([import], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

fn leave_out(tx: &Transaction<'_>, import: ImportId, study: StudyId, now: Moment) -> Result<Tally> {
    let sum = format!("SELECT count(*), coalesce(sum(bytes), 0) FROM {FOUND}");
    let (instances, bytes): (i64, i64) =
        tx.query_row(&sum, params![study, import], |row| Ok((row.get(0)?, row.get(1)?)))?;
    tx.execute(
        "INSERT INTO gone (import_id, state, instances, bytes) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET instances = instances + excluded.instances, \
         bytes = bytes + excluded.bytes",
        params![import, state_code(StateName::Cancelled), instances, bytes],
    )?;
    give_up_rows(tx, import, study, now)?;
    let count = |number| u64::try_from(number).unwrap_or(0);
    Ok(Tally { instances: count(instances), bytes: count(bytes) })
}

/// Takes what an import found of a study out of the queue; what another import found as well goes to that one.
fn give_up_rows(tx: &Transaction<'_>, import: ImportId, study: StudyId, now: Moment) -> Result<()> {
    tx.execute(
        "DELETE FROM reoffer WHERE import_id = ?1 \
         AND instance_id IN (SELECT id FROM instance WHERE study_id = ?2)",
        params![import, study],
    )?;
    let shared = "instance_id IN (SELECT id FROM instance WHERE import_id = ?1)";
    for (by, instance) in reoffers(tx, shared, import)? {
        let ours = tx
            .prepare_cached(
                "SELECT 1 FROM instance WHERE id = ?1 AND import_id = ?2 AND study_id = ?3",
            )?
            .exists(params![instance, import, study])?;
        if ours {
            take_over(tx, by, instance, now)?;
        }
    }
    tx.execute(
        "DELETE FROM instance WHERE import_id = ?1 AND study_id = ?2",
        params![import, study],
    )?;
    tx.execute("DELETE FROM hold WHERE import_id = ?1 AND study_id = ?2", params![import, study])?;
    tx.execute(
        "DELETE FROM study WHERE id = ?1 \
         AND NOT EXISTS (SELECT 1 FROM instance WHERE study_id = ?1) \
         AND NOT EXISTS (SELECT 1 FROM hold WHERE study_id = ?1)",
        [study],
    )?;
    Ok(())
}

/// The columns that an instance and what was found of it again have in common.
const SHARED: &str = "sop_class_uid, series_uid, transfer_syntax_uid, encoding, part10, modality, \
     number_of_frames, location, bytes, modified";

/// Puts what the import found of one study at another destination. What is in that one's queue already stands beside
/// its rows, as if it had been found there from the beginning.
fn retarget(
    tx: &Transaction<'_>,
    import: ImportId,
    from: StudyId,
    to: DestinationId,
    now: Moment,
) -> Result<()> {
    let target = study_at(tx, from, to)?;
    series::copy(tx, from, target)?;
    tx.execute(
        "INSERT OR IGNORE INTO hold (study_id, import_id) VALUES (?1, ?2)",
        params![target, import],
    )?;
    let own = format!(
        "SELECT sop_uid, number, 0 AS differs, {SHARED} FROM instance \
         WHERE study_id = ?2 AND import_id = ?1"
    );
    let qualified = SHARED.split(", ").map(|name| format!("reoffer.{name}")).collect::<Vec<_>>();
    let again = format!(
        "SELECT sop_uid, number, differs, {} FROM reoffer JOIN instance ON instance.id = instance_id \
         WHERE reoffer.import_id = ?1 AND study_id = ?2",
        qualified.join(", ")
    );
    let found = format!("({own} UNION ALL {again})");
    tx.execute(
        &format!(
            "INSERT OR IGNORE INTO reoffer (import_id, instance_id, differs, {SHARED}) \
             SELECT ?1, there.id, found.differs, {} FROM {found} AS found \
             JOIN instance AS there ON there.study_id = ?3 AND there.sop_uid = found.sop_uid",
            SHARED.split(", ").map(|name| format!("found.{name}")).collect::<Vec<_>>().join(", ")
        ),
        params![import, from, target],
    )?;
    tx.execute(
        &format!(
            "INSERT INTO instance (study_id, import_id, since, sop_uid, number, {SHARED}) \
             SELECT ?3, ?1, ?4, sop_uid, number, {SHARED} FROM {found} WHERE sop_uid NOT IN \
             (SELECT sop_uid FROM instance WHERE study_id = ?3)"
        ),
        params![import, from, target, now.0],
    )?;
    give_up_rows(tx, import, from, now)
}
