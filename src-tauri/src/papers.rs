//! What a person takes away: a receipt to print, the history and the overview as CSV. All of it is read from the views
//! that the ledger publishes, so none of it can hold a patient.

use crate::sql::NAME;
use relaypacs_model::{Code, Fault, Moment};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Column, Row, TypeInfo, ValueRef};
use std::fmt::Write;
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_sql::{DbInstances, DbPool};

/// A receipt, to be printed.
///
/// # Errors
/// [`Code::ReceiptUnknown`], [`Code::LedgerBroken`].
pub(crate) async fn receipt<R: Runtime>(app: &AppHandle<R>, receipt: u64) -> Result<String, Fault> {
    let number = i64::try_from(receipt).unwrap_or(i64::MAX);
    let pool = pool(app).await?;
    let head = sqlx::query(
        "SELECT destination, begun, ended, studies, instances, in_the_archive, waiting, not_in_the_archive, bytes \
         FROM view_receipt WHERE receipt = ?1",
    );
    let head = head.bind(number).fetch_optional(&pool).await.map_err(broken)?;
    let head = head.ok_or_else(|| Fault::new(Code::ReceiptUnknown))?;
    let outcomes = sqlx::query(
        "SELECT outcome, code, count(*) AS images FROM view_line WHERE receipt = ?1 GROUP BY outcome, code \
         ORDER BY images DESC",
    );
    let outcomes = outcomes.bind(number).fetch_all(&pool).await.map_err(broken)?;
    let studies = sqlx::query(
        "SELECT study, instances, in_the_archive, waiting, not_in_the_archive, bytes FROM view_study \
         WHERE receipt = ?1 ORDER BY study",
    );
    let studies = studies.bind(number).fetch_all(&pool).await.map_err(broken)?;
    written(receipt, &head, &outcomes, &studies).map_err(|_| Fault::new(Code::Internal))
}

fn written(
    number: u64,
    head: &SqliteRow,
    outcomes: &[SqliteRow],
    studies: &[SqliteRow],
) -> Result<String, std::fmt::Error> {
    let count = |row: &SqliteRow, name: &str| row.try_get::<i64, _>(name).unwrap_or(0);
    let moment = |name: &str| {
        let at = head.try_get::<Option<i64>, _>(name).ok().flatten();
        at.map_or_else(|| "not yet".to_owned(), |at| Moment(at).rfc3339())
    };
    let (images, there) = (count(head, "instances"), count(head, "in_the_archive"));
    let destination: String = head.try_get("destination").unwrap_or_default();
    let mut text = String::new();
    writeln!(text, "RelayPACS receipt {number}\n")?;
    if there == images {
        writeln!(text, "All {images} images are in {destination}.\n")?;
    } else {
        writeln!(text, "{there} of {images} images are in {destination}.\n")?;
    }
    writeln!(text, "begun    {}", moment("begun"))?;
    writeln!(text, "ended    {}", moment("ended"))?;
    writeln!(text, "studies  {}", count(head, "studies"))?;
    writeln!(text, "images   {images}")?;
    writeln!(text, "bytes    {}", count(head, "bytes"))?;
    writeln!(text, "\nBy outcome")?;
    for row in outcomes {
        let (outcome, code) = (cell(row, "outcome"), cell(row, "code"));
        writeln!(text, "{:>9}  {outcome} {code}", count(row, "images"))?;
    }
    writeln!(text, "\nBy study (keyed hash of the Study Instance UID)")?;
    for row in studies {
        writeln!(
            text,
            "{}  {} of {} images in the archive, {} waiting, {} not there, {} bytes",
            cell(row, "study"),
            count(row, "in_the_archive"),
            count(row, "instances"),
            count(row, "waiting"),
            count(row, "not_in_the_archive"),
            count(row, "bytes")
        )?;
    }
    Ok(text)
}

/// The history, a row for each receipt.
///
/// # Errors
/// [`Code::LedgerBroken`].
pub(crate) async fn history_csv<R: Runtime>(app: &AppHandle<R>) -> Result<String, Fault> {
    let rows = sqlx::query(
        "SELECT receipt, strftime('%Y-%m-%dT%H:%M:%SZ', begun / 1000, 'unixepoch') AS begun, \
         strftime('%Y-%m-%dT%H:%M:%SZ', ended / 1000, 'unixepoch') AS ended, destination, studies, instances, \
         in_the_archive, waiting, not_in_the_archive, bytes FROM view_receipt ORDER BY receipt DESC",
    );
    let header = [
        "receipt",
        "begun",
        "ended",
        "destination",
        "studies",
        "images",
        "in_the_archive",
        "waiting",
        "not_in_the_archive",
        "bytes",
    ];
    Ok(csv(&header, &rows.fetch_all(&pool(app).await?).await.map_err(broken)?))
}

/// The overview of the last days, or of all time: a row for each day, destination and outcome.
///
/// # Errors
/// [`Code::LedgerBroken`].
pub(crate) async fn overview_csv<R: Runtime>(
    app: &AppHandle<R>,
    days: Option<u32>,
) -> Result<String, Fault> {
    let rows = sqlx::query(
        "SELECT day, destination, outcome, instances, bytes FROM view_statistics \
         WHERE ?1 IS NULL OR day > date('now', '-' || ?1 || ' days') ORDER BY day, destination, outcome",
    );
    let rows = rows.bind(days.map(i64::from)).fetch_all(&pool(app).await?).await.map_err(broken)?;
    Ok(csv(&["day", "destination", "outcome", "images", "bytes"], &rows))
}

async fn pool<R: Runtime>(app: &AppHandle<R>) -> Result<SqlitePool, Fault> {
    let instances = app.state::<DbInstances>();
    let instances = instances.0.read().await;
    match instances.get(NAME) {
        Some(DbPool::Sqlite(pool)) => Ok(pool.clone()),
        None => Err(Fault::with(Code::LedgerBroken, "the ledger is not open")),
    }
}

/// The text of the error would name tables and paths.
fn broken(_: sqlx::Error) -> Fault {
    Fault::with(Code::LedgerBroken, "the ledger could not be read")
}

/// RFC 4180.
fn csv(header: &[&str], rows: &[SqliteRow]) -> String {
    let mut text = header.join(",");
    text.push_str("\r\n");
    for row in rows {
        let cells: Vec<String> =
            row.columns().iter().map(|column| quoted(&cell(row, column.name()))).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell(row: &SqliteRow, name: &str) -> String {
    let Ok(value) = row.try_get_raw(name) else { return String::new() };
    match value.type_info().name() {
        "INTEGER" => {
            row.try_get::<i64, _>(name).map(|number| number.to_string()).unwrap_or_default()
        }
        "REAL" => row.try_get::<f64, _>(name).map(|number| number.to_string()).unwrap_or_default(),
        "NULL" => String::new(),
        _ => row.try_get::<String, _>(name).unwrap_or_default(),
    }
}

/// A cell that a spreadsheet takes as text and not as a formula.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_two_cells() {
        assert_eq!(quoted("Main PACS"), "Main PACS");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("@SUM"), "'@SUM");
    }
}
