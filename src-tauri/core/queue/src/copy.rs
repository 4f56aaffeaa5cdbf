//! Copies in the spool: what has to be copied before it may be sent, what was copied, what is left over. And sources that
//! are gone and come back.
//!
//! This file knows rows and keys; files are written and removed by whoever calls it, in an order that a crash cannot
//! turn into a loss: the file is on the disk before its row, and its row is gone before the file.

use crate::key::SpoolKey;
use crate::seal::About;
use crate::table::destination::one_row;
use crate::table::instance::{COLUMNS, InstanceRow, read};
use crate::table::spool::{check_name, drop_copy, key_of};
use crate::table::{ImportId, InstanceId, SpoolKeyId, StudyId, unsigned};
use crate::{Import, Queue, QueueError, Result, View};
use relaypacs_model::{Location, Moment, SopInstanceUid};
use rusqlite::{OptionalExtension, Transaction, params};
use std::path::{Path, PathBuf};

/// A copy that is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Of which instance.
    pub instance: InstanceId,
    /// Under which key.
    pub key: SpoolKeyId,
    /// The name of its file.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Where a copy is, and what opens it.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The name of its file.
    pub name: String,
    /// The key of its study.
    pub key: SpoolKey,
    /// What its file is about.
    pub about: About,
}

/// A volume that an import read from.
#[derive(Clone, PartialEq, Eq)]
pub struct Volume {
    /// Where it was mounted; may carry a patient's name.
    pub mount: PathBuf,
    /// Which folder of its file system was mounted there; `/` but for bind mounts.
    pub root: PathBuf,
    /// What tells it from every other, wherever it is mounted.
    pub identity: String,
}

/// Imports that an archive has not got all of, and of which something is not copied.
const UNREAD: &str = "SELECT id FROM import WHERE finished_at IS NOT NULL \
     AND EXISTS (SELECT 1 FROM tally WHERE import_id = import.id AND state < 6 AND instances > 0)";
/// The first instance of an import that nobody has copied yet.
pub(crate) const FIRST_TO_COPY: &str =
    "WHERE import_id = ?1 AND copy = 1 AND state < 6 ORDER BY id LIMIT 1";
/// The same where nothing more of it is copied: it is read when it is sent.
pub(crate) const FIRST_UNREAD: &str = "WHERE import_id = ?1 AND state < 6 AND copy = 0 \
     AND (SELECT copy FROM import WHERE id = ?1) = 0 ORDER BY id LIMIT 1";
/// Instances whose source was not there (10 is `SourceGone`).
pub(crate) const GONE: &str = "WHERE state = 10 AND id > ?1 ORDER BY id LIMIT ?2";

impl Queue {
    /// Says, before an import ends, that its instances have to be copied before they are sent, and on which volumes
    /// they lie.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::NoSuchRow`] after the import's end.
    pub fn note_source(&mut self, import: &Import, copy: bool, volumes: &[Volume]) -> Result<()> {
        let id = import.id();
        self.write(|tx| {
            one_row(tx.execute(
                "UPDATE import SET copy = ?2 WHERE id = ?1 AND finished_at IS NULL",
                params![id, copy],
            )?)?;
            for volume in volumes {
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO import_volume (import_id, mount, root, identity) \
                     VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    id,
                    path_column(&volume.mount),
                    path_column(&volume.root),
                    volume.identity
                ])?;
            }
            Ok(())
        })
    }

    /// The key of a study's copies; `fresh` becomes it where there is none yet.
    ///
    /// # Errors
    /// Those of the database.
    pub fn spool_key(&mut self, study: StudyId, fresh: SpoolKey) -> Result<(SpoolKeyId, SpoolKey)> {
        self.write(|tx| {
            if let Some((id, bytes)) = key_of(tx, study)? {
                return Ok((SpoolKeyId(id), SpoolKey::new(bytes)));
            }
            tx.prepare_cached("INSERT INTO spool_key (study_id, key) VALUES (?1, ?2)")?
                .execute(params![study, fresh.0])?;
            Ok((SpoolKeyId(tx.last_insert_rowid()), fresh))
        })
    }

    /// Notes copies whose files, and the folder they are in, are on the disk. From now on their instances can be
    /// claimed and are read from there; on the disk when it returns. Gives the names of those that nobody needs,
    /// because the instance went or was offered anew meanwhile.
    ///
    /// # Errors
    /// Those of the database; then none of it is noted.
    pub fn copied(&mut self, import: ImportId, copies: &[Copied]) -> Result<Vec<String>> {
        self.durably(|tx| {
            let mut unneeded = Vec::new();
            for copy in copies {
                check_name(&copy.name)?;
                let taken = tx
                    .prepare_cached(
                        "UPDATE instance SET copy = 2, sha256 = ?3 \
                         WHERE id = ?1 AND import_id = ?2 AND copy = 1",
                    )?
                    .execute(params![copy.instance, import, copy.sha256])?;
                if taken == 0 {
                    unneeded.push(copy.name.clone());
                    continue;
                }
                tx.prepare_cached(
                    "INSERT INTO spool (instance_id, key_id, name) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![copy.instance, copy.key, copy.name])?;
            }
            Ok(unneeded)
        })
    }

    /// What is not copied of an import is read from its source from now on. Returns how many instances.
    ///
    /// # Errors
    /// Those of the database.
    pub fn copy_no_more(&mut self, import: ImportId) -> Result<u64> {
        self.durably(|tx| {
            tx.execute("UPDATE import SET copy = 0 WHERE id = ?1", [import])?;
            let sql = "UPDATE instance SET copy = 0 WHERE import_id = ?1 AND copy = 1";
            Ok(tx.execute(sql, [import])? as u64)
        })
    }

    /// The copy of an instance, as an import had found it, is damaged or cannot be made: it is read from its source from
    /// now on. One that a later import found again is left as it is.
    ///
    /// # Errors
    /// Those of the database.
    pub fn copy_lost(&mut self, lost: &[(InstanceId, ImportId)]) -> Result<()> {
        self.write(|tx| {
            for (instance, import) in lost {
                let ours = tx
                    .prepare_cached(
                        "UPDATE instance SET copy = 0 WHERE id = ?1 AND import_id = ?2",
                    )?
                    .execute(params![instance, import])?;
                if ours > 0 {
                    drop_copy(tx, *instance)?;
                }
            }
            Ok(())
        })
    }

    /// Names of files that no row needs, at most `limit`. They come again until [`Queue::leftovers_removed`].
    ///
    /// # Errors
    /// Those of the database.
    pub fn leftovers(&self, limit: u32) -> Result<Vec<String>> {
        let mut statement = self.conn.prepare_cached("SELECT name FROM spool_leftover LIMIT ?1")?;
        let names = statement.query_map([limit], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets files that are not there any more.
    ///
    /// # Errors
    /// Those of the database.
    pub fn leftovers_removed(&mut self, names: &[String]) -> Result<()> {
        self.write(|tx| {
            let mut statement = tx.prepare_cached("DELETE FROM spool_leftover WHERE name = ?1")?;
            for name in names {
                statement.execute([name])?;
            }
            Ok(())
        })
    }

    /// Queues an instance anew whose source is there again, at `location`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn found_again(
        &mut self,
        instance: InstanceId,
        location: &Location,
        now: Moment,
    ) -> Result<()> {
        self.write_at(now, |tx| {
            let study: Option<StudyId> = tx
                .prepare_cached(
                    "UPDATE instance SET state = 0, until = 0, since = ?2, fresh_from = attempts, \
                     reason = NULL, reason_status = NULL, reason_dicom = NULL, location = ?3, \
                     copy = max(copy, (SELECT copy FROM import WHERE import.id = import_id)) \
                     WHERE id = ?1 AND state = 10 RETURNING study_id",
                )?
                .query_row(params![instance, now.0, location.to_bytes()], |row| row.get(0))
                .optional()?;
            if let Some(study) = study {
                tx.prepare_cached(
                    "UPDATE study SET asked = 0, ask_number = ask_number + 1, ask_after = 0 \
                     WHERE id = ?1",
                )?
                .execute([study])?;
            }
            Ok(())
        })
    }
}

impl View<'_> {
    /// Of each import whose source has still to be read, the first instance that is not read to its end: it has to be
    /// copied, or is not copied at all and not yet in the archive for good.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn unread(self) -> Result<Vec<InstanceRow>> {
        let mut statement = self.conn.prepare_cached(UNREAD)?;
        let imports = statement.query_map([], |row| row.get(0))?;
        let mut out = Vec::new();
        for import in imports.collect::<rusqlite::Result<Vec<ImportId>>>()? {
            let to_copy = self.page(FIRST_TO_COPY, [import])?;
            let found =
                if to_copy.is_empty() { self.page(FIRST_UNREAD, [import])? } else { to_copy };
            out.extend(found);
        }
        Ok(out)
    }

    /// The copy of an instance, where there is one.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn copy_of(self, instance: InstanceId) -> Result<Option<Copy>> {
        let found: Option<(String, [u8; 32], String, u64)> = self
            .conn
            .prepare_cached(
                "SELECT name, key, sop_uid, bytes FROM spool \
                 JOIN spool_key ON spool_key.id = key_id \
                 JOIN instance ON instance.id = instance_id WHERE instance_id = ?1",
            )?
            .query_row([instance], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, unsigned(row, 3)?))
            })
            .optional()?;
        let Some((name, key, sop_uid, bytes)) = found else { return Ok(None) };
        check_name(&name)?;
        let sop_uid =
            SopInstanceUid::parse(&sop_uid).map_err(|_| QueueError::Unreadable("sop_uid"))?;
        let about = About { instance, sop_uid, bytes };
        Ok(Some(Copy { name, key: SpoolKey::new(key), about }))
    }

    /// True where a row needs the file of this name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn needs_file(self, name: &str) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM spool WHERE name = ?1)")?
            .query_row([name], |row| row.get(0))?)
    }

    /// The volumes that an import read from.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn volumes(self, import: ImportId) -> Result<Vec<Volume>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT mount, root, identity FROM import_volume WHERE import_id = ?1",
        )?;
        let mut rows = statement.query([import])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(Volume {
                mount: path_from(&row.get::<_, Vec<u8>>(0)?)?,
                root: path_from(&row.get::<_, Vec<u8>>(1)?)?,
                identity: row.get(2)?,
            });
        }
        Ok(out)
    }

    /// Instances whose source was not there, with an id above `after`, at most `limit`.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn source_gone(self, after: Option<InstanceId>, limit: u32) -> Result<Vec<InstanceRow>> {
        self.page(GONE, params![after.unwrap_or(InstanceId(0)), limit])
    }

    pub(crate) fn page(
        self,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<InstanceRow>> {
        let sql = format!("SELECT {COLUMNS} FROM instance {condition}");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(values)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(row)?);
        }
        Ok(out)
    }
}

/// At the end of an import: what it found, and nobody has copied yet, is copied first if that was asked for.
pub(crate) fn apply_wish(tx: &Transaction<'_>, import: ImportId) -> Result<()> {
    tx.execute(
        "UPDATE instance SET copy = (SELECT copy FROM import WHERE id = ?1) \
         WHERE import_id = ?1 AND copy < 2 AND state < 6 AND NOT EXISTS \
         (SELECT 1 FROM reoffer WHERE instance_id = instance.id AND reoffer.import_id = ?1)",
        [import],
    )?;
    Ok(())
}

/// The same for one instance, which begins only now with what the import had found.
pub(crate) fn wish_for(tx: &Transaction<'_>, import: ImportId, instance: InstanceId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE instance SET copy = (SELECT copy FROM import WHERE id = ?1) WHERE id = ?2",
    )?
    .execute(params![import, instance])?;
    Ok(())
}

fn path_column(path: &Path) -> Vec<u8> {
    Location::File(path.to_owned()).to_bytes()
}

fn path_from(bytes: &[u8]) -> Result<PathBuf> {
    match Location::from_bytes(bytes) {
        Ok(Location::File(path)) => Ok(path),
        Ok(Location::Member { .. }) | Err(_) => Err(QueueError::Unreadable("path")),
    }
}
