//! Windows: drive letters, their type, label and serial number, by `winsafe`; ejected by the Explorer's own verb.

use crate::bounded::{Ran, run};
use crate::{Ejected, Hint, Kind, System, Volume, VolumeId};
use relaypacs_model::PatientText;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use winsafe::co::{DRIVE, FILE_VOL};
use winsafe::{GetDiskFreeSpaceEx, GetDriveType, GetLogicalDriveStrings, GetVolumeInformation};

/// The volumes of a computer with Windows.
#[derive(Debug)]
pub(crate) struct Windows;

impl System for Windows {
    fn volumes(&mut self) -> io::Result<Vec<Volume>> {
        let drives = GetLogicalDriveStrings().map_err(|_| io::ErrorKind::Other)?;
        Ok(drives.iter().filter_map(|root| volume(root)).collect())
    }

    fn eject(&self, volume: &Volume) -> Ejected {
        let place = volume.mount_point.to_string_lossy();
        let Some(letter) = place.chars().next().filter(char::is_ascii_alphabetic) else {
            return Ejected::NotPossible;
        };
        // The verb is carried out beside the script, which has to live as long as that takes.
        let script = format!(
            "(New-Object -ComObject Shell.Application).NameSpace(17).ParseName('{letter}:').InvokeVerb('Eject'); \
             for ($i = 0; $i -lt 50 -and (Test-Path '{letter}:\\'); $i++) {{ Start-Sleep -Milliseconds 200 }}"
        );
        let mut command = Command::new("powershell.exe");
        command.args(["-NoProfile", "-NonInteractive", "-Command", &script]);
        match run(&mut command) {
            Ran::Missing => Ejected::NotPossible,
            // The verb does not say how it ended: the drive does.
            Ran::Well if !Path::new(&volume.mount_point).exists() => Ejected::Out,
            Ran::Well => Ejected::Busy,
            Ran::Badly(_) | Ran::TooLong => Ejected::Failed,
        }
    }
}

/// A removable drive with a medium in it.
fn volume(root: &str) -> Option<Volume> {
    let sort = GetDriveType(Some(root));
    let kind = if sort == DRIVE::CDROM {
        Kind::Optical
    } else if sort == DRIVE::REMOVABLE {
        Kind::Stick
    } else {
        return None;
    };
    // The flags are overwritten, or not read.
    let (mut name, mut serial, mut flags) = (String::new(), 0, FILE_VOL::READ_ONLY_VOLUME);
    // A drive without a medium has no information.
    GetVolumeInformation(
        Some(root),
        Some(&mut name),
        Some(&mut serial),
        None,
        Some(&mut flags),
        None,
    )
    .ok()?;
    let mut total = 0;
    let known = GetDiskFreeSpaceEx(Some(root), None, Some(&mut total), None).is_ok();
    let label = if name.is_empty() { root.trim_end_matches('\\').to_owned() } else { name };
    Some(Volume {
        id: VolumeId(format!("{root} {serial:08X}")),
        mount_point: PathBuf::from(root),
        label: PatientText::new(label),
        kind,
        read_only: kind == Kind::Optical || flags.has(FILE_VOL::READ_ONLY_VOLUME),
        total_bytes: known.then_some(total),
        hint: Hint::Unknown,
    })
}
