//! Dialogs answered by a test: `RELAYPACS_TEST_DIALOG` names a file whose lines are the paths that the next dialog gives.
//! A missing or empty file is a person who pressed Cancel. Not in any release build.

use std::path::PathBuf;
use tauri::{AppHandle, Runtime};

fn answer() -> Vec<PathBuf> {
    let Some(file) = std::env::var_os("RELAYPACS_TEST_DIALOG") else { return Vec::new() };
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    // Each answer is given once.
    let _ = std::fs::remove_file(&file);
    text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect()
}

pub(super) async fn folders<R: Runtime>(_app: &AppHandle<R>) -> Vec<PathBuf> {
    answer()
}

pub(super) async fn files<R: Runtime>(_app: &AppHandle<R>) -> Vec<PathBuf> {
    answer()
}

pub(super) async fn certificates<R: Runtime>(_app: &AppHandle<R>) -> Option<PathBuf> {
    answer().pop()
}

pub(super) async fn place<R: Runtime>(_app: &AppHandle<R>, _name: &str) -> Option<PathBuf> {
    answer().pop()
}
