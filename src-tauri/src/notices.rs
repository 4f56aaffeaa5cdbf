//! What the system says when nobody looks at the window: that a send is in the archive, or that it needs a person. A
//! number and the name of an archive, never a patient.

use crate::shell::Shell;
use crate::view::{Done, NotThere, Standing};
use crate::window::MAIN;
use crate::words::{Words, fill, words};
use relaypacs_model::Outcome;
use std::sync::atomic::Ordering;
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_notification::NotificationExt;

/// A send came to its end.
pub(crate) fn ended<R: Runtime>(app: &AppHandle<R>, shell: &Shell, done: &Done) {
    if let Some(sentence) = end_in_words(words(shell.kept.settings().language), done) {
        say(app, shell, &sentence);
    }
}

/// What is said of an end. Who took all of it out knows that.
fn end_in_words(words: &Words, done: &Done) -> Option<String> {
    let need = |missing: &&NotThere| missing.outcome.0 != Outcome::Cancelled;
    let need: u64 = done.not_there.iter().filter(need).map(|missing| missing.count).sum();
    let (sentence, n) = match (need, done.in_archive) {
        (1.., _) => (words.some_need_you, need),
        (0, _) if done.complete => (words.all_there, done.images),
        (0, 0) => return None,
        (0, there) => (words.some_there, there),
    };
    Some(fill(sentence, n, &done.destination))
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
    // Nobody is there for it any more, and the thread that would answer about the window may wait for this one.
    if shell.ending.load(Ordering::Acquire) {
        return;
    }
    let seen =
        app.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or(false));
    if seen || !shell.kept.settings().notifications {
        return;
    }
    if let Err(error) = app.notification().builder().title("RelayPACS").body(sentence).show() {
        tracing::info!(%error, "the system shows no notifications");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::done::done;
    use crate::view::Language;
    use relaypacs_relay::{ImportEnd, ImportId};
    use std::time::Duration;

    fn said(outcomes: &[(Outcome, u64)], listed_missing: u64) -> Option<String> {
        let end = ImportEnd {
            import: ImportId(1),
            receipt: 1,
            destination: "Main PACS".into(),
            studies: 1,
            outcomes: outcomes.iter().copied().collect(),
            reasons: [].into(),
            bytes: 1,
            took: Duration::ZERO,
            listed_missing,
            index_partly: false,
            to_look_at: 0,
            open_elsewhere: 0,
            source: None,
        };
        end_in_words(words(Language::En), &done(&end, None))
    }

    #[test]
    fn what_a_person_took_out_needs_nobody_and_is_not_said_to_be_there() {
        let (there, out) = ((Outcome::Confirmed, 50), (Outcome::Cancelled, 30));
        assert_eq!(said(&[there], 0).unwrap(), "All 50 images are in Main PACS.");
        assert_eq!(said(&[out], 0), None);
        let part = said(&[there, out], 0).unwrap();
        assert!(part.starts_with("50 images are in Main PACS.") && !part.contains("30"), "{part}");
        let refused = said(&[there, out, (Outcome::Rejected, 2)], 0).unwrap();
        assert!(refused.starts_with("2 images for Main PACS need a person."), "{refused}");
        assert_eq!(said(&[there], 1), Some(part), "the disc lacks something");
    }
}
