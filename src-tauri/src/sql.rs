//! The ledger for the web view: one read-only connection that knows the published views and nothing else, put under a
//! fixed name into `tauri-plugin-sql`. The web view may select from it, and has no right to load, execute or close; and
//! only the statements of [`questions`] get as far as the plugin.
//!
//! Read-only alone would not do: `ATTACH` reads other files, `VACUUM INTO` writes a copy anywhere, and `PRAGMA` undoes
//! what `PRAGMA` set. So nothing can be attached (which stops both), and SQLite itself asks [`guard`] about every
//! statement that it prepares.

mod guard;
mod questions;

pub(crate) use questions::OnlyQuestions;

use relaypacs_model::{Code, Fault};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use std::path::Path;
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_sql::{DbInstances, DbPool};

/// The name under which the web view asks for it.
pub(crate) const NAME: &str = "sqlite:ledger";

/// What the web view may read: `relaypacs-ledger` publishes them, free of patients.
pub(crate) const VIEWS: &[&str] = &[
    "view_history",
    "view_receipt",
    "view_study",
    "view_sent",
    "view_source",
    "view_line",
    "view_statistics",
];

/// Opens the ledger and gives it to the plugin.
///
/// # Errors
/// [`Code::LedgerBroken`] where it cannot be opened.
pub(crate) async fn publish<R: Runtime>(app: &AppHandle<R>, ledger: &Path) -> Result<(), Fault> {
    let pool = pool(ledger).await.map_err(|_| {
        // The text of the error would name the path.
        Fault::with(Code::LedgerBroken, "the ledger could not be opened to be read")
    })?;
    let instances = app.state::<DbInstances>();
    instances.0.write().await.insert(NAME.to_owned(), DbPool::Sqlite(pool));
    Ok(())
}

/// Takes it away again, so that the file can be closed.
pub(crate) async fn withdraw<R: Runtime>(app: &AppHandle<R>) {
    let Some(instances) = app.try_state::<DbInstances>() else { return };
    let pool = instances.0.write().await.remove(NAME);
    if let Some(DbPool::Sqlite(pool)) = pool {
        pool.close().await;
    }
}

async fn pool(ledger: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(ledger)
        .read_only(true)
        .create_if_missing(false)
        .pragma("query_only", "1");
    SqlitePoolOptions::new()
        // One reader: what the window asks for is small, and a reader that lingers keeps the log from being truncated.
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                guard::put_up(&mut connection.lock_handle().await?);
                Ok(())
            })
        })
        .connect_with(options)
        .await
}

#[cfg(test)]
pub(crate) mod tests;
