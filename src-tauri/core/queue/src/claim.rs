//! Claims: which rows are sent next, by whom, until when.

use crate::open::end_claims;
use crate::settle::{Change, apply};
use crate::state::Event;
use crate::table::instance::{COLUMNS, InstanceRow, read};
use crate::table::study::uid;
use crate::table::{DestinationId, InstanceId, StudyId, unsigned};
use crate::{Queue, QueueError, Result, View};
use relaypacs_model::{Code, Moment, Reason, StudyInstanceUid};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::time::Duration;

/// How many batches without a readable row one claim passes over; the next call goes on from there.
const UNREADABLE_IN_A_ROW: u32 = 64;

/// The bounds of one claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all instances together; a larger one goes alone.
    pub bytes: u64,
    /// How many instances; zero is taken as one.
    pub count: u32,
}

/// Instances of one study that go out in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Their study.
    pub study: StudyId,
    /// (0020,000D)
    pub study_uid: StudyInstanceUid,
    /// At least one, in the order in which they were found. Their state is `Sending` and `attempt` names this claim.
    pub rows: Vec<InstanceRow>,
}

/// The study that is next: highest priority, then the one that came first, with something that can be sent now. While
/// the archive is asked about one of a higher priority, nothing of a lower one begins: the answer is there sooner than a
/// batch would be through.
pub(crate) const NEXT_STUDY: &str = "
SELECT s.id, s.study_uid FROM study AS s INDEXED BY study_in_turn
WHERE s.destination_id = ?1 AND s.asked = 1 AND s.paused = 0 AND s.cancelled = 0
AND (?3 IS NULL OR s.id = ?3)
AND (EXISTS (SELECT 1 FROM instance AS i INDEXED BY instance_ready
             WHERE i.study_id = s.id AND i.state = 0 AND i.copy <> 1)
     OR EXISTS (SELECT 1 FROM instance AS i
                WHERE i.study_id = s.id AND i.state = 1 AND i.until <= ?2
                AND i.copy <> 1))
AND NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.study_id = s.id)
AND NOT EXISTS (SELECT 1 FROM study AS first INDEXED BY study_in_turn
                WHERE first.destination_id = s.destination_id AND first.priority > s.priority
                AND first.asked = 0 AND first.paused = 0 AND first.cancelled = 0
                AND first.ask_after <= ?2 AND first.left_times = 0
                AND EXISTS (SELECT 1 FROM instance AS i
                            WHERE i.study_id = first.id AND i.state = 0)
                AND NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.study_id = first.id))
ORDER BY s.priority DESC, s.id LIMIT 1";

/// The largest batch limit among what is queued: the good ones go first.
pub(crate) const QUEUED_LIMIT: &str = "
SELECT batch_limit FROM instance WHERE study_id = ?1 AND state = 0 AND copy <> 1
ORDER BY batch_limit DESC LIMIT 1";

/// The same among what has waited long enough.
pub(crate) const WAITED_LIMIT: &str = "
SELECT max(batch_limit) FROM instance WHERE study_id = ?1 AND state = 1 AND until <= ?2
AND copy <> 1";

/// What is queued with one batch limit.
pub(crate) const QUEUED_ROWS: &str = "
WHERE study_id = ?1 AND state = 0 AND copy <> 1 AND batch_limit = ?2 AND ?3 IS NOT NULL ORDER BY id LIMIT ?4";

/// What has waited long enough with one batch limit.
pub(crate) const WAITED_ROWS: &str = "
WHERE study_id = ?1 AND state = 1 AND batch_limit = ?2 AND until <= ?3 AND copy <> 1 ORDER BY until LIMIT ?4";

impl Queue {
    /// Takes the next batch of a destination (of one study, where given) in one transaction: state `Sending`, one
    /// attempt more, lease until `now + lease`. `None` where nothing can be sent now: nothing is there, it waits, its
    /// study has to be asked for first, or something is paused, parked or held by an import.
    ///
    /// # Errors
    /// Those of the database; then nothing is claimed.
    pub fn claim(
        &mut self,
        destination: DestinationId,
        study: Option<StudyId>,
        limits: Limits,
        now: Moment,
        lease: Duration,
    ) -> Result<Option<Claim>> {
        self.write_at(now, |tx| {
            if !is_open(tx, destination, now)? {
                return Ok(None);
            }
            // Rows that turn out to be unreadable are refused, which makes room for the next ones.
            for _ in 0..UNREADABLE_IN_A_ROW {
                let next = next_study(tx, destination, study, now)?;
                let Some((study, study_uid)) = next else { break };
                let rows = take(tx, study, limits, now, now.after(lease))?;
                if !rows.is_empty() {
                    return Ok(Some(Claim { study, study_uid, rows }));
                }
            }
            Ok(None)
        })
    }

    /// Ends the claims whose lease is over: their instances are unknown now. Of one destination, where one is given: its
    /// lane knows that it has nothing on its way, and nothing of the lanes beside it. Returns how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn expire_leases(&mut self, of: Option<DestinationId>, now: Moment) -> Result<u64> {
        self.write_at(now, |tx| {
            end_claims(tx, "state = 2 AND until <= ?1", of, Event::LeaseExpired, now)
        })
    }

    /// Ends every claim of a destination, whatever its lease says: whoever made them is over, and no other has begun.
    /// Bytes may have left, so their instances are unknown now, as after a restart. Returns how many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn disown(&mut self, destination: DestinationId, now: Moment) -> Result<u64> {
        self.write_at(now, |tx| {
            end_claims(tx, "state = 2", Some(destination), Event::OwnerGone, now)
        })
    }

    /// Gives senders more time whose bytes are still moving: their leases end at `now + lease`. Returns how many of
    /// them still hold this claim.
    ///
    /// # Errors
    /// Those of the database.
    pub fn renew_leases(&mut self, claim: &Claim, now: Moment, lease: Duration) -> Result<u64> {
        self.write_at(now, |tx| {
            let mut renewed = 0;
            let mut statement = tx.prepare_cached(
                "UPDATE instance SET until = ?3 WHERE id = ?1 AND state = 2 AND attempts = ?2",
            )?;
            for row in &claim.rows {
                renewed += statement.execute(params![row.id, row.attempt, now.after(lease).0])?;
            }
            Ok(renewed as u64)
        })
    }
}

impl View<'_> {
    /// When something happens by itself at a destination, if nothing else does: a lease ends, a wait is over, a study
    /// may be asked for again, the destination's park ends. Can be in the past.
    ///
    /// # Errors
    /// Those of the database.
    pub fn next_wake(self, destination: DestinationId) -> Result<Option<Moment>> {
        let leases = one(self.conn, NEXT_LEASE, destination)?;
        let waits = one(self.conn, NEXT_WAIT, destination)?;
        let asks = one(self.conn, NEXT_ASK, destination)?;
        let parked: Option<(bool, Option<i64>)> = self
            .conn
            .prepare_cached(
                "SELECT park_reason IS NOT NULL, park_until FROM destination WHERE id = ?1",
            )?
            .query_row([destination], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let work = [waits, asks].into_iter().flatten().min();
        let work = match parked {
            Some((true, None)) => None,
            Some((true, Some(until))) => match work {
                Some(work) => Some(work.max(until)),
                // After a park the destination is tried again, even where every row is ready and none waits.
                None if self.has_open(destination)? => Some(until),
                None => None,
            },
            Some((false, _)) | None => work,
        };
        Ok([leases, work].into_iter().flatten().min().map(Moment))
    }
}

impl View<'_> {
    /// True where a destination has something left that goes on by itself.
    fn has_open(self, destination: DestinationId) -> Result<bool> {
        Ok(self.conn.prepare_cached(HAS_OPEN)?.query_row([destination], |row| row.get(0))?)
    }
}

pub(crate) const HAS_OPEN: &str = "
SELECT EXISTS (SELECT 1 FROM study AS s WHERE s.destination_id = ?1 AND s.paused = 0
AND EXISTS (SELECT 1 FROM tally AS t
            WHERE t.study_id = s.id AND t.state IN (0, 1, 3, 4, 5) AND t.instances > 0))";

pub(crate) const NEXT_LEASE: &str = "
SELECT min(i.until) FROM instance AS i CROSS JOIN study AS s ON s.id = i.study_id
WHERE i.state = 2 AND s.destination_id = ?1";

pub(crate) const NEXT_WAIT: &str = "
SELECT min((SELECT min(i.until) FROM instance AS i WHERE i.study_id = s.id AND i.state = 1))
FROM study AS s WHERE s.destination_id = ?1 AND s.paused = 0 AND s.cancelled = 0";

pub(crate) const NEXT_ASK: &str = "
SELECT min(s.ask_after) FROM study AS s
WHERE s.destination_id = ?1 AND s.paused = 0 AND s.ask_after > 0
AND EXISTS (SELECT 1 FROM tally AS t
            WHERE t.study_id = s.id AND t.state IN (0, 1, 3, 4, 5) AND t.instances > 0)";

fn one(conn: &Connection, sql: &str, destination: DestinationId) -> Result<Option<i64>> {
    Ok(conn.prepare_cached(sql)?.query_row([destination], |row| row.get(0))?)
}

/// True where the destination may be spoken to at all.
pub(crate) fn is_open(conn: &Connection, id: DestinationId, now: Moment) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM destination WHERE id = ?1 AND paused = 0 \
             AND (park_reason IS NULL OR park_until <= ?2) \
             AND NOT EXISTS (SELECT 1 FROM setting WHERE name = 'paused' AND value <> 0)",
        )?
        .query_row(params![id, now.0], |_| Ok(()))
        .optional()?
        .is_some())
}

fn next_study(
    tx: &Transaction<'_>,
    destination: DestinationId,
    study: Option<StudyId>,
    now: Moment,
) -> Result<Option<(StudyId, StudyInstanceUid)>> {
    let found: Option<(StudyId, String)> = tx
        .prepare_cached(NEXT_STUDY)?
        .query_row(params![destination, now.0, study], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(id, text)| Ok((id, uid(&text)?))).transpose()
}

/// Claims rows that share a batch limit, as many as fit.
fn take(
    tx: &Transaction<'_>,
    study: StudyId,
    limits: Limits,
    now: Moment,
    lease_until: Moment,
) -> Result<Vec<InstanceRow>> {
    let (fitting, unreadable) = fitting(tx, study, limits, now)?;
    for id in unreadable {
        // One row that cannot be read must not hold up its study for ever.
        let refused =
            Change { reason: Some(Reason::new(Code::Internal)), ..Change::of(Event::Refused) };
        let _ = apply(tx, id, &refused, now)?;
    }
    let mut claimed = Vec::with_capacity(fitting.len());
    for mut row in fitting {
        if let Ok(state) = apply(tx, row.id, &Change::of(Event::Claimed { lease_until }), now)? {
            row.state = state;
            row.since = now;
            row.attempt += 1;
            row.tries += 1;
            claimed.push(row);
        }
    }
    Ok(claimed)
}

/// The rows of the next batch, and those on the way there that cannot be read.
fn fitting(
    tx: &Transaction<'_>,
    study: StudyId,
    limits: Limits,
    now: Moment,
) -> Result<(Vec<InstanceRow>, Vec<InstanceId>)> {
    let (mut fitting, mut unreadable) = (Vec::new(), Vec::new());
    let Some((batch_limit, condition)) = next_limit(tx, study, now)? else {
        return Ok((fitting, unreadable));
    };
    let count = limits.count.clamp(1, batch_limit.max(1));
    let sql = format!("SELECT {COLUMNS} FROM instance {condition}");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query(params![study, batch_limit, now.0, count])?;
    let mut bytes = 0_u64;
    while let Some(row) = rows.next()? {
        bytes = bytes.saturating_add(unsigned(row, "bytes")?);
        if !fitting.is_empty() && bytes > limits.bytes {
            break;
        }
        match read(row) {
            Ok(found) => fitting.push(found),
            Err(QueueError::Unreadable(_) | QueueError::Statement) => {
                unreadable.push(row.get("id")?);
            }
            Err(other) => return Err(other),
        }
    }
    Ok((fitting, unreadable))
}

/// The batch limit that is next, and the condition that finds its rows: what is queued first, then what has waited.
fn next_limit(
    tx: &Transaction<'_>,
    study: StudyId,
    now: Moment,
) -> Result<Option<(u32, &'static str)>> {
    let queued: Option<u32> =
        tx.prepare_cached(QUEUED_LIMIT)?.query_row([study], |row| row.get(0)).optional()?;
    if let Some(limit) = queued {
        return Ok(Some((limit, QUEUED_ROWS)));
    }
    let waited: Option<u32> =
        tx.prepare_cached(WAITED_LIMIT)?.query_row(params![study, now.0], |row| row.get(0))?;
    Ok(waited.map(|limit| (limit, WAITED_ROWS)))
}
