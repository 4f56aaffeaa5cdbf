//! Studies of which the archive says that something is there already. Unlike a lost answer this holds nothing up: the
//! question after their last byte answers it as well, and saves one for each such instance.

use crate::desk::Books;
use crate::faults::OrFault;
use relaypacs_model::Fault;
use relaypacs_queue::{Scope, StateName, StudyId, StudyToAsk};
use relaypacs_upload::{InstanceVerdict, Verdict};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The studies of one destination. Only kept while a lane works: at a start every study is asked about first.
#[derive(Default)]
pub(crate) struct SaidThere(Mutex<HashMap<StudyId, Asked>>);

/// When a study with unclear instances is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// An answer was lost as well.
    Now,
    AfterItsLastByte,
}

impl SaidThere {
    /// Takes in what came of a batch. A study with a lost answer does not wait, whatever comes after that.
    pub(crate) fn learn(&self, study: StudyId, verdicts: &[InstanceVerdict]) {
        let mut all = self.all();
        let any = |wanted: fn(Verdict) -> bool| verdicts.iter().any(|one| wanted(one.verdict));
        if any(|verdict| matches!(verdict, Verdict::Unknown(_))) {
            all.insert(study, Asked::Now);
        } else if any(|verdict| matches!(verdict, Verdict::AlreadyThere(_))) {
            all.entry(study).or_insert(Asked::AfterItsLastByte);
        }
    }

    /// The study is asked about now.
    pub(crate) fn asked(&self, study: StudyId) {
        self.all().remove(&study);
    }

    /// The studies that can wait; a copy, for the thread of the books.
    pub(crate) fn can_wait(&self) -> HashSet<StudyId> {
        let all = self.all();
        let waits = all.iter().filter(|(_, asked)| **asked == Asked::AfterItsLastByte);
        waits.map(|(study, _)| *study).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<StudyId, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::{Code, Reason};

    fn verdicts(verdict: fn(Reason) -> Verdict) -> [InstanceVerdict; 1] {
        let verdict = verdict(Reason::new(Code::ConnectionLost));
        [InstanceVerdict { verdict, sha256: None }]
    }

    #[test]
    fn a_study_waits_for_its_last_byte_unless_an_answer_was_lost_until_it_is_asked_about() {
        let (said, study) = (SaidThere::default(), StudyId(1));
        let there = verdicts(Verdict::AlreadyThere);
        said.learn(study, &there);
        assert_eq!(said.can_wait(), HashSet::from([study]));
        said.learn(study, &verdicts(Verdict::Unknown));
        said.learn(study, &there);
        assert!(said.can_wait().is_empty(), "the lost answer is forgotten");
        said.asked(study);
        said.learn(study, &there);
        assert_eq!(said.can_wait(), HashSet::from([study]));
    }
}
