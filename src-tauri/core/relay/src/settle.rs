//! Verdicts of the archive to events of the queue. Pure.

use relaypacs_model::{Code, Moment, Reason};
use relaypacs_queue::{Answer, Ask, Copying, Event, ImportId, InstanceId, InstanceRow, State};
use relaypacs_upload::{BatchAnswer, InstanceVerdict, Sameness, Scope, Verdict, backoff};
use std::num::NonZeroU32;
use std::time::Duration;

/// How many unclear instances of one batch are sent alone at once; more of them are halved.
const ALONE_AT_ONCE: usize = 2;

/// An instance that so many requests in a row were lost with, in the end alone, while others got through, is refused.
const LOST_AT_MOST: u32 = 12;
/// So long the wait after a lost request doubles: a bad network is no reason to leave an instance for hours.
const DOUBLED_AT_MOST: u32 = 5;
/// So many losses in a row are the line's, where other requests get through: nothing is made smaller and nothing waits.
const LOST_TO_THE_LINE: u32 = 2;

/// What the queue is told of a batch. `others_go` says whether the archive stored something lately; `jitter` is between
/// 0 and 1.
pub(crate) fn of_batch(
    rows: &[InstanceRow],
    answer: &BatchAnswer,
    others_go: bool,
    now: Moment,
    jitter: f64,
) -> Vec<Answer> {
    let smaller = smaller_batch(rows.len(), answer);
    let park = matches!(answer.scope, Scope::Destination { .. });
    let whole = |(row, verdict): &(&InstanceRow, &InstanceVerdict)| {
        verdict.sha256.is_some().then_some(row.bytes)
    };
    let handed: u64 = rows.iter().zip(&answer.verdicts).filter_map(|both| whole(&both)).sum();
    // What is left was handed on of the one in whose midst it broke off: the first that is not whole.
    let mut part = answer.bytes_sent.saturating_sub(handed);
    rows.iter()
        .zip(&answer.verdicts)
        .map(|(row, verdict)| {
            let mut told = of_instance(row, verdict, smaller, others_go, now, jitter);
            told.bytes_sent = whole(&(row, verdict)).unwrap_or_else(|| std::mem::take(&mut part));
            if park { of_destination(told, now) } else { told }
        })
        .collect()
}

/// How large the next batch of an unclear instance may be. A batch that failed whole is halved; where only a few
/// instances are unclear among good ones, each goes alone.
fn smaller_batch(sent: usize, answer: &BatchAnswer) -> Option<NonZeroU32> {
    let unclear =
        answer.verdicts.iter().filter(|one| matches!(one.verdict, Verdict::SendAlone(_))).count();
    let halved = match answer.scope {
        Scope::Batch(_) => sent / 2,
        Scope::Instances | Scope::Destination { .. } if unclear > ALONE_AT_ONCE => unclear / 2,
        Scope::Instances if unclear > 0 => 1,
        Scope::Instances | Scope::Destination { .. } => return None,
    };
    NonZeroU32::new(u32::try_from(halved.max(1)).unwrap_or(u32::MAX))
}

fn of_instance(
    row: &InstanceRow,
    verdict: &InstanceVerdict,
    smaller: Option<NonZeroU32>,
    others_go: bool,
    now: Moment,
    jitter: f64,
) -> Answer {
    let (event, reason) = match verdict.verdict {
        Verdict::Stored => (Event::Stored, None),
        Verdict::StoredWithWarning(reason) => (Event::StoredWithWarning, Some(reason)),
        Verdict::Refused(reason) => (Event::Refused, Some(reason)),
        // The archive's word that it has this UID is not yet its word that it has these bytes.
        Verdict::AlreadyThere(reason) | Verdict::Unknown(reason) => {
            (Event::AnswerLost, Some(reason))
        }
        Verdict::SendAlone(reason) => (send_alone(smaller), Some(reason)),
        Verdict::TryAgain { reason, after } => match smaller {
            _ if is_lost_to_the_line(row.tries, reason, others_go) => {
                (Event::TryAgain { not_before: now }, Some(reason))
            }
            Some(at_most) => (Event::SendAlone { at_most }, Some(reason)),
            None if reason.code == Code::ConnectionLost => {
                if is_lost_for_good(row, others_go) {
                    (Event::Refused, Some(reason))
                } else {
                    let wait = wait_after_loss(row.tries, jitter);
                    (Event::TryAgain { not_before: now.after(wait) }, Some(reason))
                }
            }
            None => {
                let wait = backoff::wait(row.tries, jitter, after);
                (Event::TryAgain { not_before: now.after(wait) }, Some(reason))
            }
        },
        // The copy in the spool, not the source: the source is read next, if it is still there.
        Verdict::SourceChanged | Verdict::SourceGone if row.copy == Copying::Done => {
            (Event::TryAgain { not_before: now }, Some(Reason::new(Code::CopyDamaged)))
        }
        Verdict::SourceGone if row.reason == Some(Reason::new(Code::CopyDamaged)) => {
            (Event::SourceGone, row.reason)
        }
        Verdict::SourceChanged => (Event::SourceChanged, Some(Reason::new(Code::SourceChanged))),
        Verdict::SourceGone => (Event::SourceGone, Some(Reason::new(Code::SourceGone))),
    };
    let mut answer = Answer::to_claim(row.id, row.attempt, event);
    answer.reason = reason;
    answer.sha256 = verdict.sha256;
    answer
}

/// Copies that a batch found to be damaged.
pub(crate) fn copies_lost(
    rows: &[InstanceRow],
    answer: &BatchAnswer,
) -> Vec<(InstanceId, ImportId)> {
    rows.iter()
        .zip(&answer.verdicts)
        .filter(|(row, one)| {
            let failed = matches!(one.verdict, Verdict::SourceChanged | Verdict::SourceGone);
            failed && row.copy == Copying::Done
        })
        .map(|(row, _)| (row.id, row.import))
        .collect()
}

/// True where a comparison found the copy of what is still to be sent damaged.
pub(crate) fn is_copy_lost(row: &InstanceRow, sameness: Sameness) -> bool {
    let failed = matches!(sameness, Sameness::SourceChanged | Sameness::SourceGone);
    let stored = matches!(row.state, State::Stored | State::StoredWithWarning);
    failed && !stored && row.copy == Copying::Done
}

/// Where the destination failed, its park is what has to be waited for, and the try does not count against an instance.
fn of_destination(told: Answer, now: Moment) -> Answer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "of all events these two blame nobody")]
    match told.event {
        Event::TryAgain { .. } => {
            Answer { event: Event::TryAgain { not_before: now }, blameless: true, ..told }
        }
        Event::AnswerLost => Answer { blameless: true, ..told },
        _ => told,
    }
}

/// True where nobody is to blame for a lost request but the line: others got through, and it did not happen to this
/// instance again and again.
pub(crate) fn is_lost_to_the_line(losses: u32, reason: Reason, others_go: bool) -> bool {
    others_go && reason.code == Code::ConnectionLost && losses <= LOST_TO_THE_LINE
}

/// True for the one instance that the archive, or something before it, hangs up on.
pub(crate) fn is_lost_for_good(row: &InstanceRow, others_go: bool) -> bool {
    row.tries >= LOST_AT_MOST && row.batch_limit == 1 && others_go
}

/// How long an instance waits after so many lost requests in a row.
pub(crate) fn wait_after_loss(losses: u32, jitter: f64) -> Duration {
    let more = losses.saturating_sub(LOST_AT_MOST);
    backoff::wait(losses.min(DOUBLED_AT_MOST) + more, jitter, None)
}

fn send_alone(smaller: Option<NonZeroU32>) -> Event {
    Event::SendAlone { at_most: smaller.unwrap_or(NonZeroU32::MIN) }
}

/// What a comparison of an instance that the archive lists tells the queue. What we sent ourselves, after the archive
/// had been asked for it, needs no bytes to be believed: it is listed now. What may be another's does.
pub(crate) fn of_comparison(ask: &Ask, row: &InstanceRow, sameness: Sameness) -> Vec<Answer> {
    let told = |event| Answer::to_ask(ask, row.id, event);
    let because = |event, code| told(event).because(Reason::new(code));
    let whose = Whose::of(row);
    match (sameness, whose) {
        (Sameness::Identical | Sameness::SameDataSet, _) => vec![told(Event::ArchiveHasSame)],
        // The archive said itself that it changed something.
        (Sameness::Differs, Whose::Ours) if row.state == State::StoredWithWarning => {
            vec![told(Event::ArchiveListsIt)]
        }
        (Sameness::Differs, _) => vec![because(Event::ArchiveHasOther, Code::DiffersInArchive)],
        (_, Whose::Ours) => vec![told(Event::ArchiveListsIt)],
        (Sameness::NotComparable | Sameness::Missing, Whose::Unsent) => {
            vec![because(Event::NotComparable, Code::NotComparable)]
        }
        (Sameness::NotComparable | Sameness::Missing, Whose::SaidToBeThere) => {
            vec![because(Event::ArchiveHasOther, Code::NotComparable)]
        }
        (Sameness::SourceChanged, _) => {
            vec![told(Event::ArchiveLacksIt), because(Event::SourceChanged, Code::SourceChanged)]
        }
        (Sameness::SourceGone, _) => {
            vec![told(Event::ArchiveLacksIt), because(Event::SourceGone, Code::SourceGone)]
        }
    }
}

/// Where an instance that is listed may have come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// We sent it, and it was not there before.
    Ours,
    /// We sent it, and the archive said that it had this UID already.
    SaidToBeThere,
    /// It was there before we sent a byte.
    Unsent,
}

impl Whose {
    fn of(row: &InstanceRow) -> Self {
        match row.state {
            State::Stored | State::StoredWithWarning => Self::Ours,
            State::Unknown if is_said_to_be_there(row) => Self::SaidToBeThere,
            State::Unknown => Self::Ours,
            State::Queued
            | State::Waiting { .. }
            | State::Sending { .. }
            | State::Confirmed
            | State::Conflict
            | State::Rejected
            | State::Changed
            | State::SourceGone
            | State::Cancelled => Self::Unsent,
        }
    }
}

/// True where the archive refused an instance for being there already; see [`of_instance`].
pub(crate) fn is_said_to_be_there(row: &InstanceRow) -> bool {
    row.reason.is_some_and(|reason| reason.code == Code::RefusedByArchive)
}
