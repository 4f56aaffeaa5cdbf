//! What a person can do with destinations and with what waits, each with its effect.

#![cfg(test)]

use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::fixture::{Instance, Kind, Person, Script, write_studies};
use relaypacs_tests::lines::{arg, number, text};
use relaypacs_tests::orthanc::{Orthanc, Setup, dead_port};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

const STUDIES: u32 = 3;
const IMAGES: u32 = 4;
const SEED: u64 = 71;

/// The UID of a study, from 1.
fn uid(study: u32) -> String {
    let person = Person::new(Script::Ascii, study);
    Instance::new(Kind::Ct).seed(SEED).person(&person).study(study).study_uid()
}

fn root(port: u16) -> String {
    format!("http://127.0.0.1:{port}/dicom-web")
}

fn ask(cli: &Cli, words: &[&str]) -> Ran {
    let ran = cli.run(words).unwrap();
    assert_eq!(ran.status, Some(0), "{words:?}: {}", ran.stderr);
    ran
}

/// Three studies that wait for an archive named `ward`, which is dead; and the port where it should be.
fn waiting() -> (Cli, TempDir, u16) {
    let (cli, folder, port) =
        (Cli::new().unwrap(), tempfile::tempdir().unwrap(), dead_port().unwrap());
    write_studies(folder.path(), STUDIES, IMAGES, 4_000, SEED).unwrap();
    ask(&cli, &["destination", "add", "ward", &root(port)]);
    let words = ["send", "--json", arg(folder.path()), "--to", "ward", "--patience", "1"];
    let ran = cli.run(&words).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    assert_eq!(queue(&cli).len(), STUDIES as usize);
    (cli, folder, port)
}

/// What waits, by its Study Instance UID.
fn queue(cli: &Cli) -> BTreeMap<String, Value> {
    let lines = ask(cli, &["queue", "list", "--json"]).json().unwrap();
    lines.into_iter().map(|line| (text(&line, "study_instance_uid").to_owned(), line)).collect()
}

fn run(cli: &Cli) -> (Option<i32>, Value) {
    patient_run(cli, "2")
}

fn patient_run(cli: &Cli, seconds: &str) -> (Option<i32>, Value) {
    let ran = cli.run(&["run", "--json", "--patience", seconds]).unwrap();
    (ran.status, ran.summary().unwrap())
}

fn studies_in(orthanc: &Orthanc) -> Vec<String> {
    let all = orthanc.rest().get("/studies?expand").unwrap().json().unwrap();
    let uid = |study: &Value| text(&study["MainDicomTags"], "StudyInstanceUID").to_owned();
    all.as_array().unwrap().iter().map(uid).collect()
}

fn ward(port: u16) -> Orthanc {
    Orthanc::with(Setup { port: Some(port), ..Setup::default() }).unwrap()
}

#[test]
fn a_paused_study_stays_behind_until_it_is_resumed() {
    let (cli, _folder, port) = waiting();
    ask(&cli, &["queue", "pause", &uid(2)]);
    assert_eq!(queue(&cli)[&uid(2)]["paused"], true);
    let orthanc = ward(port);
    let (status, summary) = run(&cli);
    assert_eq!(status, Some(4), "{summary}");
    assert_eq!((number(&summary, "confirmed"), number(&summary, "waiting")), (8, 4));
    assert!(!studies_in(&orthanc).contains(&uid(2)));
    assert_eq!(queue(&cli).into_keys().collect::<Vec<_>>(), [uid(2)]);
    ask(&cli, &["queue", "resume", &uid(2)]);
    assert_eq!(run(&cli).0, Some(0));
    assert_eq!((orthanc.count().unwrap(), queue(&cli).len()), (12, 0));
}

#[test]
fn the_whole_queue_can_be_paused_and_resumed() {
    let (cli, _folder, port) = waiting();
    ask(&cli, &["queue", "pause"]);
    let orthanc = ward(port);
    let (status, summary) = run(&cli);
    assert_eq!((status, number(&summary, "waiting"), orthanc.count().unwrap()), (Some(4), 12, 0));
    let shown = ask(&cli, &["queue"]);
    assert!(shown.stderr.contains("paused"), "{:?} {}", shown.lines, shown.stderr);
    ask(&cli, &["queue", "resume"]);
    assert_eq!((run(&cli).0, orthanc.count().unwrap()), (Some(0), 12));
}

#[test]
fn a_cancelled_study_is_never_sent_and_leaves_the_queue() {
    let (cli, _folder, port) = waiting();
    let done = ask(&cli, &["queue", "cancel", &uid(1), &uid(3), "--json"]).json().unwrap();
    assert_eq!(number(&done[0], "count"), 8, "images taken out: {done:?}");
    let orthanc = ward(port);
    let (status, summary) = run(&cli);
    assert_eq!((status, number(&summary, "confirmed")), (Some(0), 4), "{summary}");
    assert_eq!(studies_in(&orthanc), [uid(2)]);
    assert!(queue(&cli).is_empty());
    let gone = cli.run(&["queue", "cancel", &uid(1)]).unwrap();
    assert_eq!(gone.status, Some(2), "{}", gone.stderr);
    let all = cli.run(&["queue", "cancel"]).unwrap();
    assert_eq!(all.status, Some(2), "cancelling needs to be told what");
}

#[test]
fn a_study_that_is_moved_goes_to_the_other_archive_and_nowhere_else() {
    let (cli, _folder, port) = waiting();
    let other = Orthanc::start().unwrap();
    ask(&cli, &["destination", "add", "archive", &other.root()]);
    ask(&cli, &["queue", "move", &uid(3), "--to", "archive"]);
    assert_eq!(text(&queue(&cli)[&uid(3)], "destination"), "archive");
    assert_eq!(run(&cli).0, Some(4), "the others still wait for a dead archive");
    assert_eq!(studies_in(&other), [uid(3)]);
    let orthanc = ward(port);
    assert_eq!(run(&cli).0, Some(0));
    assert_eq!((orthanc.count().unwrap(), other.count().unwrap()), (8, 4));
    assert!(!studies_in(&orthanc).contains(&uid(3)));
    let nowhere = cli.run(&["queue", "move", &uid(3), "--to", "nowhere"]).unwrap();
    assert_eq!(nowhere.status, Some(2), "{}", nowhere.stderr);
}

#[test]
fn what_failed_for_want_of_its_source_is_sent_once_it_is_back() {
    let (cli, folder, port) = waiting();
    let (file, away) =
        (folder.path().join("ST000002/S0000/I0000003.dcm"), folder.path().join("away"));
    fs::rename(&file, &away).unwrap();
    let orthanc = ward(port);
    // The request that the file was missing from broke off: what became of the others in it is asked for patiently.
    let (status, summary) = patient_run(&cli, "30");
    assert_eq!((status, number(&summary, "source_gone")), (Some(3), 1), "{summary}");
    assert_eq!(orthanc.count().unwrap(), 11, "{summary}");
    let left = queue(&cli);
    assert_eq!((left.len(), number(&left[&uid(2)]["states"], "source_gone")), (1, 1), "{left:?}");
    let done = ask(&cli, &["queue", "retry", "--json"]).json().unwrap();
    assert_eq!(number(&done[0], "count"), 1, "what failed and nothing else: {done:?}");
    let (status, summary) = run(&cli);
    assert_eq!((status, number(&summary, "source_gone")), (Some(3), 1), "it is still away");
    fs::rename(&away, &file).unwrap();
    assert_eq!(run(&cli).0, Some(0), "a source that is back is found by the next run");
    assert_eq!((orthanc.count().unwrap(), queue(&cli).len()), (12, 0));
}

#[test]
fn destinations_are_saved_listed_checked_and_removed() {
    let (cli, _folder, port) = waiting();
    let sign_in = Some(("relay".to_owned(), "right".to_owned()));
    let orthanc = Orthanc::with(Setup { sign_in, ..Setup::default() }).unwrap();
    let save = |name: &str, password: &[u8]| {
        let root = orthanc.root();
        let words = ["destination", "add", name, &root, "--user", "relay", "--password-stdin"];
        cli.run_with_input(&words, password).unwrap()
    };
    assert_eq!(save("archive", b"right").status, Some(0));
    assert_eq!(save("mistaken", b"wrong").status, Some(0));
    assert_eq!(save("http://name", b"right").status, Some(2), "a name must not look like a URL");
    let listed = ask(&cli, &["destination", "list", "--json"]).json().unwrap();
    let names: Vec<&str> = listed.iter().map(|line| text(line, "name")).collect();
    assert_eq!(names, ["archive", "mistaken", "ward"]);
    assert!(!format!("{listed:?}").contains("right"), "{listed:?}");

    let checked = ask(&cli, &["destination", "check", "archive", "--json"]).json().unwrap();
    assert_eq!(
        (text(&checked[0], "product"), text(&checked[0], "dialect")),
        ("Orthanc", "orthanc_dicomweb")
    );
    for (name, status, code) in [
        ("mistaken", 3, "sign_in_needed"),
        ("ward", 4, "unreachable"),
        ("nobody", 2, "destination_unknown"),
    ] {
        let ran = cli.run(&["destination", "check", name, "--json"]).unwrap();
        let error = ran.events("error").unwrap().pop().unwrap();
        assert_eq!((ran.status, text(&error, "code")), (Some(status), code), "{name}");
    }
    assert_eq!(orthanc.count().unwrap(), 0, "a check sends nothing");

    ask(&cli, &["destination", "remove", "archive"]);
    assert_eq!(cli.run(&["destination", "remove", "archive"]).unwrap().status, Some(2));
    let needed = cli.run(&["destination", "remove", "ward"]).unwrap();
    assert_eq!(needed.status, Some(2), "studies wait for it: {}", needed.stderr);
    let _ward = ward(port);
    assert_eq!(run(&cli).0, Some(0));
    ask(&cli, &["destination", "remove", "ward"]);
}
