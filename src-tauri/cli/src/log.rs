//! The log: JSON lines in the home folder, one file a day, seven kept. Codes, row numbers and sizes; never a patient,
//! a UID, a path or a secret (the types that hold those do not print).

use relaypacs_relay::Home;
use tracing::Level;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Starts writing the log. A log that cannot be written is no reason not to send: the caller goes on without.
pub(crate) fn start(home: &Home, level: Level) {
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("relaypacs")
        .filename_suffix("jsonl")
        .max_log_files(7)
        .build(home.logs());
    let Ok(file) = file else { return };
    // Other crates may name hosts, headers and paths in their events: only ours are kept.
    let ours = Targets::new().with_target("relaypacs", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(std::sync::Mutex::new(file))
        .with_filter(ours);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
