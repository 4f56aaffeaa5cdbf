//! Any moment can be the last one: copies of database and log, cut anywhere, open and add up.

use super::*;
use crate::{Scope, State};
use std::fs;
use std::path::Path;

/// Copies database and log as a sudden death would leave them; `cut` shortens the log.
fn copy(from: &Path, to: &Path, cut: Option<u64>) {
    fs::copy(from.join("queue.db"), to.join("queue.db")).unwrap();
    let mut wal = fs::read(from.join("queue.db-wal")).unwrap();
    if let Some(cut) = cut {
        wal.truncate(usize::try_from(cut).unwrap());
    }
    fs::write(to.join("queue.db-wal"), wal).unwrap();
}

fn sound(dir: &Path, imports: &[(ImportId, u64)]) -> Queue {
    let queue = Queue::open(&dir.join("queue.db"), &key(), NOW).unwrap();
    let check: String =
        queue.conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    for (import, count) in imports {
        if let Ok(row) = queue.view().import(*import) {
            assert!(row.finished_at.is_some(), "one without an end is taken out at the start");
            let counts = queue.view().counts(Scope::Import(*import)).unwrap();
            assert_eq!(counts.total().instances, *count);
        }
    }
    let drifted: i64 = queue
        .conn
        .query_row(
            "SELECT count(*) FROM (SELECT study_id, import_id, state, count(*) AS n, sum(bytes) AS b \
             FROM instance GROUP BY 1, 2, 3) AS rows LEFT JOIN tally USING (study_id, import_id, state) \
             WHERE instances IS NOT n OR tally.bytes IS NOT b",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(drifted, 0);
    queue
}

#[test]
fn a_log_that_is_cut_anywhere_gives_a_queue_that_adds_up() {
    let mut bench = Bench::new();
    let mut imports = Vec::new();
    for study in 1..=3 {
        imports.push((bench.import(study, 40), 40));
        bench.ask_empty();
        let limits = Limits { bytes: 20_000, count: 9 };
        while let Some(claim) =
            bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap()
        {
            let lost = claim.rows[0].id.0 % 2 == 0;
            let event = if lost { Event::AnswerLost } else { Event::Stored };
            bench.answer(&claim, event);
        }
    }
    let mut unfinished = bench.begin();
    bench.queue.offer(&mut unfinished, &[found(9, 1)]).unwrap();
    let length = fs::metadata(bench.dir.path().join("queue.db-wal")).unwrap().len();
    let mut cut = 0;
    let mut steps = 0;
    while cut < length {
        let dir = tempfile::tempdir().unwrap();
        copy(bench.dir.path(), dir.path(), Some(cut));
        sound(dir.path(), &imports);
        // Neither aligned to frames nor to transactions.
        cut += 8191 + length / 25;
        steps += 1;
    }
    assert!(steps > 5, "{length}");
}

#[test]
fn a_death_in_the_middle_of_a_batch_asks_the_archive_first() {
    let mut bench = Bench::new();
    let import = bench.import(1, 10);
    bench.ask_empty();
    let limits = Limits { count: 4, ..WIDE };
    let claim = bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap().unwrap();
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::Stored));
    let dir = tempfile::tempdir().unwrap();
    copy(bench.dir.path(), dir.path(), None);
    let mut queue = sound(dir.path(), &[(import, 10)]);
    let rows = queue.view().instances(claim.study, None, 99).unwrap();
    let states: Vec<State> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states[..4], [State::Stored, State::Unknown, State::Unknown, State::Unknown]);
    assert_eq!(states[4..], [State::Queued; 6]);
    assert!(queue.claim(bench.destination, None, WIDE, NOW, LEASE).unwrap().is_none());
    assert_eq!(queue.studies_to_ask(bench.destination, NOW, 9).unwrap().len(), 1);
}

#[test]
fn a_copy_from_within_a_transaction_has_nothing_of_it() {
    let mut bench = Bench::new();
    let import = bench.import(1, 3);
    let from = bench.dir.path().to_owned();
    let dir = tempfile::tempdir().unwrap();
    bench
        .queue
        .write(|tx| {
            // Small enough a cache that pages of the open transaction reach the log.
            tx.execute_batch("PRAGMA cache_size = 10")?;
            tx.execute_batch("UPDATE instance SET state = 8; UPDATE study SET description = zeroblob(1) || hex(zeroblob(200000))")?;
            copy(&from, dir.path(), None);
            Ok(())
        })
        .unwrap();
    let queue = sound(dir.path(), &[(import, 3)]);
    let counts = queue.view().counts(Scope::All).unwrap();
    assert_eq!(counts.of(StateName::Queued).instances, 3);
}
