//! The audit export: every event with its chain value, one JSON object a line.
//!
//! `number`, `id` (keyed hash), `at` (RFC 3339), `at_ms` (what the chain covers), `kind`, `dcm` (the code of PS3.15
//! section A.5.3, where there is one), `receipt`, `import` and `study` (keyed hashes), `destination`, `detail` (byte for
//! byte what the chain covers), `chain`. Absent values are null. The last line is `{"head":{"events","lines","chain"}}`.
//! With the key, the chain of an export can be computed again: the encoding is described in `chain.rs`.

use crate::LedgerError;
use crate::event::dicom_code;
use crate::key::hex;
use crate::table::event::{self, EventRow};
use relaypacs_model::Moment;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::io::Write;

pub(crate) fn export(connection: &Connection, to: &mut impl Write) -> Result<u64, LedgerError> {
    let still = connection.unchecked_transaction()?;
    let sql = format!("SELECT {} FROM event ORDER BY number", event::COLUMNS);
    let mut statement = still.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut written = 0_u64;
    while let Some(row) = rows.next()? {
        let (row, chain) = event::read(row)?;
        line(to, &Exported::of(row, &chain)?)?;
        written = written.saturating_add(1);
    }
    let (events, lines, chain): (i64, i64, Vec<u8>) =
        still.query_row("SELECT events, lines, chain FROM seal", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    line(to, &json!({ "head": { "events": events, "lines": lines, "chain": hex(&chain) } }))?;
    to.flush().map_err(|_| LedgerError::NotWritten)?;
    Ok(written)
}

#[derive(Serialize)]
struct Exported {
    number: i64,
    id: String,
    at: String,
    at_ms: i64,
    dcm: Option<&'static str>,
    kind: String,
    receipt: Option<i64>,
    import: Option<String>,
    study: Option<String>,
    destination: Option<String>,
    detail: Box<RawValue>,
    chain: String,
}

impl Exported {
    fn of(row: EventRow, chain: &[u8]) -> Result<Self, LedgerError> {
        Ok(Self {
            number: row.number,
            id: hex(&row.id),
            at: Moment(row.at).rfc3339(),
            at_ms: row.at,
            dcm: dicom_code(&row.kind),
            kind: row.kind,
            receipt: row.receipt,
            import: row.import.as_deref().map(hex),
            study: row.study.as_deref().map(hex),
            destination: row.destination,
            detail: RawValue::from_string(row.detail).map_err(|_| LedgerError::Damaged)?,
            chain: hex(chain),
        })
    }
}

fn line(to: &mut impl Write, line: &impl Serialize) -> Result<(), LedgerError> {
    serde_json::to_writer(&mut *to, line).map_err(|_| LedgerError::NotWritten)?;
    to.write_all(b"\n").map_err(|_| LedgerError::NotWritten)
}
