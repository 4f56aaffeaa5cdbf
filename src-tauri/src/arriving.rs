//! Paths that come from outside the window: dropped on it, given at the start, handed over by a second start, opened
//! with RelayPACS from a file manager.

use crate::shell::Shell;
use crate::view::Failure;
use crate::{looking, window};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tauri::{AppHandle, Manager, Runtime};

/// Looks inside what was pointed at; a refusal is shown in the window.
pub(crate) fn look<R: Runtime>(app: &AppHandle<R>, paths: Vec<PathBuf>) {
    if paths.is_empty() {
        return;
    }
    if let Err(fault) = looking::look(app, paths.into_iter().map(meant).collect()) {
        let shell = app.state::<Shell>();
        shell.board.change(|state| state.notice = Some(Failure::from(&fault)));
    }
}

/// The index of a disc stands for the disc: opened from a file manager, it is the folder around it that is meant.
fn meant(path: PathBuf) -> PathBuf {
    let is_index = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"));
    match path.parent() {
        Some(folder) if is_index && !path.is_dir() => folder.to_path_buf(),
        _ => path,
    }
}

/// A second start: the window comes to the front and looks inside what the second one was given.
pub(crate) fn second_start<R: Runtime>(app: &AppHandle<R>, arguments: Vec<String>, folder: &str) {
    if let Err(error) = window::show(app) {
        tracing::warn!(%error, "the window could not be shown");
    }
    look(app, paths(arguments.into_iter().map(OsString::from), Path::new(folder)));
}

/// What the program was given at its start.
pub(crate) fn at_start() -> Vec<PathBuf> {
    let folder = std::env::current_dir().unwrap_or_default();
    paths(std::env::args_os(), &folder)
}

/// The paths among the arguments of a start, seen from the folder that it was started in. Anything that looks like an
/// option or an address is none.
fn paths(arguments: impl Iterator<Item = OsString>, folder: &Path) -> Vec<PathBuf> {
    let is_path = |word: &OsString| {
        let text = word.to_string_lossy();
        !text.is_empty() && !text.starts_with('-') && !text.contains("://")
    };
    arguments.skip(1).filter(is_path).map(|word| folder.join(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_disc_stands_for_the_disc() {
        assert_eq!(meant("/media/cd/DICOMDIR".into()), PathBuf::from("/media/cd"));
        assert_eq!(meant("/media/cd/dicomdir".into()), PathBuf::from("/media/cd"));
        assert_eq!(meant("/media/cd/IM1".into()), PathBuf::from("/media/cd/IM1"));
    }

    #[test]
    fn paths_are_seen_from_where_the_second_start_was_and_options_are_none() {
        let words = ["relaypacs-app", "--hidden", "disc/IM1", "/media/cd", "https://x", ""];
        let found = paths(words.into_iter().map(OsString::from), Path::new("/home/me"));
        assert_eq!(found, [PathBuf::from("/home/me/disc/IM1"), PathBuf::from("/media/cd")]);
    }
}
