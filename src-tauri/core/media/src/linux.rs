//! Linux: the mount table of this process, and what sysfs says of the devices in it. The parsing is pure: text and
//! folders in, values out.

use crate::bounded::{Ran, run};
use crate::{Ejected, Hint, Kind, System, Volume, VolumeId};
use relaypacs_model::PatientText;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Where the kernel shows its devices.
pub const SYSFS: &str = "/sys";
const MOUNTS: &str = "/proc/self/mountinfo";
/// Where udev names devices by what is on them.
const DISKS: &str = "/dev/disk";

/// A device number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// The number of the driver.
    pub major: u32,
    /// The number within it.
    pub minor: u32,
}

/// One line of the mount table (proc(5), `/proc/pid/mountinfo`). The mount point may bear a name: it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Mount {
    /// The device that is mounted.
    pub device: Device,
    /// The folder of the file system that is shown: `/` but for bind mounts.
    pub root: PathBuf,
    /// Where it is shown.
    pub mount_point: PathBuf,
    /// Such as `iso9660`, `vfat`.
    pub file_system: String,
    /// The device file.
    pub source: PathBuf,
    /// True where this mount or the whole file system cannot be written.
    pub read_only: bool,
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Mount({:?}, {})", self.device, self.file_system)
    }
}

/// Reads a mount table. Lines that are none are passed over.
#[must_use]
pub fn mounts(text: &[u8]) -> Vec<Mount> {
    text.split(|byte| *byte == b'\n').filter_map(mount).collect()
}

/// `36 35 98:0 /root /mount/point rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue`
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = device(fields.nth(2)?)?;
    let root = PathBuf::from(unescaped(fields.next()?));
    let mount_point = PathBuf::from(unescaped(fields.next()?));
    let options = fields.next()?;
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
    let file_system = String::from_utf8_lossy(rest.next()?).into_owned();
    let source = PathBuf::from(unescaped(rest.next()?));
    let all_options = rest.next().unwrap_or_default();
    let read_only = [options, all_options]
        .iter()
        .any(|options| options.split(|byte| *byte == b',').any(|option| option == b"ro"));
    Some(Mount { device, root, mount_point, file_system, source, read_only })
}

fn device(field: &[u8]) -> Option<Device> {
    let (major, minor) = std::str::from_utf8(field).ok()?.split_once(':')?;
    Some(Device { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

/// The mount table writes spaces, tabs, line ends and backslashes as `\` and three octal digits, udev as `\x` and two
/// hexadecimal ones.
fn unescaped(mut bytes: &[u8]) -> OsString {
    let mut out = Vec::with_capacity(bytes.len());
    while let [first, rest @ ..] = bytes {
        let (byte, left) = match bytes {
            [b'\\', b'x', a, b, left @ ..] => (number(&[*a, *b], 16), left),
            [b'\\', a, b, c, left @ ..] => (number(&[*a, *b, *c], 8), left),
            _ => (None, rest),
        };
        out.push(byte.unwrap_or(*first));
        bytes = if byte.is_some() { left } else { rest };
    }
    OsString::from_vec(out)
}

fn number(digits: &[u8], base: u32) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok()
}

/// What sort of volume a device is, by sysfs at `sys`; nothing where it is part of the computer.
#[must_use]
pub fn kind(sys: &Path, device: Device) -> Option<Kind> {
    let link = sys.join(format!("dev/block/{}:{}", device.major, device.minor));
    let place = fs::canonicalize(link).ok()?;
    // Of a partition the disk is the folder above.
    let disk = if place.join("partition").exists() { place.parent()? } else { &place };
    let name = disk.file_name()?.as_bytes();
    let says = |file: &str, word: &str| {
        fs::read_to_string(disk.join(file)).is_ok_and(|text| text.trim() == word)
    };
    let outside = || {
        let text = disk.as_os_str().as_bytes();
        text.windows(4).any(|part| part == b"/usb")
            || text.windows(10).any(|part| part == b"/firewire/")
    };
    if name.starts_with(b"sr") {
        Some(Kind::Optical)
    } else if says("removable", "1") || (name.starts_with(b"mmcblk") && says("device/type", "SD")) {
        Some(Kind::Stick)
    } else {
        outside().then_some(Kind::Disk)
    }
}

/// True where a device can be taken out of the computer.
#[must_use]
pub fn is_removable(sys: &Path, device: Device) -> bool {
    kind(sys, device).is_some()
}

/// The sort of a mount: by its device, and the image of a disc by its file system. Bind mounts show what is there
/// already.
fn kind_of(sys: &Path, mount: &Mount) -> Option<Kind> {
    if mount.root != Path::new("/") {
        return None;
    }
    match mount.file_system.as_str() {
        "iso9660" | "udf" => Some(Kind::Optical),
        _ => kind(sys, mount.device),
    }
}

/// The volumes of a mount table. `disks`: where udev names devices by label and serial number.
#[must_use]
pub fn volumes(text: &[u8], sys: &Path, disks: &Path) -> Vec<Volume> {
    let mut found: Vec<Volume> = Vec::new();
    for mount in mounts(text) {
        let Some(kind) = kind_of(sys, &mount) else { continue };
        let id = VolumeId(identity(&mount, disks));
        // Mounted twice, it is one volume all the same.
        if found.iter().any(|volume| volume.id == id) {
            continue;
        }
        let label = named(&disks.join("by-label"), &mount.source)
            .or_else(|| mount.mount_point.file_name().map(OsStr::to_os_string));
        found.push(Volume {
            id,
            label: PatientText::new(label.unwrap_or_default().to_string_lossy()),
            kind,
            read_only: mount.read_only,
            total_bytes: None,
            hint: Hint::Unknown,
            mount_point: mount.mount_point,
        });
    }
    found
}

/// The serial number of the file system, where udev knows one, and the device.
fn identity(mount: &Mount, disks: &Path) -> String {
    let Device { major, minor } = mount.device;
    let serial = named(&disks.join("by-uuid"), &mount.source);
    serial.map_or_else(
        || format!("{major}:{minor}"),
        |serial| format!("{major}:{minor} {}", serial.to_string_lossy()),
    )
}

/// The name under which a folder of links has a device.
fn named(folder: &Path, device: &Path) -> Option<OsString> {
    let device = fs::canonicalize(device).ok()?;
    let entries = fs::read_dir(folder).ok()?.flatten();
    let link = entries
        .into_iter()
        .find(|link| fs::canonicalize(link.path()).is_ok_and(|place| place == device))?;
    Some(unescaped(link.file_name().as_bytes()))
}

/// The volumes of this computer. What the mount table said last is kept, so that asking again costs little.
#[derive(Debug, Default)]
pub struct Linux {
    last: Vec<u8>,
    volumes: Vec<Volume>,
}

impl System for Linux {
    fn volumes(&mut self) -> io::Result<Vec<Volume>> {
        let text = fs::read(MOUNTS)?;
        if text != self.last {
            self.volumes = volumes(&text, Path::new(SYSFS), Path::new(DISKS));
            for volume in &mut self.volumes {
                volume.total_bytes = size(&volume.mount_point);
            }
            self.last = text;
        }
        Ok(self.volumes.clone())
    }

    fn eject(&self, volume: &Volume) -> Ejected {
        let Ok(text) = fs::read(MOUNTS) else { return Ejected::Failed };
        let mounted = mounts(&text).into_iter().find(|one| one.mount_point == volume.mount_point);
        match mounted {
            Some(mount) => eject(&mount.source, volume.kind),
            // Somebody was faster.
            None => Ejected::Released,
        }
    }
}

fn size(mount_point: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(mount_point).ok()?;
    stat.f_blocks.checked_mul(stat.f_frsize)
}

/// Unmounts by udisks2, which lets the user at the screen do it, else by `umount`; then opens the tray or switches
/// the stick off.
fn eject(device: &Path, kind: Kind) -> Ejected {
    let udisks = |verb: &str| {
        let mut command = Command::new("udisksctl");
        run(command.args([verb, "--no-user-interaction", "-b"]).arg(device))
    };
    let first = udisks("unmount");
    // Without udisks2, or without its daemon: the plain way.
    let plain = match &first {
        Ran::Missing => true,
        Ran::Badly(said) => said.contains("error connecting"),
        Ran::Well | Ran::TooLong => false,
    };
    let unmounted = if plain { run(Command::new("umount").arg(device)) } else { first };
    let released = outcome(&unmounted);
    if released != Ejected::Out {
        return released;
    }
    let out = match kind {
        Kind::Optical => run(Command::new("eject").arg(device)),
        Kind::Stick | Kind::Disk => udisks("power-off"),
    };
    if out == Ran::Well { Ejected::Out } else { Ejected::Released }
}

/// What a program said of its failure.
fn outcome(ran: &Ran) -> Ejected {
    match ran {
        Ran::Well => Ejected::Out,
        Ran::Missing => Ejected::NotPossible,
        Ran::TooLong => Ejected::Failed,
        Ran::Badly(said) if said.contains("busy") || said.contains("in use") => Ejected::Busy,
        Ran::Badly(said) if said.contains("not mounted") || said.contains("notmounted") => {
            Ejected::Out
        }
        Ran::Badly(said)
            if ["not authorized", "notauthorized", "permission", "must be superuser"]
                .iter()
                .any(|word| said.contains(word)) =>
        {
            Ejected::NotAllowed
        }
        Ran::Badly(_) => Ejected::Failed,
    }
}

#[cfg(test)]
mod tests;
