//! How quick each study and each destination goes, as far as this process saw it.
//!
//! Knows rows of the queue and sums of bytes, and neither who counts nor who shows them.

use crate::rate::Rate;
use relaypacs_relay::{DestinationId, StateName, StudyId, StudyRow};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// States of which the bytes have yet to be stored.
pub(crate) const TO_SEND: [StateName; 4] =
    [StateName::Queued, StateName::Waiting, StateName::Sending, StateName::Unknown];

/// States of which the bytes are in the archive, as far as it says.
const SENT: [StateName; 3] =
    [StateName::Stored, StateName::StoredWithWarning, StateName::Confirmed];

/// A study is stored batch by batch, so that its rate looks back further than that of the line.
const SPAN: Duration = Duration::from_secs(30);

/// What is known of how quick things go.
#[derive(Default)]
pub(crate) struct Paces {
    studies: HashMap<StudyId, Rate>,
    /// Destinations that images are on their way to.
    sending: HashSet<DestinationId>,
    destinations: HashMap<DestinationId, u64>,
    /// The sum of bytes on the line when a destination was last measured.
    measured_at: u64,
}

/// A study of which something is on its way.
pub(crate) struct Moving {
    study: StudyId,
    destination: DestinationId,
    /// Bytes that arrived.
    sent: u64,
}

impl Moving {
    /// From a row of the queue; `None` where nothing is on its way.
    pub(crate) fn of(row: &StudyRow) -> Option<Self> {
        (row.counts.of(StateName::Sending).instances > 0).then(|| Self {
            study: row.id,
            destination: row.destination,
            sent: SENT.iter().map(|name| row.counts.of(*name).bytes).sum(),
        })
    }
}

impl Paces {
    /// Which studies move. No rate is kept of any other: what an archive turned out to have already went at no rate at
    /// all.
    pub(crate) fn studies(&mut self, at: Instant, moving: impl Iterator<Item = Moving>) {
        let mut before = std::mem::take(&mut self.studies);
        self.sending.clear();
        for Moving { study, destination, sent } in moving {
            self.sending.insert(destination);
            let mut rate = before.remove(&study).unwrap_or_else(|| Rate::over(SPAN));
            rate.add(at, sent);
            self.studies.insert(study, rate);
        }
    }

    /// Nothing changed. True where a study that had a rate has none any more.
    pub(crate) fn nothing_new(&mut self, at: Instant) -> bool {
        let mut silent = false;
        for rate in self.studies.values_mut() {
            let before = rate.per_second();
            rate.nothing_new(at);
            silent |= before.is_some() && rate.per_second().is_none();
        }
        silent
    }

    /// What went over the line, in bytes, and how quick. It is told of a destination where that is the only one to which
    /// anything is on its way.
    pub(crate) fn line(&mut self, sum: u64, per_second: Option<u64>) {
        let moved = std::mem::replace(&mut self.measured_at, sum) != sum;
        let (Some(rate), true) = (per_second, moved) else { return };
        let mut sending = self.sending.iter();
        if let (Some(only), None) = (sending.next(), sending.next()) {
            let known = self.destinations.entry(*only).or_insert(rate);
            *known = known.saturating_mul(3).saturating_add(rate) / 4;
        }
    }

    /// Bytes per second of a study; `None` while nothing of it moves, or where it is too early to tell.
    pub(crate) fn of_study(&self, study: StudyId) -> Option<u64> {
        self.studies.get(&study).and_then(Rate::per_second)
    }

    /// Bytes per second of a destination, the last time that it was measured.
    pub(crate) fn of_destination(&self, destination: DestinationId) -> Option<u64> {
        self.destinations.get(&destination).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moving(study: i64, destination: i64, sent: u64) -> Moving {
        Moving { study: StudyId(study), destination: DestinationId(destination), sent }
    }

    #[test]
    fn a_study_has_a_rate_while_it_goes_out_and_loses_it_when_nothing_of_it_arrives() {
        let begun = Instant::now();
        let second = |n: u64| begun + Duration::from_secs(n);
        let mut paces = Paces::default();
        paces.studies(second(0), [moving(1, 1, 50_000)].into_iter());
        assert_eq!(paces.of_study(StudyId(1)), None, "what was there before says nothing");
        paces.studies(second(10), [moving(1, 1, 60_000)].into_iter());
        assert_eq!(paces.of_study(StudyId(1)), Some(1_000));
        assert!(!paces.nothing_new(second(20)));
        assert_eq!(paces.of_study(StudyId(1)), Some(500), "it slows down");
        assert!(paces.nothing_new(second(41)), "and is told to have stopped");
        assert_eq!(paces.of_study(StudyId(1)), None);
        paces.studies(second(42), std::iter::empty());
        assert_eq!(paces.of_study(StudyId(1)), None);
    }

    #[test]
    fn a_destination_is_measured_where_it_is_the_only_one_and_keeps_its_last_rate() {
        let mut paces = Paces::default();
        let of = |paces: &Paces, id| paces.of_destination(DestinationId(id));
        paces.studies(Instant::now(), [moving(1, 1, 0), moving(2, 2, 0)].into_iter());
        paces.line(100, Some(4_000));
        assert_eq!((of(&paces, 1), of(&paces, 2)), (None, None), "two share the line");
        paces.studies(Instant::now(), [moving(1, 1, 0), moving(3, 1, 0)].into_iter());
        paces.line(200, Some(4_000));
        assert_eq!((of(&paces, 1), of(&paces, 2)), (Some(4_000), None));
        paces.line(200, Some(8));
        assert_eq!(of(&paces, 1), Some(4_000), "nothing moved: that is no measurement");
        paces.line(300, Some(8_000));
        assert_eq!(of(&paces, 1), Some(5_000), "smoothed");
        paces.studies(Instant::now(), std::iter::empty());
        paces.line(300, None);
        assert_eq!(of(&paces, 1), Some(5_000));
    }
}
