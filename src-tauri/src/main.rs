//! The window's process.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    // Started by itself as the process in which hostile pixels are decoded: nothing else may begin before that.
    #[cfg(desktop)]
    if std::env::args_os().nth(1).is_some_and(|word| word == relaypacs_app::PREVIEW_WORKER) {
        return relaypacs_app::preview_worker();
    }
    relaypacs_app::run();
    ExitCode::SUCCESS
}
