//! The proof of completeness: what is on the source, what its index (DICOMDIR) lists, what the archive has. One sentence
//! and the sizes of the sets, as a pure function of the counts.

use crate::Counts;
use crate::sentence::grouped;
use relaypacs_model::Outcome;

/// The index of a disc held against the disc. Where there are several, their sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexTally {
    /// Files that it lists.
    pub listed: u64,
    /// Files that it lists and the disc lacks.
    pub missing: u64,
    /// Images on the disc that it does not list.
    pub unlisted: u64,
    /// True where it is damaged and could be read only in part: what else it lists, nobody knows.
    pub partly: bool,
}

impl IndexTally {
    /// The sums of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            listed: self.listed.saturating_add(other.listed),
            missing: self.missing.saturating_add(other.missing),
            unlisted: self.unlisted.saturating_add(other.unlisted),
            partly: self.partly || other.partly,
        }
    }
}

/// Three sets held against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completeness {
    /// Images on the source.
    pub on_source: u64,
    /// What its index says; `None` where it has none.
    pub index: Option<IndexTally>,
    /// Images of the source that the archive is proven to have.
    pub in_archive: u64,
    /// Images of the source that it is not proven to have, by how they ended.
    pub not_in_archive: Vec<(Outcome, u64)>,
    /// Files of the source that may hold an image and could not be sent.
    pub needs_a_look: u64,
}

impl Completeness {
    /// The tally of these counts.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        let open = counts.skips().filter(|(reason, _)| reason.needs_a_person());
        let not_in_archive =
            counts.outcomes().filter(|(outcome, _)| !outcome.is_in_the_archive()).collect();
        Self {
            on_source: counts.instances(),
            index: counts.index(),
            in_archive: counts.in_the_archive(),
            not_in_archive,
            needs_a_look: open.fold(0, |all, (_, many)| all.saturating_add(many)),
        }
    }

    /// True where nothing is missing anywhere.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.in_archive == self.on_source
            && self.needs_a_look == 0
            && self.index.is_none_or(|index| index.missing == 0 && !index.partly)
    }

    /// One sentence for a person.
    #[must_use]
    pub fn sentence(&self) -> String {
        let place = if self.index.is_some() { "disc" } else { "source" };
        let mut parts = vec![self.images(place)];
        if let Some(index) = self.index {
            parts.push(indexed(&index));
        }
        match self.needs_a_look {
            0 => {}
            1 => parts.push("1 file on it could not be sent and needs a look".into()),
            many => {
                parts.push(format!(
                    "{} files on it could not be sent and need a look",
                    grouped(many)
                ));
            }
        }
        format!("{}.", parts.join("; "))
    }

    fn images(&self, place: &str) -> String {
        let (all, there) = (grouped(self.on_source), grouped(self.in_archive));
        match (self.on_source, self.in_archive) {
            (0, _) => format!("There is no image on the {place} that can be sent"),
            (1, 1) => format!("The one image on the {place} is in the archive"),
            (1, 0) => format!("The one image on the {place} is not in the archive"),
            (on, there) if on == there => {
                format!("All {all} images on the {place} are in the archive")
            }
            (_, 0) => format!("None of the {all} images on the {place} is in the archive"),
            (_, 1) => format!("Only 1 of the {all} images on the {place} is in the archive"),
            _ => format!("Only {there} of the {all} images on the {place} are in the archive"),
        }
    }
}

fn indexed(index: &IndexTally) -> String {
    let missing = match index.missing {
        0 => None,
        1 => Some("lists 1 that is not on it".to_owned()),
        many => Some(format!("lists {} that are not on it", grouped(many))),
    };
    let unlisted = match index.unlisted {
        0 => None,
        1 => Some("leaves out 1 that is".to_owned()),
        many => Some(format!("leaves out {} that are", grouped(many))),
    };
    let read =
        if index.partly { "what could be read of the disc's index" } else { "the disc's index" };
    match (missing, unlisted) {
        (None, None) => format!("{read} lists no other"),
        (Some(one), None) | (None, Some(one)) => format!("{read} {one}"),
        (Some(missing), Some(unlisted)) => format!("{read} {missing} and {unlisted}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::SkipReason;

    fn tally(outcomes: &[(Outcome, u64)], index: Option<(u64, u64)>, damaged: u64) -> Completeness {
        let mut counts = Counts::default();
        outcomes.iter().for_each(|(outcome, many)| counts.add(*outcome, *many));
        counts.add_skipped(SkipReason::Damaged, damaged);
        counts.add_skipped(SkipReason::NotDicom, 7);
        if let Some((missing, unlisted)) = index {
            counts.add_index(IndexTally { listed: 1_000, missing, unlisted, partly: false });
        }
        Completeness::of(&counts)
    }

    #[test]
    fn the_sentence_says_what_is_missing_where() {
        use Outcome::{AlreadyThere, Confirmed, Rejected, SourceGone, Waiting};
        let all: &[(Outcome, u64)] = &[(Confirmed, 1_100), (AlreadyThere, 50)];
        let table: &[(Completeness, &str, bool)] = &[
            (tally(all, None, 0), "All 1 150 images on the source are in the archive.", true),
            (
                tally(all, Some((0, 0)), 0),
                "All 1 150 images on the disc are in the archive; the disc's index lists no other.",
                true,
            ),
            (
                tally(all, Some((2, 0)), 0),
                "All 1 150 images on the disc are in the archive; the disc's index lists 2 that are \
                 not on it.",
                false,
            ),
            (
                tally(all, Some((1, 3)), 1),
                "All 1 150 images on the disc are in the archive; the disc's index lists 1 that is \
                 not on it and leaves out 3 that are; 1 file on it could not be sent and needs a look.",
                false,
            ),
            (
                tally(&[(Confirmed, 9), (Rejected, 1)], Some((0, 1)), 2),
                "Only 9 of the 10 images on the disc are in the archive; the disc's index leaves out \
                 1 that is; 2 files on it could not be sent and need a look.",
                false,
            ),
            (
                tally(&[(Waiting, 1)], None, 0),
                "The one image on the source is not in the archive.",
                false,
            ),
            (
                tally(&[(Waiting, 2), (SourceGone, 1)], None, 0),
                "None of the 3 images on the source is in the archive.",
                false,
            ),
            (tally(&[], None, 0), "There is no image on the source that can be sent.", true),
        ];
        for (completeness, sentence, whole) in table {
            assert_eq!(completeness.sentence(), *sentence);
            assert_eq!(completeness.is_whole(), *whole, "{sentence}");
        }
    }

    #[test]
    fn an_index_that_was_read_in_part_proves_nothing() {
        let mut counts = Counts::default();
        counts.add(Outcome::Confirmed, 2);
        counts.add_index(IndexTally { listed: 2, partly: true, ..IndexTally::default() });
        let told = Completeness::of(&counts);
        let sentence = "All 2 images on the disc are in the archive; what could be read of the \
                        disc's index lists no other.";
        assert_eq!((told.sentence().as_str(), told.is_whole()), (sentence, false));
    }

    #[test]
    fn the_sets_add_up() {
        let one = tally(&[(Outcome::Confirmed, 9), (Outcome::Rejected, 1)], Some((2, 1)), 3);
        let missing: u64 = one.not_in_archive.iter().map(|(_, many)| many).sum();
        assert_eq!(one.in_archive + missing, one.on_source);
        assert_eq!(one.needs_a_look, 3);
    }
}
