//! What is left of a send: receipts, history and figures that add up, and nothing of a patient in any of them.

#![cfg(test)]

use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::corpus::corpus;
use relaypacs_tests::fixture::sample_disc;
use relaypacs_tests::lines::{all, arg, files, number, sha256, tally, text};
use relaypacs_tests::orthanc::Orthanc;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// One disc that was sent, with all that it left.
struct Sent {
    cli: Cli,
    /// What the scan listed.
    found: Vec<Value>,
    send: Ran,
    /// The saved receipt.
    paper: PathBuf,
    _folder: TempDir,
    _orthanc: Orthanc,
}

/// The CD of the corpus where there is one, the sample disc otherwise.
fn sent() -> Sent {
    let folder = tempfile::tempdir().unwrap();
    let disc =
        corpus().map_or_else(|| folder.path().join("disc"), |corpus| corpus.join("cd_image"));
    if disc.starts_with(folder.path()) {
        sample_disc(&disc, 31).unwrap();
    }
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let paper = folder.path().join("receipt.json");
    let words = ["send", "--json", arg(&disc), "--to", &orthanc.root(), "--receipt", arg(&paper)];
    let send = cli.run(&words).unwrap();
    let found = send.events("instance").unwrap();
    Sent { cli, found, send, paper, _folder: folder, _orthanc: orthanc }
}

impl Sent {
    fn ask(&self, words: &[&str]) -> Ran {
        let ran = self.cli.run(words).unwrap();
        assert_eq!(ran.status, Some(0), "{words:?}: {}", ran.stderr);
        ran
    }

    /// Names and IDs of the patients: whole, and each word that is long enough to tell.
    fn patients(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for key in ["patient_id", "patient_name"] {
            for value in all(&self.found, key) {
                let parts = value.split(['^', '=', ' ']).map(str::to_owned);
                words.extend(parts.chain([value.clone()]).filter(|word| word.chars().count() > 3));
            }
        }
        assert!(words.len() > 5, "{words:?}");
        words
    }

    fn uids(&self) -> BTreeSet<String> {
        ["sop_instance_uid", "series_instance_uid", "study_instance_uid"]
            .iter()
            .flat_map(|key| all(&self.found, key))
            .collect()
    }
}

fn holds_none_of(what: &str, content: &str, words: &BTreeSet<String>) {
    for word in words {
        assert!(!content.contains(word), "{what} names {word}");
    }
}

#[test]
fn the_saved_receipt_has_every_image_with_its_digest_and_no_patient() {
    let sent = sent();
    let json = fs::read_to_string(&sent.paper).unwrap();
    let printed = fs::read_to_string(sent.paper.with_extension("txt")).unwrap();
    let receipt: Value = serde_json::from_str(&json).unwrap();
    let lines = receipt["instances"].as_array().unwrap();
    let of_uid: BTreeMap<&str, &Value> =
        lines.iter().map(|line| (text(line, "sop_instance_uid"), line)).collect();
    assert_eq!((of_uid.len(), lines.len()), (sent.found.len(), sent.found.len()));
    let mut bytes = 0;
    for found in &sent.found {
        let (uid, path) = (text(found, "sop_instance_uid"), text(found, "path"));
        let (line, file) = (of_uid[uid], fs::read(path).unwrap());
        let digest = sha256(&file);
        assert_eq!(text(line, "sha256"), digest, "{path}");
        assert_eq!(number(line, "bytes"), file.len() as u64, "{path}");
        assert_eq!(text(line, "study_instance_uid"), text(found, "study_instance_uid"));
        assert_eq!((text(line, "outcome"), text(line, "proof")), ("confirmed", "listed"), "{path}");
        assert!(printed.contains(uid) && printed.contains(&digest), "{path} is not on paper");
        bytes += file.len() as u64;
    }
    let summary = &receipt["summary"];
    assert_eq!(number(summary, "bytes"), bytes);
    for key in ["files", "instances", "confirmed", "rejected", "waiting"] {
        assert_eq!(number(summary, key), number(&sent.send.summary().unwrap(), key), "{key}");
    }
    let skipped: u64 =
        summary["skipped"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(number(summary, "files"), number(summary, "instances") + skipped);
    for (what, content) in [("the receipt", &json), ("the printed receipt", &printed)] {
        holds_none_of(what, content, &sent.patients());
    }
}

#[test]
fn the_ledger_tells_what_happened_without_a_patient_or_a_uid() {
    let sent = sent();
    let images = sent.found.len() as u64;
    let receipt = sent.ask(&["receipt", "1", "--json"]);
    let totals = receipt.events("receipt").unwrap().pop().unwrap();
    assert_eq!(
        (number(&totals, "instances"), number(&totals["counts"], "confirmed")),
        (images, images)
    );
    assert!(totals["ended"].is_string(), "{totals}");
    let lines = receipt.events("receipt_line").unwrap();
    assert_eq!(tally(&lines, "state"), BTreeMap::from([("confirmed".to_owned(), images)]));
    assert_eq!(all(&lines, "instance").len() as u64, images);

    let history = sent.ask(&["history", "--limit", "1000", "--json"]).events("history").unwrap();
    let kinds = tally(&history, "kind");
    let studies = number(&totals, "studies");
    assert_eq!(
        (kinds["imported"], kinds["confirmed"], kinds["erased"]),
        (1, studies, studies),
        "{kinds:?}"
    );
    assert_eq!(sent.ask(&["history", "--limit", "3"]).lines.len(), 3);

    let figures = sent.ask(&["stats", "--json"]).events("statistics").unwrap();
    let stored: u64 = figures.iter().map(|line| number(line, "instances")).sum();
    assert_eq!(
        (stored, all(&figures, "state")),
        (images, BTreeSet::from(["confirmed".to_owned()]))
    );

    let verified = sent.ask(&["audit", "verify", "--json"]).events("verified").unwrap();
    let exported = sent.ask(&["audit", "export"]).json().unwrap();
    // Its last line is the chain's head, to be kept elsewhere.
    let head = &exported[exported.len() - 1]["head"];
    for whole in [&verified[0], head] {
        assert_eq!(number(whole, "events"), exported.len() as u64 - 1);
        assert_eq!((number(whole, "lines"), history.len()), (images, exported.len() - 1));
    }
    let words: BTreeSet<String> = sent.patients().into_iter().chain(sent.uids()).collect();
    for words_of in [
        &["receipt", "1"][..],
        &["receipt", "1", "--json"],
        &["history", "--limit", "1000"],
        &["history", "--limit", "1000", "--json"],
        &["stats"],
        &["stats", "--json"],
        &["audit", "verify"],
        &["audit", "export"],
    ] {
        let ran = sent.ask(words_of);
        holds_none_of(&words_of.join(" "), &(ran.lines.join("\n") + &ran.stderr), &words);
    }
    let unknown = sent.cli.run(&["receipt", "2"]).unwrap();
    assert_eq!(unknown.status, Some(2), "{}", unknown.stderr);
}

#[test]
fn no_file_of_the_home_holds_a_patient_a_uid_or_a_path_after_a_send() {
    let sent = sent();
    let paths: BTreeSet<String> = sent
        .found
        .iter()
        .filter_map(|line| Path::new(text(line, "path")).parent()?.to_str().map(str::to_owned))
        .collect();
    let words: BTreeSet<String> =
        sent.patients().into_iter().chain(sent.uids()).chain(paths).collect();
    let kept = files(sent.cli.home());
    assert!(kept.iter().any(|file| file.ends_with("queue.db")), "{kept:?}");
    assert!(kept.iter().any(|file| file.extension().is_some_and(|end| end == "jsonl")), "{kept:?}");
    for file in kept {
        let bytes = fs::read(&file).unwrap();
        for word in &words {
            let word = word.as_bytes();
            let found = bytes.windows(word.len()).any(|window| window == word);
            assert!(!found, "{} names {}", file.display(), String::from_utf8_lossy(word));
        }
    }
}

#[test]
fn a_ledger_that_was_changed_from_outside_is_not_taken_as_whole() {
    let sent = sent();
    let ledger = sent.cli.home().join("ledger.db");
    let mut bytes = fs::read(&ledger).unwrap();
    let root = b"\"confirmed\":";
    let at = bytes.windows(root.len()).rposition(|window| window == root).unwrap();
    let digit = &mut bytes[at + root.len()];
    *digit = if *digit == b'9' { b'8' } else { *digit + 1 };
    fs::write(&ledger, bytes).unwrap();
    let verified = sent.cli.run(&["audit", "verify"]).unwrap();
    assert_eq!(verified.status, Some(3), "{:?} {}", verified.lines, verified.stderr);
    assert!(verified.stderr.contains("ledger_broken"), "{}", verified.stderr);
}
