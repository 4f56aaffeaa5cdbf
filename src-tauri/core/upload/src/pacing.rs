//! How much to send at once. Pure: what was measured goes in, sizes come out.
//!
//! Two things are steered. The size of a batch follows the rate, so that one takes about [`Bounds::target`], and stays
//! small against what gets through between two cuts of the line, since half a batch is lost with each. The number in
//! flight grows by one while that buys throughput, and is halved at once when the archive pushes back, by status or by
//! taking far longer for the same bytes (additive increase, multiplicative decrease).
//!
//! A connection that breaks is no push-back: it says something of the line and nothing of what the archive can take.
//! Smaller batches then go in larger numbers, so that what is in flight altogether stays and the line does not run dry.

use std::time::Duration;

/// What pacing may choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long a batch should take.
    pub target: Duration,
    /// The smallest batch that is worth a request, in bytes.
    pub least_bytes: u64,
    /// The same where the line breaks often.
    pub least_bytes_when_cut: u64,
    /// The largest batch, in bytes. Larger ones gained nothing against Orthanc (16 to 64 MiB measured), and a cut
    /// costs more.
    pub most_bytes: u64,
    /// The most instances in a batch.
    pub most_parts: usize,
    /// The most batches in flight.
    pub most_in_flight: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            target: Duration::from_secs(3),
            least_bytes: 256 << 10,
            least_bytes_when_cut: 64 << 10,
            most_bytes: 16 << 20,
            most_parts: 100,
            most_in_flight: 8,
        }
    }
}

/// How one batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// The archive answered.
    Answered {
        /// Bytes of instances.
        bytes: u64,
        /// From the first byte to the answer.
        took: Duration,
        /// How many batches were in flight, this one counted.
        in_flight: usize,
    },
    /// 429, 503: too much at once.
    PushedBack,
    /// The connection broke.
    Cut {
        /// Bytes of instances that it had taken.
        bytes: u64,
    },
    /// 413, or a batch that failed as a whole: no larger request than this.
    TooLarge {
        /// The largest size that is worth trying.
        most_bytes: u64,
    },
}

/// What was learned so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    bounds: Bounds,
    in_flight: usize,
    batch_bytes: u64,
    /// Bytes per second and batch, smoothed.
    rate: Option<f64>,
    /// Bytes per second, all batches together, smoothed.
    throughput: Option<f64>,
    window: Window,
    /// While it is found out whether another number in flight is better.
    probe: Option<Probe>,
    /// Windows to wait before the next probe.
    hold: usize,
    cuts: Cuts,
}

/// How the line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cuts {
    /// Bytes between two cuts, smoothed; `None` before the first.
    between: Option<f64>,
    /// Bytes since the last one.
    since: f64,
}

impl Cuts {
    fn after(self, bytes: u64, cut: bool) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an estimate needs no 53 bits")]
        let since = self.since + bytes as f64;
        if !cut {
            return Self { since, ..self };
        }
        let between = self.between.map_or(since, |mean| mean + SMOOTHING * (since - mean));
        Self { between: Some(between), since: 0.0 }
    }

    /// The largest batch that loses little by them. A line that has held for longer than usual has become better.
    fn most_bytes(self) -> Option<u64> {
        let between = self.between?.max(self.since);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and finite; `as` saturates"
        )]
        let bytes = (between / BATCHES_BETWEEN_CUTS) as u64;
        Some(bytes)
    }
}

/// Which way the number in flight was moved, and the throughput before that.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Probe {
    /// One more: has to pay.
    Up { before: f64 },
    /// One less: must not cost.
    Down { before: f64 },
}

/// Answers since the number in flight was last changed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Window {
    answers: usize,
    counted: usize,
    throughput: f64,
}

/// One more in flight has to bring this much more throughput to be kept.
const WORTHWHILE: f64 = 1.05;
/// Windows between probes that did not pay: networks change.
const HOLD: usize = 10;
/// A batch that goes this many times slower than is usual, for as many in flight, is a push-back.
const FAR_SLOWER: f64 = 4.0;
const SMOOTHING: f64 = 0.3;
/// Between two cuts lie so many batches: then a cut costs a twentieth of what gets through, even where all of the batch
/// that it hits has left.
const BATCHES_BETWEEN_CUTS: f64 = 20.0;
/// In flight at the start.
const AT_FIRST: usize = 4;
/// Where the line breaks, no fewer than this are in flight: what is left carries on while one is made anew.
const LEAST_WHEN_CUT: usize = 4;

impl Pace {
    /// Starts with four small ones in flight: a local archive has them at their largest after six answers, and on a bad
    /// line there is little to lose before anything is known of it.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let most = bounds.most_bytes.max(1);
        Self {
            bounds: Bounds {
                most_bytes: most,
                least_bytes: bounds.least_bytes.clamp(1, most),
                ..bounds
            },
            in_flight: AT_FIRST.min(bounds.most_in_flight.max(1)),
            batch_bytes: bounds.least_bytes.clamp(1, most),
            rate: None,
            throughput: None,
            window: Window::default(),
            probe: None,
            hold: 0,
            cuts: Cuts::default(),
        }
    }

    /// How many batches may be in flight: at least one.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many bytes a batch may have, unless it is a single instance.
    #[must_use]
    pub fn batch_bytes(&self) -> u64 {
        self.batch_bytes
    }

    /// The largest batch that the archive may take, as far as is known, in bytes.
    #[must_use]
    pub fn most_bytes(&self) -> u64 {
        self.bounds.most_bytes
    }

    /// How many instances a batch may have.
    #[must_use]
    pub fn batch_parts(&self) -> usize {
        self.bounds.most_parts.max(1)
    }

    /// The pace after one more batch.
    #[must_use]
    pub fn after(self, measured: Measured) -> Self {
        match measured {
            Measured::Answered { bytes, took, in_flight } => self.answered(bytes, took, in_flight),
            Measured::PushedBack => self.lowered(),
            Measured::Cut { bytes } => self.cut(bytes),
            Measured::TooLarge { most_bytes } => self.capped(most_bytes),
        }
    }

    fn answered(mut self, bytes: u64, took: Duration, in_flight: usize) -> Self {
        let seconds = took.as_secs_f64();
        if bytes == 0 || seconds <= 0.0 {
            return self;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
        let (now, flying) = (bytes as f64 / seconds, in_flight.max(1) as f64);
        let throughput = now * flying;
        self.cuts = self.cuts.after(bytes, false);
        let far_slower = self.throughput.is_some_and(|usual| throughput * FAR_SLOWER < usual);
        if far_slower && bytes >= self.bounds.least_bytes {
            let slower = Self { throughput: Some(throughput), rate: Some(now), ..self };
            return slower.lowered().resized();
        }
        self.rate = Some(smoothed(self.rate, now));
        self.throughput = Some(smoothed(self.throughput, throughput));
        self.window.answers += 1;
        // A change shows only once every batch that began before it is through.
        if self.window.answers > self.in_flight && in_flight >= self.in_flight {
            self.window.counted += 1;
            self.window.throughput += throughput;
        }
        if self.window.counted >= self.in_flight {
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            let mean = self.window.throughput / self.window.counted as f64;
            self = self.steered(mean);
        }
        self.resized()
    }

    /// At the end of a window: one more while that pays; where it does not, one less while that costs nothing.
    fn steered(mut self, throughput: f64) -> Self {
        self.window = Window::default();
        match self.probe.take() {
            Some(Probe::Up { before }) if throughput <= before * WORTHWHILE => {
                self.in_flight = self.in_flight.saturating_sub(1).max(1);
                self.probe_down(before)
            }
            Some(Probe::Up { .. }) => self.probe_up(throughput),
            Some(Probe::Down { before }) if throughput * WORTHWHILE < before => {
                self.in_flight += 1;
                Self { hold: HOLD, ..self }
            }
            Some(Probe::Down { before }) => self.probe_down(before),
            None if self.hold > 0 => Self { hold: self.hold - 1, ..self },
            None => self.probe_up(throughput),
        }
    }

    fn probe_up(mut self, before: f64) -> Self {
        if self.in_flight < self.bounds.most_in_flight {
            self.probe = Some(Probe::Up { before });
            self.in_flight += 1;
        }
        self
    }

    fn probe_down(mut self, before: f64) -> Self {
        if self.in_flight > self.least_in_flight() {
            self.probe = Some(Probe::Down { before });
            self.in_flight -= 1;
            return self;
        }
        Self { hold: HOLD, ..self }
    }

    fn least_in_flight(&self) -> usize {
        let least = if self.cuts.between.is_some() { LEAST_WHEN_CUT } else { 1 };
        least.min(self.bounds.most_in_flight.max(1))
    }

    /// What is in flight altogether stays as it is, in smaller batches.
    fn cut(mut self, bytes: u64) -> Self {
        self.cuts = self.cuts.after(bytes, true);
        let before = u64::try_from(self.in_flight).unwrap_or(u64::MAX) * self.batch_bytes;
        self = self.resized();
        let enough = before.div_ceil(self.batch_bytes.max(1));
        let enough = usize::try_from(enough).unwrap_or(usize::MAX).max(self.in_flight);
        let most = self.bounds.most_in_flight.max(1);
        if enough > self.in_flight && self.in_flight < most {
            self.in_flight = enough.min(most);
            self.window = Window::default();
            self.probe = None;
        }
        self
    }

    fn lowered(mut self) -> Self {
        self.in_flight = (self.in_flight / 2).max(1);
        self.batch_bytes = (self.batch_bytes / 2).max(self.least_bytes());
        self.window = Window::default();
        self.probe = None;
        self.hold = 1;
        self
    }

    fn capped(mut self, most_bytes: u64) -> Self {
        self.bounds.most_bytes = self.bounds.most_bytes.min(most_bytes.max(1));
        self.bounds.least_bytes = self.bounds.least_bytes.min(self.bounds.most_bytes);
        self.batch_bytes = self.batch_bytes.min(self.bounds.most_bytes);
        self
    }

    fn least_bytes(&self) -> u64 {
        let cut = self.cuts.between.is_some();
        let least = if cut { self.bounds.least_bytes_when_cut } else { self.bounds.least_bytes };
        least.clamp(1, self.bounds.most_bytes)
    }

    /// A batch grows to at most twice its size at a time: one quick answer proves little.
    fn resized(mut self) -> Self {
        let least = self.least_bytes();
        let most =
            self.bounds.most_bytes.min(self.cuts.most_bytes().unwrap_or(u64::MAX).max(least));
        let Some(rate) = self.rate else {
            self.batch_bytes = self.batch_bytes.min(most);
            return self;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and finite; `as` saturates"
        )]
        let wanted = (rate * self.bounds.target.as_secs_f64()) as u64;
        let most = most.min(self.batch_bytes.saturating_mul(2));
        self.batch_bytes = wanted.clamp(least.min(most), most);
        self
    }
}

fn smoothed(mean: Option<f64>, now: f64) -> f64 {
    mean.map_or(now, |mean| mean + SMOOTHING * (now - mean))
}

#[cfg(test)]
mod tests;
