//! The power is cut while images are on their way: again and again, at moments spread over a whole run. What was on its
//! way may be sent again, nothing else, and nothing is lost.

#![cfg(test)]

#[path = "kill/orthanc.rs"]
mod orthanc;
mod peer;

use peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Which};
use relaypacs_tests::chance::Chance;
use relaypacs_tests::cli::{LIMIT, Ran, Spawned};
use relaypacs_tests::lines::number;
#[cfg(unix)]
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Studies, instances of each, and bytes of each.
const OFFERED: (u32, u32, usize) = (25, 20, 20_000);
/// No pace has more batches in flight; a batch is of one study.
const MOST_IN_FLIGHT: u64 = 8;
/// How often, where RELAYPACS_KILLS does not say it.
const KILLS: usize = 100;
/// Runs at once. Most of their time is waiting for a slow archive.
const AT_ONCE: usize = 6;

/// A slow archive, so that no phase is over in a moment: questions, bytes, answers and lists all take their time.
fn slow() -> Faults {
    Faults::default()
        .with(Kind::Search, Which::Every(3), Fault::Stall { seconds: 0.15, at_bytes: 0 })
        .with(Kind::Store, Which::Every(4), Fault::AnswerAfter { seconds: 0.2 })
        .with(Kind::Store, Which::All, Fault::Slow { bytes_per_second: 4_000_000 })
}

fn site() -> Site {
    let site = Site::new(OFFERED, |usual| usual);
    site.pacs.set_faults(slow());
    site
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_and_costs_no_more_than_what_was_on_its_way() {
    let seed = seed();
    let kills = std::env::var("RELAYPACS_KILLS").ok().and_then(|text| text.parse().ok());
    let kills = kills.unwrap_or(KILLS);
    println!("RELAYPACS_SEED={seed} RELAYPACS_KILLS={kills}");
    // As busy as the machine will be later.
    let whole = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(undisturbed)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).min().unwrap()
    });
    let (next, fell) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= kills {
                        return;
                    }
                    // One moment out of each equal part of the whole.
                    let place = (n as f64 + Chance::new(seed + n as u64).part()) / kills as f64;
                    let there = killed_after(whole.mul_f64(place));
                    fell.lock().unwrap().push(there);
                }
            });
        }
    });
    let fell = fell.into_inner().unwrap();
    let count = |fits: fn(&(u64, u64)) -> bool| fell.iter().filter(|one| fits(one)).count();
    let (early, late) = (count(|one| one.0 == 0), count(|one| one.0 == 500));
    let again = fell.iter().map(|one| one.1).max().unwrap_or_default();
    println!("of {kills}: {early} before the first image was stored, {late} after the last one");
    println!("at most {} kB of 10 MB sent again, after {whole:?} undisturbed", again / 1000);
    assert!(early + late < kills, "none fell where it matters");
}

/// Another one each time, unless RELAYPACS_SEED says it.
fn seed() -> u64 {
    let seed = std::env::var("RELAYPACS_SEED").ok().and_then(|text| text.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    seed.unwrap_or_else(clock)
}

/// Lets a run go on until this long after now, or until its end.
fn begins(run: &mut Spawned, moment: Duration) {
    // Nothing fits: it waits for its time to be over, or for the end.
    let _ = run.wait_for(moment, |_| false);
}

#[cfg(unix)]
#[test]
fn whoever_stops_a_run_at_any_moment_is_told_of_every_image_and_can_go_on() {
    let whole = undisturbed();
    std::thread::scope(|scope| {
        for n in 0..8 {
            scope.spawn(move || stopped_after(whole.mul_f64(f64::from(n) / 8.0)));
        }
    });
}

#[cfg(unix)]
fn stopped_after(moment: Duration) {
    let site = site();
    let root = site.pacs.root();
    let mut run = site.cli.spawn(&site.arguments(&root, &[])).unwrap();
    begins(&mut run, moment);
    let pid = run.pid().to_string();
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let stopped = run.finish(Duration::from_secs(30)).unwrap();
    match stopped.status {
        // Before it listened, in the scan, or in the run: what is queued is told of.
        None => return,
        Some(0) => {}
        Some(status) => assert_eq!(status, 130, "after {moment:?}; {}", stopped.stderr),
    }
    if stopped.summary().is_ok() {
        let ends = truth(&site, &stopped).unwrap();
        assert_eq!(ends.len(), 500, "after {moment:?}");
    }
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    whole(&site, &ran, moment);
    let held = site.held().len();
    assert!(held == 500 || held == 0 && stopped.summary().is_err(), "after {moment:?}: {held}");
}

/// How long it takes where nobody is in the way.
fn undisturbed() -> Duration {
    let site = site();
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 500), "{}", ran.stderr);
    ran.took
}

/// Gives how many images were stored when the power went, and how many bytes were sent again after that.
fn killed_after(moment: Duration) -> (u64, u64) {
    let site = site();
    let root = site.pacs.root();
    let begun = Instant::now();
    let mut run = site.cli.spawn(&site.arguments(&root, &["--patience", "60"])).unwrap();
    begins(&mut run, moment.saturating_sub(begun.elapsed()));
    let killed = run.kill().unwrap();
    if killed.status.is_some() {
        // It was quicker than the one that was measured; there is nothing left to kill.
        assert_eq!(site.held().len(), 500, "after {moment:?}");
    }
    until_read(&site);
    let (before, on_its_way) = (site.pacs.counts(), on_its_way(&site));
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    whole(&site, &ran, moment);
    let mut last = ran;
    if site.held().is_empty() {
        // The scan had not come to its end: no byte had left, and the source has it all.
        assert_eq!((site.pacs.counts().parts, last.status), (0, Some(0)), "after {moment:?}");
        last = site.cli.run(&site.arguments(&root, &[])).unwrap();
        whole(&site, &last, moment);
    }
    assert_eq!(site.held().len(), 500, "after {moment:?}; {}", last.stderr);
    assert!(site.queue().is_empty(), "after {moment:?}: {:?}", site.queue());
    in_the_ledger_once(&site, moment);
    let (after, again) = (site.pacs.counts(), number(&last.summary().unwrap(), "bytes_sent_again"));
    assert!(again <= on_its_way, "after {moment:?}: {again} bytes again, {on_its_way} on the way");
    // What had arrived whole was asked for and not sent again.
    let twice = after.parts - after.stored;
    assert_eq!(twice, 0, "after {moment:?}: arrived twice");
    (before.stored, again)
}

/// What a process that is dead had given to its system still arrives, and is stored.
fn until_read(site: &Site) {
    let end = Instant::now() + LIMIT;
    while site.pacs.counts().in_flight > 0 {
        assert!(Instant::now() < end, "the archive never sees the end of it");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Bytes of what was claimed for a request that had no answer when the power went, as the queue has it on the disk; and
/// never more than a batch for each request that there can be at a time.
fn on_its_way(site: &Site) -> u64 {
    let (_, each, bytes) = OFFERED;
    let bytes = bytes as u64 + 2_000;
    if site.cli.run(&["queue", "list"]).unwrap().status != Some(0) {
        assert_eq!(site.pacs.counts().parts, 0, "sent, and there is no queue yet");
        return 0;
    }
    let states = site.queue();
    let open = ["sending", "unknown"].iter().filter_map(|state| states.get(*state)).sum::<u64>();
    assert!(open <= MOST_IN_FLIGHT * u64::from(each), "{open} images on their way");
    open * bytes
}

fn whole(site: &Site, ran: &Ran, moment: Duration) {
    let ends = truth(site, ran).unwrap_or_else(|error| panic!("after {moment:?}: {error:#}"));
    assert_eq!(ran.status, Some(0), "after {moment:?}; {}", ran.stderr);
    let done = ["confirmed", "verified", "already_there"];
    assert!(ends.values().all(|end| done.contains(&end.as_str())), "after {moment:?}: {ends:?}");
}

/// The receipts of this home name every instance exactly once, as being in the archive.
fn in_the_ledger_once(site: &Site, moment: Duration) {
    let history = site.cli.run(&["history", "--json", "--limit", "10000"]).unwrap();
    let lines = history.json().unwrap();
    let receipts: std::collections::BTreeSet<u64> =
        lines.iter().filter_map(|line| line["receipt"].as_u64()).collect();
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for receipt in receipts {
        let ran = site.cli.run(&["receipt", "--json", &receipt.to_string()]).unwrap();
        for line in ran.events("receipt_line").unwrap() {
            *seen.entry(line["instance"].to_string()).or_default() += 1;
        }
    }
    assert_eq!(seen.len(), 500, "after {moment:?}");
    assert!(seen.values().all(|n| *n == 1), "after {moment:?}: a line twice");
    let verified = site.cli.run(&["audit", "verify"]).unwrap();
    assert_eq!(verified.status, Some(0), "after {moment:?}; {}", verified.stderr);
}
