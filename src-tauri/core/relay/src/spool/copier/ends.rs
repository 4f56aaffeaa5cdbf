//! What becomes of an instance that cannot be copied, and what is said of a source at the end.

use super::Copier;
use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use crate::spool::rounds::{Round, Rounds};
use crate::spool::{Gap, SourceFree, SourceGone, SourceStays};
use relaypacs_model::{Code, Fault, Reason};
use relaypacs_queue::{Answer, Event, ImportId, InstanceId, InstanceRow, OnSource};

impl Copier {
    /// An instance that cannot be copied ends as one whose source failed. False where it is not this import's to copy any
    /// more: it was taken out, or offered anew, while it was read.
    pub(super) fn end(
        &self,
        round: &mut Round,
        row: &InstanceRow,
        code: Code,
    ) -> Result<bool, Fault> {
        let (import, id, study) = (round.import, row.id, row.study);
        let event = match code == Code::SourceChanged {
            true => Event::SourceChanged,
            false => Event::SourceGone,
        };
        let ended = self.desk.ask_blocking(move |books| {
            if still_due(books, import, id)?.is_none() {
                return Ok(None);
            }
            let answer = Answer::of_source(import, id, event).because(Reason::new(code));
            books.queue.settle(&[answer], now()).or_fault()?;
            books.queue.copy_lost(&[(id, import)]).or_fault()?;
            Ok(Some(books.queue.view().study(study).or_fault()?.destination))
        })?;
        let Some(destination) = ended else { return Ok(false) };
        if code != Code::SourceGone {
            round.progress.copied += 1;
        }
        self.copies.has_ended(destination, study);
        self.copies.has_moved();
        Ok(true)
    }

    /// Says of a source whether it is needed any more. The queue knows what was copied, whoever copied it, and when.
    pub(super) fn whole(&self, rounds: &Rounds, round: Round) -> Result<(), Fault> {
        let (import, copied) = (round.import, round.copied);
        let gaps = round.gaps.list();
        let unreadable = gaps.iter().map(|gap| gap.instances).sum();
        self.tell_gaps(&gaps);
        let left =
            self.desk.ask_blocking(move |books| books.queue.view().on_source(import).or_fault())?;
        let stays = rounds.table().has_to_stay(&round.media);
        tracing::info!(import = import.0, copied, unreadable, ?left, stays, "all is copied");
        match left {
            OnSource { read: 0, waits: 0 } if !stays => {
                self.observer.source_free(&SourceFree { import, copied, unreadable });
            }
            // What is read from it goes on, and its end is told by whoever sends it.
            OnSource { waits: 0, .. } => {}
            OnSource { waits, .. } => {
                self.observer.source_gone(&SourceGone { import, copied, waits });
            }
        }
        Ok(())
    }

    pub(super) fn tell_gaps(&self, gaps: &[Gap]) {
        if !gaps.is_empty() {
            self.observer.unreadable(gaps);
        }
    }

    pub(super) fn leave_on_source(&self, import: ImportId) -> Result<(), Fault> {
        let instances =
            self.desk.ask_blocking(move |books| books.queue.copy_no_more(import).or_fault())?;
        let stays = SourceStays { import, instances, free: self.folder.free() };
        tracing::warn!(import = import.0, instances, "no room to copy: the source has to stay");
        self.copies.has_moved();
        self.observer.source_stays(&stays);
        Ok(())
    }
}

/// An instance, as long as this import has to have it copied.
pub(super) fn still_due(
    books: &Books,
    import: ImportId,
    id: InstanceId,
) -> Result<Option<InstanceRow>, Fault> {
    let before = Some(InstanceId(id.0.saturating_sub(1)));
    let found = books.queue.view().to_copy(import, before, 1).or_fault()?;
    Ok(found.into_iter().find(|row| row.id == id))
}
