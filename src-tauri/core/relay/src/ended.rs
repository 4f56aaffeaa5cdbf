//! Studies that have come to their end and that nobody has closed yet.

use crate::close;
use crate::desk::Desk;
use crate::faults::OrFault;
use crate::lane::Lane;
use crate::report::Report;
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::Fault;
use relaypacs_queue::{Counts, DestinationId, Scope, StudyFilter, StudyId, StudyRow};
use std::sync::Arc;

impl Lane {
    /// Studies that came to their end without a task of this lane: the rest of one was moved away, or none of one could be
    /// sent. They are looked for where the queue comes to something else here than when it was `seen_as`.
    pub(crate) async fn ended_without_us(
        &self,
        seen_as: &mut Option<Counts>,
    ) -> Result<Vec<StudyId>, Fault> {
        let id = self.destination;
        let counts = self
            .desk
            .ask(move |books| books.queue.view().counts(Scope::Destination(id)).or_fault())
            .await?;
        if seen_as.as_ref() == Some(&counts) {
            return Ok(Vec::new());
        }
        *seen_as = Some(counts);
        self.done_studies().await
    }

    /// Studies that came to their end before this run and were not closed, or hold something that needs a person.
    pub(crate) async fn done_studies(&self) -> Result<Vec<StudyId>, Fault> {
        done(&self.desk, self.destination, |_| true).await
    }
}

/// Closes what a person took out of a destination that cannot be used as it stands: nothing goes there, and still nothing of
/// the patient is to stay.
pub(crate) async fn close_cancelled(
    desk: &Desk,
    report: &Arc<Report>,
    destination: DestinationId,
    label: &DestinationLabel,
) -> Result<(), Fault> {
    let cancelled = done(desk, destination, |study| study.cancelled).await?;
    let (done, _) = close::look(desk, label, cancelled.into_iter().collect()).await?;
    for closing in done {
        close::close(desk, report, closing).await?;
    }
    Ok(())
}

/// What has come to its end at a destination and is in the queue still, as far as it is wanted.
async fn done(
    desk: &Desk,
    destination: DestinationId,
    wanted: fn(&StudyRow) -> bool,
) -> Result<Vec<StudyId>, Fault> {
    desk.ask(move |books| {
        let filter =
            StudyFilter { destination: Some(destination), done: true, ..StudyFilter::default() };
        let (mut done, mut after) = (Vec::new(), None);
        loop {
            let page = books.queue.view().studies(&filter, after, 1_000).or_fault()?;
            let Some(last) = page.last() else { return Ok(done) };
            after = Some(last.id);
            done.extend(page.iter().filter(|row| wanted(row)).map(|row| row.id));
        }
    })
    .await
}
