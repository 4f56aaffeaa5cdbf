//! One destination at work: a closed loop that asks, sends and closes, until nothing is left to do or nothing can be
//! done for now. A slow or dead destination never slows another: each has its own lane.

use crate::clock::now;
use crate::close::{Closing, close};
use crate::desk::Desk;
use crate::faults::OrFault;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::report::Report;
use crate::run::{Run, Signs, jitter};
use crate::stop::Stop;
use crate::{ask, send};
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::{Code, Fault, Moment, ReadBack, Reason};
use relaypacs_queue::{DestinationId, Phase, StudyFilter, StudyId, StudyToAsk};
use relaypacs_scan::Opener;
use relaypacs_upload::{Archive, Trouble, backoff};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

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
    pub(crate) stop: Stop,
    /// Shared by all lanes of a run: it remembers where the members of an archive are.
    pub(crate) opener: Opener,
    /// How often in a row a study's stored instances were not listed: an archive may list late.
    pub(crate) absent: Mutex<HashMap<StudyId, u32>>,
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
    Closed,
}

/// How many studies are asked about at once: small studies spend their time in asking.
const ASKS_AT_ONCE: usize = 4;
/// How often progress is told.
const TICK: Duration = Duration::from_millis(100);
/// The shortest wait, against a moment that is due but has nothing to do.
const SHORTEST: Duration = Duration::from_millis(20);
/// How often a lane that waits for ever looks for new work.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The loop's own state.
struct Loop {
    tasks: JoinSet<Result<Ended, Fault>>,
    /// Studies that are asked about or closed right now.
    busy: HashSet<StudyId>,
    /// Studies that may have come to their end.
    to_close: Vec<StudyId>,
    asking: usize,
    flying: usize,
}

impl Lane {
    /// Works until nothing is left to do, nothing can be done within `patience` (`None`: waits for ever), or somebody
    /// stops it.
    pub(crate) async fn work(self: Arc<Self>, patience: Option<Duration>) -> Result<(), Fault> {
        let to_close = self.done_studies().await?;
        let mut state =
            Loop { tasks: JoinSet::new(), busy: HashSet::new(), to_close, asking: 0, flying: 0 };
        while !self.stop.is_stopped() {
            self.start_tasks(&mut state).await?;
            if state.tasks.is_empty() {
                if !self.wait_for_work(patience).await? {
                    break;
                }
                continue;
            }
            tokio::select! {
                ended = state.tasks.join_next() => {
                    if let Some(ended) = ended {
                        self.take_in(&mut state, ended)?;
                    }
                }
                () = self.stop.stopped() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            self.observer.progress(&self.run.progress());
        }
        // What is on its way is given up; whether it arrived is asked at the next start.
        state.tasks.shutdown().await;
        self.observer.progress(&self.run.progress());
        Ok(())
    }

    /// Parks the destination because of `reason` and says so.
    pub(crate) async fn park(
        &self,
        reason: Reason,
        detail: String,
        after: Option<Duration>,
    ) -> Result<(), Fault> {
        let (id, jitter) = (self.destination, jitter());
        let until = self
            .desk
            .ask(move |books| {
                let attempts = books
                    .queue
                    .view()
                    .destination(id)
                    .or_fault()?
                    .parked
                    .map_or(0, |parked| parked.attempts);
                let until = park_until(reason.code, attempts + 1, jitter, after);
                books.queue.park(id, reason, until, now()).or_fault()?;
                Ok(until)
            })
            .await?;
        self.signs.now_parked();
        let code = reason.code.as_str();
        tracing::warn!(destination = id.0, code, status = reason.status, "destination parked");
        self.observer.parked(self.label.as_str(), &Fault::with(reason.code, detail), until);
        Ok(())
    }

    /// The same for trouble that came while asking.
    pub(crate) async fn park_for(&self, trouble: Trouble) -> Result<(), Fault> {
        self.park(trouble.reason, trouble.detail, trouble.retry_after).await
    }

    /// The destination answered: its next trouble is its first again.
    pub(crate) async fn answered(&self) -> Result<(), Fault> {
        self.signs.gained();
        if self.signs.was_parked() {
            let id = self.destination;
            self.desk.ask(move |books| books.queue.unpark(id).or_fault()).await?;
            self.signs.unparked();
        }
        Ok(())
    }

    async fn start_tasks(self: &Arc<Self>, state: &mut Loop) -> Result<(), Fault> {
        self.start_closing(state).await?;
        self.start_asking(state).await?;
        self.start_sending(state).await
    }

    async fn start_closing(self: &Arc<Self>, state: &mut Loop) -> Result<(), Fault> {
        let candidates = std::mem::take(&mut state.to_close);
        for study in candidates {
            if state.busy.contains(&study) {
                state.to_close.push(study);
                continue;
            }
            let found =
                self.desk.ask(move |books| books.queue.view().study(study).or_fault()).await;
            let Ok(row) = found else { continue };
            if row.phase == Phase::Done {
                state.busy.insert(study);
                let lane = self.clone();
                let closing =
                    Closing { study, study_uid: row.study_uid, label: self.label.clone() };
                state.tasks.spawn(async move {
                    close(&lane.desk, &lane.report, closing).await?;
                    Ok(Ended { study, kind: Kind::Closed })
                });
            }
        }
        Ok(())
    }

    async fn start_asking(self: &Arc<Self>, state: &mut Loop) -> Result<(), Fault> {
        if state.asking >= ASKS_AT_ONCE {
            return Ok(());
        }
        let id = self.destination;
        let wanted = u32::try_from(ASKS_AT_ONCE + state.busy.len()).unwrap_or(u32::MAX);
        let due: Vec<StudyToAsk> = self
            .desk
            .ask(move |books| {
                let mut due = books.queue.studies_to_tally(id, now(), wanted).or_fault()?;
                due.extend(books.queue.studies_to_ask(id, now(), wanted).or_fault()?);
                Ok(due)
            })
            .await?;
        for study in due {
            if state.asking < ASKS_AT_ONCE && state.busy.insert(study.study) {
                state.asking += 1;
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
            state.flying += 1;
            state.tasks.spawn(send::send(self.clone(), claim, state.flying));
        }
        Ok(())
    }

    fn take_in(
        &self,
        state: &mut Loop,
        ended: Result<Result<Ended, Fault>, tokio::task::JoinError>,
    ) -> Result<(), Fault> {
        let ended = ended.map_err(|error| Fault::with(Code::Internal, error))??;
        match ended.kind {
            Kind::Sent => state.flying = state.flying.saturating_sub(1),
            Kind::Asked => {
                state.asking = state.asking.saturating_sub(1);
                state.busy.remove(&ended.study);
            }
            Kind::Closed => {
                state.busy.remove(&ended.study);
                return Ok(());
            }
        }
        if !state.to_close.contains(&ended.study) {
            state.to_close.push(ended.study);
        }
        Ok(())
    }

    /// Waits until something happens by itself. False where nothing will, or not soon enough.
    async fn wait_for_work(&self, patience: Option<Duration>) -> Result<bool, Fault> {
        let id = self.destination;
        let wake = self
            .desk
            .ask(move |books| {
                books.queue.expire_leases(now()).or_fault()?;
                books.queue.view().next_wake(id).or_fault()
            })
            .await?;
        let wait = match (wake, patience) {
            (None, Some(_)) => return Ok(false),
            (None, None) => LOOK_AGAIN,
            (Some(at), None) => now().until(at).clamp(SHORTEST, LOOK_AGAIN),
            (Some(at), Some(patience)) => {
                let wait = now().until(at).max(SHORTEST);
                if self.signs.since_gain() + wait > patience {
                    return Ok(false);
                }
                wait
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.stop.stopped() => {}
        }
        Ok(true)
    }

    /// Studies that came to their end before this run and were not closed, or hold something that needs a person.
    async fn done_studies(&self) -> Result<Vec<StudyId>, Fault> {
        let id = self.destination;
        self.desk
            .ask(move |books| {
                let filter =
                    StudyFilter { destination: Some(id), done: true, ..StudyFilter::default() };
                let mut done = Vec::new();
                loop {
                    let page = books
                        .queue
                        .view()
                        .studies(&filter, done.last().copied(), 1_000)
                        .or_fault()?;
                    if page.is_empty() {
                        return Ok(done);
                    }
                    done.extend(page.iter().map(|row| row.id));
                }
            })
            .await
    }
}

/// Until when a destination is left alone. `None`: until a person has done something about it.
fn park_until(code: Code, attempts: u32, jitter: f64, after: Option<Duration>) -> Option<Moment> {
    const A_PERSON: [Code; 8] = [
        Code::SignInNeeded,
        Code::Forbidden,
        Code::NoStoreHere,
        Code::Redirected,
        Code::TlsNotTrusted,
        Code::TlsFailed,
        Code::CannotConfirm,
        Code::CredentialFile,
    ];
    if A_PERSON.contains(&code) {
        return None;
    }
    Some(now().after(backoff::wait(attempts, jitter, after)))
}
