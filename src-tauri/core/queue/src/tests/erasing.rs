//! What erasing leaves: nothing. On a plain database the very pages are searched, which are the same ones that are
//! encrypted otherwise; on an encrypted one the files are searched at every step.

use super::*;
use crate::{Barrier, Erased, Scope};
use std::fs;
use std::path::Path;

/// Which of `texts` are in any file of the folder.
fn traces(dir: &Path, texts: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for text in texts {
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                out.push((*text).to_owned());
            }
        }
    }
    out
}

fn named(mut found: Found, name: &str) -> Found {
    found.header.patient.name = PatientText::new(name);
    found.header.study.description = PatientText::new(name);
    found.location = Location::File(format!("/disc/{name}").into());
    found
}

fn confirm_all(bench: &mut Bench) {
    bench.ask_empty();
    while let Some(claim) = bench.claim() {
        bench.answer(&claim, Event::Stored);
        for row in &claim.rows {
            bench.learn(row.id, Event::ArchiveListsIt);
        }
    }
}

#[test]
fn nothing_of_an_erased_study_is_in_any_page_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::open_with(&dir.path().join("queue.db"), None, NOW).unwrap();
    let destination = queue.destination_in_place(&place("https://pacs.example/rs")).unwrap();
    let mut bench = Bench { dir, queue, destination };
    let mut import = bench.begin();
    // Interleaved, so that erased rows share their pages with rows that stay.
    for number in 0..120 {
        let mut batch: Vec<Found> =
            (20..26).map(|study| named(found(study, number), &format!("Keeps^{study}"))).collect();
        batch.push(named(found(777, number), CANARY));
        bench.queue.offer(&mut import, &batch).unwrap();
    }
    let import = bench.queue.finish_import(&import, NOW).unwrap();
    let texts = [CANARY, "1.2.777", "/disc/Canary"];
    bench.queue.barrier().unwrap();
    assert_eq!(traces(bench.dir.path(), &texts).len(), 3, "the search finds what is there");
    confirm_all(&mut bench);
    let filter = crate::StudyFilter { study_uid: Some(study_uid(777)), ..Default::default() };
    let study = bench.queue.view().studies(&filter, None, 1).unwrap()[0].id;
    assert_eq!(bench.queue.erase_study(study).unwrap(), Erased::Whole);
    assert_eq!(bench.queue.barrier().unwrap(), Barrier::Done);
    assert_eq!(traces(bench.dir.path(), &texts), [""; 0]);
    assert!(!traces(bench.dir.path(), &["Keeps^25"]).is_empty());
    let counts = bench.queue.view().counts(Scope::Import(import)).unwrap();
    assert_eq!(counts.erased(StateName::Confirmed).instances, 120);
    assert_eq!(counts.total().instances, 7 * 120);
    assert_eq!(bench.queue.erase_study(study).unwrap(), Erased::Whole, "again is harmless");
    assert_eq!(bench.queue.view().counts(Scope::Import(import)).unwrap(), counts);
}

#[test]
fn an_import_that_is_taken_out_leaves_nothing_either() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queue.db");
    let mut queue = Queue::open_with(&path, None, NOW).unwrap();
    let destination = queue.destination_in_place(&place("https://pacs.example/rs")).unwrap();
    let mut import = queue.begin_import(destination, NOW).unwrap();
    let batch: Vec<Found> = (0..300).map(|number| found(777, number)).collect();
    queue.offer(&mut import, &batch).unwrap();
    drop(queue);
    let mut queue = Queue::open_with(&path, None, NOW).unwrap();
    assert_eq!(queue.barrier().unwrap(), Barrier::Done);
    assert_eq!(traces(dir.path(), &[CANARY, "1.2.777"]), [""; 0]);
}

#[test]
fn no_file_ever_shows_a_patient_or_a_secret() {
    let mut bench = Bench::new();
    let texts = [CANARY, "1.2.777", "hunter2", "pacs.example", "/disc/"];
    bench.import(777, 50);
    assert_eq!(traces(bench.dir.path(), &texts), [""; 0]);
    bench.queue.barrier().unwrap();
    let study = bench.confirmed(778, 50);
    assert_eq!(traces(bench.dir.path(), &texts), [""; 0]);
    bench.queue.erase_study(study).unwrap();
    assert_eq!(traces(bench.dir.path(), &texts), [""; 0]);
}

#[test]
fn a_study_that_is_on_its_way_or_held_is_not_erased() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::Stored));
    bench.learn(claim.rows[0].id, Event::ArchiveListsIt);
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::NotYet);
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, Event::Refused));
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found(1, 0)]).unwrap();
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::NotYet);
    bench.queue.abandon_import(&import, NOW).unwrap();
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::Part { left: 1 });
    assert_eq!(bench.states(claim.study), [StateName::Rejected]);
    let left = bench.queue.view().counts(Scope::Study(claim.study)).unwrap().here();
    assert_eq!((left.instances, left.bytes), (1, 1001));
    bench.queue.cancel_study(claim.study, NOW).unwrap();
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::Whole);
}

#[test]
fn a_receipt_can_be_read_page_by_page_before_the_erasure() {
    let mut bench = Bench::new();
    let study = bench.confirmed(1, 5);
    let import = bench.import(2, 1);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = bench.queue.view().ended_instances(Scope::Study(study), after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|row| row.sop_uid.clone()));
    }
    assert_eq!(seen, (0..5).map(|number| sop_uid(1, number)).collect::<Vec<_>>());
    let view = bench.queue.view();
    assert!(view.ended_instances(Scope::Import(import), None, 9).unwrap().is_empty());
    let here = Scope::Destination(bench.destination);
    assert_eq!(view.ended_instances(here, None, 9).unwrap().len(), 5);
    assert_eq!(view.ended_instances(Scope::All, None, 9).unwrap().len(), 5);
}
