//! What a person takes away: a receipt to print, the history and the overview as CSV. All of it is read from what the
//! ledger publishes, so none of it can hold a patient or a path.

mod paper;
mod table;

pub(crate) use table::HistoryFilter;

use crate::shell::Shell;
use crate::sql::NAME;
use crate::words::is_german;
use paper::{Line, Paper, Study};
use relaypacs_model::{Code, Fault, Moment};
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use std::time::{SystemTime, UNIX_EPOCH};
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_sql::{DbInstances, DbPool};

/// A receipt, to be printed, in the language of the window.
///
/// # Errors
/// [`Code::ReceiptUnknown`], [`Code::LedgerBroken`].
pub(crate) async fn receipt<R: Runtime>(app: &AppHandle<R>, receipt: u64) -> Result<String, Fault> {
    let shell = app.state::<Shell>();
    let summary = shell.relay()?.receipt(receipt).await?;
    let number = i64::try_from(receipt).unwrap_or(i64::MAX);
    let pool = pool(app).await?;
    let lines = sqlx::query(
        "SELECT outcome, code, count(*) AS images FROM view_line WHERE receipt = ?1 GROUP BY outcome, code \
         ORDER BY images DESC",
    );
    let lines = lines.bind(number).fetch_all(&pool).await.map_err(broken)?;
    let studies = sqlx::query(
        "SELECT study, instances, in_the_archive, waiting, not_in_the_archive, bytes FROM view_study \
         WHERE receipt = ?1 ORDER BY study",
    );
    let studies = studies.bind(number).fetch_all(&pool).await.map_err(broken)?;
    let paper = Paper {
        summary,
        lines: lines.iter().map(line).collect(),
        studies: studies.iter().map(study).collect(),
    };
    let german = is_german(shell.kept.settings().language);
    paper.text(german).map_err(|_| Fault::new(Code::Internal))
}

fn count(row: &SqliteRow, name: &str) -> u64 {
    row.try_get::<i64, _>(name).ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

fn line(row: &SqliteRow) -> Line {
    Line {
        outcome: table::cell(row, "outcome"),
        code: table::cell(row, "code"),
        images: count(row, "images"),
    }
}

fn study(row: &SqliteRow) -> Study {
    Study {
        hash: table::cell(row, "study"),
        images: count(row, "instances"),
        there: count(row, "in_the_archive"),
        waiting: count(row, "waiting"),
        not_there: count(row, "not_in_the_archive"),
        bytes: count(row, "bytes"),
    }
}

/// The history as it is shown, a row for each study of a receipt.
///
/// # Errors
/// [`Code::LedgerBroken`].
pub(crate) async fn history_csv<R: Runtime>(
    app: &AppHandle<R>,
    filter: &HistoryFilter,
) -> Result<String, Fault> {
    table::history(&pool(app).await?, filter, now()).await.map_err(broken)
}

/// The overview as it is shown, of the last days or of all time: a row for each day, destination, modality and priority.
///
/// # Errors
/// [`Code::LedgerBroken`].
pub(crate) async fn overview_csv<R: Runtime>(
    app: &AppHandle<R>,
    days: Option<u32>,
) -> Result<String, Fault> {
    table::overview(&pool(app).await?, days, now()).await.map_err(broken)
}

fn now() -> Moment {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Moment(i64::try_from(now).unwrap_or(i64::MAX))
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
