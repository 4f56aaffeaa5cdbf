//! How often a line breaks, and how large a batch may be that loses little by it.

use super::smoothed;

/// Between two cuts lie at least so many batches: then a cut costs a twelfth of what gets through where all of the batch
/// that it hits has left, and half of that in the mean.
const BATCHES_BETWEEN_CUTS: f64 = 12.0;
/// Bytes. What breaks sooner is taken for this: connections break together, and that says little of the next hour.
const SHORTEST: f64 = 524_288.0;

/// How the line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Cuts {
    /// Bytes between two cuts, smoothed by their logarithm: a line that held for gigabytes and now breaks every few
    /// megabytes is known for that after a handful of cuts. `None` before the first.
    between: Option<f64>,
    /// Bytes since the last one.
    since: f64,
}

impl Cuts {
    /// True once it has broken.
    pub(super) fn were(self) -> bool {
        self.between.is_some()
    }

    /// After so many more bytes, at whose end it broke or held.
    pub(super) fn after(self, bytes: u64, cut: bool) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an estimate needs no 53 bits")]
        let since = self.since + bytes as f64;
        if !cut {
            return Self { since, ..self };
        }
        let logarithm = since.max(SHORTEST).ln();
        let between = smoothed(self.between.map(f64::ln), logarithm).exp();
        Self { between: Some(between), since: 0.0 }
    }

    /// The largest batch that loses little by them. A line that has held for longer than usual has become better.
    pub(super) fn most_bytes(self) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn line(cut_every: u64, times: u32) -> Cuts {
        (0..times).fold(Cuts::default(), |cuts, _| cuts.after(cut_every, true))
    }

    #[test]
    fn a_batch_is_small_against_what_gets_through_between_two_cuts() {
        assert_eq!(Cuts::default().after(9 * MB, false).most_bytes(), None, "it never broke");
        let most = line(3 * MB, 5).most_bytes().unwrap();
        assert!((240_000..260_000).contains(&most), "{most}");
    }

    #[test]
    fn a_line_that_gets_worse_or_holds_again_is_followed() {
        let worse = (0..9).fold(line(100 * MB, 9), |cuts, _| cuts.after(MB, true));
        assert!(worse.most_bytes() < Some(300_000), "{worse:?}");
        let better = line(MB, 9).after(200 * MB, false);
        assert_eq!(better.most_bytes(), Some(200 * MB / 12));
    }

    #[test]
    fn all_connections_that_break_at_once_are_not_taken_for_a_line_that_never_holds() {
        let at_once = (0..4).fold(line(30 * MB, 3), |cuts, _| cuts.after(0, true));
        assert!(at_once.most_bytes() > Some(100_000), "{at_once:?}");
    }
}
