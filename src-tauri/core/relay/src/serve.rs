//! Working the queue for as long as the program runs: every destination that has something to do has a lane, new ones
//! get theirs, and a lane is begun anew when its destination was changed or the disk was full.

use crate::desk::Books;
use crate::faults::OrFault;
use crate::lane::{Lane, Shared};
use crate::observer::Observer;
use crate::relay::Relay;
use crate::report::{Reach, Report};
use crate::run::Run;
use crate::sources::by_now;
use crate::spool::Copies;
use crate::stop::Stop;
use crate::work::destinations;
use relaypacs_model::{Code, Destination, Fault};
use relaypacs_queue::{DestinationId, DestinationRow, Scope, StudyId};
use relaypacs_scan::Opener;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it is looked for new work, and for imports that came to their end.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked for sources that were gone.
const SOURCES: Duration = Duration::from_secs(5);
/// How long after trouble with the disk a lane is begun anew.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// A lane at work.
struct Working {
    destination: Destination,
    stop: Stop,
    work: JoinHandle<Result<HashSet<StudyId>, Fault>>,
    not_before: tokio::time::Instant,
}

impl Relay {
    /// Works everything that is and comes into the queue until it is stopped.
    ///
    /// # Errors
    /// Those of the program itself. Trouble with an archive or the disk is told to the observer, and tried again.
    pub async fn serve(&self, observer: Arc<dyn Observer>, stop: &Stop) -> Result<(), Fault> {
        let counts =
            self.desk.ask(|books| books.queue.view().counts(Scope::All).or_fault()).await?;
        let shared = Shared {
            report: Arc::new(Report::new(Reach::Everything, observer.clone())),
            run: Arc::new(Run::new(&counts)),
            opener: Opener::new(),
            copies: Arc::new(Copies::new()),
            timing: self.timing,
            network: self.network.clone(),
            cancelled: self.cancelled.clone(),
        };
        let (mut copier, mut looked) = (None, tokio::time::Instant::now());
        let mut lanes: HashMap<DestinationId, Working> = HashMap::new();
        while !stop.is_stopped() {
            let rows =
                self.desk.ask(|books| destinations(books.queue.view(), Reach::Everything)).await?;
            copier = self.keep_copying(copier, &shared, &observer, stop).await?;
            if looked.elapsed() >= SOURCES {
                looked = tokio::time::Instant::now();
                self.find_sources_again().await?;
            }
            for row in rows {
                self.keep_working(&mut lanes, row, &shared, &observer).await;
            }
            self.tell_ends(&observer).await?;
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.stopped() => {}
            }
        }
        for lane in lanes.values() {
            lane.stop.stop();
        }
        for lane in lanes.into_values() {
            // What a lane ended with was told to the observer, or comes up again at the next start.
            let _ = lane.work.await;
        }
        if let Some(copier) = copier {
            let _ = copier.await;
        }
        self.tell_ends(&observer).await
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
                && let Ok(Err(fault)) = lane.work.await
            {
                observer.trouble(&fault);
                not_before += AFTER_TROUBLE;
            }
        }
        let destination = row.destination.clone();
        let stop = Stop::new();
        let lane = self.lane(row, shared, observer, (&stop, changed)).await;
        let work = match lane {
            Ok(Some(lane)) => tokio::spawn(async move {
                tokio::time::sleep_until(not_before).await;
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
    /// as it stands, which the observer was told.
    pub(crate) async fn lane(
        &self,
        row: DestinationRow,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
        (stop, now): (&Stop, bool),
    ) -> Result<Option<Arc<Lane>>, Fault> {
        let id = row.id;
        if now {
            self.desk.ask(move |books| books.queue.unpark(id).or_fault()).await?;
        }
        Ok(Lane::new(&self.desk, row, shared, observer, stop))
    }

    async fn tell_ends(&self, observer: &Arc<dyn Observer>) -> Result<(), Fault> {
        let ended = self.desk.ask(Books::end_whole_imports).await?;
        if ended.is_empty() {
            return Ok(());
        }
        for (mut end, noted) in ended {
            end.source = by_now(end.source, noted).await?;
            observer.import_ended(&end);
        }
        self.desk.ask(Books::forget_sources).await
    }
}
