//! How fast a receipt takes lines: `cargo run --release -p relaypacs-ledger --example million -- [LINES]`.

use relaypacs_ledger::{
    Counts, DestinationLabel, ImportId, Ledger, LedgerKey, PaperForm, PaperHead, PaperLine,
    ReceiptLine, ReceiptWriter, SavedReceipt, Version,
};
use relaypacs_model::{
    DestinationName, Moment, Outcome, Proof, SopInstanceUid, StudyInstanceUid, UidFault,
};
use std::error::Error;
use std::io::Write;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let lines: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let mut said = std::io::stdout().lock();
    let mut say = |what: &str, since: Instant| {
        let seconds = since.elapsed().as_secs_f64();
        let rate = lines as f64 / seconds;
        writeln!(said, "{what:24} {lines} lines in {seconds:6.2} s = {rate:8.0} lines/s")
    };
    let label = DestinationLabel::from(&DestinationName::parse("main")?);
    let path = folder.path().join("ledger.db");
    let mut ledger = Ledger::open(&path, &LedgerKey::new([7; 32]))?;
    let receipt = ledger.begin_receipt(ImportId([1; 16]), &label, Moment(0))?;
    let study = StudyInstanceUid::parse("1.2.3")?;
    let uids = || (0..lines).filter_map(|number| uid(number).ok());
    let line = |uid: SopInstanceUid| ReceiptLine {
        sop_instance_uid: uid,
        bytes: 524_288,
        sha256: Some([5; 32]),
        outcome: Outcome::Confirmed,
        proof: Some(Proof::Listed),
        reason: None,
        at: Moment(0),
    };
    let since = Instant::now();
    ledger.record(receipt, &study, uids().map(line))?;
    say("record", since)?;
    let since = Instant::now();
    ledger.record(receipt, &study, uids().map(line))?;
    say("record again", since)?;
    let since = Instant::now();
    ledger.verify(None)?;
    say("verify", since)?;
    let since = Instant::now();
    ledger.receipt(receipt)?;
    ledger.receipt_lines(receipt, lines / 2, 100)?;
    say("summary and a page", since)?;

    for form in [PaperForm::Json, PaperForm::Text] {
        let since = Instant::now();
        let head = PaperHead {
            version: Version::parse("1.0.0")?,
            destination: label.clone(),
            started: Moment(0),
        };
        let target = folder.path().join("receipt");
        let mut paper = SavedReceipt::create(&target, form, head)?;
        for uid in uids() {
            paper.line(&PaperLine {
                study: &study,
                series: None,
                instance: &uid,
                bytes: 1,
                sha256: Some([5; 32]),
                outcome: Outcome::Confirmed,
                proof: Some(Proof::Listed),
                reason: None,
                at: Moment(0),
            })?;
        }
        let mut counts = Counts::default();
        counts.add(Outcome::Confirmed, lines);
        paper.finish(&counts, Moment(0))?;
        say(&format!("paper, {form:?}"), since)?;
    }
    let bytes = std::fs::metadata(&path)?.len();
    writeln!(std::io::stdout(), "ledger.db: {bytes} bytes")?;
    Ok(())
}

fn uid(number: u64) -> Result<SopInstanceUid, UidFault> {
    SopInstanceUid::parse(&format!("1.2.826.0.1.3680043.8.498.{number}"))
}
