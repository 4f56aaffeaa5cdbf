//! A ledger in a folder of its own, and things to write into it.

use relaypacs_ledger::{
    DestinationLabel, Event, EventId, ImportId, Ledger, LedgerKey, ReceiptLine, Verification,
};
use relaypacs_model::{DestinationName, Moment, Outcome, Proof, SopInstanceUid, StudyInstanceUid};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// 2026-11-23T06:10:45.678Z
pub(crate) const NOW: Moment = Moment(1_795_414_245_678);

pub(crate) struct Home {
    pub(crate) folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    pub(crate) fn open(&self) -> Ledger {
        Ledger::open(&self.path(), &key()).unwrap()
    }

    /// The file as somebody has it who is not held up by triggers.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        raw(&self.path())
    }
}

pub(crate) fn raw(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_deleted;
             DROP TRIGGER line_is_never_changed; DROP TRIGGER line_is_never_deleted;
             DROP TRIGGER seal_is_never_deleted;",
        )
        .unwrap();
    connection
}

pub(crate) fn key() -> LedgerKey {
    LedgerKey::new([7; 32])
}

pub(crate) fn label(name: &str) -> DestinationLabel {
    DestinationLabel::from(&DestinationName::parse(name).unwrap())
}

pub(crate) fn study(number: u64) -> StudyInstanceUid {
    StudyInstanceUid::parse(&format!("1.2.826.0.1.{number}")).unwrap()
}

pub(crate) fn instance(number: u64) -> SopInstanceUid {
    SopInstanceUid::parse(&format!("1.2.826.0.1.3.{number}")).unwrap()
}

pub(crate) fn line(number: u64, outcome: Outcome) -> ReceiptLine {
    ReceiptLine {
        sop_instance_uid: instance(number),
        bytes: 1000 + number,
        sha256: Some([3; 32]),
        outcome,
        proof: outcome.is_in_the_archive().then_some(Proof::Listed),
        reason: None,
        at: NOW,
    }
}

pub(crate) fn erased(ledger: &mut Ledger, number: u64) -> u64 {
    let id = EventId::of(&[b"erased", &number.to_le_bytes()]);
    ledger.append(id, &Event::Erased { study: study(number) }, NOW).unwrap().0
}

/// 1 receipt of 30 lines in 3 studies, 3 + 2 + 12 events in all.
pub(crate) fn filled(home: &Home) -> Ledger {
    let mut ledger = home.open();
    let receipt = ledger.begin_receipt(ImportId([1; 16]), &label("main"), NOW).unwrap();
    for one in 0..3 {
        let lines = (0..10).map(|n| line(one * 10 + n, Outcome::Confirmed));
        ledger.record(receipt, &study(one), lines).unwrap();
    }
    ledger.end_receipt(receipt, NOW).unwrap();
    for number in 0..12 {
        erased(&mut ledger, number);
    }
    ledger
}

pub(crate) fn is_whole(ledger: &Ledger) -> bool {
    matches!(ledger.verify(None).unwrap(), Verification::Verified { .. })
}
