//! Studies that have left the queue in this session, and the receipts that they are on. Nothing of a patient is in here.

use crate::view::QueueStudy;
use std::collections::{HashSet, VecDeque};

/// How many are shown.
const MOST: usize = 1_000;

/// The latest last.
#[derive(Default)]
pub(crate) struct Finished {
    rows: VecDeque<Row>,
    /// Receipts of which nothing goes on any more.
    ended: HashSet<u64>,
}

struct Row {
    /// The receipt of the import that offered it; its row shows the number once that has ended.
    receipt: u64,
    study: QueueStudy,
}

impl Finished {
    /// Another one. Its import may have ended a moment before.
    pub(crate) fn add(&mut self, receipt: u64, study: QueueStudy) {
        self.rows.push_back(Row { receipt, study: shown(receipt, study, &self.ended) });
        if self.rows.len() > MOST {
            self.rows.pop_front();
        }
    }

    /// Everything on this receipt has ended.
    pub(crate) fn ended(&mut self, receipt: u64) {
        self.ended.insert(receipt);
        for row in self.rows.iter_mut().filter(|row| row.receipt == receipt) {
            row.study.receipt = Some(receipt);
        }
    }

    /// Takes the rows that show this receipt off the list.
    pub(crate) fn put_away(&mut self, receipt: u64) {
        self.rows.retain(|row| row.study.receipt != Some(receipt));
    }

    /// One of them.
    pub(crate) fn study(&self, id: i64) -> Option<QueueStudy> {
        self.rows.iter().find(|row| row.study.id == id).map(|row| row.study.clone())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The latest first.
    pub(crate) fn page(&self, skip: usize, most: usize) -> impl Iterator<Item = QueueStudy> + '_ {
        self.rows.iter().rev().skip(skip).take(most).map(|row| row.study.clone())
    }
}

fn shown(receipt: u64, study: QueueStudy, ended: &HashSet<u64>) -> QueueStudy {
    QueueStudy { receipt: ended.contains(&receipt).then_some(receipt), ..study }
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;
    use relaypacs_model::{Outcome, StudyInstanceUid};
    use relaypacs_relay::{StudyEnd, StudyId};

    /// The end of a study that nobody saw in the queue.
    fn unseen(study: i64, receipt: u64) -> QueueStudy {
        let end = StudyEnd {
            study: StudyId(study),
            study_instance_uid: StudyInstanceUid::parse("1.2.3").unwrap(),
            destination: "Main PACS".into(),
            receipt,
            outcomes: [(Outcome::Confirmed, 4)].into(),
            recorded: [(Outcome::Confirmed, 4)].into(),
            erased: true,
        };
        rows::finished(None, &end)
    }

    fn receipts(finished: &Finished) -> Vec<(i64, Option<u64>)> {
        finished.page(0, 9).map(|row| (row.id, row.receipt)).collect()
    }

    #[test]
    fn a_row_gets_the_receipt_of_its_own_import_and_of_no_other_to_the_same_destination() {
        let mut finished = Finished::default();
        finished.add(7, unseen(1, 7));
        finished.add(8, unseen(2, 8));
        finished.ended(7);
        assert_eq!(receipts(&finished), [(2, None), (1, Some(7))]);
        // Its import ended before the end of the study was told.
        finished.add(7, unseen(3, 7));
        finished.put_away(7);
        assert_eq!(receipts(&finished), [(2, None)]);
        finished.ended(8);
        assert_eq!(receipts(&finished), [(2, Some(8))]);
    }

    #[test]
    fn a_row_that_nobody_saw_in_the_queue_names_its_destination_and_can_be_put_away() {
        let mut finished = Finished::default();
        finished.add(7, unseen(1, 7));
        finished.ended(7);
        let row = finished.page(0, 9).next().unwrap();
        assert_eq!((row.destination.as_str(), row.images, row.in_archive), ("Main PACS", 4, 4));
        finished.put_away(7);
        assert_eq!(finished.len(), 0);
    }

    #[test]
    fn no_more_than_the_latest_are_kept() {
        let mut finished = Finished::default();
        (0..1_200).for_each(|study| finished.add(7, unseen(study, 7)));
        assert_eq!((finished.len(), finished.page(0, 1).next().unwrap().id), (1_000, 1_199));
    }
}
