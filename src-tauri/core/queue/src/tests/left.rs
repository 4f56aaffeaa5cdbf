//! Studies that their archive fails over: left alone, and in nobody's way.

use super::*;
use relaypacs_model::{Code, Reason};

const FAILED: Reason = Reason { code: Code::ArchiveFailed, status: Some(500), dicom: None };

/// The studies that may be asked about now.
fn to_ask(bench: &mut Bench, now: Moment) -> Vec<StudyId> {
    let found = bench.queue.studies_to_ask(bench.destination, now, 9).unwrap();
    found.into_iter().map(|study| study.study).collect()
}

#[test]
fn nothing_more_of_it_goes_out_until_its_archive_has_answered() {
    let mut bench = Bench::new();
    bench.import(1, 3);
    bench.ask_empty();
    let limits = Limits { count: 1, ..WIDE };
    let claim = bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap().unwrap();
    bench.answer(&claim, Event::AnswerLost);
    bench.queue.leave(claim.study, FAILED, later(60), NOW).unwrap();
    assert!(bench.claim().is_none(), "it goes on to an archive that fails over it");
    assert!(to_ask(&mut bench, NOW).is_empty());
    let left = bench.queue.view().study(claim.study).unwrap().left.unwrap();
    assert_eq!((left.reason, left.until, left.attempts), (FAILED, Some(later(60)), 1));
    assert_eq!(bench.queue.view().next_wake(bench.destination).unwrap(), Some(later(60)));

    assert_eq!(to_ask(&mut bench, later(60)), [claim.study]);
    let ask = bench.queue.begin_ask(claim.study, later(60)).unwrap();
    assert_eq!(bench.queue.view().study(claim.study).unwrap().left, None, "it is being asked");
    bench.queue.leave(claim.study, FAILED, later(99), later(60)).unwrap();
    assert_eq!(bench.queue.times_left(claim.study).unwrap(), 2);
    assert_eq!(bench.queue.asked(&ask).unwrap(), Asked::Open);
    assert_eq!(bench.queue.times_left(claim.study).unwrap(), 0);
}

#[test]
fn it_is_in_nobodys_way_however_urgent_it_is() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    bench.import(2, 1);
    let [bad, good] = to_ask(&mut bench, NOW)[..] else { panic!() };
    bench.queue.set_priority(bad, 5).unwrap();
    let ask = bench.queue.begin_ask(good, NOW).unwrap();
    bench.queue.asked(&ask).unwrap();
    assert!(bench.claim().is_none(), "the urgent one is asked about first");
    bench.queue.leave(bad, FAILED, later(5), NOW).unwrap();
    // While its question is out once more, too.
    bench.queue.begin_ask(bad, later(5)).unwrap();
    assert_eq!(bench.claim_at(later(5)).unwrap().study, good);
}

#[test]
fn it_is_taken_up_by_a_person_by_another_network_and_by_any_answer() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let study = to_ask(&mut bench, NOW)[0];
    let stalled = Reason::new(Code::Stalled);
    for (reason, by_network) in [(FAILED, false), (stalled, true)] {
        bench.queue.leave(study, reason, later(60), NOW).unwrap();
        bench.queue.take_up(bench.destination, &[Code::Stalled]).unwrap();
        assert_eq!(!to_ask(&mut bench, NOW).is_empty(), by_network);
        bench.queue.leave(study, reason, later(60), NOW).unwrap();
        bench.queue.try_now(bench.destination).unwrap();
        assert_eq!(to_ask(&mut bench, NOW), [study]);
        assert_eq!(bench.queue.times_left(study).unwrap(), 0);
    }
    bench.queue.leave(study, FAILED, later(60), NOW).unwrap();
    bench.queue.put_off_asking(study, later(61), NOW).unwrap();
    assert_eq!(bench.queue.times_left(study).unwrap(), 0, "it answered, if not with all we need");
}

#[test]
fn one_that_was_moved_away_meanwhile_needs_nothing() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let study = to_ask(&mut bench, NOW)[0];
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    assert!(bench.queue.move_study(study, other, NOW).unwrap().is_some());
    assert_eq!(bench.queue.times_left(study).unwrap(), 0);
    bench.queue.leave(study, FAILED, later(60), NOW).unwrap();
}
