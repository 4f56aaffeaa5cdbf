//! The main job against a real Orthanc: from a source to proof, exactly what the scan promised, once.

#![cfg(test)]

use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::corpus::corpus;
use relaypacs_tests::fixture::{Instance, Kind, gzip, sample_disc, tar, zip};
use relaypacs_tests::lines::{all, arg, files, instances_of, number, sha256, tally, text};
use relaypacs_tests::orthanc::Orthanc;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The sample disc always, and the CD of the corpus where there is one. Both have a DICOMDIR that lists a file which is
/// not there.
fn discs() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    sample_disc(folder.path(), 21).unwrap();
    let cd = corpus().map(|corpus| corpus.join("cd_image"));
    let all = std::iter::once(folder.path().to_path_buf()).chain(cd).collect();
    (folder, all)
}

fn send(cli: &Cli, source: &Path, to: &str, more: &[&str]) -> Ran {
    cli.run(&[&["send", "--json", arg(source), "--to", to], more].concat()).unwrap()
}

fn count(ran: &Ran, key: &str) -> u64 {
    number(&ran.summary().unwrap(), key)
}

/// Each instance's verdict; there is exactly one.
fn verdicts(ran: &Ran) -> BTreeMap<String, String> {
    let lines = ran.events("verdict").unwrap();
    let told: BTreeMap<String, String> = lines
        .iter()
        .map(|line| (text(line, "sop_instance_uid").to_owned(), text(line, "state").to_owned()))
        .collect();
    assert_eq!(told.len(), lines.len(), "an instance was told of twice");
    told
}

fn in_orthanc(orthanc: &Orthanc) -> BTreeSet<String> {
    let uids = orthanc.instance_uids().unwrap();
    let distinct: BTreeSet<String> = uids.iter().cloned().collect();
    assert_eq!(distinct.len(), uids.len(), "Orthanc has a SOP Instance UID under two patients");
    distinct
}

fn queue(cli: &Cli) -> Vec<Value> {
    let ran = cli.run(&["queue", "list", "--json"]).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.json().unwrap()
}

/// The parts of the summary come to the whole, each instance has a verdict, and the summary is the last line.
fn adds_up(ran: &Ran) {
    let instances = instances_of(&ran.summary().unwrap()).unwrap();
    assert_eq!(verdicts(ran).len() as u64, instances);
    let last = ran.json().unwrap().pop().unwrap();
    assert_eq!(text(&last, "event"), "summary");
}

/// Byte for byte what the files are.
fn same_bytes(orthanc: &Orthanc, promised: &[Value]) {
    for line in promised {
        let (uid, path) = (text(line, "sop_instance_uid"), text(line, "path"));
        assert!(orthanc.file_of(uid).unwrap() == fs::read(path).unwrap(), "{path}");
    }
}

#[test]
fn a_disc_arrives_whole_and_nothing_of_it_is_sent_a_second_time() {
    let (_folder, discs) = discs();
    for disc in discs {
        let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
        let scanned = cli.run(&["scan", "--json", arg(&disc)]).unwrap();
        let promised = scanned.events("instance").unwrap();
        let first = send(&cli, &disc, &orthanc.root(), &[]);
        assert_eq!(
            first.status,
            Some(3),
            "a file that the index lists is missing: {}",
            first.stderr
        );
        adds_up(&first);
        let told = verdicts(&first);
        assert_eq!(
            told.keys().cloned().collect::<BTreeSet<_>>(),
            all(&promised, "sop_instance_uid")
        );
        let there: BTreeSet<String> = told
            .iter()
            .filter(|(_, state)| *state == "confirmed")
            .map(|(uid, _)| uid.clone())
            .collect();
        assert_eq!(count(&first, "rejected") + there.len() as u64, count(&first, "instances"));
        assert!(there.len() > 50, "{told:?}");
        assert_eq!(in_orthanc(&orthanc), there);
        same_bytes(&orthanc, &promised);
        // The index is named as left out, and not one more instance than the images has arrived.
        assert_eq!(tally(&first.events("skipped").unwrap(), "reason")["dicomdir"], 1);
        assert_eq!(queue(&cli), Vec::<Value>::new());

        let second = send(&cli, &disc, &orthanc.root(), &[]);
        adds_up(&second);
        assert_eq!(
            (second.status, count(&second, "bytes_sent")),
            (Some(3), 0),
            "{}",
            second.stderr
        );
        assert_eq!(count(&second, "already_there"), count(&second, "instances"));
        assert_eq!(orthanc.count().unwrap(), there.len() as u64);
        // Without the index nothing is missing.
        let images = send(&cli, &disc.join("DICOM"), &orthanc.root(), &[]);
        assert_eq!(
            (images.status, count(&images, "bytes_sent")),
            (Some(0), 0),
            "{}",
            images.stderr
        );
        assert_eq!(queue(&cli), Vec::<Value>::new());
    }
}

/// A folder with instances of one study under the names of their numbers.
fn study(numbers: std::ops::RangeInclusive<u32>) -> (TempDir, Vec<Instance>) {
    let folder = tempfile::tempdir().unwrap();
    let made: Vec<Instance> =
        numbers.map(|number| Instance::new(Kind::Ct).seed(22).number(number, 9)).collect();
    for (n, instance) in made.iter().enumerate() {
        fs::write(folder.path().join(format!("IM{n}")), instance.bytes()).unwrap();
    }
    (folder, made)
}

#[test]
fn an_image_that_changed_under_its_uid_is_a_conflict_and_the_archive_keeps_what_it_has() {
    let (folder, made) = study(1..=3);
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let first = send(&cli, folder.path(), &orthanc.root(), &[]);
    assert_eq!((first.status, count(&first, "confirmed")), (Some(0), 3), "{}", first.stderr);
    fs::write(folder.path().join("IM1"), made[1].clone().altered().bytes()).unwrap();

    let second = send(&cli, folder.path(), &orthanc.root(), &[]);
    adds_up(&second);
    assert_eq!(second.status, Some(3), "{}", second.stderr);
    assert_eq!((count(&second, "conflict"), count(&second, "already_there")), (1, 2));
    assert_eq!(count(&second, "bytes_sent"), 0);
    let verdicts = second.events("verdict").unwrap();
    let named = verdicts.iter().find(|line| text(line, "state") == "conflict").unwrap();
    assert_eq!(text(named, "sop_instance_uid"), made[1].sop_uid());
    assert_eq!(text(named, "code"), "differs_in_archive");
    assert!(orthanc.file_of(&made[1].sop_uid()).unwrap() == made[1].bytes());
    // It stays named until a person has decided.
    let waits = queue(&cli);
    assert_eq!((waits.len(), number(&waits[0]["states"], "conflict")), (1, 1), "{waits:?}");
    let cancelled = cli.run(&["queue", "cancel", &made[1].study_uid()]).unwrap();
    assert_eq!(cancelled.status, Some(0), "{}", cancelled.stderr);
    assert_eq!(cli.run(&["run"]).unwrap().status, Some(0));
    assert_eq!(queue(&cli), Vec::<Value>::new());
}

#[test]
fn a_copy_is_sent_once_and_of_two_images_with_one_uid_none() {
    let (folder, made) = study(1..=4);
    fs::write(folder.path().join("COPY"), made[0].bytes()).unwrap();
    fs::write(folder.path().join("OTHER"), made[2].clone().altered().bytes()).unwrap();
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let ran = send(&cli, folder.path(), &orthanc.root(), &[]);
    adds_up(&ran);
    assert_eq!(ran.status, Some(3), "{}", ran.stderr);
    assert_eq!(
        (count(&ran, "instances"), count(&ran, "confirmed"), count(&ran, "conflict")),
        (4, 3, 1)
    );
    let reasons = tally(&ran.events("skipped").unwrap(), "reason");
    assert_eq!((reasons["duplicate"], reasons["conflict"]), (1, 1));
    let verdicts = ran.events("verdict").unwrap();
    let named = verdicts.iter().find(|line| text(line, "state") == "conflict").unwrap();
    assert_eq!(text(named, "sop_instance_uid"), made[2].sop_uid());
    assert_eq!(text(named, "code"), "differs_in_source");
    let wanted = [0, 1, 3].map(|n: usize| made[n].sop_uid());
    assert_eq!(in_orthanc(&orthanc), BTreeSet::from(wanted));
}

#[test]
fn images_arrive_out_of_archive_files_as_they_were_packed() {
    let (folder, made) = study(1..=7);
    for file in files(folder.path()) {
        fs::remove_file(file).unwrap();
    }
    let bytes: Vec<Vec<u8>> = made.iter().map(Instance::bytes).collect();
    let put = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let inner = zip(&[("CD/IM3", &bytes[2]), ("CD/README.TXT", b"read me")]);
    put("flat.zip", &zip(&[("CD/IM1", &bytes[0]), ("CD/IM2", &bytes[1])]));
    put("nested.zip", &zip(&[("inner.zip", &inner), ("IM4", &bytes[3])]));
    put("study.tar.gz", &gzip(&tar(&[("s/IM5", &bytes[4]), ("s/IM6", &bytes[5])])));
    put("one.dcm.gz", &gzip(&bytes[6]));
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let ran = send(&cli, folder.path(), &orthanc.root(), &[]);
    adds_up(&ran);
    assert_eq!((ran.status, count(&ran, "confirmed")), (Some(0), 7), "{}", ran.stderr);
    for (instance, bytes) in made.iter().zip(&bytes) {
        let kept = orthanc.file_of(&instance.sop_uid()).unwrap();
        assert_eq!(sha256(&kept), sha256(bytes));
    }
    let again = send(&cli, folder.path(), &orthanc.root(), &[]);
    assert_eq!((again.status, count(&again, "already_there")), (Some(0), 7), "{}", again.stderr);
    assert_eq!(count(&again, "bytes_sent"), 0);
}

#[test]
fn every_image_is_read_back_where_that_is_asked_for() {
    let (folder, _made) = study(1..=5);
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let receipt = folder.path().with_extension("json");
    let more = ["--verify", "every", "--receipt", arg(&receipt)];
    let ran = send(&cli, folder.path(), &orthanc.root(), &more);
    adds_up(&ran);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(verdicts(&ran).values().all(|state| state == "verified"), "{:?}", verdicts(&ran));
    assert_eq!((count(&ran, "confirmed"), count(&ran, "verified")), (5, 5));
    let saved: Value = serde_json::from_slice(&fs::read(&receipt).unwrap()).unwrap();
    for line in saved["instances"].as_array().unwrap() {
        assert_eq!((text(line, "outcome"), text(line, "proof")), ("verified", "identical"));
    }
    for form in ["json", "txt"] {
        fs::remove_file(receipt.with_extension(form)).unwrap();
    }
    let sample =
        send(&cli, folder.path(), &Orthanc::start().unwrap().root(), &["--verify", "sample"]);
    let states: Vec<String> = verdicts(&sample).into_values().collect();
    let verified = states.iter().filter(|state| *state == "verified").count();
    assert_eq!((sample.status, verified, states.len()), (Some(0), 1, 5), "{}", sample.stderr);
    let wrong = send(&cli, folder.path(), &orthanc.root(), &["--verify", "some"]);
    assert_eq!(wrong.status, Some(2), "{}", wrong.stderr);
}
