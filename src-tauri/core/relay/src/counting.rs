//! Counting what a scan comes upon, in memory that stays small: eight bytes for each distinct UID.

use crate::observer::ScanCounts;
use crate::slices::Slices;
use relaypacs_ledger::IndexTally;
use relaypacs_model::{Header, Seen, SkipReason};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

/// Counts as a scan goes on.
pub(crate) struct Counting {
    counts: ScanCounts,
    hash: RandomState,
    series: HashSet<u64>,
    studies: HashSet<u64>,
    patients: HashSet<u64>,
    slices: Slices,
    begun: Instant,
}

impl Counting {
    pub(crate) fn new() -> Self {
        Self {
            counts: ScanCounts::default(),
            hash: RandomState::new(),
            series: HashSet::new(),
            studies: HashSet::new(),
            patients: HashSet::new(),
            slices: Slices::default(),
            begun: Instant::now(),
        }
    }

    pub(crate) fn add(&mut self, seen: &Seen) {
        match seen {
            Seen::Instance(found) => {
                self.counts.files += 1;
                self.counts.bytes += found.bytes;
                self.counts.instances += 1;
                self.distinct(&found.header);
                self.slices.add(&found.header);
            }
            Seen::Skipped(skip) => {
                self.counts.files += 1;
                self.counts.bytes += skip.bytes;
                *self.counts.skipped.entry(skip.reason).or_default() += 1;
            }
            Seen::Index(report) => {
                let index = IndexTally {
                    listed: report.listed,
                    missing: report.listed_missing_total,
                    unlisted: report.unlisted,
                    partly: report.damage.is_some(),
                };
                self.counts.listed_missing += index.missing;
                self.counts.index = Some(self.counts.index.unwrap_or_default().and(index));
            }
        }
    }

    fn distinct(&mut self, header: &Header) {
        self.series.insert(self.hash.hash_one(&header.series_instance_uid));
        self.studies.insert(self.hash.hash_one(&header.study_instance_uid));
        let patient = &header.patient;
        self.patients.insert(self.hash.hash_one((
            &patient.id,
            &patient.id_issuer,
            &patient.name,
            &patient.birth_date,
        )));
    }

    pub(crate) fn counts(self) -> ScanCounts {
        let unreadable = self.counts.skipped.get(&SkipReason::Unreadable).copied().unwrap_or(0);
        ScanCounts {
            gaps: self.slices.gaps(unreadable),
            series: self.series.len() as u64,
            studies: self.studies.len() as u64,
            patients: self.patients.len() as u64,
            took: self.begun.elapsed(),
            ..self.counts
        }
    }
}
