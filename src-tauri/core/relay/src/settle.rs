//! Verdicts of the archive to events of the queue. Pure.

use relaypacs_model::{Code, Moment, Reason};
use relaypacs_queue::{Answer, Event, InstanceRow};
use relaypacs_upload::{BatchAnswer, InstanceVerdict, Sameness, Scope, Verdict, backoff};
use std::num::NonZeroU32;

/// How many unclear instances of one batch are sent alone at once; more of them are halved.
const ALONE_AT_ONCE: usize = 2;

/// What the queue is told of a batch. `jitter` is between 0 and 1.
pub(crate) fn of_batch(
    rows: &[InstanceRow],
    answer: &BatchAnswer,
    now: Moment,
    jitter: f64,
) -> Vec<Answer> {
    let smaller = smaller_batch(rows.len(), answer);
    rows.iter()
        .zip(&answer.verdicts)
        .map(|(row, verdict)| of_instance(row, verdict, smaller, now, jitter))
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
            Some(at_most) => (Event::SendAlone { at_most }, Some(reason)),
            None => {
                let wait = backoff::wait(row.tries, jitter, after);
                (Event::TryAgain { not_before: now.after(wait) }, Some(reason))
            }
        },
        Verdict::SourceChanged => (Event::SourceChanged, Some(Reason::new(Code::SourceChanged))),
        Verdict::SourceGone => (Event::SourceGone, Some(Reason::new(Code::SourceGone))),
    };
    let mut answer = Answer::to_claim(row.id, row.attempt, event);
    answer.reason = reason;
    answer.sha256 = verdict.sha256;
    answer.bytes_sent = if verdict.sha256.is_some() { row.bytes } else { 0 };
    answer
}

fn send_alone(smaller: Option<NonZeroU32>) -> Event {
    Event::SendAlone { at_most: smaller.unwrap_or(NonZeroU32::MIN) }
}

/// What a comparison of an instance that the archive lists tells the queue. `None`: it is not there after all.
pub(crate) fn of_comparison(sameness: Sameness) -> Option<(Event, Option<Reason>)> {
    match sameness {
        Sameness::Identical | Sameness::SameDataSet => Some((Event::ArchiveHasSame, None)),
        Sameness::Differs => {
            Some((Event::ArchiveHasOther, Some(Reason::new(Code::DiffersInArchive))))
        }
        Sameness::NotComparable => {
            Some((Event::NotComparable, Some(Reason::new(Code::NotComparable))))
        }
        Sameness::SourceChanged => {
            Some((Event::SourceChanged, Some(Reason::new(Code::SourceChanged))))
        }
        Sameness::SourceGone => Some((Event::SourceGone, Some(Reason::new(Code::SourceGone)))),
        Sameness::Missing => None,
    }
}
