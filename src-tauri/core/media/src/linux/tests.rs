//! Mount tables and a sysfs made of folders and links.

use super::*;
use std::os::unix::fs::symlink;

const TABLE: &[u8] = b"\
22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
31 28 8:17 / /media/anna/MUELLER\\040ANNA rw,nosuid shared:9 master:1 - vfat /dev/sdb1 rw,fmask=0022
32 28 11:0 / /media/anna/CD1 ro,nosuid - iso9660 /dev/sr0 ro
33 28 7:3 / /mnt/image rw - udf /dev/loop3 ro
34 28 8:33 / /media/anna/BACKUP rw - ext4 /dev/sdc1 rw
35 28 8:17 /PHOTOS /home/anna/photos rw - vfat /dev/sdb1 rw
36 28 179:1 / /media/anna/CARD rw - vfat /dev/mmcblk0p1 rw
37 28 8:17 / /mnt/again rw - vfat /dev/sdb1 rw
not a line
";

/// A disk with one partition; how sysfs shows it.
fn disk(sys: &Path, place: &str, device: &str, files: &[(&str, &str)]) {
    let partition = sys.join("devices").join(place);
    let disk = partition.parent().unwrap();
    fs::create_dir_all(&partition).unwrap();
    fs::create_dir_all(disk.join("device")).unwrap();
    fs::write(partition.join("partition"), "1\n").unwrap();
    for (name, text) in files {
        fs::write(disk.join(name), text).unwrap();
    }
    link(sys, &partition, device);
}

fn link(sys: &Path, place: &Path, device: &str) {
    let links = sys.join("dev/block");
    fs::create_dir_all(&links).unwrap();
    symlink(place, links.join(device)).unwrap();
}

fn sysfs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sys = folder.path();
    disk(sys, "pci/nvme/nvme0n1/nvme0n1p2", "259:2", &[("removable", "0\n")]);
    disk(sys, "pci/usb1/1-2/host4/block/sdb/sdb1", "8:17", &[("removable", "1\n")]);
    disk(sys, "pci/usb1/1-3/host5/block/sdc/sdc1", "8:33", &[("removable", "0\n")]);
    let card = [("removable", "0\n"), ("device/type", "SD\n")];
    disk(sys, "pci/mmc_host/mmc0/block/mmcblk0/mmcblk0p1", "179:1", &card);
    let drive = sys.join("devices/pci/ata3/host2/block/sr0");
    fs::create_dir_all(&drive).unwrap();
    fs::write(drive.join("removable"), "1\n").unwrap();
    link(sys, &drive, "11:0");
    folder
}

#[test]
fn a_mount_table_is_read_with_its_escapes_and_optional_fields() {
    let mounts = mounts(TABLE);
    assert_eq!(mounts.len(), 9);
    let stick = &mounts[2];
    assert_eq!(stick.mount_point, Path::new("/media/anna/MUELLER ANNA"));
    assert_eq!(stick.device, Device { major: 8, minor: 17 });
    assert_eq!((stick.file_system.as_str(), stick.read_only), ("vfat", false));
    // Read-only by the mount, and by the file system alone.
    assert_eq!([mounts[3].read_only, mounts[4].read_only], [true, true]);
    assert_eq!(mounts[6].root, Path::new("/PHOTOS"));
    assert!(!format!("{mounts:?}").contains("ANNA"));
}

#[test]
fn what_can_be_taken_out_is_found_and_nothing_else() {
    let sys = sysfs();
    let found = volumes(TABLE, sys.path(), Path::new("/no/such/folder"));
    let short: Vec<(&str, Kind, bool)> =
        found.iter().map(|volume| (volume.label.reveal(), volume.kind, volume.read_only)).collect();
    let expected = [
        ("MUELLER ANNA", Kind::Stick, false),
        ("CD1", Kind::Optical, true),
        ("image", Kind::Optical, true),
        ("BACKUP", Kind::Disk, false),
        ("CARD", Kind::Stick, false),
    ];
    assert_eq!(short, expected);
    assert!(is_removable(sys.path(), Device { major: 11, minor: 0 }));
    assert!(!is_removable(sys.path(), Device { major: 259, minor: 2 }));
    assert!(!is_removable(sys.path(), Device { major: 1, minor: 1 }));
}

#[test]
fn another_disc_in_the_same_drive_is_another_volume_with_a_label_of_its_own() {
    let (sys, folder) = (sysfs(), tempfile::tempdir().unwrap());
    let (drive, disks) = (folder.path().join("sr0"), folder.path().join("disk"));
    fs::write(&drive, "").unwrap();
    let table = format!("1 2 11:0 / /media/x ro - iso9660 {} ro\n", drive.display());
    let volume = |label: &str, serial: &str| {
        for (kind, name) in [("by-label", label), ("by-uuid", serial)] {
            let links = disks.join(kind);
            let _not_there_yet = fs::remove_dir_all(&links);
            fs::create_dir_all(&links).unwrap();
            symlink(&drive, links.join(name)).unwrap();
        }
        volumes(table.as_bytes(), sys.path(), &disks).remove(0)
    };
    let one = volume("CT\\x20HEAD", "2026-01-01-10-00-00-00");
    let other = volume("CT\\x20HEAD", "2026-01-02-10-00-00-00");
    assert_eq!(one.label.reveal(), "CT HEAD");
    assert_ne!(one.id, other.id);
    assert_eq!(one.id, volume("CT\\x20HEAD", "2026-01-01-10-00-00-00").id);
}

#[test]
fn what_the_programs_of_the_system_say_is_understood() {
    let said = |text: &str| outcome(&Ran::Badly(text.into()));
    assert_eq!(said("umount: /media/x: target is busy."), Ejected::Busy);
    assert_eq!(
        said("error: gdbus.error:org.freedesktop.udisks2.error.notauthorized"),
        Ejected::NotAllowed
    );
    assert_eq!(said("umount: /dev/sr0: must be superuser to unmount."), Ejected::NotAllowed);
    assert_eq!(said("umount: /dev/sr0: not mounted."), Ejected::Out);
    assert_eq!(said("something else"), Ejected::Failed);
    assert_eq!(outcome(&Ran::Missing), Ejected::NotPossible);
}

#[test]
fn this_computer_can_be_asked() {
    assert!(Linux::default().volumes().is_ok());
}
