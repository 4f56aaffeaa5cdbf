//! `watch`: send what arrives in a folder, once it has stopped growing.
//!
//! A file counts as arrived when its size and time of change have stayed the same for a while. The folder is looked at
//! again and again instead of listening for events, since events do not cross network mounts. The queue is worked all the
//! while, so that what an archive did not take goes there when it does, whether or not more arrives.

use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::face::Face;
use crate::people;
use crate::send::{finish, target};
use crate::session::Session;
use relaypacs_model::{Code, Fault, Outcome};
use relaypacs_relay::{
    ImportEnd, ImportId, Observer, Progress, Reach, Relay, ScanCounts, Stop, Summary, Target, Work,
};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::UnboundedReceiver;

pub(crate) async fn watch(session: &Session, args: WatchArgs) -> Result<Exit, Fault> {
    let relay = Arc::new(session.relay().await?.spooling(args.spool.into()));
    relay.limit_to(args.limit.bandwidth);
    let target = target(&args.to, &args.sign_in)?;
    let (face, ends) = Face::of_imports(session.json());
    let (face, stop) = (Arc::new(face), Stop::new());
    people::say("Watching. Ctrl-C ends it.");
    let work = {
        let (relay, face, stop) = (relay.clone(), face.clone(), stop.clone());
        let all = Work { reach: Reach::Everything, patience: None, index: None, paper: None };
        tokio::spawn(async move { relay.work(all, face, &stop).await })
    };
    let mut watch = Watch { session, relay, face, target, ends, told: Told::default() };
    let watched = tokio::select! {
        watched = watch.arrivals(&args.dir, Duration::from_secs(args.settle)) => watched,
        () = ended(&work) => Ok(()),
    };
    // However it ends, what is on its way comes to a safe end first.
    stop.stop();
    let all = work.await.map_err(|error| Fault::with(Code::Internal, error))??;
    watch.rest(all)?;
    watched.map(|()| Exit::Stopped)
}

/// Ends where the work does, which it does by itself only over a fault of its own.
async fn ended<T>(work: &tokio::task::JoinHandle<T>) {
    while !work.is_finished() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What may keep an arrival from being taken in and be over by the next look.
const PASSES: [Code; 3] = [Code::SourceNotFound, Code::SourceUnreadable, Code::DiskFull];

/// A watch that goes on.
struct Watch<'a> {
    session: &'a Session,
    relay: Arc<Relay>,
    face: Arc<Face>,
    target: Target,
    ends: UnboundedReceiver<ImportEnd>,
    told: Told,
}

impl Watch<'_> {
    /// Offers what arrives, and tells of each import that has ended, until somebody stops it.
    async fn arrivals(&mut self, dir: &Path, settle: Duration) -> Result<(), Fault> {
        let session = self.session;
        let (mut folder, stop) = (Folder::default(), &session.stop);
        // Not there from the beginning is a mistake.
        let mut found = folder.look(dir, settle, Instant::now())?;
        let mut is_away = false;
        while !stop.is_stopped() {
            if found.locked > 0 {
                self.face.trouble(&Fault::with(Code::SourceUnreadable, found.locked));
            }
            if !found.arrived.is_empty() {
                self.offer(found.arrived, &mut folder).await?;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stop.stopped() => {}
                Some(end) = self.ends.recv() => self.tell(end)?,
            }
            found = match folder.look(dir, settle, Instant::now()) {
                Ok(found) => {
                    is_away = false;
                    found
                }
                // Later it is a share that may come back.
                Err(fault) => {
                    if !std::mem::replace(&mut is_away, true) {
                        self.face.trouble(&fault);
                    }
                    Arrived::default()
                }
            };
        }
        Ok(())
    }

    /// Takes in what arrived. One of them may have gone or been locked since it was seen: then the next look says which.
    /// A full disk may get room again.
    async fn offer(&mut self, arrived: Vec<PathBuf>, folder: &mut Folder) -> Result<(), Fault> {
        let (face, target, stop) = (self.face.clone(), &self.target, &self.session.stop);
        match self.relay.import(arrived.clone(), target, false, face, stop).await {
            Ok(imported) if imported.counts.instances == 0 => {
                // Nothing of it will end.
                self.say(Summary::default(), Some(&imported.counts))
            }
            Ok(imported) => {
                self.told.offered.insert(imported.import, imported.counts);
                Ok(())
            }
            Err(fault) if PASSES.contains(&fault.code) => {
                self.face.trouble(&fault);
                folder.take_back(&arrived, Instant::now());
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    fn tell(&mut self, end: ImportEnd) -> Result<(), Fault> {
        let scanned = self.told.offered.remove(&end.import);
        let summary = self.told.end(end, self.face.so_far());
        self.say(summary, scanned.as_ref())
    }

    /// What ended at the very end, and what waits.
    fn rest(&mut self, all: Summary) -> Result<(), Fault> {
        while let Ok(end) = self.ends.try_recv() {
            self.tell(end)?;
        }
        self.face.done();
        match self.told.rest(all) {
            Some(rest) => self.say(rest, None),
            None => Ok(()),
        }
    }

    fn say(&self, summary: Summary, scanned: Option<&ScanCounts>) -> Result<(), Fault> {
        let exit = Exit::of_run(&summary, scanned);
        let say = || finish(self.session, &summary, scanned, exit);
        self.face.without_bars(say).map(drop)
    }
}

/// What was told in summaries.
#[derive(Default)]
struct Told {
    /// Imports that have not ended.
    offered: HashMap<ImportId, ScanCounts>,
    outcomes: BTreeMap<Outcome, u64>,
    /// What imports ended with that may come to another end: something of them needs a person.
    may_change: HashMap<ImportId, BTreeMap<Outcome, u64>>,
    /// Where the run stood at the last of them.
    before: Progress,
}

impl Told {
    /// What an import came to, and what went over the line since the last one did.
    fn end(&mut self, end: ImportEnd, so_far: Progress) -> Summary {
        for (outcome, many) in self.may_change.remove(&end.import).unwrap_or_default() {
            self.outcomes.entry(outcome).and_modify(|all| *all = all.saturating_sub(many));
        }
        for (outcome, many) in &end.outcomes {
            *self.outcomes.entry(*outcome).or_default() += many;
        }
        if !end.outcomes.keys().all(|outcome| outcome.is_in_the_archive()) {
            self.may_change.insert(end.import, end.outcomes.clone());
        }
        let before = std::mem::replace(&mut self.before, so_far);
        Summary {
            instances: end.outcomes.values().sum(),
            outcomes: end.outcomes,
            bytes_sent: so_far.bytes_sent.saturating_sub(before.bytes_sent),
            bytes_sent_again: so_far.bytes_sent_again.saturating_sub(before.bytes_sent_again),
            requests: so_far.requests.saturating_sub(before.requests),
            paper_fault: None,
            took: end.took,
        }
    }

    /// What of all is in no summary yet, where that is anything.
    fn rest(&self, all: Summary) -> Option<Summary> {
        let told = |outcome: &Outcome| self.outcomes.get(outcome).copied().unwrap_or(0);
        let rest =
            |(outcome, many): (&Outcome, &u64)| (*outcome, many.saturating_sub(told(outcome)));
        let outcomes: BTreeMap<Outcome, u64> =
            all.outcomes.iter().map(rest).filter(|(_, many)| *many > 0).collect();
        let before = self.before;
        (!outcomes.is_empty()).then(|| Summary {
            instances: outcomes.values().sum(),
            outcomes,
            bytes_sent: all.bytes_sent.saturating_sub(before.bytes_sent),
            bytes_sent_again: all.bytes_sent_again.saturating_sub(before.bytes_sent_again),
            requests: all.requests.saturating_sub(before.requests),
            ..all
        })
    }
}

/// What a look found.
#[derive(Default)]
struct Arrived {
    /// Files that have stopped growing and were not handed out before as they are now.
    arrived: Vec<PathBuf>,
    /// How many more there are that cannot be opened; each is counted once.
    locked: usize,
}

/// What is known of the watched folder.
struct Folder {
    files: HashMap<PathBuf, Seen>,
    /// Whether a file can be opened.
    opens: fn(&Path) -> bool,
}

impl Default for Folder {
    fn default() -> Self {
        Self { files: HashMap::new(), opens: |path| fs::File::open(path).is_ok() }
    }
}

/// One file as it was last seen.
struct Seen {
    size: u64,
    changed: Option<SystemTime>,
    since: Instant,
    sent: bool,
    locked: bool,
}

impl Folder {
    /// The files that have stayed the same for `settle` and were not handed out before as they are now. One that cannot be
    /// opened keeps none of the others back, and is handed out when it can be.
    fn look(&mut self, dir: &Path, settle: Duration, now: Instant) -> Result<Arrived, Fault> {
        let found = files(dir).map_err(|error| {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            let code = if gone { Code::SourceNotFound } else { Code::SourceUnreadable };
            Fault::with(code, error.kind())
        })?;
        self.files.retain(|path, _| found.contains_key(path));
        let (mut found_now, opens) = (Arrived::default(), self.opens);
        for (path, (size, changed)) in found {
            let seen = self.files.entry(path.clone()).or_insert(Seen {
                size,
                changed,
                since: now,
                sent: false,
                locked: false,
            });
            if (seen.size, seen.changed) != (size, changed) {
                *seen = Seen { size, changed, since: now, sent: false, locked: false };
            }
            if seen.sent || now.duration_since(seen.since) < settle {
                continue;
            }
            if opens(&path) {
                (seen.sent, seen.locked) = (true, false);
                found_now.arrived.push(path);
            } else if !std::mem::replace(&mut seen.locked, true) {
                found_now.locked += 1;
            }
        }
        found_now.arrived.sort();
        Ok(found_now)
    }

    /// These were not taken in: they are handed out once more after they have settled again.
    fn take_back(&mut self, files: &[PathBuf], now: Instant) {
        for path in files {
            if let Some(seen) = self.files.get_mut(path) {
                (seen.sent, seen.since) = (false, now);
            }
        }
    }
}

/// Every regular file below a folder. A folder that vanishes while it is looked at is no fault.
fn files(dir: &Path) -> std::io::Result<HashMap<PathBuf, (u64, Option<SystemTime>)>> {
    let mut found = HashMap::new();
    let mut folders = vec![dir.to_path_buf()];
    let mut first = true;
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if first => return Err(error),
            Err(_) => continue,
        };
        first = false;
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(about) = entry.metadata()
            {
                found.insert(entry.path(), (about.len(), about.modified().ok()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    #[test]
    fn a_file_is_handed_out_once_after_it_stopped_growing() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().to_path_buf();
        fs::create_dir_all(dir.join("in")).unwrap();
        let file = dir.join("in/IM1");
        let mut folder = Folder::default();
        let start = Instant::now();
        let look = |folder: &mut Folder, now| folder.look(&dir, SETTLE, now).unwrap().arrived;

        fs::write(&file, b"half").unwrap();
        assert!(look(&mut folder, start).is_empty());
        fs::write(&file, b"half and the rest").unwrap();
        let grown = start + SETTLE;
        assert!(look(&mut folder, grown).is_empty(), "it was still growing");
        assert_eq!(look(&mut folder, grown + SETTLE), [file.as_path()]);
        assert!(look(&mut folder, grown + SETTLE * 2).is_empty(), "handed out twice");

        fs::write(&file, b"another image under the same name").unwrap();
        assert!(look(&mut folder, grown + SETTLE * 3).is_empty());
        assert_eq!(look(&mut folder, grown + SETTLE * 4), [file.as_path()]);
    }

    #[test]
    fn a_file_that_cannot_be_opened_keeps_no_other_one_back_and_comes_when_it_can_be() {
        let place = tempfile::tempdir().unwrap();
        for name in ["IM1", "IM2"] {
            fs::write(place.path().join(name), b"an image").unwrap();
        }
        let start = Instant::now();
        let look = |folder: &mut Folder, after: u32| {
            let found = folder.look(place.path(), SETTLE, start + SETTLE * after).unwrap();
            let names = found.arrived.iter().map(|path| path.file_name().unwrap().to_owned());
            (names.collect::<Vec<_>>(), found.locked)
        };
        let mut folder = Folder { opens: |path| !path.ends_with("IM2"), ..Folder::default() };
        assert_eq!(look(&mut folder, 0), (vec![], 0));
        assert_eq!(look(&mut folder, 1), (vec!["IM1".into()], 1));
        assert_eq!(look(&mut folder, 2), (vec![], 0), "it is said once");
        folder.opens = |_| true;
        assert_eq!(look(&mut folder, 3), (vec!["IM2".into()], 0));
        // What could not be taken in comes again.
        folder.take_back(&[place.path().join("IM1")], start + SETTLE * 3);
        assert_eq!(look(&mut folder, 3), (vec![], 0));
        assert_eq!(look(&mut folder, 4), (vec!["IM1".into()], 0));
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let fault = Folder::default().look(Path::new("/no/such/folder"), SETTLE, Instant::now());
        assert_eq!(fault.err().unwrap().code, Code::SourceNotFound);
    }
}
