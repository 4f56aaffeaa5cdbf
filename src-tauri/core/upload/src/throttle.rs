//! One limit for all connections together: each asks for its turn before it hands on a piece.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is made up for after a turn that came late: timers are no more exact than this.
const SLACK: Duration = Duration::from_millis(50);

type Limit = dyn Fn() -> Option<u64> + Send + Sync;

/// Gives turns to what is handed on, so that no more goes out than is allowed. Turns come in the order in which they
/// were asked for: no connection is starved by another one.
pub struct Throttle {
    limit: Box<Limit>,
    /// When the line is free again.
    free: Mutex<Option<Instant>>,
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").field("limit", &(self.limit)()).finish()
    }
}

impl Throttle {
    /// `limit` is asked before each piece: bytes a second, or none.
    pub fn new(limit: impl Fn() -> Option<u64> + Send + Sync + 'static) -> Self {
        Self { limit: Box::new(limit), free: Mutex::default() }
    }

    /// As much as the line takes.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|| None)
    }

    /// Takes the next turn for so many bytes; `None` where it is now.
    pub(crate) fn turn(&self, now: Instant, bytes: usize) -> Option<Instant> {
        let per_second = (self.limit)()?.max(1);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let turn = free.map_or(now, |free| free.max(earliest));
        let nanos = (bytes as u64).saturating_mul(1_000_000_000) / per_second;
        *free = Some(turn + Duration::from_nanos(nanos));
        (turn > now).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// When `count` pieces have had their turns, asked for one after the other as soon as the one before had its own,
    /// each `late`.
    fn taken(throttle: &Throttle, start: Instant, count: usize, late: Duration) -> Duration {
        let mut now = start;
        for _ in 0..count {
            if let Some(turn) = throttle.turn(now, 1000) {
                now = turn + late;
            }
        }
        now - start
    }

    #[test]
    fn no_more_goes_out_than_is_allowed_and_hardly_less_where_timers_are_late() {
        let start = Instant::now();
        for late in [0, 1, 40] {
            let throttle = Throttle::new(|| Some(100_000));
            let took = taken(&throttle, start, 1001, Duration::from_millis(late));
            let least = Duration::from_secs(10);
            assert!((least..least + SLACK).contains(&took), "{late} ms late: {took:?}");
        }
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let (start, throttle) = (Instant::now(), Throttle::new(|| Some(100_000)));
        taken(&throttle, start, 10, Duration::ZERO);
        let later = start + Duration::from_secs(60);
        let took = taken(&throttle, later, 101, Duration::ZERO);
        assert!(took + SLACK >= Duration::from_secs(1), "{took:?}");
    }

    #[test]
    fn the_limit_may_change_at_any_time() {
        let limit = Arc::new(AtomicU64::new(0));
        let asked = Arc::clone(&limit);
        let throttle =
            Throttle::new(move || Some(asked.load(Ordering::Relaxed)).filter(|it| *it > 0));
        let now = Instant::now();
        assert!((0..100).all(|_| throttle.turn(now, 1 << 20).is_none()), "no limit, no wait");
        limit.store(1000, Ordering::Relaxed);
        assert_eq!(throttle.turn(now, 1000), None, "what went before is no debt");
        assert_eq!(throttle.turn(now, 1000), Some(now + Duration::from_secs(1)));
        limit.store(0, Ordering::Relaxed);
        assert_eq!(throttle.turn(now, 1000), None);
    }
}
