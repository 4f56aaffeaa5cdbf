//! Asking the archive what it has: before the first byte of a study, after a lost answer, after the last byte.
//!
//! An ask marks its rows as it goes, page by page, so that neither the archive's list nor ours is ever held whole.
//! What changed after the ask began is left out of it, since the archive may have answered before that; asks are
//! numbered per study and a row keeps the number under which it changed, so that no clock is needed for it.

use crate::claim::is_open;
use crate::settle::Basis;
use crate::table::destination::one_row;
use crate::table::instance::{COLUMNS, InstanceRow, read};
use crate::table::study::uid;
use crate::table::{DestinationId, InstanceId, StudyId};
use crate::{Queue, QueueError, Result};
use relaypacs_model::{Moment, SopInstanceUid, StudyInstanceUid};
use rusqlite::{OptionalExtension, params};

/// A study that the archive has to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyToAsk {
    /// Its row.
    pub study: StudyId,
    /// (0020,000D)
    pub study_uid: StudyInstanceUid,
}

/// One ask about one study. A later one, or anything that makes it void (a new import, a retry, another archive under
/// the destination's name), takes its place: nothing that was learned by it is settled then ([`crate::Answer::to_ask`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The study's row.
    pub study: StudyId,
    /// (0020,000D)
    pub study_uid: StudyInstanceUid,
    number: i64,
}

impl Ask {
    pub(crate) fn basis(&self) -> Basis {
        Basis::Ask { study: self.study, number: self.number }
    }
}

/// A row that the ask is about: queued, waiting, unknown or stored, and unchanged since the ask began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRow {
    /// The instance.
    pub row: InstanceRow,
    /// True where the archive listed it.
    pub listed: bool,
}

/// How [`Queue::asked`] went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// What is queued of the study can be claimed now.
    Open,
    /// Something made this ask void meanwhile: ask again.
    Void,
    /// The archive lists instances that were not sent yet; they have to be compared and settled first.
    NotCompared,
}

/// Studies to ask for before anything of them is sent, or because of lost answers.
pub(crate) const TO_ASK: &str = "
SELECT s.id, s.study_uid FROM study AS s INDEXED BY study_in_turn
WHERE s.destination_id = ?1 AND s.paused = 0 AND s.ask_after <= ?2
AND EXISTS (SELECT 1 FROM tally AS t WHERE t.study_id = s.id AND t.instances > 0
            AND (t.state = 3 OR (s.asked = 0 AND t.state IN (0, 1, 4, 5))))
AND NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.study_id = s.id)
ORDER BY s.priority DESC, s.id LIMIT ?3";

/// Studies of which everything that can be sent now was sent.
pub(crate) const TO_TALLY: &str = "
SELECT s.id, s.study_uid FROM study AS s INDEXED BY study_in_turn
WHERE s.destination_id = ?1 AND s.paused = 0 AND s.asked = 1 AND s.ask_after <= ?2
AND EXISTS (SELECT 1 FROM tally AS t
            WHERE t.study_id = s.id AND t.instances > 0 AND t.state IN (4, 5))
AND NOT EXISTS (SELECT 1 FROM tally AS t
                WHERE t.study_id = s.id AND t.instances > 0 AND t.state IN (0, 2, 3))
AND NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.study_id = s.id)
ORDER BY s.priority DESC, s.id LIMIT ?3";

/// Marks one listed UID.
pub(crate) const MARK: &str =
    "UPDATE instance SET listed_in = ?3 WHERE study_id = ?1 AND sop_uid = ?2";

pub(crate) const PAGE: &str = "
WHERE study_id = ?1 AND id > ?2 AND state IN (0, 1, 3, 4, 5) AND changed_in < ?3
ORDER BY id LIMIT ?4";

impl Queue {
    /// Studies to ask for before anything (more) of them is sent: those that were not asked for since the start or
    /// since something was added, and those with lost answers. Highest priority first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn studies_to_ask(
        &mut self,
        destination: DestinationId,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<StudyToAsk>> {
        self.studies_for(TO_ASK, destination, now, limit)
    }

    /// Studies of which nothing is queued, on its way or unknown, and something is stored: to be held against the
    /// archive's list. What waits for a later moment does not hold them up.
    ///
    /// # Errors
    /// Those of the database.
    pub fn studies_to_tally(
        &mut self,
        destination: DestinationId,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<StudyToAsk>> {
        self.studies_for(TO_TALLY, destination, now, limit)
    }

    /// Begins an ask; call it before the first request to the archive.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn begin_ask(&mut self, study: StudyId, now: Moment) -> Result<Ask> {
        self.write_at(now, |tx| {
            let found: Option<(i64, String)> = tx
                .prepare_cached(
                    "UPDATE study SET ask_number = ask_number + 1, ask_after = 0, \
                     left_reason = NULL WHERE id = ?1 RETURNING ask_number, study_uid",
                )?
                .query_row([study], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (number, text) = found.ok_or(QueueError::NoSuchRow)?;
            Ok(Ask { study, study_uid: uid(&text)?, number })
        })
    }

    /// Notes a page of the archive's list. Returns how many of it are in the queue.
    ///
    /// # Errors
    /// Those of the database.
    pub fn listed(&mut self, ask: &Ask, page: &[SopInstanceUid]) -> Result<u64> {
        self.write(|tx| {
            let mut statement = tx.prepare_cached(MARK)?;
            let mut ours = 0;
            for uid in page {
                ours += statement.execute(params![ask.study, uid.as_str(), ask.number])?;
            }
            Ok(ours as u64)
        })
    }

    /// After the archive's list: the rows with an id above `after`, at most `limit`, and whether each was listed.
    /// Settle them: listed and stored or unknown is [`crate::Event::ArchiveListsIt`]; listed and queued or waiting has
    /// to be compared; not listed and stored or unknown is [`crate::Event::ArchiveLacksIt`]. Not listed and queued
    /// needs nothing.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn asked_rows(
        &self,
        ask: &Ask,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<AskedRow>> {
        let sql = format!("SELECT {COLUMNS}, listed_in FROM instance {PAGE}");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let after = after.unwrap_or(InstanceId(0));
        let mut rows = statement.query(params![ask.study, after, ask.number, limit])?;
        let mut out = Vec::new();
        while let Some(found) = rows.next()? {
            let listed = found.get::<_, i64>("listed_in")? == ask.number;
            out.push(AskedRow { row: read(found)?, listed });
        }
        Ok(out)
    }

    /// Ends an ask: what is queued of the study can be claimed. Refused while something that the archive listed and
    /// we had not sent is still queued or waiting: an archive keeps the old bytes and answers success all the same.
    ///
    /// # Errors
    /// Those of the database.
    pub fn asked(&mut self, ask: &Ask) -> Result<Asked> {
        self.write(|tx| {
            let valid: bool = tx
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM study WHERE id = ?1 AND ask_number = ?2)",
                )?
                .query_row(params![ask.study, ask.number], |row| row.get(0))?;
            if !valid {
                return Ok(Asked::Void);
            }
            let open: bool = tx
                .prepare_cached(NOT_COMPARED)?
                .query_row(params![ask.study, ask.number], |row| row.get(0))?;
            if open {
                return Ok(Asked::NotCompared);
            }
            tx.prepare_cached("UPDATE study SET asked = 1, left_times = 0 WHERE id = ?1")?
                .execute([ask.study])?;
            Ok(Asked::Open)
        })
    }

    /// Asks again later: neither [`Queue::studies_to_ask`] nor [`Queue::studies_to_tally`] names the study before
    /// `until`.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn put_off_asking(&mut self, study: StudyId, until: Moment, now: Moment) -> Result<()> {
        self.write_at(now, |tx| {
            one_row(
                tx.prepare_cached(
                    "UPDATE study SET ask_after = ?2, left_reason = NULL, left_times = 0 WHERE id = ?1",
                )?
                .execute(params![study, until.0])?,
            )
        })
    }

    fn studies_for(
        &mut self,
        sql: &'static str,
        destination: DestinationId,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<StudyToAsk>> {
        self.write_at(now, |tx| {
            if !is_open(tx, destination, now)? {
                return Ok(Vec::new());
            }
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query(params![destination, now.0, limit])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                let text: String = row.get(1)?;
                out.push(StudyToAsk { study: row.get(0)?, study_uid: uid(&text)? });
            }
            Ok(out)
        })
    }
}

/// Rows that the archive listed before we sent them.
pub(crate) const NOT_COMPARED: &str = "
SELECT EXISTS (SELECT 1 FROM instance INDEXED BY instance_queued
               WHERE study_id = ?1 AND state = 0 AND listed_in = ?2)
OR EXISTS (SELECT 1 FROM instance INDEXED BY instance_waiting
           WHERE study_id = ?1 AND state = 1 AND listed_in = ?2)";
