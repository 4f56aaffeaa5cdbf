//! What came of each instance: told to the observer, written on the paper receipt, counted. Once for each.

use crate::clock::now;
use crate::faults::OrFault;
use crate::observer::{Observer, ScanCounts, StudyEnd, Summary, Verdict};
use relaypacs_ledger::{
    Completeness, Counts, DestinationLabel, IndexTally, PaperForm, PaperHead, PaperLine,
    ReceiptWriter, SavedReceipt, Version,
};
use relaypacs_model::{Code, DestinationName, Fault, Outcome, SkipReason, StudyInstanceUid};
use relaypacs_queue::{ImportId, InstanceId, InstanceRow};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How far a run reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// What one import offered.
    Import(ImportId),
    /// Everything in the queue.
    Everything,
}

/// The report of one run.
pub(crate) struct Report {
    reach: Reach,
    observer: Arc<dyn Observer>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    outcomes: BTreeMap<Outcome, u64>,
    /// What was told of instances that are still in the queue: a lane that begins anew comes upon them again.
    instances: HashMap<StudyInstanceUid, HashMap<InstanceId, Outcome>>,
    papers: Vec<SavedReceipt>,
    /// Why there is no paper receipt. The images go on all the same.
    paper_fault: Option<Fault>,
}

impl Told {
    /// False where this was told before. An end that was put right is counted no more.
    fn is_new(&mut self, study: &StudyInstanceUid, row: InstanceId, outcome: Outcome) -> bool {
        let before = match self.instances.get_mut(study) {
            Some(rows) => rows.insert(row, outcome),
            None => {
                self.instances.insert(study.clone(), HashMap::from([(row, outcome)]));
                None
            }
        };
        if before == Some(outcome) {
            return false;
        }
        if let Some(count) = before.and_then(|before| self.outcomes.get_mut(&before)) {
            *count = count.saturating_sub(1);
        }
        *self.outcomes.entry(outcome).or_default() += 1;
        true
    }

    /// Of a study that was erased nothing is told again.
    fn erased(&mut self, study: &StudyInstanceUid) {
        let Some(rows) = self.instances.get_mut(study) else { return };
        // What needs a person may be another destination's.
        rows.retain(|_, outcome| !outcome.is_in_the_archive() && *outcome != Outcome::Cancelled);
        if rows.is_empty() {
            self.instances.remove(study);
        }
    }

    fn write(&mut self, line: &PaperLine<'_>) {
        let failed = self.papers.iter_mut().find_map(|paper| paper.line(line).or_fault().err());
        if let Some(fault) = failed {
            self.papers.clear();
            self.paper_fault = Some(fault);
        }
    }
}

impl Report {
    pub(crate) fn new(reach: Reach, observer: Arc<dyn Observer>) -> Self {
        Self { reach, observer, told: Mutex::default() }
    }

    /// Begins the paper receipt: JSON at `path`, the same to print beside it (or only to print, for a `.txt`). One that
    /// cannot be written is told at the end; the images go on.
    pub(crate) fn on_paper(&self, path: &Path, destination: &DestinationLabel) {
        match papers(path, destination) {
            Ok(papers) => self.told().papers = papers,
            Err(fault) => self.told().paper_fault = Some(fault),
        }
    }
    /// True where the run is about this instance.
    pub(crate) fn is_about(&self, row: &InstanceRow) -> bool {
        match self.reach {
            Reach::Import(import) => row.import == import,
            Reach::Everything => true,
        }
    }

    /// Tells what came of the instances of one study.
    pub(crate) fn tell(
        &self,
        study: &StudyInstanceUid,
        rows: &[InstanceRow],
        outcomes: &mut BTreeMap<Outcome, u64>,
    ) {
        for row in rows.iter().filter(|row| self.is_about(row)) {
            let outcome = row.outcome();
            *outcomes.entry(outcome).or_default() += 1;
            {
                let mut told = self.told();
                if !told.is_new(study, row.id, outcome) {
                    continue;
                }
                told.write(&line(study, row, outcome));
            }
            self.observer.verdict(&Verdict {
                sop_instance_uid: row.sop_uid.clone(),
                outcome,
                reason: row.reason,
            });
        }
    }

    /// Tells that a study came to its end in this run.
    pub(crate) fn study(&self, end: &StudyEnd) {
        if end.erased {
            self.told().erased(&end.study_instance_uid);
        }
        if !end.outcomes.is_empty() {
            self.observer.study(end);
        }
    }

    /// Ends the report. `skipped` is what the scan of this run left out.
    pub(crate) fn finish(
        &self,
        skipped: &BTreeMap<SkipReason, u64>,
        index: Option<IndexTally>,
    ) -> (BTreeMap<Outcome, u64>, Option<Fault>) {
        let told = std::mem::take(&mut *self.told());
        let counts = counts(&told.outcomes, skipped, index);
        let mut paper_fault = told.paper_fault;
        for paper in told.papers {
            paper_fault = paper_fault.or(paper.finish(&counts, now()).or_fault().err());
        }
        let outcomes = told.outcomes.into_iter().filter(|(_, many)| *many > 0).collect();
        (outcomes, paper_fault)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One sentence that says what a run came to, with what the scan left out where there was one.
#[must_use]
pub fn sentence(summary: &Summary, scanned: Option<&ScanCounts>) -> String {
    let none = BTreeMap::new();
    let skipped = scanned.map_or(&none, |scanned| &scanned.skipped);
    let index = scanned.and_then(|scanned| scanned.index);
    relaypacs_ledger::verdict_sentence(&counts(&summary.outcomes, skipped, index))
}

/// What a run came to, held against what the scan found and what the index of the disc lists.
#[must_use]
pub fn completeness(summary: &Summary, scanned: &ScanCounts) -> Completeness {
    Completeness::of(&counts(&summary.outcomes, &scanned.skipped, scanned.index))
}

fn papers(path: &Path, destination: &DestinationLabel) -> Result<Vec<SavedReceipt>, Fault> {
    let version = Version::parse(env!("CARGO_PKG_VERSION"))
        .map_err(|error| Fault::with(Code::Internal, error))?;
    let head = PaperHead { version, destination: destination.clone(), started: now() };
    let form = PaperForm::of(path);
    let mut papers = vec![SavedReceipt::create(path, form, head.clone()).or_fault()?];
    if form == PaperForm::Json {
        let text = path.with_extension("txt");
        papers.push(SavedReceipt::create(&text, PaperForm::Text, head).or_fault()?);
    }
    Ok(papers)
}

/// Finds out whether a receipt could be saved at `path`, before anything is sent. Leaves nothing behind.
///
/// # Errors
/// [`Code::ReceiptNotSaved`], [`Code::DiskFull`].
pub fn try_receipt(path: &Path) -> Result<(), Fault> {
    let name =
        DestinationName::parse("trial").map_err(|error| Fault::with(Code::Internal, error))?;
    papers(path, &DestinationLabel::from(&name)).map(drop)
}

fn counts(
    outcomes: &BTreeMap<Outcome, u64>,
    skipped: &BTreeMap<SkipReason, u64>,
    index: Option<IndexTally>,
) -> Counts {
    let mut counts = Counts::default();
    if let Some(index) = index {
        counts.add_index(index);
    }
    for (outcome, n) in outcomes {
        counts.add(*outcome, *n);
    }
    for (reason, n) in skipped {
        counts.add_skipped(*reason, *n);
    }
    counts
}

fn line<'a>(study: &'a StudyInstanceUid, row: &'a InstanceRow, outcome: Outcome) -> PaperLine<'a> {
    PaperLine {
        study,
        series: Some(&row.series_uid),
        instance: &row.sop_uid,
        bytes: row.bytes,
        sha256: row.sha256,
        outcome,
        proof: row.proof,
        reason: row.reason,
        at: row.since,
    }
}
