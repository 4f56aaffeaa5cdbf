//! The face of this room: asked for a picture of an instance, it answers from memory or has a worker make it.

use crate::cache::Cache;
use crate::pool::{LOOK, Pool, locked};
use crate::{Cancel, Picture, Placeholder, Request, Source, worker};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The stack of a decoding thread where there is no worker process.
const STACK: usize = 8 << 20;

/// Names an instance for as long as the program runs: a number that says nothing of a patient or a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceKey(pub u64);

/// Bounds.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many pictures are made at the same time.
    pub workers: usize,
    /// How long one may be computed, without the time that its source takes.
    pub decode_limit: Duration,
    /// Bytes of pictures that are kept.
    pub cache_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { workers: 2, decode_limit: Duration::from_secs(10), cache_bytes: 64 << 20 }
    }
}

enum Decoder {
    Workers(Pool),
    Threads(Arc<Threads>, Settings),
}

/// Makes pictures. Share it by reference between threads.
pub struct Preview {
    decoder: Decoder,
    cache: Mutex<Cache>,
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Preview")
    }
}

impl Preview {
    /// With worker processes. `command` starts one: this program again with [`worker::ARGUMENT`], or the worker
    /// program beside it. Its standard streams are set here.
    pub fn new(command: impl Fn() -> Command + Send + Sync + 'static, settings: Settings) -> Self {
        let pool = Pool::new(Box::new(command), settings);
        Self::with(Decoder::Workers(pool), settings)
    }

    /// Without worker processes, for systems that do not let a program start one. A picture that takes too long is
    /// given up, but its thread goes on to its end.
    #[must_use]
    pub fn in_process(settings: Settings) -> Self {
        Self::with(Decoder::Threads(Arc::default(), settings), settings)
    }

    fn with(decoder: Decoder, settings: Settings) -> Self {
        Self { decoder, cache: Mutex::new(Cache::new(settings.cache_bytes)) }
    }

    /// Starts a worker ahead of the first picture.
    pub fn warm(&self) {
        if let Decoder::Workers(pool) = &self.decoder {
            pool.warm();
        }
    }

    /// One frame of an instance. It blocks: call it where blocking is allowed. `open` is called only where the
    /// picture is not there yet.
    ///
    /// # Errors
    /// The placeholder to show in its place; [`Placeholder::Cancelled`] within a twentieth of a second after `cancel`
    /// unless `open` itself hangs.
    pub fn frame(
        &self,
        instance: InstanceKey,
        request: &Request,
        open: impl FnOnce() -> Result<Box<dyn Source>, Placeholder>,
        cancel: &Cancel,
    ) -> Result<Arc<Picture>, Placeholder> {
        if let Some(answer) = locked(&self.cache).get(instance, request) {
            return answer;
        }
        if cancel.is_cancelled() {
            return Err(Placeholder::Cancelled);
        }
        let source = open()?;
        let made = match &self.decoder {
            Decoder::Workers(pool) => pool.frame(request, source, cancel),
            Decoder::Threads(threads, settings) => {
                Threads::frame(threads, settings, request, source, cancel)
            }
        };
        let answer = made.map(Arc::new);
        if !matches!(&answer, Err(placeholder) if placeholder.passes()) {
            locked(&self.cache).put(instance, request, &answer);
        }
        answer
    }

    /// Drops what is kept of an instance, for instance when it is in the archive and erased here.
    pub fn forget(&self, instance: InstanceKey) {
        locked(&self.cache).forget(instance);
    }
}

/// Decoding in threads of this process, a few at a time.
#[derive(Default)]
struct Threads {
    running: Mutex<usize>,
    ended: Condvar,
}

impl Threads {
    fn frame(
        this: &Arc<Self>,
        settings: &Settings,
        request: &Request,
        mut source: Box<dyn Source>,
        cancel: &Cancel,
    ) -> Result<Picture, Placeholder> {
        this.acquire(settings, cancel)?;
        let (answer, answered) = mpsc::channel();
        let (request, threads) = (*request, Arc::clone(this));
        let started = thread::Builder::new().stack_size(STACK).spawn(move || {
            let _unheard = answer.send(worker::guarded(source.as_mut(), &request));
            threads.release();
        });
        if started.is_err() {
            this.release();
            return Err(Placeholder::NoDecoder);
        }
        let begin = Instant::now();
        loop {
            match answered.recv_timeout(LOOK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(Placeholder::DecoderDied),
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => {
                    return Err(Placeholder::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) if begin.elapsed() > settings.decode_limit => {
                    return Err(Placeholder::TooSlow);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn acquire(&self, settings: &Settings, cancel: &Cancel) -> Result<(), Placeholder> {
        let begin = Instant::now();
        let mut running = locked(&self.running);
        while *running >= settings.workers.max(1) {
            if cancel.is_cancelled() {
                return Err(Placeholder::Cancelled);
            }
            if begin.elapsed() > settings.decode_limit {
                return Err(Placeholder::TooSlow);
            }
            let waited = self.ended.wait_timeout(running, LOOK);
            running = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *running += 1;
        Ok(())
    }

    fn release(&self) {
        *locked(&self.running) -= 1;
        self.ended.notify_one();
    }
}
