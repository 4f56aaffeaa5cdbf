//! A bounded look at a volume: a DICOMDIR at its root, else a few of its first files.

use crate::Hint;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Entries of folders that are looked at.
const ENTRIES_MOST: usize = 400;
/// Files that are opened.
const FILES_MOST: usize = 12;
/// How deep folders are entered: DICOM/PAT/STUDY/SERIES.
const DEPTH_MOST: usize = 4;

/// Looks at a volume. It may take as long as the medium does: call it where blocking is allowed.
#[must_use]
pub fn look(root: &Path) -> Hint {
    let Ok(entries) = fs::read_dir(root) else { return Hint::Unreadable };
    let mut left = ENTRIES_MOST;
    let mut files = Vec::new();
    let mut folders = VecDeque::new();
    for entry in entries.flatten().take(ENTRIES_MOST) {
        left -= 1;
        let name = entry.file_name();
        // ISO 9660 may show a version behind the name.
        let name = name.to_string_lossy().trim_end_matches(";1").to_ascii_uppercase();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_file() && name == "DICOMDIR" {
            return Hint::Dicomdir;
        }
        sort(entry.path(), kind, 1, &mut files, &mut folders);
    }
    while let Some((folder, depth)) = folders.pop_front() {
        if files.len() >= FILES_MOST || left == 0 || depth > DEPTH_MOST {
            break;
        }
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten().take(left) {
            left -= 1;
            if let Ok(kind) = entry.file_type() {
                sort(entry.path(), kind, depth + 1, &mut files, &mut folders);
            }
        }
    }
    let found = files.iter().rev().take(FILES_MOST).any(|file| is_dicom(file));
    if found { Hint::Dicom } else { Hint::Nothing }
}

fn sort(
    path: PathBuf,
    kind: fs::FileType,
    depth: usize,
    files: &mut Vec<PathBuf>,
    folders: &mut VecDeque<(PathBuf, usize)>,
) {
    if kind.is_dir() {
        folders.push_back((path, depth));
    } else if kind.is_file() {
        files.push(path);
    }
}

/// True where a file has the mark of PS3.10 behind its preamble.
fn is_dicom(path: &Path) -> bool {
    let mut head = [0; 132];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.ends_with(b"DICM")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, name: &str, bytes: &[u8]) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn dicom() -> Vec<u8> {
        [&[0; 128][..], b"DICM"].concat()
    }

    #[test]
    fn a_dicomdir_is_seen_in_any_case_and_only_at_the_root() {
        for name in ["DICOMDIR", "dicomdir", "Dicomdir;1"] {
            let root = tempfile::tempdir().unwrap();
            put(root.path(), "AUTORUN.INF", b"x");
            put(root.path(), name, b"");
            assert_eq!(look(root.path()), Hint::Dicomdir);
        }
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "VIEWER/DICOMDIR", b"");
        assert_eq!(look(root.path()), Hint::Nothing);
    }

    #[test]
    fn files_are_known_by_their_mark_and_not_by_their_name() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "photo.dcm", b"no");
        assert_eq!(look(root.path()), Hint::Nothing);
        put(root.path(), "IMAGES/A/B/1", &dicom());
        assert_eq!(look(root.path()), Hint::Dicom);
    }

    #[test]
    fn a_stick_full_of_other_things_is_not_read_through() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..2_000 {
            put(root.path(), &format!("{number}/x"), b"");
        }
        assert_eq!(look(root.path()), Hint::Nothing);
        assert_eq!(look(Path::new("/no/such/volume")), Hint::Unreadable);
    }
}
