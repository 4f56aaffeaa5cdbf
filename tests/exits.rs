//! Every way a send can end: its exit status, what it says, and that nothing is lost.

#![cfg(test)]

use relaypacs_tests::cli::{Cli, LIMIT, Ran};
use relaypacs_tests::fixture::{Instance, Kind, write_series, write_studies};
use relaypacs_tests::gate::Gate;
use relaypacs_tests::lines::{arg, files, number, text};
use relaypacs_tests::orthanc::{Orthanc, Setup, dead_port};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with a study of so many images.
fn study(images: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_series(folder.path(), images, 8_000, &Instance::new(Kind::Ct).seed(61)).unwrap();
    folder
}

fn root(port: u16) -> String {
    format!("http://127.0.0.1:{port}/dicom-web")
}

fn send(cli: &Cli, source: &Path, to: &str, more: &[&str]) -> Ran {
    cli.run(&[&["send", "--json", arg(source), "--to", to], more].concat()).unwrap()
}

fn queued(cli: &Cli) -> Vec<Value> {
    let ran = cli.run(&["queue", "list", "--json"]).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.json().unwrap()
}

/// The fault of a run, after what every fault has: a code for programs, three sentences for people.
fn fault(ran: &Ran) -> String {
    let errors = ran.events("error").unwrap();
    assert_eq!(errors.len(), 1, "{:?} {}", ran.lines, ran.stderr);
    for key in ["happened", "lost", "now"] {
        let sentence = text(&errors[0], key);
        assert!(sentence.ends_with('.') && ran.stderr.contains(sentence), "{key}: {}", ran.stderr);
    }
    text(&errors[0], "code").to_owned()
}

fn count(ran: &Ran, key: &str) -> u64 {
    number(&ran.summary().unwrap(), key)
}

#[test]
fn a_command_line_that_cannot_be_right_ends_with_2_and_says_why() {
    let (folder, cli) = (study(1), Cli::new().unwrap());
    let (source, dead) = (arg(folder.path()), root(dead_port().unwrap()));
    let nowhere = folder.path().join("nowhere");
    for (words, code) in [
        (["send", "--json", arg(&nowhere), "--to", &dead], "source_not_found"),
        (["send", "--json", source, "--to", "the-hospital"], "destination_unknown"),
        (["send", "--json", source, "--to", "http://pacs.example/rs"], "destination_not_usable"),
        (["send", "--json", source, "--to", "https://a:b@pacs.example"], "destination_not_usable"),
        (["send", "--json", source, "--to", "ftp://127.0.0.1/rs"], "destination_not_usable"),
    ] {
        let ran = cli.run(&words).unwrap();
        assert_eq!((ran.status, fault(&ran).as_str()), (Some(2), code), "{words:?}");
    }
    let plain = send(&cli, folder.path(), "http://pacs.example/rs", &[]);
    assert!(plain.stderr.contains("plain http is only for this machine"), "{}", plain.stderr);
    for words in [&["send", source][..], &["frobnicate"], &["scan"], &["run", "--patience", "soon"]]
    {
        let ran = cli.run(words).unwrap();
        assert_eq!((ran.status, ran.lines.len()), (Some(2), 0), "{words:?}");
        assert!(ran.stderr.contains("--help"), "{}", ran.stderr);
    }
    assert!(queued(&cli).is_empty());
}

#[test]
fn secrets_cannot_be_arguments_and_never_come_out_again() {
    let (folder, cli) = (study(2), Cli::new().unwrap().env("RELAYPACS_PASSWORD", "hunter-two"));
    for words in [&["--password", "x"][..], &["--token", "x"], &["--passphrase", "x"]] {
        let ran = send(&cli, folder.path(), "http://127.0.0.1:1/rs", words);
        assert_eq!(ran.status, Some(2), "{words:?} was taken");
    }
    let dead = root(dead_port().unwrap());
    let sign_in = ["--user", "relay", "--patience", "1", "--log", "trace"];
    let sent = send(&cli, folder.path(), &dead, &sign_in);
    assert_eq!(sent.status, Some(4), "{}", sent.stderr);
    let saved = cli.run(&["destination", "add", "ward", &dead, "--user", "relay"]).unwrap();
    let shown = cli.run(&["destination", "list", "--json"]).unwrap();
    assert_eq!((saved.status, text(&shown.json().unwrap()[0], "sign_in")), (Some(0), "basic"));
    for ran in [sent, saved, shown, cli.run(&["history", "--json"]).unwrap()] {
        assert!(!format!("{:?}{}", ran.lines, ran.stderr).contains("hunter-two"));
    }
    for file in files(cli.home()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"hunter-two"), "{}", file.display());
    }
}

#[test]
fn a_wrong_password_keeps_everything_until_the_right_one_is_given() {
    let folder = study(3);
    let sign_in = Some(("relay".to_owned(), "right".to_owned()));
    let orthanc = Orthanc::with(Setup { sign_in, ..Setup::default() }).unwrap();
    let to = orthanc.root();
    // Given with the next send of the same.
    let cli = Cli::new().unwrap().env("RELAYPACS_PASSWORD", "wrong");
    let refused = send(&cli, folder.path(), &to, &["--user", "relay", "--patience", "2"]);
    assert_eq!((refused.status, count(&refused, "waiting")), (Some(4), 3), "{}", refused.stderr);
    assert!(refused.stderr.contains("does not accept the sign-in"), "{}", refused.stderr);
    assert_eq!(text(&queued(&cli)[0], "parked"), "sign_in_needed");
    let words =
        ["send", "--json", arg(folder.path()), "--to", &to, "--user", "relay", "--password-stdin"];
    let right = cli.run_with_input(&words, b"right\n").unwrap();
    assert_eq!((right.status, count(&right, "confirmed")), (Some(0), 3), "{}", right.stderr);
    assert!(queued(&cli).is_empty());
    assert_eq!(orthanc.count().unwrap(), 3);

    // Given to the saved destination, and then only the queue is worked.
    let cli = Cli::new().unwrap();
    let save = |password: &[u8]| {
        let words = ["destination", "add", "ward", &to, "--user", "relay", "--password-stdin"];
        assert_eq!(cli.run_with_input(&words, password).unwrap().status, Some(0));
    };
    save(b"wrong");
    assert_eq!(send(&cli, folder.path(), "ward", &["--patience", "2"]).status, Some(4));
    save(b"right");
    let ran = cli.run(&["run", "--json"]).unwrap();
    assert_eq!((ran.status, count(&ran, "already_there")), (Some(0), 3), "{}", ran.stderr);
    assert!(queued(&cli).is_empty());
}

#[test]
fn a_dead_archive_is_waited_for_and_the_queue_goes_on_when_it_is_back() {
    let (folder, cli, port) = (study(4), Cli::new().unwrap(), dead_port().unwrap());
    let ran = send(&cli, folder.path(), &root(port), &["--patience", "2"]);
    assert_eq!((ran.status, count(&ran, "waiting")), (Some(4), 4), "{}", ran.stderr);
    assert!(ran.took < LIMIT / 2, "it took {:?} to give up", ran.took);
    let waits = queued(&cli);
    assert_eq!((waits.len(), number(&waits[0], "instances")), (1, 4));
    assert_eq!(text(&waits[0], "parked"), "unreachable");
    let still = cli.run(&["run", "--json", "--patience", "1"]).unwrap();
    assert_eq!((still.status, count(&still, "waiting")), (Some(4), 4), "{}", still.stderr);

    let orthanc = Orthanc::with(Setup { port: Some(port), ..Setup::default() }).unwrap();
    let ran = cli.run(&["run", "--json"]).unwrap();
    assert_eq!((ran.status, count(&ran, "confirmed")), (Some(0), 4), "{}", ran.stderr);
    assert_eq!(orthanc.count().unwrap(), 4);
    assert!(queued(&cli).is_empty());
    assert_eq!(cli.run(&["run"]).unwrap().status, Some(0), "an empty queue is done");
}

#[test]
fn a_source_without_an_image_ends_with_5() {
    let (folder, cli) = (tempfile::tempdir().unwrap(), Cli::new().unwrap());
    let to = root(dead_port().unwrap());
    // An empty folder, and one with words only.
    for images in ["", "none"] {
        if !images.is_empty() {
            fs::write(folder.path().join("a.txt"), images).unwrap();
        }
        let ran = send(&cli, folder.path(), &to, &[]);
        assert_eq!((ran.status, count(&ran, "instances")), (Some(5), 0), "{}", ran.stderr);
        assert_eq!(cli.run(&["scan", arg(folder.path())]).unwrap().status, Some(5));
    }
}

#[test]
fn without_a_key_nothing_is_queued_and_a_wrong_one_changes_nothing() {
    let (folder, to) = (study(2), root(dead_port().unwrap()));
    let mut cli = Cli::new().unwrap();
    cli.passphrase(None);
    let none = send(&cli, folder.path(), &to, &[]);
    assert_eq!((none.status, fault(&none).as_str()), (Some(1), "no_key"), "{}", none.stderr);
    assert!(!cli.home().join("queue.db").exists());

    cli.passphrase(Some("the right one"));
    assert_eq!(send(&cli, folder.path(), &to, &["--patience", "1"]).status, Some(4));
    let before = fs::read(cli.home().join("queue.db")).unwrap();
    cli.passphrase(Some("another one"));
    let words =
        [&["run", "--json"][..], &["queue", "list", "--json"], &["queue", "retry", "--json"]];
    for words in words {
        let wrong = cli.run(words).unwrap();
        assert_eq!((wrong.status, fault(&wrong).as_str()), (Some(1), "wrong_key"), "{words:?}");
    }
    assert!(fs::read(cli.home().join("queue.db")).unwrap() == before);

    // From a file, as well.
    let file = folder.path().with_extension("passphrase");
    fs::write(&file, "the right one\nnot this line\n").unwrap();
    cli.passphrase(None);
    let list = cli.run(&["queue", "list", "--json", "--passphrase-file", arg(&file)]).unwrap();
    fs::remove_file(file).unwrap();
    assert_eq!((list.status, list.lines.len()), (Some(0), 1), "{}", list.stderr);
}

#[test]
fn while_one_process_sends_a_second_one_may_look_and_not_touch() {
    let (folder, cli, orthanc) = (study(5), Cli::new().unwrap(), Orthanc::start().unwrap());
    let gate = Gate::before(orthanc.port()).unwrap();
    gate.shut();
    let to = root(gate.port());
    let first = cli.spawn(&["send", "--json", arg(folder.path()), "--to", &to]).unwrap();
    gate.wait_until_held(LIMIT).unwrap();
    let uid = Instance::new(Kind::Ct).seed(61).study_uid();
    for words in [
        &["run", "--json"][..],
        &["queue", "pause", "--json"],
        &["queue", "cancel", &uid, "--json"],
        &["send", "--json", arg(folder.path()), "--to", &to],
    ] {
        let second = cli.run(words).unwrap();
        assert_eq!(
            (second.status, fault(&second).as_str()),
            (Some(1), "queue_in_use"),
            "{words:?}"
        );
    }
    let waits = queued(&cli);
    assert_eq!((waits.len(), number(&waits[0], "instances")), (1, 5), "{waits:?}");
    assert_eq!(cli.run(&["history"]).unwrap().status, Some(0));
    gate.open();
    let first = first.finish(LIMIT).unwrap();
    assert_eq!((first.status, count(&first, "confirmed")), (Some(0), 5), "{}", first.stderr);
}

#[cfg(unix)]
#[test]
fn a_send_that_is_interrupted_is_gone_on_with_and_ends_complete() {
    let folder = tempfile::tempdir().unwrap();
    write_studies(folder.path(), 3, 4, 8_000, 62).unwrap();
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let gate = Gate::before(orthanc.port()).unwrap();
    gate.shut();
    let to = root(gate.port());
    let words = ["send", "--json", arg(folder.path()), "--to", &to];
    let send = cli.spawn(&words).unwrap();
    gate.wait_until_held(LIMIT).unwrap();
    send.interrupt().unwrap();
    let stopped = send.finish(LIMIT).unwrap();
    assert_eq!((stopped.status, count(&stopped, "waiting")), (Some(130), 12), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("stays in the queue"), "{}", stopped.stderr);
    assert_eq!(queued(&cli).len(), 3);
    gate.open();
    let ran = cli.run(&["run", "--json"]).unwrap();
    let arrived = count(&ran, "confirmed") + count(&ran, "already_there");
    assert_eq!((ran.status, arrived), (Some(0), 12), "{}", ran.stderr);
    assert_eq!(orthanc.count().unwrap(), 12);
    assert!(queued(&cli).is_empty());
}

#[cfg(unix)]
#[test]
fn a_scan_that_is_interrupted_ends_with_130() {
    let folder = tempfile::tempdir().unwrap();
    write_studies(folder.path(), 10, 1_000, 512, 63).unwrap();
    let cli = Cli::new().unwrap();
    let mut scan = cli.spawn_unread(&["scan", "--json", arg(folder.path())]).unwrap();
    scan.wait_for(LIMIT, |line| line.contains("instance")).unwrap();
    scan.interrupt().unwrap();
    let ran = scan.finish(LIMIT).unwrap();
    assert_eq!((ran.status, fault(&ran).as_str()), (Some(130), "stopped"), "{}", ran.stderr);
}
