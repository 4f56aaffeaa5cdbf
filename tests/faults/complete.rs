//! That the truth table is whole: every fault that the script can express, every status and every reason that the
//! standard or an archive names has a row. Also prints the table, for whoever runs it with `--nocapture`.

use crate::table::{Before, Door, Row, table};
use relaypacs_practice_pacs::{Duplicates, Fault};
use std::collections::BTreeSet;

/// How many faults there are; a new one does not compile until it is numbered here, and fails until it has a row.
const FAULTS: usize = 21;

fn number(fault: &Fault) -> usize {
    match fault {
        Fault::Refuse => 0,
        Fault::Status { .. } => 1,
        Fault::Partial { .. } => 2,
        Fault::TooLarge { .. } => 3,
        Fault::RetryAfter { .. } => 4,
        Fault::Cut { .. } => 5,
        Fault::Stall { .. } => 6,
        Fault::Slow { .. } => 7,
        Fault::AnswerAfter { .. } => 8,
        Fault::Lose { .. } => 9,
        Fault::Alter { .. } => 10,
        Fault::Xml => 11,
        Fault::IgnoreLimit { .. } => 12,
        Fault::Garbage => 13,
        Fault::Redirect { .. } => 14,
        Fault::Full => 15,
        Fault::Reason { .. } => 16,
        Fault::Strangers { .. } => 17,
        Fault::Phantom => 18,
        Fault::Poison { .. } => 19,
        Fault::FailsOver { .. } => 20,
    }
}

/// PS3.18 table 10.5.3-1 and section 8.5, and what archives and the proxies before them answer to a store.
const STATUSES: [u16; 21] = [
    200, 202, 204, 400, 401, 403, 404, 406, 408, 409, 411, 413, 415, 424, 429, 500, 501, 502, 503,
    504, 507,
];

/// PS3.18 section I.2, PS3.7 annex C, PS3.4 section B.2.3, and those of single archives.
const FAILURES: [u16; 28] = [
    0x0106, 0x0110, 0x0111, 0x0112, 0x0117, 0x0118, 0x0119, 0x0120, 0x0121, 0x0122, 0x0124, 0x0131,
    0x0213, 0xA700, 0xA770, 0xA771, 0xA777, 0xA778, 0xA779, 0xA77A, 0xA77B, 0xA900, 0xA901, 0xB00E,
    0xB00F, 0xC000, 0xC122, 0xC409,
];
const WARNINGS: [u16; 4] = [0x0001, 0xB000, 0xB006, 0xB007];

fn faults(rows: &[Row]) -> impl Iterator<Item = &Fault> {
    rows.iter().flat_map(|row| row.faults.rules.iter().map(|rule| &rule.act))
}

#[test]
fn every_fault_of_the_script_has_a_row() {
    let rows = table();
    let mut seen: BTreeSet<usize> = faults(&rows).map(number).collect();
    // Whom it spoils is known only once the source is made.
    seen.extend(rows.iter().filter(|row| row.poison.is_some()).map(|_| 19));
    assert!(seen.into_iter().eq(0..FAULTS));
}

#[test]
fn every_status_and_every_reason_has_a_row() {
    let rows = table();
    let mut seen = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for fault in faults(&rows) {
        if let Fault::Status { code, .. } = fault {
            seen[0].insert(*code);
        } else if let Fault::Reason { code, warning, .. } = fault {
            seen[if *warning { 2 } else { 1 }].insert(*code);
        }
    }
    for (named, seen) in [&STATUSES[..], &FAILURES, &WARNINGS].into_iter().zip(seen) {
        let without: Vec<String> = named
            .iter()
            .filter(|code| !seen.contains(code))
            .map(|code| format!("{code} ({code:04X})"))
            .collect();
        assert!(without.is_empty(), "without a row: {without:?}");
    }
}

#[test]
fn every_way_of_an_archive_with_duplicates_has_a_row_for_the_same_and_for_another() {
    for way in [Duplicates::KeepOldSaySuccess, Duplicates::Conflict409, Duplicates::Code45070] {
        for before in [Before::Same, Before::Other] {
            let fits = |row: &Row| row.before == before && row.faults.duplicates == way;
            assert!(table().iter().any(fits), "{way:?}");
        }
    }
}

#[test]
fn no_two_rows_have_one_name_and_the_table_can_be_read() {
    let rows = table();
    println!(
        "| what the archive does | how the eight instances end | exit status |\n|---|---|---|"
    );
    for row in &rows {
        let before = match row.before {
            Before::Nothing => "",
            Before::Same => " (the first is there before)",
            Before::Other => " (another is there before under the first one's UID)",
        };
        let door = match row.door {
            Door::Open => "",
            Door::Locked => " (it wants a password)",
            Door::Orthanc => " (Orthanc's own interface)",
        };
        println!("| {}{before}{door} | {} | {} |", row.what, row.ends, row.status);
    }
    let names: BTreeSet<&str> = rows.iter().map(|row| row.what.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}
