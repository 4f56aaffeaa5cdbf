//! A few warm worker processes. One that is too slow, no longer wanted or dead is ended and another takes its place.

use crate::{Cancel, Picture, Placeholder, Request, Settings, Source, wire};
use std::io::{self, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a waiting caller looks whether it is still wanted.
pub(crate) const LOOK: Duration = Duration::from_millis(20);
/// Bytes of one instance that a worker may ask for: 640 MiB.
const FED_MOST: u64 = 640 << 20;

type Answer = Result<Picture, Placeholder>;

/// One request on its way to a worker.
struct Errand {
    request: Request,
    source: Box<dyn Source>,
    pace: Arc<Pace>,
    answer: Sender<Answer>,
}

/// A worker that waits for an errand. Dropped, it ends.
struct Worker {
    child: Arc<Mutex<Child>>,
    errands: Sender<Errand>,
}

/// The workers.
pub(crate) struct Pool {
    command: Box<dyn Fn() -> Command + Send + Sync>,
    settings: Settings,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Worker>,
    /// Idle and busy ones.
    live: usize,
}

impl Pool {
    pub(crate) fn new(command: Box<dyn Fn() -> Command + Send + Sync>, settings: Settings) -> Self {
        Self { command, settings, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Starts a worker, where none is there yet.
    pub(crate) fn warm(&self) {
        let mut state = locked(&self.state);
        if state.live == 0
            && let Ok(worker) = self.start()
        {
            state.live += 1;
            state.idle.push(worker);
        }
    }

    /// Makes one picture in a worker.
    pub(crate) fn frame(
        &self,
        request: &Request,
        source: Box<dyn Source>,
        cancel: &Cancel,
    ) -> Answer {
        let worker = self.acquire(cancel)?;
        let (answer, answered) = mpsc::channel();
        let pace = Arc::new(Pace::new());
        let errand = Errand { request: *request, source, pace: Arc::clone(&pace), answer };
        if worker.errands.send(errand).is_err() {
            self.lost(&worker);
            return Err(Placeholder::DecoderDied);
        }
        let outcome = self.wait(&answered, &pace, cancel);
        match outcome {
            Err(Placeholder::Cancelled | Placeholder::TooSlow | Placeholder::DecoderDied) => {
                self.lost(&worker);
            }
            Ok(_) | Err(_) => self.release(worker),
        }
        outcome
    }

    fn wait(&self, answered: &Receiver<Answer>, pace: &Pace, cancel: &Cancel) -> Answer {
        loop {
            match answered.recv_timeout(LOOK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(Placeholder::DecoderDied),
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => {
                    return Err(Placeholder::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) if pace.computing() > self.settings.decode_limit => {
                    return Err(Placeholder::TooSlow);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn acquire(&self, cancel: &Cancel) -> Result<Worker, Placeholder> {
        let mut state = locked(&self.state);
        loop {
            if cancel.is_cancelled() {
                return Err(Placeholder::Cancelled);
            }
            while let Some(worker) = state.idle.pop() {
                // One that was ended from outside while it waited is not the fault of this file.
                if matches!(locked(&worker.child).try_wait(), Ok(None)) {
                    return Ok(worker);
                }
                state.live -= 1;
            }
            if state.live < self.settings.workers.max(1) {
                let worker = self.start().map_err(|_| Placeholder::NoDecoder)?;
                state.live += 1;
                return Ok(worker);
            }
            let waited = self.freed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn release(&self, worker: Worker) {
        locked(&self.state).idle.push(worker);
        self.freed.notify_one();
    }

    /// Ends a worker and starts another, so that the next picture does not wait for one.
    fn lost(&self, worker: &Worker) {
        let _already_gone = locked(&worker.child).kill();
        let next = self.start().ok();
        let mut state = locked(&self.state);
        match next {
            Some(next) => state.idle.push(next),
            None => state.live -= 1,
        }
        self.freed.notify_one();
    }

    fn start(&self) -> io::Result<Worker> {
        let mut command = (self.command)();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (to, from) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        let child = Arc::new(Mutex::new(child));
        let (errands, waiting) = mpsc::channel();
        let ended = Arc::clone(&child);
        thread::Builder::new().name("preview".into()).spawn(move || {
            converse(to, from, &waiting);
            // The pipes are closed by now: it ends, and where it does not it is ended.
            let mut child = locked(&ended);
            let _already_gone = child.kill();
            let _status_of_no_interest = child.wait();
        })?;
        Ok(Worker { child, errands })
    }
}

/// Runs errands, one after the other, until the pool lets go of the worker or the worker dies.
fn converse(to: ChildStdin, from: ChildStdout, errands: &Receiver<Errand>) {
    let (mut to, mut from) = (BufWriter::new(to), BufReader::with_capacity(1 << 16, from));
    while let Ok(mut errand) = errands.recv() {
        let talked = talk(&mut to, &mut from, &mut errand);
        let died = talked.is_err();
        // Whoever asked may have gone.
        let _unheard = errand.answer.send(talked.unwrap_or(Err(Placeholder::DecoderDied)));
        if died {
            return;
        }
    }
}

fn talk(
    to: &mut impl Write,
    from: &mut BufReader<ChildStdout>,
    errand: &mut Errand,
) -> io::Result<Answer> {
    wire::ask(to, &errand.request, errand.source.size())?;
    let mut piece = Vec::new();
    let mut fed = 0;
    loop {
        match wire::said(from)? {
            wire::Said::Done(answer) => return Ok(answer),
            wire::Said::Want { at, length } => {
                fed += length as u64;
                if fed > FED_MOST {
                    return Err(io::ErrorKind::QuotaExceeded.into());
                }
                piece.resize(length, 0);
                errand.pace.set(None);
                let read = errand.source.read_at(at, &mut piece);
                errand.pace.set(Some(Instant::now()));
                let bytes = read.ok().map(|read| piece.get(..read).unwrap_or_default());
                wire::feed(to, bytes)?;
            }
        }
    }
}

/// Since when the worker computes; nothing while it waits for a slow disc.
struct Pace(Mutex<Option<Instant>>);

impl Pace {
    fn new() -> Self {
        Self(Mutex::new(Some(Instant::now())))
    }

    fn set(&self, since: Option<Instant>) {
        *locked(&self.0) = since;
    }

    fn computing(&self) -> Duration {
        locked(&self.0).map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// A thread that panicked while it held the lock left whole values behind.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
