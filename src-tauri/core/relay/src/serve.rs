//! Working the queue for as long as the program runs: every destination that has something to do has a lane, new ones
//! get theirs, and a lane is begun anew when its destination was changed or the disk was full.

use crate::clock;
use crate::desk::Books;
use crate::ended;
use crate::faults::OrFault;
use crate::lane::{Lane, Shared};
use crate::observer::Observer;
use crate::relay::{AtWork, Relay};
use crate::report::{Reach, Report};
use crate::run::Run;
use crate::sources::by_now;
use crate::spool::Copies;
use crate::stop::Stop;
use crate::work::{destinations, scope};
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::{Code, Destination, Fault, Reason};
use relaypacs_queue::{DestinationId, DestinationRow, Scope, StudyId};
use relaypacs_scan::Opener;
use relaypacs_upload::Archive;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it is looked for new work, and for imports that came to their end.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked for sources that were gone.
const SOURCES: Duration = Duration::from_secs(5);
/// How long after trouble with the disk it is tried again.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// A lane at work.
struct Working {
    destination: Destination,
    stop: Stop,
    work: JoinHandle<Result<HashSet<StudyId>, Fault>>,
    not_before: tokio::time::Instant,
}

/// Everything that is at work. Whoever lets go of it stops it.
struct AllAtWork {
    stop: Stop,
    lanes: HashMap<DestinationId, Working>,
    copier: Option<JoinHandle<Result<(), Fault>>>,
    looked: tokio::time::Instant,
}

impl Drop for AllAtWork {
    fn drop(&mut self) {
        self.stop.stop();
        for lane in self.lanes.values() {
            lane.stop.stop();
        }
    }
}

impl AllAtWork {
    /// Nothing yet.
    fn new() -> Self {
        let looked = tokio::time::Instant::now();
        Self { stop: Stop::new(), lanes: HashMap::new(), copier: None, looked }
    }

    /// Stops it, and waits until all of it is over. Gives the studies that were closed last.
    async fn end(mut self, observer: &Arc<dyn Observer>) -> HashSet<StudyId> {
        self.stop.stop();
        for lane in self.lanes.values() {
            lane.stop.stop();
        }
        let mut closed = HashSet::new();
        for (_, lane) in self.lanes.drain() {
            match joined(lane.work.await) {
                Ok(studies) => closed.extend(studies),
                Err(fault) => observer.trouble(&fault),
            }
        }
        if let Some(copier) = self.copier.take()
            && let Err(fault) = joined(copier.await)
        {
            observer.trouble(&fault);
        }
        closed
    }
}

/// What something at work ended with, where it did not panic.
pub(crate) fn joined<T>(
    ended: Result<Result<T, Fault>, tokio::task::JoinError>,
) -> Result<T, Fault> {
    ended.map_err(|error| Fault::with(Code::Internal, error)).and_then(|ended| ended)
}

impl Relay {
    /// Works everything that is and comes into the queue until it is stopped. What it began is over when it returns.
    ///
    /// # Errors
    /// Where the ends of imports cannot be told at the end. Trouble with an archive or the disk before that is told to
    /// the observer, and tried again.
    pub async fn serve(&self, observer: Arc<dyn Observer>, stop: &Stop) -> Result<(), Fault> {
        let Some(at_work) = self.begin_work(stop).await else { return Ok(()) };
        let counts = loop {
            let counts = self.desk.ask(|books| books.queue.view().counts(Scope::All).or_fault());
            match counts.await {
                Ok(counts) => break counts,
                Err(fault) => observer.trouble(&fault),
            }
            if !rest(AFTER_TROUBLE, stop).await {
                return Ok(());
            }
        };
        let report = Arc::new(Report::new(Reach::Everything, observer.clone()));
        let (run, copies) = (Arc::new(Run::new(&counts)), Arc::new(Copies::new()));
        let shared = self.shared(at_work, report, run, copies);
        self.keep_at_work(Reach::Everything, &shared, &observer, stop).await;
        self.tell_ends(&shared.run, &observer).await
    }

    /// What lanes have in common.
    pub(crate) fn shared(
        &self,
        at_work: AtWork,
        report: Arc<Report>,
        run: Arc<Run>,
        copies: Arc<Copies>,
    ) -> Shared {
        Shared {
            at_work,
            report,
            run,
            opener: Opener::new(),
            copies,
            timing: self.timing,
            network: self.network.clone(),
            cancelled: self.cancelled.clone(),
        }
    }

    /// Works until it is stopped. Whatever fails meanwhile is told and tried again. Gives the studies that were closed.
    pub(crate) async fn keep_at_work(
        &self,
        reach: Reach,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> HashSet<StudyId> {
        let mut all = AllAtWork::new();
        while !stop.is_stopped() {
            let wait = match self.turn(&mut all, reach, shared, observer).await {
                Ok(()) => LOOK,
                Err(fault) => {
                    observer.trouble(&fault);
                    AFTER_TROUBLE
                }
            };
            rest(wait, stop).await;
        }
        all.end(observer).await
    }

    /// Looks after everything once. One thing that fails does not keep the others from it; the first fault is given.
    async fn turn(
        &self,
        all: &mut AllAtWork,
        reach: Reach,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
    ) -> Result<(), Fault> {
        let looked = self
            .desk
            .ask(move |books| {
                books.abandon_the_rest();
                let view = books.queue.view();
                Ok((destinations(view, reach)?, view.counts(scope(reach)).or_fault()?))
            })
            .await;
        let mut went = Ok(());
        match looked {
            Ok((rows, counts)) => {
                shared.run.is_about(&counts);
                for row in rows {
                    self.keep_working(&mut all.lanes, row, shared, observer).await;
                }
            }
            Err(fault) => went = Err(fault),
        }
        match self.keep_copying(all.copier.take(), shared, observer, &all.stop).await {
            Ok(copier) => all.copier = copier,
            Err(fault) => went = went.and(Err(fault)),
        }
        if all.looked.elapsed() >= SOURCES {
            all.looked = tokio::time::Instant::now();
            went = went.and(self.find_sources_again().await.map(drop));
        }
        went.and(self.tell_ends(&shared.run, observer).await)
    }

    /// One copier at a time; one that ended in trouble with the disk is told, and begun anew.
    async fn keep_copying(
        &self,
        copier: Option<JoinHandle<Result<(), Fault>>>,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Option<JoinHandle<Result<(), Fault>>>, Fault> {
        if let Some(copier) = copier {
            if !copier.is_finished() {
                return Ok(Some(copier));
            }
            let ended = copier.await.map_err(|error| Fault::with(Code::Internal, error));
            if let Err(fault) = ended.and_then(|ended| ended) {
                observer.trouble(&fault);
                return Ok(None);
            }
        }
        self.copy_beside(&shared.copies, &shared.opener, observer, stop).await
    }

    async fn keep_working(
        &self,
        lanes: &mut HashMap<DestinationId, Working>,
        row: DestinationRow,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
    ) {
        let id = row.id;
        let (mut not_before, mut changed) = (tokio::time::Instant::now(), false);
        if let Some(lane) = lanes.get_mut(&id) {
            changed = lane.destination != row.destination;
            if changed {
                lane.stop.stop();
            }
            if !lane.work.is_finished() || not_before < lane.not_before {
                return;
            }
            if let Some(lane) = lanes.remove(&id)
                && let Err(fault) = joined(lane.work.await)
            {
                observer.trouble(&fault);
                not_before += AFTER_TROUBLE;
            }
        }
        let destination = row.destination.clone();
        let stop = Stop::new();
        let lane = self.lane(row, shared, observer, (&stop, changed)).await;
        let asked = stop.clone();
        let work = match lane {
            Ok(Some(lane)) => tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep_until(not_before) => {}
                    () = asked.stopped() => {}
                }
                lane.work(None).await
            }),
            Ok(None) => tokio::spawn(async { Ok(HashSet::new()) }),
            Err(fault) => tokio::spawn(async { Err(fault) }),
        };
        // One that ended at once is not begun anew in every moment.
        let not_before = not_before + AFTER_TROUBLE;
        lanes.insert(id, Working { destination, stop, work, not_before });
    }

    /// A lane for one destination, which is tried at once where somebody wants that `now`. `None` where it cannot be used
    /// as it stands: it is parked with the reason, which the observer is told when that begins.
    pub(crate) async fn lane(
        &self,
        mut row: DestinationRow,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
        (stop, now): (&Stop, bool),
    ) -> Result<Option<Arc<Lane>>, Fault> {
        let archive =
            Archive::throttled(&row.destination, shared.timing, self.limit.throttle.clone());
        let (id, waits_for) =
            (row.id, row.parked.filter(|parked| parked.until.is_none()).map(|it| it.reason.code));
        // A file that was not there may be, without anybody saying so.
        let is_back = archive.is_ok() && waits_for == Some(Code::CredentialFile);
        if now || is_back {
            self.desk.ask(move |books| books.queue.try_now(id).or_fault()).await?;
            row.parked = None;
        }
        let fault = match archive {
            Ok(archive) => {
                return Ok(Some(Lane::new(&self.desk, (row, archive), shared, observer, stop)));
            }
            Err(fault) => fault,
        };
        if row.parked.is_none() || waits_for != Some(fault.code) {
            let reason = Reason::new(fault.code);
            let park = move |books: &mut Books| {
                books.queue.park(id, reason, None, clock::now()).or_fault()
            };
            self.desk.ask(park).await?;
            observer.parked(&row.destination.label, &fault, None);
        }
        let label = DestinationLabel::from(&row.destination);
        ended::close_cancelled(&self.desk, &shared.report, id, &label).await?;
        Ok(None)
    }

    pub(crate) async fn tell_ends(
        &self,
        run: &Run,
        observer: &Arc<dyn Observer>,
    ) -> Result<(), Fault> {
        let ended = self.desk.ask(Books::end_whole_imports).await?;
        if ended.is_empty() {
            return Ok(());
        }
        // What they took is told before their ends.
        observer.progress(&run.progress());
        for (mut end, noted) in ended {
            end.source = by_now(end.source, noted).await?;
            observer.import_ended(&end);
        }
        self.desk.ask(Books::forget_sources).await
    }
}

/// Waits for so long. False where it is stopped.
async fn rest(wait: Duration, stop: &Stop) -> bool {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = stop.stopped() => {}
    }
    !stop.is_stopped()
}
