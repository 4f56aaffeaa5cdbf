//! Numbers by which the page names the studies of a review. They are not rows of the queue: those are other ones as soon as
//! the review goes elsewhere. And no number is given twice, so that one of an earlier review names nothing in this one.

use relaypacs_model::StudyInstanceUid;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

static NEXT: AtomicI64 = AtomicI64::new(1);

/// The numbers of one review.
#[derive(Default)]
pub(super) struct Numbers {
    numbers: HashMap<StudyInstanceUid, i64>,
    studies: HashMap<i64, StudyInstanceUid>,
}

impl Numbers {
    /// The number of a study, the same for as long as its review is held.
    pub(super) fn of(&mut self, study: &StudyInstanceUid) -> i64 {
        if let Some(number) = self.numbers.get(study) {
            return *number;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.numbers.insert(study.clone(), number);
        self.studies.insert(number, study.clone());
        number
    }

    /// The study of a number that was given in this review.
    pub(super) fn study(&self, number: i64) -> Option<&StudyInstanceUid> {
        self.studies.get(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_keeps_its_number_and_no_other_review_has_it() {
        let uid = |text: &str| StudyInstanceUid::parse(text).unwrap();
        let (mut one, mut other) = (Numbers::default(), Numbers::default());
        let number = one.of(&uid("1.2.3"));
        assert_ne!(one.of(&uid("1.2.4")), number);
        assert_eq!((one.of(&uid("1.2.3")), one.study(number)), (number, Some(&uid("1.2.3"))));
        assert_ne!(other.of(&uid("1.2.3")), number);
        assert_eq!(other.study(number), None);
    }
}
