//! Imports that came to their end: their receipts are ended, and what they came to is said once.

use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use relaypacs_ledger::ReceiptId;
use relaypacs_model::{Code, Fault, Outcome};
use relaypacs_queue::{
    ImportId, ImportRow, InstanceRow, QueueError, Scope, Source, StateName, Volume,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many instances are read for the commonest reason.
const MOST_REASONS: u32 = 10_000;

/// Everything that one import offered has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportEnd {
    /// Which import.
    pub import: ImportId,
    /// Its receipt in the ledger.
    pub receipt: u64,
    /// Where it went.
    pub destination: String,
    /// How many studies.
    pub studies: u64,
    /// Its instances by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The commonest reason of those of an outcome that did not get there, as far as they are still in the queue.
    pub reasons: BTreeMap<Outcome, Code>,
    /// Their bytes.
    pub bytes: u64,
    /// From the beginning of the import to its end.
    pub took: Duration,
    /// Files that an index (DICOMDIR) of its source lists and the source lacks.
    pub listed_missing: u64,
    /// True where an index of its source is damaged and could be read only in part.
    pub index_partly: bool,
    /// Files of its source that were skipped and that a person should look at.
    pub to_look_at: u64,
    /// Images of the import, whatever receipt they are on, that need a person and perhaps its source: what was moved to
    /// another destination has a receipt and an end of its own.
    pub open_elsewhere: u64,
    /// Its source, where somebody named it, and where that is now.
    pub source: Option<Source>,
}

impl Books {
    /// Ends the receipts of imports of which nothing goes on any more, and says what they came to. Their sources are
    /// where they were; the volumes say where they may be by now.
    pub(crate) fn end_whole_imports(&mut self) -> Result<Vec<(ImportEnd, Vec<Volume>)>, Fault> {
        let mut ends = Vec::new();
        for (receipt, import) in self.open_receipts() {
            match self.end_of(receipt, import) {
                Ok(Some(end)) => {
                    let volumes = self.queue.view().volumes(import).or_fault().unwrap_or_default();
                    ends.push((end, volumes));
                }
                Ok(None) => {}
                // What has ended is told; the trouble comes back in the next turn.
                Err(_) if !ends.is_empty() => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(ends)
    }

    /// What names the source of something that is gone goes too, once its end was told.
    pub(crate) fn forget_sources(&mut self) -> Result<(), Fault> {
        if self.queue.forget_sources().or_fault()? > 0 {
            self.queue.barrier().or_fault()?;
        }
        Ok(())
    }

    fn end_of(&mut self, receipt: ReceiptId, import: ImportId) -> Result<Option<ImportEnd>, Fault> {
        let view = self.queue.view();
        let row = match view.import(import) {
            // Given up after it had its receipt, since its last step failed: nothing of it will ever end.
            Err(QueueError::NoSuchRow) => {
                self.ledger.end_receipt(receipt, now()).or_fault()?;
                self.is_ended(receipt);
                return Ok(None);
            }
            found => found.or_fault()?,
        };
        let here = view.counts(Scope::Import(import)).or_fault()?;
        let recorded = self.ledger.receipt(receipt).or_fault()?;
        // What has ended is in the ledger once its study was closed; before that the sums would lie.
        let waits = here.unfinished().instances > 0 || recorded.counts.instances() == 0;
        if row.finished_at.is_none() || waits || has_open_study(self, import)? {
            return Ok(None);
        }
        // All that may fail comes first: what is ended is told once.
        let (reasons, source) =
            (reasons(self, import)?, self.queue.view().source(import).or_fault()?);
        let ended = now();
        self.ledger.end_receipt(receipt, ended).or_fault()?;
        self.is_ended(receipt);
        let outcomes: BTreeMap<Outcome, u64> =
            recorded.counts.outcomes().filter(|(_, many)| *many > 0).collect();
        let there =
            |outcome: &Outcome| outcome.is_in_the_archive() || *outcome == Outcome::Cancelled;
        let on_this = outcomes.iter().filter(|(outcome, _)| !there(outcome)).map(|(_, many)| many);
        let open_elsewhere = here.needs_a_person().instances.saturating_sub(on_this.sum());
        Ok(Some(ImportEnd {
            import,
            receipt: receipt.0,
            destination: recorded.destination.as_str().to_owned(),
            studies: recorded.studies,
            outcomes,
            reasons,
            bytes: recorded.bytes,
            took: row.created.until(ended),
            listed_missing: row.listed_missing,
            index_partly: recorded.counts.index().is_some_and(|index| index.partly),
            to_look_at: to_look_at(&row),
            open_elsewhere,
            source,
        }))
    }
}

/// Skipped files that may hold an image.
fn to_look_at(row: &ImportRow) -> u64 {
    let open = row.skipped.iter().filter(|(reason, _)| reason.needs_a_person());
    open.map(|(_, tally)| tally.instances).sum()
}

/// What keeps images of an import out of the archive. What got there was erased: only what needs a person is read.
fn reasons(books: &Books, import: ImportId) -> Result<BTreeMap<Outcome, Code>, Fault> {
    let rows =
        books.queue.view().ended_instances(Scope::Import(import), None, MOST_REASONS).or_fault()?;
    let code = |row: &InstanceRow| row.reason.map(|reason| (row.outcome(), reason.code));
    Ok(commonest(rows.iter().filter_map(code)))
}

/// The code that most instances of an outcome have.
fn commonest(ended: impl Iterator<Item = (Outcome, Code)>) -> BTreeMap<Outcome, Code> {
    let mut many: BTreeMap<(Outcome, Code), u64> = BTreeMap::new();
    for one in ended {
        *many.entry(one).or_default() += 1;
    }
    let mut rarest_first: Vec<_> = many.into_iter().collect();
    rarest_first.sort_by_key(|(_, many)| *many);
    // The last one of an outcome stays.
    rarest_first.into_iter().map(|(one, _)| one).collect()
}

/// True where something that has ended was not closed yet: what is confirmed is erased with its closing.
fn has_open_study(books: &Books, import: ImportId) -> Result<bool, Fault> {
    let counts = books.queue.view().counts(Scope::Import(import)).or_fault()?;
    let closable = [StateName::Confirmed, StateName::Cancelled];
    Ok(closable.into_iter().any(|name| counts.of(name).instances > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_reason_stands_for_an_outcome() {
        let rejected = |code| (Outcome::Rejected, code);
        let ended = [
            rejected(Code::TooLargeForArchive),
            rejected(Code::RefusedByArchive),
            rejected(Code::RefusedByArchive),
            (Outcome::SourceGone, Code::SourceGone),
        ];
        let wanted = [rejected(Code::RefusedByArchive), (Outcome::SourceGone, Code::SourceGone)];
        assert_eq!(commonest(ended.into_iter()), BTreeMap::from(wanted));
    }
}
