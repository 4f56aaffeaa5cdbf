//! Working the queue for as long as the program runs: every destination that has something to do has a lane, new ones
//! get theirs, and a lane is begun anew when its destination was changed or the disk was full.

use crate::desk::Books;
use crate::faults::OrFault;
use crate::lane::Lane;
use crate::observer::Observer;
use crate::relay::Relay;
use crate::report::{Reach, Report};
use crate::run::Run;
use crate::stop::Stop;
use crate::work::destinations;
use relaypacs_model::{Destination, Fault};
use relaypacs_queue::{DestinationId, DestinationRow, Scope, StudyId};
use relaypacs_scan::Opener;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it is looked for new work, and for imports that came to their end.
const LOOK: Duration = Duration::from_millis(500);
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
        let report = Arc::new(Report::new(Reach::Everything, observer.clone()));
        let counts =
            self.desk.ask(|books| books.queue.view().counts(Scope::All).or_fault()).await?;
        let run = Arc::new(Run::new(&counts));
        let opener = Opener::new();
        let mut lanes: HashMap<DestinationId, Working> = HashMap::new();
        while !stop.is_stopped() {
            let rows =
                self.desk.ask(|books| destinations(books.queue.view(), Reach::Everything)).await?;
            for row in rows {
                self.keep_working(&mut lanes, row, (&report, &run, &opener), &observer).await;
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
        self.tell_ends(&observer).await
    }

    async fn keep_working(
        &self,
        lanes: &mut HashMap<DestinationId, Working>,
        row: DestinationRow,
        (report, run, opener): (&Arc<Report>, &Arc<Run>, &Opener),
        observer: &Arc<dyn Observer>,
    ) {
        let id = row.id;
        let mut not_before = tokio::time::Instant::now();
        if let Some(lane) = lanes.get_mut(&id) {
            if lane.destination != row.destination {
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
        let lane = self.lane(row, (report, run, opener), observer, &stop).await;
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

    /// A lane for one destination; `None` where it cannot be used as it stands, which the observer was told.
    pub(crate) async fn lane(
        &self,
        row: DestinationRow,
        (report, run, opener): (&Arc<Report>, &Arc<Run>, &Opener),
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Option<Arc<Lane>>, Fault> {
        let id = row.id;
        // Whoever starts a run wants it tried now.
        self.desk.ask(move |books| books.queue.unpark(id).or_fault()).await?;
        Ok(Lane::new(&self.desk, row, (report, run, opener), observer, stop))
    }

    async fn tell_ends(&self, observer: &Arc<dyn Observer>) -> Result<(), Fault> {
        for end in self.desk.ask(Books::end_whole_imports).await? {
            observer.import_ended(&end);
        }
        Ok(())
    }
}
