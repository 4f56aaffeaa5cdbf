//! `line`: what became of one instance, as the receipts say it. Rows are added and never touched again: an instance
//! that was waiting and is confirmed later has two, and the later one counts.

use crate::LedgerError;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

pub(crate) const CREATE: &str = "
CREATE TABLE line (
    number INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL,
    study BLOB NOT NULL,
    instance BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    content BLOB,
    outcome TEXT NOT NULL,
    proof TEXT,
    code TEXT,
    http_status INTEGER,
    dicom_reason INTEGER,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX line_by_instance ON line (instance, receipt);
CREATE INDEX line_by_receipt ON line (receipt);
CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER line_is_never_deleted BEFORE DELETE ON line
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
";

pub(crate) const COLUMNS: &str = "number, receipt, study, instance, bytes, content, outcome, proof, code, http_status, \
                                  dicom_reason, at";

/// True for a line that no later one of the same instance and receipt stands behind.
pub(crate) const IS_LATEST: &str =
    "NOT EXISTS (SELECT 1 FROM line AS later WHERE later.instance = line.instance
    AND later.receipt = line.receipt AND later.number > line.number)";

pub(crate) struct LineRow {
    pub(crate) number: i64,
    pub(crate) receipt: i64,
    pub(crate) study: [u8; 16],
    pub(crate) instance: [u8; 16],
    pub(crate) bytes: i64,
    pub(crate) content: Option<[u8; 16]>,
    pub(crate) outcome: String,
    pub(crate) proof: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) http_status: Option<i64>,
    pub(crate) dicom_reason: Option<i64>,
    pub(crate) at: i64,
}

impl LineRow {
    /// True where both say the same; the moment and the number do not count.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        self.receipt == other.receipt
            && self.study == other.study
            && self.instance == other.instance
            && self.bytes == other.bytes
            && self.content == other.content
            && self.outcome == other.outcome
            && self.proof == other.proof
            && self.code == other.code
            && self.http_status == other.http_status
            && self.dicom_reason == other.dicom_reason
    }
}

/// Reads a row of [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<LineRow> {
    Ok(LineRow {
        number: row.get(0)?,
        receipt: row.get(1)?,
        study: row.get(2)?,
        instance: row.get(3)?,
        bytes: row.get(4)?,
        content: row.get(5)?,
        outcome: row.get(6)?,
        proof: row.get(7)?,
        code: row.get(8)?,
        http_status: row.get(9)?,
        dicom_reason: row.get(10)?,
        at: row.get(11)?,
    })
}

/// The line that counts for an instance of a receipt.
pub(crate) fn latest(
    connection: &Connection,
    receipt: i64,
    instance: &[u8; 16],
) -> Result<Option<LineRow>, LedgerError> {
    let mut find = connection.prepare_cached(
        "SELECT number, receipt, study, instance, bytes, content, outcome, proof, code, http_status, dicom_reason, at
         FROM line WHERE instance = ?1 AND receipt = ?2 ORDER BY number DESC LIMIT 1",
    )?;
    Ok(find.query_row((instance.as_slice(), receipt), read).optional()?)
}

pub(crate) fn insert(connection: &Connection, line: &LineRow) -> Result<(), LedgerError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO line (number, receipt, study, instance, bytes, content, outcome, proof, code, http_status,
             dicom_reason, at)
         VALUES (:number, :receipt, :study, :instance, :bytes, :content, :outcome, :proof, :code, :http_status,
             :dicom_reason, :at)",
    )?;
    insert.execute(named_params! {
        ":number": line.number,
        ":receipt": line.receipt,
        ":study": line.study.as_slice(),
        ":instance": line.instance.as_slice(),
        ":bytes": line.bytes,
        ":content": line.content.as_ref().map(<[u8; 16]>::as_slice),
        ":outcome": line.outcome,
        ":proof": line.proof,
        ":code": line.code,
        ":http_status": line.http_status,
        ":dicom_reason": line.dicom_reason,
        ":at": line.at,
    })?;
    Ok(())
}
