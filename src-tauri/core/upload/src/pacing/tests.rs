//! Pacing, played against archives and lines that are made up.

use super::*;
use proptest::prelude::*;

const MIB: u64 = 1 << 20;

/// Plays an archive whose throughput grows up to `useful` in flight, at `rate` bytes per second each.
fn settle(useful: usize, rate: u64, rounds: usize) -> Pace {
    let mut pace = Pace::new(Bounds::default());
    for _ in 0..rounds {
        let in_flight = pace.in_flight();
        let share = rate as f64 * useful.min(in_flight) as f64 / in_flight as f64;
        let bytes = pace.batch_bytes();
        let took = Duration::from_secs_f64(bytes as f64 / share);
        pace = pace.after(Measured::Answered { bytes, took, in_flight });
    }
    pace
}

#[test]
fn the_number_in_flight_grows_while_it_pays_and_no_further() {
    assert!((5..=6).contains(&settle(5, 20 * MIB, 300).in_flight()));
    assert_eq!(settle(100, 20 * MIB, 300).in_flight(), Bounds::default().most_in_flight);
    assert!(settle(1, 20 * MIB, 300).in_flight() <= 3);
}

#[test]
fn a_batch_takes_about_the_target() {
    let pace = settle(1, 4 * MIB, 200);
    let seconds = pace.batch_bytes() as f64 * pace.in_flight() as f64 / (4 * MIB) as f64;
    assert!((2.5..3.5).contains(&seconds), "{seconds}");
    assert_eq!(settle(8, 900 * MIB, 50).batch_bytes(), Bounds::default().most_bytes);
    assert_eq!(settle(1, 1000, 50).batch_bytes(), Bounds::default().least_bytes);
}

#[test]
fn a_push_back_is_heeded_at_once() {
    let pace = settle(100, 20 * MIB, 300);
    assert_eq!(pace.after(Measured::PushedBack).in_flight(), 4);
    let floor = (0..9).fold(pace, |pace, _| pace.after(Measured::PushedBack));
    assert_eq!(floor.in_flight(), 1);
}

#[test]
fn an_archive_that_suddenly_takes_far_longer_is_a_push_back() {
    let pace = settle(100, 20 * MIB, 300);
    let slow = Measured::Answered {
        bytes: pace.batch_bytes(),
        took: Duration::from_secs(120),
        in_flight: pace.in_flight(),
    };
    assert_eq!(pace.after(slow).in_flight(), 4);
    assert!(pace.after(slow).batch_bytes() < 4 * MIB);
}

#[test]
fn a_limit_that_was_met_is_never_passed_again() {
    let mut pace = settle(8, 900 * MIB, 50).after(Measured::TooLarge { most_bytes: 3 * MIB });
    assert_eq!(pace.batch_bytes(), 3 * MIB);
    for _ in 0..50 {
        let took = Duration::from_millis(1);
        pace = pace.after(Measured::Answered { bytes: 3 * MIB, took, in_flight: 8 });
    }
    assert_eq!(pace.batch_bytes(), 3 * MIB);
    assert_eq!(pace.after(Measured::TooLarge { most_bytes: 0 }).batch_bytes(), 1);
}

proptest! {
    #[test]
    fn nothing_measured_leads_out_of_bounds(
        steps in prop::collection::vec((0_u8..4, any::<u64>(), any::<u32>(), 0_usize..20), 0..60)
    ) {
        let mut pace = Pace::new(Bounds::default());
        for (kind, bytes, millis, in_flight) in steps {
            pace = pace.after(match kind {
                0 => Measured::PushedBack,
                1 => Measured::TooLarge { most_bytes: bytes },
                2 => Measured::Cut { bytes },
                _ => Measured::Answered { bytes, took: Duration::from_millis(millis.into()), in_flight },
            });
            prop_assert!((1..=8).contains(&pace.in_flight()));
            prop_assert!((1..=64 * MIB).contains(&pace.batch_bytes()));
        }
    }
}
