//! A watched folder: what arrives is sent once, and not before it is whole.

#![cfg(test)]
#![cfg(unix)]

use relaypacs_practice_pacs::{Options, PracticePacs};
use relaypacs_tests::cli::{Cli, LIMIT, Spawned};
use relaypacs_tests::fixture::{Instance, Kind};
use relaypacs_tests::lines::{arg, number, tally};
use relaypacs_tests::orthanc::{Orthanc, dead_port};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The next summary that the watcher says.
fn summary(watch: &mut Spawned) -> Value {
    let line = watch.wait_for(LIMIT, |line| line.contains("\"event\":\"summary\"")).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// As a slow copy writes: with pauses in which the watcher looks, shorter than it waits, and longer than it in all.
fn copy_slowly(path: &Path, bytes: &[u8], orthanc: &Orthanc) {
    let mut file = File::create(path).unwrap();
    for piece in bytes.chunks(bytes.len().div_ceil(12)) {
        file.write_all(piece).unwrap();
        file.flush().unwrap();
        assert_eq!(orthanc.count().unwrap(), 0, "a part of a file was sent");
        // Only the pace of the copy.
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn files_that_arrive_in_pieces_are_sent_once_when_they_have_stopped_growing() {
    let folder = tempfile::tempdir().unwrap();
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let [one, two] = [1, 2].map(|n| Instance::new(Kind::Mr).seed(81).number(n, 2));
    let root = orthanc.root();
    let words = ["watch", arg(folder.path()), "--to", &root, "--settle", "4", "--json"];
    let mut watch = cli.spawn(&words).unwrap();
    copy_slowly(&folder.path().join("IM1"), &one.bytes(), &orthanc);
    let first = summary(&mut watch);
    assert_eq!((number(&first, "files"), number(&first, "confirmed")), (1, 1), "{first}");
    assert!(orthanc.file_of(&one.sop_uid()).unwrap() == one.bytes());

    // A folder that is moved in, with one more of the same study and one that was sent before.
    let staged = tempfile::tempdir_in(folder.path().parent().unwrap()).unwrap();
    fs::create_dir(staged.path().join("in")).unwrap();
    for (name, instance) in [("IM2", &two), ("AGAIN", &one)] {
        fs::write(staged.path().join("in").join(name), instance.bytes()).unwrap();
    }
    fs::rename(staged.path().join("in"), folder.path().join("in")).unwrap();
    let second = summary(&mut watch);
    assert_eq!(number(&second, "instances"), 2, "what was sent is not looked at again: {second}");
    assert_eq!(
        (number(&second, "confirmed"), number(&second, "already_there")),
        (1, 1),
        "{second}"
    );

    watch.interrupt().unwrap();
    let ran = watch.finish(LIMIT).unwrap();
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
    let states = tally(&ran.events("verdict").unwrap(), "state");
    let wanted = [("already_there".to_owned(), 1), ("confirmed".to_owned(), 2)];
    assert_eq!(states, BTreeMap::from(wanted));
    assert!(ran.events("skipped").unwrap().is_empty(), "{:?}", ran.lines);
    assert_eq!(orthanc.count().unwrap(), 2);
    assert!(cli.run(&["queue", "list", "--json"]).unwrap().lines.is_empty());
}

/// Watches a folder in which one image arrives while the archive is asleep, until that is known.
fn one_that_waits(cli: &Cli, folder: &Path, port: u16) -> Spawned {
    let root = format!("http://127.0.0.1:{port}/dicom-web");
    let words = ["watch", arg(folder), "--to", &root, "--settle", "0", "--patience", "0", "--json"];
    let mut watch = cli.spawn(&words).unwrap();
    let image = Instance::new(Kind::Mr).seed(82);
    fs::write(folder.join("IM1"), image.bytes()).unwrap();
    watch.wait_for(LIMIT, |line| line.contains("\"event\":\"instance\"")).unwrap();
    let end = Instant::now() + LIMIT;
    let is_parked = || {
        let listed = cli.run(&["queue", "list", "--json"]).unwrap();
        listed.lines.iter().any(|line| line.contains("\"parked\":\"unreachable\""))
    };
    while !is_parked() {
        assert!(Instant::now() < end, "it is never said that the archive is asleep");
    }
    watch
}

#[test]
fn what_arrives_while_the_archive_is_asleep_goes_there_when_it_wakes_and_nothing_else_arrives() {
    let (folder, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (cli, port) = (Cli::new().unwrap(), dead_port().unwrap());
    let mut watch = one_that_waits(&cli, folder.path(), port);
    let pacs = PracticePacs::start(Options { port, ..Options::in_folder(store.path()) }).unwrap();
    let told = summary(&mut watch);
    assert_eq!((number(&told, "instances"), number(&told, "confirmed")), (1, 1), "{told}");
    assert_eq!((number(&told, "files"), pacs.stored()), (1, 1));
    watch.interrupt().unwrap();
    let ran = watch.finish(LIMIT).unwrap();
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
    assert_eq!(ran.events("summary").unwrap().len(), 1, "{:?}", ran.lines);
}

#[test]
fn what_waits_when_a_watch_is_stopped_is_told_and_stays_in_the_queue() {
    let (folder, cli) = (tempfile::tempdir().unwrap(), Cli::new().unwrap());
    let watch = one_that_waits(&cli, folder.path(), dead_port().unwrap());
    watch.interrupt().unwrap();
    let ran = watch.finish(LIMIT).unwrap();
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
    let told = ran.summary().unwrap();
    assert_eq!((number(&told, "instances"), number(&told, "waiting")), (1, 1), "{told}");
    let states = tally(&ran.events("verdict").unwrap(), "state");
    assert_eq!(states, BTreeMap::from([("waiting".to_owned(), 1)]));
    assert_eq!(cli.run(&["queue", "list", "--json"]).unwrap().lines.len(), 1);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let (cli, folder) = (Cli::new().unwrap(), tempfile::tempdir().unwrap());
    let nowhere = folder.path().join("nowhere");
    let words = ["watch", arg(&nowhere), "--to", "http://127.0.0.1:9/rs", "--json"];
    let ran = cli.run(&words).unwrap();
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn a_folder_that_is_away_for_a_while_is_watched_on_when_it_is_back() {
    let place = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (place.path().join("in"), place.path().join("away"));
    fs::create_dir(&folder).unwrap();
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let root = orthanc.root();
    let words = ["watch", arg(&folder), "--to", &root, "--settle", "1", "--json"];
    let mut watch = cli.spawn(&words).unwrap();
    let one = Instance::new(Kind::Mr).seed(83);
    fs::write(folder.join("IM1"), one.bytes()).unwrap();
    assert_eq!(number(&summary(&mut watch), "confirmed"), 1);

    fs::rename(&folder, &elsewhere).unwrap();
    watch.wait_for(LIMIT, |line| line.contains("\"code\":\"source_not_found\"")).unwrap();
    fs::write(elsewhere.join("IM2"), one.clone().number(2, 2).bytes()).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    let next = summary(&mut watch);
    assert_eq!((number(&next, "files"), number(&next, "confirmed")), (1, 1), "{next}");
    assert_eq!(orthanc.count().unwrap(), 2);
    watch.interrupt().unwrap();
    let ran = watch.finish(LIMIT).unwrap();
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
}
