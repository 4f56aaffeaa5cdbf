//! The one place of the core that asks what time it is.

use chrono::Timelike as _;
use relaypacs_model::Moment;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, by the system's wall clock.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let real = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Moment(real.saturating_add(set_by()))
}

/// Which hour of the day it is where this machine stands, 0 to 23.
pub(crate) fn hour_of_day() -> u8 {
    u8::try_from(chrono::Local::now().hour()).unwrap_or_default()
}

/// By how many milliseconds a test has set the clock of this process: a file that RELAYPACS_TEST_CLOCK names holds the
/// seconds, and may change at any time. A release has no such thing.
#[cfg(debug_assertions)]
fn set_by() -> i64 {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("RELAYPACS_TEST_CLOCK").map(PathBuf::from));
    let seconds = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    seconds
        .and_then(|text| text.trim().parse::<i64>().ok())
        .unwrap_or_default()
        .saturating_mul(1000)
}

#[cfg(not(debug_assertions))]
fn set_by() -> i64 {
    0
}
