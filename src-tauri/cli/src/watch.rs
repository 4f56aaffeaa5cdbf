//! `watch`: send what arrives in a folder, once it has stopped growing.
//!
//! A file counts as arrived when its size and time of change have stayed the same for a while. The folder is looked at
//! again and again instead of listening for events, since events do not cross network mounts.

use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::face::Face;
use crate::people;
use crate::send::target;
use crate::session::Session;
use relaypacs_model::{Code, Fault};
use relaypacs_relay::{Reach, Work};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub(crate) async fn watch(session: &Session, args: WatchArgs) -> Result<Exit, Fault> {
    let relay = session.relay().await?.spooling(args.spool.into());
    let target = target(&args.to, &args.sign_in)?;
    let settle = Duration::from_secs(args.settle);
    let mut folder = Folder::default();
    people::say("Watching. Ctrl-C ends it.");
    while !session.stop.is_stopped() {
        let arrived = folder.look(&args.dir, settle, Instant::now())?;
        if arrived.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = session.stop.stopped() => {}
            }
            continue;
        }
        let face = Arc::new(Face::new(session.json()));
        let imported = relay.import(arrived, &target, false, face.clone(), &session.stop).await?;
        let work = Work {
            reach: Reach::Import(imported.import),
            patience: Some(Duration::from_secs(args.patience.patience)),
            index: imported.counts.index,
            paper: None,
        };
        let summary = relay.work(work, face.clone(), &session.stop).await?;
        face.done();
        let exit = Exit::of_run(&summary, Some(&imported.counts));
        crate::send::finish(session, &summary, Some(&imported.counts), exit)?;
    }
    Ok(Exit::Stopped)
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
