//! A run: every destination that has something to do gets a lane, and at the end everything is told.

use crate::close::{Closing, leave};
use crate::desk::Books;
use crate::faults::OrFault;
use crate::lane::Shared;
use crate::observer::{Observer, Summary};
use crate::relay::Relay;
use crate::report::{Reach, Report};
use crate::run::Run;
use crate::stop::Stop;
use relaypacs_ledger::{DestinationLabel, IndexTally};
use relaypacs_model::{Code, Fault};
use relaypacs_queue::{DestinationId, DestinationRow, Scope, StudyFilter, StudyId, StudyRow};
use relaypacs_scan::Opener;
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
    /// How long a destination may take nothing before it is given up for this run; `None`: for ever.
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
    /// Those of the disk and of the program itself. Trouble with an archive is not an error: it is told as a verdict.
    pub async fn work(
        &self,
        work: Work,
        observer: Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Summary, Fault> {
        let begun = Instant::now();
        self.find_sources_again().await?;
        let report = Arc::new(Report::new(work.reach, observer.clone()));
        let scope = match work.reach {
            Reach::Import(import) => Scope::Import(import),
            Reach::Everything => Scope::All,
        };
        let (rows, counts) = self
            .desk
            .ask(move |books| {
                let view = books.queue.view();
                Ok((destinations(view, work.reach)?, view.counts(scope).or_fault()?))
            })
            .await?;
        if let (Some(path), Some(row)) = (&work.paper, rows.first()) {
            report.on_paper(path, &DestinationLabel::from(&row.destination));
        }
        let run = Arc::new(Run::new(&counts));
        let closed = self.run_lanes(&rows, work.patience, &report, &run, &observer, stop).await?;
        self.tell_what_waits(&rows, &closed, &report).await?;
        self.desk.ask(Books::end_receipts).await?;
        let skipped = self.skipped(work.reach).await?;
        let (outcomes, paper_fault) = report.finish(&skipped, work.index);
        let instances = self.offered(work.reach, counts.here().instances).await?;
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
        patience: Option<Duration>,
        report: &Arc<Report>,
        run: &Arc<Run>,
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<HashSet<StudyId>, Fault> {
        let mut lanes = JoinSet::new();
        let opener = Opener::new();
        let copying = self.begin_copying(&opener, observer, stop).await?;
        let shared = Shared {
            report: report.clone(),
            run: run.clone(),
            opener,
            copies: copying.copies.clone(),
            timing: self.timing,
            network: self.network.clone(),
            cancelled: self.cancelled.clone(),
        };
        for row in rows {
            // Whoever starts a run wants it tried now; one that goes on for ever goes on where it was.
            let now = patience.is_some();
            let Some(lane) = self.lane(row.clone(), &shared, observer, (stop, now)).await? else {
                continue;
            };
            lanes.spawn(lane.work(patience));
        }
        let (mut closed, mut failed) = (HashSet::new(), None);
        while let Some(ended) = lanes.join_next().await {
            let ended =
                ended.map_err(|error| Fault::with(Code::Internal, error)).and_then(|ended| ended);
            match ended {
                Ok(studies) => closed.extend(studies),
                // One lane that fails (a full disk) does not take the others' ends away.
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        if failed.is_some() {
            copying.copies.give_up();
        }
        let copied = copying.end().await;
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
    async fn offered(&self, reach: Reach, at_start: u64) -> Result<u64, Fault> {
        let Reach::Import(import) = reach else { return Ok(at_start) };
        self.desk
            .ask(move |books| {
                Ok(books.queue.view().counts(Scope::Import(import)).or_fault()?.total().instances)
            })
            .await
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
