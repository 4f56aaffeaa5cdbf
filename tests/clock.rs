//! The clock of the machine is set, and the machine sleeps: backoff and leases end all the same, and before any byte goes
//! again the archive is asked.

#![cfg(test)]
#![cfg(unix)]

mod peer;

use peer::{Site, truth};
use relaypacs_practice_pacs::{CutAt, Fault, Faults, Kind, Which};
use relaypacs_tests::http::Http;
use relaypacs_tests::lines::{number, tally, text};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

const DAY: i64 = 86_400;

/// A site whose clock can be set, by seconds against the machine's.
struct Timed {
    site: Site,
    file: PathBuf,
    _folder: TempDir,
}

impl Timed {
    fn new(shape: (u32, u32, usize)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        fs::write(&file, "0").unwrap();
        let mut site = Site::new(shape, |usual| usual);
        site.cli = site.cli.env("RELAYPACS_TEST_CLOCK", file.to_str().unwrap());
        Self { site, file, _folder: folder }
    }

    fn set(&self, seconds: i64) {
        // In one step, so that nobody reads half a number.
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, seconds.to_string()).unwrap();
        fs::rename(fresh, &self.file).unwrap();
    }
}

fn down() -> Faults {
    let fault = Fault::Status { code: 503, headers: BTreeMap::new(), body: String::new() };
    Faults::default().with(Kind::Any, Which::All, fault)
}

/// Takes its time, so that there is a midst.
fn slow() -> Faults {
    Faults::default().with(Kind::Store, Which::Every(2), Fault::AnswerAfter { seconds: 0.3 }).with(
        Kind::Store,
        Which::All,
        Fault::Slow { bytes_per_second: 300_000 },
    )
}

/// The days that the ledger names.
fn days(site: &Site) -> BTreeSet<String> {
    let history = site.cli.run(&["history", "--json"]).unwrap().json().unwrap();
    history.iter().map(|line| text(line, "at").chars().take(10).collect()).collect()
}

#[test]
fn a_clock_that_is_set_between_two_runs_makes_nothing_wait_for_it() {
    for shift in [-400 * DAY, -DAY, -3_600, 3_600, DAY, 400 * DAY] {
        let timed = Timed::new((3, 10, 6_000));
        let (site, root) = (&timed.site, timed.site.pacs.root());
        site.pacs.set_faults(down());
        let first = site.cli.run(&site.arguments(&root, &["--patience", "1"])).unwrap();
        assert_eq!(first.status, Some(4), "{shift}: {}", first.stderr);
        site.pacs.set_faults(Faults::default());
        timed.set(shift);
        let ran = site.cli.run(&["run", "--json", "--patience", "10"]).unwrap();
        truth(site, &ran).unwrap();
        assert_eq!((ran.status, site.held().len()), (Some(0), 30), "{shift}: {}", ran.stderr);
        let verified = site.cli.run(&["audit", "verify"]).unwrap();
        assert_eq!(verified.status, Some(0), "{shift}: {}", verified.stderr);
        // The program really goes by the clock that is set here.
        let days = days(site);
        assert!(shift.abs() < DAY || days.len() > 1, "{shift}: {days:?}");
    }
}

#[test]
fn a_clock_that_jumps_both_ways_during_a_run_loses_nothing_and_sends_nothing_twice() {
    let timed = Timed::new((12, 10, 8_000));
    let (site, root) = (&timed.site, timed.site.pacs.root());
    site.pacs.set_faults(slow());
    let mut run = site.cli.spawn(&site.arguments(&root, &[])).unwrap();
    for shift in [DAY, -DAY, 0, 30 * DAY, -400 * DAY, 7_200, -7_200].iter().cycle().take(21) {
        timed.set(*shift);
        if run.wait_for(Duration::from_millis(150), |line| line.contains("\"summary\"")).is_ok() {
            break;
        }
    }
    let ran = run.finish(Duration::from_secs(120)).unwrap();
    truth(site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 120), "{}", ran.stderr);
    let counts = site.pacs.counts();
    assert_eq!(counts.parts, counts.stored, "something was sent that was there");
    assert_eq!(site.cli.run(&["audit", "verify"]).unwrap().status, Some(0));
}

#[test]
fn a_machine_that_sleeps_for_a_day_in_the_midst_asks_the_archive_when_it_wakes() {
    let timed = Timed::new((12, 10, 8_000));
    let (site, root) = (&timed.site, timed.site.pacs.root());
    site.pacs.set_faults(slow());
    let mut run = site.cli.spawn(&site.arguments(&root, &[])).unwrap();
    run.wait_for(Duration::from_secs(60), |line| line.contains("\"study\",")).unwrap();
    run.sleep().unwrap();
    timed.set(DAY);
    // Nothing fits: what is on its way gets there, and its answers are lost with the connections.
    let _ = run.wait_for(Duration::from_secs(1), |_| false);
    run.wake().unwrap();
    let ran = run.finish(Duration::from_secs(120)).unwrap();
    truth(site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 120), "{}", ran.stderr);
    let counts = site.pacs.counts();
    assert_eq!(counts.parts, counts.stored, "something was sent that was there");
}

#[test]
fn an_archive_that_is_gone_for_a_day_gets_everything_when_it_is_back() {
    let timed = Timed::new((3, 10, 6_000));
    let (site, root) = (&timed.site, timed.site.pacs.root());
    // It takes some, and the answers to the rest are lost.
    let lost = Fault::Cut { at: CutAt::AfterStoring, reset: true };
    let after = Fault::Status { code: 503, headers: BTreeMap::new(), body: String::new() };
    site.pacs.set_faults(
        Faults::default()
            .with(Kind::Store, Which::FromTo { from: 1, to: Some(2) }, lost)
            .with(Kind::Store, Which::All, after.clone())
            .with(Kind::Search, Which::FromTo { from: 4, to: None }, after),
    );
    let first = site.cli.run(&site.arguments(&root, &["--patience", "3"])).unwrap();
    assert_eq!(first.status, Some(4), "{}", first.stderr);
    let there = site.pacs.stored() as u64;
    assert!(there > 0, "some arrived, unknown to us");
    site.pacs.set_faults(down());
    for hour in 1..=24 {
        timed.set(hour * 3_600);
        let ran = site.cli.run(&["run", "--json", "--patience", "0"]).unwrap();
        assert_eq!(ran.status, Some(4), "hour {hour}: {}", ran.stderr);
        assert_eq!(number(&ran.summary().unwrap(), "waiting"), 30);
    }
    site.pacs.set_faults(Faults::default());
    // The longest that it waits by itself.
    timed.set(DAY + 3_700);
    let ran = site.cli.run(&["run", "--json", "--patience", "10"]).unwrap();
    truth(site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 30), "{}", ran.stderr);
    assert_eq!(site.pacs.counts().parts, 30, "what was there was sent again");
}

#[test]
fn what_was_stored_by_another_while_the_answer_was_lost_is_a_conflict_and_the_same_is_done() {
    let timed = Timed::new((1, 8, 6_000));
    let (site, root) = (&timed.site, timed.site.pacs.root());
    let lost = Fault::Cut { at: CutAt::AfterStoring, reset: true };
    let after = Fault::Status { code: 503, headers: BTreeMap::new(), body: String::new() };
    site.pacs.set_faults(Faults::default().with(Kind::Store, Which::All, lost).with(
        Kind::Search,
        Which::FromTo { from: 3, to: None },
        after,
    ));
    let first = site.cli.run(&site.arguments(&root, &["--patience", "1"])).unwrap();
    assert_eq!((first.status, site.pacs.stored()), (Some(4), 8), "{}", first.stderr);
    let (uid, ours) = site.offered.iter().next().unwrap();
    assert!(site.pacs.remove(uid).unwrap());
    site.pacs.set_faults(Faults::default());
    let mut other = ours.clone();
    *other.last_mut().unwrap() ^= 1;
    let body = [b"--b\r\nContent-Type: application/dicom\r\n\r\n", &*other, b"\r\n--b--\r\n"];
    let kind = "multipart/related; type=\"application/dicom\"; boundary=b";
    let http = Http::new(site.pacs.addr().port());
    assert_eq!(http.post("/dicom-web/studies", kind, &body.concat()).unwrap().status, 200);
    let sent = site.pacs.counts().parts;
    timed.set(DAY);
    let ran = site.cli.run(&["run", "--json", "--patience", "10"]).unwrap();
    truth(site, &ran).unwrap();
    let states = tally(&ran.events("verdict").unwrap(), "state");
    assert_eq!(
        (states.get("verified"), states.get("conflict")),
        (Some(&7), Some(&1)),
        "{states:?}"
    );
    assert_eq!((ran.status, site.pacs.counts().parts), (Some(3), sent), "not a byte went again");
}
