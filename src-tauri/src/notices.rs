//! What the system says when nobody looks at the window: that a send is in the archive, or that it needs a person. A
//! number and the name of an archive, never a patient.

use crate::shell::Shell;
use crate::view::{Done, Standing};
use crate::window::MAIN;
use crate::words::{fill, words};
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_notification::NotificationExt;

/// A send came to its end.
pub(crate) fn ended<R: Runtime>(app: &AppHandle<R>, shell: &Shell, done: &Done) {
    let words = words(shell.kept.settings().language);
    let missing: u64 = done.not_there.iter().map(|missing| missing.count).sum();
    if missing > 0 {
        say(app, shell, &fill(words.some_need_you, missing, &done.destination));
    } else if done.images > 0 {
        say(app, shell, &fill(words.all_there, done.images, &done.destination));
    }
}

/// A destination waits for a person. Said once, when it begins.
pub(crate) fn stuck<R: Runtime>(app: &AppHandle<R>, shell: &Shell, destination: &str) {
    let known = shell.board.read(|state| {
        let row = state.destinations.iter().find(|row| row.name.as_deref() == Some(destination));
        row.is_some_and(|row| matches!(row.standing, Standing::NeedsSignIn | Standing::Trouble))
    });
    if !known {
        let words = words(shell.kept.settings().language);
        say(app, shell, &fill(words.archive_needs_you, 0, destination));
    }
}

/// To nobody who has the window before their eyes.
fn say<R: Runtime>(app: &AppHandle<R>, shell: &Shell, sentence: &str) {
    let seen =
        app.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or(false));
    if seen || !shell.kept.settings().notifications {
        return;
    }
    if let Err(error) = app.notification().builder().title("RelayPACS").body(sentence).show() {
        tracing::info!(%error, "the system shows no notifications");
    }
}
