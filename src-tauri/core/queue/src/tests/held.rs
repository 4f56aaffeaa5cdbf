//! Imports that a person looks at before they end.

use super::{Bench, NOW, found, later, place, skip, sop_uid, study_uid};
use crate::{Queue, QueueError, Retry, Scope, StateName, StudyFilter, StudyId};
use relaypacs_model::{Found, PatientText, Priority, SkipReason, StudyInstanceUid};
use std::collections::BTreeSet;

fn named(name: &str, mut found: Found) -> Found {
    found.header.patient.name = PatientText::new(name);
    found
}

fn in_series(series: &str, number: i64, mut found: Found) -> Found {
    found.header.series_instance_uid = relaypacs_model::SeriesInstanceUid::parse(series).unwrap();
    found.header.series.number = Some(number);
    found.header.series.description = PatientText::new("axial");
    found.header.instance_number = Some(100 - number);
    found
}

fn studies_of(queue: &Queue, filter: &StudyFilter) -> usize {
    queue.view().studies(filter, None, 100).unwrap().len()
}

#[test]
fn a_held_import_is_listed_by_patient_and_nothing_of_it_is_sent() {
    let mut bench = Bench::new();
    let mut import = bench.begin();
    let all = [
        named("Zoe", found(1, 1)),
        named("Anna", found(2, 1)),
        named("anna", found(3, 1)),
        named("Zoe", in_series("1.2.1.7", 2, found(1, 2))),
    ];
    bench.queue.offer(&mut import, &all).unwrap();
    let view = bench.queue.view();
    let rows = view.held_studies(import.id(), 0, 10).unwrap();
    let uids: Vec<_> = rows.iter().map(|row| row.study.uid.clone()).collect();
    assert_eq!(uids, [study_uid(2), study_uid(3), study_uid(1)]);
    assert_eq!((rows[2].series, rows[2].found.instances), (2, 2));
    assert_eq!(rows[2].modalities, ["CT"]);
    assert!(rows[2].picture.is_some());
    assert_eq!(view.held_studies(import.id(), 2, 10).unwrap().len(), 1);
    let sum = view.held_sum(import.id()).unwrap();
    assert_eq!((sum.studies, sum.found.instances), (3, 4));
    let series = view.held_series(import.id(), rows[2].study.id).unwrap();
    assert_eq!(series.len(), 2);
    let last = series.iter().find(|series| series.number == Some(2)).unwrap();
    assert_eq!(last.description.reveal(), "axial");
    let of = |series| view.held_instances(import.id(), rows[2].study.id, series, 0, 10).unwrap();
    assert_eq!(of(Some(&last.uid)).iter().map(|row| row.number).collect::<Vec<_>>(), [Some(98)]);
    assert_eq!(of(None).len(), 2, "the whole study");
    assert_eq!(view.in_turn().unwrap().0, 0);
    assert!(view.studies_in_turn(0, 10).unwrap().is_empty());
    assert!(bench.queue.studies_to_ask(bench.destination, NOW, 10).unwrap().is_empty());
    assert!(bench.claim().is_none());
}

#[test]
fn what_a_person_leaves_out_is_gone_and_counted_and_the_rest_is_sent() {
    let mut bench = Bench::new();
    // Study 2 waits already: leaving it out of the second import must not touch it.
    bench.import(2, 2);
    let mut import = bench.begin();
    let all = [found(1, 0), found(1, 1), found(2, 1), found(2, 2), found(3, 0)];
    bench.queue.offer(&mut import, &all).unwrap();
    let rows = bench.queue.view().held_studies(import.id(), 0, 10).unwrap();
    let of = |uid| rows.iter().find(|row| row.study.uid == study_uid(uid)).unwrap();
    assert_eq!(of(2).queued_already, 1);
    let wanted: BTreeSet<StudyInstanceUid> = [study_uid(1)].into();
    let left_out = bench.queue.leave_out(&import, &wanted, NOW).unwrap();
    assert_eq!(left_out.instances, 3);
    bench.queue.raise_priority(&import, Priority::Stat.rank()).unwrap();
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    let view = bench.queue.view();
    let counts = view.counts(Scope::Import(id)).unwrap();
    assert_eq!(counts.of(StateName::Queued).instances, 2);
    assert_eq!(counts.erased(StateName::Cancelled).instances, 3);
    assert_eq!(counts.total().instances, 5);
    let turn = view.studies_in_turn(0, 10).unwrap();
    let uids: Vec<_> = turn.iter().map(|row| row.study_uid.clone()).collect();
    assert_eq!(uids, [study_uid(1), study_uid(2)], "the urgent one first");
    assert_eq!(turn[1].counts.of(StateName::Queued).instances, 2, "the earlier import is whole");
    assert_eq!(view.modalities(turn[0].id).unwrap(), ["CT"]);
}

#[test]
fn a_held_import_that_goes_elsewhere_takes_nothing_from_the_first_place() {
    let mut bench = Bench::new();
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    // Both places have something of study 1 in their queues already.
    bench.import(1, 2);
    let mut there = bench.queue.begin_import(other, NOW).unwrap();
    bench.queue.offer(&mut there, &[found(1, 1)]).unwrap();
    bench.queue.finish_import(&there, NOW).unwrap();

    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 0), found(1, 1), found(1, 5), found(4, 0)]).unwrap();
    bench.queue.retarget(&mut import, other, NOW).unwrap();
    let held = bench.queue.view().held_sum(import.id()).unwrap();
    assert_eq!((held.studies, held.found.instances), (2, 4));
    // What is offered after that goes to the new place as well.
    bench.queue.offer(&mut import, &[found(4, 1)]).unwrap();
    let id = bench.queue.finish_import(&import, later(1)).unwrap();

    let view = bench.queue.view();
    let first = StudyFilter { destination: Some(bench.destination), ..StudyFilter::default() };
    let rows = view.studies(&first, None, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].counts.of(StateName::Queued).instances, 2);
    let second = StudyFilter { destination: Some(other), ..StudyFilter::default() };
    assert_eq!(studies_of(&bench.queue, &second), 2);
    assert_eq!(view.counts(Scope::Import(id)).unwrap().total().instances, 5);
    assert_eq!(view.import(id).unwrap().destination, Some(other));
    let all: usize = view
        .studies(&second, None, 10)
        .unwrap()
        .iter()
        .map(|row| view.instances(row.id, None, 10).unwrap().len())
        .sum();
    assert_eq!(all, 5, "0, 1 and 5 of study 1, 0 and 1 of study 4");
    assert!(
        view.instances(rows[0].id, None, 10)
            .unwrap()
            .iter()
            .all(|row| row.sop_uid == sop_uid(1, 0) || row.sop_uid == sop_uid(1, 1))
    );
}

#[test]
fn a_study_is_wanted_by_its_uid_wherever_the_import_goes() {
    let mut bench = Bench::new();
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 0), found(2, 0), found(2, 1)]).unwrap();
    let held = import.id();
    let row = |bench: &Bench| bench.queue.view().held_row(held, &study_uid(2)).unwrap();
    let before = row(&bench);
    bench.queue.retarget(&mut import, other, NOW).unwrap();
    assert_ne!(row(&bench), before, "the row is another one");
    // One that is not held takes nothing out, whatever else is wanted.
    let unknown: BTreeSet<StudyInstanceUid> = [study_uid(2), study_uid(9)].into();
    let refused = bench.queue.leave_out(&import, &unknown, NOW);
    assert!(matches!(refused, Err(QueueError::NoSuchRow)), "{refused:?}");
    assert_eq!(bench.queue.view().held_sum(import.id()).unwrap().studies, 2);
    let left_out = bench.queue.leave_out(&import, &[study_uid(2)].into(), NOW).unwrap();
    assert_eq!(left_out.instances, 1);
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    let rows = bench.queue.view().studies(&StudyFilter::default(), None, 9).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].study_uid.clone(), rows[0].destination), (study_uid(2), other));
    let counts = bench.queue.view().counts(Scope::Import(id)).unwrap();
    assert_eq!(counts.of(StateName::Queued).instances, 2);
}

#[test]
fn only_what_the_import_found_is_shown_of_a_study_that_waits_already() {
    let mut bench = Bench::new();
    bench.import(1, 3);
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 2), found(1, 7)]).unwrap();
    let view = bench.queue.view();
    let row = view.held_row(import.id(), &study_uid(1)).unwrap();
    let shown = view.held_instances(import.id(), row, None, 0, 10).unwrap();
    let shown: Vec<_> = shown.into_iter().map(|row| row.sop_uid).collect();
    assert_eq!(shown, [sop_uid(1, 2), sop_uid(1, 7)]);
    assert_eq!(view.held_uids(import.id(), row).unwrap().len(), 2);
    assert!(view.held_row(import.id(), &study_uid(2)).is_err());
}

#[test]
fn what_the_source_has_twice_with_other_bytes_is_not_sent_elsewhere_either() {
    let mut bench = Bench::new();
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 0), found(1, 1)]).unwrap();
    let header = Some(found(1, 0).header);
    bench.queue.skip(&mut import, &[skip(SkipReason::Conflict, header)]).unwrap();
    let home = bench.destination;
    for to in [other, home, other] {
        bench.queue.retarget(&mut import, to, NOW).unwrap();
    }
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    let counts = bench.queue.view().counts(Scope::Import(id)).unwrap();
    assert_eq!(counts.of(StateName::Conflict).instances, 1);
    assert_eq!(counts.of(StateName::Queued).instances, 1);
}

#[test]
fn a_study_that_is_put_first_goes_before_its_like_and_after_what_is_more_urgent() {
    let mut bench = Bench::new();
    for study in 1..=4 {
        bench.import(study, 1);
    }
    let ids: Vec<StudyId> =
        bench.queue.view().studies_in_turn(0, 9).unwrap().iter().map(|row| row.id).collect();
    bench.queue.set_priority(ids[3], Priority::Stat.rank()).unwrap();
    bench.queue.put_first(ids[2]).unwrap();
    bench.queue.put_first(ids[1]).unwrap();
    let turn: Vec<StudyId> =
        bench.queue.view().studies_in_turn(0, 9).unwrap().iter().map(|row| row.id).collect();
    assert_eq!(turn, [ids[3], ids[1], ids[2], ids[0]]);
    let row = bench.queue.view().study(ids[1]).unwrap();
    assert_eq!(Priority::of_rank(row.priority), Priority::Routine);
}

#[test]
fn a_wish_for_the_queue_does_not_reach_what_a_person_still_looks_at() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 1), found(2, 1)]).unwrap();
    let conflict = skip(SkipReason::Conflict, Some(found(2, 1).header));
    bench.queue.skip(&mut import, &[conflict]).unwrap();
    let study = |number| {
        let all = bench.queue.view().held_row(import.id(), &study_uid(number));
        all.unwrap()
    };
    let (first, second) = (study(1), study(2));
    assert_eq!(bench.states(second), [StateName::Conflict]);
    assert_eq!(bench.queue.retry(Scope::All, Retry::Failed, NOW).unwrap(), 0);
    assert_eq!(bench.states(second), [StateName::Conflict], "it is no part of the queue yet");
    assert_eq!(bench.queue.cancel_study(first, NOW).unwrap(), 1, "what waits");
    assert_eq!(bench.states(first), [StateName::Cancelled, StateName::Queued]);
}
