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
    ImportEnd, ImportId, Progress, Reach, Relay, ScanCounts, Stop, Summary, Target, Work,
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
        while !stop.is_stopped() {
            let arrived = folder.look(dir, settle, Instant::now())?;
            if !arrived.is_empty() {
                let (face, target) = (self.face.clone(), &self.target);
                let imported = self.relay.import(arrived, target, false, face, stop).await?;
                if imported.counts.instances == 0 {
                    // Nothing of it will end.
                    self.say(Summary::default(), Some(&imported.counts))?;
                } else {
                    self.told.offered.insert(imported.import, imported.counts);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stop.stopped() => {}
                Some(end) = self.ends.recv() => self.tell(end)?,
            }
        }
        Ok(())
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

/// What is known of the watched folder.
#[derive(Default)]
struct Folder {
    files: HashMap<PathBuf, Seen>,
}

/// One file as it was last seen.
struct Seen {
    size: u64,
    changed: Option<SystemTime>,
    since: Instant,
    sent: bool,
}

impl Folder {
    /// The files that have stayed the same for `settle` and were not handed out before as they are now.
    fn look(&mut self, dir: &Path, settle: Duration, now: Instant) -> Result<Vec<PathBuf>, Fault> {
        let found = files(dir).map_err(|error| {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            let code = if gone { Code::SourceNotFound } else { Code::SourceUnreadable };
            Fault::with(code, error.kind())
        })?;
        self.files.retain(|path, _| found.contains_key(path));
        let mut arrived = Vec::new();
        for (path, (size, changed)) in found {
            let seen = self.files.entry(path.clone()).or_insert(Seen {
                size,
                changed,
                since: now,
                sent: false,
            });
            if (seen.size, seen.changed) != (size, changed) {
                *seen = Seen { size, changed, since: now, sent: false };
            }
            if !seen.sent && now.duration_since(seen.since) >= settle {
                seen.sent = true;
                arrived.push(path);
            }
        }
        arrived.sort();
        Ok(arrived)
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

        fs::write(&file, b"half").unwrap();
        assert!(folder.look(&dir, SETTLE, start).unwrap().is_empty());
        fs::write(&file, b"half and the rest").unwrap();
        let grown = start + SETTLE;
        assert!(folder.look(&dir, SETTLE, grown).unwrap().is_empty(), "it was still growing");
        assert_eq!(folder.look(&dir, SETTLE, grown + SETTLE).unwrap(), [file.as_path()]);
        assert!(
            folder.look(&dir, SETTLE, grown + SETTLE * 2).unwrap().is_empty(),
            "handed out twice"
        );

        fs::write(&file, b"another image under the same name").unwrap();
        assert!(folder.look(&dir, SETTLE, grown + SETTLE * 3).unwrap().is_empty());
        assert_eq!(folder.look(&dir, SETTLE, grown + SETTLE * 4).unwrap(), [file.as_path()]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let fault = Folder::default().look(Path::new("/no/such/folder"), SETTLE, Instant::now());
        assert_eq!(fault.unwrap_err().code, Code::SourceNotFound);
    }
}
