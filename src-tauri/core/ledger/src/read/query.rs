//! The questions, as SQL over the tables and views.

use super::{
    HistoryLine, ReceiptSummary, SendStatistics, Sighting, Statistics, StatisticsLine, StoredLine,
};
use crate::key::{Keys, Kind};
use crate::receipt::study_hash;
use crate::table::tally::MILLIS_OF_A_DAY;
use crate::table::{count, event, line, stored};
use crate::{Counts, DestinationLabel, EventNumber, IndexTally, LedgerError, ReceiptId, UidHash};
use relaypacs_model::{
    Code, Moment, Outcome, Proof, Reason, SkipReason, SopInstanceUid, StudyInstanceUid,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use serde_json::Value;
use std::time::Duration;

pub(crate) fn history(
    connection: &Connection,
    limit: u32,
    before: Option<EventNumber>,
) -> Result<Vec<HistoryLine>, LedgerError> {
    let before = before.map_or(Ok(i64::MAX), |number| stored(number.0))?;
    let sql = format!(
        "SELECT {} FROM event WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
        event::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((before, limit), event::read)?;
    rows.map(|row| {
        let (row, _) = row?;
        Ok(HistoryLine {
            number: EventNumber(count(row.number)?),
            at: Moment(row.at),
            kind: row.kind,
            receipt: row.receipt.map(count).transpose()?.map(ReceiptId),
            study: row.study.map(hash).transpose()?,
            destination: row.destination.map(DestinationLabel::stored),
            detail: serde_json::from_str(&row.detail).map_err(|_| LedgerError::Damaged)?,
        })
    })
    .collect()
}

pub(crate) fn receipt(
    connection: &Connection,
    id: ReceiptId,
) -> Result<ReceiptSummary, LedgerError> {
    let number = stored(id.0).map_err(|_| LedgerError::ReceiptUnknown)?;
    let mut find = connection.prepare_cached(
        "SELECT destination, begun, ended, studies, bytes FROM view_receipt WHERE receipt = ?1",
    )?;
    let found: Option<(String, i64, Option<i64>, i64, i64)> = find
        .query_row([number], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let (destination, begun, ended, studies, bytes) = found.ok_or(LedgerError::ReceiptUnknown)?;
    let mut tally = connection.prepare_cached(
        "SELECT outcome, sum(instances) FROM tally WHERE receipt = ?1 GROUP BY outcome",
    )?;
    let mut counts = Counts::default();
    for row in tally.query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (word, instances): (String, i64) = row?;
        counts.add(outcome(&word)?, count(instances)?);
    }
    left_out(connection, number, &mut counts)?;
    Ok(ReceiptSummary {
        receipt: id,
        destination: DestinationLabel::stored(destination),
        begun: Moment(begun),
        ended: ended.map(Moment),
        studies: count(studies)?,
        counts,
        bytes: count(bytes)?,
    })
}

/// What the scan of the receipt's import left out, and what the index of the disc says. The import was written down just
/// before its receipt was begun, so that the way back is short.
fn left_out(connection: &Connection, receipt: i64, counts: &mut Counts) -> Result<(), LedgerError> {
    let mut find = connection.prepare_cached(
        "SELECT import.detail FROM event AS begun JOIN event AS import
             ON import.number < begun.number AND import.import = begun.import
         WHERE begun.receipt = ?1 AND begun.kind = 'receipt_begun' AND import.kind = 'imported'
         ORDER BY import.number DESC LIMIT 1",
    )?;
    let detail: Option<String> = find.query_row([receipt], |row| row.get(0)).optional()?;
    let Some(detail) = detail else { return Ok(()) };
    let detail: Value = serde_json::from_str(&detail).map_err(|_| LedgerError::Damaged)?;
    let number = |value: &Value| value.as_u64().ok_or(LedgerError::Damaged);
    for (word, files) in detail.get("skipped").and_then(Value::as_object).into_iter().flatten() {
        let reason = SkipReason::ALL.into_iter().find(|reason| reason.as_str() == word);
        counts.add_skipped(reason.ok_or(LedgerError::Damaged)?, number(files)?);
    }
    if let Some(index) = detail.get("index") {
        let part = |name: &str| index.get(name).ok_or(LedgerError::Damaged).and_then(number);
        let (listed, missing, unlisted) = (part("listed")?, part("missing")?, part("unlisted")?);
        let partly = index.get("partly").and_then(Value::as_bool).unwrap_or_default();
        counts.add_index(IndexTally { listed, missing, unlisted, partly });
    }
    Ok(())
}

pub(crate) fn receipt_lines(
    connection: &Connection,
    id: ReceiptId,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredLine>, LedgerError> {
    let receipt = stored(id.0).map_err(|_| LedgerError::ReceiptUnknown)?;
    if !event::is_begun(connection, receipt)? {
        return Err(LedgerError::ReceiptUnknown);
    }
    let sql = format!(
        "SELECT {} FROM line WHERE receipt = ?1 AND number > ?2 AND {} ORDER BY number LIMIT ?3",
        line::COLUMNS,
        line::IS_LATEST
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((receipt, stored(after)?, limit), line::read)?;
    rows.map(|row| stored_line(&row?)).collect()
}

fn stored_line(row: &line::LineRow) -> Result<StoredLine, LedgerError> {
    let number = |value: Option<i64>| {
        value.map(|value| u16::try_from(value).map_err(|_| LedgerError::Damaged)).transpose()
    };
    let code = row.code.as_deref().map(|word| Code::parse(word).ok_or(LedgerError::Damaged));
    let (status, dicom) = (number(row.http_status)?, number(row.dicom_reason)?);
    Ok(StoredLine {
        number: count(row.number)?,
        study: UidHash(row.study),
        instance: UidHash(row.instance),
        bytes: count(row.bytes)?,
        outcome: outcome(&row.outcome)?,
        proof: row.proof.as_deref().map(proof).transpose()?,
        reason: code.transpose()?.map(|code| Reason { code, status, dicom }),
        at: Moment(row.at),
    })
}

pub(crate) fn find_instance(
    connection: &Connection,
    keys: &Keys,
    instance: &SopInstanceUid,
) -> Result<Vec<Sighting>, LedgerError> {
    let name = keys.name(Kind::Instance, &[instance.as_str().as_bytes()]);
    let sql = format!(
        "SELECT receipt, begun.destination, line.at, outcome, 1, bytes
         FROM line JOIN event AS begun USING (receipt)
         WHERE instance = ?1 AND begun.kind = 'receipt_begun' AND {} ORDER BY receipt DESC",
        line::IS_LATEST
    );
    sightings(connection, &sql, &name)
}

pub(crate) fn find_study(
    connection: &Connection,
    keys: &Keys,
    study: &StudyInstanceUid,
) -> Result<Vec<Sighting>, LedgerError> {
    let sql = "SELECT receipt, begun.destination, last, outcome, instances, bytes
         FROM tally JOIN event AS begun USING (receipt)
         WHERE tally.study = ?1 AND begun.kind = 'receipt_begun' AND instances > 0 ORDER BY receipt DESC";
    sightings(connection, sql, &study_hash(keys, study))
}

/// Rows of receipt, destination, moment, outcome, instances, bytes; those of one receipt follow each other.
fn sightings(
    connection: &Connection,
    sql: &str,
    name: &[u8; 16],
) -> Result<Vec<Sighting>, LedgerError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([name.as_slice()])?;
    let mut seen: Vec<Sighting> = Vec::new();
    while let Some(row) = rows.next()? {
        let receipt = ReceiptId(count(row.get(0)?)?);
        let at = Moment(row.get(2)?);
        let kind = outcome(&row.get::<_, String>(3)?)?;
        let (instances, bytes) = (count(row.get(4)?)?, count(row.get(5)?)?);
        if let Some(last) = seen.last_mut().filter(|last| last.receipt == receipt) {
            last.at = last.at.max(at);
            last.counts.add(kind, instances);
            last.bytes = last.bytes.saturating_add(bytes);
            continue;
        }
        let mut counts = Counts::default();
        counts.add(kind, instances);
        let destination = DestinationLabel::stored(row.get(1)?);
        seen.push(Sighting { receipt, destination, at, counts, bytes });
    }
    Ok(seen)
}

pub(crate) fn statistics(
    connection: &Connection,
    from: Moment,
    to: Moment,
) -> Result<Statistics, LedgerError> {
    let days = (from.0.div_euclid(MILLIS_OF_A_DAY), to.0.div_euclid(MILLIS_OF_A_DAY));
    let mut statement = connection.prepare_cached(
        "SELECT tally.day, begun.destination, outcome, sum(instances), sum(bytes)
         FROM tally JOIN event AS begun USING (receipt)
         WHERE begun.kind = 'receipt_begun' AND instances > 0 AND tally.day BETWEEN ?1 AND ?2
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )?;
    let instances = rows(&mut statement, days, |row| {
        Ok(StatisticsLine {
            day: day(row.get(0)?),
            destination: DestinationLabel::stored(row.get(1)?),
            outcome: outcome(&row.get::<_, String>(2)?)?,
            instances: count(row.get(3)?)?,
            bytes: count(row.get(4)?)?,
        })
    })?;
    let first = days.0.saturating_mul(MILLIS_OF_A_DAY);
    let end = days.1.saturating_add(1).saturating_mul(MILLIS_OF_A_DAY);
    let mut statement = connection.prepare_cached(
        "SELECT (begun - ((begun % 86400000) + 86400000) % 86400000) / 86400000, destination, count(*), count(ended),
             coalesce(sum(max(ended - begun, 0)), 0)
         FROM view_receipt WHERE begun >= ?1 AND begun < ?2 GROUP BY 1, 2 ORDER BY 1, 2",
    )?;
    let sends = rows(&mut statement, (first, end), |row| {
        Ok(SendStatistics {
            day: day(row.get(0)?),
            destination: DestinationLabel::stored(row.get(1)?),
            begun: count(row.get(2)?)?,
            ended: count(row.get(3)?)?,
            took: Duration::from_millis(count(row.get(4)?)?),
        })
    })?;
    Ok(Statistics { instances, sends })
}

fn rows<T>(
    statement: &mut CachedStatement<'_>,
    between: (i64, i64),
    read: impl Fn(&Row<'_>) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let mut rows = statement.query(between)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn outcome(word: &str) -> Result<Outcome, LedgerError> {
    Outcome::parse(word).ok_or(LedgerError::Damaged)
}

fn proof(word: &str) -> Result<Proof, LedgerError> {
    [Proof::Referenced, Proof::Listed, Proof::Identical, Proof::Committed]
        .into_iter()
        .find(|proof| proof.as_str() == word)
        .ok_or(LedgerError::Damaged)
}

fn hash(bytes: Vec<u8>) -> Result<UidHash, LedgerError> {
    bytes.try_into().map(UidHash).map_err(|_| LedgerError::Damaged)
}

fn day(number: i64) -> Moment {
    Moment(number.saturating_mul(MILLIS_OF_A_DAY))
}
