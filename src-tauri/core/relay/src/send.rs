//! Sending one claimed batch, and telling the queue what came of it.

use crate::absent;
use crate::clock::now;
use crate::faults::OrFault;
use crate::lane::{Ended, Kind, Lane};
use crate::part::SourcePart;
use crate::run::{Talk, jitter};
use crate::settle;
use relaypacs_model::{Code, Fault};
use relaypacs_queue::{Claim, InstanceRow, Learned};
use relaypacs_upload::pacing::Measured;
use relaypacs_upload::{Batch, BatchAnswer, Part, Scope, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a claim lasts without a sign of life. A process that dies loses its claims at the next start at once;
/// this is for a sender that hangs.
pub(crate) const LEASE: Duration = Duration::from_secs(600);

/// Sends a batch. `flying` is the number of batches in flight, this one counted.
pub(crate) async fn send(lane: Arc<Lane>, claim: Claim, flying: usize) -> Result<Ended, Fault> {
    let study = claim.study;
    let Some(claim) = absent::set_apart(&lane, claim).await? else {
        return Ok(Ended { study, kind: Kind::Sent });
    };
    let part = |row| Arc::new(SourcePart::new(row, &lane.opener, &lane.desk)) as Arc<dyn Part>;
    let parts = claim.rows.iter().map(part).collect();
    let batch = Batch { study: claim.study_uid.clone(), parts };
    let begun = Instant::now();
    let answer = exchange(&lane, &claim, &batch).await?;
    let (bytes, count) = (batch.bytes(), claim.rows.len());
    let again: u64 = claim.rows.iter().map(handed_on_before).sum();
    lane.run.sent_again(again.min(answer.bytes_sent));
    learn(&lane, &answer, bytes, count, flying).await?;

    let stored = answer.verdicts.iter().filter(|one| is_stored(one.verdict)).count() as u64;
    if stored > 0 {
        lane.signs.stored();
    }
    lane.said_there.learn(study, &answer.verdicts);
    if stored > 0 {
        lane.answered(Talk::Store, begun).await?;
    }
    // Before its rows can be claimed again: in between, one more batch would go to a destination that wants none.
    if let Scope::Destination { reason, after } = answer.scope {
        lane.park(Talk::Store, reason, reason.numbers(), after).await?;
    }
    let (rows, jitter, told) = (claim.rows, jitter(), answer.clone());
    let others_go = lane.signs.stores();
    lane.desk
        .ask(move |books| {
            let answers = settle::of_batch(&rows, &told, others_go, now(), jitter);
            let settled = books.queue.settle(&answers, now()).or_fault()?;
            books.queue.copy_lost(&settle::copies_lost(&rows, &told)).or_fault()?;
            if !settled.impossible.is_empty() {
                tracing::warn!(
                    rows = settled.impossible.len(),
                    "answers that do not fit their rows"
                );
            }
            Ok(())
        })
        .await?;
    lane.run.stored(stored);
    tracing::info!(
        study = claim.study.0,
        instances = count,
        bytes,
        stored,
        status = answer.status,
        millis = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
        "batch"
    );
    Ok(Ended { study, kind: Kind::Sent })
}

/// The exchange itself. While it goes on, the claim is renewed and moving bytes count as a gain.
async fn exchange(lane: &Arc<Lane>, claim: &Claim, batch: &Batch) -> Result<BatchAnswer, Fault> {
    let before = AtomicU64::new(0);
    let progress = |so_far: u64| {
        let last = before.swap(so_far, Ordering::Relaxed);
        lane.run.sent(so_far.saturating_sub(last));
        lane.signs.gained();
    };
    lane.run.requested();
    let store = lane.archive.store(batch, &progress);
    tokio::pin!(store);
    loop {
        tokio::select! {
            answer = &mut store => return Ok(answer),
            () = tokio::time::sleep(LEASE / 10) => {
                let claim = claim.clone();
                lane.desk.ask(move |books| books.queue.renew_leases(&claim, now(), LEASE).or_fault()).await?;
            }
        }
    }
}

/// Takes over what a batch taught about the pace and the limits of the destination.
async fn learn(
    lane: &Arc<Lane>,
    answer: &BatchAnswer,
    bytes: u64,
    count: usize,
    flying: usize,
) -> Result<(), Fault> {
    if let Some(measured) = measured(answer, bytes, flying) {
        lane.gate.learn(measured);
    }
    if let (Some(most_bytes), true) = (answer.learned.max_request_bytes, count > 1) {
        lane.gate.learn(Measured::TooLarge { most_bytes });
        let (id, dialect) = (lane.destination, answer.learned.dialect);
        // Not this answer's own: one to a larger request may come after one to a smaller.
        let learned = Learned { dialect, max_request_bytes: Some(lane.gate.most_bytes()) };
        lane.desk.ask(move |books| books.queue.learn(id, learned).or_fault()).await?;
    }
    Ok(())
}

/// Bytes of an instance that were handed on in earlier tries. Of one whose sender died nobody knows: all of them, then.
fn handed_on_before(row: &InstanceRow) -> u64 {
    match (row.bytes_sent, row.sent_at) {
        (0, None) => 0,
        (0, Some(_)) => row.bytes,
        (handed, _) => handed.min(row.bytes),
    }
}

/// What a batch says of the pace. Without an answer only a break of the connection says something, and that of the line.
fn measured(answer: &BatchAnswer, bytes: u64, flying: usize) -> Option<Measured> {
    let Some(status) = answer.status else {
        let broke = answer.verdicts.iter().any(|one| is_cut(one.verdict));
        return broke.then_some(Measured::Cut { bytes: answer.bytes_sent });
    };
    if let Scope::Destination { reason, .. } | Scope::Batch(reason) = answer.scope
        && reason.code == Code::ArchiveBusy
    {
        return Some(Measured::PushedBack);
    }
    // A refusal may come before the bytes went out, or quicker than they would be stored.
    let whole = (200..300).contains(&status) && answer.bytes_sent >= bytes;
    whole.then_some(Measured::Answered { bytes, took: answer.took, in_flight: flying })
}

fn is_cut(verdict: Verdict) -> bool {
    match verdict {
        Verdict::TryAgain { reason, .. } | Verdict::Unknown(reason) => {
            matches!(reason.code, Code::ConnectionLost | Code::Stalled)
        }
        Verdict::Stored
        | Verdict::StoredWithWarning(_)
        | Verdict::Refused(_)
        | Verdict::AlreadyThere(_)
        | Verdict::SendAlone(_)
        | Verdict::SourceChanged
        | Verdict::SourceGone => false,
    }
}

fn is_stored(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Stored | Verdict::StoredWithWarning(_) => true,
        Verdict::Refused(_)
        | Verdict::AlreadyThere(_)
        | Verdict::SendAlone(_)
        | Verdict::TryAgain { .. }
        | Verdict::Unknown(_)
        | Verdict::SourceChanged
        | Verdict::SourceGone => false,
    }
}
