//! What a person asks for: pause, retry, cancel, move, priority. On the disk when the call returns.
//!
//! Whole studies change in one statement; which states a wish changes is taken from the state machine itself.

use crate::next::next;
use crate::reoffer::hand_on;
use crate::state::{Event, State, StateName};
use crate::table::destination::one_row;
use crate::table::instance::state_code;
use crate::table::study::COPIED;
use crate::table::{DestinationId, ImportId, StudyId, series};
use crate::{Import, Queue, QueueError, Result, Scope};
use relaypacs_model::{Moment, Priority};
use rusqlite::{OptionalExtension, Transaction, params};

/// What a retry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// What waits, was rejected, conflicts, changed, or lost its source.
    Failed,
    /// What a person had taken out.
    Cancelled,
}

impl Queue {
    /// Pauses or resumes. Nothing paused is claimed or asked about; what is on its way goes on. A study is worked
    /// where neither it nor its destination nor the whole queue is paused.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn pause(&mut self, scope: Scope, paused: bool) -> Result<()> {
        self.durably(|tx| match scope {
            Scope::All => one_row(
                tx.execute("UPDATE setting SET value = ?1 WHERE name = 'paused'", [paused])?,
            ),
            Scope::Destination(id) => one_row(tx.execute(
                "UPDATE destination SET paused = ?2 WHERE id = ?1",
                params![id, paused],
            )?),
            Scope::Study(id) => one_row(
                tx.execute("UPDATE study SET paused = ?2 WHERE id = ?1", params![id, paused])?,
            ),
            Scope::Import(id) => one_row(tx.execute(
                "UPDATE study SET paused = ?2 \
                 WHERE id IN (SELECT study_id FROM tally WHERE import_id = ?1)",
                params![id, paused],
            )?),
        })
    }

    /// Tries again what failed (or brings back what was taken out), and nothing else. Returns how many instances.
    ///
    /// # Errors
    /// Those of the database.
    pub fn retry(&mut self, scope: Scope, what: Retry, now: Moment) -> Result<u64> {
        let codes = codes(|name| {
            let wanted = match what {
                Retry::Failed => !matches!(name, StateName::Queued | StateName::Cancelled),
                Retry::Cancelled => name == StateName::Cancelled,
            };
            wanted && leads_to(name, Event::RetryAsked, State::Queued)
        });
        let import = match scope {
            Scope::Import(id) => Some(id),
            Scope::All | Scope::Destination(_) | Scope::Study(_) => None,
        };
        self.durably(|tx| {
            let mut retried = 0;
            for study in studies_with(tx, scope, &codes)? {
                retried += queue_anew(tx, study, import, &codes, now)?;
                let back = what == Retry::Cancelled;
                tx.execute(
                    "UPDATE study SET asked = 0, ask_number = ask_number + 1, ask_after = 0, \
                     cancelled = cancelled AND NOT ?2 WHERE id = ?1",
                    params![study, back],
                )?;
            }
            Ok(retried)
        })
    }

    /// Takes a study out: what was not sent yet is cancelled now, what is on its way is followed to its end and goes
    /// no further. Returns how many instances were cancelled now.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn cancel_study(&mut self, study: StudyId, now: Moment) -> Result<u64> {
        let codes = codes(|name| {
            name != StateName::Cancelled && leads_to(name, Event::CancelAsked, State::Cancelled)
        });
        self.durably(|tx| {
            one_row(tx.execute("UPDATE study SET cancelled = 1 WHERE id = ?1", [study])?)?;
            let sql = format!(
                "UPDATE instance SET state = 11, until = 0, since = ?2, proof = NULL \
                 WHERE study_id = ?1 AND state IN ({codes}) AND {ACCEPTED}"
            );
            Ok(tx.execute(&sql, params![study, now.0])? as u64)
        })
    }

    /// Moves what the archive has not got, and nobody is sending, to another destination, where it is asked for
    /// first. What is in the archive, on its way, unknown or cancelled stays. Returns the study at the new
    /// destination, or `None` where nothing could move.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`] for a study or destination that is not there, or a study that an import holds here or
    /// there: without an end that import is taken out again, and what was moved onto its rows would go with them. Those
    /// of the database.
    pub fn move_study(
        &mut self,
        study: StudyId,
        to: DestinationId,
        now: Moment,
    ) -> Result<Option<StudyId>> {
        let codes = codes(|name| {
            name != StateName::Cancelled && leads_to(name, Event::RetryAsked, State::Queued)
        });
        self.durably(|tx| {
            let from: Option<DestinationId> = tx
                .query_row(
                    "SELECT destination_id FROM study WHERE id = ?1 \
                     AND NOT EXISTS (SELECT 1 FROM hold JOIN study AS held ON held.id = study_id \
                                     WHERE held.study_uid = study.study_uid \
                                     AND held.destination_id IN (study.destination_id, ?2)) \
                     AND EXISTS (SELECT 1 FROM destination WHERE id = ?2)",
                    params![study, to],
                    |row| row.get(0),
                )
                .optional()?;
            let from = from.ok_or(QueueError::NoSuchRow)?;
            if from == to || studies_with(tx, Scope::Study(study), &codes)?.is_empty() {
                return Ok(None);
            }
            let target = study_at(tx, study, to)?;
            queue_anew(tx, study, None, &codes, now)?;
            series::copy(tx, study, target)?;
            drop_what_is_there(tx, study, target)?;
            tx.execute(
                "UPDATE instance SET study_id = ?2, listed_in = 0, changed_in = 0 \
                 WHERE study_id = ?1 AND state = 0",
                [study, target],
            )?;
            tx.execute(
                "UPDATE study SET asked = 0, ask_number = ask_number + 1, ask_after = 0, \
                 cancelled = 0 WHERE id = ?1",
                [target],
            )?;
            tx.execute(
                "DELETE FROM study WHERE id = ?1 \
                 AND NOT EXISTS (SELECT 1 FROM instance WHERE study_id = ?1)",
                [study],
            )?;
            Ok(Some(target))
        })
    }

    /// Sets the priority of a study; higher goes first, zero is usual.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn set_priority(&mut self, study: StudyId, priority: i32) -> Result<()> {
        self.durably(|tx| {
            one_row(tx.execute(
                "UPDATE study SET priority = ?2 WHERE id = ?1",
                params![study, priority],
            )?)
        })
    }

    /// Puts a study before the others of its priority.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn put_first(&mut self, study: StudyId) -> Result<()> {
        let places = Priority::PLACES;
        self.durably(|tx| {
            one_row(tx.execute(
                "UPDATE study SET priority = min(study.priority / ?2 * ?2 + ?2 - 1, 1 + ( \
                 SELECT max(other.priority) FROM study AS other \
                 WHERE other.destination_id = study.destination_id \
                 AND other.priority / ?2 = study.priority / ?2)) WHERE id = ?1",
                params![study, places],
            )?)
        })
    }

    /// Raises the priority of the studies that an import on its way offers something of; none of them is lowered. Call
    /// it before [`Queue::finish_import`].
    ///
    /// # Errors
    /// Those of the database.
    pub fn raise_priority(&mut self, import: &Import, priority: i32) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE study SET priority = max(priority, ?2) \
                 WHERE id IN (SELECT study_id FROM hold WHERE import_id = ?1)",
                params![import.id(), priority],
            )?;
            Ok(())
        })
    }
}

/// The numbers of the states that `wanted` names, for an `IN`.
pub(crate) fn codes(wanted: impl Fn(StateName) -> bool) -> String {
    let codes: Vec<String> = StateName::ALL
        .into_iter()
        .filter(|name| wanted(*name))
        .map(|name| state_code(name).to_string())
        .collect();
    codes.join(", ")
}

fn leads_to(name: StateName, event: Event, to: State) -> bool {
    next(name.at(Moment(0)), event, Moment(0)) == Ok(to)
}

/// What a person only looks at (an import without an end) is no part of what is wished for the queue.
const ACCEPTED: &str = "import_id IN (SELECT id FROM import WHERE finished_at IS NOT NULL)";

fn studies_with(tx: &Transaction<'_>, scope: Scope, codes: &str) -> Result<Vec<StudyId>> {
    let (condition, id) = match scope {
        Scope::All => ("?1 = 0", 0),
        Scope::Destination(id) => ("study.destination_id = ?1", id.0),
        Scope::Import(id) => ("tally.import_id = ?1", id.0),
        Scope::Study(id) => ("tally.study_id = ?1", id.0),
    };
    let sql = format!(
        "SELECT DISTINCT study_id FROM tally JOIN study ON study.id = study_id \
         JOIN import ON import.id = tally.import_id \
         WHERE {condition} AND state IN ({codes}) AND instances > 0 AND finished_at IS NOT NULL"
    );
    Ok(tx.prepare(&sql)?.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn queue_anew(
    tx: &Transaction<'_>,
    study: StudyId,
    import: Option<ImportId>,
    codes: &str,
    now: Moment,
) -> Result<u64> {
    let sql = format!(
        "UPDATE instance SET state = 0, until = 0, since = ?3, fresh_from = attempts, \
         batch_limit = 4294967295, sends_dropped = 0, proof = NULL, reason = NULL, \
         reason_status = NULL, reason_dicom = NULL, copy = max(copy, \
         (SELECT copy FROM import WHERE import.id = import_id)) WHERE study_id = ?1 \
         AND (?2 IS NULL OR import_id = ?2) AND state IN ({codes}) AND {ACCEPTED}"
    );
    Ok(tx.execute(&sql, params![study, import, now.0])? as u64)
}

/// The same study at another destination, made as needed.
pub(crate) fn study_at(tx: &Transaction<'_>, study: StudyId, to: DestinationId) -> Result<StudyId> {
    let sql = format!(
        "INSERT INTO study (destination_id, {COPIED}) SELECT ?2, {COPIED} FROM study \
         WHERE id = ?1 ON CONFLICT DO NOTHING"
    );
    tx.execute(&sql, params![study, to])?;
    Ok(tx.query_row(
        "SELECT id FROM study WHERE destination_id = ?2 \
         AND study_uid = (SELECT study_uid FROM study WHERE id = ?1)",
        params![study, to],
        |row| row.get(0),
    )?)
}

/// An instance that the other destination's queue has already is carried on there, not twice.
fn drop_what_is_there(tx: &Transaction<'_>, study: StudyId, target: StudyId) -> Result<()> {
    const THERE: &str = "study_id = ?1 AND state = 0 AND EXISTS (SELECT 1 FROM instance AS other \
                         WHERE other.study_id = ?2 AND other.sop_uid = instance.sop_uid)";
    let sql = format!(
        "SELECT import_id, count(*), sum(bytes) FROM instance WHERE {THERE} GROUP BY import_id"
    );
    let handed: Vec<(ImportId, i64, i64)> = tx
        .prepare(&sql)?
        .query_map([study, target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (import, instances, bytes) in handed {
        hand_on(tx, import, instances, bytes)?;
    }
    tx.execute(&format!("DELETE FROM instance WHERE {THERE}"), [study, target])?;
    Ok(())
}
