//! What bytes pass through on their way in or out, where a fault slows, stops or cuts them.

use crate::faults::{CutAt, Fault};
use bytes::Bytes;
use std::time::Duration;

/// The connection is to end here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// By a reset; otherwise it is closed.
    pub(crate) reset: bool,
}

/// Lets pieces through.
#[derive(Debug)]
pub(crate) struct Gate {
    pace: Pace,
    passed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pace {
    Free,
    Slow { bytes_per_second: u64 },
    Stall { pause: Duration, at: u64 },
    Cut { at: u64, reset: bool },
}

impl Gate {
    /// What a fault does to passing bytes.
    pub(crate) fn for_fault(fault: Option<&Fault>) -> Self {
        let pace = match fault {
            Some(Fault::Slow { bytes_per_second }) => {
                Pace::Slow { bytes_per_second: *bytes_per_second }
            }
            Some(Fault::Stall { seconds, at_bytes }) => {
                Pace::Stall { pause: duration(*seconds), at: *at_bytes }
            }
            Some(Fault::Cut { at: CutAt::Bytes(at), reset }) => {
                Pace::Cut { at: *at, reset: *reset }
            }
            _ => Pace::Free,
        };
        Self { pace, passed: 0 }
    }

    /// Whether every piece passes as it is.
    pub(crate) fn is_free(&self) -> bool {
        self.pace == Pace::Free
    }

    /// Waits as long as it has to, and gives back what may go on, and whether it ends there.
    pub(crate) async fn pass(&mut self, piece: Bytes) -> (Bytes, Option<Cut>) {
        let before = self.passed;
        self.passed += piece.len() as u64;
        match self.pace {
            Pace::Free => {}
            Pace::Slow { bytes_per_second } => {
                let seconds = piece.len() as f64 / bytes_per_second.max(1) as f64;
                tokio::time::sleep(duration(seconds)).await;
            }
            Pace::Stall { pause, at } => {
                if self.passed >= at {
                    self.pace = Pace::Free;
                    tokio::time::sleep(pause).await;
                }
            }
            Pace::Cut { at, reset } => {
                if self.passed >= at {
                    let rest = usize::try_from(at - before).unwrap_or(usize::MAX);
                    return (piece.slice(..rest.min(piece.len())), Some(Cut { reset }));
                }
            }
        }
        (piece, None)
    }
}

/// Seconds from a script: never negative, never endless.
pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).unwrap_or_default()
}
