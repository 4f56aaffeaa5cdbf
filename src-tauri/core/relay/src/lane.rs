//! One destination at work: a closed loop that asks, sends and closes, until nothing is left to do or nothing can be
//! done for now. A slow or dead destination never slows another: each has its own lane.

use crate::cancelled::Cancelled;
use crate::clock::now;
use crate::desk::Desk;
use crate::doubt::Doubt;
use crate::faults::OrFault;
use crate::gate::Gate;
use crate::network::{Network, Watch};
use crate::observer::Observer;
use crate::relay::AtWork;
use crate::report::Report;
use crate::run::{Run, Signs};
use crate::said_there::{self, SaidThere};
use crate::spool::Copies;
use crate::stop::Stop;
use crate::{ask, close, send};
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::{Code, Fault, ReadBack};
use relaypacs_queue::{Counts, DestinationId, DestinationRow, Erased, StudyId, StudyToAsk};
use relaypacs_scan::Opener;
use relaypacs_upload::{Archive, Timing};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};

/// What every task of a lane needs.
pub(crate) struct Lane {
    pub(crate) desk: Desk,
    pub(crate) archive: Archive,
    pub(crate) destination: DestinationId,
    pub(crate) label: DestinationLabel,
    pub(crate) read_back: ReadBack,
    pub(crate) gate: Gate,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) report: Arc<Report>,
    pub(crate) run: Arc<Run>,
    pub(crate) signs: Signs,
    pub(crate) doubt: Doubt,
    pub(crate) network: Watch,
    pub(crate) stop: Stop,
    /// Shared by all lanes of a run: it remembers where the members of an archive are.
    pub(crate) opener: Opener,
    /// What is copied into the spool meanwhile.
    pub(crate) copies: Arc<Copies>,
    /// What a person takes out meanwhile.
    pub(crate) cancelled: Arc<Cancelled>,
    /// How often in a row a study's stored instances were not listed: an archive may list late.
    pub(crate) absent: Mutex<HashMap<StudyId, u32>>,
    pub(crate) said_there: SaidThere,
    /// Kept until the last task is over.
    _at_work: AtWork,
}

/// What all lanes of a run have in common.
pub(crate) struct Shared {
    pub(crate) at_work: AtWork,
    pub(crate) report: Arc<Report>,
    pub(crate) run: Arc<Run>,
    pub(crate) opener: Opener,
    pub(crate) copies: Arc<Copies>,
    pub(crate) timing: Timing,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) cancelled: Arc<Cancelled>,
}

/// What a task of a lane ended with: the study that may have come to its end.
pub(crate) struct Ended {
    pub(crate) study: StudyId,
    pub(crate) kind: Kind,
}

/// What a task did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Asked,
    Sent,
}

/// How many studies are asked about at once: small studies spend their time in asking.
const ASKS_AT_ONCE: usize = 4;
/// How often progress is told.
const TICK: Duration = Duration::from_millis(100);
/// The shortest wait, against a moment that is due but has nothing to do; doubled as long as that lasts.
const SHORTEST: Duration = Duration::from_millis(20);
/// How often a lane that waits for ever looks for new work.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The loop's own state.
struct Loop {
    tasks: JoinSet<Result<Ended, Fault>>,
    /// Never given up half way: what is told of a study is told whole.
    closings: JoinSet<Result<(StudyId, Erased), Fault>>,
    /// Studies that are asked about or closed right now.
    busy: HashSet<StudyId>,
    /// Studies that may have come to their end.
    to_close: Vec<StudyId>,
    /// Studies that were told, and not worked since.
    closed: HashSet<StudyId>,
    asking: usize,
    flying: usize,
    idle: Duration,
    /// What the queue came to here when it was last looked for what ended without a task.
    seen_as: Option<Counts>,
}

impl Lane {
    /// A lane for one destination, to begin once the last one of this destination is over.
    pub(crate) fn new(
        desk: &Desk,
        (row, archive): (DestinationRow, Archive),
        shared: &Shared,
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> Arc<Self> {
        Arc::new(Self {
            desk: desk.clone(),
            archive,
            destination: row.id,
            label: DestinationLabel::from(&row.destination),
            read_back: row.destination.read_back,
            gate: Gate::new(row.learned.max_request_bytes),
            observer: observer.clone(),
            report: shared.report.clone(),
            run: shared.run.clone(),
            signs: Signs::new(),
            doubt: Doubt::default(),
            network: Watch::new(shared.network.clone()),
            stop: stop.clone(),
            opener: shared.opener.clone(),
            copies: shared.copies.clone(),
            cancelled: shared.cancelled.clone(),
            absent: Mutex::new(HashMap::new()),
            said_there: SaidThere::default(),
            _at_work: shared.at_work.clone(),
        })
    }

    /// Works until nothing is left to do, nothing can be done within `patience` (`None`: waits for ever), or somebody
    /// stops it. Gives the studies that were closed, which is to say told.
    pub(crate) async fn work(
        self: Arc<Self>,
        patience: Option<Duration>,
    ) -> Result<HashSet<StudyId>, Fault> {
        let mut state = Loop {
            tasks: JoinSet::new(),
            closings: JoinSet::new(),
            busy: HashSet::new(),
            to_close: Vec::new(),
            closed: HashSet::new(),
            asking: 0,
            flying: 0,
            idle: SHORTEST,
            seen_as: None,
        };
        let mut ended = self.turns(&mut state, patience).await;
        // However it ends: what is on its way is given up; whether it arrived is asked when a lane begins again.
        state.tasks.shutdown().await;
        while let Some(closed) = state.closings.join_next().await {
            ended = ended.and(joined(closed).map(drop));
        }
        self.observer.progress(&self.run.progress());
        ended.map(|()| state.closed)
    }

    async fn turns(
        self: &Arc<Self>,
        state: &mut Loop,
        patience: Option<Duration>,
    ) -> Result<(), Fault> {
        self.take_over().await?;
        state.to_close = self.done_studies().await?;
        while !self.stop.is_stopped() {
            // Before the queue is looked at: what is copied after that is seen in the next turn.
            let copying = self.copies.is_active();
            state.to_close.extend(self.copies.take_ended(self.destination));
            for study in self.cancelled.take(self.destination) {
                // One that was told as needing a person has another end now.
                state.closed.remove(&study);
                state.to_close.push(study);
            }
            self.start_tasks(state).await?;
            if copying && state.tasks.is_empty() && state.closings.is_empty() {
                self.wait_for_copies().await;
                continue;
            }
            if state.tasks.is_empty() && state.closings.is_empty() {
                let ended = self.ended_without_us(&mut state.seen_as).await?;
                state.to_close.extend(ended);
                self.start_closing(state).await?;
                if !state.closings.is_empty() {
                    continue;
                }
                if !self.wait_for_work(patience, state.idle).await? {
                    break;
                }
                state.idle = (state.idle * 2).min(LOOK_AGAIN);
                continue;
            }
            state.idle = SHORTEST;
            tokio::select! {
                Some(ended) = state.tasks.join_next() => self.take_in(state, ended)?,
                Some(closed) = state.closings.join_next() => {
                    let (study, erased) = joined(closed)?;
                    state.busy.remove(&study);
                    if erased == Erased::NotYet {
                        state.closed.remove(&study);
                        state.to_close.push(study);
                    }
                }
                () = self.stop.stopped() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            self.observer.progress(&self.run.progress());
        }
        Ok(())
    }

    async fn start_tasks(self: &Arc<Self>, state: &mut Loop) -> Result<(), Fault> {
        self.start_closing(state).await?;
        let can_wait = self.said_there.can_wait();
        self.start_asking(state, &can_wait).await?;
        self.start_sending(state).await?;
        // With nothing on its way, nothing would come and end the wait.
        if state.flying == 0 && !can_wait.is_empty() {
            self.start_asking(state, &HashSet::new()).await?;
        }
        Ok(())
    }

    async fn start_closing(self: &Arc<Self>, state: &mut Loop) -> Result<(), Fault> {
        let candidates = std::mem::take(&mut state.to_close);
        let (busy, free): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|study| state.busy.contains(study));
        let free = free.into_iter().filter(|study| !state.closed.contains(study)).collect();
        let (done, held) = close::look(&self.desk, &self.label, free).await?;
        state.to_close = [busy, held].concat();
        for closing in done {
            let study = closing.study;
            state.busy.insert(study);
            state.closed.insert(study);
            let lane = self.clone();
            state.closings.spawn(async move {
                Ok((study, close::close(&lane.desk, &lane.report, closing).await?))
            });
        }
        Ok(())
    }

    /// Asks before anything is sent: an archive that takes nothing more may still say what it has.
    async fn start_asking(
        self: &Arc<Self>,
        state: &mut Loop,
        can_wait: &HashSet<StudyId>,
    ) -> Result<(), Fault> {
        if state.asking >= ASKS_AT_ONCE {
            return Ok(());
        }
        let id = self.destination;
        let wanted = ASKS_AT_ONCE + state.busy.len() + can_wait.len();
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let can_wait = can_wait.clone();
        let due: Vec<StudyToAsk> = self
            .desk
            .ask(move |books| {
                let mut due = books.queue.studies_to_tally(id, now(), wanted).or_fault()?;
                let to_ask = books.queue.studies_to_ask(id, now(), wanted).or_fault()?;
                due.extend(said_there::without(&can_wait, to_ask, books)?);
                Ok(due)
            })
            .await?;
        for study in due {
            if state.asking < ASKS_AT_ONCE && state.busy.insert(study.study) {
                state.closed.remove(&study.study);
                state.asking += 1;
                self.said_there.asked(study.study);
                state.tasks.spawn(ask::ask(self.clone(), study));
            }
        }
        Ok(())
    }

    async fn start_sending(self: &Arc<Self>, state: &mut Loop) -> Result<(), Fault> {
        while self.gate.is_open(state.flying) {
            let (id, limits) = (self.destination, self.gate.limits());
            let claim = self
                .desk
                .ask(move |books| {
                    books.queue.claim(id, None, limits, now(), send::LEASE).or_fault()
                })
                .await?;
            let Some(claim) = claim else { break };
            state.closed.remove(&claim.study);
            state.flying += 1;
            state.tasks.spawn(send::send(self.clone(), claim, state.flying));
        }
        Ok(())
    }

    fn take_in(
        &self,
        state: &mut Loop,
        ended: Result<Result<Ended, Fault>, JoinError>,
    ) -> Result<(), Fault> {
        let ended = joined(ended)?;
        match ended.kind {
            Kind::Sent => state.flying = state.flying.saturating_sub(1),
            Kind::Asked => {
                state.asking = state.asking.saturating_sub(1);
                state.busy.remove(&ended.study);
            }
        }
        if !state.to_close.contains(&ended.study) {
            state.to_close.push(ended.study);
        }
        Ok(())
    }

    /// Copying counts as a gain: patience is for an archive that takes nothing of what it could have.
    async fn wait_for_copies(&self) {
        tokio::select! {
            () = self.copies.moved() => {}
            () = self.stop.stopped() => {}
            () = tokio::time::sleep(TICK) => {}
        }
        self.signs.gained();
        self.observer.progress(&self.run.progress());
    }

    /// Waits until something happens by itself, and at least for `least`. False where nothing will, or not soon enough.
    async fn wait_for_work(
        &self,
        patience: Option<Duration>,
        least: Duration,
    ) -> Result<bool, Fault> {
        let id = self.destination;
        let wake = self
            .desk
            .ask(move |books| {
                books.queue.expire_leases(Some(id), now()).or_fault()?;
                books.queue.view().next_wake(id).or_fault()
            })
            .await?;
        let wait = match (wake, patience) {
            (None, Some(_)) => return Ok(false),
            (None, None) => LOOK_AGAIN,
            (Some(at), None) => now().until(at).clamp(least, LOOK_AGAIN),
            (Some(at), Some(patience)) => {
                let wait = now().until(at).max(least);
                if self.signs.since_gain() + wait > patience {
                    return Ok(false);
                }
                wait
            }
        };
        if self.network.wait(wait, &self.stop).await {
            self.network_changed().await?;
        }
        Ok(true)
    }
}

/// What a task ended with, where it did not panic.
fn joined<T>(ended: Result<Result<T, Fault>, JoinError>) -> Result<T, Fault> {
    ended.map_err(|error| Fault::with(Code::Internal, error))?
}
