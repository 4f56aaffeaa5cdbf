//! History and overview as CSV: what their screens show, filtered as they are. `ui/ledger.js` asks the same of the same
//! views.

use relaypacs_model::Moment;
use serde::Deserialize;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Column, Error, Row, TypeInfo, ValueRef};

const MILLIS_OF_A_DAY: i64 = 86_400_000;

/// What of the history is shown. An empty word leaves nothing out.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct HistoryFilter {
    destination: String,
    modality: String,
    /// `complete`, `found` (all that was found, and the source lacks something), `waiting`, `incomplete`.
    verdict: String,
    days: Option<u32>,
    search: String,
}

const HISTORY: [&str; 18] = [
    "at",
    "queued",
    "confirmed",
    "destination",
    "modality",
    "priority",
    "images",
    "in_the_archive",
    "waiting",
    "not_in_the_archive",
    "bytes",
    "seconds",
    "bytes_per_second",
    "verdict",
    "listed_missing",
    "index_partly",
    "to_look_at",
    "receipt",
];

/// Every study of every receipt, and what is known of it once it reached an archive.
const STUDIES: &str = "SELECT tried.receipt AS receipt, tried.destination AS destination, tried.last AS last, \
     sent.modality AS modality, sent.priority AS priority, sent.queued AS queued, sent.at AS confirmed, \
     coalesce(sent.at, (SELECT at FROM view_line WHERE view_line.number = tried.last)) AS at, \
     tried.instances AS images, tried.in_the_archive AS in_the_archive, tried.waiting AS waiting, \
     tried.not_in_the_archive AS not_in_the_archive, tried.bytes AS bytes, \
     source.listed_missing AS listed_missing, source.index_partly AS index_partly, source.to_look_at AS to_look_at, \
     CASE WHEN tried.not_in_the_archive > 0 THEN 'incomplete' WHEN tried.waiting > 0 THEN 'waiting' \
     WHEN source.listed_missing + source.index_partly + source.to_look_at > 0 THEN 'found' \
     ELSE 'complete' END AS verdict \
     FROM view_study AS tried LEFT JOIN view_sent AS sent ON sent.receipt = tried.receipt AND sent.study = tried.study \
     LEFT JOIN view_source AS source ON source.receipt = tried.receipt";

/// The history, latest first.
pub(super) async fn history(
    pool: &SqlitePool,
    filter: &HistoryFilter,
    now: Moment,
) -> Result<String, Error> {
    let moment = |name: &str| {
        format!("strftime('%Y-%m-%dT%H:%M:%SZ', {name} / 1000, 'unixepoch') AS {name}_utc")
    };
    let sql = format!(
        "SELECT {}, {}, {}, destination, modality, priority, images, in_the_archive, waiting, not_in_the_archive, \
         bytes, CASE WHEN confirmed > queued THEN (confirmed - queued + 500) / 1000 END AS seconds, \
         CASE WHEN confirmed > queued THEN bytes * 1000 / (confirmed - queued) END AS bytes_per_second, \
         verdict, listed_missing, index_partly, to_look_at, receipt FROM ({STUDIES}) \
         WHERE (?1 = '' OR destination = ?1) AND (?2 = '' OR modality = ?2) \
         AND (?3 = '' OR verdict = ?3) AND (?4 IS NULL OR at >= ?4) AND (?5 = '' OR destination LIKE ?5 ESCAPE '!' \
         OR modality LIKE ?5 ESCAPE '!' OR CAST(receipt AS TEXT) LIKE ?5 ESCAPE '!') ORDER BY last DESC",
        moment("at"),
        moment("queued"),
        moment("confirmed"),
    );
    let since = filter.days.map(|days| now.0.saturating_sub(i64::from(days) * MILLIS_OF_A_DAY));
    let rows = sqlx::query(&sql)
        .bind(&filter.destination)
        .bind(&filter.modality)
        .bind(&filter.verdict)
        .bind(since)
        .bind(pattern(&filter.search));
    Ok(csv(&HISTORY, &rows.fetch_all(pool).await?))
}

/// What is looked for, anywhere in a word. No wildcards of the person's: `%` and `_` are looked for as they are.
fn pattern(search: &str) -> String {
    let search = search.trim();
    if search.is_empty() {
        return String::new();
    }
    let escaped = search.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

const OVERVIEW: [&str; 8] = [
    "day",
    "destination",
    "modality",
    "priority",
    "studies",
    "images",
    "images_in_archive",
    "bytes",
];

/// What reached an archive, day by day (UTC). So many days, the last of which is today.
pub(super) async fn overview(
    pool: &SqlitePool,
    days: Option<u32>,
    now: Moment,
) -> Result<String, Error> {
    let today = now.0.div_euclid(MILLIS_OF_A_DAY);
    let begin = days.map_or(0, |days| (today - i64::from(days) + 1) * MILLIS_OF_A_DAY);
    let rows = sqlx::query(
        "SELECT date(at / 1000, 'unixepoch') AS day, destination, modality, priority, count(*) AS studies, \
         sum(images) AS images, sum(images_in_archive) AS images_in_archive, sum(bytes) AS bytes \
         FROM view_sent WHERE at >= ?1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    );
    Ok(csv(&OVERVIEW, &rows.bind(begin).fetch_all(pool).await?))
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

/// What stands in a column, as text.
pub(super) fn cell(row: &SqliteRow, name: &str) -> String {
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
    use sqlx::Executor;
    use sqlx::sqlite::SqlitePoolOptions;

    /// 2026-11-23T06:10:45Z
    const NOW: Moment = Moment(1_795_414_245_000);

    /// What the views hold of four studies: one is there, one waits, two were sent ten days ago, of which one lacks an image and
    /// the source of the other a file.
    async fn views() -> SqlitePool {
        let pool =
            SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        pool.execute(
            "CREATE TABLE view_study (study, receipt, destination, last, instances, in_the_archive, waiting, \
                 not_in_the_archive, bytes);
             CREATE TABLE view_line (number, at);
             CREATE TABLE view_sent (number, at, receipt, study, destination, modality, priority, queued, images, \
                 images_in_archive, bytes);
             CREATE TABLE view_source (receipt, listed_missing, index_partly, to_look_at);",
        )
        .await
        .unwrap();
        let long_ago = NOW.0 - 10 * MILLIS_OF_A_DAY;
        let rows = format!(
            "INSERT INTO view_study VALUES ('a', 3, 'Main PACS', 30, 4, 4, 0, 0, 8000),
                 ('b', 2, 'Clinic_B', 20, 2, 0, 2, 0, 500), ('c', 1, 'Main PACS', 10, 3, 2, 0, 1, 900),
                 ('d', 0, 'Main PACS', 5, 1, 1, 0, 0, 900);
             INSERT INTO view_line VALUES (20, {now});
             INSERT INTO view_sent VALUES (9, {now}, 3, 'a', 'Main PACS', 'CT+SR', 'stat', {now} - 4000, 4, 4, 8000),
                 (4, {long_ago}, 1, 'c', 'Main PACS', 'MR', 'routine', {long_ago} - 1000, 3, 2, 900),
                 (8, {long_ago}, 0, 'd', 'Main PACS', 'US', 'routine', {long_ago} - 1000, 1, 1, 900);
             INSERT INTO view_source VALUES (3, 0, 0, 0), (1, 0, 0, 0), (0, 2, 0, 1);",
            now = NOW.0,
        );
        pool.execute(rows.as_str()).await.unwrap();
        pool
    }

    /// The receipts of the rows, in their order.
    fn receipts(csv: &str) -> Vec<&str> {
        csv.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect()
    }

    #[tokio::test]
    async fn the_history_is_exported_as_it_is_filtered() {
        let pool = views().await;
        let all = history(&pool, &HistoryFilter::default(), NOW).await.unwrap();
        assert_eq!(receipts(&all), ["3", "2", "1", "0"]);
        assert_eq!(
            all.lines().nth(1).unwrap(),
            "2026-11-23T06:10:45Z,2026-11-23T06:10:41Z,2026-11-23T06:10:45Z,Main PACS,CT+SR,stat,4,4,0,0,8000,4,2000,\
             complete,0,0,0,3"
        );
        let word = |word: &str| word.to_owned();
        let plain = HistoryFilter::default;
        for (filter, wanted) in [
            (HistoryFilter { destination: word("Main PACS"), ..plain() }, vec!["3", "1", "0"]),
            (HistoryFilter { modality: word("MR"), ..plain() }, vec!["1"]),
            (HistoryFilter { verdict: word("waiting"), ..plain() }, vec!["2"]),
            (HistoryFilter { verdict: word("complete"), ..plain() }, vec!["3"]),
            (HistoryFilter { verdict: word("found"), ..plain() }, vec!["0"]),
            (HistoryFilter { verdict: word("incomplete"), ..plain() }, vec!["1"]),
            (HistoryFilter { days: Some(7), ..plain() }, vec!["3", "2"]),
            (HistoryFilter { search: word(" sr "), ..plain() }, vec!["3"]),
            (HistoryFilter { search: word("c_b"), ..plain() }, vec!["2"]),
            (HistoryFilter { search: word("n%p"), ..plain() }, vec![]),
        ] {
            let csv = history(&pool, &filter, NOW).await.unwrap();
            assert_eq!(receipts(&csv), wanted, "{filter:?}");
        }
    }

    #[tokio::test]
    async fn the_overview_is_exported_by_day_destination_modality_and_priority() {
        let pool = views().await;
        let week = overview(&pool, Some(7), NOW).await.unwrap();
        assert_eq!(
            week,
            "day,destination,modality,priority,studies,images,images_in_archive,bytes\r\n\
             2026-11-23,Main PACS,CT+SR,stat,1,4,4,8000\r\n"
        );
        assert_eq!(overview(&pool, None, NOW).await.unwrap().lines().count(), 4);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_guard_of_the_ledger_lets_both_through() {
        let (_folder, pool) = crate::sql::tests::ledger().await;
        let history = history(&pool, &HistoryFilter::default(), NOW).await.unwrap();
        assert_eq!(history.trim_end(), HISTORY.join(","));
        assert_eq!(overview(&pool, None, NOW).await.unwrap().trim_end(), OVERVIEW.join(","));
    }

    #[test]
    fn a_cell_is_never_a_formula_and_never_two_cells() {
        assert_eq!(quoted("Main PACS"), "Main PACS");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("@SUM"), "'@SUM");
    }
}
