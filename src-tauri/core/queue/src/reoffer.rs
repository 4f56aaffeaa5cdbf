//! What an import found that is in the queue already: put beside the row until the import ends, then given to it; and
//! imports without an end, taken out again without touching what others found.

use crate::Result;
use crate::next::next;
use crate::settle::{Change, apply};
use crate::state::{Event, State};
use crate::table::instance::{encoding_code, modified_column, state_code, state_from};
use crate::table::spool::{drop_copy, drop_keys};
use crate::table::tally::HANDED_ON;
use crate::table::{ImportId, InstanceId, StudyId};
use crate::{QueueError, copy, import::size};
use relaypacs_model::{Found, Moment};
use rusqlite::{OptionalExtension, Transaction, named_params, params};
use std::time::Duration;

/// Takes every import out that has no end: at a start there is nobody who could still finish it.
pub(crate) fn remove_unfinished(tx: &Transaction<'_>, now: Moment) -> Result<()> {
    let ids: Vec<ImportId> = tx
        .prepare("SELECT id FROM import WHERE finished_at IS NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        tx.execute("DELETE FROM reoffer WHERE import_id = ?1", [id])?;
    }
    ids.into_iter().try_for_each(|id| remove(tx, id, now))
}

/// Keeps what `import` found of a row that is there; false where it has found it before.
pub(crate) fn put_beside(
    tx: &Transaction<'_>,
    import: ImportId,
    instance: InstanceId,
    found: &Found,
    location: &[u8],
) -> Result<bool> {
    let header = &found.header;
    let put = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO reoffer (import_id, instance_id, sop_class_uid, series_uid, \
             transfer_syntax_uid, encoding, part10, modality, number_of_frames, location, bytes, \
             modified) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            import,
            instance,
            header.sop_class_uid.as_str(),
            header.series_instance_uid.as_str(),
            header.transfer_syntax_uid.as_ref().map(|uid| uid.as_str()),
            encoding_code(header.encoding),
            header.part10,
            header.series.modality,
            header.number_of_frames,
            location,
            size(found.bytes),
            modified_column(found.modified),
        ])?;
    Ok(put == 1)
}

pub(crate) fn reoffers(
    tx: &Transaction<'_>,
    condition: &'static str,
    id: ImportId,
) -> Result<Vec<(ImportId, InstanceId)>> {
    let sql = format!("SELECT import_id, instance_id FROM reoffer WHERE {condition}");
    Ok(tx
        .prepare(&sql)?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Gives a row to the import that found it again, and starts it anew, at once or when it is back from its way.
pub(crate) fn take_over(
    tx: &Transaction<'_>,
    by: ImportId,
    instance: InstanceId,
    now: Moment,
) -> Result<()> {
    let (code, until, owner, bytes, differs, same) = tx
        .prepare_cached(
            "SELECT instance.state, until, instance.import_id, instance.bytes, differs, \
             instance.bytes = reoffer.bytes AND instance.modified IS reoffer.modified \
             AND instance.encoding = reoffer.encoding AND instance.part10 = reoffer.part10 \
             FROM reoffer JOIN instance ON instance.id = instance_id \
             WHERE reoffer.import_id = ?1 AND instance_id = ?2",
        )?
        .query_row(params![by, instance], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get::<_, ImportId>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, bool>(4)?,
                row.get::<_, bool>(5)?,
            ))
        })?;
    let state = state_from(code, until)?;
    let Ok(after) = next(state, Event::OfferedAgain, now) else {
        return Err(QueueError::Unreadable("state"));
    };
    hand_on(tx, owner, 1, bytes)?;
    // What the archive has, or may have, is of another file than the one that is offered now: it is asked first, and what
    // it has is compared with that one.
    let is_other = differs || !same;
    let on_its_way = matches!(after, State::Sending { .. });
    drop_earlier(tx, by, instance)?;
    if after == State::Queued || is_other && !on_its_way {
        start_anew(tx, by, instance, now)?;
        if may_be_there(after) {
            ask_anew(tx, instance, now.after(LISTED_LATE))?;
        }
        if differs {
            let _ = apply(tx, instance, &Change::of(Event::DiffersInSource), now)?;
        }
    } else if is_other {
        // Beside the row until that is back: then it is known what the archive may have.
        return give(tx, by, instance);
    } else {
        carry_on(tx, by, instance)?;
    }
    drop_one(tx, by, instance)
}

/// A row is not on its way any more. What was offered meanwhile, and is of another file, begins: its archive is asked, and
/// what that has is compared.
pub(crate) fn is_back(
    tx: &Transaction<'_>,
    instance: InstanceId,
    after: State,
    is_wanted: bool,
    now: Moment,
) -> Result<()> {
    let waiting: Option<(ImportId, bool)> = tx
        .prepare_cached(
            "SELECT import_id, differs FROM reoffer JOIN import ON import.id = import_id \
             WHERE instance_id = ?1 AND finished_at IS NOT NULL",
        )?
        .query_row([instance], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((by, differs)) = waiting else { return Ok(()) };
    // What a person took out meanwhile goes no further.
    if is_wanted {
        start_anew(tx, by, instance, now)?;
        copy::wish_for(tx, by, instance)?;
        let from = if may_be_there(after) { now.after(LISTED_LATE) } else { Moment(0) };
        ask_anew(tx, instance, from)?;
    }
    drop_one(tx, by, instance)?;
    if differs && is_wanted {
        let _ = apply(tx, instance, &Change::of(Event::DiffersInSource), now)?;
    }
    Ok(())
}

/// An archive may list late what it has just taken: asked at once, it would be sent the other bytes, keep the first ones,
/// and list them as if they were these.
const LISTED_LATE: Duration = Duration::from_secs(5);

/// The study of an instance is asked about before anything more of it is sent, and not before `from`.
fn ask_anew(tx: &Transaction<'_>, instance: InstanceId, from: Moment) -> Result<()> {
    tx.prepare_cached(
        "UPDATE study SET asked = 0, ask_number = ask_number + 1, ask_after = max(ask_after, ?2) \
         WHERE id = (SELECT study_id FROM instance WHERE id = ?1)",
    )?
    .execute(params![instance, from.0])?;
    Ok(())
}

fn may_be_there(state: State) -> bool {
    matches!(state, State::Unknown | State::Stored | State::StoredWithWarning)
}

/// What earlier imports left beside a row gives way to what a later one found.
fn drop_earlier(tx: &Transaction<'_>, by: ImportId, instance: InstanceId) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM reoffer WHERE instance_id = ?2 AND import_id <> ?1 AND import_id IN \
         (SELECT id FROM import WHERE finished_at IS NOT NULL)",
    )?
    .execute(params![by, instance])?;
    Ok(())
}

fn drop_one(tx: &Transaction<'_>, by: ImportId, instance: InstanceId) -> Result<()> {
    tx.prepare_cached("DELETE FROM reoffer WHERE import_id = ?1 AND instance_id = ?2")?
        .execute(params![by, instance])?;
    Ok(())
}

fn give(tx: &Transaction<'_>, to: ImportId, instance: InstanceId) -> Result<()> {
    // Nothing of the old file is copied for the new import.
    tx.prepare_cached(
        "UPDATE instance SET import_id = ?1, copy = CASE copy WHEN 1 THEN 0 ELSE copy END \
         WHERE id = ?2",
    )?
    .execute(params![to, instance])?;
    Ok(())
}

/// What is on its way goes on; a later attempt reads the place that was found last, if the file there is as large.
fn carry_on(tx: &Transaction<'_>, by: ImportId, instance: InstanceId) -> Result<()> {
    give(tx, by, instance)?;
    tx.prepare_cached(
        "UPDATE instance SET location = reoffer.location, modified = reoffer.modified \
         FROM reoffer WHERE reoffer.instance_id = instance.id AND reoffer.import_id = ?1 \
         AND instance.id = ?2 AND reoffer.bytes = instance.bytes \
         AND reoffer.encoding = instance.encoding AND reoffer.part10 = instance.part10",
    )?
    .execute(params![by, instance])?;
    Ok(())
}

fn start_anew(tx: &Transaction<'_>, by: ImportId, instance: InstanceId, now: Moment) -> Result<()> {
    tx.prepare_cached(
        "UPDATE instance SET import_id = :import, state = :queued, until = 0, since = :now, \
         fresh_from = attempts, batch_limit = 4294967295, sends_dropped = 0, proof = NULL, \
         reason = NULL, reason_status = NULL, reason_dicom = NULL, sha256 = NULL, sent_at = NULL, \
         bytes_sent = 0, copy = 0, bytes = reoffer.bytes, modified = reoffer.modified, \
         encoding = reoffer.encoding, part10 = reoffer.part10, \
         number_of_frames = reoffer.number_of_frames, modality = reoffer.modality, \
         sop_class_uid = reoffer.sop_class_uid, series_uid = reoffer.series_uid, \
         transfer_syntax_uid = reoffer.transfer_syntax_uid, location = reoffer.location \
         FROM reoffer WHERE reoffer.instance_id = instance.id AND reoffer.import_id = :import \
         AND instance.id = :instance",
    )?
    .execute(named_params! {
        ":import": by,
        ":instance": instance,
        ":queued": state_code(State::Queued.name()),
        ":now": now.0,
    })?;
    // What was copied before may be other bytes.
    drop_copy(tx, instance)
}

/// Keeps the sum of an import whose instances somebody else carries on.
pub(crate) fn hand_on(
    tx: &Transaction<'_>,
    import: ImportId,
    instances: i64,
    bytes: i64,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO gone (import_id, state, instances, bytes) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET instances = instances + excluded.instances, \
         bytes = bytes + excluded.bytes",
    )?
    .execute(params![import, HANDED_ON, instances, bytes])?;
    Ok(())
}

/// Takes one unfinished import out; what another import found as well goes to that one.
pub(crate) fn remove(tx: &Transaction<'_>, id: ImportId, now: Moment) -> Result<()> {
    tx.execute("DELETE FROM reoffer WHERE import_id = ?1", [id])?;
    let shared = "instance_id IN (SELECT id FROM instance WHERE import_id = ?1)";
    for (by, instance) in reoffers(tx, shared, id)? {
        // The second of several finds its reoffer as one of an instance that is not of `id` any more.
        if owner(tx, instance)? == Some(id) {
            take_over(tx, by, instance, now)?;
        }
    }
    let held: Vec<StudyId> = tx
        .prepare_cached("SELECT study_id FROM hold WHERE import_id = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for sql in [
        "DELETE FROM hold WHERE import_id = ?1",
        "DELETE FROM instance WHERE import_id = ?1",
        "DELETE FROM import_skip WHERE import_id = ?1",
        "DELETE FROM gone WHERE import_id = ?1",
    ] {
        tx.execute(sql, [id])?;
    }
    for study in held {
        tx.prepare_cached(
            "DELETE FROM study WHERE id = ?1 \
             AND NOT EXISTS (SELECT 1 FROM instance WHERE study_id = ?1) \
             AND NOT EXISTS (SELECT 1 FROM hold WHERE study_id = ?1)",
        )?
        .execute([study])?;
    }
    drop_keys(tx)?;
    tx.execute("DELETE FROM tally WHERE import_id = ?1", [id])?;
    tx.execute("DELETE FROM import WHERE id = ?1", [id])?;
    Ok(())
}

fn owner(tx: &Transaction<'_>, instance: InstanceId) -> Result<Option<ImportId>> {
    Ok(tx
        .prepare_cached("SELECT import_id FROM instance WHERE id = ?1")?
        .query_row([instance], |row| row.get(0))
        .optional()?)
}
