//! Whose trouble it is when an archive fails over the question about a study: that one study's, or its own.

use crate::clock::now;
use crate::faults::OrFault;
use crate::lane::Lane;
use crate::run::jitter;
use relaypacs_model::{Code, Fault};
use relaypacs_queue::StudyId;
use relaypacs_upload::{Trouble, backoff};
use std::sync::{Mutex, PoisonError};

/// What an archive may do over one study and not over another. Whatever else goes wrong is about the archive, the way to
/// it, or what it lets us do.
const OF_ONE: [Code; 3] = [Code::ArchiveFailed, Code::AnswerNotUnderstood, Code::Stalled];

/// What the last answers of an archive say of it.
#[derive(Debug, Default)]
pub(crate) struct Doubt(Mutex<Lately>);

#[derive(Debug, Default)]
struct Lately {
    /// It answered, and since then failed over one study at most.
    answers: bool,
    /// That one.
    failed: Option<StudyId>,
}

impl Doubt {
    /// It answered a question, or stored something.
    pub(crate) fn answered(&self) {
        *self.lately() = Lately { answers: true, failed: None };
    }

    /// It failed over a study. True where that says nothing of the archive: it fails over this one again and again, or it
    /// answered and failed over no other since.
    fn is_of_one(&self, study: StudyId, times_before: u32) -> bool {
        if times_before > 0 {
            return true;
        }
        let mut lately = self.lately();
        lately.answers &= lately.failed.is_none_or(|failed| failed == study);
        lately.failed = Some(study);
        lately.answers
    }

    fn lately(&self) -> std::sync::MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// Trouble with the question about a study: it is left alone, or its destination is.
    pub(crate) async fn leave_or_park(
        &self,
        study: StudyId,
        trouble: Trouble,
    ) -> Result<(), Fault> {
        if !OF_ONE.contains(&trouble.reason.code) {
            return self.park_for(trouble).await.map(drop);
        }
        let times = self.desk.ask(move |books| books.queue.times_left(study).or_fault()).await?;
        if !self.doubt.is_of_one(study, times) {
            if self.park_for(trouble).await? {
                self.signs.in_doubt();
            }
            return Ok(());
        }
        let reason = trouble.reason;
        if reason.code == Code::Stalled {
            self.signs.hung();
        }
        let until = now().after(backoff::wait(times + 1, jitter(), trouble.retry_after));
        self.desk
            .ask(move |books| books.queue.leave(study, reason, until, now()).or_fault())
            .await?;
        let code = reason.code.as_str();
        tracing::warn!(study = study.0, code, status = reason.status, "study left alone");
        let fault = Fault::with(reason.code, trouble.detail);
        self.observer.left_alone(self.label.as_str(), study, &fault, until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Signs, Talk};
    use std::time::Instant;

    const A: StudyId = StudyId(1);
    const B: StudyId = StudyId(2);
    const C: StudyId = StudyId(3);

    #[test]
    fn an_archive_that_never_answered_is_in_trouble_itself() {
        assert!(!Doubt::default().is_of_one(A, 0));
    }

    #[test]
    fn one_that_answers_for_others_is_not_and_one_that_fails_over_two_in_a_row_is() {
        let doubt = Doubt::default();
        doubt.answered();
        assert!(doubt.is_of_one(A, 0) && doubt.is_of_one(A, 0));
        doubt.answered();
        assert!(doubt.is_of_one(B, 0) && !doubt.is_of_one(C, 0));
        assert!(!doubt.is_of_one(B, 0), "it has not answered since");
        doubt.answered();
        assert!(doubt.is_of_one(B, 0));
    }

    #[test]
    fn a_park_that_may_be_about_one_study_ends_with_any_answer_and_others_with_one_to_what_came_later()
     {
        let (signs, before) = (Signs::new(), Instant::now());
        signs.now_parked(Talk::Ask);
        assert!(!signs.ends_park(Talk::Ask, before));
        signs.in_doubt();
        assert!(signs.ends_park(Talk::Ask, before) && !signs.ends_park(Talk::Ask, before));
    }

    #[test]
    fn what_it_always_fails_over_says_nothing_of_the_others() {
        let doubt = Doubt::default();
        assert!(doubt.is_of_one(A, 3));
        doubt.answered();
        assert!(doubt.is_of_one(A, 4) && doubt.is_of_one(B, 0) && doubt.is_of_one(A, 5));
        assert!(doubt.is_of_one(B, 1), "and neither does that");
    }
}
