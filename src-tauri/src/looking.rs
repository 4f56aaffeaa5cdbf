//! Looking inside a source: it is scanned to its end and held for a person to decide. One source at a time; a new one
//! stops the one before.

use crate::done::Unread;
use crate::review::{Aim, Held};
use crate::shell::{Shell, lock};
use crate::sources::Source;
use crate::view::Looking;
use relaypacs_model::{Code, Fault, Seen};
use relaypacs_relay::{Observer, Review, Stop, Target};
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager, Runtime};

/// How often the counts are shown.
const BEAT: Duration = Duration::from_millis(100);

/// Turns of looking: the stop of the one that runs, and a door through which one goes at a time.
#[derive(Default)]
pub(crate) struct Turns {
    stop: Mutex<Option<Stop>>,
    last: Mutex<Option<Vec<PathBuf>>>,
    /// What was pointed at before it could be looked into.
    kept: Mutex<Option<Vec<PathBuf>>>,
    door: tokio::sync::Mutex<()>,
}

impl Turns {
    /// Stops the one that runs.
    pub(crate) fn stop(&self) {
        if let Some(stop) = lock(&self.stop).as_ref() {
            stop.stop();
        }
    }

    /// What was looked into last.
    pub(crate) fn last(&self) -> Option<Vec<PathBuf>> {
        lock(&self.last).clone()
    }

    /// Keeps what cannot be looked into yet. What was pointed at later takes the place of what was before.
    pub(crate) fn keep(&self, paths: Vec<PathBuf>) {
        *lock(&self.kept) = Some(paths);
    }

    /// What was kept, once.
    pub(crate) fn take_kept(&self) -> Option<Vec<PathBuf>> {
        lock(&self.kept).take()
    }

    /// Stops the one that runs, and gives the next one its switch.
    fn next(&self) -> Stop {
        let stop = Stop::new();
        if let Some(before) = lock(&self.stop).replace(stop.clone()) {
            before.stop();
        }
        stop
    }
}

/// Begins to look inside; what comes of it is written on the board.
pub(crate) fn look<R: Runtime>(app: &AppHandle<R>, paths: Vec<PathBuf>) -> Result<(), Fault> {
    let shell = app.state::<Shell>();
    let source = Source::of(paths.clone(), &lock(&shell.mounted))?;
    let aim = shell.standard_target()?;
    shell.relay()?;
    // Only of an end that is in sight does a person turn away.
    if shell.board.read(|state| state.looking.is_none() && state.review.is_none()) {
        shell.unread(Unread::go_on);
    }
    let stop = shell.turns.next();
    *lock(&shell.turns.last) = Some(paths);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let _turn = shell.turns.door.lock().await;
        if !stop.is_stopped() {
            look_inside(&app, source, &aim, &stop).await;
        }
    });
    Ok(())
}

async fn look_inside<R: Runtime>(app: &AppHandle<R>, source: Source, aim: &Aim, stop: &Stop) {
    let shell = app.state::<Shell>();
    if let Err(fault) = shell.discard().await {
        shell.board.change(|state| state.note(&fault, true));
        return;
    }
    let counts = Arc::new(Counts::new());
    let name = source.name.clone();
    let show = || shell.board.change(|state| state.looking = Some(counts.looking(&name)));
    show();
    let found = review(&shell, source.paths.clone(), &aim.target, counts.clone(), stop);
    tokio::pin!(found);
    let found = loop {
        tokio::select! {
            found = &mut found => break found,
            () = tokio::time::sleep(BEAT) => show(),
        }
    };
    match found {
        Ok(review) => {
            shell.pictures.warm();
            if let [folder] = source.paths.as_slice()
                && folder.is_dir()
                && let Ok(recents) = shell.recents.add(folder)
            {
                shell.board.change(|state| state.recents = recents);
            }
            Held::begin(app, review, source, aim.has_goal);
        }
        Err(fault) => shell.board.change(|state| {
            state.looking = None;
            if fault.code != Code::Stopped {
                state.note(&fault, true);
            }
        }),
    }
}

async fn review(
    shell: &Shell,
    paths: Vec<PathBuf>,
    target: &Target,
    counts: Arc<Counts>,
    stop: &Stop,
) -> Result<Review, Fault> {
    let relay = shell.relay()?;
    relay.know_removable(shell.removable());
    relay.review(paths, target, false, counts, stop).await
}

/// What was counted so far. Written by the thread that scans, read ten times a second.
struct Counts {
    begun: Instant,
    files: AtomicU64,
    images: AtomicU64,
    skipped: AtomicU64,
    /// Hashes: the counts need to know same from other, and nothing else.
    seen: Mutex<(HashSet<u64>, HashSet<u64>)>,
}

impl Counts {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            files: AtomicU64::new(0),
            images: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            seen: Mutex::default(),
        }
    }

    fn looking(&self, name: &str) -> Looking {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let seen = lock(&self.seen);
        Looking {
            name: name.to_owned(),
            files: get(&self.files),
            images: get(&self.images),
            studies: seen.0.len() as u64,
            patients: seen.1.len() as u64,
            skipped: get(&self.skipped),
            seconds: self.begun.elapsed().as_secs(),
        }
    }
}

impl Observer for Counts {
    fn seen(&self, seen: &Seen) {
        let one = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
        match seen {
            Seen::Instance(found) => {
                one(&self.files);
                one(&self.images);
                let header = &found.header;
                let patient = &header.patient;
                let mut seen = lock(&self.seen);
                seen.0.insert(hash(&header.study_instance_uid));
                seen.1.insert(hash(&(
                    &patient.id,
                    &patient.id_issuer,
                    &patient.name,
                    &patient.birth_date,
                )));
            }
            Seen::Skipped(_) => {
                one(&self.files);
                one(&self.skipped);
            }
            Seen::Index(_) => {}
        }
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
