//! What the ledger's connection lets through, and what it does not: against a ledger that the ledger's own room made.

use super::*;
use sqlx::{Executor, Row};

/// A ledger with its views, as an open home leaves it.
pub(crate) async fn ledger() -> (tempfile::TempDir, SqlitePool) {
    let folder = tempfile::tempdir().unwrap();
    let home = relaypacs_relay::Home::open(folder.path()).unwrap();
    let passphrase =
        relaypacs_relay::KeySource::Passphrase(relaypacs_model::Secret::new("for a test"));
    drop(relaypacs_relay::Relay::open(&home, &passphrase).await.unwrap());
    let pool = pool(&home.ledger()).await.unwrap();
    (folder, pool)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_view_can_be_read_and_counted() {
    let (_folder, pool) = ledger().await;
    for view in VIEWS {
        let query = format!("SELECT count(*) AS n FROM {view}");
        let row =
            pool.fetch_one(query.as_str()).await.unwrap_or_else(|error| panic!("{view}: {error}"));
        assert_eq!(row.get::<i64, _>("n"), 0, "{view}");
    }
    let row = pool
        .fetch_one("SELECT date(0, 'unixepoch') AS day, max(begun) FROM view_receipt")
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>("day"), "1970-01-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_said_to_it_is_refused() {
    let (folder, pool) = ledger().await;
    let elsewhere = folder.path().join("copy.db");
    let queue = folder.path().join("queue.db");
    for query in [
        format!("ATTACH '{}' AS other", queue.display()),
        format!("VACUUM INTO '{}'", elsewhere.display()),
        "VACUUM".into(),
        "PRAGMA query_only = 0".into(),
        "PRAGMA database_list".into(),
        "PRAGMA writable_schema = 1".into(),
        "SELECT * FROM pragma_database_list".into(),
        "SELECT * FROM sqlite_master".into(),
        "SELECT * FROM event".into(),
        "SELECT begun FROM view_receipt UNION SELECT at FROM event".into(),
        "DELETE FROM event RETURNING *".into(),
        "INSERT INTO event (at) VALUES (1)".into(),
        "UPDATE event SET at = 1".into(),
        "DROP VIEW view_receipt".into(),
        "CREATE TEMP TABLE t (a)".into(),
        "CREATE VIRTUAL TABLE t USING fts5(a)".into(),
        "BEGIN IMMEDIATE".into(),
        "SELECT load_extension('/tmp/x')".into(),
        "WITH gone AS (SELECT 1) DELETE FROM line".into(),
    ] {
        assert!(pool.fetch_all(query.as_str()).await.is_err(), "was let through: {query}");
    }
    assert!(!elsewhere.exists());
    assert!(pool.fetch_all("SELECT * FROM view_history").await.is_ok(), "and it still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_never_made_by_looking_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("ledger.db");
    assert!(pool(&missing).await.is_err());
    assert!(!missing.exists());
}
