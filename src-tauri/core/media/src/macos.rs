//! macOS: what is mounted below `/Volumes` (statfs), ejected by `diskutil`.

use crate::bounded::{Ran, run};
use crate::{Ejected, Hint, Kind, System, Volume, VolumeId};
use relaypacs_model::PatientText;
use std::ffi::CStr;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// `MNT_RDONLY` and `MNT_REMOVABLE` of `sys/mount.h`.
const READ_ONLY: u32 = 0x1;
const REMOVABLE: u32 = 0x200;

/// The volumes of a Mac.
#[derive(Debug)]
pub(crate) struct MacOs;

impl System for MacOs {
    fn volumes(&mut self) -> io::Result<Vec<Volume>> {
        let mut volumes = Vec::new();
        for entry in fs::read_dir("/Volumes")?.flatten() {
            // The start volume is a link to the root.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                volumes.extend(volume(&entry.path()));
            }
        }
        Ok(volumes)
    }

    fn eject(&self, volume: &Volume) -> Ejected {
        match run(Command::new("/usr/sbin/diskutil").arg("eject").arg(&volume.mount_point)) {
            Ran::Well => Ejected::Out,
            Ran::Badly(said) if said.contains("busy") || said.contains("in use") => Ejected::Busy,
            Ran::Missing => Ejected::NotPossible,
            Ran::Badly(_) | Ran::TooLong => Ejected::Failed,
        }
    }
}

fn volume(path: &Path) -> Option<Volume> {
    let stat = rustix::fs::statfs(path).ok()?;
    let text = |chars: &[i8]| {
        let bytes: Vec<u8> = chars.iter().map(|char| char.cast_unsigned()).collect();
        CStr::from_bytes_until_nul(&bytes).ok().map(|text| text.to_string_lossy().into_owned())
    };
    let (device, file_system) = (text(&stat.f_mntfromname)?, text(&stat.f_fstypename)?);
    if !device.starts_with("/dev/disk") {
        return None;
    }
    let kind = match file_system.as_str() {
        "cd9660" | "udf" | "cddafs" => Kind::Optical,
        _ if stat.f_flags & REMOVABLE != 0 => Kind::Stick,
        _ => Kind::Disk,
    };
    let name = path.file_name()?.to_string_lossy().into_owned();
    Some(Volume {
        id: VolumeId(format!("{device} {name} {}", stat.f_blocks)),
        mount_point: path.to_path_buf(),
        label: PatientText::new(name),
        kind,
        read_only: stat.f_flags & READ_ONLY != 0,
        total_bytes: stat.f_blocks.checked_mul(u64::from(stat.f_bsize)),
        hint: Hint::Unknown,
    })
}
