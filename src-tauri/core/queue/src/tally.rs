//! How many instances and bytes stand where, read from the tally that triggers keep: as quick for a million rows as
//! for ten, since its size is that of the studies.

use crate::state::StateName;
use crate::table::instance::state_name;
use crate::table::tally::HANDED_ON;
use crate::table::{DestinationId, ImportId, StudyId, unsigned};
use crate::{Result, View};
use rusqlite::params_from_iter;

/// Of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole queue.
    All,
    /// One destination.
    Destination(DestinationId),
    /// One import.
    Import(ImportId),
    /// One study.
    Study(StudyId),
}

/// Instances and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many instances (or files).
    pub instances: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, more: Self) {
        self.instances = self.instances.saturating_add(more.instances);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }
}

/// Counts per state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    here: [Tally; 12],
    erased: [Tally; 12],
    /// What a later import, or the same study at another destination, carries on.
    pub handed_on: Tally,
}

impl Counts {
    /// What stands in this state in the queue.
    #[must_use]
    pub fn of(&self, name: StateName) -> Tally {
        self.here.get(name as usize).copied().unwrap_or_default()
    }

    /// What stood in this state when it was erased. Known for an import and for the whole queue; what was erased has
    /// no study and no destination any more.
    #[must_use]
    pub fn erased(&self, name: StateName) -> Tally {
        self.erased.get(name as usize).copied().unwrap_or_default()
    }

    /// What is in the queue.
    #[must_use]
    pub fn here(&self) -> Tally {
        sum(&self.here, |_| true)
    }

    /// What nothing more happens to by itself, in the queue.
    #[must_use]
    pub fn ended(&self) -> Tally {
        sum(&self.here, StateName::is_ended)
    }

    /// What still goes on.
    #[must_use]
    pub fn unfinished(&self) -> Tally {
        sum(&self.here, |name| !name.is_ended())
    }

    /// What has ended in a way that a person may yet want to change.
    #[must_use]
    pub fn needs_a_person(&self) -> Tally {
        sum(&self.here, |name| name.is_ended() && !name.may_be_erased())
    }

    /// Everything: what is here, what was erased, what was handed on. For an import this is what it offered.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut total = self.here();
        total.add(sum(&self.erased, |_| true));
        total.add(self.handed_on);
        total
    }

    pub(crate) fn add_here(&mut self, state: i64, more: Tally) {
        let slot = state_name(state).and_then(|name| self.here.get_mut(name as usize));
        if let Some(slot) = slot {
            slot.add(more);
        }
    }

    fn add_gone(&mut self, state: i64, more: Tally) {
        if state == HANDED_ON {
            self.handed_on.add(more);
        } else if let Some(slot) =
            state_name(state).and_then(|name| self.erased.get_mut(name as usize))
        {
            slot.add(more);
        }
    }
}

impl View<'_> {
    /// The counts of a scope.
    ///
    /// # Errors
    /// Those of the database.
    pub fn counts(self, scope: Scope) -> Result<Counts> {
        let (here, gone, id): (_, Option<&str>, Option<i64>) = match scope {
            Scope::All => (COUNT_ALL, Some(GONE_ALL), None),
            Scope::Destination(id) => (COUNT_DESTINATION, None, Some(id.0)),
            Scope::Import(id) => (COUNT_IMPORT, Some(GONE_IMPORT), Some(id.0)),
            Scope::Study(id) => (COUNT_STUDY, None, Some(id.0)),
        };
        let mut counts = Counts::default();
        self.each(here, id, |state, tally| counts.add_here(state, tally))?;
        if let Some(gone) = gone {
            self.each(gone, id, |state, tally| counts.add_gone(state, tally))?;
        }
        Ok(counts)
    }

    fn each(self, sql: &str, id: Option<i64>, mut f: impl FnMut(i64, Tally)) -> Result<()> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(id))?;
        while let Some(row) = rows.next()? {
            let tally = Tally { instances: unsigned(row, 1)?, bytes: unsigned(row, 2)? };
            f(row.get(0)?, tally);
        }
        Ok(())
    }
}

pub(crate) const COUNT_ALL: &str =
    "SELECT state, sum(instances), sum(bytes) FROM tally GROUP BY state";
pub(crate) const COUNT_DESTINATION: &str = "SELECT state, sum(instances), sum(bytes) FROM tally JOIN study ON study.id = study_id \
     WHERE study.destination_id = ?1 GROUP BY state";
pub(crate) const COUNT_IMPORT: &str =
    "SELECT state, sum(instances), sum(bytes) FROM tally WHERE import_id = ?1 GROUP BY state";
pub(crate) const COUNT_STUDY: &str =
    "SELECT state, sum(instances), sum(bytes) FROM tally WHERE study_id = ?1 GROUP BY state";
const GONE_ALL: &str = "SELECT state, sum(instances), sum(bytes) FROM gone GROUP BY state";
const GONE_IMPORT: &str = "SELECT state, instances, bytes FROM gone WHERE import_id = ?1";

fn sum(tallies: &[Tally; 12], wanted: impl Fn(StateName) -> bool) -> Tally {
    let mut total = Tally::default();
    for (name, tally) in StateName::ALL.into_iter().zip(tallies) {
        if wanted(name) {
            total.add(*tally);
        }
    }
    total
}
