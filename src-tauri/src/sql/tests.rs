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

/// What gets round a guard that goes by the name of a view alone: others that are called as one is.
const DISGUISED: &[&str] = &[
    "WITH view_history AS (SELECT * FROM event) SELECT * FROM view_history",
    "WITH view_history(x) AS (SELECT content FROM line) SELECT x FROM view_history",
    "WITH view_history AS NOT MATERIALIZED (SELECT mac FROM seal) SELECT * FROM view_history",
    "WITH RECURSIVE view_history AS (SELECT * FROM event) SELECT * FROM view_history",
    "WITH RECURSIVE view_history(x) AS (SELECT id FROM event UNION SELECT x FROM view_history) \
     SELECT x FROM view_history",
    "SELECT * FROM (WITH view_line AS (SELECT * FROM line) SELECT * FROM view_line)",
    "WITH a AS (WITH view_line AS (SELECT content FROM line) SELECT * FROM view_line) SELECT * FROM a",
    "SELECT (WITH view_sent AS (SELECT id FROM event) SELECT max(id) FROM view_sent)",
    "WITH \"view_history\" AS (SELECT * FROM event) SELECT * FROM \"view_history\"",
    "WITH [view_history] AS (SELECT * FROM \"event\") SELECT * FROM `view_history`",
    "with View_History as (select * from Event) select * from VIEW_HISTORY",
    "WITH view_history AS (SELECT mac FROM main.seal) SELECT * FROM view_history, main.view_receipt",
    "WITH view_history AS (SELECT sql FROM sqlite_master) SELECT * FROM view_history",
    "WITH view_history AS (SELECT * FROM pragma_database_list) SELECT * FROM view_history",
    "SELECT * FROM view_history JOIN (SELECT id FROM event) AS view_receipt",
    "CREATE TEMP VIEW view_history AS SELECT * FROM event",
    "CREATE TEMP TABLE view_history AS SELECT * FROM event",
    "CREATE VIEW temp.view_line AS SELECT * FROM line",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_called_as_a_view_is_gets_what_the_views_do_not_show() {
    let (_folder, pool) = ledger().await;
    for query in DISGUISED {
        assert!(pool.fetch_all(*query).await.is_err(), "was let through: {query}");
    }
    assert!(pool.fetch_all("SELECT * FROM view_history").await.is_ok(), "and it still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_knows_every_column_that_the_views_do_not_show() {
    let (folder, pool) = ledger().await;
    let path = folder.path().join("ledger.db");
    let open = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path).read_only(true));
    let open = open.await.unwrap();
    let tables = "SELECT t.name AS t, c.name AS c FROM sqlite_master AS t, pragma_table_info(t.name) AS c \
                  WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut hidden = Vec::new();
    for row in open.fetch_all(tables).await.unwrap() {
        let (table, column): (String, String) = (row.get("t"), row.get("c"));
        let query = format!(
            "WITH view_history AS (SELECT {column} FROM {table}) SELECT * FROM view_history"
        );
        if pool.fetch_all(query.as_str()).await.is_err() {
            hidden.push(format!("{table}.{column}"));
        }
    }
    open.close().await;
    hidden.sort();
    let seal =
        ["chain", "events", "key_check", "lines", "mac", "one"].map(|it| format!("seal.{it}"));
    let others = ["event.id", "line.content"].map(str::to_owned);
    assert_eq!(hidden, others.into_iter().chain(seal).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_the_window_is_answered() {
    let (_folder, pool) = ledger().await;
    let all = questions::questions();
    assert_eq!(all.len(), 9, "{all:?}");
    for question in all {
        assert!(question.starts_with("SELECT ") && !question.contains("${"), "{question}");
        let mut query = sqlx::query(&question);
        for n in 1..=7 {
            if question.contains(&format!("${n}")) {
                query = query.bind(1.0);
            }
        }
        assert!(pool.fetch_all(query).await.is_ok(), "{question}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_never_made_by_looking_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("ledger.db");
    assert!(pool(&missing).await.is_err());
    assert!(!missing.exists());
}
