//! A home on a small disk that gets full, and one that cannot be written.

use super::{code, waiting};
use crate::peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Which};
use relaypacs_tests::cli::{LIMIT, Spawned};
use relaypacs_tests::disk::Disk;
use relaypacs_tests::lines::arg;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A site with its home on a small disk, of so many kB.
fn small(shape: (u32, u32, usize), kilobytes: u32) -> (Site, Disk) {
    let mut site = Site::new(shape, |usual| usual);
    let disk = Disk::small(site.cli.home(), kilobytes).unwrap();
    site.cli.through(disk.enter());
    (site, disk)
}

/// An archive that answers a few requests at once and takes its time for all others: whatever happens after the first, most
/// is still to come.
fn soon_slow() -> Faults {
    let late = Which::FromTo { from: 5, to: None };
    Faults::default().with(Kind::Store, late, Fault::AnswerAfter { seconds: 3.0 })
}

fn fill(disk: &Disk, home: &Path) -> PathBuf {
    disk.fill(home).unwrap()
}

#[test]
fn a_disk_that_is_full_from_the_start_is_said_and_with_room_it_begins() {
    let (site, disk) = small((1, 10, 6_000), 3_000);
    let filler = fill(&disk, site.cli.home());
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    assert_eq!(site.pacs.stored(), 0);
    fs::remove_file(filler).unwrap();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 10), "{}", ran.stderr);
}

#[test]
fn a_queue_that_does_not_fit_is_taken_back_whole_and_nothing_of_it_was_sent() {
    // Some 600 bytes a row, and as much again in the log.
    let (site, disk) = small((3, 1_500, 1_300), 20_000);
    let large = disk.path(&site.cli.home().join("something-large"));
    fs::write(&large, vec![7; 18_500_000]).unwrap();
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    assert_eq!(site.pacs.counts().stores, 0);
    // With room the same home takes what fits, and of the other nothing is left.
    fs::remove_file(large).unwrap();
    let one = site.source.path().join("ST0001/S0000/I0000001.dcm");
    let ran = site.cli.run(&["send", "--json", one.to_str().unwrap(), "--to", &root]).unwrap();
    assert_eq!((ran.status, site.pacs.stored()), (Some(0), 1), "{}", ran.stderr);
    assert!(site.queue().is_empty(), "{:?}", site.queue());
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 4_500), "{}", ran.stderr);
}

#[test]
fn a_disk_that_fills_up_while_images_wait_loses_none_and_goes_on_with_room() {
    let (site, disk) = small((3, 20, 6_000), 3_000);
    site.pacs.set_faults(Faults::default().with(Kind::Any, Which::All, Fault::Full));
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &["--patience", "0"])).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    site.pacs.set_faults(Faults::default());
    let filler = fill(&disk, site.cli.home());
    for _ in 0..2 {
        let ran = site.cli.run(&["run", "--json"]).unwrap();
        assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    }
    fs::remove_file(filler).unwrap();
    assert_eq!(site.queue().values().sum::<u64>(), 60);
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 60), "{}", ran.stderr);
    assert!(site.queue().is_empty());
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_sending_loses_none_and_goes_on_with_room() {
    let (site, disk) = small((20, 10, 6_000), 3_000);
    site.pacs.set_faults(soon_slow());
    let root = site.pacs.root();
    let mut run = site.cli.spawn(&site.arguments(&root, &[])).unwrap();
    let first = run.wait_for(LIMIT, |line| line.contains("\"study\","));
    first.unwrap();
    let filler = fill(&disk, site.cli.home());
    let ran = run.finish(Duration::from_secs(60)).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    fs::remove_file(filler).unwrap();
    site.pacs.set_faults(Faults::default());
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 200), "{}", ran.stderr);
    assert!(site.queue().is_empty());
}

#[test]
fn a_run_for_ever_on_a_disk_that_fills_up_says_so_and_goes_on_by_itself_with_room() {
    let (site, disk) = small((20, 10, 6_000), 3_000);
    site.pacs.set_faults(Faults::default().with(Kind::Any, Which::All, Fault::Full));
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &["--patience", "0"])).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    site.pacs.set_faults(soon_slow());
    let mut run = site.cli.spawn(&["run", "--json", "--forever"]).unwrap();
    let told_of = Cell::new(0);
    let count = |line: &str| {
        let more = line.contains("\"event\":\"verdict\"");
        told_of.set(told_of.get() + u32::from(more));
    };
    let waits = |run: &mut Spawned, fits: &dyn Fn(&str) -> bool| {
        let line = run.wait_for(Duration::from_secs(60), |line| {
            count(line);
            fits(line)
        });
        line.unwrap()
    };
    waits(&mut run, &|line| line.contains("\"event\":\"study\""));
    let filler = fill(&disk, site.cli.home());
    let told = waits(&mut run, &|line| line.contains("\"event\":\"trouble\""));
    assert!(told.contains("\"disk_full\""), "{told}");
    site.pacs.set_faults(Faults::default());
    fs::remove_file(filler).unwrap();
    waits(&mut run, &|_| told_of.get() == 200);
    run.interrupt().unwrap();
    let ran = run.finish(Duration::from_secs(60)).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(130), 200), "{}", ran.stderr);
    assert!(site.queue().is_empty());
}

#[test]
fn a_watch_on_a_disk_that_fills_up_says_so_and_takes_in_what_arrived_once_there_is_room() {
    let (site, disk) = small((4, 1_500, 1_300), 20_000);
    let (folder, staged) = (tempfile::tempdir().unwrap(), site.source.path());
    fs::rename(staged.join("ST0001"), folder.path().join("first")).unwrap();
    let root = site.pacs.root();
    let words = ["watch", arg(folder.path()), "--to", &root, "--settle", "1", "--json"];
    let mut watch = site.cli.spawn(&words).unwrap();
    let limit = Duration::from_secs(120);
    watch.wait_for(limit, |line| line.contains("\"summary\"")).unwrap();
    assert_eq!(site.held().len(), 1_500);

    // Room to begin with the next ones, and not for all of them.
    let large = disk.path(&site.cli.home().join("something-large"));
    fs::write(&large, vec![7; 18_500_000]).unwrap();
    fs::rename(staged, folder.path().join("second")).unwrap();
    let told = watch.wait_for(limit, |line| line.contains("\"event\":\"trouble\"")).unwrap();
    assert!(told.contains("\"disk_full\""), "{told}");
    assert_eq!(site.held().len(), 1_500, "something of an import that did not end was sent");
    fs::remove_file(large).unwrap();
    watch.wait_for(limit, |line| line.contains("\"summary\"")).unwrap();
    assert_eq!(site.held().len(), 6_000);
    watch.interrupt().unwrap();
    let ran = watch.finish(limit).unwrap();
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
    assert!(site.queue().is_empty());
}

#[test]
fn a_home_that_cannot_be_written_is_said_and_stays_as_it_was() {
    let mut site = waiting();
    let before = fs::read(site.cli.home().join("queue.db")).unwrap();
    let disk = Disk::read_only(site.cli.home()).unwrap();
    site.cli.through(disk.enter());
    let root = site.pacs.root();
    for arguments in [&["run", "--json"][..], &site.arguments(&root, &[])] {
        let ran = site.cli.run(arguments).unwrap();
        assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "home_not_writable"));
    }
    assert_eq!(site.pacs.stored(), 0);
    site.cli.through(Vec::new());
    assert!(fs::read(site.cli.home().join("queue.db")).unwrap() == before);
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 40), "{}", ran.stderr);
}
