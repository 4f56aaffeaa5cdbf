//! Events to rows: the one place where the state of a row changes.
//!
//! An answer says what it goes back to, and counts only as long as that does: bytes that were offered anew since, or an
//! ask that was made void, are never settled by what was learned before.

use crate::ask::Ask;
use crate::next::{Impossible, next};
use crate::state::{Event, State, StateName};
use crate::table::instance::{proof_code, proof_from, reason_from, state_code, state_from};
use crate::table::{ImportId, InstanceId, StudyId, signed};
use crate::{Queue, QueueError, Result, reoffer};
use relaypacs_model::{Moment, Proof, Reason};
use rusqlite::{Transaction, named_params};
use std::collections::HashSet;

/// What an answer goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A claim, which is to say the bytes that were sent with it.
    Claim {
        /// Which one ([`crate::InstanceRow::attempt`]).
        attempt: u32,
    },
    /// An [`Ask`].
    Ask {
        /// About which study.
        study: StudyId,
        /// Which one.
        number: i64,
    },
    /// The source, as an import found it.
    Source {
        /// Which import ([`crate::InstanceRow::import`]).
        import: ImportId,
    },
}

/// What became of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Which one.
    pub instance: InstanceId,
    /// How that is known.
    pub basis: Basis,
    /// What happened. Events that are the queue's own (`Claimed`, `LeaseExpired`, `OwnerGone`, `RetryAsked`,
    /// `CancelAsked`, `OfferedAgain`) are not taken here.
    pub event: Event,
    /// Why; without one the usual code of the event stands.
    pub reason: Option<Reason>,
    /// SHA-256 of the bytes that were sent or compared.
    pub sha256: Option<[u8; 32]>,
    /// Bytes of it that were sent now.
    pub bytes_sent: u64,
    /// The try failed for a reason that is no instance's: it does not count in [`crate::InstanceRow::tries`].
    pub blameless: bool,
}

impl Answer {
    /// An answer to a claim. One to an earlier claim of the same bytes counts only where it is the archive's word that
    /// it has the instance; one to a claim from before the instance was offered, moved or retried anew does not count.
    #[must_use]
    pub fn to_claim(instance: InstanceId, attempt: u32, event: Event) -> Self {
        Self::on(Basis::Claim { attempt }, instance, event)
    }

    /// What an ask found. It counts until the ask is void, and only for an instance that did not change since it began.
    #[must_use]
    pub fn to_ask(ask: &Ask, instance: InstanceId, event: Event) -> Self {
        Self::on(ask.basis(), instance, event)
    }

    /// What reading the source showed, as `import` had found it. It counts until a later import finds the instance again.
    #[must_use]
    pub fn of_source(import: ImportId, instance: InstanceId, event: Event) -> Self {
        Self::on(Basis::Source { import }, instance, event)
    }

    fn on(basis: Basis, instance: InstanceId, event: Event) -> Self {
        Self { instance, basis, event, reason: None, sha256: None, bytes_sent: 0, blameless: false }
    }

    /// With a reason.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

/// What [`Queue::settle`] did. One answer that does not fit never stops the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// How many answers were taken.
    pub taken: u64,
    /// Answers whose [`Basis`] does not count any more.
    pub stale: Vec<InstanceId>,
    /// Answers that cannot be, with the state that stays.
    pub impossible: Vec<(InstanceId, Impossible)>,
    /// Answers about rows that are not there.
    pub missing: Vec<InstanceId>,
}

/// An event with what comes along.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) event: Event,
    pub(crate) reason: Option<Reason>,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) bytes_sent: u64,
    pub(crate) blameless: bool,
}

impl Change {
    pub(crate) fn of(event: Event) -> Self {
        Self { event, reason: None, sha256: None, bytes_sent: 0, blameless: false }
    }
}

impl Queue {
    /// Writes what became of instances, all in one transaction.
    ///
    /// # Errors
    /// Those of the database; then nothing is written.
    pub fn settle(&mut self, answers: &[Answer], now: Moment) -> Result<Settled> {
        self.write_at(now, |tx| {
            let (mut settled, mut begun) = (Settled::default(), HashSet::new());
            for answer in answers {
                settle_one(tx, answer, now, &mut begun, &mut settled)?;
            }
            Ok(settled)
        })
    }
}

/// Changes one row; the inner result is the machine's.
pub(crate) fn apply(
    tx: &Transaction<'_>,
    id: InstanceId,
    change: &Change,
    now: Moment,
) -> Result<Result<State, Impossible>> {
    let standing = standing(tx, id)?.ok_or(QueueError::NoSuchRow)?;
    change_row(tx, id, &standing, change, now)
}

/// What of a row decides how it goes on.
struct Standing {
    study: StudyId,
    import: ImportId,
    state: State,
    since: Moment,
    attempts: u32,
    fresh_from: u32,
    batch_limit: u32,
    sends_dropped: u32,
    proof: Option<Proof>,
    reason: Option<Reason>,
    cancelled: bool,
    ask_number: i64,
    changed_in: i64,
}

impl Standing {
    /// True where what an answer goes back to is what the row is about. `begun` says that an answer on the same basis was
    /// taken a moment ago, which is no change since the ask.
    fn still_has(&self, basis: Basis, event: Event, begun: bool) -> bool {
        match basis {
            Basis::Claim { attempt } => {
                let last = attempt == self.attempts || event.proof().is_some();
                last && attempt > self.fresh_from
            }
            Basis::Ask { study, number } => {
                let valid = (study, number) == (self.study, self.ask_number);
                valid && (begun || self.changed_in < number)
            }
            Basis::Source { import } => import == self.import,
        }
    }
}

/// Takes one answer. What of an instance was settled by the same call before is in `begun`.
fn settle_one(
    tx: &Transaction<'_>,
    answer: &Answer,
    now: Moment,
    begun: &mut HashSet<InstanceId>,
    settled: &mut Settled,
) -> Result<()> {
    let id = answer.instance;
    let Some(standing) = standing(tx, id)? else {
        settled.missing.push(id);
        return Ok(());
    };
    if is_the_queues_own(answer.event) {
        settled.impossible.push((id, Impossible { state: standing.state, event: answer.event }));
        return Ok(());
    }
    if !standing.still_has(answer.basis, answer.event, begun.contains(&id)) {
        settled.stale.push(id);
        return Ok(());
    }
    begun.insert(id);
    let change = Change {
        event: answer.event,
        reason: answer.reason,
        sha256: answer.sha256,
        bytes_sent: answer.bytes_sent,
        blameless: answer.blameless,
    };
    match change_row(tx, id, &standing, &change, now)? {
        Ok(_) => settled.taken += 1,
        Err(impossible) => settled.impossible.push((id, impossible)),
    }
    Ok(())
}

fn is_the_queues_own(event: Event) -> bool {
    matches!(
        event,
        Event::Claimed { .. }
            | Event::LeaseExpired
            | Event::OwnerGone
            | Event::RetryAsked
            | Event::CancelAsked
            | Event::OfferedAgain
    )
}

fn standing(tx: &Transaction<'_>, id: InstanceId) -> Result<Option<Standing>> {
    let mut statement = tx.prepare_cached(
        "SELECT study_id, import_id, state, until, since, attempts, fresh_from, batch_limit, \
         sends_dropped, proof, reason, reason_status, reason_dicom, cancelled, ask_number, \
         changed_in \
         FROM instance JOIN study ON study.id = study_id WHERE instance.id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Standing {
        study: row.get("study_id")?,
        import: row.get("import_id")?,
        state: state_from(row.get("state")?, row.get("until")?)?,
        since: Moment(row.get("since")?),
        attempts: row.get("attempts")?,
        fresh_from: row.get("fresh_from")?,
        batch_limit: row.get("batch_limit")?,
        sends_dropped: row.get("sends_dropped")?,
        proof: proof_from(row.get("proof")?),
        reason: reason_from(
            row.get("reason")?,
            row.get("reason_status")?,
            row.get("reason_dicom")?,
        ),
        cancelled: row.get("cancelled")?,
        ask_number: row.get("ask_number")?,
        changed_in: row.get("changed_in")?,
    }))
}

fn change_row(
    tx: &Transaction<'_>,
    id: InstanceId,
    before: &Standing,
    change: &Change,
    now: Moment,
) -> Result<Result<State, Impossible>> {
    let mut after = match next(before.state, change.event, now) {
        Ok(state) => state,
        Err(impossible) => return Ok(Err(impossible)),
    };
    if before.cancelled {
        // What a person took out on its way goes no further once it is back.
        after = next(after, Event::CancelAsked, now).unwrap_or(after);
    }
    let reason = reason_after(before, change, after);
    let same = after.name() == before.state.name();
    tx.prepare_cached(
        "UPDATE instance SET state = :state, until = :until, since = :since, \
         attempts = :attempts, batch_limit = :batch_limit, sends_dropped = :sends_dropped, \
         proof = :proof, reason = :reason, reason_status = :status, reason_dicom = :dicom, \
         sha256 = coalesce(:sha256, sha256), sent_at = coalesce(:sent_at, sent_at), \
         bytes_sent = bytes_sent + :bytes_sent, changed_in = :changed_in, \
         fresh_from = fresh_from + :blameless WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": id,
        ":state": state_code(after.name()),
        ":until": after.until().0,
        ":since": if same { before.since.0 } else { now.0 },
        ":attempts": attempts_after(before, change.event),
        ":batch_limit": limit_after(before, change.event),
        ":sends_dropped": dropped_after(before, after, change.event),
        ":proof": proof_after(before, change.event, after).map(proof_code),
        ":reason": reason.map(|reason| reason.code.as_str()),
        ":status": reason.and_then(|reason| reason.status),
        ":dicom": reason.and_then(|reason| reason.dicom),
        ":sha256": change.sha256,
        ":changed_in": before.ask_number,
        ":blameless": change.blameless,
        ":sent_at": may_have_been_sent(change).then_some(now.0),
        ":bytes_sent": signed(change.bytes_sent.min(1 << 42)),
    })?;
    if before.state.name() == StateName::Sending && !same {
        reoffer::is_back(tx, id, after, !before.cancelled, now)?;
    }
    Ok(Ok(after))
}

fn attempts_after(before: &Standing, event: Event) -> u32 {
    before.attempts.saturating_add(u32::from(matches!(event, Event::Claimed { .. })))
}

/// A limit only ever gets smaller, and reaches one: a bad instance cannot hold others up for long.
fn limit_after(before: &Standing, event: Event) -> u32 {
    if let Event::SendAlone { at_most } = event {
        before.batch_limit.min(at_most.get())
    } else {
        before.batch_limit
    }
}

fn dropped_after(before: &Standing, after: State, event: Event) -> u32 {
    let was_stored =
        matches!(before.state, State::Stored | State::StoredWithWarning | State::Confirmed);
    let dropped = event == Event::ArchiveLacksIt && was_stored && after != before.state;
    before.sends_dropped.saturating_add(u32::from(dropped))
}

fn proof_after(before: &Standing, event: Event, after: State) -> Option<Proof> {
    match after {
        State::Stored | State::StoredWithWarning | State::Confirmed => {
            before.proof.max(event.proof())
        }
        State::Queued
        | State::Waiting { .. }
        | State::Sending { .. }
        | State::Unknown
        | State::Conflict
        | State::Rejected
        | State::Changed
        | State::SourceGone
        | State::Cancelled => None,
    }
}

/// A confirmed instance keeps the archive's warning and nothing else.
fn reason_after(before: &Standing, change: &Change, after: State) -> Option<Reason> {
    if after.name() == before.state.name() {
        return if after.name().is_ended() {
            before.reason
        } else {
            change.reason.or(before.reason)
        };
    }
    let given = change.reason.or_else(|| change.event.usual_code().map(Reason::new));
    match after {
        State::Confirmed if before.state == State::StoredWithWarning => before.reason,
        State::Confirmed | State::Stored => change.reason,
        State::Queued
        | State::Waiting { .. }
        | State::Sending { .. }
        | State::Unknown
        | State::StoredWithWarning
        | State::Conflict
        | State::Rejected
        | State::Changed
        | State::SourceGone
        | State::Cancelled => given.or(before.reason),
    }
}

fn may_have_been_sent(change: &Change) -> bool {
    change.bytes_sent > 0
        || matches!(
            change.event,
            Event::Stored
                | Event::StoredWithWarning
                | Event::AnswerLost
                | Event::LeaseExpired
                | Event::OwnerGone
        )
}
