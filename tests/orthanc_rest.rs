//! An Orthanc without the DICOMweb plugin is as good a destination, by its own interface.

#![cfg(test)]

use relaypacs_tests::cli::Cli;
use relaypacs_tests::fixture::{Instance, Kind, sample_disc};
use relaypacs_tests::lines::{all, arg, number, text};
use relaypacs_tests::orthanc::{Orthanc, Setup};
use std::collections::BTreeSet;
use std::fs;

fn bare(sign_in: Option<(&str, &str)>) -> (Orthanc, String) {
    let sign_in = sign_in.map(|(user, password)| (user.to_owned(), password.to_owned()));
    let setup = Setup { dicomweb: false, sign_in, ..Setup::default() };
    let orthanc = Orthanc::with(setup).unwrap();
    let root = format!("http://127.0.0.1:{}/", orthanc.port());
    (orthanc, root)
}

#[test]
fn everything_is_confirmed_by_its_own_interface_and_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    sample_disc(folder.path(), 51).unwrap();
    let images = folder.path().join("DICOM");
    let (cli, (orthanc, root)) = (Cli::new().unwrap(), bare(None));
    let first = cli.run(&["send", "--json", arg(&images), "--to", &root]).unwrap();
    assert_eq!(first.status, Some(0), "{}", first.stderr);
    let summary = first.summary().unwrap();
    assert_eq!((number(&summary, "confirmed"), number(&summary, "instances")), (62, 62));
    let found = first.events("instance").unwrap();
    let there: BTreeSet<String> = orthanc.instance_uids().unwrap().into_iter().collect();
    assert_eq!(all(&found, "sop_instance_uid"), there);
    for line in &found {
        let kept = orthanc.file_of(text(line, "sop_instance_uid")).unwrap();
        assert!(kept == fs::read(text(line, "path")).unwrap(), "{}", text(line, "path"));
    }
    let second = cli.run(&["send", "--json", arg(&images), "--to", &root]).unwrap();
    let summary = second.summary().unwrap();
    assert_eq!(
        (second.status, number(&summary, "already_there")),
        (Some(0), 62),
        "{}",
        second.stderr
    );
    assert_eq!(number(&summary, "bytes_sent"), 0);
    assert!(cli.run(&["queue", "list", "--json"]).unwrap().lines.is_empty());
}

#[test]
fn what_it_has_under_the_same_uid_and_what_it_refuses_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let made = [1, 2, 3].map(|n| Instance::new(Kind::Mr).seed(52).number(n, 3));
    let file = |n: usize| folder.path().join(format!("IM{n}"));
    for (n, instance) in made.iter().enumerate() {
        fs::write(file(n), instance.bytes()).unwrap();
    }
    let (cli, (orthanc, root)) = (Cli::new().unwrap(), bare(Some(("relay", "secret"))));
    let cli = cli.env("RELAYPACS_PASSWORD", "secret");
    let words = ["send", "--json", "--include-damaged", arg(folder.path()), "--to", &root];
    let words = [&words[..], &["--user", "relay"]].concat();
    // One is there with other bytes, and one is cut off.
    let other = made[0].clone().altered().bytes();
    assert_eq!(orthanc.rest().post("/instances", "application/dicom", &other).unwrap().status, 200);
    let cut = made[1].bytes();
    fs::write(file(1), &cut[..cut.len() / 2]).unwrap();
    let ran = cli.run(&words).unwrap();
    assert_eq!(ran.status, Some(3), "{}", ran.stderr);
    let summary = ran.summary().unwrap();
    let counts = ["confirmed", "conflict", "rejected"].map(|key| number(&summary, key));
    assert_eq!(counts, [1, 1, 1], "{:?}", ran.events("verdict"));
    assert!(orthanc.file_of(&made[0].sop_uid()).unwrap() == other);
    assert_eq!(orthanc.count().unwrap(), 2);
}
