//! The one sentence that says how a send ended. A pure function of the counts; command line, window and paper share it.

use crate::Counts;
use relaypacs_model::{Outcome, SkipReason};

/// One or two sentences for a person: are all images in the archive, and where not, why. Files that hold an image which
/// could not be sent are named too, since an image may be missing because of them.
#[must_use]
pub fn verdict_sentence(counts: &Counts) -> String {
    let mut text = images(counts);
    if let Some(files) = files(counts) {
        text.push(' ');
        text.push_str(&files);
    }
    match counts.listed_missing() {
        0 => {}
        1 => text.push_str(" 1 file that the disc's index lists is not on the disc."),
        many => {
            text.push_str(&format!(
                " {} files that the disc's index lists are not on the disc.",
                grouped(many)
            ));
        }
    }
    if counts.index().is_some_and(|index| index.partly) {
        text.push_str(
            " The disc's index could be read only in part: what else it lists is not known.",
        );
    }
    text
}

/// A number as people read it: groups of three, set apart by a space.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// What a reason for leaving a file out is called.
pub fn skip_words(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::NotDicom => "not DICOM",
        SkipReason::Dicomdir => "index of the disc (DICOMDIR)",
        SkipReason::Damaged => "damaged",
        SkipReason::Unreadable => "unreadable",
        SkipReason::Empty => "empty",
        SkipReason::Duplicate => "the same image once more",
        SkipReason::Conflict => "another image under the same identity",
        SkipReason::NoUid => "without an identity (UID)",
        SkipReason::EncryptedArchive => "locked with a password",
        SkipReason::UnsafeArchive => "in an archive file that is not safe to open",
        SkipReason::TooLarge => "too large",
        SkipReason::Link => "a link",
    }
}

/// What an outcome is called.
pub(crate) fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Confirmed => "in the archive: the archive lists it",
        Outcome::Verified => "in the archive: its bytes were compared",
        Outcome::Committed => "in the archive: the archive promised to keep it",
        Outcome::AlreadyThere => "in the archive: was there before",
        Outcome::Rejected => "refused by the archive",
        Outcome::Conflict => "another image under the same identity",
        Outcome::Changed => "changed on the source",
        Outcome::SourceGone => "source not there any more",
        Outcome::Waiting => "waiting in the queue",
        Outcome::Cancelled => "cancelled",
    }
}

fn images(counts: &Counts) -> String {
    let all = counts.instances();
    let missing = all - counts.in_the_archive();
    match (all, missing) {
        (0, _) => "There was no image to send.".into(),
        (1, 0) => "The image is in the archive.".into(),
        (_, 0) => format!("All {} images are in the archive.", grouped(all)),
        (1, _) => format!("The image is not in the archive: {}.", whys(counts, true)),
        (_, _) if missing == all => {
            format!(
                "None of the {} images is in the archive: {}.",
                grouped(all),
                whys(counts, false)
            )
        }
        (_, 1) => {
            format!("1 of {} images is not in the archive: {}.", grouped(all), whys(counts, true))
        }
        (_, _) => format!(
            "{} of {} images are not in the archive: {}.",
            grouped(missing),
            grouped(all),
            whys(counts, false)
        ),
    }
}

/// Why images are not in the archive; `alone` where there is only one.
fn whys(counts: &Counts, alone: bool) -> String {
    let reasons = counts.outcomes().filter_map(|(outcome, many)| {
        let (one, more) = why(outcome)?;
        Some(match many {
            1 if alone => format!("it {one}"),
            1 => format!("1 {one}"),
            _ => format!("{} {more}", grouped(many)),
        })
    });
    listed(&reasons.collect::<Vec<_>>())
}

/// How one and how more than one that is not in the archive is put; `None` where it is in the archive.
fn why(outcome: Outcome) -> Option<(&'static str, &'static str)> {
    Some(match outcome {
        Outcome::Rejected => ("was refused", "were refused"),
        Outcome::Conflict => (
            "differs from another image under the same identity",
            "differ from other images under the same identity",
        ),
        Outcome::Changed => ("was changed on the source", "were changed on the source"),
        Outcome::SourceGone => (
            "was on a source that is not there any more",
            "were on a source that is not there any more",
        ),
        Outcome::Waiting => ("is waiting in the queue", "are waiting in the queue"),
        Outcome::Cancelled => ("was cancelled", "were cancelled"),
        Outcome::Confirmed | Outcome::Verified | Outcome::Committed | Outcome::AlreadyThere => {
            return None;
        }
    })
}

fn files(counts: &Counts) -> Option<String> {
    let open: Vec<_> = counts.skips().filter(|(reason, _)| reason.needs_a_person()).collect();
    let reasons: Vec<_> = open
        .iter()
        .map(|(reason, many)| format!("{} {}", grouped(*many), skip_words(*reason)))
        .collect();
    match open.iter().fold(0_u64, |all, (_, many)| all.saturating_add(*many)) {
        0 => None,
        1 => Some(format!("1 file could not be sent and needs a look: {}.", listed(&reasons))),
        many => Some(format!(
            "{} files could not be sent and need a look: {}.",
            grouped(many),
            listed(&reasons)
        )),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IndexTally;
    use Outcome::{AlreadyThere, Confirmed, Conflict, Rejected, Verified, Waiting};

    type Row = (&'static [(Outcome, u64)], &'static [(SkipReason, u64)], &'static str);

    fn counts(outcomes: &[(Outcome, u64)], skipped: &[(SkipReason, u64)]) -> Counts {
        let mut counts = Counts::default();
        for (outcome, many) in outcomes {
            counts.add(*outcome, *many);
        }
        for (reason, many) in skipped {
            counts.add_skipped(*reason, *many);
        }
        counts
    }

    #[test]
    fn the_verdict_says_what_the_counts_say() {
        let table: &[Row] = &[
            (&[], &[], "There was no image to send."),
            (&[(Confirmed, 1)], &[], "The image is in the archive."),
            (&[(Confirmed, 1280), (AlreadyThere, 4)], &[], "All 1 284 images are in the archive."),
            (
                &[(Verified, 1_000_000)],
                &[(SkipReason::Dicomdir, 1), (SkipReason::NotDicom, 9)],
                "All 1 000 000 images are in the archive.",
            ),
            (&[(Rejected, 1)], &[], "The image is not in the archive: it was refused."),
            (
                &[(Confirmed, 63), (Rejected, 1)],
                &[],
                "1 of 64 images is not in the archive: it was refused.",
            ),
            (
                &[(Confirmed, 61), (Rejected, 2), (Waiting, 1)],
                &[],
                "3 of 64 images are not in the archive: 2 were refused and 1 is waiting in the queue.",
            ),
            (
                &[(Waiting, 2000)],
                &[],
                "None of the 2 000 images is in the archive: 2 000 are waiting in the queue.",
            ),
            (
                &[(Confirmed, 9), (Rejected, 1), (Conflict, 1), (Waiting, 1)],
                &[],
                "3 of 12 images are not in the archive: 1 was refused, 1 differs from another image under the same \
              identity and 1 is waiting in the queue.",
            ),
            (
                &[(Confirmed, 64)],
                &[(SkipReason::Damaged, 1)],
                "All 64 images are in the archive. 1 file could not be sent and needs a look: 1 damaged.",
            ),
            (
                &[(Confirmed, 64)],
                &[(SkipReason::Damaged, 1), (SkipReason::Unreadable, 2), (SkipReason::Link, 5)],
                "All 64 images are in the archive. 3 files could not be sent and need a look: 1 damaged and 2 \
              unreadable.",
            ),
        ];
        for (outcomes, skipped, sentence) in table {
            assert_eq!(verdict_sentence(&counts(outcomes, skipped)), *sentence);
        }
    }

    #[test]
    fn what_the_disc_lacks_is_said_even_where_all_images_got_there() {
        let mut one = counts(&[(Confirmed, 2)], &[]);
        one.add_index(IndexTally { missing: 1, ..IndexTally::default() });
        assert_eq!(
            verdict_sentence(&one),
            "All 2 images are in the archive. 1 file that the disc's index lists is not on the disc."
        );
        one.add_index(IndexTally { missing: 1_999, ..IndexTally::default() });
        assert!(
            verdict_sentence(&one)
                .ends_with("2 000 files that the disc's index lists are not on the disc.")
        );
    }

    #[test]
    fn every_outcome_outside_the_archive_has_a_why() {
        for outcome in Outcome::ALL {
            assert_eq!(why(outcome).is_none(), outcome.is_in_the_archive(), "{outcome:?}");
            assert!(!outcome_words(outcome).is_empty());
        }
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (1234567, "1 234 567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
