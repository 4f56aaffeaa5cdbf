//! Taking in what a scan found. An import that is not finished changes nothing that was there before: its studies are
//! held, what it found again is put beside the rows, and without an end all of it is taken out again.

use crate::reoffer::{self, put_beside};
use crate::settle::{Change, apply};
use crate::state::{Event, State};
use crate::table::destination::one_row;
use crate::table::instance::{MOST_BYTES, encoding_code, modified_column, state_from};
use crate::table::{DestinationId, ImportId, InstanceId, StudyId, series};
use crate::{Queue, Result, copy};
use relaypacs_model::{
    Found, Header, Moment, SeriesInstanceUid, Skip, SkipReason, StudyInstanceUid,
};
use rusqlite::{OptionalExtension, Transaction, named_params, params};
use std::collections::{HashMap, HashSet};

/// How many studies an import remembers by itself; beyond that it looks them up.
const REMEMBERED: usize = 8192;

/// An import on its way. It borrows nothing, so that the queue goes on being worked while a slow disc is read.
/// Dropped without [`Queue::finish_import`], it is taken out at the next [`Queue::open`].
#[derive(Debug)]
pub struct Import {
    pub(crate) id: ImportId,
    pub(crate) destination: DestinationId,
    began: Moment,
    studies: HashMap<StudyInstanceUid, StudyId>,
    series: HashSet<(StudyId, SeriesInstanceUid)>,
}

/// What became of one found instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is new to this destination's queue.
    New(InstanceId),
    /// An earlier import offered it; it is queued anew when this import ends, unless it is on its way (`state`), in
    /// which case it goes on as it is, from the place where it was found first.
    Again {
        /// The row.
        instance: InstanceId,
        /// Where it stands now.
        state: State,
        /// True where path, size and time are those of the row: the same file was offered again.
        same_file: bool,
    },
    /// This import offered it already. It was not counted: compare the two and say by [`Queue::skip`] whether it is a
    /// duplicate or a conflict.
    Twice(InstanceId),
}

impl Import {
    /// The row of this import.
    #[must_use]
    pub fn id(&self) -> ImportId {
        self.id
    }

    /// It goes elsewhere from now on; the studies it remembered are those of the other place.
    pub(crate) fn now_for(&mut self, destination: DestinationId) {
        self.destination = destination;
        self.studies.clear();
        self.series.clear();
    }
}

impl Queue {
    /// Begins an import for one destination.
    ///
    /// # Errors
    /// Those of the database; [`crate::QueueError::NoSuchRow`] where there is no such destination.
    pub fn begin_import(&mut self, destination: DestinationId, now: Moment) -> Result<Import> {
        let id = self.write_at(now, |tx| {
            one_row(tx.execute(
                "INSERT INTO import (destination_id, created) \
                 SELECT id, ?2 FROM destination WHERE id = ?1",
                params![destination, now.0],
            )?)?;
            Ok(ImportId(tx.last_insert_rowid()))
        })?;
        Ok(Import { id, destination, began: now, studies: HashMap::new(), series: HashSet::new() })
    }

    /// Takes in what was found, in one transaction: give some thousands at a time. The answers are in the order of
    /// `found`.
    ///
    /// # Errors
    /// Those of the database; then none of `found` is taken in. [`crate::QueueError::NoSuchRow`] after the import's end.
    pub fn offer(&mut self, import: &mut Import, found: &[Found]) -> Result<Vec<Offered>> {
        let answers = self.write(|tx| offer_all(tx, import, found));
        if answers.is_err() {
            // The studies of a transaction that was taken back are not there.
            import.studies.clear();
            import.series.clear();
        }
        answers
    }

    /// Counts what will not be sent. A [`SkipReason::Conflict`] also keeps the instance that it conflicts with from
    /// being sent: nobody can know which of the two is right.
    ///
    /// # Errors
    /// Those of the database; [`crate::QueueError::NoSuchRow`] after the import's end.
    pub fn skip(&mut self, import: &mut Import, skips: &[Skip]) -> Result<()> {
        self.write(|tx| {
            let mut bytes = 0;
            for skip in skips {
                let size = size(skip.bytes);
                bytes += size;
                tx.prepare_cached(
                    "INSERT INTO import_skip (import_id, reason, files, bytes) \
                     VALUES (?1, ?2, 1, ?3) ON CONFLICT DO UPDATE \
                     SET files = files + 1, bytes = bytes + excluded.bytes",
                )?
                .execute(params![import.id, skip.reason.as_str(), size])?;
                if let (SkipReason::Conflict, Some(header)) = (skip.reason, &skip.header) {
                    mark_conflict(tx, import, header)?;
                }
            }
            count(tx, import.id, skips.len(), bytes)
        })
    }

    /// Ends an import: from now on its instances can be claimed, each study once its archive was asked. On the disk
    /// when it returns.
    ///
    /// # Errors
    /// Those of the database, then it can be called again; [`crate::QueueError::NoSuchRow`] after the import's end.
    pub fn finish_import(&mut self, import: &Import, now: Moment) -> Result<ImportId> {
        let id = import.id;
        self.durably(|tx| {
            one_row(tx.execute(
                "UPDATE import SET finished_at = ?2 WHERE id = ?1 AND finished_at IS NULL",
                params![id, now.0],
            )?)?;
            tx.execute(
                "UPDATE study SET asked = 0, ask_number = ask_number + 1, ask_after = 0, \
                 cancelled = 0 WHERE id IN (SELECT study_id FROM hold WHERE import_id = ?1)",
                [id],
            )?;
            for (by, instance) in reoffer::reoffers(tx, "import_id = ?1", id)? {
                reoffer::take_over(tx, by, instance, now)?;
            }
            copy::apply_wish(tx, id)?;
            tx.execute("DELETE FROM hold WHERE import_id = ?1", [id])?;
            Ok(id)
        })
    }

    /// Takes an unfinished import out again, as the next [`Queue::open`] would. Returns false where it has ended.
    ///
    /// # Errors
    /// Those of the database.
    pub fn abandon_import(&mut self, import: &Import, now: Moment) -> Result<bool> {
        let id = import.id;
        self.durably(|tx| {
            let open = tx
                .query_row(
                    "SELECT 1 FROM import WHERE id = ?1 AND finished_at IS NULL",
                    [id],
                    |_| Ok(()),
                )
                .optional()?;
            if open.is_some() {
                reoffer::remove(tx, id, now)?;
            }
            Ok(open.is_some())
        })
    }
}

fn offer_all(tx: &Transaction<'_>, import: &mut Import, found: &[Found]) -> Result<Vec<Offered>> {
    let mut answers = Vec::with_capacity(found.len());
    let (mut files, mut bytes) = (0, 0);
    for found in found {
        let study = study_of(tx, import, &found.header)?;
        series_of(tx, import, study, &found.header)?;
        let answer = offer_one(tx, import, study, found)?;
        if !matches!(answer, Offered::Twice(_)) {
            files += 1;
            bytes += size(found.bytes);
        }
        answers.push(answer);
    }
    count(tx, import.id, files, bytes)?;
    Ok(answers)
}

fn count(tx: &Transaction<'_>, id: ImportId, files: usize, bytes: i64) -> Result<()> {
    let files = i64::try_from(files).unwrap_or(i64::MAX);
    one_row(
        tx.prepare_cached(
            "UPDATE import SET files = files + ?2, bytes = bytes + ?3 \
             WHERE id = ?1 AND finished_at IS NULL",
        )?
        .execute(params![id, files, bytes])?,
    )
}

pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).map_or(MOST_BYTES, |bytes| bytes.min(MOST_BYTES))
}

/// The study's row, made and held as needed. What a second import says of the patient does not replace the first.
fn study_of(tx: &Transaction<'_>, import: &mut Import, header: &Header) -> Result<StudyId> {
    if let Some(id) = import.studies.get(&header.study_instance_uid) {
        return Ok(*id);
    }
    let known = find_study(tx, import.destination, header)?;
    let id = match known {
        Some(id) => id,
        None => insert_study(tx, import.destination, header)?,
    };
    tx.prepare_cached("INSERT OR IGNORE INTO hold (study_id, import_id) VALUES (?1, ?2)")?
        .execute(params![id, import.id])?;
    if import.studies.len() >= REMEMBERED {
        import.studies.clear();
    }
    import.studies.insert(header.study_instance_uid.clone(), id);
    Ok(id)
}

/// What the series says of itself, kept once; the first instance of it speaks.
fn series_of(
    tx: &Transaction<'_>,
    import: &mut Import,
    study: StudyId,
    header: &Header,
) -> Result<()> {
    let key = (study, header.series_instance_uid.clone());
    if import.series.contains(&key) {
        return Ok(());
    }
    series::keep(tx, study, header)?;
    if import.series.len() >= REMEMBERED {
        import.series.clear();
    }
    import.series.insert(key);
    Ok(())
}

fn find_study(
    tx: &Transaction<'_>,
    destination: DestinationId,
    header: &Header,
) -> Result<Option<StudyId>> {
    Ok(tx
        .prepare_cached("SELECT id FROM study WHERE destination_id = ?1 AND study_uid = ?2")?
        .query_row(params![destination, header.study_instance_uid.as_str()], |row| row.get(0))
        .optional()?)
}

fn insert_study(
    tx: &Transaction<'_>,
    destination: DestinationId,
    header: &Header,
) -> Result<StudyId> {
    let (patient, study) = (&header.patient, &header.study);
    tx.prepare_cached(
        "INSERT INTO study (destination_id, study_uid, patient_id, patient_id_issuer, \
         patient_name, patient_birth_date, patient_sex, date, time, description, \
         institution, accession_number, own_id) VALUES (:destination, :uid, :id, :issuer, :name, \
         :birth_date, :sex, :date, :time, :description, :institution, :accession_number, \
         :own_id)",
    )?
    .execute(named_params! {
        ":destination": destination,
        ":uid": header.study_instance_uid.as_str(),
        ":id": patient.id.reveal(),
        ":issuer": patient.id_issuer.reveal(),
        ":name": patient.name.reveal(),
        ":birth_date": patient.birth_date.reveal(),
        ":sex": patient.sex.reveal(),
        ":date": study.date.reveal(),
        ":time": study.time.reveal(),
        ":description": study.description.reveal(),
        ":institution": study.institution.reveal(),
        ":accession_number": study.accession_number.reveal(),
        ":own_id": study.id.reveal(),
    })?;
    Ok(StudyId(tx.last_insert_rowid()))
}

fn offer_one(
    tx: &Transaction<'_>,
    import: &Import,
    study: StudyId,
    found: &Found,
) -> Result<Offered> {
    let header = &found.header;
    let location = found.location.to_bytes();
    let inserted = tx
        .prepare_cached(
            "INSERT INTO instance (study_id, import_id, since, bytes, modified, encoding, part10, \
             number_of_frames, modality, sop_uid, sop_class_uid, series_uid, transfer_syntax_uid, \
             location, number, series_number) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) \
             ON CONFLICT (study_id, sop_uid) DO NOTHING",
        )?
        .execute(params![
            study,
            import.id,
            import.began.0,
            size(found.bytes),
            modified_column(found.modified),
            encoding_code(header.encoding),
            header.part10,
            header.number_of_frames,
            header.series.modality,
            header.sop_instance_uid.as_str(),
            header.sop_class_uid.as_str(),
            header.series_instance_uid.as_str(),
            header.transfer_syntax_uid.as_ref().map(|uid| uid.as_str()),
            location,
            header.instance_number,
            header.series.number,
        ])?;
    if inserted == 1 {
        return Ok(Offered::New(InstanceId(tx.last_insert_rowid())));
    }
    offer_again(tx, import, study, found, &location)
}

fn offer_again(
    tx: &Transaction<'_>,
    import: &Import,
    study: StudyId,
    found: &Found,
    location: &[u8],
) -> Result<Offered> {
    let header = &found.header;
    let modified = modified_column(found.modified);
    let (instance, owner, state, until, same_file) = tx
        .prepare_cached(
            "SELECT id, import_id, state, until, \
             location = ?3 AND bytes = ?4 AND modified IS ?5 FROM instance \
             WHERE study_id = ?1 AND sop_uid = ?2",
        )?
        .query_row(
            params![study, header.sop_instance_uid.as_str(), location, size(found.bytes), modified],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )?;
    if import.id == owner {
        return Ok(Offered::Twice(instance));
    }
    if !put_beside(tx, import.id, instance, found, location)? {
        return Ok(Offered::Twice(instance));
    }
    Ok(Offered::Again { instance, state: state_from(state, until)?, same_file })
}

fn mark_conflict(tx: &Transaction<'_>, import: &Import, header: &Header) -> Result<()> {
    let Some(study) = find_study(tx, import.destination, header)? else { return Ok(()) };
    let found: Option<(InstanceId, ImportId)> = tx
        .prepare_cached("SELECT id, import_id FROM instance WHERE study_id = ?1 AND sop_uid = ?2")?
        .query_row(params![study, header.sop_instance_uid.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match found {
        Some((instance, owner)) if owner == import.id => {
            // What cannot be marked is on its way already and was offered by an earlier import.
            let _ = apply(tx, instance, &Change::of(Event::DiffersInSource), import.began)?;
        }
        Some((instance, _)) => {
            tx.prepare_cached(
                "UPDATE reoffer SET differs = 1 WHERE import_id = ?1 AND instance_id = ?2",
            )?
            .execute(params![import.id, instance])?;
        }
        None => {}
    }
    Ok(())
}
