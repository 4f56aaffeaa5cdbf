//! Receipts: what became of each instance of one import, written line by line.

use crate::key::{Keys, Kind};
use crate::table::line::LineRow;
use crate::table::stored;
use crate::{EventNumber, LedgerError};
use relaypacs_model::{Moment, Outcome, Proof, Reason, SopInstanceUid, StudyInstanceUid};

/// A receipt's number, as a person gives it: 1, 2, 3 and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiptId(pub u64);

/// What became of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptLine {
    /// Which instance; only its keyed hash is stored.
    pub sop_instance_uid: SopInstanceUid,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of its bytes, where they were read; only a keyed hash of it is stored.
    pub sha256: Option<[u8; 32]>,
    /// How it ended, or that it waits.
    pub outcome: Outcome,
    /// What proves it.
    pub proof: Option<Proof>,
    /// Why it did not get there.
    pub reason: Option<Reason>,
    /// When that was known.
    pub at: Moment,
}

/// What a call to record lines wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Lines that say something new.
    pub new: u64,
    /// Lines that said what the receipt says already; nothing was written for them.
    pub repeated: u64,
    /// The last event that covers the new lines.
    pub event: Option<EventNumber>,
}

impl ReceiptLine {
    /// The line as it is stored: identifiers as keyed hashes.
    pub(crate) fn row(
        &self,
        keys: &Keys,
        receipt: i64,
        study: [u8; 16],
        number: i64,
    ) -> Result<LineRow, LedgerError> {
        let instance = keys.name(Kind::Instance, &[self.sop_instance_uid.as_str().as_bytes()]);
        Ok(LineRow {
            number,
            receipt,
            study,
            instance,
            bytes: stored(self.bytes)?,
            content: self.sha256.map(|digest| keys.name(Kind::Content, &[&digest])),
            outcome: self.outcome.as_str().into(),
            proof: self.proof.map(|proof| proof.as_str().into()),
            code: self.reason.map(|reason| reason.code.as_str().into()),
            http_status: self.reason.and_then(|reason| reason.status).map(i64::from),
            dicom_reason: self.reason.and_then(|reason| reason.dicom).map(i64::from),
            at: self.at.0,
        })
    }
}

pub(crate) fn study_hash(keys: &Keys, study: &StudyInstanceUid) -> [u8; 16] {
    keys.name(Kind::Study, &[study.as_str().as_bytes()])
}
