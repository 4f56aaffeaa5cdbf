//! Reading a damaged database: whatever rows can be reached, around the pages that are not authentic.

use crate::{QueueError, Result, table};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::{BinaryHeap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How often a read may fail before the rest of a table counts as lost: some milliseconds each. The largest stretches
/// are looked into first, so that what is left out by that is the ground between pages that are gone.
const FAILURES: u32 = 20_000;
/// A page of SQLCipher 4, in bytes.
const PAGE: usize = 4096;

/// Called with a row's values, in the order of the columns.
type Take<'a> = &'a mut dyn FnMut(Vec<Value>) -> Result<()>;

/// A copy of a damaged database, open for reading.
pub(crate) struct Wreck<'a> {
    path: PathBuf,
    connect: Box<dyn Fn(&Path) -> rusqlite::Result<Connection> + 'a>,
    conn: Connection,
}

/// Row ids from the first to the last, both included. The longest is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    length: i64,
    from: i64,
}

impl<'a> Wreck<'a> {
    /// Opens a copy with what connects to it.
    pub(crate) fn open(
        path: &Path,
        connect: impl Fn(&Path) -> rusqlite::Result<Connection> + 'a,
    ) -> rusqlite::Result<Self> {
        let conn = connect(path)?;
        Ok(Self { path: path.to_owned(), connect: Box::new(connect), conn })
    }

    /// The version of its tables; `None` where not even that can be read.
    pub(crate) fn version(&self) -> Option<usize> {
        let version: i64 = self.conn.query_row("PRAGMA user_version", [], |row| row.get(0)).ok()?;
        usize::try_from(version).ok()
    }

    /// Those of `wanted` that this table has.
    pub(crate) fn columns(&self, table: &str, wanted: &[String]) -> Vec<String> {
        let names = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.conn.prepare("SELECT name FROM pragma_table_info(?1)")?;
            statement.query_map([table], |row| row.get(0))?.collect()
        };
        let there = names().unwrap_or_default();
        wanted.iter().filter(|name| there.contains(name)).cloned().collect()
    }

    /// Every row of a table with row ids that can be read, by halving around what cannot.
    pub(crate) fn rows(&mut self, table: &str, columns: &[String], take: Take<'_>) -> Result<()> {
        let sql = format!(
            "SELECT rowid, {} FROM {table} WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid",
            columns.join(", ")
        );
        let Some(last) = self.last_id(table)? else { return Ok(()) };
        let mut open = BinaryHeap::from([Stretch { length: last, from: 1 }]);
        let mut failures = 0;
        while let Some(Stretch { length, from }) = open.pop() {
            let end = from.saturating_add(length);
            let Some(unread) = self.stretch(&sql, from, end.saturating_sub(1), take)? else {
                continue;
            };
            failures += 1;
            let left = end.saturating_sub(unread);
            if left <= 1 || failures > FAILURES {
                continue;
            }
            self.reopen()?;
            let half = left / 2;
            open.push(Stretch { length: half, from: unread });
            open.push(Stretch { length: left - half, from: unread.saturating_add(half) });
        }
        Ok(())
    }

    /// Reads on until a page is not authentic; gives the first row id that was not read then.
    fn stretch(&self, sql: &str, from: i64, to: i64, take: Take<'_>) -> Result<Option<i64>> {
        let mut unread = from;
        let Ok(mut statement) = self.conn.prepare_cached(sql) else { return Ok(Some(unread)) };
        let width = statement.column_count();
        let Ok(mut rows) = statement.query([from, to]) else { return Ok(Some(unread)) };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(None),
                Err(_) => return Ok(Some(unread)),
            };
            let values: rusqlite::Result<Vec<Value>> = (1..width).map(|at| row.get(at)).collect();
            let (Ok(id), Ok(values)) = (row.get::<_, i64>(0), values) else {
                return Ok(Some(unread));
            };
            take(values)?;
            unread = id.saturating_add(1);
        }
    }

    /// Every row of a small table without row ids, up to the first page that is not authentic.
    pub(crate) fn whole(&mut self, table: &str, columns: &[String], take: Take<'_>) -> Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT 0, {} FROM {table} WHERE ?1 <= ?2", columns.join(", "));
        if self.stretch(&sql, 0, 0, take)?.is_some() {
            self.reopen()?;
        }
        Ok(())
    }

    /// The imports that hold a study: those without an end.
    pub(crate) fn held(&mut self) -> Result<HashSet<i64>> {
        let mut imports = HashSet::new();
        let columns = self.columns("hold", &["import_id".to_owned()]);
        self.whole("hold", &columns, &mut |row| {
            imports.extend(row.first().and_then(integer));
            Ok(())
        })?;
        Ok(imports)
    }

    /// How many instances the tally counts, without those of imports that had no end.
    pub(crate) fn tallied(&mut self, unfinished: &HashSet<i64>) -> Option<u64> {
        let mut sum = 0_u64;
        let mut statement = self.conn.prepare("SELECT import_id, instances FROM tally").ok()?;
        let mut rows = statement.query([]).ok()?;
        while let Some(row) = rows.next().ok()? {
            if !unfinished.contains(&row.get(0).ok()?) {
                sum = sum.saturating_add(table::unsigned(row, 1).ok()?);
            }
        }
        Some(sum)
    }

    /// The largest id that was ever given to a row. Where none can be told the table counts as lost.
    fn last_id(&mut self, table: &str) -> Result<Option<i64>> {
        let ways = [
            "SELECT seq FROM sqlite_sequence WHERE name = ?1".to_owned(),
            format!("SELECT max(rowid) FROM {table} WHERE ?1 <> ''"),
        ];
        for sql in ways {
            let found = self.conn.query_row(&sql, [table], |row| row.get::<_, Option<i64>>(0));
            match found {
                Ok(Some(last)) => return Ok(Some(last)),
                // Not every table keeps count of the ids it gave.
                Ok(None) | Err(rusqlite::Error::QueryReturnedNoRows) => {}
                Err(_) => self.reopen()?,
            }
        }
        Ok(None)
    }

    /// A connection that met a damaged page does not go on.
    fn reopen(&mut self) -> Result<()> {
        self.conn = (self.connect)(&self.path).map_err(QueueError::from)?;
        Ok(())
    }
}

/// A number, where it is one.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_) => None,
    }
}

/// Copies a file page by page; what the disk does not give back is zero in the copy. A file that is not there has none.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(_) => return Err(QueueError::NotWritable),
    };
    let length = source.metadata().map_err(|error| disk(&error))?.len();
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut target = options.open(to).map_err(|error| disk(&error))?;
    let mut at = 0;
    while at < length {
        let mut page = [0; PAGE];
        let size = usize::try_from(length - at).map_or(PAGE, |left| left.min(PAGE));
        let Some(part) = page.get_mut(..size) else { break };
        if source.seek(SeekFrom::Start(at)).and_then(|_| source.read_exact(part)).is_err() {
            part.fill(0);
        }
        target.write_all(part).map_err(|error| disk(&error))?;
        at += size as u64;
    }
    Ok(())
}

fn disk(error: &std::io::Error) -> QueueError {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    if full { QueueError::DiskFull } else { QueueError::NotWritable }
}
