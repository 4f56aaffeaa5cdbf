//! Paths that come from outside the window: dropped on it, given at the start, handed over by a second start, opened
//! with RelayPACS from a file manager.

use crate::shell::Shell;
use crate::view::{CodeWord, Stage};
use crate::{looking, window};
use relaypacs_model::Code;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tauri::{AppHandle, Manager, Runtime};

/// Looks inside what was pointed at; a refusal is shown in the window. Before the home is open and a destination is
/// saved it is kept, and looked into then.
pub(crate) fn look<R: Runtime>(app: &AppHandle<R>, paths: Vec<PathBuf>) {
    if paths.is_empty() {
        return;
    }
    app.state::<Shell>().turns.keep(paths.into_iter().map(meant).collect());
    go_on(app);
}

/// Looks inside what was kept, where it can be looked into now.
pub(crate) fn go_on<R: Runtime>(app: &AppHandle<R>) {
    let shell = app.state::<Shell>();
    let Some(paths) = ready(&shell) else { return };
    if let Err(fault) = looking::look(app, paths) {
        shell.board.change(|state| state.note(&fault, true));
    }
}

/// What was kept, where there is a home to hold it and somewhere to send it. Where only a destination lacks, the person is
/// asked for one.
pub(crate) fn ready(shell: &Shell) -> Option<Vec<PathBuf>> {
    shell.relay().ok()?;
    let paths = shell.turns.take_kept()?;
    let target = shell.standard_target();
    let lacks = CodeWord(Code::DestinationUnknown);
    shell.board.change(|state| match (&target, state.stage) {
        (Err(fault), Stage::Open | Stage::FirstStart) => {
            state.stage = Stage::FirstStart;
            state.note(fault, true);
        }
        (Ok(_), _) if state.notice.as_ref().is_some_and(|notice| notice.code == lacks) => {
            state.notice = None;
        }
        (Ok(_) | Err(_), _) => {}
    });
    if target.is_err() {
        shell.turns.keep(paths);
        return None;
    }
    Some(paths)
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
    fn what_is_opened_before_there_is_a_home_is_kept_and_the_last_one_counts() {
        let home = tempfile::tempdir().unwrap();
        let shell = Shell::new(home.path().to_owned(), false);
        shell.turns.keep(vec!["/media/first".into()]);
        shell.turns.keep(vec!["/media/second".into()]);
        assert_eq!(ready(&shell), None, "the home is not open");
        assert!(shell.board.read(|state| state.stage == Stage::Starting && state.notice.is_none()));
        assert_eq!(shell.turns.take_kept(), Some(vec![PathBuf::from("/media/second")]));
        assert_eq!(shell.turns.take_kept(), None, "it is looked into once");
    }

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
