//! What can happen in a history.

use proptest::prelude::*;

/// One step of a history.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Offers instances of a study; `finish` or leave it open.
    Import {
        study: u32,
        first: u32,
        count: u32,
        finish: bool,
    },
    /// Asks the archive about every study that needs it.
    Ask,
    /// Asks the archive, and hears its answers only later.
    AskSlowly {
        place: usize,
        tally: bool,
    },
    /// Hears what was asked slowly, whatever came between.
    Hear,
    /// Claims a batch and answers it in `kind`'s way.
    Send {
        place: usize,
        count: u32,
        kind: u8,
    },
    /// A person sends a study to the other archive instead.
    Move {
        study: u32,
    },
    /// Holds stored studies against the archive's list.
    Tally,
    /// Drops the queue and opens it again.
    Crash,
    /// Moves the clock.
    Clock {
        seconds: i64,
    },
    Lease,
    Pause {
        study: u32,
        paused: bool,
    },
    Cancel {
        study: u32,
    },
    Retry {
        cancelled: bool,
    },
    Park {
        seconds: u64,
    },
    /// The archive loses what it has of a study.
    Forget {
        study: u32,
    },
    Erase {
        study: u32,
    },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..4u32, 0..6u32, 1..6u32, any::<bool>())
            .prop_map(|(study, first, count, finish)| Step::Import { study, first, count, finish }),
        4 => Just(Step::Ask),
        8 => (prop_oneof![3 => Just(0usize), 1 => Just(1)], 1..5u32, prop_oneof![1 => Just(0u8), 2 => 0..9u8, 1 => Just(8)])
            .prop_map(|(place, count, kind)| Step::Send { place, count, kind }),
        4 => (prop_oneof![3 => Just(0usize), 1 => Just(1)], any::<bool>())
            .prop_map(|(place, tally)| Step::AskSlowly { place, tally }),
        3 => Just(Step::Hear),
        1 => (1..4u32).prop_map(|study| Step::Move { study }),
        3 => Just(Step::Tally),
        2 => Just(Step::Crash),
        2 => (-100_000..100_000i64).prop_map(|seconds| Step::Clock { seconds }),
        2 => Just(Step::Lease),
        1 => (1..4u32, any::<bool>()).prop_map(|(study, paused)| Step::Pause { study, paused }),
        1 => (1..4u32).prop_map(|study| Step::Cancel { study }),
        1 => any::<bool>().prop_map(|cancelled| Step::Retry { cancelled }),
        1 => (1..100u64).prop_map(|seconds| Step::Park { seconds }),
        3 => (1..4u32).prop_map(|study| Step::Forget { study }),
        1 => (1..4u32).prop_map(|study| Step::Erase { study }),
    ]
}
