//! Receipts, look-ups, statistics, history, export, views.

use crate::support::{Home, NOW, filled, instance, is_whole, label, line, study};
use relaypacs_ledger::{
    Counts, Event, EventId, EventNumber, ImportId, IndexTally, Ledger, LedgerError, ReceiptId,
};
use relaypacs_model::{Code, Moment, Outcome, Reason, SkipReason};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

fn begun(ledger: &mut Ledger, import: u8) -> ReceiptId {
    ledger.begin_receipt(ImportId([import; 16]), &label("main"), NOW).unwrap()
}

#[test]
fn a_receipt_that_is_begun_twice_is_one() {
    let home = Home::new();
    let mut ledger = home.open();
    let first = begun(&mut ledger, 1);
    assert_eq!(begun(&mut ledger, 1), first);
    assert_eq!(begun(&mut ledger, 2), ReceiptId(first.0 + 1));
    let elsewhere = ledger.begin_receipt(ImportId([1; 16]), &label("other"), NOW).unwrap();
    assert_eq!(elsewhere, ReceiptId(first.0 + 2));
}

#[test]
fn a_repeated_line_changes_nothing_and_a_later_outcome_counts() {
    let home = Home::new();
    let mut ledger = home.open();
    let receipt = begun(&mut ledger, 1);
    let busy = Reason::new(Code::ArchiveBusy).with_status(503).with_dicom(0xA700);
    let mut waits = line(1, Outcome::Waiting);
    waits.reason = Some(busy);
    let first =
        ledger.record(receipt, &study(1), [waits.clone(), line(2, Outcome::Confirmed)]).unwrap();
    assert_eq!((first.new, first.repeated), (2, 0));
    waits.at = NOW.after(Duration::from_secs(60));
    let again = ledger.record(receipt, &study(1), [waits, line(2, Outcome::Confirmed)]).unwrap();
    assert_eq!((again.new, again.repeated, again.event), (0, 2, None));
    let shown = ledger.receipt_lines(receipt, 0, 10).unwrap();
    assert_eq!((shown[0].outcome, shown[0].reason), (Outcome::Waiting, Some(busy)));

    ledger.record(receipt, &study(1), [line(1, Outcome::Verified)]).unwrap();
    let shown = ledger.receipt_lines(receipt, 0, 10).unwrap();
    let outcomes: Vec<_> = shown.iter().map(|line| (line.number, line.outcome)).collect();
    assert_eq!(outcomes, [(2, Outcome::Confirmed), (3, Outcome::Verified)]);
    let summary = ledger.receipt(receipt).unwrap();
    assert_eq!((summary.counts.instances(), summary.counts.in_the_archive()), (2, 2));
    assert_eq!((summary.studies, summary.bytes), (1, 1001 + 1002));
    assert!(is_whole(&ledger));
}

#[test]
fn a_repeat_within_one_call_counts_once() {
    let home = Home::new();
    let mut ledger = home.open();
    let receipt = begun(&mut ledger, 1);
    let lines = [line(1, Outcome::Waiting), line(1, Outcome::Waiting), line(1, Outcome::Confirmed)];
    let wrote = ledger.record(receipt, &study(1), lines).unwrap();
    assert_eq!((wrote.new, wrote.repeated), (2, 1));
    assert_eq!(ledger.receipt(receipt).unwrap().counts.instances(), 1);
    assert!(is_whole(&ledger));
}

#[test]
fn a_receipt_is_read_in_pages_without_gap_or_repeat() {
    let home = Home::new();
    let mut ledger = home.open();
    let receipt = begun(&mut ledger, 1);
    let all = 60_000;
    let lines = (0..all).map(|number| line(number, Outcome::Confirmed));
    assert_eq!(ledger.record(receipt, &study(1), lines).unwrap().new, all);
    let (mut after, mut seen) = (0, std::collections::HashSet::new());
    loop {
        let page = ledger.receipt_lines(receipt, after, 999).unwrap();
        let Some(last) = page.last() else { break };
        after = last.number;
        seen.extend(page.iter().map(|line| line.instance));
    }
    assert_eq!(seen.len() as u64, all);
    assert!(is_whole(&ledger));
}

#[test]
fn a_receipt_that_was_never_begun_takes_no_lines() {
    let home = Home::new();
    let mut ledger = home.open();
    let unknown = Err(LedgerError::ReceiptUnknown);
    let wrote = ledger.record(ReceiptId(1), &study(1), [line(1, Outcome::Confirmed)]);
    assert_eq!(wrote.map(|_| ()), unknown);
    assert_eq!(ledger.end_receipt(ReceiptId(1), NOW).map(|_| ()), unknown);
    assert_eq!(ledger.receipt(ReceiptId(u64::MAX)).map(|_| ()), unknown);
    assert_eq!(ledger.receipt_lines(ReceiptId(1), 0, 1).map(|_| ()), unknown);
}

#[test]
fn a_receipt_can_be_ended_again_after_more_lines() {
    let home = Home::new();
    let mut ledger = home.open();
    let receipt = begun(&mut ledger, 1);
    assert_eq!(ledger.receipt(receipt).unwrap().ended, None);
    let (one, two) = (NOW.after(Duration::from_secs(1)), NOW.after(Duration::from_secs(2)));
    let first = ledger.end_receipt(receipt, one).unwrap();
    assert_eq!(ledger.end_receipt(receipt, two), Ok(first));
    assert_eq!(ledger.receipt(receipt).unwrap().ended, Some(one));
    ledger.record(receipt, &study(1), [line(1, Outcome::Confirmed)]).unwrap();
    ledger.end_receipt(receipt, two).unwrap();
    assert_eq!(ledger.receipt(receipt).unwrap().ended, Some(two));
}

#[test]
fn whoever_holds_the_uid_finds_when_and_where_it_was_sent() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let second = ledger.begin_receipt(ImportId([2; 16]), &label("other"), NOW).unwrap();
    ledger.record(second, &study(1), [line(11, Outcome::AlreadyThere)]).unwrap();
    let seen = ledger.find_instance(&instance(11)).unwrap();
    let told: Vec<_> = seen
        .iter()
        .map(|s| (s.receipt.0, s.destination.as_str(), s.counts.of(Outcome::AlreadyThere)))
        .collect();
    assert_eq!(told, [(2, "other", 1), (1, "main", 0)]);
    let seen = ledger.find_study(&study(1)).unwrap();
    let told: Vec<_> = seen.iter().map(|s| (s.receipt.0, s.counts.instances(), s.at)).collect();
    assert_eq!(told, [(2, 1, NOW), (1, 10, NOW)]);
    assert_eq!(ledger.find_instance(&instance(999)), Ok(vec![]));
    assert_eq!(ledger.find_study(&study(999)), Ok(vec![]));
}

#[test]
fn statistics_count_by_day_destination_and_outcome() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let tomorrow = NOW.after(Duration::from_secs(86_400));
    let second = ledger.begin_receipt(ImportId([2; 16]), &label("other"), tomorrow).unwrap();
    let mut refused = line(70, Outcome::Rejected);
    refused.at = tomorrow;
    ledger.record(second, &study(7), [refused]).unwrap();
    ledger.end_receipt(second, tomorrow.after(Duration::from_millis(1500))).unwrap();

    let today = ledger.statistics(NOW, NOW).unwrap();
    let bytes = (0..30).map(|n| 1000 + n).sum();
    assert_eq!(today.instances.len(), 1);
    let one = &today.instances[0];
    assert_eq!(one.day.rfc3339(), "2026-11-23T00:00:00.000Z");
    assert_eq!((one.destination.as_str(), one.outcome), ("main", Outcome::Confirmed));
    assert_eq!((one.instances, one.bytes), (30, bytes));
    let both = ledger.statistics(NOW, tomorrow).unwrap();
    assert_eq!(both.instances.len(), 2);
    let sends: Vec<_> = both.sends.iter().map(|s| (s.begun, s.ended, s.took)).collect();
    assert_eq!(sends, [(1, 1, Duration::ZERO), (1, 1, Duration::from_millis(1500))]);
    assert_eq!(ledger.statistics(Moment(0), Moment(5)).unwrap(), Default::default());
}

#[test]
fn the_history_is_paged_from_the_latest_back() {
    let home = Home::new();
    let ledger = filled(&home);
    let page = ledger.history(3, None).unwrap();
    let numbers: Vec<_> = page.iter().map(|line| line.number.0).collect();
    assert_eq!(numbers, [17, 16, 15]);
    let next = ledger.history(100, Some(EventNumber(15))).unwrap();
    assert_eq!((next.len(), next[0].number.0, next[13].kind.as_str()), (14, 14, "receipt_begun"));
}

#[test]
fn the_export_has_every_event_and_its_place_in_the_chain() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let skipped = BTreeMap::from([(SkipReason::Damaged, 2), (SkipReason::NotDicom, 5)]);
    let imported = Event::Imported {
        import: ImportId([1; 16]),
        destination: None,
        studies: 3,
        instances: 30,
        bytes: 9,
        skipped,
        index: None,
    };
    ledger.append(EventId::of(&[b"imported"]), &imported, NOW).unwrap();
    let mut counts = Counts::default();
    counts.add(Outcome::Confirmed, 10);
    let ended = Event::Ended { study: study(1), counts };
    ledger.append(EventId::of(&[b"ended"]), &ended, NOW).unwrap();
    let mut out = Vec::new();
    assert_eq!(ledger.export(&mut out), Ok(19));
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 20);
    assert_eq!((&lines[17]["kind"], &lines[17]["dcm"]), (&"imported".into(), &"110107".into()));
    assert_eq!(lines[17]["detail"]["skipped"]["damaged"], 2);
    assert_eq!(lines[17]["import"], lines[0]["import"]);
    assert_eq!(lines[18]["detail"]["confirmed"], 10);
    assert_eq!(lines[18]["study"], lines[2]["study"]);
    assert_eq!(lines[19]["head"]["chain"], lines[18]["chain"]);
    assert_eq!(lines[18]["at"], "2026-11-23T06:10:45.678Z");
    assert!(!text.contains("1.2.826"), "a plain UID is exported");
}

#[test]
fn a_receipt_says_what_the_scan_of_its_source_left_out() {
    let home = Home::new();
    let mut ledger = home.open();
    let index = IndexTally { listed: 12, missing: 2, unlisted: 1, partly: true };
    for import in 1..=2 {
        let event = Event::Imported {
            import: ImportId([import; 16]),
            destination: Some(label("main")),
            studies: 1,
            instances: 1,
            bytes: 9,
            skipped: BTreeMap::from([(SkipReason::Damaged, import.into())]),
            index: (import == 1).then_some(index),
        };
        ledger.append(EventId::of(&[b"imported", &[import]]), &event, NOW).unwrap();
        begun(&mut ledger, import);
    }
    // One that was sent elsewhere later on.
    ledger.begin_receipt(ImportId([1; 16]), &label("other"), NOW).unwrap();
    let said = |receipt| {
        let counts = ledger.receipt(ReceiptId(receipt)).unwrap().counts;
        (counts.skipped(SkipReason::Damaged), counts.index())
    };
    assert_eq!([said(1), said(2), said(3)], [(1, Some(index)), (2, None), (1, Some(index))]);
    // The window reads the same from a view.
    let raw = home.raw();
    let mut view = raw
        .prepare("SELECT listed, listed_missing, unlisted, index_partly, to_look_at FROM view_source ORDER BY receipt")
        .unwrap();
    let rows =
        view.query_map([], |r| Ok((r.get(0)?, [r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?])));
    let rows: Vec<(Option<i64>, [i64; 4])> = rows.unwrap().map(Result::unwrap).collect();
    let first = (Some(12), [2, 1, 1, 1]);
    assert_eq!(rows, [first, (None, [0, 0, 0, 2]), first]);
}

#[test]
fn the_view_of_sources_counts_what_a_person_should_look_at_and_nothing_else() {
    for reason in SkipReason::ALL {
        let home = Home::new();
        let mut ledger = home.open();
        let event = Event::Imported {
            import: ImportId([1; 16]),
            destination: Some(label("main")),
            studies: 1,
            instances: 1,
            bytes: 9,
            skipped: BTreeMap::from([(reason, 3)]),
            index: None,
        };
        ledger.append(EventId::of(&[b"imported"]), &event, NOW).unwrap();
        begun(&mut ledger, 1);
        let look: i64 =
            home.raw().query_row("SELECT to_look_at FROM view_source", [], |r| r.get(0)).unwrap();
        assert_eq!(look, if reason.needs_a_person() { 3 } else { 0 }, "{reason:?}");
    }
}

#[test]
fn the_views_agree_with_the_lines() {
    let home = Home::new();
    let mut ledger = filled(&home);
    let more = [line(3, Outcome::Rejected), line(70, Outcome::Waiting)];
    ledger.record(ReceiptId(1), &study(0), more).unwrap();
    let raw = home.raw();
    let ask = |sql: &str| -> (i64, i64, i64, i64) {
        raw.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))).unwrap()
    };
    let columns = "SELECT instances, in_the_archive, waiting, not_in_the_archive FROM";
    assert_eq!(ask(&format!("{columns} view_receipt WHERE receipt = 1")), (31, 29, 1, 1));
    assert_eq!(
        ask(&format!("{columns} view_study ORDER BY instances DESC LIMIT 1")),
        (11, 9, 1, 1)
    );
    let lines = "SELECT count(*), sum(outcome = 'confirmed'), sum(outcome = 'waiting'), sum(outcome = 'rejected')
                 FROM view_line";
    assert_eq!(ask(lines), (31, 29, 1, 1));
    let statistics =
        "SELECT sum(instances), count(*), min(day = '2026-11-23'), sum(bytes) FROM view_statistics";
    assert_eq!(ask(statistics), (31, 3, 1, (0..30).map(|n| 1000 + n).sum::<i64>() + 1070));
    let history: i64 =
        raw.query_row("SELECT count(*) FROM view_history", [], |r| r.get(0)).unwrap();
    assert_eq!(history, 18);
}
