//! Nothing can be changed, taken out, put in, moved or cut off without being found.

use crate::support::{Home, NOW, erased, filled, is_whole, key, line, raw, study};
use proptest::prelude::*;
use relaypacs_ledger::{
    Breach, EventNumber, Head, Ledger, LedgerError, LedgerReader, ReceiptId, Verification,
};
use relaypacs_model::Outcome;
use rusqlite::types::Value;
use std::path::Path;

fn verify(path: &Path) -> Result<Verification, LedgerError> {
    LedgerReader::open(path)?.verify(&key(), None)
}

fn broken(at: u64, why: Breach) -> Verification {
    Verification::Broken { at: EventNumber(at), why }
}

#[test]
fn an_untouched_chain_verifies_and_says_how_long_it_is() {
    let home = Home::new();
    let ledger = filled(&home);
    let head = ledger.head().unwrap();
    assert_eq!(head.events, 17);
    assert_eq!(
        ledger.verify(None).unwrap(),
        Verification::Verified { events: 17, receipts: 1, lines: 30, head: head.clone() }
    );
    assert_eq!(Head::parse(&head.to_string()), Some(head));
}

#[test]
fn an_empty_ledger_verifies() {
    assert!(is_whole(&Home::new().open()));
}

/// Every column that something rests on; `tally.last` is only for showing.
const COLUMNS: [(&str, &[&str]); 4] = [
    (
        "event",
        &[
            "number",
            "id",
            "at",
            "kind",
            "receipt",
            "import",
            "study",
            "destination",
            "detail",
            "chain",
        ],
    ),
    (
        "line",
        &[
            "number",
            "receipt",
            "study",
            "instance",
            "bytes",
            "content",
            "outcome",
            "proof",
            "code",
            "http_status",
            "dicom_reason",
            "at",
        ],
    ),
    ("seal", &["key_check", "events", "lines", "chain", "mac"]),
    ("tally", &["study", "receipt", "day", "outcome", "instances", "bytes"]),
];

/// The value with one bit changed; an absent one becomes present.
fn flipped(value: Value, declared: &str, at: usize, bit: u32) -> (Value, &'static str) {
    let bytes = |mut bytes: Vec<u8>| {
        match bytes.len() {
            0 => bytes.push(b'x'),
            length => bytes[at % length] ^= 1 << (bit % 8),
        }
        Value::Blob(bytes)
    };
    match value {
        Value::Integer(number) => (Value::Integer(number ^ (1_i64 << (bit % 63))), "?1"),
        Value::Text(text) => (bytes(text.into_bytes()), "CAST(?1 AS TEXT)"),
        Value::Blob(blob) => (bytes(blob), "?1"),
        Value::Null if declared == "INTEGER" => (Value::Integer(0), "?1"),
        Value::Null if declared == "TEXT" => (Value::Text(String::new()), "?1"),
        Value::Null => (Value::Blob(Vec::new()), "?1"),
        Value::Real(_) => unreachable!("no table has such a column"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]
    #[test]
    fn one_flipped_bit_anywhere_is_found(
        table in 0_usize..4, column in 0_usize..64, row in 0_usize..64, at in 0_usize..512, bit in 0_u32..64,
    ) {
        let (home, template) = (Home::new(), template());
        std::fs::copy(template, home.path()).unwrap();
        let (table, columns) = COLUMNS[table];
        let column = columns[column % columns.len()];
        let raw = home.raw();
        let rows: usize = raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get(0)).unwrap();
        let order = columns[0];
        // The rows of `tally` have no rowid; a fixed order finds the same row twice.
        let pick = format!("FROM {table} ORDER BY {order} LIMIT 1 OFFSET {}", row % rows);
        let old: Value = raw.query_row(&format!("SELECT {column} {pick}"), [], |r| r.get(0)).unwrap();
        let declared: String = raw
            .query_row(
                &format!("SELECT type FROM pragma_table_info('{table}') WHERE name = '{column}'"), [], |r| r.get(0),
            )
            .unwrap();
        let (new, place) = flipped(old, &declared, at, bit);
        let changed = raw.execute(
            &format!("UPDATE {table} SET {column} = {place} WHERE {order} = (SELECT {order} {pick})"), [new],
        );
        // What the table itself refuses is found at once.
        let Ok(changed) = changed else { return Ok(()) };
        prop_assert_eq!(changed, 1);
        drop(raw);
        let found = verify(&home.path());
        prop_assert!(
            matches!(found, Ok(Verification::Broken { .. }) | Err(LedgerError::WrongKey)),
            "{} {}: {:?}", table, column, found
        );
    }
}

/// A filled ledger, made once, closed and without a write-ahead log.
fn template() -> &'static Path {
    static TEMPLATE: std::sync::OnceLock<(Home, std::path::PathBuf)> = std::sync::OnceLock::new();
    let (_, path) = TEMPLATE.get_or_init(|| {
        let home = Home::new();
        drop(filled(&home));
        let path = home.path();
        (home, path)
    });
    path
}

#[test]
fn every_single_event_and_line_that_is_taken_out_is_found() {
    for table in ["event", "line"] {
        for number in 1..=17 {
            let home = Home::new();
            std::fs::copy(template(), home.path()).unwrap();
            let raw = home.raw();
            raw.execute(&format!("DELETE FROM {table} WHERE number = ?1"), [number]).unwrap();
            drop(raw);
            let found = verify(&home.path()).unwrap();
            assert!(matches!(found, Verification::Broken { .. }), "{table} {number}");
            if table == "event" {
                assert_eq!(found, broken(number, Breach::Missing));
            }
        }
    }
}

#[test]
fn a_tail_that_is_cut_off_is_found_and_stays_found_after_more_is_written() {
    let home = Home::new();
    drop(filled(&home));
    home.raw().execute("DELETE FROM event WHERE number > 14", []).unwrap();
    assert_eq!(verify(&home.path()), Ok(broken(15, Breach::Missing)));
    let mut ledger = home.open();
    assert_eq!(erased(&mut ledger, 99), 18);
    assert_eq!(ledger.verify(None), Ok(broken(15, Breach::Missing)));
}

#[test]
fn a_seal_that_was_set_back_by_hand_does_not_hold() {
    let home = Home::new();
    drop(filled(&home));
    let raw = home.raw();
    raw.execute_batch(
        "DELETE FROM event WHERE number > 14;
         UPDATE seal SET events = 14, chain = (SELECT chain FROM event WHERE number = 14);",
    )
    .unwrap();
    drop(raw);
    assert_eq!(verify(&home.path()), Ok(broken(0, Breach::Seal)));
    assert_eq!(Ledger::open(&home.path(), &key()).err(), Some(LedgerError::Broken));
}

#[test]
fn a_seal_that_was_taken_away_is_not_made_anew() {
    let home = Home::new();
    drop(filled(&home));
    home.raw().execute("DELETE FROM seal", []).unwrap();
    assert_eq!(Ledger::open(&home.path(), &key()).err(), Some(LedgerError::Broken));
}

#[test]
fn events_that_changed_places_are_found() {
    let home = Home::new();
    drop(filled(&home));
    home.raw()
        .execute_batch(
            "UPDATE event SET number = 1000 WHERE number = 9; UPDATE event SET number = 9 WHERE number = 10;
             UPDATE event SET number = 10 WHERE number = 1000;",
        )
        .unwrap();
    assert_eq!(verify(&home.path()), Ok(broken(9, Breach::Altered)));
}

#[test]
fn a_row_that_was_put_behind_the_end_is_found_and_stands_in_the_way() {
    let home = Home::new();
    drop(filled(&home));
    home.raw()
        .execute_batch(
            "INSERT INTO event (number, id, at, kind, detail, chain)
             SELECT 18, x'00', at, kind, detail, chain FROM event WHERE number = 17",
        )
        .unwrap();
    let mut ledger = home.open();
    assert_eq!(ledger.verify(None), Ok(broken(18, Breach::Added)));
    let id = relaypacs_ledger::EventId::of(&[b"next"]);
    let next = ledger.append(id, &relaypacs_ledger::Event::QueueSetAside, NOW);
    assert_eq!(next, Err(LedgerError::Broken));
}

#[test]
fn an_older_copy_is_found_by_whoever_kept_the_head() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let early = ledger.head().unwrap();
    drop(ledger);
    let copy = home.folder.path().join("copy.db");
    std::fs::copy(home.path(), &copy).unwrap();
    ledger = home.open();
    erased(&mut ledger, 50);
    let late = ledger.head().unwrap();
    assert!(matches!(ledger.verify(Some(&early)), Ok(Verification::Verified { .. })));
    let old = Ledger::open(&copy, &key()).unwrap();
    assert!(is_whole(&old), "a rollback is not found without a kept head");
    assert_eq!(old.verify(Some(&late)), Ok(broken(18, Breach::Kept)));
}

#[test]
fn another_history_of_the_same_key_is_found_by_whoever_kept_the_head() {
    let (home, other) = (Home::new(), Home::new());
    let kept = filled(&home).head().unwrap();
    let mut forged = other.open();
    for number in 0..20 {
        erased(&mut forged, number);
    }
    assert!(is_whole(&forged));
    assert_eq!(forged.verify(Some(&kept)), Ok(broken(17, Breach::Kept)));
}

#[test]
fn events_of_another_branch_of_the_same_length_are_found() {
    let (home, other) = (Home::new(), Home::new());
    for (home, number) in [(&home, 50), (&other, 60)] {
        std::fs::copy(template(), home.path()).unwrap();
        assert_eq!(erased(&mut home.open(), number), 18);
    }
    let raw = home.raw();
    raw.execute("ATTACH ?1 AS other", [other.path().to_str().unwrap()]).unwrap();
    raw.execute_batch(
        "DELETE FROM event WHERE number = 18; INSERT INTO event SELECT * FROM other.event WHERE number = 18;",
    )
    .unwrap();
    drop(raw);
    assert_eq!(verify(&home.path()), Ok(broken(19, Breach::Missing)));
}

#[test]
fn the_tables_refuse_to_be_changed() {
    let home = Home::new();
    drop(filled(&home));
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    for sql in [
        "UPDATE event SET at = 0",
        "DELETE FROM event",
        "UPDATE line SET outcome = 'confirmed'",
        "DELETE FROM line",
        "DELETE FROM seal",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn a_line_that_was_hidden_behind_a_forged_one_is_found() {
    let home = Home::new();
    let mut ledger = filled(&home);
    ledger.record(ReceiptId(1), &study(5), [line(70, Outcome::Rejected)]).unwrap();
    drop(ledger);
    raw(&home.path())
        .execute_batch(
            "INSERT INTO line SELECT number + 1, receipt, study, instance, bytes, content, 'confirmed', proof, code,
                 http_status, dicom_reason, at FROM line ORDER BY number DESC LIMIT 1",
        )
        .unwrap();
    assert_eq!(verify(&home.path()), Ok(broken(19, Breach::Added)));
}
