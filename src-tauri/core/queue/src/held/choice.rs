//! What a person decides about a held import: which of its studies are wanted, and where it goes.

use super::FOUND;
use crate::person::study_at;
use crate::reoffer::{reoffers, take_over};
use crate::settle::{Change, apply};
use crate::state::{Event, StateName};
use crate::table::destination::one_row;
use crate::table::instance::state_code;
use crate::table::{DestinationId, ImportId, InstanceId, StudyId, series, study};
use crate::{Import, Queue, QueueError, Result, Tally};
use relaypacs_model::{Moment, StudyInstanceUid};
use rusqlite::{Transaction, params};
use std::collections::BTreeSet;

impl Queue {
    /// Takes the studies that a person does not want out of an import that has not ended. They count as cancelled
    /// by its sum. Returns how many instances that were.
    ///
    /// What is wanted is named by Study Instance UIDs: rows are other ones once the import goes elsewhere.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`] where a study is wanted that the import does not hold; those of the database. Then
    /// nothing is taken out.
    pub fn leave_out(
        &mut self,
        import: &Import,
        wanted: &BTreeSet<StudyInstanceUid>,
        now: Moment,
    ) -> Result<Tally> {
        let id = import.id();
        self.durably(|tx| {
            let (kept, unwanted): (Vec<_>, Vec<_>) =
                held(tx, id)?.into_iter().partition(|(_, uid)| wanted.contains(uid));
            if kept.len() != wanted.len() {
                return Err(QueueError::NoSuchRow);
            }
            let mut left_out = Tally::default();
            for (study, _) in unwanted {
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
            held(tx, id)?.into_iter().try_for_each(|(study, _)| retarget(tx, id, study, to, now))
        })?;
        import.now_for(to);
        Ok(())
    }
}

/// What an import holds. No study is held twice: one destination has one row for each.
fn held(tx: &Transaction<'_>, import: ImportId) -> Result<Vec<(StudyId, StudyInstanceUid)>> {
    let mut statement = tx.prepare_cached(
        "SELECT study.id, study_uid FROM hold JOIN study ON study.id = study_id WHERE import_id = ?1",
    )?;
    let mut rows = statement.query([import])?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        held.push((row.get(0)?, study::uid(&row.get::<_, String>(1)?)?));
    }
    Ok(held)
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
        "SELECT sop_uid, number, series_number, state = {} AS differs, {SHARED} FROM instance \
         WHERE study_id = ?2 AND import_id = ?1",
        state_code(StateName::Conflict)
    );
    let qualified = SHARED.split(", ").map(|name| format!("reoffer.{name}")).collect::<Vec<_>>();
    let again = format!(
        "SELECT sop_uid, number, series_number, differs, {} FROM reoffer JOIN instance ON instance.id = instance_id \
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
            "INSERT INTO instance (study_id, import_id, since, sop_uid, number, series_number, {SHARED}) \
             SELECT ?3, ?1, ?4, sop_uid, number, series_number, {SHARED} FROM {found} \
             WHERE sop_uid NOT IN (SELECT sop_uid FROM instance WHERE study_id = ?3)"
        ),
        params![import, from, target, now.0],
    )?;
    keep_in_conflict(tx, import, from, target, &found, now)?;
    give_up_rows(tx, import, from, now)
}

/// What the source has twice with different bytes is not sent to the other place either.
fn keep_in_conflict(
    tx: &Transaction<'_>,
    import: ImportId,
    from: StudyId,
    target: StudyId,
    found: &str,
    now: Moment,
) -> Result<()> {
    let conflicting: Vec<InstanceId> = tx
        .prepare(&format!(
            "SELECT there.id FROM {found} AS found JOIN instance AS there \
             ON there.study_id = ?3 AND there.sop_uid = found.sop_uid AND there.import_id = ?1 \
             WHERE found.differs"
        ))?
        .query_map(params![import, from, target], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for instance in conflicting {
        // A new row is queued: nothing keeps it from this.
        let _ = apply(tx, instance, &Change::of(Event::DiffersInSource), now)?;
    }
    Ok(())
}
