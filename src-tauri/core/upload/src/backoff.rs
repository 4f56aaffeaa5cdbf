//! How long to wait before the next attempt. Pure: time and chance are arguments.

use std::time::{Duration, SystemTime};

/// The longest wait, whatever an archive asks for: somebody may have repaired it meanwhile.
pub const LONGEST: Duration = Duration::from_secs(3600);

const FIRST: Duration = Duration::from_secs(1);

/// The wait before the next attempt after `failures` in a row: doubled with each from 1 s, at most [`LONGEST`], of
/// which `jitter` (0 to 1, anything else is taken as the nearer of them) picks a place in the upper half, so that
/// many senders do not come back at the same moment. Never shorter than `asked`, the archive's own wish.
#[must_use]
pub fn wait(failures: u32, jitter: f64, asked: Option<Duration>) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let jitter = if jitter.is_nan() { 0.0 } else { jitter.clamp(0.0, 1.0) };
    let jittered = full.mul_f64(0.5 + jitter / 2.0);
    jittered.max(asked.unwrap_or_default()).min(LONGEST)
}

/// Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date in any of the three forms. A date that has
/// passed is no wait. `None` where it is neither.
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let seconds: Vec<u64> = (0..=14).map(|n| wait(n, 1.0, None).as_secs()).collect();
        assert_eq!(seconds, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
        assert_eq!(wait(u32::MAX, 1.0, None), LONGEST);
    }

    #[test]
    fn chance_picks_within_the_upper_half() {
        assert_eq!(wait(4, 0.0, None), Duration::from_secs(4));
        assert_eq!(wait(4, 0.5, None), Duration::from_secs(6));
        assert_eq!(wait(4, 7.0, None), Duration::from_secs(8));
        assert_eq!(wait(4, f64::NAN, None), Duration::from_secs(4));
        assert_eq!(wait(4, f64::NEG_INFINITY, None), Duration::from_secs(4));
    }

    #[test]
    fn what_the_archive_asks_for_is_the_least_and_an_hour_the_most() {
        assert_eq!(wait(1, 0.0, Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(wait(9, 1.0, Some(Duration::from_secs(90))), Duration::from_secs(256));
        assert_eq!(wait(1, 0.0, Some(Duration::from_secs(86_400))), LONGEST);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let table = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun Nov  6 08:49:47 1994", Some(10)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:07 GMT", Some(3600)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(retry_after(value, now).map(|d| d.as_secs()), expected, "{value:?}");
        }
    }
}
