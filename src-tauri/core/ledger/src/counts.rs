//! How many instances ended how, and how many files were left out why.

use crate::IndexTally;
use relaypacs_model::{Outcome, SkipReason};
use std::collections::BTreeMap;

/// Counts of one send, one receipt or one study. Kinds that did not occur count zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    outcomes: BTreeMap<Outcome, u64>,
    skipped: BTreeMap<SkipReason, u64>,
    index: Option<IndexTally>,
}

impl Counts {
    /// Adds instances that ended in one way.
    pub fn add(&mut self, outcome: Outcome, instances: u64) {
        add(&mut self.outcomes, outcome, instances);
    }

    /// Adds files that were left out for one reason.
    pub fn add_skipped(&mut self, reason: SkipReason, files: u64) {
        add(&mut self.skipped, reason, files);
    }

    /// Adds what the index of a disc (DICOMDIR) says. What it lists and the disc lacks is no file of the source and
    /// counts towards nothing else.
    pub fn add_index(&mut self, index: IndexTally) {
        self.index = Some(self.index.unwrap_or_default().and(index));
    }

    /// What the index of the disc says, where there is one.
    #[must_use]
    pub fn index(&self) -> Option<IndexTally> {
        self.index
    }

    /// Files that the index of a disc lists and the disc lacks.
    #[must_use]
    pub fn listed_missing(&self) -> u64 {
        self.index.map_or(0, |index| index.missing)
    }

    /// Instances that ended in one way.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    /// Files that were left out for one reason.
    #[must_use]
    pub fn skipped(&self, reason: SkipReason) -> u64 {
        self.skipped.get(&reason).copied().unwrap_or(0)
    }

    /// Every instance, however it ended.
    #[must_use]
    pub fn instances(&self) -> u64 {
        sum(self.outcomes.values())
    }

    /// Instances that the archive is proven to have.
    #[must_use]
    pub fn in_the_archive(&self) -> u64 {
        sum(self.outcomes.iter().filter(|(one, _)| one.is_in_the_archive()).map(|(_, many)| many))
    }

    /// Every file that was left out.
    #[must_use]
    pub fn all_skipped(&self) -> u64 {
        sum(self.skipped.values())
    }

    /// The outcomes that occurred, in the order of the contract.
    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        self.outcomes.iter().map(|(outcome, many)| (*outcome, *many))
    }

    /// The reasons that occurred, in the order of the contract.
    pub fn skips(&self) -> impl Iterator<Item = (SkipReason, u64)> + '_ {
        self.skipped.iter().map(|(reason, many)| (*reason, *many))
    }
}

fn add<K: Ord>(to: &mut BTreeMap<K, u64>, key: K, many: u64) {
    if many > 0 {
        let entry = to.entry(key).or_default();
        *entry = entry.saturating_add(many);
    }
}

fn sum<'a>(values: impl Iterator<Item = &'a u64>) -> u64 {
    values.fold(0, |all, one| all.saturating_add(*one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_occur_counts_zero_and_is_not_listed() {
        let mut counts = Counts::default();
        counts.add(Outcome::Confirmed, 3);
        counts.add(Outcome::Waiting, 0);
        counts.add(Outcome::Rejected, 2);
        counts.add_skipped(SkipReason::Damaged, 1);
        assert_eq!((counts.instances(), counts.in_the_archive(), counts.all_skipped()), (5, 3, 1));
        assert_eq!(counts.of(Outcome::Waiting), 0);
        let listed: Vec<_> = counts.outcomes().collect();
        assert_eq!(listed, [(Outcome::Confirmed, 3), (Outcome::Rejected, 2)]);
    }
}
