//! Imports that came to their end: their receipts are ended, and what they came to is said once.

use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use relaypacs_ledger::ReceiptId;
use relaypacs_model::{Code, Fault, Outcome};
use relaypacs_queue::{ImportId, InstanceRow, Scope, StateName};
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
}

impl Books {
    /// Ends the receipts of imports of which nothing goes on any more, and says what they came to.
    pub(crate) fn end_whole_imports(&mut self) -> Result<Vec<ImportEnd>, Fault> {
        let mut ends = Vec::new();
        for (receipt, import) in self.open_receipts() {
            if let Some(end) = self.end_of(receipt, import)? {
                ends.push(end);
            }
        }
        Ok(ends)
    }

    fn end_of(&mut self, receipt: ReceiptId, import: ImportId) -> Result<Option<ImportEnd>, Fault> {
        let view = self.queue.view();
        let row = view.import(import).or_fault()?;
        let here = view.counts(Scope::Import(import)).or_fault()?;
        let recorded = self.ledger.receipt(receipt).or_fault()?;
        // What has ended is in the ledger once its study was closed; before that the sums would lie.
        let waits = here.unfinished().instances > 0 || recorded.counts.instances() == 0;
        if row.finished_at.is_none() || waits || has_open_study(self, import)? {
            return Ok(None);
        }
        let ended = now();
        self.ledger.end_receipt(receipt, ended).or_fault()?;
        self.is_ended(receipt);
        let outcomes: BTreeMap<Outcome, u64> =
            recorded.counts.outcomes().filter(|(_, many)| *many > 0).collect();
        Ok(Some(ImportEnd {
            import,
            receipt: receipt.0,
            destination: recorded.destination.as_str().to_owned(),
            studies: recorded.studies,
            outcomes,
            reasons: reasons(self, import)?,
            bytes: recorded.bytes,
            took: row.created.until(ended),
        }))
    }
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
