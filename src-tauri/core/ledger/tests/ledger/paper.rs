//! The receipt that a user saves.

use crate::support::{NOW, instance, label, study};
use relaypacs_ledger::{
    Counts, PaperError, PaperForm, PaperHead, PaperLine, ReceiptWriter, SavedReceipt, Version,
};
use relaypacs_model::{Code, Outcome, Proof, Reason, SkipReason};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn head() -> PaperHead {
    let version = Version::parse("0.1.0").unwrap();
    PaperHead { version, destination: label("main \"quoted\""), started: NOW }
}

/// 70 instances: every eleventh refused; 2 damaged files besides.
fn write(target: &Path, form: PaperForm) -> Result<(), PaperError> {
    let mut counts = Counts::default();
    counts.add_skipped(SkipReason::Damaged, 2);
    let mut paper = SavedReceipt::create(target, form, head())?;
    for number in 0..70 {
        let refused = number % 11 == 10;
        let outcome = if refused { Outcome::Rejected } else { Outcome::Confirmed };
        counts.add(outcome, 1);
        paper.line(&PaperLine {
            study: &study(number / 40),
            series: None,
            instance: &instance(number),
            bytes: 1000,
            sha256: Some([0xab; 32]),
            outcome,
            proof: (!refused).then_some(Proof::Listed),
            reason: refused
                .then(|| Reason::new(Code::RefusedByArchive).with_status(409).with_dicom(0x0110)),
            at: NOW,
        })?;
    }
    assert!(!target.exists(), "the receipt appears before it is whole");
    paper.finish(&counts, NOW)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_json_receipt_is_one_object_and_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("receipt.json");
    write(&target, PaperForm::of(&target)).unwrap();
    let receipt: Value = serde_json::from_slice(&fs::read(&target).unwrap()).unwrap();
    assert_eq!(receipt["program"], "RelayPACS");
    assert_eq!(receipt["destination"], "main \"quoted\"");
    assert_eq!(receipt["started"], "2026-11-23T06:10:45.678Z");
    let instances = receipt["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 70);
    for outcome in Outcome::ALL {
        let listed = instances.iter().filter(|one| one["outcome"] == outcome.as_str()).count();
        assert_eq!(receipt["summary"][outcome.as_str()], listed, "{outcome:?}");
    }
    assert_eq!(receipt["summary"]["instances"], 70);
    assert_eq!(receipt["summary"]["files"], 72);
    assert_eq!(receipt["summary"]["bytes"], 70_000);
    assert_eq!(receipt["summary"]["skipped"]["damaged"], 2);
    let refused = &instances[10];
    assert_eq!(refused["sop_instance_uid"], "1.2.826.0.1.3.10");
    assert_eq!(refused["study_instance_uid"], "1.2.826.0.1.0");
    assert_eq!((&refused["http_status"], &refused["dicom_reason"]), (&409.into(), &272.into()));
    assert_eq!((&refused["code"], &refused["proof"]), (&"refused_by_archive".into(), &Value::Null));
    assert_eq!(refused["sha256"], "ab".repeat(32));
    let verdict = receipt["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("6 of 70 images are not in the archive"), "{verdict}");
    assert_eq!(names(folder.path()), ["receipt.json"]);
}

#[test]
fn the_text_receipt_says_the_verdict_first_and_names_every_instance() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("receipt.TXT");
    write(&target, PaperForm::of(&target)).unwrap();
    let text = fs::read_to_string(&target).unwrap();
    assert!(
        text.starts_with("6 of 70 images are not in the archive: 6 were refused. 2 files"),
        "{text}"
    );
    assert!(text.find("Destination").unwrap() < text.find("Study ").unwrap());
    assert_eq!(text.matches("\nStudy 1.2.826.0.1.").count(), 2);
    for number in 0..70 {
        assert!(text.contains(&format!("  1.2.826.0.1.3.{number}  ")), "{number}");
    }
    assert!(text.contains("[refused_by_archive, HTTP 409, reason 0x0110]"));
    assert_eq!(names(folder.path()), ["receipt.TXT"]);
}

#[test]
fn a_summary_that_differs_from_the_lines_is_refused_and_leaves_nothing() {
    for form in [PaperForm::Json, PaperForm::Text] {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("receipt");
        fs::write(&target, "the receipt before").unwrap();
        let paper = SavedReceipt::create(&target, form, head()).unwrap();
        let mut counts = Counts::default();
        counts.add(Outcome::Confirmed, 1);
        let refused = paper.finish(&counts, NOW);
        assert!(matches!(refused, Err(PaperError::DoesNotAddUp { lines: 0, summary: 1 })));
        assert_eq!(names(folder.path()), ["receipt"]);
        assert_eq!(fs::read_to_string(&target).unwrap(), "the receipt before");
    }
}

#[test]
fn a_receipt_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("receipt.txt");
    drop(SavedReceipt::create(&target, PaperForm::Text, head()).unwrap());
    assert!(names(folder.path()).is_empty());
    let nowhere = folder.path().join("nowhere").join("receipt.txt");
    let failed = SavedReceipt::create(&nowhere, PaperForm::Text, head()).err().unwrap();
    assert!(!failed.to_string().contains("nowhere"), "{failed}");
}

#[test]
fn a_receipt_without_instances_is_whole_too() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("receipt.json");
    let paper = SavedReceipt::create(&target, PaperForm::Json, head()).unwrap();
    paper.finish(&Counts::default(), NOW).unwrap();
    let receipt: Value = serde_json::from_slice(&fs::read(&target).unwrap()).unwrap();
    assert_eq!(receipt["instances"], Value::Array(vec![]));
    assert_eq!(receipt["verdict"], "There was no image to send.");
}
