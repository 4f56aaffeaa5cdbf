//! Salvage: a damaged queue is put aside, and what can still be read of it goes on in a new one.
//!
//! Every page that is read was authentic under the key, so a row is as it was written, or it is not read at all. What the
//! row says of the archive is not relied on all the same: what was sent, stored or confirmed becomes unknown, and the
//! archive is asked. The damaged files are only ever renamed; all reading is done on a copy.
//!
//! A crash at any point loses nothing: the new queue is filled under another name, and the damaged one leaves its place
//! only once the new one is whole and on the disk. [`finish_salvage`] does what is left of that.

use crate::open::{Queue, beside, connect_to_wreck, set_aside, sync_folder};
use crate::wreck::{self, Wreck};
use crate::{QueueError, QueueKey, Result, table};
use relaypacs_model::Moment;
use rusqlite::types::Value;
use rusqlite::{ErrorCode, Transaction, params, params_from_iter};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What was taken over from a damaged queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Instances that are in the new queue.
    pub instances: u64,
    /// Instances that could not be read; `None` where not even their number could.
    pub lost: Option<u64>,
}

/// Puts a damaged queue aside (see [`set_aside`]) and begins a new one with what can still be read of it. Returns where
/// the damaged database is now, and what was taken over.
///
/// # Errors
/// [`QueueError::DiskFull`] and [`QueueError::NotWritable`], before anything was moved; [`QueueError::TooNew`];
/// [`QueueError::InUse`]. It can be called again.
pub fn replace_damaged(path: &Path, key: &QueueKey, now: Moment) -> Result<(PathBuf, Salvaged)> {
    let (copy, filling) = (beside(path, ".reading"), beside(path, ".filling"));
    clear(&copy)?;
    clear(&filling)?;
    for part in ["", "-wal"] {
        wreck::copy(&beside(path, part), &beside(&copy, part))?;
    }
    let mut queue = Queue::open(&filling, key, now)?;
    let salvaged = fill(&mut queue, &copy, key, now);
    let written = queue.barrier();
    drop(queue);
    clear(&copy)?;
    let salvaged = salvaged?;
    written?;
    rename(&filling, &beside(path, ".new"))?;
    clear(&filling)?;
    let kept = set_aside(path, now)?;
    sync_folder(path);
    finish_salvage(path)?;
    Ok((kept, salvaged))
}

/// Finishes a [`replace_damaged`] that was interrupted after the damaged queue was put aside. Belongs before every
/// [`Queue::open`].
///
/// # Errors
/// [`QueueError::NotWritable`].
pub fn finish_salvage(path: &Path) -> Result<()> {
    let new = beside(path, ".new");
    if !path.exists() && new.exists() {
        rename(&new, path)?;
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|_| QueueError::NotWritable)?;
    sync_folder(to);
    Ok(())
}

/// Takes away what an interrupted salvage left.
fn clear(path: &Path) -> Result<()> {
    for part in ["", "-wal", "-shm", ".lock"] {
        match fs::remove_file(beside(path, part)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return Err(QueueError::NotWritable),
        }
    }
    Ok(())
}

/// Tables with a row id, parents first, and what of them is not taken over: how far the asking of the archive had come,
/// which begins anew.
const TABLES: [(&str, &[&str]); 6] = [
    ("destination", &[]),
    ("import", &[]),
    (
        "study",
        &[
            "asked",
            "ask_number",
            "ask_after",
            "left_reason",
            "left_status",
            "left_dicom",
            "left_times",
        ],
    ),
    ("instance", &["listed_in", "changed_in"]),
    ("spool_key", &[]),
    ("spool", &[]),
];
/// Small tables without one: sums and volumes of imports. Tallies are kept by triggers as rows come in.
const OF_IMPORTS: [&str; 3] = ["import_skip", "gone", "import_volume"];
/// What holds for the whole queue: whether a person paused it, and the latest moment that it knew. A new queue has its
/// own, which give way.
const OF_ALL: &str = "setting";
/// What the series of a study say of themselves.
const OF_STUDIES: [&str; 1] = ["series"];

fn fill(queue: &mut Queue, copy: &Path, key: &QueueKey, now: Moment) -> Result<Salvaged> {
    let Ok(mut wreck) = Wreck::open(copy, |path| connect_to_wreck(path, key)) else {
        return Ok(Salvaged::default());
    };
    match wreck.version() {
        Some(found) if found > table::VERSION => return Err(QueueError::TooNew),
        Some(_) => {}
        None => return Ok(Salvaged::default()),
    }
    queue.durably(|tx| {
        // Known twice, so that it is known where one of the two cannot be read.
        let unfinished = wreck.held()?;
        let mut taking = Taking { tx, now, imports: HashSet::new(), unfinished };
        taking.whole(&mut wreck, OF_ALL)?;
        for (table, without) in TABLES {
            taking.table(&mut wreck, table, without)?;
            let small: &[&str] = match table {
                "import" => &OF_IMPORTS,
                "study" => &OF_STUDIES,
                _ => &[],
            };
            small.iter().try_for_each(|table| taking.whole(&mut wreck, table))?;
        }
        taking.settle()?;
        let instances =
            tx.query_row("SELECT count(*) FROM instance", [], |row| table::unsigned(row, 0))?;
        let expected = wreck.tallied(&taking.unfinished);
        Ok(Salvaged { instances, lost: expected.map(|all| all.saturating_sub(instances)) })
    })
}

/// Rows on their way from the wreck into the new queue.
struct Taking<'a> {
    tx: &'a Transaction<'a>,
    now: Moment,
    /// Imports that are in the new queue.
    imports: HashSet<i64>,
    /// Imports without an end: their instances were never to be sent.
    unfinished: HashSet<i64>,
}

impl Taking<'_> {
    fn table(&mut self, wreck: &mut Wreck<'_>, table: &str, without: &[&str]) -> Result<()> {
        let columns = wreck.columns(table, &self.columns(table, without)?);
        if columns.is_empty() {
            return Ok(());
        }
        let insert = insert(table, &columns);
        let place = |name: &str| columns.iter().position(|column| column == name);
        let (id, end) = (place("id"), place("finished_at"));
        let (study, import) = (place("study_id"), place("import_id"));
        wreck.rows(table, &columns, &mut |row| {
            let number = |place: Option<usize>| row.get(place?).and_then(wreck::integer);
            match table {
                "import" if number(end).is_none() => {
                    self.unfinished.extend(number(id));
                    return Ok(());
                }
                "instance" if !self.has_import(number(import), number(study))? => return Ok(()),
                _ => {}
            }
            let taken = self.put(&insert, &row)?;
            if taken && table == "import" {
                self.imports.extend(number(id));
            }
            Ok(())
        })
    }

    fn whole(&mut self, wreck: &mut Wreck<'_>, table: &str) -> Result<()> {
        let columns = wreck.columns(table, &self.columns(table, &[])?);
        let insert = insert(table, &columns);
        wreck.whole(table, &columns, &mut |row| self.put(&insert, &row).map(drop))
    }

    /// The columns of the new table, without some.
    fn columns(&self, table: &str, without: &[&str]) -> Result<Vec<String>> {
        let mut statement = self.tx.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let all = statement.query_map([table], |row| row.get::<_, String>(0))?;
        let all = all.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(all.into_iter().filter(|name| !without.contains(&name.as_str())).collect())
    }

    /// True where the import of an instance is there. One whose row could not be read gets another, ended now.
    fn has_import(&mut self, import: Option<i64>, study: Option<i64>) -> Result<bool> {
        let Some(import) = import.filter(|import| !self.unfinished.contains(import)) else {
            return Ok(false);
        };
        if self.imports.insert(import) {
            self.tx.execute(
                "INSERT INTO import (id, destination_id, created, finished_at) \
                 SELECT ?1, destination_id, ?2, ?2 FROM study WHERE id = ?3",
                params![import, self.now.0, study],
            )?;
        }
        Ok(true)
    }

    /// Puts a row in; false where what it belongs to could not be read.
    fn put(&self, insert: &str, row: &[Value]) -> Result<bool> {
        match self.tx.prepare_cached(insert)?.execute(params_from_iter(row)) {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What was on its way, stored or confirmed is unknown (3) now; a copy (2) whose name or key could not be read is due
    /// (1) again; a patient without an image does not stay.
    fn settle(&self) -> Result<()> {
        self.tx.execute_batch(
            "UPDATE instance SET state = 3, until = 0, proof = NULL WHERE state IN (2, 4, 5, 6); \
             UPDATE instance SET copy = 1 WHERE copy = 2 \
             AND NOT EXISTS (SELECT 1 FROM spool WHERE instance_id = instance.id); \
             DELETE FROM study WHERE NOT EXISTS (SELECT 1 FROM instance WHERE study_id = study.id);",
        )?;
        Ok(())
    }
}

fn insert(table: &str, columns: &[String]) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    let twice = if table == OF_ALL { "REPLACE" } else { "IGNORE" };
    format!(
        "INSERT OR {twice} INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        places.join(", ")
    )
}
