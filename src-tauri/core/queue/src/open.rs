//! Opening the database: key, pragmas, migrations, one writer, and what a new start has to put right.

use crate::settle::{Change, apply};
use crate::table::{self, DestinationId, InstanceId};
use crate::{Event, QueueError, QueueKey, Result, reoffer, source};
use relaypacs_model::Moment;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How far the clock may go back without being taken for set back.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
/// How fine the latest moment is kept in the database.
const CLOCK_STEP: Duration = Duration::from_secs(10);

/// The queue, open for writing. There is only ever one: a lock file beside the database holds others off, and a
/// process that dies lets go of it.
#[derive(Debug)]
pub struct Queue {
    pub(crate) conn: Connection,
    latest: Moment,
    _lock: File,
}

/// The queue, open for reading beside a writer in this or another process.
#[derive(Debug)]
pub struct Reader {
    conn: Connection,
}

/// What can be read of the queue, whoever reads it: [`Queue::view`], [`Reader::view`].
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub(crate) conn: &'a Connection,
}

/// How [`Queue::barrier`] went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barrier {
    /// Everything is on the disk and in the database file alone.
    Done,
    /// A reader is in the middle of reading: the old pages stay in the write-ahead log until it ends. Try again.
    ReaderInside,
}

impl Queue {
    /// Opens the queue, makes it if it is not there, and puts right what the last process left: imports without an
    /// end are taken out again, what was being sent is unknown now, and every study has to be asked for at its
    /// archive before its next byte.
    ///
    /// # Errors
    /// [`QueueError::InUse`], [`QueueError::WrongKey`], [`QueueError::TooNew`], [`QueueError::Damaged`],
    /// [`QueueError::NotWritable`], [`QueueError::DiskFull`], and what else the database answers.
    pub fn open(path: &Path, key: &QueueKey, now: Moment) -> Result<Self> {
        Self::open_with(path, Some(key), now)
    }

    /// As [`Queue::open`]; without a key the file is plain, which is how the tests look for what erasing leaves.
    pub(crate) fn open_with(path: &Path, key: Option<&QueueKey>, now: Moment) -> Result<Self> {
        let lock = lock(path)?;
        private(path)?;
        let mut conn = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if key.is_some() {
            refuse_damage(&conn)?;
        }
        // 2,048 pages of log are 8 MB: what a long run writes without a barrier must not fill a small disk.
        conn.execute_batch(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; \
             PRAGMA wal_autocheckpoint = 2048; PRAGMA synchronous = NORMAL; \
             PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA fullfsync = ON; \
             PRAGMA checkpoint_fullfsync = ON;",
        )?;
        match version(&conn)? {
            found if found > table::VERSION => return Err(QueueError::TooNew),
            _ => table::migrations().to_latest(&mut conn).map_err(migration)?,
        }
        let latest =
            conn.query_row("SELECT value FROM setting WHERE name = 'latest'", [], |row| {
                row.get(0)
            })?;
        let mut queue = Self { conn, latest: Moment(latest), _lock: lock };
        queue.start_anew(now)?;
        Ok(queue)
    }

    /// Opens a reader beside the writer.
    ///
    /// # Errors
    /// As [`Queue::open`]; [`QueueError::TooOld`] where the tables are those of an older program.
    pub fn open_reader(path: &Path, key: &QueueKey) -> Result<Reader> {
        let conn = connect(path, Some(key), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.execute_batch("PRAGMA query_only = ON;")?;
        match version(&conn)?.cmp(&table::VERSION) {
            std::cmp::Ordering::Less => Err(QueueError::TooOld),
            std::cmp::Ordering::Equal => Ok(Reader { conn }),
            std::cmp::Ordering::Greater => Err(QueueError::TooNew),
        }
    }

    /// What can be read.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View { conn: &self.conn }
    }

    /// Gives free pages back to the file system and moves all of the write-ahead log into the database, synced:
    /// after this, what was erased is in no file. Belongs behind the end of an import and behind every erasure.
    ///
    /// # Errors
    /// Those of the database.
    pub fn barrier(&mut self) -> Result<Barrier> {
        let conn = &self.conn;
        conn.execute_batch("PRAGMA synchronous = FULL;")?;
        let outcome = truncate(conn);
        conn.execute_batch("PRAGMA synchronous = NORMAL;")?;
        Ok(if outcome? { Barrier::Done } else { Barrier::ReaderInside })
    }

    /// One transaction. What it did survives a crash of the program; a loss of power may take the last ones back,
    /// never half of one.
    pub(crate) fn write<T>(&mut self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let out = f(&tx)?;
        tx.commit()?;
        Ok(out)
    }

    /// One transaction that is on the disk when it returns: what a person did, and the end of an import.
    pub(crate) fn durably<T>(
        &mut self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.conn.execute_batch("PRAGMA synchronous = FULL;")?;
        let out = self.write(f);
        self.conn.execute_batch("PRAGMA synchronous = NORMAL;")?;
        out
    }

    /// One transaction at `now`. Where the clock was set back since the last one, what waits for a moment that is
    /// years away is put right first.
    pub(crate) fn write_at<T>(
        &mut self,
        now: Moment,
        f: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let latest = self.latest;
        let set_back = now.after(CLOCK_SLACK) < latest;
        let keep = set_back || latest.after(CLOCK_STEP) <= now;
        let out = self.write(|tx| {
            if set_back {
                clock_was_set_back(tx, now)?;
            }
            if keep {
                tx.prepare_cached("UPDATE setting SET value = ?1 WHERE name = 'latest'")?
                    .execute([now.0])?;
            }
            f(tx)
        })?;
        if keep {
            self.latest = now;
        }
        Ok(out)
    }

    fn start_anew(&mut self, now: Moment) -> Result<()> {
        self.write_at(now, |tx| {
            reoffer::remove_unfinished(tx, now)?;
            source::forget_sources(tx)?;
            table::spool::drop_keys(tx)?;
            // A start is before every claim that it will make: those in the table are of a dead process.
            end_claims(tx, "state = 2", None, Event::OwnerGone, now)?;
            tx.execute("UPDATE study SET asked = 0, ask_number = ask_number + 1", [])?;
            Ok(())
        })
    }
}

impl Reader {
    /// What can be read.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View { conn: &self.conn }
    }
}

/// Puts a damaged database aside: the database, its write-ahead log and its index are renamed to
/// `<name>.damaged-<milliseconds>`, and nothing is overwritten. Returns the new path of the database.
///
/// # Errors
/// [`QueueError::InUse`] while somebody has it open for writing, [`QueueError::NotWritable`] where a file cannot be
/// renamed; calling it again finishes what is left.
pub fn set_aside(path: &Path, now: Moment) -> Result<PathBuf> {
    let _lock = lock(path)?;
    let mut stamp = now.0;
    loop {
        let suffix = format!(".damaged-{stamp}");
        let target = beside(path, &suffix);
        let taken = ["", "-wal", "-shm"].iter().any(|part| beside(&target, part).exists());
        if taken {
            stamp = stamp.saturating_add(1);
            continue;
        }
        // The log first: a database without its log is only older, a log without its database is lost.
        for part in ["-wal", "-shm", ""] {
            let from = beside(path, part);
            if from.exists() {
                std::fs::rename(from, beside(&target, part))
                    .map_err(|_| QueueError::NotWritable)?;
            }
        }
        return Ok(target);
    }
}

/// Ends every claim that `condition` finds, of one destination where one is given; one by one, since they are as few as
/// the senders.
pub(crate) fn end_claims(
    tx: &Transaction<'_>,
    condition: &'static str,
    of: Option<DestinationId>,
    event: Event,
    now: Moment,
) -> Result<u64> {
    let sql = format!(
        "SELECT id FROM instance WHERE {condition} AND ?1 IS NOT NULL \
         AND (?2 IS NULL OR study_id IN (SELECT study.id FROM study WHERE destination_id = ?2))"
    );
    let ids: Vec<InstanceId> = tx
        .prepare_cached(&sql)?
        .query_map(params![now.0, of], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut ended = 0;
    for id in ids {
        if apply(tx, id, &Change::of(event), now)?.is_ok() {
            ended += 1;
        }
    }
    Ok(ended)
}

fn clock_was_set_back(tx: &Transaction<'_>, now: Moment) -> Result<()> {
    // Every claim is one of this process, since a start ends those of the last one: its sender is at work, and ending the
    // claim would send a second time what is on its way.
    tx.execute(
        "UPDATE instance SET until = ?1 + (until - since), since = ?1 \
         WHERE state = 2 AND since > ?1",
        [now.0],
    )?;
    tx.execute(
        "UPDATE instance SET until = ?1, since = ?1 WHERE state = 1 AND since > ?1",
        [now.0],
    )?;
    tx.execute("UPDATE study SET ask_after = 0", [])?;
    tx.execute(
        "UPDATE destination SET park_until = ?1 WHERE park_until IS NOT NULL AND parked_at > ?1",
        [now.0],
    )?;
    Ok(())
}

fn truncate(conn: &Connection) -> Result<bool> {
    let mut vacuum = conn.prepare("PRAGMA incremental_vacuum")?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

fn connect(path: &Path, key: Option<&QueueKey>, access: OpenFlags) -> Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    if let Some(key) = key {
        conn.execute_batch(&key.pragma())?;
        conn.execute_batch("PRAGMA cipher_memory_security = OFF;")?;
    }
    conn.busy_timeout(Duration::from_secs(2))?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0);
    conn.set_prepared_statement_cache_capacity(64);
    let first = conn.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -32768; \
         SELECT count(*) FROM sqlite_schema;",
    );
    match first {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(wrong_key_or_damaged(&conn))
        }
        other => Ok(other.map(|()| conn)?),
    }
}

/// Connects to a copy of a damaged database, which may be shorter than it says of itself.
pub(crate) fn connect_to_wreck(path: &Path, key: &QueueKey) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.execute_batch(&key.pragma())?;
    conn.execute_batch(
        "PRAGMA cipher_memory_security = OFF; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; \
         PRAGMA writable_schema = ON; SELECT count(*) FROM sqlite_schema;",
    )?;
    Ok(conn)
}

/// The first page cannot be read: either no page is authentic under this key, or only some are not.
fn wrong_key_or_damaged(conn: &Connection) -> QueueError {
    let pages = conn.path().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |meta| {
        // A page of SQLCipher 4 has 4,096 bytes; a last one that was cut off counts.
        meta.len().div_ceil(4096)
    });
    match damaged_pages(conn) {
        Ok(bad) if bad < pages => QueueError::Damaged,
        _ => QueueError::WrongKey,
    }
}

/// Damage shows before anything is done with what is whole. The log goes into the database first: a page that a loss of
/// power tore is whole again by that, and was no damage.
fn refuse_damage(conn: &Connection) -> Result<()> {
    let busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    match busy.map_err(QueueError::from) {
        Ok(0) if damaged_pages(conn)? > 0 => Err(QueueError::Damaged),
        Err(QueueError::Damaged) => Err(QueueError::Damaged),
        // A full disk or a reader: nothing can be told now.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// How many pages are not as they were written.
fn damaged_pages(conn: &Connection) -> rusqlite::Result<u64> {
    let mut statement = conn.prepare("PRAGMA cipher_integrity_check")?;
    let mut rows = statement.query([])?;
    let mut bad = 0;
    while rows.next()?.is_some() {
        bad += 1;
    }
    Ok(bad)
}

fn version(conn: &Connection) -> Result<usize> {
    let found: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(found).unwrap_or(usize::MAX))
}

fn migration(error: rusqlite_migration::Error) -> QueueError {
    if let rusqlite_migration::Error::RusqliteError { query: _, err } = error {
        err.into()
    } else {
        QueueError::Statement
    }
}

/// The lock file is never removed: removing it would let two processes lock two files of the same name.
fn lock(path: &Path) -> Result<File> {
    let file = private(&beside(path, ".lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(QueueError::InUse),
        Err(TryLockError::Error(_)) => Err(QueueError::NotWritable),
    }
}

/// Opens or makes a file that only its owner may read.
fn private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        let full = error.kind() == std::io::ErrorKind::StorageFull;
        if full { QueueError::DiskFull } else { QueueError::NotWritable }
    })
}

/// Makes a rename in the folder of `path` outlive a loss of power, where a folder can be synced at all.
pub(crate) fn sync_folder(path: &Path) {
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        // Where it fails the file system decides; SQLite's own files are synced by SQLite.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
