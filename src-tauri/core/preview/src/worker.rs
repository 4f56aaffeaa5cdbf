//! The worker: the process in which hostile pixels are decoded. It reads no files and opens nothing: bytes come from
//! its parent over standard input, pictures go back over standard output, until the parent is gone.
//!
//! On Unix it limits itself before it reads the first byte: memory, no files written, no core dump (which would hold a
//! patient's image). Windows has no such limit that can be set without `unsafe`; there the checks before each
//! allocation and the parent's clock are what holds.

use crate::{Placeholder, Request, Source, render, wire};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The argument with which an application starts itself as a worker: hand it to [`run`] before anything else starts.
pub const ARGUMENT: &str = "--preview-worker";
/// The address space of a worker: 1.5 GiB.
#[cfg(unix)]
const MEMORY_MOST: u64 = 3 << 29;
/// A worker that has computed so long without asking for bytes ends itself, in case that its parent cannot end it.
const SILENCE_MOST: Duration = Duration::from_secs(30);

/// Limits this process and serves its parent until that is gone.
pub fn run() -> ExitCode {
    confine();
    // What a decoder says when it gives up is of no use to anybody, and it may quote the file.
    panic::set_hook(Box::new(|_| {}));
    let clock = Arc::new(Clock::default());
    let watching = Arc::clone(&clock);
    if thread::Builder::new().spawn(move || watching.watch()).is_err() {
        return ExitCode::FAILURE;
    }
    let mut from = BufReader::with_capacity(1 << 17, io::stdin());
    let mut to = BufWriter::new(io::stdout());
    match serve(&mut from, &mut to, &clock) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(unix)]
fn confine() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [(Resource::As, MEMORY_MOST), (Resource::Core, 0), (Resource::Fsize, 0)];
    for (resource, most) in limits {
        // A lower limit that is there already stays; macOS knows no limit of the address space.
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        let _stays_as_it_was = setrlimit(resource, limit);
    }
}

#[cfg(not(unix))]
fn confine() {}

fn serve(
    from: &mut (impl Read + Send),
    to: &mut (impl Write + Send),
    clock: &Clock,
) -> io::Result<()> {
    while let Some((request, size)) = wire::asked(from)? {
        clock.start();
        let answer = guarded(&mut Piped { from, to, size, clock }, &request);
        clock.stop();
        wire::done(to, &answer)?;
    }
    Ok(())
}

/// Renders; a decoder that panics has met a damaged file.
pub(crate) fn guarded(
    source: &mut dyn Source,
    request: &Request,
) -> Result<crate::Picture, Placeholder> {
    panic::catch_unwind(AssertUnwindSafe(|| render(source, request)))
        .unwrap_or(Err(Placeholder::Damaged))
}

/// The instance, as the parent reads it out.
struct Piped<'a, R, W> {
    from: &'a mut R,
    to: &'a mut W,
    size: u64,
    clock: &'a Clock,
}

impl<R: Read + Send, W: Write + Send> Source for Piped<'_, R, W> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.clock.stop();
        let read = wire::want(self.from, self.to, at, buffer);
        self.clock.start();
        read
    }
}

/// Since when the worker computes.
#[derive(Default)]
struct Clock {
    since: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Clock {
    fn set(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn start(&self) {
        self.set(Some(Instant::now()));
        self.changed.notify_one();
    }

    fn stop(&self) {
        self.set(None);
    }

    /// Ends the process when it computes for too long.
    fn watch(&self) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            since = match *since {
                None => self.changed.wait(since).unwrap_or_else(PoisonError::into_inner),
                Some(begin) => match SILENCE_MOST.checked_sub(begin.elapsed()) {
                    None => process::exit(2),
                    Some(left) => {
                        let waited = self.changed.wait_timeout(since, left);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                },
            };
        }
    }
}
