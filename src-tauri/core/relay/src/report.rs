//! What came of each instance: told to the observer, written on the paper receipt, counted. Once for each.

use crate::clock::now;
use crate::faults::OrFault;
use crate::observer::{Observer, ScanCounts, StudyEnd, Summary, Verdict};
use relaypacs_ledger::{
    Counts, DestinationLabel, PaperForm, PaperHead, PaperLine, ReceiptWriter, SavedReceipt, Version,
};
use relaypacs_model::{Fault, Outcome, SkipReason, StudyInstanceUid};
use relaypacs_queue::{ImportId, InstanceRow};
use std::collections::BTreeMap;
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
    papers: Vec<SavedReceipt>,
}

impl Report {
    pub(crate) fn new(reach: Reach, observer: Arc<dyn Observer>) -> Self {
        Self { reach, observer, told: Mutex::default() }
    }

    /// Begins the paper receipt: JSON at `path`, the same to print beside it (or only to print, for a `.txt`).
    pub(crate) fn on_paper(
        &self,
        path: &Path,
        destination: &DestinationLabel,
    ) -> Result<(), Fault> {
        let version = Version::parse(env!("CARGO_PKG_VERSION"))
            .map_err(|error| Fault::with(relaypacs_model::Code::Internal, error))?;
        let head = PaperHead { version, destination: destination.clone(), started: now() };
        let form = PaperForm::of(path);
        let mut papers = vec![SavedReceipt::create(path, form, head.clone()).or_fault()?];
        if form == PaperForm::Json {
            let text = path.with_extension("txt");
            papers.push(SavedReceipt::create(&text, PaperForm::Text, head).or_fault()?);
        }
        self.told().papers = papers;
        Ok(())
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
    ) -> Result<(), Fault> {
        for row in rows.iter().filter(|row| self.is_about(row)) {
            let outcome = row.outcome();
            *outcomes.entry(outcome).or_default() += 1;
            {
                let mut told = self.told();
                *told.outcomes.entry(outcome).or_default() += 1;
                for paper in &mut told.papers {
                    paper.line(&line(study, row, outcome)).or_fault()?;
                }
            }
            self.observer.verdict(&Verdict {
                sop_instance_uid: row.sop_uid.clone(),
                outcome,
                reason: row.reason,
            });
        }
        Ok(())
    }

    /// Tells that a study came to its end in this run.
    pub(crate) fn study(
        &self,
        study: &StudyInstanceUid,
        outcomes: BTreeMap<Outcome, u64>,
        erased: bool,
    ) {
        if !outcomes.is_empty() {
            self.observer.study(&StudyEnd { study_instance_uid: study.clone(), outcomes, erased });
        }
    }

    /// Ends the report. `skipped` is what the scan of this run left out.
    pub(crate) fn finish(
        &self,
        skipped: &BTreeMap<SkipReason, u64>,
    ) -> Result<BTreeMap<Outcome, u64>, Fault> {
        let told = std::mem::take(&mut *self.told());
        let counts = counts(&told.outcomes, skipped);
        for paper in told.papers {
            paper.finish(&counts, now()).or_fault()?;
        }
        Ok(told.outcomes)
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
    relaypacs_ledger::verdict_sentence(&counts(&summary.outcomes, skipped))
}

fn counts(outcomes: &BTreeMap<Outcome, u64>, skipped: &BTreeMap<SkipReason, u64>) -> Counts {
    let mut counts = Counts::default();
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
