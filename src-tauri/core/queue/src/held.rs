//! An import that a person looks at before it ends: what it found, by study, series and instance; what of it is not
//! wanted; and where it goes after all. Nothing of it is claimed meanwhile, and without an end all of it is taken out.

mod choice;

use crate::table::instance::InstanceRow;
use crate::table::study::{self, StudyColumns};
use crate::table::{ImportId, InstanceId, StudyId, unsigned};
use crate::{QueueError, Result, Tally, View};
use relaypacs_model::{PatientText, SeriesInstanceUid, SopInstanceUid, StudyInstanceUid};
use rusqlite::params;

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

/// The rows that stand for it: those of import `?2`, and those of earlier ones that it found again.
const FOUND_ROWS: &str = "(import_id = ?2 OR EXISTS (SELECT 1 FROM reoffer \
     WHERE reoffer.import_id = ?2 AND instance_id = instance.id))";

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

    /// The row of a study that an import found. It is another one once the import goes elsewhere.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`] where the import holds no such study; those of the database.
    pub fn held_row(self, import: ImportId, study: &StudyInstanceUid) -> Result<StudyId> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT study.id FROM hold JOIN study ON study.id = hold.study_id \
                 WHERE hold.import_id = ?1 AND study_uid = ?2",
            )?
            .query_row(params![import, study.as_str()], |row| row.get(0))?)
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

    /// The instances that an import found of a study, or of one of its series, by series and in the order of their
    /// numbers, from `offset` on, at most `limit`.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn held_instances(
        self,
        import: ImportId,
        study: StudyId,
        series: Option<&SeriesInstanceUid>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<InstanceRow>> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let condition = format!(
            "WHERE study_id = ?1 AND {FOUND_ROWS} AND (?3 IS NULL OR series_uid = ?3) \
             ORDER BY series_number, series_uid, number, id LIMIT ?5 OFFSET ?4"
        );
        let series = series.map(SeriesInstanceUid::as_str);
        self.page(&condition, params![study, import, series, offset, limit])
    }

    /// The SOP Instance UIDs that an import found of a study.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn held_uids(self, import: ImportId, study: StudyId) -> Result<Vec<SopInstanceUid>> {
        let sql = format!("SELECT sop_uid FROM instance WHERE study_id = ?1 AND {FOUND_ROWS}");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![study, import])?;
        let mut uids = Vec::new();
        while let Some(row) = rows.next()? {
            let uid = SopInstanceUid::parse(&row.get::<_, String>(0)?);
            uids.push(uid.map_err(|_| QueueError::Unreadable("sop_uid"))?);
        }
        Ok(uids)
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
