//! Opening says what is wrong, and readers work beside the writer.

use crate::support::{Home, NOW, erased, filled, instance, is_whole, key, line, study};
use relaypacs_ledger::{
    Event, EventId, Ledger, LedgerError, LedgerKey, LedgerReader, ReceiptId, Verification, Version,
};
use relaypacs_model::Outcome;
use std::fs;

fn failure(home: &Home) -> LedgerError {
    Ledger::open(&home.path(), &key()).err().unwrap()
}

#[test]
fn another_key_is_told_from_a_broken_chain() {
    let home = Home::new();
    drop(filled(&home));
    let other = LedgerKey::new([8; 32]);
    assert_eq!(Ledger::open(&home.path(), &other).err(), Some(LedgerError::WrongKey));
    let reader = LedgerReader::open(&home.path()).unwrap();
    assert_eq!(reader.find_study(&other, &study(0)), Err(LedgerError::WrongKey));
    assert_eq!(reader.verify(&other, None), Err(LedgerError::WrongKey));
    assert!(is_whole(&home.open()));
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let home = Home::new();
    fs::write(home.path(), b"this is no database, it is a text of some length".repeat(200))
        .unwrap();
    assert_eq!(failure(&home), LedgerError::Damaged);
    assert_eq!(LedgerReader::open(&home.path()).err(), Some(LedgerError::Damaged));
}

#[test]
fn a_database_without_our_tables_is_damaged() {
    let home = Home::new();
    drop(filled(&home));
    home.raw().execute_batch("DROP TABLE seal").unwrap();
    assert_eq!(failure(&home), LedgerError::Damaged);
}

#[test]
fn a_ledger_of_a_newer_program_is_left_alone() {
    let home = Home::new();
    drop(filled(&home));
    home.raw().pragma_update(None, "user_version", 999).unwrap();
    assert_eq!(failure(&home), LedgerError::TooNew);
    assert_eq!(LedgerReader::open(&home.path()).err(), Some(LedgerError::TooNew));
}

#[test]
fn a_folder_that_is_not_there_cannot_be_written() {
    let home = Home::new();
    let path = home.folder.path().join("nowhere").join("ledger.db");
    assert_eq!(Ledger::open(&path, &key()).err(), Some(LedgerError::NotWritable));
    assert_eq!(Ledger::open(home.folder.path(), &key()).err(), Some(LedgerError::NotWritable));
    assert_eq!(LedgerReader::open(&path).err(), Some(LedgerError::Missing));
}

#[test]
fn an_event_that_is_written_again_returns_the_first() {
    let home = Home::new();
    let mut ledger = home.open();
    let id = EventId::of(&[b"start", b"1"]);
    let event = Event::Started { version: Version::parse("1.0.0").unwrap() };
    let first = ledger.append(id, &event, NOW).unwrap();
    erased(&mut ledger, 1);
    drop(ledger);
    let mut ledger = home.open();
    assert_eq!(ledger.append(id, &event, NOW), Ok(first));
    assert_eq!(ledger.head().unwrap().events, 2);
}

#[test]
fn no_uid_stands_in_any_file_of_the_ledger() {
    let home = Home::new();
    let ledger = filled(&home);
    // While it is open, the write-ahead log is there too.
    let mut looked_at = 0;
    for entry in fs::read_dir(home.folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        looked_at += bytes.len();
        for needle in [study(1).as_str(), instance(3).as_str(), "1.2.826"] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "a plain UID is stored");
        }
        assert!(!bytes.windows(32).any(|window| window == [3; 32]), "a plain digest is stored");
    }
    assert!(looked_at > 20_000 && is_whole(&ledger));
}

#[test]
fn readers_see_a_whole_chain_while_the_writer_writes() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let path = home.path();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut last = 0;
                    for _ in 0..30 {
                        let reader = LedgerReader::open(&path).unwrap();
                        let whole = reader.verify(&key(), None).unwrap();
                        let Verification::Verified { events, .. } = whole else {
                            panic!("{whole:?}")
                        };
                        assert!(events >= last && events >= 17);
                        last = events;
                        assert_eq!(reader.history(5, None).unwrap().len(), 5);
                    }
                })
            })
            .collect();
        for number in 0..200 {
            erased(&mut ledger, 100 + number);
            let lines = [line(100 + number, Outcome::Waiting)];
            ledger.record(ReceiptId(1), &study(9), lines).unwrap();
        }
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert_eq!(ledger.head().unwrap().events, 17 + 400);
}

#[test]
fn two_writers_wait_for_each_other_and_keep_the_chain_whole() {
    let home = Home::new();
    drop(home.open());
    std::thread::scope(|scope| {
        for writer in 0..2_u64 {
            let home = &home;
            scope.spawn(move || {
                let mut ledger = home.open();
                for number in 0..50 {
                    erased(&mut ledger, writer * 1000 + number);
                }
            });
        }
    });
    let ledger = home.open();
    assert_eq!(ledger.head().unwrap().events, 100);
    assert!(is_whole(&ledger));
}
