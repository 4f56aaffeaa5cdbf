//! A watched folder: what arrives is sent once, and not before it is whole.

#![cfg(test)]
#![cfg(unix)]

use relaypacs_tests::cli::{Cli, LIMIT, Spawned};
use relaypacs_tests::fixture::{Instance, Kind};
use relaypacs_tests::lines::{arg, number, tally};
use relaypacs_tests::orthanc::Orthanc;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// The next summary that the watcher says.
fn summary(watch: &mut Spawned) -> Value {
    let line = watch.wait_for(LIMIT, |line| line.contains("\"event\":\"summary\"")).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// As a slow copy writes: with pauses in which the watcher looks, shorter than it waits, and longer than it in all.
fn copy_slowly(path: &Path, bytes: &[u8], orthanc: &Orthanc) {
    let mut file = File::create(path).unwrap();
    for piece in bytes.chunks(bytes.len().div_ceil(4)) {
        file.write_all(piece).unwrap();
        file.flush().unwrap();
        assert_eq!(orthanc.count().unwrap(), 0, "a part of a file was sent");
        // Only the pace of the copy.
        std::thread::sleep(Duration::from_millis(1_500));
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

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let (cli, folder) = (Cli::new().unwrap(), tempfile::tempdir().unwrap());
    let nowhere = folder.path().join("nowhere");
    let words = ["watch", arg(&nowhere), "--to", "http://127.0.0.1:9/rs", "--json"];
    let ran = cli.run(&words).unwrap();
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}
