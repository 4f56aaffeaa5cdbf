//! Closing a study: record, tell, erase. And recording what did not come to its end in a run.

use crate::clock::now;
use crate::desk::{Books, Desk};
use crate::faults::OrFault;
use crate::observer::StudyEnd;
use crate::report::Report;
use relaypacs_ledger::{
    AboutStudy, Counts, DestinationLabel, Event, EventId, ReceiptId, ReceiptLine,
};
use relaypacs_model::{Fault, Outcome, Priority, StudyInstanceUid};
use relaypacs_queue::{
    Counts as Standing, Erased, ImportId, InstanceId, InstanceRow, Phase, Scope, StateName, StudyId,
};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many instances are read from the queue at once.
const PAGE: u32 = 1_000;

/// A study of one destination, as the ledger and the report name it.
#[derive(Clone)]
pub(crate) struct Closing {
    pub(crate) study: StudyId,
    pub(crate) study_uid: StudyInstanceUid,
    pub(crate) label: DestinationLabel,
}

/// Which of these studies have come to their end and can be closed, and which an import on its way holds: what those come
/// to is known once it has ended, and nobody says when that is.
pub(crate) async fn look(
    desk: &Desk,
    label: &DestinationLabel,
    studies: BTreeSet<StudyId>,
) -> Result<(Vec<Closing>, Vec<StudyId>), Fault> {
    if studies.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let label = label.clone();
    desk.ask(move |books| {
        let (mut done, mut held) = (Vec::new(), Vec::new());
        let view = books.queue.view();
        for study in studies {
            if view.is_held(study).or_fault()? {
                held.push(study);
            } else if let Ok(row) = view.study(study)
                && row.phase == Phase::Done
            {
                done.push(Closing { study, study_uid: row.study_uid, label: label.clone() });
            }
        }
        Ok((done, held))
    })
    .await
}

/// What was recorded of a study, page by page.
#[derive(Default)]
struct Sum {
    states: BTreeMap<StateName, u64>,
    /// By outcome, for each import that offered them last.
    of_imports: BTreeMap<ImportId, BTreeMap<Outcome, u64>>,
}

impl Sum {
    fn add(&mut self, row: &InstanceRow) {
        *self.states.entry(row.state.name()).or_default() += 1;
        let of_import = self.of_imports.entry(row.import).or_default();
        *of_import.entry(row.outcome()).or_default() += 1;
    }

    /// The import that offered something of it last.
    fn latest(&self) -> Option<ImportId> {
        self.of_imports.keys().next_back().copied()
    }

    fn outcomes(&self) -> BTreeMap<Outcome, u64> {
        let mut all = BTreeMap::new();
        self.of_imports.values().for_each(|of_import| add(&mut all, of_import));
        all
    }

    /// True where it is all of the study, as it stands now.
    fn is_all_of(&self, study: &Standing) -> bool {
        let recorded = |name| self.states.get(&name).copied().unwrap_or(0);
        StateName::ALL.into_iter().all(|name| study.of(name).instances == recorded(name))
    }
}

fn add(sum: &mut BTreeMap<Outcome, u64>, more: &BTreeMap<Outcome, u64>) {
    for (outcome, n) in more {
        *sum.entry(*outcome).or_default() += n;
    }
}

/// Records every instance of a study that came to its end, tells it, and erases what is confirmed. [`Erased::NotYet`]
/// where it goes on after all: then it was not closed, and nothing says that it was.
pub(crate) async fn close(
    desk: &Desk,
    report: &Arc<Report>,
    closing: Closing,
) -> Result<Erased, Fault> {
    let mut outcomes = BTreeMap::new();
    let mut sum = Sum::default();
    let mut after = None;
    loop {
        let page = closing.clone();
        let rows = desk.ask(move |books| recorded(books, &page, after)).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        rows.iter().for_each(|row| sum.add(row));
        report.tell(&closing.study_uid, &rows, &mut outcomes);
    }
    let (erased, told) = desk.ask(move |books| end(books, &closing, &sum)).await?;
    if let Some(told) = told {
        report.study(&StudyEnd { outcomes, erased: erased == Erased::Whole, ..told });
    }
    Ok(erased)
}

/// How a study ended: by the receipt of its latest import, which also knows what ended in earlier runs, and by what
/// earlier imports offered of it and nobody offered again.
fn told(
    books: &mut Books,
    closing: &Closing,
    latest: ImportId,
    sum: &Sum,
) -> Result<StudyEnd, Fault> {
    // It was begun with its first line, and is not opened again: it may have ended meanwhile.
    let name = books.import_name(latest)?;
    let receipt = books.ledger.begin_receipt(name, &closing.label, now()).or_fault()?;
    let seen = books.ledger.find_study(&closing.study_uid).or_fault()?;
    let of_receipt = seen.iter().filter(|sighting| sighting.receipt == receipt);
    let mut recorded: BTreeMap<Outcome, u64> =
        of_receipt.flat_map(|sighting| sighting.counts.outcomes()).collect();
    let earlier = sum.of_imports.iter().filter(|(import, _)| **import != latest);
    earlier.for_each(|(_, of_import)| add(&mut recorded, of_import));
    Ok(StudyEnd {
        study: closing.study,
        study_instance_uid: closing.study_uid.clone(),
        destination: closing.label.as_str().to_owned(),
        receipt: receipt.0,
        outcomes: BTreeMap::new(),
        recorded,
        erased: false,
    })
}

/// Records and tells what is left of a study at the end of a run: it waits.
pub(crate) async fn leave(
    desk: &Desk,
    report: &Arc<Report>,
    closing: Closing,
) -> Result<(), Fault> {
    let mut outcomes = BTreeMap::new();
    let mut sum = Sum::default();
    let mut after = None;
    loop {
        let page = closing.clone();
        let rows = desk
            .ask(move |books| {
                let rows = books.queue.view().instances(page.study, after, PAGE).or_fault()?;
                record(books, &page, &rows)?;
                Ok(rows)
            })
            .await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        rows.iter().for_each(|row| sum.add(row));
        report.tell(&closing.study_uid, &rows, &mut outcomes);
    }
    let Some(latest) = sum.latest() else { return Ok(()) };
    let told = desk.ask(move |books| told(books, &closing, latest, &sum)).await?;
    report.study(&StudyEnd { outcomes, ..told });
    Ok(())
}

/// One page of what has ended, after it stands in the ledger.
fn recorded(
    books: &mut Books,
    closing: &Closing,
    after: Option<InstanceId>,
) -> Result<Vec<InstanceRow>, Fault> {
    let rows =
        books.queue.view().ended_instances(Scope::Study(closing.study), after, PAGE).or_fault()?;
    record(books, closing, &rows)?;
    Ok(rows)
}

/// Writes lines into the receipts of the imports that offered the instances last.
fn record(books: &mut Books, closing: &Closing, rows: &[InstanceRow]) -> Result<(), Fault> {
    let mut receipts: BTreeMap<ImportId, ReceiptId> = BTreeMap::new();
    for row in rows {
        if let Entry::Vacant(vacant) = receipts.entry(row.import) {
            vacant.insert(books.receipt_of(row.import, &closing.label)?);
        }
    }
    for (import, receipt) in receipts {
        let lines = rows.iter().filter(|row| row.import == import).map(line);
        books.ledger.record(receipt, &closing.study_uid, lines).or_fault()?;
    }
    Ok(())
}

/// Only what can be erased is said to be, in one errand: nothing comes between the look, the ledger and the queue. An
/// import that holds it, or a row that changed after it was recorded, and it is closed another time.
fn end(
    books: &mut Books,
    closing: &Closing,
    sum: &Sum,
) -> Result<(Erased, Option<StudyEnd>), Fault> {
    let view = books.queue.view();
    let standing = view.counts(Scope::Study(closing.study)).or_fault()?;
    if view.is_held(closing.study).or_fault()? || !sum.is_all_of(&standing) {
        return Ok((Erased::NotYet, None));
    }
    let mut end = None;
    if let Some(latest) = sum.latest() {
        say(books, closing, latest, &sum.outcomes())?;
        end = Some(told(books, closing, latest, sum)?);
    }
    let erased = books.queue.erase_study(closing.study).or_fault()?;
    books.queue.barrier().or_fault()?;
    // Their key is gone by now; a crash before this leaves it to the next start.
    books.clear_leftovers()?;
    Ok((erased, end))
}

/// The ledger comes first, under ids that make writing it again harmless: a crash before the queue has erased repeats this
/// and finishes that.
fn say(
    books: &mut Books,
    closing: &Closing,
    latest: ImportId,
    counts: &BTreeMap<Outcome, u64>,
) -> Result<(), Fault> {
    let study = closing.study_uid.clone();
    let import = books.import_name(latest)?;
    // With their names: as many that were refused, and taken out later, are another end.
    let named = |(outcome, n): (&Outcome, &u64)| format!("{} {n}\n", outcome.as_str());
    let numbers: String = counts.iter().map(named).collect();
    let id = |what: &[u8]| {
        let label = closing.label.as_str().as_bytes();
        EventId::of(&[what, &import.0, study.as_str().as_bytes(), label, numbers.as_bytes()])
    };
    let mut ended = Counts::default();
    for (outcome, n) in counts {
        ended.add(*outcome, *n);
    }
    if ended.in_the_archive() > 0 {
        let about = about(books, closing, latest)?;
        let destination = closing.label.clone();
        let event =
            Event::Confirmed { study: study.clone(), destination, counts: ended.clone(), about };
        books.ledger.append(id(b"confirmed"), &event, now()).or_fault()?;
    }
    let whole =
        counts.keys().all(|outcome| outcome.is_in_the_archive() || *outcome == Outcome::Cancelled);
    let ended_id = id(b"ended");
    let event = if whole { Event::Erased { study } } else { Event::Ended { study, counts: ended } };
    books.ledger.append(ended_id, &event, now()).or_fault()?;
    Ok(())
}

/// What lists and figures say of the study; taken before its rows are erased.
fn about(books: &mut Books, closing: &Closing, latest: ImportId) -> Result<AboutStudy, Fault> {
    let receipt = books.receipt_of(latest, &closing.label)?;
    let view = books.queue.view();
    let row = view.study(closing.study).or_fault()?;
    Ok(AboutStudy {
        receipt,
        modalities: view.modalities(closing.study).or_fault()?,
        priority: Priority::of_rank(row.priority),
        queued: view.import(latest).or_fault()?.created,
        bytes: row.counts.here().bytes,
    })
}

fn line(row: &InstanceRow) -> ReceiptLine {
    ReceiptLine {
        sop_instance_uid: row.sop_uid.clone(),
        bytes: row.bytes,
        sha256: row.sha256,
        outcome: row.outcome(),
        proof: row.proof,
        reason: row.reason,
        at: row.since,
    }
}

#[cfg(test)]
mod tests;
