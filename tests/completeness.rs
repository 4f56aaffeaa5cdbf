//! The proof of completeness: source, index and archive held against each other, in one sentence and with the list
//! behind it, for people, for programs and on paper.

#![cfg(test)]

use relaypacs_practice_pacs::{Options, PracticePacs};
use relaypacs_tests::cli::Cli;
use relaypacs_tests::fixture::sample_disc;
use relaypacs_tests::lines::{arg, number, text};
use serde_json::Value;
use std::fs;

const SENTENCE: &str = "All 62 images on the disc are in the archive; the disc's index lists 1 that is not on it and \
                        leaves out 1 that is.";

#[test]
fn what_is_on_the_disc_in_its_index_and_in_the_archive_is_held_against_each_other() {
    let [source, store, papers] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let disc = sample_disc(source.path(), 5).unwrap();
    fs::remove_dir_all(source.path().join("BACKUP")).unwrap();
    let pacs = PracticePacs::start(Options::in_folder(store.path())).unwrap();
    let (cli, root) = (Cli::new().unwrap(), pacs.root());
    let receipt = papers.path().join("receipt.json");
    let send = ["send", arg(source.path()), "--to", &root, "--receipt", arg(&receipt)];
    let ran = cli.run(&[&send[..], &["--json"]].concat()).unwrap();
    assert_eq!(ran.status, Some(3), "an image may be missing: {}", ran.stderr);
    let events = ran.events("completeness").unwrap();
    let [whole] = &*events else { panic!("{} events", events.len()) };
    assert_eq!(text(whole, "sentence"), SENTENCE);
    assert_eq!(disc.instances.len(), 62);
    for (key, n) in [
        ("on_source", 62),
        ("in_index", 62),
        ("in_archive", 62),
        ("in_index_not_on_source", 1),
        ("on_source_not_in_index", 1),
        ("on_source_not_in_archive", 0),
    ] {
        assert_eq!(number(whole, key), n, "{key}");
    }
    assert_eq!(whole["complete"], false);
    assert_eq!(whole["missing_files"], serde_json::json!([disc.missing.to_str().unwrap()]));
    assert_eq!(whole["unlisted_files"], serde_json::json!([disc.unlisted.to_str().unwrap()]));
    let paper: Value = serde_json::from_slice(&fs::read(&receipt).unwrap()).unwrap();
    assert_eq!(text(&paper["completeness"], "sentence"), SENTENCE);
    assert_eq!(number(&paper["completeness"], "in_index_not_on_source"), 1);
    let printed = fs::read_to_string(receipt.with_extension("txt")).unwrap();
    assert!(printed.contains(SENTENCE), "{printed}");
    assert!(!printed.contains("GONE0001"), "a name on a disc can be a patient's");

    let again = cli.run(&send).unwrap();
    let shown = again.lines.join("\n");
    assert!(shown.contains(SENTENCE), "{shown}");
    assert!(shown.contains("in the index, not on the disc: DICOM/P01/S01/E01/GONE0001"), "{shown}");
}

#[test]
fn a_source_without_an_index_is_held_against_the_archive_alone() {
    let [source, store] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let disc = sample_disc(source.path(), 6).unwrap();
    fs::remove_file(source.path().join("DICOMDIR")).unwrap();
    let pacs = PracticePacs::start(Options::in_folder(store.path())).unwrap();
    let (cli, root) = (Cli::new().unwrap(), pacs.root());
    let ran = cli.run(&["send", arg(source.path()), "--to", &root, "--json"]).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let whole = &ran.events("completeness").unwrap()[0];
    assert_eq!(text(whole, "sentence"), "All 62 images on the source are in the archive.");
    assert_eq!((&whole["complete"], &whole["in_index"]), (&true.into(), &Value::Null));
    assert_eq!(number(whole, "on_source"), disc.instances.len() as u64);
}

#[test]
fn an_index_that_can_be_read_only_in_part_is_no_proof_that_nothing_is_missing() {
    let [source, store] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    sample_disc(source.path(), 7).unwrap();
    // As a bad sector leaves it: the records behind it are not known, and the one of a missing file is among them.
    let index = source.path().join("DICOMDIR");
    let bytes = fs::read(&index).unwrap();
    fs::write(&index, &bytes[..bytes.len() / 4]).unwrap();
    let pacs = PracticePacs::start(Options::in_folder(store.path())).unwrap();
    let (cli, root) = (Cli::new().unwrap(), pacs.root());
    let ran = cli.run(&["send", arg(source.path()), "--to", &root, "--json"]).unwrap();
    let whole = &ran.events("completeness").unwrap()[0];
    assert_eq!(number(whole, "in_index_not_on_source"), 0, "what is missing is not seen");
    assert_eq!(ran.status, Some(3), "and it may be missing: {}", ran.stderr);
    assert_eq!((&whole["complete"], &whole["index_read_in_part"]), (&false.into(), &true.into()));
    assert!(text(whole, "sentence").contains("what could be read of the disc's index"), "{whole}");
}
