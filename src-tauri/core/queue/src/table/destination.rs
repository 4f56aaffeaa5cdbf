//! `destination`: where studies go, how to sign in there, what was learned of it, and whether it is parked.

use super::DestinationId;
use super::destination_row::{self as row, COLUMNS};
use crate::{Queue, QueueError, Result, View};
use relaypacs_model::{Code, Destination, DestinationName, Dialect, Location, Moment, Reason};
use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

pub(crate) const V1: &str = "
CREATE TABLE destination (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE,
    label TEXT NOT NULL,
    root TEXT NOT NULL,
    sign_in INTEGER NOT NULL,
    user TEXT NOT NULL,
    secret TEXT NOT NULL,
    ca BLOB,
    read_back INTEGER NOT NULL,
    dialect INTEGER NOT NULL DEFAULT 0,
    max_request_bytes INTEGER,
    paused INTEGER NOT NULL DEFAULT 0,
    park_reason TEXT,
    park_status INTEGER,
    park_dicom INTEGER,
    parked_at INTEGER NOT NULL DEFAULT 0,
    park_until INTEGER,
    park_attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX destination_in_place ON destination(root, sign_in, user) WHERE name IS NULL;
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting (name, value) VALUES ('paused', 0), ('latest', 0);
";

/// The one destination that leads to the practice archive of this computer. A name would not do: a person may use it too.
pub(crate) const PRACTICE_V1: &str = "
ALTER TABLE destination ADD COLUMN practice INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX destination_for_practice ON destination(practice) WHERE practice = 1;
";

pub(crate) const UNPARK: &str = "UPDATE destination SET park_reason = NULL, park_status = NULL, \
     park_dicom = NULL, park_until = NULL, park_attempts = 0 WHERE id = ?1";

/// What was learned of a destination and is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// Which interface it has.
    pub dialect: Dialect,
    /// The largest request, in bytes, that it is known to take; `None` where no limit was met.
    pub max_request_bytes: Option<u64>,
}

/// A destination, or one study, that is not to be tried for now. Its rows stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parked {
    /// Why.
    pub reason: Reason,
    /// Until when; `None` until a person acts.
    pub until: Option<Moment>,
    /// How many times in a row it was parked; [`Queue::unpark`] ends the row, and for a study an answer does.
    pub attempts: u32,
}

/// A destination as the queue holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRow {
    /// Its id.
    pub id: DestinationId,
    /// Its name, where it was saved under one.
    pub name: Option<DestinationName>,
    /// Root, sign-in, trust.
    pub destination: Destination,
    /// What was learned of it.
    pub learned: Learned,
    /// True where a person paused it.
    pub paused: bool,
    /// Set where it was parked, also where the time is over and the next try is due.
    pub parked: Option<Parked>,
    /// True for the practice archive; never for one that a person saved.
    pub practice: bool,
}

impl Queue {
    /// Saves a destination under a name, or replaces what this name stood for. A new root is a new archive: what was
    /// learned is forgotten and it is asked anew about every study.
    ///
    /// # Errors
    /// Those of the database.
    pub fn save_destination(
        &mut self,
        name: &DestinationName,
        destination: &Destination,
    ) -> Result<DestinationId> {
        self.durably(|tx| {
            let Some(id) = named(tx, name)? else {
                return insert(tx, Some(name), destination);
            };
            replace(tx, id, destination)?;
            is_for_practice(tx, id, false)?;
            Ok(id)
        })
    }

    /// Saves the destination of the practice archive: in the place of the one before, whatever that is called, and under
    /// this name where there was none. What a person saved is never touched.
    ///
    /// # Errors
    /// [`QueueError::NameTaken`] where there was none and another destination has this name; those of the database.
    pub fn save_practice(
        &mut self,
        name: &DestinationName,
        destination: &Destination,
    ) -> Result<DestinationId> {
        self.durably(|tx| {
            let known = tx
                .prepare_cached("SELECT id FROM destination WHERE practice = 1")?
                .query_row([], |row| row.get(0))
                .optional()?;
            if let Some(id) = known {
                replace(tx, id, destination)?;
                return Ok(id);
            }
            if named(tx, name)?.is_some() {
                return Err(QueueError::NameTaken);
            }
            let id = insert(tx, Some(name), destination)?;
            is_for_practice(tx, id, true)?;
            Ok(id)
        })
    }

    /// Gives a destination another name, and replaces what it was, as [`Queue::save_destination`] does. What waits for it
    /// goes on waiting for it.
    ///
    /// # Errors
    /// [`QueueError::NameTaken`] where another one has this name, [`QueueError::NoSuchRow`]; then nothing was changed.
    pub fn rename_destination(
        &mut self,
        id: DestinationId,
        name: &DestinationName,
        destination: &Destination,
    ) -> Result<()> {
        self.durably(|tx| {
            replace(tx, id, destination)?;
            is_for_practice(tx, id, false)?;
            let renamed = tx.execute(
                "UPDATE destination SET name = ?2 WHERE id = ?1 AND NOT EXISTS \
                 (SELECT 1 FROM destination AS other WHERE other.name = ?2 AND other.id <> ?1)",
                params![id, name.as_str()],
            )?;
            if renamed == 0 { Err(QueueError::NameTaken) } else { Ok(()) }
        })
    }

    /// The destination for a URL that was given in place; the same root and sign-in give the same row.
    ///
    /// # Errors
    /// Those of the database.
    pub fn destination_in_place(&mut self, destination: &Destination) -> Result<DestinationId> {
        self.durably(|tx| {
            let (kind, user, _) = row::sign_in_columns(&destination.sign_in);
            let known = tx
                .prepare_cached(
                    "SELECT id FROM destination \
                     WHERE name IS NULL AND root = ?1 AND sign_in = ?2 AND user = ?3",
                )?
                .query_row(params![destination.root.as_str(), kind, user], |row| row.get(0))
                .optional()?;
            match known {
                Some(id) => update(tx, id, destination).map(|()| id),
                None => insert(tx, None, destination),
            }
        })
    }

    /// Forgets a destination and its secret.
    ///
    /// # Errors
    /// [`QueueError::DestinationInUse`] while it has studies or an unfinished import; [`QueueError::NoSuchRow`].
    pub fn forget_destination(&mut self, id: DestinationId) -> Result<()> {
        self.durably(|tx| {
            if is_in_use(tx, id)? {
                return Err(QueueError::DestinationInUse);
            }
            tx.execute("UPDATE import SET destination_id = NULL WHERE destination_id = ?1", [id])?;
            one_row(tx.execute("DELETE FROM destination WHERE id = ?1", [id])?)
        })
    }

    /// Keeps what was learned of a destination.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn learn(&mut self, id: DestinationId, learned: Learned) -> Result<()> {
        let limit = learned.max_request_bytes.map(super::signed);
        self.write(|tx| {
            one_row(tx.execute(
                "UPDATE destination SET dialect = ?2, max_request_bytes = ?3 WHERE id = ?1",
                params![id, row::dialect_code(learned.dialect), limit],
            )?)
        })
    }

    /// Parks a destination: nothing of it is claimed or asked while `now < until` (`None`: until [`Queue::unpark`]).
    /// Returns how many times in a row it has been parked now.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn park(
        &mut self,
        id: DestinationId,
        reason: Reason,
        until: Option<Moment>,
        now: Moment,
    ) -> Result<u32> {
        self.write(|tx| {
            Ok(tx.query_row(
                "UPDATE destination SET park_reason = :code, park_status = :status, \
                 park_dicom = :dicom, parked_at = :now, park_until = :until, \
                 park_attempts = park_attempts + 1 WHERE id = :id RETURNING park_attempts",
                named_params! {
                    ":id": id,
                    ":code": reason.code.as_str(),
                    ":status": reason.status,
                    ":dicom": reason.dicom,
                    ":now": now.0,
                    ":until": until.map(|moment| moment.0),
                },
                |row| row.get(0),
            )?)
        })
    }

    /// Takes a destination back into use after an answer.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and those of the database.
    pub fn unpark(&mut self, id: DestinationId) -> Result<()> {
        self.write(|tx| one_row(tx.execute(UNPARK, [id])?))
    }

    /// Ends the waits of what waits at a destination for one of these reasons: its next try is due now. Returns how many
    /// instances.
    ///
    /// # Errors
    /// Those of the database.
    pub fn wake(&mut self, id: DestinationId, reasons: &[Code], now: Moment) -> Result<u64> {
        self.write_at(now, |tx| {
            let mut statement = tx.prepare_cached(
                "UPDATE instance SET until = ?3 WHERE state = 1 AND until > ?3 AND reason = ?2 \
                 AND study_id IN (SELECT id FROM study WHERE destination_id = ?1)",
            )?;
            let mut woken = 0;
            for reason in reasons {
                woken += statement.execute(params![id, reason.as_str(), now.0])?;
            }
            Ok(woken as u64)
        })
    }
}

impl View<'_> {
    /// True while a destination has studies or an unfinished import.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_in_use(self, id: DestinationId) -> Result<bool> {
        is_in_use(self.conn, id)
    }

    /// Every destination, the saved ones by name first.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`] for a row that this program never writes.
    pub fn destinations(self) -> Result<Vec<DestinationRow>> {
        let sql = format!("SELECT {COLUMNS} FROM destination ORDER BY name IS NULL, name, id");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(found) = rows.next()? {
            out.push(row::read(found)?);
        }
        Ok(out)
    }

    /// One destination.
    ///
    /// # Errors
    /// [`QueueError::NoSuchRow`], and as for [`View::destinations`].
    pub fn destination(self, id: DestinationId) -> Result<DestinationRow> {
        let sql = format!("SELECT {COLUMNS} FROM destination WHERE id = ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([id])?;
        row::read(rows.next()?.ok_or(QueueError::NoSuchRow)?)
    }
}

/// The one row that had to change did.
pub(crate) fn one_row(changed: usize) -> Result<()> {
    if changed == 0 { Err(QueueError::NoSuchRow) } else { Ok(()) }
}

fn is_in_use(conn: &Connection, id: DestinationId) -> Result<bool> {
    Ok(conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM study WHERE destination_id = ?1) OR EXISTS \
         (SELECT 1 FROM import WHERE destination_id = ?1 AND finished_at IS NULL)",
        [id],
        |row| row.get(0),
    )?)
}

fn insert(
    tx: &Transaction<'_>,
    name: Option<&DestinationName>,
    destination: &Destination,
) -> Result<DestinationId> {
    let (kind, user, _) = row::sign_in_columns(&destination.sign_in);
    tx.execute(
        "INSERT INTO destination (name, label, root, sign_in, user, secret, read_back) \
         VALUES (?1, '', ?2, ?3, ?4, '', 0)",
        params![name.map(DestinationName::as_str), destination.root.as_str(), kind, user],
    )?;
    let id = DestinationId(tx.last_insert_rowid());
    update(tx, id, destination)?;
    Ok(id)
}

/// The destination of this name.
fn named(tx: &Transaction<'_>, name: &DestinationName) -> Result<Option<DestinationId>> {
    let mut statement = tx.prepare_cached("SELECT id FROM destination WHERE name = ?1")?;
    Ok(statement.query_row([name.as_str()], |row| row.get(0)).optional()?)
}

/// Makes another one of a destination. At another root is another archive, of which nothing was learned.
fn replace(tx: &Transaction<'_>, id: DestinationId, destination: &Destination) -> Result<()> {
    let root: Option<String> = tx
        .query_row("SELECT root FROM destination WHERE id = ?1", [id], |row| row.get(0))
        .optional()?;
    if root.ok_or(QueueError::NoSuchRow)? != destination.root.as_str() {
        forget_what_was_learned(tx, id)?;
    }
    update(tx, id, destination)
}

fn update(tx: &Transaction<'_>, id: DestinationId, destination: &Destination) -> Result<()> {
    let (kind, user, secret) = row::sign_in_columns(&destination.sign_in);
    one_row(tx.execute(
        "UPDATE destination SET label = :label, root = :root, sign_in = :kind, user = :user, \
         secret = :secret, ca = :ca, read_back = :read_back WHERE id = :id",
        named_params! {
            ":id": id,
            ":label": destination.label,
            ":root": destination.root.as_str(),
            ":kind": kind,
            ":user": user,
            ":secret": secret,
            // A location keeps a path exactly, whatever the file system allows in a name.
            ":ca": destination.ca.clone().map(|path| Location::File(path).to_bytes()),
            ":read_back": row::read_back_code(destination.read_back),
        },
    )?)
}

fn is_for_practice(tx: &Transaction<'_>, id: DestinationId, is: bool) -> Result<()> {
    one_row(tx.execute("UPDATE destination SET practice = ?2 WHERE id = ?1", params![id, is])?)
}

fn forget_what_was_learned(tx: &Transaction<'_>, id: DestinationId) -> Result<()> {
    tx.execute(
        "UPDATE destination SET dialect = 0, max_request_bytes = NULL, park_reason = NULL, \
         park_status = NULL, park_dicom = NULL, park_until = NULL, park_attempts = 0 \
         WHERE id = ?1",
        [id],
    )?;
    // What the archive before it has, or may have, says nothing of this one: all of that is asked for anew, and what is
    // there was not sent there by us.
    tx.execute(
        "UPDATE instance SET state = 0, until = 0, fresh_from = attempts, sends_dropped = 0, \
         proof = NULL, reason = NULL, reason_status = NULL, reason_dicom = NULL, sent_at = NULL, \
         copy = max(copy, (SELECT copy FROM import WHERE import.id = import_id)) \
         WHERE state BETWEEN 3 AND 6 AND study_id IN (SELECT id FROM study WHERE destination_id = ?1)",
        [id],
    )?;
    tx.execute(
        "UPDATE study SET asked = 0, ask_number = ask_number + 1, ask_after = 0 \
         WHERE destination_id = ?1",
        [id],
    )?;
    Ok(())
}
