//! What those who help need to know, and nothing of a patient, a path, a host or a secret: versions, settings, counts,
//! codes, and the last lines of the log, which holds none of those either.

use crate::shell::Shell;
use std::fmt::Write;

/// How many lines of the log go along.
const LINES: usize = 60;

/// The text.
pub(crate) fn text(shell: &Shell) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(shell, &mut text);
    text
}

fn write(shell: &Shell, text: &mut String) -> std::fmt::Result {
    let (os, arch) = (tauri_plugin_os::type_(), tauri_plugin_os::arch());
    writeln!(text, "RelayPACS {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(text, "{os} {} {arch}", tauri_plugin_os::version())?;
    if let Ok(version) = tauri::webview_version() {
        writeln!(text, "web view {version}")?;
    }
    shell.board.read(|state| {
        writeln!(text, "stage {:?}, key store {}", state.stage, state.platform.has_key_store)?;
        if let Some(failure) = &state.failure {
            writeln!(text, "failure {:?}", failure.code)?;
        }
        let queue = &state.queue;
        writeln!(
            text,
            "queue: {} studies, {} images, {} bytes left, {} need a person, paused {}",
            queue.studies, queue.images, queue.bytes_left, queue.needs_person, queue.paused
        )?;
        for (number, destination) in state.destinations.iter().enumerate() {
            let code = destination.failure.as_ref().map(|failure| failure.code.0.as_str());
            writeln!(
                text,
                "destination {}: {:?}, sign-in {}, own authority {}, practice {}, {}",
                number + 1,
                destination.standing,
                destination.sign_in,
                destination.has_ca,
                destination.practice,
                code.unwrap_or("no trouble")
            )?;
        }
        let settings = &state.settings;
        writeln!(
            text,
            "settings: {:?}, {:?}, names {:?}, spool {:?}, bandwidth {:?}, autostart {}, notifications {}",
            settings.appearance,
            settings.language,
            settings.names,
            settings.spool,
            settings.bandwidth,
            settings.autostart,
            settings.notifications
        )
    })?;
    writeln!(text, "log:")?;
    let log = std::fs::read_to_string(shell.place.join("logs").join("relaypacs.jsonl"))
        .unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(LINES)) {
        writeln!(text, "{line}")?;
    }
    Ok(())
}
