//! Watches the volumes: once a second the system is asked, what is new is looked at beside that, what changed is told.

use crate::{Ejected, Hint, Volume, VolumeId, look};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the system is asked. Reading the mount table takes some tens of microseconds.
const TICK: Duration = Duration::from_secs(1);

/// What a system says of its volumes.
pub trait System: Send {
    /// The volumes that can be taken out, without a hint. Called once a second: it reads nothing from the media.
    ///
    /// # Errors
    /// What the operating system says.
    fn volumes(&mut self) -> io::Result<Vec<Volume>>;

    /// Ejects a volume, or says why not. It may take half a minute.
    fn eject(&self, volume: &Volume) -> Ejected;
}

/// What happened to a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was put in, or was there from the start. It was not looked at yet.
    Appeared(Volume),
    /// It was looked at.
    Looked(VolumeId, Hint),
    /// It was taken out.
    Vanished(VolumeId),
}

enum Message {
    Looked(VolumeId, PathBuf, Hint),
    /// Ask the system now.
    Ask,
    Stop,
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct MediaWatcher {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl MediaWatcher {
    /// Starts to watch. `told` is called from a thread of its own, first for each volume that is there.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(
        mut system: Box<dyn System>,
        mut told: impl FnMut(Change) + Send + 'static,
    ) -> io::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let looks = messages.clone();
        let watch = move || run(system.as_mut(), &inbox, &looks, &mut told);
        let thread = thread::Builder::new().name("media".into()).spawn(watch)?;
        Ok(Self { messages, thread: Some(thread) })
    }

    /// Asks the system at once, for instance after a volume was ejected.
    pub fn ask_now(&self) {
        let _stopped = self.messages.send(Message::Ask);
    }
}

impl Drop for MediaWatcher {
    fn drop(&mut self) {
        let _stopped = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _what_told_panicked_with = thread.join();
        }
    }
}

fn run(
    system: &mut dyn System,
    inbox: &Receiver<Message>,
    looks: &Sender<Message>,
    told: &mut dyn FnMut(Change),
) {
    let mut known: BTreeMap<VolumeId, Volume> = BTreeMap::new();
    loop {
        // A system that cannot be asked now says nothing of what is there: it is asked again.
        if let Ok(volumes) = system.volumes() {
            compare(&mut known, volumes, looks, told);
        }
        match inbox.recv_timeout(TICK) {
            Ok(Message::Looked(id, mount_point, hint)) => {
                let same = known.get_mut(&id).filter(|volume| volume.mount_point == mount_point);
                if let Some(volume) = same {
                    volume.hint = hint;
                    told(Change::Looked(id, hint));
                }
            }
            Ok(Message::Ask) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Tells what went and what came. A volume under the same name at another place went and came.
fn compare(
    known: &mut BTreeMap<VolumeId, Volume>,
    volumes: Vec<Volume>,
    looks: &Sender<Message>,
    told: &mut dyn FnMut(Change),
) {
    let gone: Vec<VolumeId> = known
        .values()
        .filter(|old| {
            !volumes.iter().any(|new| new.id == old.id && new.mount_point == old.mount_point)
        })
        .map(|old| old.id.clone())
        .collect();
    for id in gone {
        known.remove(&id);
        told(Change::Vanished(id));
    }
    for volume in volumes {
        if known.contains_key(&volume.id) {
            continue;
        }
        let (id, mount_point, looks) =
            (volume.id.clone(), volume.mount_point.clone(), looks.clone());
        known.insert(id.clone(), volume.clone());
        told(Change::Appeared(volume));
        // Beside the watch: a disc may take half a minute to turn, or never answer.
        let looking = thread::Builder::new().name("media look".into()).spawn(move || {
            let hint = look(&mount_point);
            let _stopped = looks.send(Message::Looked(id, mount_point, hint));
        });
        // Without a thread the hint stays unknown; the volume can be used all the same.
        drop(looking);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use relaypacs_model::PatientText;
    use std::fs;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<Vec<Volume>>>);

    impl System for Fake {
        fn volumes(&mut self) -> io::Result<Vec<Volume>> {
            Ok(self.0.lock().unwrap().clone())
        }

        fn eject(&self, _: &Volume) -> Ejected {
            Ejected::NotPossible
        }
    }

    fn disc(id: &str, mount_point: &Path) -> Volume {
        Volume {
            id: VolumeId(id.into()),
            mount_point: mount_point.into(),
            label: PatientText::new("CANARY"),
            kind: Kind::Optical,
            read_only: true,
            total_bytes: None,
            hint: Hint::Unknown,
        }
    }

    #[test]
    fn discs_appear_are_looked_at_and_vanish() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("DICOMDIR"), b"").unwrap();
        let (fake, (told, changes)) = (Fake::default(), mpsc::channel());
        let (one, other) = (disc("one", root.path()), disc("other", Path::new("/none")));
        fake.0.lock().unwrap().push(one.clone());
        let watcher =
            MediaWatcher::start(Box::new(fake.clone()), move |change| told.send(change).unwrap());
        let watcher = watcher.unwrap();
        assert_eq!(changes.recv().unwrap(), Change::Appeared(one.clone()));
        assert_eq!(changes.recv().unwrap(), Change::Looked(one.id.clone(), Hint::Dicomdir));
        // Another disc in the same drive.
        *fake.0.lock().unwrap() = vec![other.clone()];
        watcher.ask_now();
        assert_eq!(changes.recv().unwrap(), Change::Vanished(one.id));
        assert_eq!(changes.recv().unwrap(), Change::Appeared(other.clone()));
        assert_eq!(changes.recv().unwrap(), Change::Looked(other.id.clone(), Hint::Unreadable));
        fake.0.lock().unwrap().clear();
        watcher.ask_now();
        assert_eq!(changes.recv().unwrap(), Change::Vanished(other.id));
        drop(watcher);
        assert!(changes.recv().is_err());
    }

    #[test]
    fn neither_labels_nor_places_print() {
        let shown = format!("{:?}", Change::Appeared(disc("x", Path::new("/media/CANARY"))));
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}
