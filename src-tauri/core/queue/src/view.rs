//! Lists for a person and for a receipt, page by page: by id, so that a page is as quick at the end as at the start.

use crate::state::StateName;
use crate::table::destination::Parked;
use crate::table::instance::InstanceRow;
use crate::table::study::{self, StudyColumns};
use crate::table::{DestinationId, ImportId, InstanceId, StudyId, unsigned};
use crate::{Counts, QueueError, Result, Scope, Tally, View};
use relaypacs_model::{Moment, Patient, SkipReason, Study, StudyInstanceUid};
use rusqlite::params;

/// Where a study stands; follows from its instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its archive has to be asked before anything is sent.
    New,
    /// Being sent.
    Open,
    /// Sent; its archive has to be asked what it has.
    Tally,
    /// Nothing more happens by itself.
    Done,
}

/// A study in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyRow {
    /// Its id.
    pub id: StudyId,
    /// Where it goes.
    pub destination: DestinationId,
    /// (0020,000D)
    pub study_uid: StudyInstanceUid,
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
    /// Set where it is left alone for now because its archive fails over it, though it answers for others.
    pub left: Option<Parked>,
    /// Where it stands.
    pub phase: Phase,
    /// Its instances.
    pub counts: Counts,
}

/// Which studies to list. The default lists all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StudyFilter {
    /// Of one destination.
    pub destination: Option<DestinationId>,
    /// With an instance of one import.
    pub import: Option<ImportId>,
    /// Of one UID; several destinations can have it.
    pub study_uid: Option<StudyInstanceUid>,
    /// With an instance in one state.
    pub with: Option<StateName>,
    /// Of which nothing goes on any more.
    pub done: bool,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its id.
    pub id: ImportId,
    /// Where it goes; `None` where the destination was forgotten.
    pub destination: Option<DestinationId>,
    /// When it began.
    pub created: Moment,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// Files that were looked at: instances and skips.
    pub files: Tally,
    /// Files that are not sent, per reason.
    pub skipped: Vec<(SkipReason, Tally)>,
    /// Files that an index (DICOMDIR) of its source lists and the source lacks.
    pub listed_missing: u64,
}

/// True for a study of which an import that has ended offered something.
const OFFERED: &str = "EXISTS (SELECT 1 FROM tally JOIN import ON import.id = import_id \
     WHERE tally.study_id = study.id AND instances > 0 AND finished_at IS NOT NULL)";

const STUDIES: &str = "
WHERE study.id > ?1 AND (?2 IS NULL OR study.destination_id = ?2)
AND (?3 IS NULL OR EXISTS (SELECT 1 FROM tally WHERE tally.study_id = study.id
                           AND tally.import_id = ?3 AND instances > 0))
AND (?4 IS NULL OR study.study_uid = ?4)
AND (?5 IS NULL OR EXISTS (SELECT 1 FROM tally WHERE tally.study_id = study.id
                           AND tally.state = ?5 AND instances > 0))
AND (NOT ?6 OR NOT EXISTS (SELECT 1 FROM tally WHERE tally.study_id = study.id
                           AND tally.state < 6 AND instances > 0))
AND (?8 OR EXISTS (SELECT 1 FROM tally JOIN import ON import.id = import_id
     WHERE tally.study_id = study.id AND instances > 0 AND finished_at IS NOT NULL))
ORDER BY study.id LIMIT ?7";

impl View<'_> {
    /// Studies with an id above `after`, at most `limit`. Those of which only an import that has not ended knows are left
    /// out: nobody has decided yet that they are sent.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn studies(
        self,
        filter: &StudyFilter,
        after: Option<StudyId>,
        limit: u32,
    ) -> Result<Vec<StudyRow>> {
        self.all_studies(filter, after, limit, false)
    }

    fn all_studies(
        self,
        filter: &StudyFilter,
        after: Option<StudyId>,
        limit: u32,
        held_too: bool,
    ) -> Result<Vec<StudyRow>> {
        let sql = format!("SELECT {} FROM study {STUDIES}", study::COLUMNS);
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![
            after.unwrap_or(StudyId(0)),
            filter.destination,
            filter.import,
            filter.study_uid.as_ref().map(StudyInstanceUid::as_str),
            filter.with.map(|name| name as i64),
            filter.done,
            limit,
            held_too,
        ])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let columns = study::read(row)?;
            let counts = self.counts(Scope::Study(columns.id))?;
            out.push(with_counts(columns, counts));
        }
        Ok(out)
    }

    /// What a person sees of the queue, in the order in which it is sent, from `offset` on, at most `limit`. Studies of
    /// which only an import that has not ended knows are left out.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn studies_in_turn(self, offset: u64, limit: u32) -> Result<Vec<StudyRow>> {
        let sql = format!(
            "SELECT {} FROM study WHERE {OFFERED} ORDER BY study.priority DESC, study.id \
             LIMIT ?2 OFFSET ?1",
            study::COLUMNS
        );
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![offset, limit])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let columns = study::read(row)?;
            let counts = self.counts(Scope::Study(columns.id))?;
            out.push(with_counts(columns, counts));
        }
        Ok(out)
    }

    /// What [`View::studies_in_turn`] lists, summed up: how many studies, and where their instances stand.
    ///
    /// # Errors
    /// Those of the database.
    pub fn in_turn(self) -> Result<(u64, Counts)> {
        let sql = format!("SELECT count(*) FROM study WHERE {OFFERED}");
        let studies = self.conn.prepare_cached(&sql)?.query_row([], |row| unsigned(row, 0))?;
        let mut counts = Counts::default();
        let mut statement = self.conn.prepare_cached(
            "SELECT state, sum(instances), sum(tally.bytes) FROM tally \
             JOIN import ON import.id = import_id WHERE finished_at IS NOT NULL GROUP BY state",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let tally = Tally { instances: unsigned(row, 1)?, bytes: unsigned(row, 2)? };
            counts.add_here(row.get(0)?, tally);
        }
        Ok((studies, counts))
    }

    /// The modalities of a study in the queue, in the order of the alphabet.
    ///
    /// # Errors
    /// Those of the database.
    pub fn modalities(self, study: StudyId) -> Result<Vec<String>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT DISTINCT modality FROM instance WHERE study_id = ?1 ORDER BY modality",
        )?;
        let words = statement.query_map([study], |row| row.get(0))?;
        Ok(words.collect::<rusqlite::Result<_>>()?)
    }

    /// True where something of a study has to be copied into the spool before it can be sent.
    ///
    /// # Errors
    /// Those of the database.
    pub fn has_to_copy(self, study: StudyId) -> Result<bool> {
        // Most queues copy nothing, and the small index on what has to be copied says so at once.
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM instance WHERE copy = 1) AND EXISTS (SELECT 1 FROM \
             instance INDEXED BY instance_by_study WHERE study_id = ?1 AND copy = 1 AND state < 6)",
        )?;
        Ok(statement.query_row([study], |row| row.get(0))?)
    }

    /// One study.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and as for [`View::studies`].
    pub fn study(self, id: StudyId) -> Result<StudyRow> {
        let before = StudyId(id.0.saturating_sub(1));
        let found = self.all_studies(&StudyFilter::default(), Some(before), 1, true)?;
        found.into_iter().find(|row| row.id == id).ok_or(QueueError::NoSuchRow)
    }

    /// Instances of a study with an id above `after`, at most `limit`.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn instances(
        self,
        study: StudyId,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceRow>> {
        self.page(OF_STUDY, params![study, after.unwrap_or(InstanceId(0)), limit])
    }

    /// What a receipt names before it is erased: instances that have ended, with an id above `after`, at most
    /// `limit`. For all and for a destination as well, but those read every row.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn ended_instances(
        self,
        scope: Scope,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceRow>> {
        let after = after.unwrap_or(InstanceId(0));
        match scope {
            Scope::Study(id) => self.page(ENDED_OF_STUDY, params![id, after, limit]),
            Scope::Import(id) => self.page(ENDED_OF_IMPORT, params![id, after, limit]),
            Scope::Destination(id) => self.page(ENDED_OF_DESTINATION, params![id, after, limit]),
            Scope::All => self.page(ENDED, params![after, limit]),
        }
    }

    /// An instance of a study that needs a person, for the commonest reason; `None` where none does. Of very many the first
    /// thousand speak.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn commonest_failure(self, study: StudyId) -> Result<Option<InstanceRow>> {
        Ok(self.page(COMMONEST_FAILURE, [study])?.into_iter().next())
    }

    /// One import.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn import(self, id: ImportId) -> Result<ImportRow> {
        let mut row = self
            .conn
            .prepare_cached(
                "SELECT destination_id, created, finished_at, files, bytes, listed_missing \
                 FROM import WHERE id = ?1",
            )?
            .query_row([id], |row| {
                Ok(ImportRow {
                    id,
                    destination: row.get(0)?,
                    created: Moment(row.get(1)?),
                    finished_at: row.get::<_, Option<i64>>(2)?.map(Moment),
                    files: Tally { instances: unsigned(row, 3)?, bytes: unsigned(row, 4)? },
                    skipped: Vec::new(),
                    listed_missing: unsigned(row, 5)?,
                })
            })?;
        let mut statement = self
            .conn
            .prepare_cached("SELECT reason, files, bytes FROM import_skip WHERE import_id = ?1")?;
        let mut skips = statement.query([id])?;
        while let Some(skip) = skips.next()? {
            let word: String = skip.get(0)?;
            let reason = SkipReason::ALL.into_iter().find(|reason| reason.as_str() == word);
            let tally = Tally { instances: unsigned(skip, 1)?, bytes: unsigned(skip, 2)? };
            row.skipped.push((reason.ok_or(QueueError::Unreadable("reason"))?, tally));
        }
        Ok(row)
    }

    /// True where a person paused the whole queue.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_paused(self) -> Result<bool> {
        Ok(self
            .conn
            .query_row("SELECT value FROM setting WHERE name = 'paused'", [], |row| row.get(0))?)
    }
}

pub(crate) const OF_STUDY: &str = "WHERE study_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
pub(crate) const ENDED_OF_STUDY: &str =
    "WHERE study_id = ?1 AND id > ?2 AND state >= 6 ORDER BY id LIMIT ?3";
const COMMONEST_FAILURE: &str = "WHERE id IN (SELECT id FROM instance WHERE \
     study_id = ?1 AND state BETWEEN 7 AND 10 LIMIT 1000) \
     GROUP BY state, reason ORDER BY count(*) DESC, id LIMIT 1";
pub(crate) const ENDED_OF_IMPORT: &str =
    "WHERE import_id = ?1 AND id > ?2 AND state >= 6 ORDER BY id LIMIT ?3";
const ENDED_OF_DESTINATION: &str = "WHERE study_id IN (SELECT study.id FROM study WHERE \
     destination_id = ?1) AND id > ?2 AND state >= 6 ORDER BY id LIMIT ?3";
const ENDED: &str = "WHERE id > ?1 AND state >= 6 ORDER BY id LIMIT ?2";

fn with_counts(columns: StudyColumns, counts: Counts) -> StudyRow {
    let some = |name| counts.of(name).instances > 0;
    let phase = if counts.unfinished().instances == 0 {
        Phase::Done
    } else if !columns.asked {
        Phase::New
    } else if [StateName::Queued, StateName::Waiting, StateName::Sending, StateName::Unknown]
        .into_iter()
        .any(some)
    {
        Phase::Open
    } else {
        Phase::Tally
    };
    StudyRow {
        id: columns.id,
        destination: columns.destination,
        study_uid: columns.uid,
        patient: columns.patient,
        study: columns.study,
        priority: columns.priority,
        paused: columns.paused,
        cancelled: columns.cancelled,
        left: columns.left,
        phase,
        counts,
    }
}
