//! What could not be read from a damaged medium, as a person finds it again: by series, and by the gap in its slices.

use relaypacs_model::SeriesInstanceUid;
use relaypacs_queue::InstanceRow;
use std::collections::BTreeMap;

/// Instances of one series that could not be read. Numbers and UIDs only: a description can name a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// (0020,000E)
    pub series_instance_uid: SeriesInstanceUid,
    /// (0020,0011)
    pub series_number: Option<i64>,
    /// How many instances.
    pub instances: u64,
    /// Their Instance Numbers (0020,0013), where they have one, as first and last of each unbroken run.
    pub ranges: Vec<(i64, i64)>,
}

impl Gap {
    /// `series 4: slices 41-43, 50`; by its UID where the series has no number.
    #[must_use]
    pub fn words(&self) -> String {
        let series = match self.series_number {
            Some(number) => format!("series {number}"),
            None => format!("series {}", self.series_instance_uid.as_str()),
        };
        if self.ranges.is_empty() {
            let images = if self.instances == 1 { "image" } else { "images" };
            return format!("{series}: {} {images} without a number", self.instances);
        }
        let one = self.ranges.len() == 1 && self.ranges.iter().all(|(first, last)| first == last);
        let ranges: Vec<String> = self
            .ranges
            .iter()
            .map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first}-{last}"),
            })
            .collect();
        format!("{series}: slice{} {}", if one { "" } else { "s" }, ranges.join(", "))
    }
}

/// Collects them, eight bytes for each.
#[derive(Default)]
pub(crate) struct Gaps(BTreeMap<(Option<i64>, String), Series>);

struct Series {
    uid: SeriesInstanceUid,
    instances: u64,
    numbers: Vec<i64>,
}

impl Gaps {
    pub(crate) fn add(&mut self, row: &InstanceRow) {
        let key = (row.series_number, row.series_uid.as_str().to_owned());
        let series = self.0.entry(key).or_insert_with(|| Series {
            uid: row.series_uid.clone(),
            instances: 0,
            numbers: Vec::new(),
        });
        series.instances += 1;
        series.numbers.extend(row.number);
    }

    /// Series by series, by number.
    pub(crate) fn list(self) -> Vec<Gap> {
        self.0
            .into_iter()
            .map(|((series_number, _), series)| Gap {
                series_instance_uid: series.uid,
                series_number,
                instances: series.instances,
                ranges: ranges(series.numbers),
            })
            .collect()
    }
}

/// Unbroken runs, in order.
pub(crate) fn ranges(mut numbers: Vec<i64>) -> Vec<(i64, i64)> {
    numbers.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if number <= last.saturating_add(1) => *last = number,
            Some(_) | None => runs.push((number, number)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(series_number: Option<i64>, numbers: &[i64]) -> String {
        let series_instance_uid = SeriesInstanceUid::parse("1.2.3").unwrap();
        let ranges = ranges(numbers.to_vec());
        Gap { series_instance_uid, series_number, instances: 2, ranges }.words()
    }

    #[test]
    fn a_gap_is_named_as_a_person_would_look_for_it() {
        assert_eq!(gap(Some(4), &[43, 41, 42]), "series 4: slices 41-43");
        assert_eq!(gap(Some(4), &[7]), "series 4: slice 7");
        assert_eq!(gap(Some(4), &[9, 1, 2, 2, 3, 7]), "series 4: slices 1-3, 7, 9");
        assert_eq!(gap(None, &[1]), "series 1.2.3: slice 1");
        assert_eq!(gap(Some(2), &[]), "series 2: 2 images without a number");
        assert_eq!(ranges(vec![i64::MAX, i64::MIN, i64::MAX]).len(), 2);
    }
}
