//! The way of instances through claims, answers and asks.

use super::*;
use crate::{Parked, QueueError, Scope, State, View};
use relaypacs_model::{Code, Outcome, Proof, Reason};
use std::num::NonZeroU32;

#[test]
fn a_study_is_asked_for_sent_tallied_and_confirmed() {
    let mut bench = Bench::new();
    bench.import(1, 3);
    assert!(bench.claim().is_none(), "not before the archive was asked");
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    assert_eq!(claim.study_uid, study_uid(1));
    let row = &claim.rows[1];
    let source = found(1, 1);
    assert_eq!((row.sop_uid.clone(), row.bytes), (sop_uid(1, 1), source.bytes));
    assert_eq!((&row.location, row.modified), (&source.location, source.modified));
    assert_eq!((row.encoding, row.part10), (Encoding::ImplicitLittle, false));
    assert_eq!((row.number_of_frames, row.attempt, row.tries), (Some(3), 1, 1));
    assert_eq!(row.state, State::Sending { lease_until: NOW.after(LEASE) });
    assert!(bench.claim().is_none(), "all are claimed");

    bench.answer(&claim, Event::Stored);
    let to_tally = bench.queue.studies_to_tally(bench.destination, NOW, 10).unwrap();
    assert_eq!(to_tally.len(), 1);
    let ask = bench.queue.begin_ask(claim.study, NOW).unwrap();
    assert_eq!(
        bench.queue.listed(&ask, &[sop_uid(1, 0), sop_uid(1, 2), sop_uid(9, 9)]).unwrap(),
        2
    );
    let rows = bench.queue.asked_rows(&ask, None, 2).unwrap();
    let listed: Vec<bool> = rows.iter().map(|row| row.listed).collect();
    assert_eq!(listed, [true, false]);
    for row in bench.queue.asked_rows(&ask, None, 100).unwrap() {
        let event = if row.listed { Event::ArchiveListsIt } else { Event::ArchiveLacksIt };
        bench.settle(&Answer::to_ask(&ask, row.row.id, event));
    }
    let rows = bench.rows(claim.study);
    assert_eq!(rows[0].outcome(), Outcome::Confirmed);
    assert_eq!(rows[0].proof, Some(Proof::Listed));
    assert_eq!((rows[1].state, rows[1].sends_dropped), (State::Queued, 1));
    assert!(bench.queue.studies_to_tally(bench.destination, NOW, 10).unwrap().is_empty());
    assert_eq!(bench.claim().unwrap().rows.len(), 1, "the dropped one is sent again");
}

#[test]
fn what_the_archive_had_before_is_compared_before_the_study_opens() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    let study = bench.queue.studies_to_ask(bench.destination, NOW, 9).unwrap()[0].study;
    let ask = bench.queue.begin_ask(study, NOW).unwrap();
    bench.queue.listed(&ask, &[sop_uid(1, 0)]).unwrap();
    assert_eq!(bench.queue.asked(&ask).unwrap(), Asked::NotCompared);
    let first = bench.rows(study)[0].id;
    let listed =
        bench.queue.settle(&[Answer::to_ask(&ask, first, Event::ArchiveListsIt)], NOW).unwrap();
    assert_eq!(listed.impossible.len(), 1, "a list says nothing about bytes that we never sent");
    bench.settle(&Answer {
        sha256: Some([9; 32]),
        ..Answer::to_ask(&ask, first, Event::ArchiveHasSame)
    });
    assert_eq!(bench.queue.asked(&ask).unwrap(), Asked::Open);
    let rows = bench.rows(study);
    assert_eq!(rows[0].outcome(), Outcome::AlreadyThere);
    assert_eq!(rows[0].sha256, Some([9; 32]));
    assert_eq!(bench.claim().unwrap().rows.len(), 1);
}

#[test]
fn an_ask_leaves_out_what_changed_after_it_began() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let ask = bench.queue.begin_ask(claim.study, NOW).unwrap();
    bench.answer(&claim, Event::Stored);
    assert!(bench.queue.asked_rows(&ask, None, 9).unwrap().is_empty());
    let next = bench.queue.begin_ask(claim.study, NOW).unwrap();
    assert_eq!(bench.queue.asked_rows(&next, None, 9).unwrap().len(), 1);
    assert_eq!(bench.queue.asked(&ask).unwrap(), Asked::Void);
}

#[test]
fn a_lost_answer_asks_the_archive_and_a_late_one_still_counts() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    assert_eq!(bench.queue.expire_leases(None, later(59)).unwrap(), 0);
    assert_eq!(bench.queue.renew_leases(&claim, later(30), LEASE).unwrap(), 2);
    assert_eq!(bench.queue.expire_leases(None, later(89)).unwrap(), 0);
    assert_eq!(bench.queue.expire_leases(None, later(90)).unwrap(), 2);
    assert_eq!(bench.states(claim.study), [StateName::Unknown; 2]);
    assert_eq!(bench.queue.studies_to_ask(bench.destination, later(90), 9).unwrap().len(), 1);
    let first = &claim.rows[0];
    bench.settle(&Answer::to_claim(first.id, 1, Event::Stored));
    let second = &claim.rows[1];
    bench.learn(second.id, Event::ArchiveLacksIt);
    assert_eq!(bench.claim_at(later(90)).unwrap().rows[0].attempt, 2);
    let stale = Answer::to_claim(second.id, 1, Event::TryAgain { not_before: later(999) });
    let settled = bench.queue.settle(&[stale], later(90)).unwrap();
    assert_eq!((settled.taken, settled.stale), (0, vec![second.id]));
    assert_eq!(bench.states(claim.study), [StateName::Stored, StateName::Sending]);
}

#[test]
fn what_failed_waits_its_time_and_does_not_hold_up_the_others() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let busy = Reason::new(Code::ArchiveBusy).with_status(503);
    let event = Event::TryAgain { not_before: later(10) };
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, event).because(busy));
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, Event::Stored));
    assert_eq!(bench.rows(claim.study)[0].reason, Some(busy));
    assert!(bench.claim_at(later(9)).is_none());
    assert_eq!(bench.queue.view().next_wake(bench.destination).unwrap(), Some(later(10)));
    assert_eq!(bench.queue.studies_to_tally(bench.destination, NOW, 9).unwrap().len(), 1);
    assert_eq!(bench.claim_at(later(10)).unwrap().rows.len(), 1);
}

#[test]
fn a_batch_without_a_verdict_is_split_and_the_good_go_first() {
    let mut bench = Bench::new();
    bench.import(1, 5);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let at_most = NonZeroU32::new(2).unwrap();
    for row in &claim.rows[..4] {
        bench.settle(&Answer::to_claim(row.id, 1, Event::SendAlone { at_most }));
    }
    let at_most = NonZeroU32::MIN;
    bench.settle(&Answer::to_claim(claim.rows[4].id, 1, Event::SendAlone { at_most }));
    let sizes: Vec<usize> =
        std::iter::from_fn(|| bench.claim()).map(|claim| claim.rows.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn a_claim_keeps_to_its_bounds_but_takes_a_large_one_alone() {
    let mut bench = Bench::new();
    bench.import(1, 4);
    bench.ask_empty();
    let mut sizes = Vec::new();
    for bytes in [2001, 1, 0] {
        let limits = Limits { bytes, count: 0xffff };
        let claim = bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap();
        sizes.push(claim.unwrap().rows.len());
    }
    assert_eq!(sizes, [2, 1, 1]);
}

#[test]
fn the_highest_priority_goes_first_then_the_oldest() {
    let mut bench = Bench::new();
    for study in 1..=3 {
        bench.import(study, 1);
    }
    bench.ask_empty();
    let third = bench.queue.view().studies(&Default::default(), None, 9).unwrap()[2].id;
    bench.queue.set_priority(third, 5).unwrap();
    let order: Vec<_> = std::iter::from_fn(|| bench.claim()).map(|claim| claim.study_uid).collect();
    assert_eq!(order, [study_uid(3), study_uid(1), study_uid(2)]);
}

#[test]
fn while_an_urgent_study_is_asked_about_nothing_of_lower_priority_begins() {
    let mut bench = Bench::new();
    bench.import(1, 5);
    bench.ask_empty();
    bench.import(2, 1);
    let one = |bench: &mut Bench| {
        let limits = Limits { bytes: 1 << 30, count: 1 };
        let claim = bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap();
        claim.map(|claim| claim.study_uid)
    };
    let urgent = bench.queue.view().studies(&Default::default(), None, 9).unwrap()[1].id;
    assert!(one(&mut bench).is_some(), "of the same priority nobody waits");
    bench.queue.set_priority(urgent, 200).unwrap();
    assert!(one(&mut bench).is_none(), "its question is on its way");
    bench.queue.put_off_asking(urgent, later(9), NOW).unwrap();
    assert_eq!(one(&mut bench), Some(study_uid(1)), "and where it is put off, others go");
    bench.queue.put_off_asking(urgent, NOW, NOW).unwrap();
    bench.ask_empty();
    assert_eq!(one(&mut bench).unwrap(), study_uid(2));
    assert_eq!(one(&mut bench).unwrap(), study_uid(1));
}

#[test]
fn a_parked_destination_is_left_alone_until_its_time() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    bench.ask_empty();
    let reason = Reason::new(Code::Unreachable);
    let id = bench.destination;
    assert_eq!(bench.queue.park(id, reason, Some(later(5)), NOW).unwrap(), 1);
    assert_eq!(bench.queue.park(id, reason, Some(later(9)), NOW).unwrap(), 2);
    let row = bench.queue.view().destination(id).unwrap();
    assert_eq!(row.parked, Some(Parked { reason, until: Some(later(9)), attempts: 2 }));
    assert!(bench.claim_at(later(8)).is_none());
    assert_eq!(bench.queue.view().next_wake(id).unwrap(), Some(later(9)));
    bench.queue.park(id, Reason::new(Code::SignInNeeded), None, NOW).unwrap();
    assert!(bench.claim_at(later(1 << 30)).is_none(), "until a person acts");
    assert_eq!(bench.queue.view().next_wake(id).unwrap(), None);
    bench.queue.unpark(id).unwrap();
    let claim = bench.claim_at(later(1 << 30)).unwrap();
    let stored = Answer::to_claim(claim.rows[0].id, claim.rows[0].attempt, Event::Refused);
    bench.queue.settle(&[stored], NOW).unwrap();
    bench.queue.park(id, reason, Some(later(9)), NOW).unwrap();
    assert_eq!(bench.queue.view().next_wake(id).unwrap(), None, "and then there is nothing left");
}

#[test]
fn what_waits_for_the_network_is_due_once_it_has_changed_and_nothing_else_is() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let event = Event::TryAgain { not_before: later(3000) };
    let codes = [Code::ConnectionLost, Code::ArchiveBusy];
    let answers: Vec<Answer> = std::iter::zip(&claim.rows, codes)
        .map(|(row, code)| Answer::to_claim(row.id, row.attempt, event).because(Reason::new(code)))
        .collect();
    bench.queue.settle(&answers, NOW).unwrap();
    assert!(bench.claim_at(later(9)).is_none());
    let of_the_network = [Code::ConnectionLost, Code::Unreachable];
    assert_eq!(bench.queue.wake(bench.destination, &of_the_network, later(9)).unwrap(), 1);
    assert_eq!(bench.claim_at(later(9)).unwrap().rows[0].id, claim.rows[0].id);
}

#[test]
fn a_clock_that_was_set_back_leaves_nothing_waiting_for_years() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let years = later(1 << 30);
    let limits = Limits { bytes: 0, count: 1 };
    let far = bench.queue.claim(bench.destination, None, limits, years, LEASE).unwrap().unwrap();
    let other = bench.queue.claim(bench.destination, None, limits, years, LEASE).unwrap().unwrap();
    let event = Event::TryAgain { not_before: years.after(LEASE) };
    bench.queue.settle(&[Answer::to_claim(far.rows[0].id, 1, event)], years).unwrap();
    let reason = Reason::new(Code::ArchiveBusy);
    bench.queue.park(bench.destination, reason, Some(years.after(LEASE)), years).unwrap();
    assert_eq!(bench.queue.expire_leases(None, NOW).unwrap(), 0, "its sender is at work");
    let sending = &bench.rows(far.study)[1];
    let lease_until = NOW.after(LEASE);
    assert_eq!((sending.id, sending.state), (other.rows[0].id, State::Sending { lease_until }));
    assert_eq!(bench.claim().unwrap().rows[0].id, far.rows[0].id);
    assert_eq!(bench.queue.expire_leases(None, lease_until).unwrap(), 2, "and not for years");
}

#[test]
fn a_row_that_cannot_be_read_is_refused_and_the_rest_goes_out() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let study = bench.queue.view().studies(&Default::default(), None, 1).unwrap()[0].id;
    let bad = bench.rows(study)[0].id;
    bench.queue.conn.execute("UPDATE instance SET location = x'01' WHERE id = ?1", [bad]).unwrap();
    assert_eq!(bench.claim().unwrap().rows.len(), 1);
    let counts = bench.queue.view().counts(Scope::Study(study)).unwrap();
    assert_eq!(counts.of(StateName::Rejected).instances, 1);
}

#[test]
fn the_tables_refuse_a_confirmed_row_without_proof() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let forged = bench.queue.conn.execute("UPDATE instance SET state = 6", []);
    assert!(matches!(QueueError::from(forged.unwrap_err()), QueueError::Sql(_)));
}

#[test]
fn a_warning_stays_with_a_confirmed_instance_and_other_reasons_do_not() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let warning = Reason::new(Code::StoredWithWarning).with_dicom(0xB000);
    let first = Answer::to_claim(claim.rows[0].id, 1, Event::StoredWithWarning).because(warning);
    bench.settle(&first);
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, Event::AnswerLost));
    for row in &claim.rows {
        bench.learn(row.id, Event::ArchiveListsIt);
    }
    let rows = bench.rows(claim.study);
    assert_eq!((rows[0].reason, rows[1].reason), (Some(warning), None));
}

#[test]
fn an_answer_about_nothing_harms_nothing() {
    let mut bench = Bench::new();
    let missing = InstanceId(77);
    let settled = bench.queue.settle(&[Answer::to_claim(missing, 1, Event::Stored)], NOW).unwrap();
    assert_eq!(settled.missing, [missing]);
    let view: View<'_> = bench.queue.view();
    assert!(matches!(view.study(StudyId(1)), Err(QueueError::NoSuchRow)));
    assert!(matches!(view.destination(DestinationId(99)), Err(QueueError::NoSuchRow)));
}
