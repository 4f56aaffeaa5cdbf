//! `event`: the chain. Rows are added at the end and never touched again.

use crate::LedgerError;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::Value;

/// A receipt is its `receipt_begun` event; there is no second row that could say something else.
pub(crate) const CREATE: &str = "
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    receipt INTEGER,
    import BLOB,
    study BLOB,
    destination TEXT,
    detail TEXT NOT NULL,
    chain BLOB NOT NULL
) STRICT;
CREATE INDEX event_by_study ON event (study) WHERE study IS NOT NULL;
CREATE INDEX event_by_receipt ON event (receipt, kind) WHERE receipt IS NOT NULL;
CREATE UNIQUE INDEX receipt_begun ON event (receipt) WHERE kind = 'receipt_begun';
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
";

/// The kinds of the ledger's own events.
pub(crate) const RECEIPT_BEGUN: &str = "receipt_begun";
pub(crate) const RECEIPT_LINES: &str = "receipt_lines";
pub(crate) const RECEIPT_ENDED: &str = "receipt_ended";

/// An event before it has a place in the chain.
pub(crate) struct Draft {
    pub(crate) kind: &'static str,
    pub(crate) receipt: Option<i64>,
    pub(crate) import: Option<[u8; 16]>,
    pub(crate) study: Option<[u8; 16]>,
    pub(crate) destination: Option<String>,
    pub(crate) detail: Value,
}

impl Draft {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            receipt: None,
            import: None,
            study: None,
            destination: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }
}

/// A row. Blobs have the length that the file gives them: the chain says whether it is the right one.
pub(crate) struct EventRow {
    pub(crate) number: i64,
    pub(crate) id: Vec<u8>,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) receipt: Option<i64>,
    pub(crate) import: Option<Vec<u8>>,
    pub(crate) study: Option<Vec<u8>>,
    pub(crate) destination: Option<String>,
    pub(crate) detail: String,
}

pub(crate) const COLUMNS: &str =
    "number, id, at, kind, receipt, import, study, destination, detail, chain";

/// Reads a row of [`COLUMNS`] and its chain value.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<(EventRow, Vec<u8>)> {
    let event = EventRow {
        number: row.get(0)?,
        id: row.get(1)?,
        at: row.get(2)?,
        kind: row.get(3)?,
        receipt: row.get(4)?,
        import: row.get(5)?,
        study: row.get(6)?,
        destination: row.get(7)?,
        detail: row.get(8)?,
    };
    Ok((event, row.get(9)?))
}

pub(crate) fn find(connection: &Connection, id: &[u8; 16]) -> Result<Option<i64>, LedgerError> {
    let mut find = connection.prepare_cached("SELECT number FROM event WHERE id = ?1")?;
    Ok(find.query_row([id.as_slice()], |row| row.get(0)).optional()?)
}

pub(crate) fn insert(
    connection: &Connection,
    row: &EventRow,
    chain: &[u8; 32],
) -> Result<(), LedgerError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO event (number, id, at, kind, receipt, import, study, destination, detail, chain)
         VALUES (:number, :id, :at, :kind, :receipt, :import, :study, :destination, :detail, :chain)",
    )?;
    insert.execute(named_params! {
        ":number": row.number,
        ":id": row.id,
        ":at": row.at,
        ":kind": row.kind,
        ":receipt": row.receipt,
        ":import": row.import,
        ":study": row.study,
        ":destination": row.destination,
        ":detail": row.detail,
        ":chain": chain.as_slice(),
    })?;
    Ok(())
}

/// The receipt of an import to a destination, if it was begun.
pub(crate) fn last_receipt(connection: &Connection) -> Result<i64, LedgerError> {
    let mut last = connection.prepare_cached("SELECT max(receipt) FROM event")?;
    Ok(last.query_row([], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0))
}

/// The receipt that the event with this id began.
pub(crate) fn receipt_of(connection: &Connection, number: i64) -> Result<i64, LedgerError> {
    let mut find = connection.prepare_cached("SELECT receipt FROM event WHERE number = ?1")?;
    Ok(find.query_row([number], |row| row.get(0))?)
}

pub(crate) fn is_begun(connection: &Connection, receipt: i64) -> Result<bool, LedgerError> {
    let mut find = connection
        .prepare_cached("SELECT 1 FROM event WHERE receipt = ?1 AND kind = 'receipt_begun'")?;
    Ok(find.exists([receipt])?)
}
