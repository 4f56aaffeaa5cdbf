//! The receipt to print, in the language of the window: pure. Codes and hashes are the same in every language.

use relaypacs_model::{Moment, Outcome, SkipReason};
use relaypacs_relay::{ReceiptSummary, skip_words};
use std::fmt::{Error, Write};

/// What a receipt is written of.
pub(super) struct Paper {
    pub(super) summary: ReceiptSummary,
    pub(super) lines: Vec<Line>,
    pub(super) studies: Vec<Study>,
}

/// Images that ended alike.
pub(super) struct Line {
    pub(super) outcome: String,
    pub(super) code: String,
    pub(super) images: u64,
}

/// A study, by the keyed hash of its UID.
pub(super) struct Study {
    pub(super) hash: String,
    pub(super) images: u64,
    pub(super) there: u64,
    pub(super) waiting: u64,
    pub(super) not_there: u64,
    pub(super) bytes: u64,
}

/// The words of a receipt in one language.
struct Words {
    title: &'static str,
    one_in: &'static str,
    all_in: &'static str,
    some_in: &'static str,
    may_lack: &'static str,
    listed_missing: &'static str,
    index_partly: &'static str,
    /// Begun, ended, studies, images, bytes; as wide as each other.
    heads: [&'static str; 5],
    not_yet: &'static str,
    by_outcome: &'static str,
    by_study: &'static str,
    of_study: &'static str,
    outcome: fn(Outcome) -> &'static str,
    skip: fn(SkipReason) -> &'static str,
}

const ENGLISH: Words = Words {
    title: "RelayPACS receipt",
    one_in: "The image is in {archive}.",
    all_in: "All {n} images are in {archive}.",
    some_in: "{there} of {n} images that could be sent are in {archive}.",
    may_lack: "Not everything on the source could be sent. An image may be missing because of these files:",
    listed_missing: "in the index of the disc, not on the disc",
    index_partly: "The index of the disc could be read only in part: what else it lists is not known.",
    heads: ["begun  ", "ended  ", "studies", "images ", "bytes  "],
    not_yet: "not yet",
    by_outcome: "By outcome",
    by_study: "By study (keyed hash of the Study Instance UID)",
    of_study: "{there} of {n} images in the archive, {waiting} waiting, {not_there} not there, {bytes} bytes",
    outcome: |outcome| match outcome {
        Outcome::Confirmed => "in the archive, confirmed",
        Outcome::Verified => "in the archive, compared",
        Outcome::Committed => "in the archive, which promised to keep it",
        Outcome::AlreadyThere => "in the archive before, identical",
        Outcome::Rejected => "refused",
        Outcome::Conflict => "other content under the same identity",
        Outcome::Changed => "changed on the source",
        Outcome::SourceGone => "source missing",
        Outcome::Waiting => "waiting",
        Outcome::Cancelled => "cancelled",
    },
    skip: skip_words,
};

const GERMAN: Words = Words {
    title: "RelayPACS Beleg",
    one_in: "Das Bild ist in {archive}.",
    all_in: "Alle {n} Bilder sind in {archive}.",
    some_in: "Von den Bildern, die gesendet werden konnten, sind {there} von {n} in {archive}.",
    may_lack: "Nicht alles auf der Quelle konnte gesendet werden. Wegen dieser Dateien kann ein Bild fehlen:",
    listed_missing: "im Verzeichnis der CD, aber nicht darauf",
    index_partly: "Das Verzeichnis der CD ist nur zum Teil lesbar: Was sonst noch darin steht, ist nicht bekannt.",
    heads: ["begonnen", "beendet ", "Studien ", "Bilder  ", "Bytes   "],
    not_yet: "noch nicht",
    by_outcome: "Nach Ergebnis",
    by_study: "Nach Studie (Hash der Study Instance UID mit Schlüssel)",
    of_study: "{there} von {n} Bildern im Archiv, {waiting} warten, {not_there} nicht dort, {bytes} Bytes",
    outcome: |outcome| match outcome {
        Outcome::Confirmed => "im Archiv, bestätigt",
        Outcome::Verified => "im Archiv, verglichen",
        Outcome::Committed => "im Archiv, das die Aufbewahrung zugesagt hat",
        Outcome::AlreadyThere => "schon vorher im Archiv, identisch",
        Outcome::Rejected => "abgelehnt",
        Outcome::Conflict => "anderer Inhalt unter derselben Kennung",
        Outcome::Changed => "auf der Quelle geändert",
        Outcome::SourceGone => "Quelle fehlt",
        Outcome::Waiting => "wartet",
        Outcome::Cancelled => "abgebrochen",
    },
    skip: |reason| match reason {
        SkipReason::NotDicom => "kein DICOM",
        SkipReason::Dicomdir => "Verzeichnis der CD (DICOMDIR)",
        SkipReason::Damaged => "beschädigt",
        SkipReason::Unreadable => "nicht lesbar",
        SkipReason::Empty => "leer",
        SkipReason::Duplicate => "dasselbe Bild noch einmal",
        SkipReason::Conflict => "ein anderes Bild unter derselben Kennung",
        SkipReason::NoUid => "ohne Kennung (UID)",
        SkipReason::EncryptedArchive => "mit einem Passwort verschlossen",
        SkipReason::UnsafeArchive => "in einer Archivdatei, die nicht sicher zu öffnen ist",
        SkipReason::TooLarge => "zu groß",
        SkipReason::Link => "eine Verknüpfung",
    },
};

impl Paper {
    /// The whole receipt.
    pub(super) fn text(&self, german: bool) -> Result<String, Error> {
        let words = if german { &GERMAN } else { &ENGLISH };
        let mut text = String::new();
        writeln!(text, "{} {}\n", words.title, self.summary.receipt.0)?;
        self.verdict(&mut text, words)?;
        self.totals(&mut text, words)?;
        writeln!(text, "\n{}", words.by_outcome)?;
        for Line { outcome, code, images } in &self.lines {
            let said = Outcome::parse(outcome).map_or(outcome.as_str(), words.outcome);
            let code = if code.is_empty() { String::new() } else { format!(" [{code}]") };
            writeln!(text, "{images:>9}  {said}{code}")?;
        }
        writeln!(text, "\n{}", words.by_study)?;
        for study in &self.studies {
            let counts = words
                .of_study
                .replace("{there}", &study.there.to_string())
                .replace("{n}", &study.images.to_string())
                .replace("{waiting}", &study.waiting.to_string())
                .replace("{not_there}", &study.not_there.to_string())
                .replace("{bytes}", &study.bytes.to_string());
            writeln!(text, "{}  {counts}", study.hash)?;
        }
        Ok(text)
    }

    /// Whether all is there. Not where a file of the source could hold an image that is not.
    fn verdict(&self, text: &mut String, words: &Words) -> Result<(), Error> {
        let counts = &self.summary.counts;
        let (images, there) = (counts.instances(), counts.in_the_archive());
        let to_look_at: Vec<(SkipReason, u64)> =
            counts.skips().filter(|(reason, _)| reason.needs_a_person()).collect();
        let listed_missing = counts.listed_missing();
        let partly = counts.index().is_some_and(|index| index.partly);
        let named = !to_look_at.is_empty() || listed_missing > 0;
        let whole = !named && !partly;
        let sentence = match (whole && images > 0 && there == images, images) {
            (true, 1) => words.one_in,
            (true, _) => words.all_in,
            (false, _) => words.some_in,
        };
        let sentence = sentence
            .replace("{there}", &there.to_string())
            .replace("{n}", &images.to_string())
            .replace("{archive}", self.summary.destination.as_str());
        writeln!(text, "{sentence}\n")?;
        if whole {
            return Ok(());
        }
        if named {
            writeln!(text, "{}", words.may_lack)?;
        }
        for (reason, files) in to_look_at {
            writeln!(text, "{files:>9}  {}", (words.skip)(reason))?;
        }
        if listed_missing > 0 {
            writeln!(text, "{listed_missing:>9}  {}", words.listed_missing)?;
        }
        if partly {
            writeln!(text, "{}", words.index_partly)?;
        }
        writeln!(text)
    }

    fn totals(&self, text: &mut String, words: &Words) -> Result<(), Error> {
        let summary = &self.summary;
        let [begun, ended, studies, images, bytes] = words.heads;
        let end = summary.ended.map_or_else(|| words.not_yet.to_owned(), Moment::rfc3339);
        writeln!(text, "{begun}  {}", summary.begun.rfc3339())?;
        writeln!(text, "{ended}  {end}")?;
        writeln!(text, "{studies}  {}", summary.studies)?;
        writeln!(text, "{images}  {}", summary.counts.instances())?;
        writeln!(text, "{bytes}  {}", summary.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::DestinationName;
    use relaypacs_relay::{DestinationLabel, IndexTally, ReceiptCounts, ReceiptId};

    fn paper(change: impl FnOnce(&mut ReceiptCounts)) -> Paper {
        let mut counts = ReceiptCounts::default();
        counts.add(Outcome::Confirmed, 12);
        counts.add_skipped(SkipReason::NotDicom, 9);
        change(&mut counts);
        let summary = ReceiptSummary {
            receipt: ReceiptId(7),
            destination: DestinationLabel::from(&DestinationName::parse("Main PACS").unwrap()),
            begun: Moment(0),
            ended: None,
            studies: 1,
            counts,
            bytes: 99,
        };
        let line = Line { outcome: "confirmed".into(), code: String::new(), images: 12 };
        Paper { summary, lines: vec![line], studies: Vec::new() }
    }

    #[test]
    fn all_is_there_only_where_no_file_of_the_source_needs_a_look() {
        let whole = paper(|_| {}).text(false).unwrap();
        assert!(whole.contains("\nAll 12 images are in Main PACS.\n"), "{whole}");
        assert!(!whole.contains("may be missing"), "{whole}");
        let skipped =
            paper(|counts| counts.add_skipped(SkipReason::Damaged, 2)).text(false).unwrap();
        let missing = IndexTally { listed: 13, missing: 1, ..IndexTally::default() };
        let partly = IndexTally { partly: true, ..IndexTally::default() };
        let partly = paper(|counts| counts.add_index(partly)).text(false).unwrap();
        let missing = paper(|counts| counts.add_index(missing)).text(false).unwrap();
        for (text, why) in [
            (&skipped, "        2  damaged\n"),
            (&missing, "        1  in the index of the disc, not on the disc\n"),
            (&partly, "The index of the disc could be read only in part"),
        ] {
            assert!(text.contains(why), "{text}");
            assert!(
                text.contains("12 of 12 images that could be sent are in Main PACS."),
                "{text}"
            );
            assert!(!text.contains("All 12"), "{text}");
        }
        let waits = paper(|counts| counts.add(Outcome::Waiting, 1)).text(false).unwrap();
        assert!(waits.contains("12 of 13 images"), "{waits}");
    }

    #[test]
    fn a_receipt_is_in_the_language_of_the_window() {
        let german =
            paper(|counts| counts.add_skipped(SkipReason::Unreadable, 3)).text(true).unwrap();
        for said in ["RelayPACS Beleg 7", "        3  nicht lesbar", "beendet   noch nicht"] {
            assert!(german.contains(said), "{german}");
        }
        assert!(german.contains("       12  im Archiv, bestätigt\n"), "{german}");
        let whole = paper(|_| {}).text(true).unwrap();
        assert!(whole.contains("Alle 12 Bilder sind in Main PACS."), "{whole}");
    }
}
