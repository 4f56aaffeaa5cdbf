//! `spool`: which instances have a copy of their bytes in the spool folder, under which name and key; `spool_key`: the
//! keys, one for each study and nowhere else; `spool_leftover`: names of files that no row needs any more.
//!
//! However a row of `spool` goes (its instance is erased, taken out or offered anew), its file becomes a leftover in the
//! same transaction, so that no crash can forget it.

use super::InstanceId;
use crate::{QueueError, Result};
use rusqlite::{OptionalExtension, Transaction};

pub(crate) const V1: &str = "
CREATE TABLE spool_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    study_id INTEGER NOT NULL UNIQUE,
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
CREATE TABLE spool (
    instance_id INTEGER PRIMARY KEY REFERENCES instance(id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES spool_key(id),
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX spool_by_key ON spool(key_id);
CREATE TABLE spool_leftover (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TRIGGER spool_left AFTER DELETE ON spool BEGIN
    INSERT OR IGNORE INTO spool_leftover (name) VALUES (OLD.name);
END;
";

/// The copy of an instance is not needed, or no good, any more.
pub(crate) fn drop_copy(tx: &Transaction<'_>, instance: InstanceId) -> Result<()> {
    tx.prepare_cached("DELETE FROM spool WHERE instance_id = ?1")?.execute([instance])?;
    Ok(())
}

/// Destroys the keys that neither a copy nor an instance of their study needs.
pub(crate) fn drop_keys(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM spool_key WHERE NOT EXISTS (SELECT 1 FROM spool WHERE key_id = spool_key.id) \
         AND NOT EXISTS (SELECT 1 FROM instance WHERE instance.study_id = spool_key.study_id)",
    )?
    .execute([])?;
    Ok(())
}

/// The key of a study, where it has one.
pub(crate) fn key_of(
    tx: &Transaction<'_>,
    study: super::StudyId,
) -> Result<Option<(i64, [u8; 32])>> {
    Ok(tx
        .prepare_cached("SELECT id, key FROM spool_key WHERE study_id = ?1")?
        .query_row([study], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// A name that this program gives: 32 hexadecimal digits, so that nothing else is ever touched.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let ours = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ours { Ok(()) } else { Err(QueueError::Unreadable("spool name")) }
}
