//! Discs and sticks of this computer: shown as they come and go, and ejected where the system can.

use crate::shell::{Shell, lock};
use crate::sources::Mounted;
use crate::token;
use crate::view::{Volume, VolumeHint, VolumeKind};
use relaypacs_media::{Change, Ejected, Hint, Kind, MediaWatcher, this_computer};
use relaypacs_model::{Code, Fault};
use relaypacs_relay::Removable;
use std::path::PathBuf;
use std::sync::Mutex;
use tauri::{AppHandle, Manager, Runtime};

/// The watcher, and the volumes as it tells them.
#[derive(Default)]
pub(crate) struct Volumes {
    watcher: Mutex<Option<MediaWatcher>>,
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
    }

    /// Watches no more.
    pub(crate) fn end(&self) {
        let watcher = lock(&self.watcher).take();
        drop(watcher);
    }

    fn ask_now(&self) {
        if let Some(watcher) = lock(&self.watcher).as_ref() {
            watcher.ask_now();
        }
    }
}

impl Shell {
    fn volume_changed(&self, change: Change) {
        let shown = {
            let mut mounted = lock(&self.mounted);
            match change {
                Change::Appeared(volume) => match token::new() {
                    Ok(token) => mounted.push(shown(token, volume)),
                    Err(fault) => {
                        tracing::warn!(code = fault.code.as_str(), "a volume has no name")
                    }
                },
                Change::Looked(id, hint) => {
                    if let Some(mounted) = mounted.iter_mut().find(|it| it.media.id == id) {
                        mounted.volume.hint = hint_of(hint);
                    }
                }
                Change::Vanished(id) => mounted.retain(|mounted| mounted.media.id != id),
            }
            mounted.iter().map(|mounted| mounted.volume.clone()).collect::<Vec<_>>()
        };
        self.board.change(|state| state.volumes = shown);
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
    /// [`Code::SourceGone`] where it is not there any more, [`Code::SourceUnreadable`] with what stands against it.
    pub(crate) async fn eject(&self, id: &str) -> Result<(), Fault> {
        let media = {
            let mounted = lock(&self.mounted);
            let found = mounted.iter().find(|mounted| mounted.volume.id == id);
            found.map(|mounted| mounted.media.clone())
        };
        let media = media.ok_or_else(|| Fault::new(Code::SourceGone))?;
        let ejected = tokio::task::spawn_blocking(move || this_computer().eject(&media)).await;
        self.volumes.ask_now();
        let stands_against = |what: &str| Err(Fault::with(Code::SourceUnreadable, what));
        match ejected.map_err(|error| Fault::with(Code::Internal, error))? {
            Ejected::Out | Ejected::Released => Ok(()),
            Ejected::Busy => stands_against("another program still uses it"),
            Ejected::NotAllowed => stands_against("this system does not let you eject it"),
            Ejected::NotPossible => stands_against("take it out by hand"),
            Ejected::Failed => stands_against("ejecting it did not work"),
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
