//! Where an import came from, as a person knows it: said at its end, and again each time something of it is tried anew.

use crate::table::destination::one_row;
use crate::table::{ImportId, signed};
use crate::{Import, Queue, QueueError, Result, View};
use relaypacs_model::Location;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::fmt;
use std::path::PathBuf;

/// What a person calls a source, and where it lay. Either can carry a patient's name, so there is no `Debug` of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Where its volume was mounted, where that is one that can be taken out.
    pub place: Option<PathBuf>,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source")
    }
}

impl Queue {
    /// Says, before an import ends, what a person calls its source.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::NoSuchRow`] after the import's end.
    pub fn name_source(&mut self, import: &Import, source: &Source) -> Result<()> {
        let place = source.place.clone().map(|place| Location::File(place).to_bytes());
        self.write(|tx| {
            one_row(tx.execute(
                "UPDATE import SET source_name = ?2, source_place = ?3 \
                 WHERE id = ?1 AND finished_at IS NULL",
                params![import.id(), source.name, place],
            )?)
        })
    }

    /// Says, before an import ends, how many files an index of its source lists that the source lacks.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::NoSuchRow`] after the import's end.
    pub fn note_listed_missing(&mut self, import: &Import, files: u64) -> Result<()> {
        self.write(|tx| {
            one_row(tx.execute(
                "UPDATE import SET listed_missing = ?2 WHERE id = ?1 AND finished_at IS NULL",
                params![import.id(), signed(files)],
            )?)
        })
    }

    /// Forgets the names and volumes of imports of which nothing is left in the queue. Belongs behind the telling of
    /// their ends; call [`Queue::barrier`] after. Returns how many there were.
    ///
    /// # Errors
    /// Those of the database.
    pub fn forget_sources(&mut self) -> Result<u64> {
        self.durably(forget_sources)
    }
}

/// Also at a start: what ended then was told, or nobody is left who would tell it.
pub(crate) fn forget_sources(tx: &Transaction<'_>) -> Result<u64> {
    const LEFT_NOTHING: &str = "finished_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM instance WHERE instance.import_id = import.id)";
    let volumes = tx.execute(
        &format!(
            "DELETE FROM import_volume \
             WHERE import_id IN (SELECT import.id FROM import WHERE {LEFT_NOTHING})"
        ),
        [],
    )?;
    let names = tx.execute(
        &format!(
            "UPDATE import SET source_name = NULL, source_place = NULL \
             WHERE source_name IS NOT NULL AND {LEFT_NOTHING}"
        ),
        [],
    )?;
    Ok((volumes + names) as u64)
}

impl View<'_> {
    /// The source of an import, where it was named.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn source(self, import: ImportId) -> Result<Option<Source>> {
        let found = self
            .conn
            .prepare_cached(
                "SELECT source_name, source_place FROM import \
                 WHERE id = ?1 AND source_name IS NOT NULL",
            )?
            .query_row([import], columns)
            .optional()?;
        found.map(source).transpose()
    }

    /// The sources of all imports, as far as they were named and something of them is in the queue.
    ///
    /// # Errors
    /// Those of the database; [`QueueError::Unreadable`].
    pub fn sources(self) -> Result<Vec<(ImportId, Source)>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT source_name, source_place, id FROM import \
             WHERE source_name IS NOT NULL AND finished_at IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push((row.get(2)?, source(columns(row)?)?));
        }
        Ok(out)
    }
}

type Columns = (String, Option<Vec<u8>>);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?))
}

fn source((name, place): Columns) -> Result<Source> {
    let place = place.map(|bytes| match Location::from_bytes(&bytes) {
        Ok(Location::File(path)) => Ok(path),
        Ok(Location::Member { .. }) | Err(_) => Err(QueueError::Unreadable("source_place")),
    });
    Ok(Source { name, place: place.transpose()? })
}
