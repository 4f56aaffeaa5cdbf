//! `relaypacs scan --json` as its contract has it: a line for every file, the same sums however they are taken, and
//! nothing but JSON on standard output.

#![cfg(test)]

use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::corpus::{Row, corpus, table};
use relaypacs_tests::fixture::{Instance, Kind, gzip, sample_disc, tar, zip};
use relaypacs_tests::lines::{all, arg, files, number, tally, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const INSTANCE: [&str; 14] = [
    "bytes",
    "event",
    "modality",
    "number_of_frames",
    "path",
    "patient_id",
    "patient_name",
    "series_instance_uid",
    "sop_class_uid",
    "sop_instance_uid",
    "source",
    "study_instance_uid",
    "transfer_syntax_uid",
    "damage",
];
const REASONS: [&str; 12] = [
    "not_dicom",
    "dicomdir",
    "damaged",
    "unreadable",
    "empty",
    "duplicate",
    "conflict",
    "no_uid",
    "encrypted_archive",
    "unsafe_archive",
    "too_large",
    "link",
];

/// A disc with its litter, and beside it everything else that a line can be about.
fn own_cases(root: &Path) {
    sample_disc(&root.join("disc"), 5).unwrap();
    let instance = |number| Instance::new(Kind::Mr).seed(6).number(number, 9);
    let put = |name: &str, bytes: &[u8]| fs::write(root.join(name), bytes).unwrap();
    let whole = instance(1).bytes();
    put("whole", &whole);
    put("again.dcm", &whole);
    put("other.dcm", &instance(1).altered().bytes());
    put("cut.dcm", &instance(2).bytes()[..3_000]);
    put("empty.dcm", b"");
    let (three, four, five) = (instance(3).bytes(), instance(4).bytes(), instance(5).bytes());
    let inner = zip(&[("deep/IM3", &three), ("NOTES.TXT", b"nothing to see")]);
    put("outer.zip", &zip(&[("inner.zip", &inner), ("IM4", &four)]));
    put("study.tar.gz", &gzip(&tar(&[("a/IM5", &five), ("a/IM1", &whole)])));
    put("one.dcm.gz", &gzip(&instance(6).bytes()));
}

/// What is looked at: own cases always, and the corpus where there is one.
fn sources() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    own_cases(folder.path());
    let all = std::iter::once(folder.path().to_path_buf()).chain(corpus()).collect();
    (folder, all)
}

fn scan(cli: &Cli, root: &Path) -> Ran {
    cli.run(&["scan", "--json", arg(root)]).unwrap()
}

#[test]
fn every_file_has_exactly_one_line_and_an_opened_archive_has_those_of_its_members() {
    let (_folder, sources) = sources();
    let cli = Cli::new().unwrap();
    for root in sources {
        let ran = scan(&cli, &root);
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for line in ran.events("instance").unwrap().iter().chain(&ran.events("skipped").unwrap()) {
            *lines.entry(text(line, "path").to_owned()).or_default() += 1;
        }
        for file in files(&root) {
            let own = lines.remove(arg(&file)).unwrap_or_default();
            let inside = format!("{}!/", arg(&file));
            let members: usize =
                lines.iter().filter(|(path, _)| path.starts_with(&inside)).map(|(_, n)| n).sum();
            lines.retain(|path, _| !path.starts_with(&inside));
            assert!((own == 1) != (members > 0) && own < 2, "{}: {own}, {members}", file.display());
        }
        assert!(lines.is_empty(), "lines of files that are not there: {lines:?}");
    }
}

#[test]
fn lines_have_the_fields_of_the_contract_and_the_last_one_sums_them_up() {
    let (_folder, sources) = sources();
    let cli = Cli::new().unwrap();
    for root in sources {
        let ran = scan(&cli, &root);
        assert_eq!(ran.status, Some(3), "damaged files need a person; {}", ran.stderr);
        let (found, skipped) = (ran.events("instance").unwrap(), ran.events("skipped").unwrap());
        found.iter().for_each(of_the_contract);
        for line in &skipped {
            assert_eq!(keys(line), ["detail", "event", "path", "reason"]);
            assert!(REASONS.contains(&text(line, "reason")), "{line}");
        }
        let summary = ran.json().unwrap().pop().unwrap();
        assert_eq!(text(&summary, "event"), "summary");
        assert_eq!(number(&summary, "instances"), found.len() as u64);
        assert_eq!(number(&summary, "files"), (found.len() + skipped.len()) as u64);
        let reasons = summary["skipped"].as_object().unwrap();
        let reasons: BTreeMap<String, u64> =
            reasons.iter().map(|(reason, n)| (reason.clone(), n.as_u64().unwrap())).collect();
        assert_eq!(reasons, tally(&skipped, "reason"));
        for (count, key) in [
            ("studies", "study_instance_uid"),
            ("series", "series_instance_uid"),
            ("instances", "sop_instance_uid"),
        ] {
            assert_eq!(number(&summary, count), all(&found, key).len() as u64, "{count}");
        }
        // One ID may stand for several people.
        assert!(number(&summary, "patients") >= all(&found, "patient_id").len() as u64);
        assert!(summary["seconds"].as_f64().unwrap() > 0.0);
    }
}

fn keys(line: &Value) -> Vec<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

fn of_the_contract(line: &Value) {
    assert!(keys(line).iter().all(|key| INSTANCE.contains(key)), "{line}");
    let path = text(line, "path");
    if text(line, "source") == "file" {
        assert_eq!(number(line, "bytes"), fs::metadata(path).unwrap().len(), "{path}");
    } else {
        assert!(text(line, "source") == "archive" && path.contains("!/"), "{line}");
    }
    for uid in ["study_instance_uid", "series_instance_uid", "sop_instance_uid", "sop_class_uid"] {
        let uid = text(line, uid);
        let is_uid = uid.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        assert!(is_uid && (1..=64).contains(&uid.len()), "{line}");
    }
    for key in ["patient_id", "patient_name", "modality"] {
        assert!(line[key].is_string(), "{key} of {line}");
    }
}

#[test]
fn the_sums_of_a_folder_are_those_of_its_truth() {
    let folder = tempfile::tempdir().unwrap();
    let disc = sample_disc(folder.path(), 8).unwrap();
    let cli = Cli::new().unwrap();
    let sums = |root: &Path| {
        let summary = scan(&cli, root).summary().unwrap();
        ["files", "bytes", "instances", "series", "studies"].map(|key| number(&summary, key))
    };
    let count = |n: usize| n as u64;
    let truth = [
        count(disc.files),
        disc.bytes,
        count(disc.instances.len()),
        count(disc.series),
        count(disc.studies),
    ];
    assert_eq!(sums(folder.path()), truth);
    let Some(corpus) = corpus() else { return };
    let mut checked = 0;
    for row in table(&corpus.join("SCAN_TRUTH.tsv")).unwrap() {
        // Where readers disagree, or archives hide what is in them, the truth of loose files is not ours.
        if row["uploadable_either"] != "0" || ["archives", "."].contains(&row["folder"].as_str()) {
            continue;
        }
        let cell = |name: &str| row[name].parse::<u64>().unwrap();
        let truth = ["files", "bytes", "distinct_sop_uid", "series", "studies"].map(cell);
        let mut sums = sums(&corpus.join(&row["folder"]));
        // Of two that differ under one UID the first is listed, so the second's series and study may not be.
        if cell("distinct_sop_uid") != cell("distinct_sop_and_bytes") {
            (sums[3], sums[4]) = (truth[3], truth[4]);
        }
        assert_eq!(sums, truth, "{}", row["folder"]);
        checked += 1;
    }
    assert!(checked > 20, "only {checked} folders");
}

#[test]
fn identities_are_those_that_the_files_have() {
    let folder = tempfile::tempdir().unwrap();
    let disc = sample_disc(folder.path(), 9).unwrap();
    let cli = Cli::new().unwrap();
    let lines = by(&scan(&cli, folder.path()), "sop_instance_uid");
    for file in &disc.instances {
        let instance = &file.instance;
        let line = &lines[&instance.sop_uid()];
        // Of an image that is there twice one is listed, wherever it is.
        let path = text(line, "path");
        assert_eq!(fs::read(path).unwrap(), instance.bytes(), "{path}");
        for (key, wanted) in [
            ("sop_instance_uid", instance.sop_uid().as_str()),
            ("series_instance_uid", &instance.series_uid()),
            ("study_instance_uid", &instance.study_uid()),
            ("sop_class_uid", instance.kind().sop_class_uid()),
            ("transfer_syntax_uid", instance.transfer_syntax().uid()),
            ("modality", instance.kind().modality()),
            ("patient_id", &instance.patient().id),
            ("patient_name", &instance.patient().shown_name),
        ] {
            assert_eq!(text(line, key), wanted, "{key} of {}", file.path.display());
        }
    }
    let Some(corpus) = corpus() else { return };
    let lines = by(&scan(&cli, &corpus), "path");
    let manifest = table(&corpus.join("MANIFEST.tsv")).unwrap();
    let mut checked = 0;
    for row in manifest.iter().filter(|row| row["uploadable"] == "yes") {
        if let Some(line) = lines.get(arg(&corpus.join(&row["path"]))) {
            like_the_manifest(line, row);
            checked += 1;
        }
    }
    assert!(checked > 400, "only {checked} files");
}

fn by(ran: &Ran, key: &str) -> BTreeMap<String, Value> {
    let found = ran.events("instance").unwrap();
    found.into_iter().map(|line| (text(&line, key).to_owned(), line)).collect()
}

fn like_the_manifest(line: &Value, row: &Row) {
    for (key, column) in [
        ("sop_instance_uid", "sop_uid"),
        ("series_instance_uid", "series_uid"),
        ("study_instance_uid", "study_uid"),
        ("sop_class_uid", "sop_class"),
        ("patient_id", "patient_id"),
        ("modality", "modality"),
    ] {
        assert_eq!(text(line, key), row[column], "{key} of {}", row["path"]);
    }
    // Where there is no file meta the table says in words how the data set is written.
    if row["transfer_syntax"].starts_with('1') {
        assert_eq!(text(line, "transfer_syntax_uid"), row["transfer_syntax"], "{}", row["path"]);
    }
    if !row["frames"].is_empty() {
        assert_eq!(line["number_of_frames"].to_string(), row["frames"], "{}", row["path"]);
    }
}

#[test]
fn people_and_programs_are_told_the_same_each_in_their_own_place() {
    let folder = tempfile::tempdir().unwrap();
    let disc = sample_disc(folder.path(), 10).unwrap();
    let cli = Cli::new().unwrap();
    let told = cli.run(&["scan", arg(folder.path())]).unwrap();
    let last = told.lines.last().unwrap();
    assert_eq!(told.status, Some(3), "the disc's index lists a file that is not there");
    assert_eq!(last, "3 patients, 5 studies, 10 series, 62 images.");
    let missing = arg(&disc.missing);
    assert!(told.lines.iter().any(|line| line.contains(missing)), "{:#?}", told.lines);

    let json = scan(&cli, folder.path());
    json.json().unwrap();
    assert!(!json.stderr.contains('{'), "{}", json.stderr);
    assert_eq!(json.status, told.status);
    // Nothing is kept of what was only looked at.
    assert!(files(cli.home()).is_empty());

    let nowhere = cli.run(&["scan", "--json", arg(&folder.path().join("nowhere"))]).unwrap();
    assert_eq!(nowhere.status, Some(2));
    assert_eq!(text(&nowhere.events("error").unwrap()[0], "code"), "source_not_found");
    assert!(nowhere.stderr.contains("There is nothing at this path."), "{}", nowhere.stderr);
}
