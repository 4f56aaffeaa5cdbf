//! Before a batch goes out: what of it is not on its source any more is set apart at once. A request that breaks off at a
//! missing file would cost its neighbours a wait, and a disc that was taken out is missing every file.

use crate::clock::now;
use crate::faults::OrFault;
use crate::lane::Lane;
use relaypacs_model::{Code, Fault, Reason};
use relaypacs_queue::{Answer, Claim, Copying, Event, InstanceRow};
use std::collections::HashSet;
use std::io;
use std::sync::Arc;

/// The claim without what is gone, which is settled here; `None` where nothing of it is left.
pub(crate) async fn set_apart(lane: &Arc<Lane>, claim: Claim) -> Result<Option<Claim>, Fault> {
    let looked = tokio::task::spawn_blocking(move || {
        let gone: Vec<Answer> = claim.rows.iter().filter(|row| is_gone(row)).map(answer).collect();
        (claim, gone)
    });
    let (mut claim, gone) = looked.await.map_err(|error| Fault::with(Code::Internal, error))?;
    if gone.is_empty() {
        return Ok(Some(claim));
    }
    let ids: HashSet<_> = gone.iter().map(|answer| answer.instance).collect();
    lane.desk.ask(move |books| books.queue.settle(&gone, now()).or_fault()).await?;
    claim.rows.retain(|row| !ids.contains(&row.id));
    Ok((!claim.rows.is_empty()).then_some(claim))
}

/// Only what the system says is not there: everything else shows when it is read.
fn is_gone(row: &InstanceRow) -> bool {
    let about = || std::fs::symlink_metadata(row.location.file());
    row.copy != Copying::Done && about().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn answer(row: &InstanceRow) -> Answer {
    let damaged = row.reason.filter(|reason| reason.code == Code::CopyDamaged);
    Answer::to_claim(row.id, row.attempt, Event::SourceGone)
        .because(damaged.unwrap_or(Reason::new(Code::SourceGone)))
}
