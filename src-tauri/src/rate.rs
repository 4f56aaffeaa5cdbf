//! How quick something goes: over the last seconds, so that it neither jumps nor lies for long.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far it looks back.
const SPAN: Duration = Duration::from_secs(5);
/// Below this a rate is a guess.
const SHORTEST: Duration = Duration::from_millis(700);

/// A sum that grows, sampled.
pub(crate) struct Rate {
    samples: VecDeque<(Instant, u64)>,
    span: Duration,
}

impl Default for Rate {
    fn default() -> Self {
        Self::over(SPAN)
    }
}

impl Rate {
    /// A rate that looks back so far.
    #[must_use]
    pub(crate) fn over(span: Duration) -> Self {
        Self { samples: VecDeque::new(), span }
    }

    /// The sum at a moment. One that shrank began anew.
    pub(crate) fn add(&mut self, at: Instant, sum: u64) {
        if self.samples.back().is_some_and(|(_, last)| sum < *last) {
            self.samples.clear();
        }
        self.samples.push_back((at, sum));
        while self.samples.get(1).is_some_and(|(then, _)| at.duration_since(*then) >= self.span) {
            self.samples.pop_front();
        }
    }

    /// The sum is at this moment what it was.
    pub(crate) fn nothing_new(&mut self, at: Instant) {
        if let Some((_, last)) = self.samples.back().copied() {
            self.add(at, last);
        }
    }

    /// Per second; `None` while nothing moves, or where it is too early to tell.
    pub(crate) fn per_second(&self) -> Option<u64> {
        let ((first, from), (last, to)) = (self.samples.front()?, self.samples.back()?);
        let span = last.duration_since(*first);
        if span < SHORTEST || to == from {
            return None;
        }
        Some(((to - from) as f64 / span.as_secs_f64()) as u64).filter(|rate| *rate > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_looks_back_some_seconds_and_ends_when_nothing_moves() {
        let begun = Instant::now();
        let mut rate = Rate::default();
        let second = |n: u64| begun + Duration::from_secs(n);
        rate.add(second(0), 0);
        assert_eq!(rate.per_second(), None);
        rate.add(second(1), 1_000);
        assert_eq!(rate.per_second(), Some(1_000));
        for n in 2..=10 {
            rate.add(second(n), 1_000);
        }
        assert_eq!(rate.per_second(), None, "nothing moved for more than five seconds");
        rate.add(second(11), 6_000);
        assert_eq!(rate.per_second(), Some(1_000), "5,000 in five seconds");
        rate.add(second(12), 0);
        assert_eq!(rate.per_second(), None, "a sum that shrank began anew");
    }
}
