//! Erasing: once nothing more is expected of an instance, nothing of it stays, and of a study whose last instance
//! went nothing stays of its patient: the key of its copies goes in the same transaction, their files are left over
//! ([`Queue::leftovers`]). `secure_delete` overwrites what is freed, [`Queue::barrier`] empties the log.

use crate::person::codes;
use crate::state::StateName;
use crate::table::StudyId;
use crate::table::spool::drop_keys;
use crate::{Queue, QueueError, Result, Scope, View};
use rusqlite::Transaction;

/// How [`Queue::erase_study`] went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// Nothing of the study is left. Also where it was gone before: doing it again is harmless.
    Whole,
    /// What was confirmed or cancelled is gone; this many instances ended otherwise and stay, with the study's row,
    /// until a person retries or cancels them.
    Part {
        /// How many stay.
        left: u64,
    },
    /// Nothing was erased: something of it is still on its way, or an import holds it.
    NotYet,
}

impl Queue {
    /// Erases what is confirmed or cancelled of a study of which nothing is on its way any more; the sums of its
    /// imports stay. Write the receipt first ([`crate::View::ended_instances`]), call [`Queue::barrier`] after.
    ///
    /// # Errors
    /// Those of the database; then nothing is erased.
    pub fn erase_study(&mut self, study: StudyId) -> Result<Erased> {
        let counts = self.view().counts(Scope::Study(study))?;
        if counts.unfinished().instances > 0 || self.view().is_held(study)? {
            return Ok(Erased::NotYet);
        }
        self.durably(|tx| erase(tx, study))
    }
}

impl View<'_> {
    /// True while an import that has not ended holds a study: what it comes to is not known before.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_held(self, study: StudyId) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM hold WHERE study_id = ?1)")?
            .query_row([study], |row| row.get(0))?)
    }
}

fn erase(tx: &Transaction<'_>, study: StudyId) -> Result<Erased> {
    let codes = codes(StateName::may_be_erased);
    tx.execute(
        &format!(
            "INSERT INTO gone (import_id, state, instances, bytes) \
             SELECT import_id, state, sum(instances), sum(bytes) FROM tally \
             WHERE study_id = ?1 AND state IN ({codes}) AND instances > 0 \
             GROUP BY import_id, state ON CONFLICT DO UPDATE SET \
             instances = instances + excluded.instances, bytes = bytes + excluded.bytes"
        ),
        [study],
    )?;
    tx.execute(
        &format!("DELETE FROM instance WHERE study_id = ?1 AND state IN ({codes})"),
        [study],
    )?;
    drop_keys(tx)?;
    let left: i64 =
        tx.query_row("SELECT count(*) FROM instance WHERE study_id = ?1", [study], |row| {
            row.get(0)
        })?;
    if left == 0 {
        tx.execute("DELETE FROM study WHERE id = ?1", [study])?;
        return Ok(Erased::Whole);
    }
    u64::try_from(left).map(|left| Erased::Part { left }).map_err(|_| QueueError::Statement)
}
