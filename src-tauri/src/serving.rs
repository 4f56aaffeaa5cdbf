//! Working the queue for as long as the process lives, and telling the board where it stands.

use crate::done::{Unread, done};
use crate::paces::{Paces, TO_SEND};
use crate::queue::Finished;
use crate::rate::Rate;
use crate::shell::{Shell, lock};
use crate::view::{QueueHead, QueueStudy, SourceFree};
use crate::{destinations, notices, queue};
use relaypacs_model::{Fault, Moment};
use relaypacs_relay::{
    CopyProgress, ImportEnd, ImportId, Observer, Progress, Source, SourceGone, SourceStays,
    StateName, Stop, StudyEnd, StudyId, Sums,
};
use std::collections::{HashMap, HashSet};
use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::Notify;

/// The queue is read no more often than this.
const BEAT: Duration = Duration::from_millis(250);
/// And no less often than this while something waits: a destination may be due again.
const SLOW: Duration = Duration::from_secs(2);
/// How long after a fault of the program itself it is begun anew.
const AFTER_FAULT: Duration = Duration::from_secs(5);

/// The work that goes on behind the window.
#[derive(Default)]
pub(crate) struct Serving {
    stop: Stop,
    work: Mutex<Option<JoinHandle<()>>>,
    look: Notify,
    /// Whether destinations have to be read anew.
    parked: AtomicBool,
    /// Whether rows of the queue are other than they were in a way that its sums do not tell.
    moved: AtomicBool,
    bytes_sent: AtomicU64,
    /// Destinations that answered in this session, by their labels.
    pub(crate) answered: Mutex<HashSet<String>>,
    /// How quick it all goes.
    pub(crate) paces: Mutex<Paces>,
    /// The sources of what is in the queue, as the queue has them too, by import.
    sources: Mutex<HashMap<ImportId, Source>>,
    /// What is known of studies that are in the queue, for when they have left it.
    pub(crate) seen: Mutex<HashMap<StudyId, QueueStudy>>,
    /// Studies that have left the queue in this session; without names.
    pub(crate) finished: Mutex<Finished>,
    /// Ends that were not read yet.
    pub(crate) unread: Mutex<Unread>,
}

impl Serving {
    /// Remembers where an import came from.
    pub(crate) fn came_from(&self, import: ImportId, source: Source) {
        lock(&self.sources).insert(import, source);
    }

    /// Has the queue read soon.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }

    /// Has the queue read soon, and its rows shown anew whatever its sums say: what a person wishes is not in them.
    pub(crate) fn rows_moved(&self) {
        self.moved.store(true, Ordering::Release);
        self.look();
    }

    /// Stops the work and waits until the lanes have come to a safe end.
    pub(crate) async fn end(&self) {
        self.stop.stop();
        let work = lock(&self.work).take();
        if let Some(work) = work {
            // One that failed has nothing left to end.
            let _ = work.await;
        }
    }
}

/// Begins to work, and to tell.
pub(crate) fn begin<R: Runtime>(app: AppHandle<R>) {
    let shell = app.state::<Shell>();
    let work = tauri::async_runtime::spawn(work(app.clone()));
    *lock(&shell.serving.work) = Some(work);
    tauri::async_runtime::spawn(tell(app.clone()));
    tauri::async_runtime::spawn(remember(app.clone()));
    shell.serving.look();
}

/// What is still copied or sent has names from an earlier session.
async fn remember<R: Runtime>(app: AppHandle<R>) {
    let shell = app.state::<Shell>();
    let Ok(relay) = shell.relay() else { return };
    match relay.sources().await {
        Ok(sources) => lock(&shell.serving.sources).extend(sources),
        Err(fault) => tracing::warn!(code = fault.code.as_str(), "sources are without a name"),
    }
}

async fn work<R: Runtime>(app: AppHandle<R>) {
    let shell = app.state::<Shell>();
    let stop = shell.serving.stop.clone();
    let ears = Arc::new(Ears { app: app.clone() });
    while !stop.is_stopped() {
        let Ok(relay) = shell.relay() else { return };
        let Err(fault) = relay.serve(ears.clone(), &stop).await else { return };
        ears.trouble(&fault);
        tokio::select! {
            () = tokio::time::sleep(AFTER_FAULT) => {}
            () = stop.stopped() => {}
        }
    }
}

/// Reads the queue when something happened, and writes the sum of it on the board.
async fn tell<R: Runtime>(app: AppHandle<R>) {
    let shell = app.state::<Shell>();
    let serving = &shell.serving;
    let mut rate = Rate::default();
    let mut before: Option<Sums> = None;
    let mut asked = Instant::now();
    loop {
        let waits = shell.board.read(|state| state.queue.studies > 0);
        tokio::select! {
            () = serving.look.notified() => {}
            () = tokio::time::sleep(SLOW), if waits => {}
            () = serving.stop.stopped() => return,
        }
        // While something is sent there is news all the time; that an archive is back is told by nobody.
        if asked.elapsed() >= SLOW {
            serving.parked.store(true, Ordering::Relaxed);
            asked = Instant::now();
        }
        let sent = serving.bytes_sent.load(Ordering::Relaxed);
        rate.add(Instant::now(), sent);
        lock(&serving.paces).line(sent, rate.per_second());
        // Before it is read: what moves meanwhile is read once more.
        let moved = serving.moved.swap(false, Ordering::AcqRel);
        if let Err(fault) = read(&shell, &rate, &mut before, moved).await {
            serving.moved.fetch_or(moved, Ordering::AcqRel);
            tracing::warn!(code = fault.code.as_str(), "the queue could not be read");
        }
        tokio::time::sleep(BEAT).await;
    }
}

/// `moved`: whether rows are other than they were whatever the sums say.
async fn read(
    shell: &Shell,
    rate: &Rate,
    before: &mut Option<Sums>,
    moved: bool,
) -> Result<(), Fault> {
    let relay = shell.relay()?;
    let sums = relay.sums().await?;
    if shell.serving.parked.swap(false, Ordering::Relaxed) {
        destinations::refresh(shell).await?;
    }
    let changed = moved || before.as_ref() != Some(&sums);
    let silent = if changed {
        queue::note(shell, &relay).await?;
        false
    } else {
        lock(&shell.serving.paces).nothing_new(Instant::now())
    };
    let head = head(&sums, rate.per_second());
    shell.board.change(|state| {
        let revision = state.queue.revision + u64::from(changed || silent);
        state.queue = QueueHead { revision, sources: take(&mut state.queue.sources), ..head };
    });
    *before = Some(sums);
    Ok(())
}

/// The sum of the queue.
fn head(sums: &Sums, rate: Option<u64>) -> QueueHead {
    let bytes: u64 = TO_SEND.iter().map(|name| sums.counts.of(*name).bytes).sum();
    let here = sums.counts.here();
    let rate = rate.filter(|_| bytes > 0);
    QueueHead {
        revision: 0,
        studies: sums.studies,
        images: here.instances,
        bytes: here.bytes,
        bytes_left: bytes,
        bytes_per_second: rate,
        seconds_left: rate.map(|rate| bytes.div_ceil(rate.max(1))),
        paused: sums.paused,
        sending: rate.is_some() || sums.counts.of(StateName::Sending).instances > 0,
        needs_person: sums.counts.needs_a_person().instances,
        unfinished: sums.counts.unfinished().instances,
        sources: Vec::new(),
    }
}

/// What the relay tells.
struct Ears<R: Runtime> {
    app: AppHandle<R>,
}

impl<R: Runtime> Ears<R> {
    fn serving<T>(&self, with: impl FnOnce(&Shell, &Serving) -> T) -> T {
        let shell = self.app.state::<Shell>();
        with(&shell, &shell.serving)
    }
}

impl<R: Runtime> Ears<R> {
    /// Writes on the board whether the source of an import can come out. Each has a place of its own: what is said once
    /// stands until its import has ended.
    fn source(&self, import: ImportId, change: impl FnOnce(&mut SourceFree)) {
        self.serving(|shell, serving| {
            // What the command line offered has no name.
            let Some(known) = lock(&serving.sources).get(&import).cloned() else { return };
            let volume = known.place.and_then(|place| shell.volume_at(&place));
            shell.board.change(|state| {
                let sources = &mut state.queue.sources;
                let at = sources.iter().position(|source| source.import == import.0);
                let at = at.unwrap_or_else(|| {
                    sources.push(SourceFree { import: import.0, ..SourceFree::default() });
                    sources.len() - 1
                });
                if let Some(source) = sources.get_mut(at) {
                    source.name = known.name;
                    source.volume = volume;
                    change(source);
                }
            });
        });
    }
}

impl<R: Runtime> Observer for Ears<R> {
    fn progress(&self, progress: &Progress) {
        self.serving(|_, serving| {
            serving.bytes_sent.store(progress.bytes_sent, Ordering::Relaxed);
            serving.look();
        });
    }

    fn parked(&self, destination: &str, fault: &Fault, until: Option<Moment>) {
        self.serving(|shell, serving| {
            lock(&serving.answered).remove(destination);
            serving.parked.store(true, Ordering::Relaxed);
            serving.look();
            if until.is_none() {
                notices::stuck(&self.app, shell, destination);
            }
        });
        tracing::info!(code = fault.code.as_str(), "a destination is parked");
    }

    fn left_alone(&self, _: &str, _: StudyId, fault: &Fault, _: Moment) {
        self.serving(|_, serving| serving.rows_moved());
        tracing::info!(code = fault.code.as_str(), "a study is left alone");
    }

    fn copying(&self, progress: &CopyProgress) {
        self.source(progress.import, |source| {
            source.free = false;
            source.gone = 0;
            source.copied = progress.copied;
            source.of = progress.of;
        });
    }

    fn source_free(&self, free: &relaypacs_relay::SourceFree) {
        self.source(free.import, |source| {
            source.free = true;
            source.gone = 0;
            source.copied = source.of.saturating_sub(free.unreadable);
        });
        self.serving(|_, serving| serving.rows_moved());
    }

    fn source_gone(&self, gone: &SourceGone) {
        self.source(gone.import, |source| {
            source.free = false;
            source.gone = gone.waits;
        });
        self.serving(|_, serving| serving.rows_moved());
    }

    fn source_stays(&self, stays: &SourceStays) {
        self.source(stays.import, |source| source.free = false);
    }

    fn trouble(&self, fault: &Fault) {
        tracing::error!(code = fault.code.as_str(), "trouble with the disk or the program");
        self.serving(|shell, _| {
            shell.board.change(|state| state.note(fault, false));
        });
    }

    fn study(&self, end: &StudyEnd) {
        self.serving(|shell, serving| {
            let is_there = end.in_the_archive() > 0;
            if is_there && lock(&serving.answered).insert(end.destination.clone()) {
                serving.parked.store(true, Ordering::Relaxed);
            }
            if end.erased {
                queue::finished(shell, end);
                shell.board.change(|state| state.ledger += 1);
            }
            serving.rows_moved();
        });
    }

    fn import_ended(&self, end: &ImportEnd) {
        self.serving(|shell, serving| {
            if end.outcomes.keys().any(|outcome| outcome.is_in_the_archive()) {
                lock(&serving.answered).insert(end.destination.clone());
            }
            lock(&serving.finished).ended(end.receipt);
            let place = end.source.as_ref().and_then(|source| source.place.as_deref());
            let done = done(end, place.and_then(|place| shell.volume_at(place)));
            if done.disc_can_go {
                lock(&serving.sources).remove(&end.import);
            }
            notices::ended(&self.app, shell, &done);
            shell.unread(|unread| unread.add(done));
            shell.board.change(|state| {
                state.queue.sources.retain(|source| source.import != end.import.0);
                state.ledger += 1;
            });
            serving.parked.store(true, Ordering::Relaxed);
            // The rows of its studies have a receipt now.
            serving.rows_moved();
        });
    }
}
