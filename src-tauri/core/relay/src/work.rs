//! A run: every destination that has something to do gets a lane, and at the end everything is told.

use crate::close::{Closing, leave};
use crate::desk::Books;
use crate::faults::OrFault;
use crate::lane::Shared;
use crate::observer::{Observer, Summary};
use crate::relay::Relay;
use crate::report::{Reach, Report};
use crate::run::Run;
use crate::serve::joined;
use crate::spool::Copies;
use crate::stop::Stop;
use relaypacs_ledger::{DestinationLabel, IndexTally};
use relaypacs_model::{Code, Fault};
use relaypacs_queue::{DestinationId, DestinationRow, Scope, StudyFilter, StudyId, StudyRow};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What to do in a run.
#[derive(Debug, Clone)]
pub struct Work {
    /// What the run is about. Its destinations work everything they have; only this is told.
    pub reach: Reach,
    /// How long a destination may take nothing before it is given up for this run; `None`: never, the run goes on until it
    /// is stopped, and works what is offered meanwhile.
    pub patience: Option<Duration>,
    /// What the index of the disc says ([`crate::ScanCounts::index`]), for the receipt.
    pub index: Option<IndexTally>,
    /// Where to save the receipt with plain UIDs.
    pub paper: Option<PathBuf>,
}

impl Relay {
    /// Sends, confirms, erases and tells. Comes back when nothing is left to do, when nothing can be done within the
    /// patience, or when it is stopped; what is not confirmed then waits in the queue.
    ///
    /// # Errors
    /// Those of the disk and of the program itself; in a run that goes on they are told and tried again instead, as in
    /// [`Relay::serve`]. [`Code::Stopped`] where others are at work until it is stopped. Trouble with an archive is not an error: it is told as a verdict.
    pub async fn work(
        &self,
        work: Work,
        observer: Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Summary, Fault> {
        let begun = Instant::now();
        let Some(at_work) = self.begin_work(stop).await else {
            return Err(Fault::new(Code::Stopped));
        };
        self.find_sources_again().await?;
        let report = Arc::new(Report::new(work.reach, observer.clone()));
        let (rows, counts) = self
            .desk
            .ask(move |books| {
                let view = books.queue.view();
                Ok((destinations(view, work.reach)?, view.counts(scope(work.reach)).or_fault()?))
            })
            .await?;
        if let (Some(path), Some(row)) = (&work.paper, rows.first()) {
            report.on_paper(path, &DestinationLabel::from(&row.destination));
        }
        let run = Arc::new(Run::new(&counts));
        let shared = self.shared(at_work, report.clone(), run.clone(), Arc::new(Copies::new()));
        let (closed, rows) = match work.patience {
            Some(patience) => {
                (self.run_lanes(&rows, patience, &shared, &observer, stop).await?, rows)
            }
            None => {
                let closed = self.keep_at_work(work.reach, &shared, &observer, stop).await;
                self.tell_ends(&run, &observer).await?;
                // More may have come.
                let rows = move |books: &mut Books| destinations(books.queue.view(), work.reach);
                (closed, self.desk.ask(rows).await?)
            }
        };
        self.tell_what_waits(&rows, &closed, &report).await?;
        self.desk.ask(Books::end_receipts).await?;
        let skipped = self.skipped(work.reach).await?;
        let (outcomes, paper_fault) = report.finish(&skipped, work.index);
        let instances = self.offered(work.reach, &run).await?;
        let (bytes_sent, bytes_sent_again, requests) = run.totals();
        Ok(Summary {
            instances,
            outcomes,
            bytes_sent,
            bytes_sent_again,
            requests,
            paper_fault,
            took: begun.elapsed(),
        })
    }

    async fn run_lanes(
        &self,
        rows: &[DestinationRow],
        patience: Duration,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<HashSet<StudyId>, Fault> {
        let (mut lanes, mut failed) = (JoinSet::new(), None);
        let copier = self.copy_beside(&shared.copies, &shared.opener, observer, stop).await?;
        for row in rows {
            // Whoever starts a run wants it tried now.
            match self.lane(row.clone(), shared, observer, (stop, true)).await {
                Ok(Some(lane)) => drop(lanes.spawn(lane.work(Some(patience)))),
                Ok(None) => {}
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        let mut closed = HashSet::new();
        while let Some(ended) = lanes.join_next().await {
            match joined(ended) {
                Ok(studies) => closed.extend(studies),
                // One lane that fails (a full disk) does not take the others' ends away.
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        if failed.is_some() {
            shared.copies.give_up();
        }
        let copied = match copier {
            Some(copier) => joined(copier.await),
            None => Ok(()),
        };
        failed.map_or_else(|| copied.map(|()| closed), Err)
    }

    /// Everything that did not come to its end in this run.
    async fn tell_what_waits(
        &self,
        rows: &[DestinationRow],
        closed: &HashSet<StudyId>,
        report: &Arc<Report>,
    ) -> Result<(), Fault> {
        for row in rows {
            let label = DestinationLabel::from(&row.destination);
            let mut after = None;
            loop {
                let page = self.studies(row.id, after).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                // What a lane closed was told by it; of what it could not close, what has ended as well.
                for study in page.into_iter().filter(|study| !closed.contains(&study.id)) {
                    let closing = Closing {
                        study: study.id,
                        study_uid: study.study_uid,
                        label: label.clone(),
                    };
                    leave(&self.desk, report, closing).await?;
                }
            }
        }
        Ok(())
    }

    /// A page of a destination's studies: all of them may be more than memory should hold.
    async fn studies(
        &self,
        destination: DestinationId,
        after: Option<StudyId>,
    ) -> Result<Vec<StudyRow>, Fault> {
        self.desk
            .ask(move |books| {
                let filter =
                    StudyFilter { destination: Some(destination), ..StudyFilter::default() };
                books.queue.view().studies(&filter, after, 1_000).or_fault()
            })
            .await
    }

    async fn skipped(
        &self,
        reach: Reach,
    ) -> Result<BTreeMap<relaypacs_model::SkipReason, u64>, Fault> {
        let Reach::Import(import) = reach else { return Ok(BTreeMap::new()) };
        self.desk
            .ask(move |books| {
                let row = books.queue.view().import(import).or_fault()?;
                Ok(row.skipped.iter().map(|(reason, tally)| (*reason, tally.instances)).collect())
            })
            .await
    }

    /// How many instances the run was about, by the queue's own sums: what the verdicts are held against.
    async fn offered(&self, reach: Reach, run: &Run) -> Result<u64, Fault> {
        let counts =
            self.desk.ask(move |books| books.queue.view().counts(scope(reach)).or_fault()).await?;
        Ok(match reach {
            Reach::Import(_) => counts.total().instances,
            Reach::Everything => run.is_about(&counts),
        })
    }
}

/// What a run counts.
pub(crate) fn scope(reach: Reach) -> Scope {
    match reach {
        Reach::Import(import) => Scope::Import(import),
        Reach::Everything => Scope::All,
    }
}

/// Destinations that have something to do with the run.
pub(crate) fn destinations(
    view: relaypacs_queue::View<'_>,
    reach: Reach,
) -> Result<Vec<DestinationRow>, Fault> {
    match reach {
        Reach::Import(import) => {
            let id = view.import(import).or_fault()?.destination;
            id.map(|id| view.destination(id).or_fault()).into_iter().collect()
        }
        Reach::Everything => {
            let mut busy = Vec::new();
            for row in view.destinations().or_fault()? {
                let filter = StudyFilter { destination: Some(row.id), ..StudyFilter::default() };
                if !view.studies(&filter, None, 1).or_fault()?.is_empty() {
                    busy.push(row);
                }
            }
            Ok(busy)
        }
    }
}
