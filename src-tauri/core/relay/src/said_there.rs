//! Studies of which the archive says that something is there already. Unlike a lost answer this holds nothing up: the
//! question after their last byte answers it as well, and saves one for each such instance.

use crate::desk::Books;
use crate::faults::OrFault;
use relaypacs_model::Fault;
use relaypacs_queue::{Scope, StateName, StudyId, StudyToAsk};
use relaypacs_upload::{InstanceVerdict, Verdict};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The studies of one destination. Only kept while a lane works: at a start every study is asked about first.
#[derive(Default)]
pub(crate) struct SaidThere(Mutex<HashSet<StudyId>>);

impl SaidThere {
    /// Takes in what came of a batch. An answer that was lost is asked for at once, so that the study cannot wait.
    pub(crate) fn learn(&self, study: StudyId, verdicts: &[InstanceVerdict]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let any = |wanted: fn(Verdict) -> bool| verdicts.iter().any(|one| wanted(one.verdict));
        if any(|verdict| matches!(verdict, Verdict::Unknown(_))) {
            all.remove(&study);
        } else if any(|verdict| matches!(verdict, Verdict::AlreadyThere(_))) {
            all.insert(study);
        }
    }

    /// The study is asked about now.
    pub(crate) fn asked(&self, study: StudyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&study);
    }

    /// A copy of the studies, for the thread of the books.
    pub(crate) fn studies(&self) -> HashSet<StudyId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is due and cannot wait: without the studies that can, and of which something is still to be sent or on its way.
pub(crate) fn without(
    can_wait: &HashSet<StudyId>,
    due: Vec<StudyToAsk>,
    books: &Books,
) -> Result<Vec<StudyToAsk>, Fault> {
    let mut now = Vec::with_capacity(due.len());
    for study in due {
        if !can_wait.contains(&study.study) || is_sent(books, study.study)? {
            now.push(study);
        }
    }
    Ok(now)
}

fn is_sent(books: &Books, study: StudyId) -> Result<bool, Fault> {
    let counts = books.queue.view().counts(Scope::Study(study)).or_fault()?;
    let left = [StateName::Queued, StateName::Sending].map(|state| counts.of(state).instances);
    Ok(left == [0, 0])
}
