//! The power fails while images are on their way: copies of the databases and their logs, taken at random moments of a
//! run, are what the disk may hold when it comes back. Of the queue's log the end may be torn off or never have been
//! written, since a commit of it is not synced (what a person did and what could not be asked for again is). The ledger
//! is synced with each commit, so of its log only what was being written may be torn.

#![cfg(test)]
#![cfg(unix)]

mod peer;

use peer::{Offered, Site, held, true_of};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Options, PracticePacs, Running, Which};
use relaypacs_tests::chance::Chance;
use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::lines::{arg, files};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Studies, instances of each, bytes of each.
const OFFERED: (u32, u32, usize) = (20, 10, 8_000);
const ALL: usize = 200;
/// Moments of a send at most. A fast machine gives fewer of them, so each of the lanes sends until it has
/// [`ENOUGH`] of them, and of those that found a part of the images in the archive.
const MOMENTS: usize = 12;
const LANES: u64 = 3;
const ENOUGH: (usize, usize) = (8, 3);
/// A lane that finds no more than this many sends give is a fault of the test's.
const SENDS: u64 = 12;

/// What a loss of power left: of the home, and of the archive, which goes on.
struct Left {
    home: TempDir,
    archive: TempDir,
    how: &'static str,
}

#[test]
fn whatever_a_loss_of_power_leaves_comes_to_the_same_end_and_nothing_goes_twice() {
    let seed = std::env::var("RELAYPACS_SEED").ok().and_then(|text| text.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed: u64 = seed.unwrap_or_else(clock);
    println!("RELAYPACS_SEED={seed}");
    let before: Vec<usize> = std::thread::scope(|scope| {
        let lanes = (0..LANES).map(|lane| scope.spawn(move || one_lane(seed + lane * SENDS)));
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    println!(
        "{} copies, {} with a part of the images in the archive",
        before.len(),
        midway(&before)
    );
}

fn one_lane(seed: u64) -> Vec<usize> {
    let mut before = Vec::new();
    for send in 0..SENDS {
        before.extend(one_run(seed + send));
        if before.len() >= ENOUGH.0 && midway(&before) >= ENOUGH.1 {
            return before;
        }
    }
    panic!("{SENDS} sends gave {} copies, {} midway", before.len(), midway(&before));
}

/// How many of them found a part of the images in the archive.
fn midway(before: &[usize]) -> usize {
    before.iter().filter(|held| (1..ALL).contains(*held)).count()
}

/// Gives how much the archive had at each moment.
fn one_run(seed: u64) -> Vec<usize> {
    let site = Site::new(OFFERED, |usual| usual);
    let left = moments(&site, &mut Chance::new(seed));
    let (port, root) = (site.pacs.addr().port(), site.pacs.root());
    let Site { pacs, source, offered, .. } = site;
    // Its address is what the copies know.
    pacs.stop();
    left.iter().map(|one| comes_back(one, port, &root, source.path(), &offered)).collect()
}

/// Takes what is there at random moments of a send, which ends well itself.
fn moments(site: &Site, chance: &mut Chance) -> Vec<Left> {
    site.pacs.set_faults(
        Faults::default()
            .with(Kind::Store, Which::Every(3), Fault::AnswerAfter { seconds: 0.3 })
            .with(Kind::Search, Which::Every(4), Fault::AnswerAfter { seconds: 0.2 })
            .with(Kind::Store, Which::All, Fault::Slow { bytes_per_second: 400_000 }),
    );
    let root = site.pacs.root();
    let mut run = site.cli.spawn(&site.arguments(&root, &[])).unwrap();
    let mut left = Vec::new();
    while left.len() < MOMENTS {
        let wait = Duration::from_millis(20 + chance.number() % 250);
        if run.wait_for(wait, |line| line.contains("\"summary\"")).is_ok() {
            break;
        }
        // Asleep, so that a copy is of one moment.
        if run.sleep().is_err() {
            break;
        }
        left.push(leave(site, chance));
        run.wake().unwrap();
    }
    let ran = run.finish(Duration::from_secs(120)).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), ALL), "{}", ran.stderr);
    left
}

fn leave(site: &Site, chance: &mut Chance) -> Left {
    let synced = synced(&site.cli.home().join("queue.db-shm"));
    let (home, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in files(site.cli.home()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        // The index of a log is made anew, whatever is found of it.
        let keep = name.starts_with("queue.db") || name.starts_with("ledger.db");
        if name == "key.json" || keep && (!name.ends_with("-shm") || chance.happens(0.5)) {
            fs::copy(&file, home.path().join(name)).unwrap();
        }
    }
    let store = site.pacs.instances();
    // The archive goes on: what was on its way may still arrive. Copied later, it has at least what it had.
    for (_, _, sop) in store {
        let file = site.pacs.file_of(&sop).unwrap();
        let place: Vec<_> = file.components().rev().take(4).collect();
        let place: std::path::PathBuf = place.into_iter().rev().collect();
        let to = archive.path().join(place);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    let how = tear(home.path(), synced, chance);
    Left { home, archive, how }
}

/// How many bytes of the log are on the disk for sure: a checkpoint syncs the log before it writes the first page of it
/// into the database, and notes how far it goes (`nBackfillAttempted` of the log's index, SQLite file format section 4).
fn synced(index: &Path) -> usize {
    const HEADER: usize = 32;
    const FRAME: usize = 24 + 4_096;
    let noted = fs::read(index).ok().and_then(|bytes| bytes.get(128..132)?.try_into().ok());
    match noted.map_or(0, u32::from_ne_bytes) {
        0 => 0,
        frames => HEADER + frames as usize * FRAME,
    }
}

/// What is not synced may be gone, or be something else.
fn tear(home: &Path, synced: usize, chance: &mut Chance) -> &'static str {
    let (queue, ledger) = (home.join("queue.db-wal"), home.join("ledger.db-wal"));
    let (Ok(mut log), Ok(mut other)) = (fs::read(&queue), fs::read(&ledger)) else {
        return "no log yet";
    };
    let synced = synced.min(log.len());
    let from = synced + ((log.len() - synced) as f64 * chance.part()) as usize;
    let how = match chance.number() % 5 {
        0 => "as it was",
        1 => {
            log.truncate(from);
            "cut off"
        }
        2 => {
            log[from..].fill(0);
            "zeros at the end"
        }
        3 => {
            let end = log.len().min(from + 4_096);
            log[from..end].iter_mut().for_each(|byte| *byte = chance.number() as u8);
            "a page of it torn"
        }
        _ => {
            other.extend((0..3_000).map(|_| chance.number() as u8));
            "the ledger being written"
        }
    };
    fs::write(queue, log).unwrap();
    fs::write(ledger, other).unwrap();
    how
}

/// The machine is on again. Gives how much the archive had of it.
fn comes_back(left: &Left, port: u16, root: &str, source: &Path, offered: &Offered) -> usize {
    let cli = Cli::new().unwrap();
    for file in files(left.home.path()) {
        fs::copy(&file, cli.home().join(file.file_name().unwrap())).unwrap();
    }
    let options = Options { port, sync: false, ..Options::in_folder(left.archive.path()) };
    let pacs = PracticePacs::start(options).unwrap();
    let before = pacs.stored();
    let how = left.how;
    let ran = cli.run(&["run", "--json"]).unwrap();
    ends_well(&pacs, offered, &ran, how);
    if held(&pacs, offered).len() < ALL {
        // Only where the end of the import was torn off: no byte had left, and the source has it all.
        let send = ["send", "--json", arg(source), "--to", root];
        ends_well(&pacs, offered, &cli.run(&send).unwrap(), how);
    }
    assert_eq!(held(&pacs, offered).len(), ALL, "{how}: lost");
    let counts = pacs.counts();
    assert_eq!(counts.parts, counts.stored, "{how}: something was sent that was there");
    assert!(cli.run(&["queue", "list", "--json"]).unwrap().lines.is_empty(), "{how}");
    let verified = cli.run(&["audit", "verify"]).unwrap();
    assert_eq!(verified.status, Some(0), "{how}: {}", verified.stderr);
    assert_eq!(proven(&cli), ALL, "{how}: the receipts");
    pacs.stop();
    before
}

fn ends_well(pacs: &Running, offered: &Offered, ran: &Ran, how: &str) {
    let ends = true_of(&held(pacs, offered), ran)
        .unwrap_or_else(|error| panic!("{how}: {error:#}; {}", ran.stderr));
    let done = ["confirmed", "verified", "already_there"];
    assert!(ends.values().all(|end| done.contains(&end.as_str())), "{how}: {ends:?}");
    assert_eq!(ran.status, Some(0), "{how}: {}", ran.stderr);
}

/// How many instances the receipts name as being in the archive.
fn proven(cli: &Cli) -> usize {
    let history = cli.run(&["history", "--json", "--limit", "10000"]).unwrap().json().unwrap();
    let receipts: BTreeSet<u64> =
        history.iter().filter_map(|line| line["receipt"].as_u64()).collect();
    let mut proven = BTreeSet::new();
    for receipt in receipts {
        let ran = cli.run(&["receipt", "--json", &receipt.to_string()]).unwrap();
        for line in ran.events("receipt_line").unwrap() {
            if ["confirmed", "verified", "already_there"].contains(&line["state"].as_str().unwrap())
            {
                proven.insert(line["instance"].to_string());
            }
        }
    }
    proven.len()
}
