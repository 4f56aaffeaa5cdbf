//! Answers that come late: the bytes were offered anew meanwhile, the archive is another one, the row has changed.

use super::*;
use crate::{Ask, Copied, Copying, SpoolKey, State};
use relaypacs_model::DestinationName;

/// A study of two instances that the archive lists, an ask about it, and its rows.
fn asked(bench: &mut Bench) -> (Ask, Vec<InstanceRow>) {
    bench.import(1, 2);
    let study = bench.queue.studies_to_ask(bench.destination, NOW, 9).unwrap()[0].study;
    let ask = bench.queue.begin_ask(study, NOW).unwrap();
    bench.queue.listed(&ask, &[sop_uid(1, 0), sop_uid(1, 1)]).unwrap();
    let rows = bench.queue.asked_rows(&ask, None, 9).unwrap();
    assert!(rows.iter().all(|asked| asked.listed));
    (ask, rows.into_iter().map(|asked| asked.row).collect())
}

/// Offers an instance again, from another file.
fn offer_anew(bench: &mut Bench, number: u32) {
    let mut import = bench.begin();
    let corrected = Found { bytes: 777, ..found_at(1, number, "/disc/corrected") };
    bench.queue.offer(&mut import, &[corrected]).unwrap();
    bench.queue.finish_import(&import, NOW).unwrap();
}

/// What an ask found of these rows is not taken.
fn is_not_taken(bench: &mut Bench, ask: &Ask, rows: &[InstanceRow]) {
    for event in [Event::ArchiveHasSame, Event::ArchiveHasOther, Event::Refused] {
        let answers: Vec<Answer> =
            rows.iter().map(|row| Answer::to_ask(ask, row.id, event)).collect();
        let settled = bench.queue.settle(&answers, NOW).unwrap();
        assert_eq!((settled.taken, settled.stale.len()), (0, rows.len()));
    }
    assert_eq!(bench.states(ask.study), [StateName::Queued; 2]);
    assert_eq!(bench.queue.asked(ask).unwrap(), Asked::Void);
}

#[test]
fn what_was_compared_before_other_bytes_were_offered_confirms_nothing() {
    let mut bench = Bench::new();
    let (ask, rows) = asked(&mut bench);
    offer_anew(&mut bench, 0);
    is_not_taken(&mut bench, &ask, &rows);
    assert_eq!(bench.rows(ask.study)[0].bytes, 777);
}

#[test]
fn what_one_archive_lists_says_nothing_of_another_under_its_name() {
    let mut bench = Bench::new();
    let ward = DestinationName::parse("ward").unwrap();
    bench.destination =
        bench.queue.save_destination(&ward, &place("https://pacs.example/rs")).unwrap();
    let (ask, rows) = asked(&mut bench);
    bench.queue.save_destination(&ward, &place("https://other.example/rs")).unwrap();
    is_not_taken(&mut bench, &ask, &rows);
}

#[test]
fn a_late_answer_to_bytes_that_were_offered_anew_does_not_count() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.queue.expire_leases(None, later(60)).unwrap();
    for row in &claim.rows {
        bench.learn(row.id, Event::ArchiveLacksIt);
    }
    offer_anew(&mut bench, 0);
    let late =
        |at: usize| Answer::to_claim(claim.rows[at].id, claim.rows[at].attempt, Event::Stored);
    let settled = bench.queue.settle(&[late(0), late(1)], NOW).unwrap();
    assert_eq!((settled.taken, settled.stale), (1, vec![claim.rows[0].id]));
    assert_eq!(bench.states(claim.study), [StateName::Queued, StateName::Stored]);
}

#[test]
fn what_changed_after_the_ask_began_is_not_settled_by_it() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.queue.expire_leases(None, later(60)).unwrap();
    let ask = bench.queue.begin_ask(claim.study, NOW).unwrap();
    let row = bench.queue.asked_rows(&ask, None, 9).unwrap().remove(0).row;
    assert_eq!(row.state, State::Unknown);
    bench.settle(&Answer::to_claim(row.id, 1, Event::Stored));
    let lacks = Answer::to_ask(&ask, row.id, Event::ArchiveLacksIt);
    assert_eq!(bench.queue.settle(&[lacks], NOW).unwrap().stale, [row.id]);
    assert_eq!(bench.states(claim.study), [StateName::Stored]);
    // Of one ask, more than one answer about a row: the first is no change.
    let ask = bench.queue.begin_ask(claim.study, NOW).unwrap();
    let answers = [Event::ArchiveLacksIt, Event::TryAgain { not_before: later(9) }];
    let answers = answers.map(|event| Answer::to_ask(&ask, row.id, event));
    assert_eq!(bench.queue.settle(&answers, NOW).unwrap().taken, 2);
}

#[test]
fn what_an_earlier_source_showed_says_nothing_of_a_later_one() {
    let mut bench = Bench::new();
    let first = bench.import(1, 1);
    bench.ask_empty();
    let study = bench.claim().unwrap().study;
    let mut bench = bench.reopen(NOW);
    let id = bench.rows(study)[0].id;
    bench.learn(id, Event::ArchiveLacksIt);
    let mut import = bench.begin();
    bench.queue.offer(&mut import, &[found_at(1, 0, "/stick/0")]).unwrap();
    bench.queue.note_source(&import, true, &[]).unwrap();
    let second = bench.queue.finish_import(&import, NOW).unwrap();
    let gone = Answer::of_source(first, id, Event::SourceGone);
    assert_eq!(bench.queue.settle(&[gone], NOW).unwrap().stale, [id]);
    bench.queue.copy_lost(&[(id, first)]).unwrap();
    assert_eq!(
        bench.rows(study)[0].copy,
        Copying::Due,
        "it is copied from where it was found last"
    );
    let (key, _) = bench.queue.spool_key(study, SpoolKey::new([5; 32])).unwrap();
    let copied = Copied { instance: id, key, name: "0".repeat(32), sha256: [1; 32] };
    assert!(bench.queue.copied(second, &[copied]).unwrap().is_empty());
    bench.queue.copy_lost(&[(id, first)]).unwrap();
    assert_eq!(bench.rows(study)[0].copy, Copying::Done);
    bench.queue.copy_lost(&[(id, second)]).unwrap();
    assert_eq!(bench.rows(study)[0].copy, Copying::Not);
    bench.settle(&Answer::of_source(second, id, Event::SourceGone));
}
