//! Which slices a scan did not meet: where files could not be read, the gap that they leave in a series says what they
//! were. A series is held as its unbroken runs of Instance Numbers, which is hardly ever more than one.

use crate::spool::Gap;
use relaypacs_model::{Header, SeriesInstanceUid};
use std::collections::HashMap;

/// Series that are named at most.
const NAMED: usize = 1_000;

/// The numbers of each series, as they are met.
#[derive(Default)]
pub(crate) struct Slices(HashMap<SeriesInstanceUid, Series>);

struct Series {
    number: Option<i64>,
    runs: Vec<(i64, i64)>,
}

impl Slices {
    pub(crate) fn add(&mut self, header: &Header) {
        let Some(number) = header.instance_number else { return };
        let uid = &header.series_instance_uid;
        if let Some(series) = self.0.get_mut(uid) {
            return series.add(number);
        }
        let series = Series { number: header.series.number, runs: vec![(number, number)] };
        self.0.insert(uid.clone(), series);
    }

    /// Gaps that so many unreadable files can have left: a series that lacks more than that had them before.
    pub(crate) fn gaps(self, unreadable: u64) -> Vec<Gap> {
        let gap = |(uid, series): (SeriesInstanceUid, Series)| {
            let ranges = between(series.runs);
            let instances = ranges.iter().try_fold(0_u64, |sum, (first, last)| {
                sum.checked_add(u64::try_from(last.checked_sub(*first)?).ok()?)?.checked_add(1)
            })?;
            let likely = instances > 0 && instances <= unreadable;
            likely.then_some(Gap {
                series_instance_uid: uid,
                series_number: series.number,
                instances,
                ranges,
            })
        };
        let mut gaps: Vec<Gap> = self.0.into_iter().filter_map(gap).collect();
        gaps.sort_by(|a, b| {
            let key = |gap: &Gap| (gap.series_number, gap.series_instance_uid.as_str().to_owned());
            key(a).cmp(&key(b))
        });
        gaps.truncate(NAMED);
        gaps
    }
}

impl Series {
    /// Numbers mostly come in order.
    fn add(&mut self, number: i64) {
        match self.runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            Some((first, last)) if (*first..=*last).contains(&number) => {}
            Some(_) | None => self.runs.push((number, number)),
        }
    }
}

/// What lies between the runs.
fn between(mut runs: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    runs.sort_unstable();
    let mut gaps = Vec::new();
    let mut reached: Option<i64> = None;
    for (first, last) in runs {
        let next = reached.map(|reached| reached.saturating_add(1));
        if let Some(next) = next.filter(|next| *next < first) {
            gaps.push((next, first.saturating_sub(1)));
        }
        reached = reached.max(Some(last));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(numbers: impl IntoIterator<Item = i64>, unreadable: u64) -> Vec<String> {
        let mut series = Series { number: Some(4), runs: Vec::new() };
        numbers.into_iter().for_each(|number| series.add(number));
        let uid = SeriesInstanceUid::parse("1.2.3").unwrap();
        let slices = Slices(HashMap::from([(uid, series)]));
        slices.gaps(unreadable).iter().map(Gap::words).collect()
    }

    #[test]
    fn the_gap_that_unreadable_files_leave_is_named() {
        let read = |numbers: std::ops::RangeInclusive<i64>| {
            numbers.filter(|n| !(41..=43).contains(n) && *n != 50).collect::<Vec<_>>()
        };
        assert_eq!(gaps(read(1..=90), 4), ["series 4: slices 41-43, 50"]);
        assert_eq!(gaps(read(1..=90).into_iter().rev(), 4), ["series 4: slices 41-43, 50"]);
        assert_eq!(gaps(1..=90, 4), [] as [&str; 0]);
    }

    #[test]
    fn a_series_that_always_had_gaps_is_not_blamed_on_the_disc() {
        assert_eq!(gaps([1, 100, 200], 3), [] as [&str; 0]);
        assert_eq!(gaps([i64::MIN, i64::MAX], 3), [] as [&str; 0]);
        assert_eq!(gaps([5, 5, 7, 5], 1), ["series 4: slice 6"]);
    }
}
