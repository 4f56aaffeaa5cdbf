//! Discs and sticks of this computer: shown as they come and go, whether they have still to be read, and ejected where the
//! system can.

use crate::shell::{Shell, lock};
use crate::sources::Mounted;
use crate::token;
use crate::view::{Volume, VolumeHint, VolumeKind};
use relaypacs_media::{Change, Ejected, Hint, Kind, MediaWatcher, this_computer};
use relaypacs_model::{Code, Fault};
use relaypacs_relay::Removable;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager, Runtime};

/// The queue is not asked more often than this what it has still to read.
const BEAT: Duration = Duration::from_millis(250);
/// And no less often: not all that is copied is told on the board.
const SLOW: Duration = Duration::from_secs(2);

/// The watcher of the volumes, and the one who says which of them have still to be read.
#[derive(Default)]
pub(crate) struct Volumes {
    watcher: Mutex<Option<MediaWatcher>>,
    asking: Mutex<Option<JoinHandle<()>>>,
}

impl Volumes {
    /// Watches until [`Volumes::end`].
    pub(crate) fn watch<R: Runtime>(&self, app: &AppHandle<R>) {
        let told = app.clone();
        let watcher = MediaWatcher::start(this_computer(), move |change| {
            told.state::<Shell>().volume_changed(change);
        });
        match watcher {
            Ok(watcher) => *lock(&self.watcher) = Some(watcher),
            Err(error) => tracing::warn!(kind = ?error.kind(), "discs and sticks are not watched"),
        }
        *lock(&self.asking) = Some(tauri::async_runtime::spawn(ask_on(app.clone())));
    }

    /// Watches no more.
    pub(crate) fn end(&self) {
        if let Some(asking) = lock(&self.asking).take() {
            asking.abort();
        }
        let watcher = lock(&self.watcher).take();
        drop(watcher);
    }

    fn ask_now(&self) {
        if let Some(watcher) = lock(&self.watcher).as_ref() {
            watcher.ask_now();
        }
    }
}

/// Asks, whenever something was written on the board, which volumes have still to be read.
async fn ask_on<R: Runtime>(app: AppHandle<R>) {
    let shell = app.state::<Shell>();
    let mut written = shell.board.watch();
    loop {
        tokio::select! {
            more = written.changed() => if more.is_err() { return },
            () = tokio::time::sleep(SLOW) => {}
        }
        if let Err(fault) = shell.see_what_is_read().await {
            tracing::warn!(code = fault.code.as_str(), "what has still to be read is not known");
        }
        tokio::time::sleep(BEAT).await;
    }
}

impl Shell {
    fn volume_changed(&self, change: Change) {
        self.change_volumes(|mounted| match change {
            Change::Appeared(volume) => match token::new() {
                Ok(token) => mounted.push(shown(token, volume)),
                Err(fault) => {
                    tracing::warn!(code = fault.code.as_str(), "a volume has no name");
                }
            },
            Change::Looked(id, hint) => {
                if let Some(mounted) = mounted.iter_mut().find(|it| it.media.id == id) {
                    mounted.volume.hint = hint_of(hint);
                }
            }
            Change::Vanished(id) => mounted.retain(|mounted| mounted.media.id != id),
        });
    }

    /// Changes the volumes and shows them, as one: what is shown is never older than what was shown before.
    fn change_volumes(&self, change: impl FnOnce(&mut Vec<Mounted>)) {
        let mut mounted = lock(&self.mounted);
        change(&mut mounted);
        let shown = mounted.iter().map(|mounted| mounted.volume.clone()).collect();
        self.board.change(|state| state.volumes = shown);
    }

    /// Says of each volume whether it has still to be read: by the queue, or by a person who looks at what was found on it.
    async fn see_what_is_read(&self) -> Result<(), Fault> {
        let places: Vec<PathBuf> =
            lock(&self.mounted).iter().map(|mounted| mounted.media.mount_point.clone()).collect();
        // Before the home is open nothing is read.
        let Ok(relay) = self.relay() else { return Ok(()) };
        if places.is_empty() {
            return Ok(());
        }
        let read = relay.still_read(places).await?;
        let looked_at = self.board.read(|state| state.review.as_ref()?.volume.clone());
        self.change_volumes(|mounted| {
            for Mounted { volume, media } in mounted {
                volume.in_use =
                    read.contains(&media.mount_point) || looked_at.as_ref() == Some(&volume.id);
            }
        });
        Ok(())
    }

    /// Where a volume is mounted.
    pub(crate) fn root_of(&self, id: &str) -> Option<PathBuf> {
        let mounted = lock(&self.mounted);
        let found = mounted.iter().find(|mounted| mounted.volume.id == id);
        found.map(|mounted| mounted.media.mount_point.clone())
    }

    /// The volumes as a relay takes them: it knows by itself only what Linux says.
    pub(crate) fn removable(&self) -> Vec<Removable> {
        let mounted = lock(&self.mounted);
        let removable = |mounted: &Mounted| Removable {
            mount: mounted.media.mount_point.clone(),
            is_optical: mounted.media.kind == Kind::Optical,
        };
        mounted.iter().map(removable).collect()
    }

    /// Ejects a volume.
    ///
    /// # Errors
    /// [`Code::SourceGone`] where it is not there any more, [`Code::StillNeeded`] while something of it has still to be read,
    /// [`Code::NotEjected`] with what stands against it.
    pub(crate) async fn eject(&self, id: &str) -> Result<(), Fault> {
        self.see_what_is_read().await?;
        let media = {
            let mounted = lock(&self.mounted);
            let found = mounted.iter().find(|mounted| mounted.volume.id == id);
            let found = found.ok_or_else(|| Fault::new(Code::SourceGone))?;
            if found.volume.in_use {
                return Err(Fault::new(Code::StillNeeded));
            }
            found.media.clone()
        };
        let ejected = tokio::task::spawn_blocking(move || this_computer().eject(&media)).await;
        self.volumes.ask_now();
        let stands_against = |what: &str| Err(Fault::with(Code::NotEjected, what));
        match ejected.map_err(|error| Fault::with(Code::Internal, error))? {
            Ejected::Out | Ejected::Released => Ok(()),
            Ejected::Busy => stands_against("another program still uses it"),
            Ejected::NotAllowed => stands_against("this system does not let you eject it"),
            Ejected::NotPossible => stands_against("the system cannot eject it"),
            Ejected::Failed => stands_against("the system tried and failed"),
        }
    }
}

fn shown(id: String, media: relaypacs_media::Volume) -> Mounted {
    let volume = Volume {
        id,
        label: media.label.reveal().to_owned(),
        kind: match media.kind {
            Kind::Optical => VolumeKind::Optical,
            Kind::Stick => VolumeKind::Stick,
            Kind::Disk => VolumeKind::Disk,
        },
        read_only: media.read_only,
        bytes: media.total_bytes,
        hint: hint_of(media.hint),
        can_eject: cfg!(desktop),
        in_use: false,
    };
    Mounted { volume, media }
}

fn hint_of(hint: Hint) -> VolumeHint {
    match hint {
        Hint::Dicomdir => VolumeHint::Dicomdir,
        Hint::Dicom => VolumeHint::Dicom,
        Hint::Unknown | Hint::Nothing | Hint::Unreadable => VolumeHint::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Opened;
    use relaypacs_media::VolumeId;
    use relaypacs_model::{ArchiveRoot, Destination, PatientText, ReadBack, Secret, SignIn};
    use relaypacs_relay::{Home, KeySource, Nobody, Relay, Stop, Target};
    use std::path::Path;
    use std::sync::Arc;

    fn disc(id: &str, mount_point: &Path) -> relaypacs_media::Volume {
        relaypacs_media::Volume {
            id: VolumeId(id.into()),
            mount_point: mount_point.to_owned(),
            label: PatientText::new(id),
            kind: Kind::Optical,
            read_only: true,
            total_bytes: None,
            hint: Hint::Unknown,
        }
    }

    /// A shell over an open home, with a destination that nobody answers at.
    async fn shell(home: &Path) -> Shell {
        let shell = Shell::new(home.to_owned(), false);
        let home = Home::open(home).unwrap();
        let key = KeySource::Passphrase(Secret::new("for a test"));
        let relay = Arc::new(Relay::open(&home, &key).await.unwrap());
        let destination = Destination {
            label: "Main PACS".into(),
            root: ArchiveRoot::parse("http://127.0.0.1:9/dicom-web").unwrap(),
            sign_in: SignIn::None,
            ca: None,
            read_back: ReadBack::None,
        };
        relay.save_destination("Main PACS", destination).await.unwrap();
        shell.open(Opened { home, relay });
        shell
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disc_is_in_use_while_it_has_still_to_be_read_and_is_not_ejected_then() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sent = tempfile::tempdir().unwrap();
        relaypacs_sample::sample_disc(sent.path(), 1).unwrap();
        let shell = shell(home.path()).await;
        shell.volume_changed(Change::Appeared(disc("sent", sent.path())));
        shell.volume_changed(Change::Appeared(disc("other", other.path())));
        let in_use = || {
            let shown = shell.board.read(|state| state.volumes.clone());
            shown.iter().map(|volume| volume.in_use).collect::<Vec<_>>()
        };
        shell.see_what_is_read().await.unwrap();
        assert_eq!(in_use(), [false, false]);

        let relay = shell.relay().unwrap();
        let to = Target::Saved("Main PACS".into());
        let sources = vec![sent.path().to_path_buf()];
        relay.import(sources, &to, false, Arc::new(Nobody), &Stop::new()).await.unwrap();
        shell.see_what_is_read().await.unwrap();
        assert_eq!(in_use(), [true, false]);
        let id = shell.board.read(|state| state.volumes[0].id.clone());
        assert_eq!(shell.eject(&id).await.unwrap_err().code, Code::StillNeeded);
        let none = shell.eject("none").await.unwrap_err();
        assert_eq!(none.code, Code::SourceGone);

        let studies = relay.in_turn(0, 100).await.unwrap().iter().map(|row| row.study.id).collect();
        relay.wish_for(relaypacs_relay::Wish::Cancel, studies).await.unwrap();
        shell.see_what_is_read().await.unwrap();
        assert_eq!(in_use(), [false, false], "nothing of it is wanted any more");
    }
}
