//! The one place of the core that asks what time it is.

use relaypacs_model::Moment;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, by the system's wall clock.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
