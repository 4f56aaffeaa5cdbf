//! The mount table as a value (`proc_pid_mountinfo(5)`), and where files of a volume are in it. Pure but for reading it.

use relaypacs_queue::Volume;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// One mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// `MAJOR:MINOR`
    pub(super) device: String,
    /// Which folder of the file system is mounted; `/` but for bind mounts.
    pub(super) root: PathBuf,
    /// Where.
    pub(super) point: PathBuf,
    /// The kind of file system.
    pub(super) kind: String,
    /// Device, share, or whatever the file system calls its source.
    pub(super) source: String,
}

impl Mount {
    pub(super) fn is_optical(&self) -> bool {
        matches!(self.kind.as_str(), "iso9660" | "udf")
    }
}

/// All that is mounted, in the order of the table: of two at one place the later one is seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mounts(Vec<Mount>);

impl Mounts {
    /// As Linux has them; elsewhere none.
    pub(super) fn now() -> Self {
        Self::parse(&fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    /// Reads a table. A line that is none is left out.
    pub(super) fn parse(table: &[u8]) -> Self {
        Self(table.split(|byte| *byte == b'\n').filter_map(mount).collect())
    }

    /// The mount that holds `path`.
    pub(super) fn of(&self, path: &Path) -> Option<&Mount> {
        let holds = |mount: &&Mount| path.starts_with(&mount.point);
        self.0.iter().filter(holds).max_by_key(|mount| mount.point.as_os_str().len())
    }
}

impl IntoIterator for Mounts {
    type Item = Mount;
    type IntoIter = std::vec::IntoIter<Mount>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// `36 35 98:0 /root /mount/point options optional... - kind source super-options`
fn mount(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|byte| *byte == b' ');
    let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let device = text(words.nth(2)?);
    let (root, point) = (path(words.next()?), path(words.next()?));
    words.by_ref().find(|word| *word == b"-")?;
    let (kind, source) = (text(words.next()?), words.next()?);
    Some(Mount { device, root, point, kind, source: path(source).to_string_lossy().into_owned() })
}

/// Blank, tab, newline and backslash stand in the table as `\` and three octal digits.
fn path(word: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, after @ ..] = rest {
        let octal = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    PathBuf::from(os_string(out))
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The volume that `path` was on.
pub(super) fn volume_of<'a>(noted: &'a [Volume], path: &Path) -> Option<&'a Volume> {
    let held = |volume: &&Volume| path.starts_with(&volume.mount);
    noted.iter().filter(held).max_by_key(|volume| volume.mount.as_os_str().len())
}

/// Where `path` may be now: on its volume, wherever that is mounted, where the volume was noted. Another disc in the same
/// drive may have a file of the same name: it is no place to look.
pub(super) fn places(
    there: &[(Mount, Option<String>)],
    noted: &[Volume],
    path: &Path,
) -> Vec<PathBuf> {
    let Some(volume) = volume_of(noted, path) else { return vec![path.to_owned()] };
    let Ok(below) = path.strip_prefix(&volume.mount) else { return Vec::new() };
    let within = volume.root.join(below);
    let here = there.iter().filter(|(_, identity)| identity.as_ref() == Some(&volume.identity));
    here.filter_map(|(mount, _)| {
        let below = within.strip_prefix(&mount.root).ok()?;
        Some(mount.point.join(below))
    })
    .collect()
}

/// True where an import that noted these volumes, and has still to read `path`, reads from what is mounted at `place`.
/// Which of several volumes is read when is not known: as long as something is left, all of them are needed.
pub(super) fn reads(
    there: &[(Mount, Option<String>)],
    noted: &[Volume],
    path: &Path,
    place: &Path,
) -> bool {
    let on = |path: &Path| places(there, noted, path).iter().any(|now| now.starts_with(place));
    on(path) || noted.iter().any(|volume| on(&volume.mount))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
        40 22 11:0 / /media/anna/My\\040Disc ro,nosuid shared:9 master:2 - iso9660 /dev/sr0 ro\n\
        nonsense\n\
        41 22 254:0 /srv/images /mnt/images rw - ext4 /dev/vda rw\n\
        42 22 0:50 / /mnt/nas rw - nfs4 nas:/export rw\n";

    fn volume(mount: &str, root: &str, identity: &str) -> Volume {
        Volume { mount: mount.into(), root: root.into(), identity: identity.into() }
    }

    #[test]
    fn the_table_is_read_with_blanks_and_bind_mounts() {
        let mounts = Mounts::parse(TABLE);
        let of = |path: &str| mounts.of(Path::new(path)).map(|mount| mount.source.as_str());
        assert_eq!(of("/media/anna/My Disc/DICOM/I1"), Some("/dev/sr0"));
        assert_eq!(of("/home/x"), Some("/dev/vda"));
        assert_eq!(of("/mnt/nasty"), Some("/dev/vda"));
        assert_eq!(of("/mnt/nas/x"), Some("nas:/export"));
        assert!(mounts.of(Path::new("/media/anna/My Disc")).unwrap().is_optical());
        assert_eq!(mounts.of(Path::new("/mnt/images/a")).unwrap().root, Path::new("/srv/images"));
        assert_eq!(Mounts::parse(b"").of(Path::new("/x")), None);
    }

    #[test]
    fn a_volume_is_found_wherever_it_is_mounted_now() {
        let there: Vec<_> = Mounts::parse(TABLE)
            .into_iter()
            .map(|mount| {
                let identity = format!("id of {}", mount.device);
                (mount, Some(identity))
            })
            .collect();
        let find = |noted: &[Volume], path: &str| places(&there, noted, Path::new(path));
        let disc = volume("/media/old", "/", "id of 11:0");
        assert_eq!(
            find(std::slice::from_ref(&disc), "/media/old/DICOM/I1"),
            [Path::new("/media/anna/My Disc/DICOM/I1")]
        );
        // The same path, and another disc in the drive.
        assert!(find(&[volume("/mnt/nas", "/", "id of 9:9")], "/mnt/nas/I1").is_empty());
        let reads = |noted: &[Volume], path: &str, place: &str| {
            reads(&there, noted, Path::new(path), Path::new(place))
        };
        let noted = std::slice::from_ref(&disc);
        assert!(reads(noted, "/media/old/DICOM/I1", "/media/anna/My Disc"));
        assert!(reads(noted, "/home/x/I1", "/media/anna/My Disc"), "a second source of an import");
        assert!(!reads(noted, "/media/old/DICOM/I1", "/mnt/nas"));
        assert!(!reads(&[volume("/mnt/nas", "/", "id of 9:9")], "/mnt/nas/I1", "/mnt/nas"));
        assert!(
            reads(&[], "/mnt/nas/I1", "/mnt/nas"),
            "where no volume is known, the path says it"
        );
        assert!(!reads(&[], "/mnt/nasty/I1", "/mnt/nas"));
        let bound = volume("/mnt/elsewhere", "/srv/images/a", "id of 254:0");
        assert_eq!(
            find(&[bound, disc], "/mnt/elsewhere/I1"),
            [Path::new("/srv/images/a/I1"), Path::new("/mnt/images/a/I1")]
        );
        assert_eq!(find(&[], "/home/x/I1"), [Path::new("/home/x/I1")]);
    }
}
