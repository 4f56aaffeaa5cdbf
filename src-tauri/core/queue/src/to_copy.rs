//! What is copied next, how much is left, and what a source is still needed for.

use crate::table::instance::InstanceRow;
use crate::table::{ImportId, InstanceId, unsigned};
use crate::{Result, Tally, View};
use relaypacs_model::Code;
use rusqlite::params;
use std::cmp::Reverse;

/// What of an import is needed from its source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnSource {
    /// Instances that are read from it, now or before they are sent.
    pub read: u64,
    /// Instances that wait for it, since it was not there.
    pub waits: u64,
}

/// Copies that an import still needs, in the order in which they were found.
pub(crate) const TO_COPY: &str =
    "WHERE import_id = ?1 AND id > ?2 AND copy = 1 AND state < 6 ORDER BY id LIMIT ?3";
/// The same of the studies of one priority.
pub(crate) const TO_COPY_FIRST: &str = "INDEXED BY instance_to_copy \
     WHERE import_id = ?1 AND id > ?2 AND copy = 1 AND state < 6 \
     AND (SELECT priority FROM study WHERE study.id = study_id) = ?4 ORDER BY id LIMIT ?3";
/// Imports with something to copy, by the priorities of its studies. From study to study, however many instances each
/// has: this is asked after every handful.
pub(crate) const IMPORTS_TO_COPY: &str = "
WITH RECURSIVE due(study) AS (
    SELECT min(study_id) FROM instance WHERE copy = 1
    UNION ALL
    SELECT (SELECT min(study_id) FROM instance WHERE copy = 1 AND study_id > due.study)
    FROM due WHERE due.study IS NOT NULL
)
SELECT t.import_id, s.priority FROM due
CROSS JOIN study AS s ON s.id = due.study
CROSS JOIN tally AS t ON t.study_id = s.id AND t.state < 6 AND t.instances > 0
CROSS JOIN import ON import.id = t.import_id AND import.finished_at IS NOT NULL
WHERE EXISTS (SELECT 1 FROM instance AS i INDEXED BY instance_to_copy_by_study
              WHERE i.study_id = s.id AND i.import_id = t.import_id AND i.copy = 1 AND i.state < 6)
GROUP BY t.import_id, s.priority";
/// What of an import its source is needed for: what is open and not copied, and what waits (10 is `SourceGone`), but for
/// what was there and could not be read. What is on its way with other bytes is read from there once it is back.
pub(crate) const ON_SOURCE: &str = "SELECT coalesce(sum(state < 6), 0), coalesce(sum(state = 10), 0) \
     FROM instance WHERE import_id = ?1 \
     AND (state < 6 AND copy <> 2 OR state = 10 AND reason IS NOT ?2 OR EXISTS (SELECT 1 FROM reoffer \
          WHERE reoffer.instance_id = instance.id AND reoffer.import_id = ?1))";
/// How much of an import has to be copied.
pub(crate) const LEFT_TO_COPY: &str = "SELECT count(*), coalesce(sum(bytes), 0) FROM instance \
     WHERE import_id = ?1 AND copy = 1 AND state < 6";

impl View<'_> {
    /// Imports with instances that have to be copied, once for each priority among their studies: the highest first,
    /// then the import that came first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn imports_to_copy(self) -> Result<Vec<(ImportId, i64)>> {
        let mut statement = self.conn.prepare_cached(IMPORTS_TO_COPY)?;
        let due = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut due = due.collect::<rusqlite::Result<Vec<(ImportId, i64)>>>()?;
        due.sort_by_key(|(import, priority)| (Reverse(*priority), *import));
        Ok(due)
    }

    /// Instances of an import that have to be copied, with an id above `after`, at most `limit`.
    ///
    /// # Errors
    /// Those of the database; [`crate::QueueError::Unreadable`].
    pub fn to_copy(
        self,
        import: ImportId,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceRow>> {
        self.page(TO_COPY, params![import, after.unwrap_or(InstanceId(0)), limit])
    }

    /// The same, of studies with this priority.
    ///
    /// # Errors
    /// As [`View::to_copy`].
    pub fn to_copy_first(
        self,
        import: ImportId,
        priority: i64,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceRow>> {
        let after = after.unwrap_or(InstanceId(0));
        self.page(TO_COPY_FIRST, params![import, after, limit, priority])
    }

    /// What of an import its source is still needed for.
    ///
    /// # Errors
    /// Those of the database.
    pub fn on_source(self, import: ImportId) -> Result<OnSource> {
        let named = Code::CannotBeRead.as_str();
        Ok(self.conn.prepare_cached(ON_SOURCE)?.query_row(params![import, named], |row| {
            Ok(OnSource { read: unsigned(row, 0)?, waits: unsigned(row, 1)? })
        })?)
    }

    /// How much of an import has to be copied.
    ///
    /// # Errors
    /// Those of the database.
    pub fn left_to_copy(self, import: ImportId) -> Result<Tally> {
        Ok(self.conn.prepare_cached(LEFT_TO_COPY)?.query_row([import], |row| {
            Ok(Tally { instances: unsigned(row, 0)?, bytes: unsigned(row, 1)? })
        })?)
    }
}
