//! Where imports came from: known across a start and for as long as something of it can be tried again, then nowhere.

use super::*;
use crate::table::migrations;
use crate::{Erased, Source, Volume};
use rusqlite::Connection;
use std::fs;

fn disc() -> Source {
    Source { name: CANARY.into(), place: Some(format!("/media/{CANARY}").into()) }
}

/// A finished import of two instances of a study from a disc whose index lists three files that are not on it.
fn from_disc(bench: &mut Bench, study: u32) -> ImportId {
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(study, 0), found(study, 1)]).unwrap();
    let mount = format!("/media/{CANARY}").into();
    let volume = Volume { mount, root: "/".into(), identity: "uuid:1".into() };
    bench.queue.note_source(&import, false, &[volume]).unwrap();
    bench.queue.name_source(&import, &disc()).unwrap();
    bench.queue.note_listed_missing(&import, 3).unwrap();
    let id = bench.queue.finish_import(&import, NOW).unwrap();
    assert!(bench.queue.name_source(&import, &disc()).is_err(), "an import that has ended");
    id
}

/// One instance is confirmed, the other refused; then what is confirmed is erased.
fn half_way(bench: &mut Bench) -> StudyId {
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let [one, other] = [claim.rows[0].id, claim.rows[1].id];
    bench.settle(&Answer::to_claim(one, 1, Event::Stored));
    bench.learn(one, Event::ArchiveListsIt);
    bench.settle(&Answer::to_claim(other, 1, Event::Refused));
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::Part { left: 1 });
    claim.study
}

fn shows(bench: &Bench) -> bool {
    fs::read_dir(bench.dir.path()).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    })
}

#[test]
fn a_source_is_known_at_the_next_start_and_until_nothing_of_it_can_be_tried_again() {
    let mut bench = Bench::new();
    let import = from_disc(&mut bench, 1);
    let study = half_way(&mut bench);
    assert_eq!(bench.queue.forget_sources().unwrap(), 0, "the other can be tried again");
    let mut bench = bench.reopen(NOW);
    let view = bench.queue.view();
    assert_eq!(view.source(import).unwrap(), Some(disc()));
    assert_eq!(view.sources().unwrap(), [(import, disc())]);
    assert_eq!(
        (view.volumes(import).unwrap().len(), view.import(import).unwrap().listed_missing),
        (1, 3)
    );
    bench.queue.cancel_study(study, NOW).unwrap();
    assert_eq!(bench.queue.erase_study(study).unwrap(), Erased::Whole);
    assert_eq!(bench.queue.view().source(import).unwrap(), Some(disc()), "its end is to be told");
    assert_eq!(bench.queue.forget_sources().unwrap(), 2);
    let view = bench.queue.view();
    assert_eq!((view.source(import).unwrap(), view.sources().unwrap().len()), (None, 0));
    assert_eq!(view.import(import).unwrap().listed_missing, 3, "a number names nobody");
    assert_eq!(bench.queue.forget_sources().unwrap(), 0);
}

#[test]
fn the_name_of_a_source_is_in_no_page_once_it_is_forgotten_nor_after_a_start_that_nobody_told() {
    for dies_before in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut queue = Queue::open_with(&dir.path().join("queue.db"), None, NOW).unwrap();
        let destination = queue.destination_in_place(&place("https://pacs.example/rs")).unwrap();
        let mut bench = Bench { dir, queue, destination };
        from_disc(&mut bench, 1);
        bench.queue.barrier().unwrap();
        assert!(shows(&bench), "the search works");
        let study = half_way(&mut bench);
        bench.queue.cancel_study(study, NOW).unwrap();
        bench.queue.erase_study(study).unwrap();
        if dies_before {
            let Bench { dir, queue, destination } = bench;
            drop(queue);
            let queue = Queue::open_with(&dir.path().join("queue.db"), None, NOW).unwrap();
            bench = Bench { dir, queue, destination };
        } else {
            bench.queue.forget_sources().unwrap();
        }
        bench.queue.barrier().unwrap();
        assert!(!shows(&bench), "dies before: {dies_before}");
    }
}

#[test]
fn what_a_person_still_looks_at_is_not_forgotten_with_another_import() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let mut import = bench.begin();
    // All of it is in the queue already: the import has no row of its own before its end.
    bench.queue.offer(&mut import, &[found(1, 0)]).unwrap();
    bench.queue.name_source(&import, &disc()).unwrap();
    assert_eq!(bench.queue.forget_sources().unwrap(), 0);
    assert!(bench.queue.view().sources().unwrap().is_empty(), "nobody has decided yet");
    bench.queue.finish_import(&import, NOW).unwrap();
    assert_eq!(bench.queue.view().sources().unwrap(), [(import.id(), disc())]);
}

#[test]
fn a_queue_of_the_version_before_has_imports_without_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queue.db");
    let mut before = Connection::open(&path).unwrap();
    migrations().to_version(&mut before, 11).unwrap();
    before
        .execute_batch(
            "INSERT INTO import (id, destination_id, created, finished_at) VALUES (1, NULL, 1, 1);",
        )
        .unwrap();
    drop(before);
    let queue = Queue::open_with(&path, None, NOW).unwrap();
    let view = queue.view();
    assert_eq!(view.import(ImportId(1)).unwrap().listed_missing, 0);
    assert_eq!((view.source(ImportId(1)).unwrap(), view.sources().unwrap().len()), (None, 0));
}

#[test]
fn a_source_is_never_written_out() {
    assert!(!format!("{:?}", disc()).contains("Canary"));
}
