//! One walking thread, a few reading threads, one that settles: bounded queues between them, results in the order of
//! the walk whatever the number of readers.

mod again;
mod settle;

use crate::examine::{self, Report, Scratch};
use crate::header::Unfit;
use crate::sources::Source;
use crate::walk::{self, Met};
use crate::{Cancel, Options, ScanError};
use again::PutOff;
use relaypacs_model::{Location, Seen, SkipReason};
use settle::Settling;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Files that go from thread to thread together.
const BATCH: usize = 64;
/// Batches under way.
const BATCHES: usize = 32;

struct Work {
    met: Vec<Met>,
    results: SyncSender<Vec<Report>>,
}

/// What the settling thread waits for, in order.
enum Turn {
    Batch(Receiver<Vec<Report>>),
    SourceEnds,
}

pub(crate) fn run(
    sources: &[Source],
    options: &Options,
    cancel: &Cancel,
    sink: &mut dyn FnMut(Seen),
) -> Result<(), ScanError> {
    let (work_in, work_out) = sync_channel::<Work>(BATCHES);
    let (turns_in, turns_out) = sync_channel::<Turn>(BATCHES);
    let work_out = Mutex::new(work_out);
    let outcome = thread::scope(|scope| {
        // Whoever leaves first drops its end of a queue, and the others leave too.
        let work_out = &work_out;
        for _ in 0..options.readers.max(1) {
            thread::Builder::new()
                .name("scan-read".into())
                .spawn_scoped(scope, move || read(work_out, options, cancel))
                .map_err(ScanError::Thread)?;
        }
        thread::Builder::new()
            .name("scan-walk".into())
            .spawn_scoped(scope, move || walk_all(sources, options, (&work_in, &turns_in), cancel))
            .map_err(ScanError::Thread)?;
        settle(turns_out, options, cancel, sink);
        Ok(())
    });
    outcome?;
    if cancel.is_cancelled() { Err(ScanError::Cancelled) } else { Ok(()) }
}

fn walk_all(
    sources: &[Source],
    options: &Options,
    (work, turns): (&SyncSender<Work>, &SyncSender<Turn>),
    cancel: &Cancel,
) {
    let send = |met: Vec<Met>| {
        let (results, turn) = sync_channel(2);
        !cancel.is_cancelled()
            && turns.send(Turn::Batch(turn)).is_ok()
            && work.send(Work { met, results }).is_ok()
    };
    for source in sources {
        let mut batch = Vec::with_capacity(BATCH);
        walk::walk(source, options.as_listed, &mut |met| {
            batch.push(met);
            batch.len() < BATCH || send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))
        });
        if !send(batch) || turns.send(Turn::SourceEnds).is_err() {
            return;
        }
    }
}

fn read(work: &Mutex<Receiver<Work>>, options: &Options, cancel: &Cancel) {
    let mut scratch = Scratch::default();
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { met, results }) = next else { return };
        let mut reports = Vec::with_capacity(BATCH);
        let mut open = true;
        for one in met {
            if cancel.is_cancelled() || !open {
                break;
            }
            let out = &mut |report| {
                // A member can take long to unpack: whoever watches should see the one before.
                let member = matches!(report, Report { location: Location::Member { .. }, .. });
                reports.push(report);
                if member || reports.len() >= BATCH {
                    let full = std::mem::replace(&mut reports, Vec::with_capacity(BATCH));
                    open &= results.send(full).is_ok();
                }
            };
            let path = one.path().to_owned();
            let examined =
                AssertUnwindSafe(|| examine_one(one, options, cancel, &mut scratch, out));
            // A fault in a decoder must stop only the file that it is met in.
            if catch_unwind(examined).is_err() {
                scratch = Scratch::default();
                let fault =
                    Unfit::new(SkipReason::Unreadable, "reading it met a fault of RelayPACS");
                let location = Location::File(path);
                reports.push(Report { location, bytes: 0, modified: None, outcome: Err(fault) });
            }
        }
        // A receiver that is gone means that the scan is over.
        if !reports.is_empty() && results.send(reports).is_err() {
            continue;
        }
    }
}

fn examine_one(
    met: Met,
    options: &Options,
    cancel: &Cancel,
    scratch: &mut Scratch,
    out: &mut dyn FnMut(Report),
) {
    let (path, unfit) = match met {
        Met::File(path) => return examine::file(path, &options.limits, cancel, scratch, out),
        Met::Link(path) => (path, Unfit::new(SkipReason::Link, "a symbolic link")),
        Met::Unreadable(path, kind) => {
            let detail = format!("a folder that cannot be read: {kind}");
            (path, Unfit::new(SkipReason::Unreadable, detail))
        }
    };
    let location = Location::File(path);
    out(Report { location, bytes: 0, modified: None, outcome: Err(unfit) });
}

fn settle(turns: Receiver<Turn>, options: &Options, cancel: &Cancel, sink: &mut dyn FnMut(Seen)) {
    let mut settling = Settling::new(options, cancel);
    let mut put_off = PutOff::default();
    for turn in turns {
        match turn {
            Turn::Batch(results) => {
                for report in results.into_iter().flatten() {
                    let Some(report) = put_off.take(report) else { continue };
                    let seen = settling.settle(report);
                    // What was read while the scan was cancelled is half read.
                    if cancel.is_cancelled() {
                        return;
                    }
                    sink(seen);
                }
            }
            Turn::SourceEnds => {
                let mut scratch = Scratch::default();
                let look = &mut |path: &Path, out: &mut dyn FnMut(Report)| {
                    examine::file(path.to_owned(), &options.limits, cancel, &mut scratch, out);
                };
                put_off.look_again(look, &mut |report| {
                    let seen = settling.settle(report);
                    if !cancel.is_cancelled() {
                        sink(seen);
                    }
                });
                for report in settling.source_ends() {
                    sink(Seen::Index(report));
                }
            }
        }
        if cancel.is_cancelled() {
            return;
        }
    }
}
