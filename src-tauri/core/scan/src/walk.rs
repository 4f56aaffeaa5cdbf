//! The walk over a source: every regular file once, sorted by name within each folder, links never followed.

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
    /// Sorted backwards: the next one is at the end.
    left: Vec<(OsString, Sort)>,
}

/// Walks `source`; `meet` returns false to stop.
pub(crate) fn walk(source: &Source, meet: &mut dyn FnMut(Met) -> bool) {
    if !source.folder {
        meet(Met::File(source.path.clone()));
        return;
    }
    let mut levels = Vec::new();
    if !enter(source.path.clone(), &mut levels, meet) {
        return;
    }
    while let Some(level) = levels.last_mut() {
        let Some((name, sort)) = level.left.pop() else {
            levels.pop();
            continue;
        };
        let path = level.path.join(name);
        let go_on = match sort {
            Sort::Folder => enter(path, &mut levels, meet),
            Sort::File => meet(Met::File(path)),
            Sort::Link => meet(Met::Link(path)),
        };
        if !go_on {
            return;
        }
    }
}

/// Lists a folder. FIFOs, sockets and devices are no regular files: they are passed over without being opened.
fn enter(path: PathBuf, levels: &mut Vec<Level>, meet: &mut dyn FnMut(Met) -> bool) -> bool {
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
    left.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
    left.shrink_to_fit();
    levels.push(Level { path, left });
    true
}
