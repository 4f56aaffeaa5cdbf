//! `tally`: the latest lines, counted, so that a summary of 1,000,000 lines needs no walk over them. It proves nothing:
//! it is made from the lines, changes with them, and `verify` counts it again.

use super::line::LineRow;
use crate::LedgerError;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// `day` counts days of UTC since 1970-01-01.
pub(crate) const CREATE: &str = "
CREATE TABLE tally (
    study BLOB NOT NULL,
    receipt INTEGER NOT NULL,
    day INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    instances INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (study, receipt, day, outcome)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_by_receipt ON tally (receipt);
CREATE INDEX tally_by_day ON tally (day);
";

pub(crate) const MILLIS_OF_A_DAY: i64 = 86_400_000;

/// Changes to the tally, collected over a set of lines and written once.
#[derive(Default)]
pub(crate) struct Changes(BTreeMap<Place, Change>);

/// Study, receipt, day, outcome: what the tally counts by.
type Place = ([u8; 16], i64, i64, String);

struct Change {
    instances: i64,
    bytes: i64,
    last: i64,
}

impl Changes {
    pub(crate) fn counts(&mut self, line: &LineRow) {
        self.change(line, 1, line.bytes);
    }

    pub(crate) fn counts_no_more(&mut self, line: &LineRow) {
        self.change(line, -1, line.bytes.saturating_neg());
    }

    fn change(&mut self, line: &LineRow, instances: i64, bytes: i64) {
        let day = line.at.div_euclid(MILLIS_OF_A_DAY);
        let key = (line.study, line.receipt, day, line.outcome.clone());
        let none = Change { instances: 0, bytes: 0, last: line.at };
        let entry = self.0.entry(key).or_insert(none);
        entry.instances = entry.instances.saturating_add(instances);
        entry.bytes = entry.bytes.saturating_add(bytes);
        entry.last = entry.last.max(line.at);
    }

    pub(crate) fn write(self, connection: &Connection) -> Result<(), LedgerError> {
        let mut add = connection.prepare_cached(
            "INSERT INTO tally (study, receipt, day, outcome, instances, bytes, last)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (study, receipt, day, outcome) DO UPDATE SET instances = instances + excluded.instances,
                 bytes = bytes + excluded.bytes, last = max(last, excluded.last)",
        )?;
        for ((study, receipt, day, outcome), Change { instances, bytes, last }) in self.0 {
            add.execute((study.as_slice(), receipt, day, outcome, instances, bytes, last))?;
        }
        Ok(())
    }
}

/// True where the tally is what the lines say. Rows that count zero may be left from what once was.
///
/// Counted here and not in SQL: sorting 1,000,000 lines by study costs more memory than a map of the studies.
pub(crate) fn adds_up(connection: &Connection) -> Result<bool, LedgerError> {
    let latest = super::line::IS_LATEST;
    let sql = format!("SELECT study, receipt, at, outcome, bytes FROM line WHERE {latest}");
    let (mut counted, mut told) = (Sums::new(), Sums::new());
    let mut lines = connection.prepare(&sql)?;
    let mut rows = lines.query([])?;
    while let Some(row) = rows.next()? {
        let day = row.get::<_, i64>(2)?.div_euclid(MILLIS_OF_A_DAY);
        let place = (row.get(0)?, row.get(1)?, day, row.get(3)?);
        let sum = counted.entry(place).or_default();
        sum.0 = sum.0.saturating_add(1);
        sum.1 = sum.1.saturating_add(row.get(4)?);
    }
    let sql = "SELECT study, receipt, day, outcome, instances, bytes FROM tally
         WHERE instances <> 0 OR bytes <> 0";
    let mut tallied = connection.prepare(sql)?;
    let mut rows = tallied.query([])?;
    while let Some(row) = rows.next()? {
        // What cannot be read as what we write was not written by us.
        let Ok((place, sum)) = tallied_row(row) else { return Ok(false) };
        told.insert(place, sum);
    }
    Ok(counted == told)
}

/// Instances and bytes.
type Sums = BTreeMap<Place, (i64, i64)>;

fn tallied_row(row: &Row<'_>) -> rusqlite::Result<(Place, (i64, i64))> {
    let place = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    Ok((place, (row.get(4)?, row.get(5)?)))
}
