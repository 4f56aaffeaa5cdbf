//! Copies in the spool, as the queue knows them: nothing is claimed before it is copied, no file is forgotten and none
//! that is needed is left over, and the key of a study goes with it.

use super::*;
use crate::table::{VERSION, migrations};
use crate::{
    About, Copied, Copying, Erased, OnSource, SealReader, SealWriter, SpoolKey, SpoolKeyId, Volume,
};
use relaypacs_model::{Code, Reason};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

/// A finished import of instances `0..count` of a study that have to be copied.
fn import_to_copy(bench: &mut Bench, study: u32, count: u32) -> ImportId {
    let mut import = bench.begin();
    let found: Vec<Found> = (0..count).map(|number| found(study, number)).collect();
    bench.queue.offer(&mut import, &found).unwrap();
    let mount = Path::new("/media").join(CANARY);
    let volume = Volume { mount, root: "/".into(), identity: "uuid:1".into() };
    bench.queue.note_source(&import, true, &[volume]).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap()
}

fn name(row: &InstanceRow) -> String {
    format!("{:032x}", row.id.0)
}

fn copied(row: &InstanceRow, key: SpoolKeyId) -> Copied {
    Copied { instance: row.id, key, name: name(row), sha256: [row.id.0 as u8; 32] }
}

/// Copies what is left of an import, at most `most`.
fn copy(bench: &mut Bench, import: ImportId, most: u32) -> Vec<String> {
    let rows = bench.queue.view().to_copy(import, None, most).unwrap();
    let mut copies = Vec::new();
    for row in &rows {
        let (key, _) = bench.queue.spool_key(row.study, SpoolKey::new([0xC7; 32])).unwrap();
        copies.push(copied(row, key));
    }
    bench.queue.copied(import, &copies).unwrap()
}

fn keys(bench: &Bench) -> i64 {
    let sql = "SELECT count(*) FROM spool_key";
    bench.queue.conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn confirm(bench: &mut Bench) -> StudyId {
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.answer(&claim, Event::Stored);
    claim.rows.iter().for_each(|row| bench.learn(row.id, Event::ArchiveListsIt));
    claim.study
}

#[test]
fn a_study_has_to_be_copied_until_the_last_of_its_copies_is_there() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 5);
    bench.import(2, 1);
    let has_to_copy = |bench: &Bench| {
        let view = bench.queue.view();
        let rows = view.studies_in_turn(0, 9).unwrap();
        rows.iter().map(|row| view.has_to_copy(row.id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(has_to_copy(&bench), [true, false]);
    copy(&mut bench, import, 4);
    assert_eq!(has_to_copy(&bench), [true, false]);
    copy(&mut bench, import, 1);
    assert_eq!(has_to_copy(&bench), [false, false]);
}

#[test]
fn nothing_is_claimed_before_it_is_copied_and_then_it_is_at_once() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 5);
    bench.ask_empty();
    assert!(bench.claim().is_none());
    assert_eq!(bench.queue.view().imports_to_copy().unwrap(), [(import, 0)]);
    assert_eq!(copy(&mut bench, import, 2), [""; 0]);
    let claim = bench.claim().unwrap();
    assert_eq!(claim.rows.len(), 2);
    assert!(claim.rows.iter().all(|row| row.copy == Copying::Done && row.sha256.is_some()));
    assert!(bench.claim().is_none());
    assert_eq!(bench.queue.view().left_to_copy(import).unwrap().instances, 3);
    assert_eq!(bench.queue.copy_no_more(import).unwrap(), 3);
    assert_eq!(bench.claim().unwrap().rows.len(), 3, "the rest comes from the disc");
    assert!(bench.queue.view().imports_to_copy().unwrap().is_empty());
}

#[test]
fn a_source_has_to_be_read_until_all_is_copied_or_until_all_that_is_not_has_arrived() {
    let mut bench = Bench::new();
    let unread = |bench: &Bench| {
        let rows = bench.queue.view().unread().unwrap();
        rows.iter().map(|row| (row.import, row.location.clone())).collect::<Vec<_>>()
    };
    assert!(unread(&bench).is_empty());
    let copied_first = import_to_copy(&mut bench, 1, 5);
    let first = bench.queue.view().to_copy(copied_first, None, 5).unwrap();
    assert_eq!(unread(&bench), [(copied_first, first[0].location.clone())]);
    copy(&mut bench, copied_first, 4);
    assert_eq!(unread(&bench), [(copied_first, first[4].location.clone())]);
    bench.queue.copy_no_more(copied_first).unwrap();
    assert_eq!(unread(&bench), [(copied_first, first[4].location.clone())], "read when it is sent");

    let mut bench = Bench::new();
    let copied_first = import_to_copy(&mut bench, 1, 5);
    copy(&mut bench, copied_first, 5);
    assert!(unread(&bench).is_empty(), "nothing is sent yet, and the disc can come out");
    confirm(&mut bench);
    let never_copied = bench.import(2, 3);
    assert_eq!(unread(&bench).iter().map(|one| one.0).collect::<Vec<_>>(), [never_copied]);
    confirm(&mut bench);
    assert!(unread(&bench).is_empty());
}

#[test]
fn what_waits_to_be_tried_again_is_not_claimed_before_its_copy_either() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 1);
    bench.ask_empty();
    let id = bench.queue.view().to_copy(import, None, 1).unwrap()[0].id;
    bench.learn(id, Event::TryAgain { not_before: NOW });
    assert!(bench.claim_at(later(60)).is_none());
    copy(&mut bench, import, 1);
    assert_eq!(bench.claim_at(later(60)).unwrap().rows.len(), 1);
}

#[test]
fn the_key_and_the_rows_of_a_study_go_at_once_its_volume_when_it_was_told_and_its_files_are_left_over()
 {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::open_with(&dir.path().join("queue.db"), None, NOW).unwrap();
    let destination = queue.destination_in_place(&place("https://pacs.example/rs")).unwrap();
    let mut bench = Bench { dir, queue, destination };
    let import = import_to_copy(&mut bench, 1, 40);
    copy(&mut bench, import, 40);
    bench.queue.barrier().unwrap();
    let wanted: [&[u8]; 2] = [&[0xC7; 32], CANARY.as_bytes()];
    assert_eq!(wanted.map(|bytes| is_anywhere(&bench, bytes)), [true; 2], "the search works");
    let study = confirm(&mut bench);
    let names: BTreeSet<String> = bench.rows(study).iter().map(name).collect();
    assert_eq!(bench.queue.leftovers(100).unwrap(), [""; 0]);
    assert_eq!(bench.queue.erase_study(study).unwrap(), Erased::Whole);
    bench.queue.barrier().unwrap();
    assert_eq!(wanted.map(|bytes| is_anywhere(&bench, bytes)), [false, true]);
    assert_eq!(bench.queue.forget_sources().unwrap(), 1);
    bench.queue.barrier().unwrap();
    assert_eq!(wanted.map(|bytes| is_anywhere(&bench, bytes)), [false; 2]);
    // Also where the power goes before a file is removed.
    let mut bench = reopen_plain(bench);
    let left: Vec<String> = bench.queue.leftovers(100).unwrap();
    assert_eq!(left.iter().cloned().collect::<BTreeSet<_>>(), names);
    assert!(!left.iter().any(|name| bench.queue.view().needs_file(name).unwrap()));
    bench.queue.leftovers_removed(&left).unwrap();
    assert_eq!(bench.queue.leftovers(100).unwrap(), [""; 0]);
}

fn is_anywhere(bench: &Bench, wanted: &[u8]) -> bool {
    fs::read_dir(bench.dir.path()).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(wanted.len()).any(|window| window == wanted)
    })
}

fn reopen_plain(bench: Bench) -> Bench {
    let Bench { dir, queue, destination } = bench;
    drop(queue);
    let queue = Queue::open_with(&dir.path().join("queue.db"), None, NOW).unwrap();
    Bench { dir, queue, destination }
}

#[test]
fn what_stays_of_a_study_keeps_its_copy_and_the_key_for_it() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 3);
    copy(&mut bench, import, 3);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::Refused));
    for row in &claim.rows[1..] {
        bench.settle(&Answer::to_claim(row.id, 1, Event::Stored));
        bench.learn(row.id, Event::ArchiveListsIt);
    }
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::Part { left: 1 });
    assert_eq!(bench.queue.leftovers(9).unwrap().len(), 2);
    assert!(bench.queue.view().copy_of(claim.rows[0].id).unwrap().is_some());
    assert_eq!(keys(&bench), 1);
    let mut bench = bench.reopen(NOW);
    assert_eq!(keys(&bench), 1);
    bench.queue.cancel_study(claim.study, NOW).unwrap();
    assert_eq!(bench.queue.erase_study(claim.study).unwrap(), Erased::Whole);
    assert_eq!(keys(&bench), 0);
}

#[test]
fn a_copy_that_comes_after_its_instance_was_offered_anew_is_not_taken_for_it() {
    let mut bench = Bench::new();
    let first = import_to_copy(&mut bench, 1, 1);
    let row = bench.queue.view().to_copy(first, None, 1).unwrap().remove(0);
    let (key, _) = bench.queue.spool_key(row.study, SpoolKey::new([1; 32])).unwrap();
    let second = import_to_copy(&mut bench, 1, 1);
    assert_eq!(bench.queue.copied(first, &[copied(&row, key)]).unwrap(), [name(&row)]);
    assert!(bench.queue.view().copy_of(row.id).unwrap().is_none());
    assert_eq!(bench.queue.view().imports_to_copy().unwrap(), [(second, 0)]);
}

#[test]
fn a_copy_of_what_is_offered_anew_is_left_over() {
    let mut bench = Bench::new();
    let first = import_to_copy(&mut bench, 1, 2);
    copy(&mut bench, first, 2);
    import_to_copy(&mut bench, 1, 2);
    assert_eq!(bench.queue.leftovers(9).unwrap().len(), 2);
    let plain = bench.import(1, 2);
    assert!(bench.queue.view().imports_to_copy().unwrap().is_empty(), "this one is not copied");
    assert_eq!(bench.queue.view().left_to_copy(plain).unwrap().instances, 0);
}

#[test]
fn a_copy_goes_with_its_instance_to_another_archive() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 2);
    copy(&mut bench, import, 2);
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    let row = bench.queue.view().source_gone(None, 1).unwrap();
    assert!(row.is_empty());
    let study = bench.queue.view().studies(&Default::default(), None, 1).unwrap()[0].id;
    let moved = bench.queue.move_study(study, other, NOW).unwrap().unwrap();
    let bench = bench.reopen(NOW);
    for row in bench.rows(moved) {
        assert!(bench.queue.view().copy_of(row.id).unwrap().is_some());
    }
    assert_eq!((keys(&bench), bench.queue.leftovers(9).unwrap()), (1, vec![]));
}

#[test]
fn what_was_sealed_under_the_key_of_a_row_opens_with_what_the_row_says() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 1);
    let row = bench.queue.view().to_copy(import, None, 1).unwrap().remove(0);
    let (id, key) = bench.queue.spool_key(row.study, SpoolKey::new([3; 32])).unwrap();
    let (again, _) = bench.queue.spool_key(row.study, SpoolKey::new([4; 32])).unwrap();
    assert_eq!(id, again, "a study has one key");
    let about = About { instance: row.id, sop_uid: row.sop_uid.clone(), bytes: row.bytes };
    let mut writer = SealWriter::new(Vec::new(), &key, [5; 19], &about).unwrap();
    writer.write_all(&vec![7; row.bytes as usize]).unwrap();
    let file = writer.finish().unwrap();
    bench.queue.copied(import, &[copied(&row, id)]).unwrap();
    let bench = bench.reopen(NOW);
    let copy = bench.queue.view().copy_of(row.id).unwrap().unwrap();
    let mut bytes = Vec::new();
    SealReader::new(&*file, &copy.key, &copy.about).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, vec![7; row.bytes as usize]);
    assert!(!format!("{copy:?}").contains("1.2.1.1"), "a copy shows whose it is");
}

#[test]
fn the_studies_of_the_highest_priority_are_copied_first_whatever_import_they_came_with() {
    let mut bench = Bench::new();
    let [first, second] = [(1, 3), (2, 2)].map(|(n, many)| import_to_copy(&mut bench, n, many));
    assert_eq!(bench.queue.view().imports_to_copy().unwrap(), [(first, 0), (second, 0)]);
    let study = bench.queue.view().to_copy(second, None, 1).unwrap()[0].study;
    bench.queue.set_priority(study, 7).unwrap();
    assert_eq!(bench.queue.view().imports_to_copy().unwrap(), [(second, 7), (first, 0)]);
    let many = |bench: &Bench, import, priority| {
        bench.queue.view().to_copy_first(import, priority, None, 9).unwrap().len()
    };
    assert_eq!([(second, 7), (second, 0), (first, 0)].map(|(i, p)| many(&bench, i, p)), [2, 0, 3]);
    copy(&mut bench, second, 9);
    assert_eq!(bench.queue.view().imports_to_copy().unwrap(), [(first, 0)]);
}

#[test]
fn a_source_is_needed_for_what_is_open_and_not_copied_and_for_what_waits_for_it() {
    let mut bench = Bench::new();
    let import = import_to_copy(&mut bench, 1, 4);
    let rows = bench.queue.view().to_copy(import, None, 9).unwrap();
    let on_source = |bench: &Bench| {
        let OnSource { read, waits } = bench.queue.view().on_source(import).unwrap();
        (read, waits)
    };
    assert_eq!(on_source(&bench), (4, 0));
    copy(&mut bench, import, 2);
    assert_eq!(on_source(&bench), (2, 0));
    for (row, code) in rows[2..].iter().zip([Code::SourceGone, Code::CannotBeRead]) {
        let answer =
            Answer::of_source(import, row.id, Event::SourceGone).because(Reason::new(code));
        bench.settle(&answer);
        bench.queue.copy_lost(&[(row.id, import)]).unwrap();
    }
    assert_eq!(on_source(&bench), (0, 1), "what could not be read is named, and not waited for");
    bench.queue.copy_lost(&[(rows[0].id, import)]).unwrap();
    assert_eq!(on_source(&bench), (1, 1), "a copy that is no good is read from the source again");
}

#[test]
fn a_queue_of_the_version_before_goes_on_with_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queue.db");
    let mut before = Connection::open(&path).unwrap();
    migrations().to_version(&mut before, 6).unwrap();
    before
        .execute_batch(
            "INSERT INTO destination (id, label, root, sign_in, user, secret, read_back) \
             VALUES (1, 'x', 'https://pacs.example/rs', 0, '', '', 0); \
             INSERT INTO import (id, destination_id, created, finished_at) VALUES (1, 1, 1, 1); \
             INSERT INTO study (id, destination_id, study_uid, patient_id, patient_id_issuer, \
             patient_name, patient_birth_date, patient_sex, date, time, description, \
             accession_number, own_id) VALUES (1, 1, '1.2', '', '', '', '', '', '', '', '', '', '');",
        )
        .unwrap();
    let location = Location::File("/disc/1".into()).to_bytes();
    before
        .execute(
            "INSERT INTO instance (study_id, import_id, since, bytes, encoding, part10, modality, \
             sop_uid, sop_class_uid, series_uid, location) \
             VALUES (1, 1, 1, 10, 0, 0, 'CT', '1.2.3', '1.2.4', '1.2.5', ?1)",
            [location],
        )
        .unwrap();
    drop(before);
    let queue = Queue::open_with(&path, None, NOW).unwrap();
    let rows = queue.view().instances(StudyId(1), None, 9).unwrap();
    assert_eq!((rows.len(), rows[0].copy, rows[0].number), (1, Copying::Not, None));
    let version: i64 = queue.conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, VERSION as i64);
}
