//! The walk over a source: every regular file once, in order within each folder, links never followed.

use crate::sources::Source;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the walk came upon.
#[derive(Debug)]
pub(crate) enum Met {
    /// A regular file, not opened yet.
    File(PathBuf),
    /// A symbolic link below the source.
    Link(PathBuf),
    /// A folder or entry that cannot be looked into.
    Unreadable(PathBuf, io::ErrorKind),
}

impl Met {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Link(path) | Self::Unreadable(path, _) => path,
        }
    }
}

#[derive(Clone, Copy)]
enum Sort {
    Folder,
    File,
    Link,
}

struct Level {
    path: PathBuf,
    /// Backwards: the next one is at the end.
    left: Vec<(OsString, Sort)>,
}

/// Walks `source`, each folder by name or as the file system lists it; `meet` returns false to stop.
pub(crate) fn walk(source: &Source, as_listed: bool, meet: &mut dyn FnMut(Met) -> bool) {
    if !source.folder {
        meet(Met::File(source.path.clone()));
        return;
    }
    let mut levels = Vec::new();
    if !enter(source.path.clone(), as_listed, &mut levels, meet) {
        return;
    }
    while let Some(level) = levels.last_mut() {
        let Some((name, sort)) = level.left.pop() else {
            levels.pop();
            continue;
        };
        let path = level.path.join(name);
        let go_on = match sort {
            Sort::Folder => enter(path, as_listed, &mut levels, meet),
            Sort::File => meet(Met::File(path)),
            Sort::Link => meet(Met::Link(path)),
        };
        if !go_on {
            return;
        }
    }
}

/// Lists a folder. FIFOs, sockets and devices are no regular files: they are passed over without being opened.
fn enter(
    path: PathBuf,
    as_listed: bool,
    levels: &mut Vec<Level>,
    meet: &mut dyn FnMut(Met) -> bool,
) -> bool {
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) => return meet(Met::Unreadable(path, error.kind())),
    };
    let mut left = Vec::new();
    for entry in entries {
        let sorted = entry.and_then(|entry| {
            let sort = entry.file_type()?;
            Ok((entry.file_name(), sort))
        });
        match sorted {
            Ok((name, sort)) if sort.is_dir() => left.push((name, Sort::Folder)),
            Ok((name, sort)) if sort.is_symlink() => left.push((name, Sort::Link)),
            Ok((name, sort)) if sort.is_file() => left.push((name, Sort::File)),
            Ok(_) => {}
            Err(error) => {
                if !meet(Met::Unreadable(path.clone(), error.kind())) {
                    return false;
                }
                // A listing that failed once may fail for ever.
                break;
            }
        }
    }
    match as_listed {
        true => left.reverse(),
        false => left.sort_unstable_by(|(a, _), (b, _)| b.cmp(a)),
    }
    left.shrink_to_fit();
    levels.push(Level { path, left });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_by_name_or_as_it_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        // So many, and so named, that no file system lists them by name by chance.
        for number in 0..64_u32 {
            let name = format!("IM{:02}", number * 37 % 64);
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let source = Source { path: folder.path().to_owned(), folder: true };
        let met = |as_listed| {
            let mut names = Vec::new();
            walk(&source, as_listed, &mut |met| {
                names.push(met.path().file_name().unwrap().to_owned());
                true
            });
            names
        };
        let listed: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let mut by_name = listed.clone();
        by_name.sort_unstable();
        assert_eq!((met(true), met(false)), (listed, by_name));
    }
}
