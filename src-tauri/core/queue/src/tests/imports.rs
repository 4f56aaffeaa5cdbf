//! Imports: what they count, what they take over, and that one without an end leaves no trace.

use super::*;
use crate::{Erased, Scope, State, Tally};
use relaypacs_model::{Code, Reason};
use std::num::NonZeroU32;

#[test]
fn the_sum_of_an_import_is_what_was_scanned() {
    let mut bench = Bench::new();
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 0), found(1, 1), found(2, 0)]).unwrap();
    let skips = [skip(SkipReason::NotDicom, None), skip(SkipReason::NotDicom, None)];
    bench.queue.skip(&mut import, &skips).unwrap();
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    let row = bench.queue.view().import(id).unwrap();
    assert_eq!(row.files, Tally { instances: 5, bytes: 1000 + 1001 + 1000 + 14 });
    assert_eq!(row.skipped, [(SkipReason::NotDicom, Tally { instances: 2, bytes: 14 })]);
    let counts = bench.queue.view().counts(Scope::Import(id)).unwrap();
    assert_eq!(counts.total().instances, 3);
    assert!(bench.queue.finish_import(&import, NOW).is_err(), "an import ends once");
    assert!(bench.queue.offer(&mut import, &[found(3, 0)]).is_err());
    assert_eq!(bench.queue.view().studies(&Default::default(), None, 9).unwrap().len(), 2);
}

#[test]
fn an_import_without_an_end_is_not_claimed_and_leaves_no_trace() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let mut import = bench.begin();
    let elsewhere = found_at(1, 0, "/elsewhere");
    bench.queue.offer(&mut import, &[found(2, 0), elsewhere, found(1, 1)]).unwrap();
    bench.queue.skip(&mut import, &[skip(SkipReason::Conflict, Some(found(1, 0).header))]).unwrap();
    assert!(bench.queue.studies_to_ask(bench.destination, NOW, 9).unwrap().is_empty());
    bench.ask_empty();
    assert!(bench.claim().is_none());
    let mut bench = bench.reopen(NOW);
    assert!(bench.queue.view().import(import.id()).is_err());
    let studies = bench.queue.view().studies(&Default::default(), None, 9).unwrap();
    assert_eq!(studies.len(), 1);
    let rows = bench.rows(studies[0].id);
    assert_eq!((rows.len(), rows[0].state), (1, State::Queued));
    assert_eq!(rows[0].location, found(1, 0).location);
    bench.ask_empty();
    assert_eq!(bench.claim().unwrap().rows.len(), 1);
}

#[test]
fn a_study_that_an_import_is_adding_to_is_held_until_its_end() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    bench.ask_empty();
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 1)]).unwrap();
    assert!(bench.claim().is_none());
    bench.queue.finish_import(&import, NOW).unwrap();
    assert!(bench.claim().is_none(), "what was added is asked for first");
    bench.ask_empty();
    assert_eq!(bench.claim().unwrap().rows.len(), 2);
}

#[test]
fn what_is_offered_again_starts_anew_unless_it_is_on_its_way() {
    let mut bench = Bench::new();
    let first = bench.import(1, 4);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let ids: Vec<_> = claim.rows.iter().map(|row| row.id).collect();
    bench.settle(&Answer::to_claim(ids[0], 1, Event::Refused));
    bench.settle(&Answer::to_claim(ids[1], 1, Event::Stored));
    bench.settle(&Answer::to_claim(ids[2], 1, Event::Stored));
    bench.learn(ids[2], Event::ArchiveListsIt);

    let mut import = bench.begin();
    let again: Vec<Found> =
        (0..4).map(|number| found_at(1, number, &format!("/stick/{number}"))).collect();
    let offered = bench.queue.offer(&mut import, &again).unwrap();
    let Offered::Again { instance, state, same_file } = offered[0] else { panic!() };
    assert_eq!((instance, state, same_file), (ids[0], State::Rejected, false));
    assert_eq!(bench.rows(claim.study)[0].state, State::Rejected, "not before the end");
    let second = bench.queue.finish_import(&import, NOW).unwrap();
    let rows = bench.rows(claim.study);
    let names: Vec<_> = rows.iter().map(|row| row.state.name()).collect();
    use StateName::{Queued, Sending, Stored};
    assert_eq!(names, [Queued, Stored, Queued, Sending]);
    assert_eq!(rows[0].location, again[0].location);
    assert_eq!(rows[1].location, again[1].location, "for a later attempt");
    assert_eq!((rows[2].proof, rows[2].reason, rows[0].tries), (None, None, 0));
    assert!(rows.iter().all(|row| row.import == second));
    let counts = bench.queue.view().counts(Scope::Import(first)).unwrap();
    assert_eq!((counts.here().instances, counts.handed_on.instances), (0, 4));
}

#[test]
fn what_is_offered_with_other_bytes_is_compared_however_far_the_first_ones_came() {
    let mut bench = Bench::new();
    bench.import(1, 3);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let ids: Vec<_> = claim.rows.iter().map(|row| row.id).collect();
    bench.settle(&Answer::to_claim(ids[0], 1, Event::Stored));
    bench.settle(&Answer::to_claim(ids[1], 1, Event::AnswerLost));
    bench.settle(&Answer::to_claim(ids[2], 1, Event::Stored));
    let corrected = |number: u32| Found { bytes: 77, ..found_at(1, number, "/corrected") };
    let mut import = bench.begin();
    let offered = [corrected(0), corrected(1), found(1, 2)];
    bench.queue.offer(&mut import, &offered).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap();
    use StateName::{Queued, Stored};
    // Asked for first, and never sent by us: what is there is compared.
    assert_eq!(bench.states(claim.study), [Queued, Queued, Stored]);
    let rows = bench.rows(claim.study);
    assert!(rows[..2].iter().all(|row| row.bytes == 77 && row.sent_at.is_none()));
    assert!(bench.claim().is_none(), "the archive is asked before anything is sent");
}

#[test]
fn other_bytes_for_what_is_on_its_way_are_compared_once_it_is_back() {
    let mut bench = Bench::new();
    let first = bench.import(1, 3);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let ids: Vec<_> = claim.rows.iter().map(|row| row.id).collect();
    let mut import = bench.begin();
    let corrected = |number| Found { bytes: 77, ..found_at(1, number, "/corrected") };
    bench.queue.offer(&mut import, &[corrected(0), corrected(1), found(1, 2)]).unwrap();
    let second = bench.queue.finish_import(&import, NOW).unwrap();
    use StateName::{Queued, Sending, Stored};
    assert_eq!(bench.states(claim.study), [Sending; 3]);
    let counts = bench.queue.view().counts(Scope::Import(first)).unwrap();
    assert_eq!((counts.here().instances, counts.handed_on.instances), (0, 3));
    bench.ask_empty();

    bench.settle(&Answer::to_claim(ids[0], 1, Event::Stored));
    bench.settle(&Answer::to_claim(ids[1], 1, Event::AnswerLost));
    bench.settle(&Answer::to_claim(ids[2], 1, Event::Stored));
    assert_eq!(bench.states(claim.study), [Queued, Queued, Stored]);
    let rows = bench.rows(claim.study);
    assert!(rows.iter().all(|row| row.import == second));
    assert!(rows[..2].iter().all(|row| row.bytes == 77 && row.location == corrected(0).location));
    assert!(bench.claim().is_none(), "the archive is asked before anything is sent");
    // Asked again, once the archive has had time to list what it took, and there: never taken for ours unseen.
    assert!(bench.queue.studies_to_ask(bench.destination, later(4), 9).unwrap().is_empty());
    let study = bench.queue.studies_to_ask(bench.destination, later(5), 9).unwrap().remove(0);
    let ask = bench.queue.begin_ask(study.study, later(5)).unwrap();
    let uid = rows[0].sop_uid.clone();
    bench.queue.listed(&ask, &[uid]).unwrap();
    assert_eq!(bench.queue.asked(&ask).unwrap(), Asked::NotCompared);
}

#[test]
fn of_several_files_for_what_is_on_its_way_the_last_counts_and_a_cancelled_one_goes_no_further() {
    let mut bench = Bench::new();
    bench.import(1, 3);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let ids: Vec<_> = claim.rows.iter().map(|row| row.id).collect();
    for bytes in [70, 77] {
        let mut import = bench.begin();
        let other = |number| Found { bytes, ..found_at(1, number, "/other") };
        bench.queue.offer(&mut import, &[other(0), other(1), other(2)]).unwrap();
        bench.queue.finish_import(&import, NOW).unwrap();
    }
    // One more that nobody finishes changes nothing.
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[Found { bytes: 5, ..found_at(1, 0, "/never") }]).unwrap();
    bench.settle(&Answer::to_claim(ids[0], 1, Event::Stored));
    assert!(bench.queue.abandon_import(&import, NOW).unwrap());
    // The first as it was, in the end.
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 1)]).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap();
    bench.settle(&Answer::to_claim(ids[1], 1, Event::Stored));
    bench.queue.cancel_study(claim.study, NOW).unwrap();
    bench.settle(&Answer::to_claim(ids[2], 1, Event::SendAlone { at_most: NonZeroU32::MIN }));
    use StateName::{Cancelled, Stored};
    let rows = bench.rows(claim.study);
    assert_eq!(bench.states(claim.study), [Cancelled, Stored, Cancelled]);
    assert_eq!(rows[0].bytes, 77);
    bench.learn(ids[1], Event::ArchiveListsIt);
    assert_ne!(bench.queue.erase_study(claim.study).unwrap(), Erased::NotYet);
}

#[test]
fn other_bytes_for_what_a_person_takes_out_on_its_way_never_begin() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let mut import = bench.begin();
    let other = |number| Found { bytes: 77, ..found_at(1, number, "/other") };
    bench.queue.offer(&mut import, &[other(0), other(1)]).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap();
    bench.queue.cancel_study(claim.study, NOW).unwrap();
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::AnswerLost));
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, Event::Stored));
    use StateName::{Cancelled, Confirmed, Stored, Unknown};
    assert_eq!(bench.states(claim.study), [Unknown, Stored]);
    bench.learn(claim.rows[0].id, Event::ArchiveLacksIt);
    bench.learn(claim.rows[1].id, Event::ArchiveListsIt);
    assert_eq!(bench.states(claim.study), [Cancelled, Confirmed]);
}

#[test]
fn other_bytes_for_what_is_on_its_way_keep_their_source_needed_and_are_copied_once_it_is_back() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[Found { bytes: 77, ..found_at(1, 0, "/other") }]).unwrap();
    bench.queue.note_source(&import, true, &[]).unwrap();
    let second = bench.queue.finish_import(&import, NOW).unwrap();
    let view = bench.queue.view();
    assert_eq!(view.on_source(second).unwrap().read, 1, "the disc could come out");
    assert!(view.to_copy(second, None, 9).unwrap().is_empty(), "the old file would be copied");
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::AnswerLost));
    let due = bench.queue.view().to_copy(second, None, 9).unwrap();
    assert_eq!(due.iter().map(|row| row.bytes).collect::<Vec<_>>(), [77]);
}

#[test]
fn two_files_of_one_uid_are_named_and_a_conflict_is_never_sent() {
    let mut bench = Bench::new();
    let mut import = bench.begin();
    let offered = bench.queue.offer(&mut import, &[found(1, 0), found(1, 1)]).unwrap();
    let other = found_at(1, 0, "/disc/copy");
    let twice = bench.queue.offer(&mut import, std::slice::from_ref(&other)).unwrap();
    assert_eq!(twice, [Offered::Twice(new_id(offered[0]))]);
    bench.queue.skip(&mut import, &[skip(SkipReason::Conflict, Some(other.header))]).unwrap();
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    assert_eq!(bench.queue.view().import(id).unwrap().files.instances, 3);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    assert_eq!(claim.rows.len(), 1);
    let conflict = &bench.rows(claim.study)[0];
    assert_eq!(conflict.state, State::Conflict);
    assert_eq!(conflict.reason, Some(Reason::new(Code::DiffersInSource)));
}

#[test]
fn a_conflict_in_a_later_import_holds_what_it_found_again() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found_at(1, 0, "/a")]).unwrap();
    bench.queue.skip(&mut import, &[skip(SkipReason::Conflict, Some(found(1, 0).header))]).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap();
    let study = bench.queue.view().studies(&Default::default(), None, 1).unwrap()[0].id;
    assert_eq!(bench.states(study), [StateName::Conflict]);
}

#[test]
fn an_abandoned_import_leaves_to_another_what_that_one_found_too() {
    let mut bench = Bench::new();
    let (mut one, mut two) = (bench.begin(), bench.begin());
    bench.queue.offer(&mut one, &[found_at(1, 0, "/one"), found_at(1, 1, "/one1")]).unwrap();
    bench.queue.offer(&mut two, &[found_at(1, 0, "/two")]).unwrap();
    assert!(bench.queue.abandon_import(&one, NOW).unwrap());
    let two = bench.queue.finish_import(&two, NOW).unwrap();
    let study = bench.queue.view().studies(&Default::default(), None, 1).unwrap()[0].id;
    let rows = bench.rows(study);
    assert_eq!((rows.len(), rows[0].import), (1, two));
    assert_eq!(rows[0].location, Location::File("/two".into()));
}

#[test]
fn a_failed_offer_takes_nothing_in_and_the_import_goes_on() {
    let mut bench = Bench::new();
    let mut import = bench.begin();
    bench.queue.conn.execute_batch("PRAGMA query_only = ON").unwrap();
    assert!(bench.queue.offer(&mut import, &[found(1, 0)]).is_err());
    bench.queue.conn.execute_batch("PRAGMA query_only = OFF").unwrap();
    bench.queue.offer(&mut import, &[found(1, 0)]).unwrap();
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    assert_eq!(bench.queue.view().import(id).unwrap().files.instances, 1);
}

#[test]
fn sizes_that_an_archive_file_makes_up_do_not_overflow_the_sums() {
    let mut bench = Bench::new();
    let mut import = bench.begin();
    let huge: Vec<Found> =
        (0..10).map(|number| Found { bytes: u64::MAX, ..found(1, number) }).collect();
    bench.queue.offer(&mut import, &huge).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap();
    assert!(bench.queue.view().counts(Scope::All).unwrap().total().bytes > 1 << 45);
    bench.ask_empty();
    assert_eq!(bench.claim().unwrap().rows.len(), 1);
}
