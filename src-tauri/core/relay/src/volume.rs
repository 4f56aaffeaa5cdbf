//! Volumes: is a source on something that somebody may take away, which volume is it, and where is that volume now?
//!
//! The mount table is a value and every decision over it is pure (`volume/mounts.rs`). What tells a volume from others
//! and whether it can be taken out is asked of the system here. Linux answers by `/proc` and `/sys`. On macOS everything
//! below `/Volumes` counts as removable; on Windows nothing does by itself. Whoever watches the drives knows more, and says
//! so ([`Removable`]); who does not, and wants a copy, asks for one ([`crate::SpoolWhen::Always`]). Without an identity,
//! which only Linux gives, a source is found again by its path.

mod mounts;

use mounts::{Mount, Mounts};
use relaypacs_queue::Volume;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A volume that can be taken out, as whoever watches the drives knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Removable {
    /// Where it is mounted; may carry a patient's name.
    pub mount: PathBuf,
    /// True for a disc, which is read by one reader.
    pub is_optical: bool,
}

/// Where an import came from.
#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) volumes: Vec<Volume>,
    pub(crate) is_removable: bool,
    pub(crate) is_optical: bool,
}

impl Origin {
    /// Looks at the volumes of these sources; `known` are some that can be taken out.
    pub(crate) fn of(sources: &[PathBuf], known: &[Removable]) -> Self {
        let (mounts, system) = (Mounts::now(), System::default());
        let mut origin = Self::default();
        for source in sources {
            let Ok(real) = fs::canonicalize(source) else { continue };
            origin.is_removable |= cfg!(target_os = "macos") && real.starts_with("/Volumes");
            for volume in known {
                // As the source was: on Windows both get the same prefix by that.
                let holds = |mount: PathBuf| real.starts_with(mount);
                if fs::canonicalize(&volume.mount).is_ok_and(holds) {
                    origin.is_removable = true;
                    origin.is_optical |= volume.is_optical;
                }
            }
            let Some(mount) = mounts.of(&real) else { continue };
            origin.is_optical |= mount.is_optical();
            origin.is_removable |= mount.is_optical() || system.is_removable(mount);
            let noted = origin.volumes.iter().any(|volume| volume.mount == mount.point);
            if let (false, Some(identity)) = (noted, system.identity(mount)) {
                let (mount, root) = (mount.point.clone(), mount.root.clone());
                origin.volumes.push(Volume { mount, root, identity });
            }
        }
        origin
    }
}

/// The volumes that are there now.
pub(crate) struct Volumes(Vec<(Mount, Option<String>)>);

impl Volumes {
    /// As the system has them.
    pub(crate) fn now() -> Self {
        let system = System::default();
        let identified = |mount: Mount| {
            let identity = system.identity(&mount);
            (mount, identity)
        };
        Self(Mounts::now().into_iter().map(identified).collect())
    }

    /// Where a file of an import may be now: on its volume, wherever that is mounted, if it is known; else where it was.
    pub(crate) fn places(&self, noted: &[Volume], path: &Path) -> Vec<PathBuf> {
        mounts::places(&self.0, noted, path)
    }

    /// True where an import that noted these volumes, and has still to read `path`, reads from what is mounted at `place`.
    pub(crate) fn reads(&self, noted: &[Volume], path: &Path, place: &Path) -> bool {
        mounts::reads(&self.0, noted, path, place)
    }

    /// True while the volume of `path` is there, as far as it is known.
    pub(crate) fn are_there(&self, noted: &[Volume], path: &Path) -> bool {
        mounts::volume_of(noted, path).is_none_or(|volume| {
            self.0.iter().any(|(_, identity)| identity.as_ref() == Some(&volume.identity))
        })
    }
}

/// Where Linux says what a device is.
struct System {
    sys: PathBuf,
    by_uuid: PathBuf,
}

impl Default for System {
    fn default() -> Self {
        Self { sys: "/sys".into(), by_uuid: "/dev/disk/by-uuid".into() }
    }
}

/// File systems whose `f_fsid` is made of their UUID, and stays the same wherever and whenever they are mounted.
const NUMBERED: [&str; 5] = ["ext2", "ext3", "ext4", "btrfs", "tmpfs"];
/// File systems of a network: their source is their name.
const OF_NETWORK: [&str; 4] = ["nfs", "nfs4", "cifs", "smb3"];

impl System {
    /// The device as `/sys` has it.
    fn device(&self, mount: &Mount) -> Option<PathBuf> {
        fs::canonicalize(self.sys.join("dev/block").join(&mount.device)).ok()
    }

    /// True for a device that says so of itself (a partition's disk says it), or that hangs on USB.
    fn is_removable(&self, mount: &Mount) -> bool {
        let Some(device) = self.device(mount) else { return false };
        let says_so = |folder: &Path| {
            fs::read_to_string(folder.join("removable")).is_ok_and(|text| text.trim() == "1")
        };
        let on_usb = device.iter().any(|part| part.to_string_lossy().starts_with("usb"));
        on_usb || says_so(&device) || device.parent().is_some_and(says_so)
    }

    /// What tells this volume from every other. Never its label, which can be a patient's name.
    fn identity(&self, mount: &Mount) -> Option<String> {
        if OF_NETWORK.contains(&mount.kind.as_str()) {
            return Some(format!("net:{}", digest(&[mount.source.as_bytes()])));
        }
        self.uuid(mount)
            .or_else(|| iso9660(mount))
            .or_else(|| NUMBERED.contains(&mount.kind.as_str()).then(|| fsid(&mount.point))?)
    }

    fn uuid(&self, mount: &Mount) -> Option<String> {
        let device = self.device(mount)?;
        let name = device.file_name()?;
        let links = fs::read_dir(&self.by_uuid).ok()?;
        let found = links.flatten().find(|link| {
            fs::read_link(link.path()).is_ok_and(|target| target.file_name() == Some(name))
        })?;
        Some(format!("uuid:{}", found.file_name().to_string_lossy()))
    }
}

/// The Primary Volume Descriptor (ECMA-119 section 8.4): its volume identifier and creation time, as a hash.
fn iso9660(mount: &Mount) -> Option<String> {
    if mount.kind != "iso9660" {
        return None;
    }
    let mut sector = [0; 2048];
    let mut disc = File::open(&mount.source).ok()?;
    disc.seek(SeekFrom::Start(16 * 2048)).ok()?;
    disc.read_exact(&mut sector).ok()?;
    let is_one = sector.get(..6)? == b"\x01CD001";
    is_one.then_some(())?;
    Some(format!("iso:{}", digest(&[sector.get(40..72)?, sector.get(813..830)?])))
}

fn digest(parts: &[&[u8]]) -> String {
    let mut sum = Sha256::new();
    parts.iter().for_each(|part| sum.update(part));
    sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(target_os = "linux")]
fn fsid(point: &Path) -> Option<String> {
    let id = rustix::fs::statvfs(point).ok()?.f_fsid;
    (id != 0).then(|| format!("fsid:{id:x}"))
}

#[cfg(not(target_os = "linux"))]
fn fsid(_point: &Path) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mount(device: &str, kind: &str) -> Mount {
        Mount {
            device: device.into(),
            root: "/".into(),
            point: "/nowhere".into(),
            kind: kind.into(),
            source: "/dev/nothing".into(),
        }
    }

    #[test]
    fn a_stick_is_told_from_a_disk_that_is_built_in() {
        let place = tempfile::tempdir().unwrap();
        let sys = place.path().join("sys");
        for (number, device, removable) in [
            ("8:0", "devices/pci0/ata1/sda", "0"),
            ("8:16", "devices/pci0/usb2/2-1/sdb", "0"),
            ("8:32", "devices/pci0/card/sdc", "1"),
        ] {
            let disk = sys.join(device);
            fs::create_dir_all(disk.join("part1")).unwrap();
            fs::write(disk.join("removable"), format!("{removable}\n")).unwrap();
            fs::create_dir_all(sys.join("dev/block")).unwrap();
            symlink(&disk, sys.join("dev/block").join(number)).unwrap();
            symlink(disk.join("part1"), sys.join("dev/block").join(format!("{number}1"))).unwrap();
        }
        let by_uuid = place.path().join("by-uuid");
        fs::create_dir(&by_uuid).unwrap();
        symlink("../../sdb", by_uuid.join("5F3A-11C2")).unwrap();
        let system = System { sys, by_uuid };
        let removable = |number: &str| system.is_removable(&mount(number, "vfat"));
        assert_eq!(
            ["8:0", "8:01", "8:16", "8:161", "8:32", "8:321", "9:9"].map(removable),
            [false, false, true, true, true, true, false]
        );
        assert_eq!(system.identity(&mount("8:16", "vfat")).as_deref(), Some("uuid:5F3A-11C2"));
        assert_eq!(system.identity(&mount("8:0", "vfat")), None);
        let share = |source: &str| {
            system.identity(&Mount { source: source.into(), ..mount("0:50", "nfs4") })
        };
        assert_eq!(share("nas:/export"), share("nas:/export"));
        assert_ne!(share("nas:/export"), share("nas:/other"));
    }

    #[test]
    fn what_is_known_to_be_removable_is_so_on_every_system() {
        let place = tempfile::tempdir().unwrap();
        let (disc, stick) = (place.path().join("disc"), place.path().join("stick"));
        let at = |mount: &Path, is_optical| Removable { mount: mount.to_owned(), is_optical };
        let known = [at(&disc, true), at(&stick, false), at(&place.path().join("gone"), true)];
        let of = |name: &str| {
            let source = place.path().join(name);
            fs::create_dir_all(&source).unwrap();
            let origin = Origin::of(&[source], &known);
            (origin.is_removable, origin.is_optical)
        };
        assert_eq!(
            ["disc", "disc/DICOM", "stick/a"].map(of),
            [(true, true), (true, true), (true, false)]
        );
        assert_eq!(of("disc2"), (false, false));
    }

    #[test]
    fn a_disc_is_known_by_its_volume_descriptor() {
        let image = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = vec![0; 17 * 2048];
        bytes[16 * 2048..16 * 2048 + 6].copy_from_slice(b"\x01CD001");
        let disc = |bytes: &[u8]| {
            fs::write(image.path(), bytes).unwrap();
            let source = image.path().to_str().unwrap().to_owned();
            iso9660(&Mount { source, ..mount("11:0", "iso9660") })
        };
        let first = disc(&bytes).unwrap();
        assert_eq!(disc(&bytes), Some(first.clone()));
        bytes[16 * 2048 + 820] = b'9';
        assert_ne!(disc(&bytes), Some(first));
        bytes[16 * 2048 + 1] = b'X';
        assert_eq!(disc(&bytes), None);
    }
}
