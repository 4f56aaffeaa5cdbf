//! Salvage: what is taken over from a damaged queue, and that the damaged files stay as they are.

use super::*;
use crate::{Phase, Salvaged, Scope, State, StudyFilter, finish_salvage, replace_damaged};
use std::collections::BTreeSet;
use std::fs;

const PAGE: usize = 4096;

/// A closed queue of three studies with so many instances each; in the first some are on their way.
fn closed(each: u32) -> (TempDir, PathBuf) {
    let mut bench = Bench::new();
    bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    for study in 1..=3 {
        bench.import(study, each);
    }
    bench.ask_empty();
    for event in [Event::Stored, Event::AnswerLost, Event::Refused] {
        let limits = Limits { count: 4, ..WIDE };
        let claim = bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap();
        bench.answer(&claim.unwrap(), event);
    }
    let mut unfinished = bench.begin();
    bench.queue.offer(&mut unfinished, &[found(4, 1), found(4, 2)]).unwrap();
    bench.queue.barrier().unwrap();
    let path = bench.path();
    let Bench { dir, queue, .. } = bench;
    drop(queue);
    (dir, path)
}

/// The instances of a queue, and that it adds up.
fn sound(path: &std::path::Path) -> BTreeSet<String> {
    let queue = Queue::open(path, &key(), NOW).unwrap();
    let check: String =
        queue.conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let orphans: i64 = queue
        .conn
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!((check.as_str(), orphans), ("ok", 0));
    let studies = queue.view().studies(&StudyFilter::default(), None, 99).unwrap();
    let mut uids = BTreeSet::new();
    for study in &studies {
        assert!(study.counts.here().instances > 0, "a patient without an image");
        assert_eq!(study.phase == Phase::Done, study.counts.unfinished().instances == 0);
        for row in queue.view().instances(study.id, None, 999).unwrap() {
            let settled = matches!(row.state, State::Queued | State::Unknown | State::Rejected);
            assert!(settled, "{:?}", row.state);
            assert!(uids.insert(row.sop_uid.as_str().to_owned()));
        }
    }
    assert_eq!(queue.view().counts(Scope::All).unwrap().here().instances, uids.len() as u64);
    uids
}

/// Damages a queue and salvages it.
fn salvaged(each: u32, damage: impl Fn(&mut Vec<u8>)) -> (Salvaged, BTreeSet<String>) {
    let (dir, path) = closed(each);
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let (kept, salvaged) = replace_damaged(&path, &key(), NOW).unwrap();
    assert!(fs::read(&kept).unwrap() == bytes, "the damaged file was touched");
    let names: BTreeSet<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let kept = kept.file_name().unwrap().to_str().unwrap().to_owned();
    let wanted = BTreeSet::from(["queue.db".to_owned(), "queue.db.lock".to_owned(), kept]);
    assert_eq!(names, wanted, "something was left over");
    let uids = sound(&path);
    assert_eq!(uids.len() as u64, salvaged.instances);
    (salvaged, uids)
}

#[test]
fn of_a_queue_whose_rows_are_all_whole_everything_goes_on() {
    // What is damaged is a page of an index, or one that is free.
    let (_dir, path) = closed(100);
    let pages = fs::metadata(path).unwrap().len() as usize / PAGE;
    let all = (1..pages)
        .map(|page| salvaged(100, |bytes| bytes[page * PAGE + 9] ^= 1).0)
        .filter(|one| *one == Salvaged { instances: 300, lost: Some(0) });
    assert!(all.count() > pages / 4);
}

#[test]
fn one_damaged_page_costs_what_stood_on_it_and_nothing_else() {
    let (_dir, path) = closed(100);
    let pages = fs::metadata(path).unwrap().len() as usize / PAGE;
    let mut partly = 0;
    for page in 1..pages {
        let (salvaged, uids) = salvaged(100, |bytes| bytes[page * PAGE + PAGE / 2] ^= 1);
        assert!(uids.iter().all(|uid| !uid.starts_with("1.2.4.")), "an import without an end");
        if salvaged.instances > 270 {
            partly += 1;
        }
        // A page of the schema, of studies or destinations has more below it.
        assert!(salvaged.lost.is_none_or(|lost| lost + salvaged.instances == 300));
    }
    assert!(partly >= pages * 2 / 3, "{partly} of {pages}");
}

#[test]
fn of_a_queue_cut_in_half_what_is_left_goes_on() {
    let (salvaged, _) = salvaged(1_000, |bytes| bytes.truncate(bytes.len() / 2 + 77));
    assert!((1_000..2_000).contains(&salvaged.instances), "{salvaged:?}");
}

#[test]
fn of_a_queue_without_its_first_page_nothing_can_be_read_and_that_is_said() {
    let nothing = Salvaged { instances: 0, lost: None };
    for damage in [
        |bytes: &mut Vec<u8>| bytes[..PAGE].fill(0),
        |bytes: &mut Vec<u8>| bytes[3] ^= 1,
        |bytes: &mut Vec<u8>| bytes.clear(),
        |bytes: &mut Vec<u8>| bytes.fill(b'x'),
    ] {
        assert_eq!(salvaged(100, damage).0, nothing);
    }
}

#[test]
fn what_was_on_its_way_is_asked_for_and_what_was_refused_stays_refused() {
    let (_dir, path) = closed(100);
    let before = fs::read(&path).unwrap();
    let (kept, salvaged) = replace_damaged(&path, &key(), NOW).unwrap();
    assert_eq!((salvaged.instances, salvaged.lost), (300, Some(0)));
    assert!(fs::read(kept).unwrap() == before);
    let queue = Queue::open(&path, &key(), NOW).unwrap();
    let counts = queue.view().counts(Scope::All).unwrap();
    let of = |name| counts.of(name).instances;
    assert_eq!(
        (of(StateName::Unknown), of(StateName::Rejected), of(StateName::Queued)),
        (8, 4, 288)
    );
    let destinations = queue.view().destinations().unwrap();
    assert_eq!(destinations.len(), 2, "with their sign-in");
    assert_eq!(destinations[0].destination.sign_in, place("https://pacs.example/rs").sign_in);
    let studies = queue.view().studies(&StudyFilter::default(), None, 9).unwrap();
    assert!(studies.iter().all(|study| study.phase == Phase::New), "the archive is asked first");
}

#[test]
fn what_a_person_paused_stays_paused_and_a_clock_that_was_set_back_still_shows() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let years = later(1 << 30);
    let claim = bench.claim_at(years).unwrap();
    let event = Event::TryAgain { not_before: years.after(LEASE) };
    for row in &claim.rows {
        bench.queue.settle(&[Answer::to_claim(row.id, row.attempt, event)], years).unwrap();
    }
    bench.queue.pause(Scope::All, true).unwrap();
    let path = bench.path();
    let Bench { dir: _dir, queue, destination } = bench;
    drop(queue);
    replace_damaged(&path, &key(), NOW).unwrap();
    let mut queue = Queue::open(&path, &key(), NOW).unwrap();
    assert!(queue.view().is_paused().unwrap());
    let ask = |queue: &mut Queue| queue.studies_to_ask(destination, NOW, 9).unwrap();
    assert!(ask(&mut queue).is_empty(), "nothing is sent");
    queue.pause(Scope::All, false).unwrap();
    let study = ask(&mut queue)[0].study;
    let ask = queue.begin_ask(study, NOW).unwrap();
    assert_eq!(queue.asked(&ask).unwrap(), Asked::Open);
    let claim = queue.claim(destination, None, WIDE, NOW, LEASE).unwrap();
    assert_eq!(claim.unwrap().rows.len(), 2, "and nothing waits for years");
}

#[test]
fn a_salvage_that_is_interrupted_anywhere_is_done_again_or_finished() {
    let (dir, path) = closed(100);
    let bytes = fs::read(&path).unwrap();
    // While it filled the new one, and when that was whole already.
    for left in ["queue.db.filling", "queue.db.filling-wal", "queue.db.reading", "queue.db.new"] {
        fs::write(dir.path().join(left), b"half").unwrap();
    }
    finish_salvage(&path).unwrap();
    assert!(fs::read(&path).unwrap() == bytes, "the damaged one is in its place still");
    let (_, salvaged) = replace_damaged(&path, &key(), NOW).unwrap();
    assert_eq!(salvaged.instances, 300);
    // Between the two renames.
    fs::rename(&path, dir.path().join("queue.db.new")).unwrap();
    finish_salvage(&path).unwrap();
    assert_eq!(sound(&path).len(), 300);
}
