//! The saved receipt as plain text: the verdict and the totals first, then every instance. Totals are known last, so
//! the lines wait in a second file until the head is written, and are copied behind it.

use super::{PaperError, PaperHead, PaperLine, ReceiptWriter, Tally, through_buffer};
use crate::key::hex;
use crate::sentence::{grouped, outcome_words, skip_words};
use crate::{Completeness, Counts, verdict_sentence};
use relaypacs_model::{Moment, StudyInstanceUid};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// Writes a receipt as text to `W`, with the lines kept in `L` until the end.
#[derive(Debug)]
pub struct TextReceipt<W: Write, L: Read + Write + Seek> {
    to: W,
    lines: BufWriter<L>,
    head: PaperHead,
    tally: Tally,
    study: Option<StudyInstanceUid>,
}

impl<W: Write, L: Read + Write + Seek> TextReceipt<W, L> {
    /// Begins a receipt; `lines` is empty.
    pub fn begin(to: W, lines: L, head: PaperHead) -> Self {
        let (lines, tally) = (BufWriter::new(lines), Tally::default());
        Self { to, lines, head, tally, study: None }
    }

    /// Writes the whole receipt and gives the writer back.
    ///
    /// # Errors
    /// As [`ReceiptWriter::finish`].
    pub fn end(self, counts: &Counts, ended: Moment) -> Result<W, PaperError> {
        self.tally.check(counts)?;
        let mut lines = self.lines.into_inner().map_err(io::IntoInnerError::into_error)?;
        lines.seek(SeekFrom::Start(0))?;
        let (head, bytes) = (&self.head, self.tally.bytes);
        Ok(through_buffer(self.to, |to| {
            totals(to, head, counts, bytes, ended)?;
            io::copy(&mut lines, to)?;
            to.flush()
        })?)
    }
}

impl<W: Write, L: Read + Write + Seek> ReceiptWriter for TextReceipt<W, L> {
    fn line(&mut self, line: &PaperLine<'_>) -> Result<(), PaperError> {
        self.tally.add(line);
        if self.study.as_ref() != Some(line.study) {
            self.study = Some(line.study.clone());
            write!(self.lines, "\nStudy {}\n", line.study.as_str())?;
        }
        instance(&mut self.lines, line)?;
        Ok(())
    }

    fn finish(self, counts: &Counts, ended: Moment) -> Result<(), PaperError> {
        self.end(counts, ended).map(drop)
    }
}

fn totals(
    to: &mut impl Write,
    head: &PaperHead,
    counts: &Counts,
    bytes: u64,
    ended: Moment,
) -> io::Result<()> {
    writeln!(to, "{}\n", verdict_sentence(counts))?;
    if counts.index().is_some() {
        writeln!(to, "{}\n", Completeness::of(counts).sentence())?;
    }
    writeln!(to, "Destination  {}", head.destination.as_str())?;
    writeln!(to, "Started      {}", head.started.rfc3339())?;
    writeln!(to, "Ended        {}", ended.rfc3339())?;
    writeln!(to, "Program      RelayPACS {}\n", head.version.as_str())?;
    let row = |to: &mut dyn Write, number: u64, words: &str| {
        writeln!(to, "{:>13}  {words}", grouped(number))
    };
    row(to, counts.instances(), "images")?;
    for (outcome, many) in counts.outcomes() {
        row(to, many, &format!("  {}", outcome_words(outcome)))?;
    }
    row(to, bytes, "bytes")?;
    if counts.all_skipped() > 0 {
        row(to, counts.all_skipped(), "other files, not sent")?;
        for (reason, many) in counts.skips() {
            row(to, many, &format!("  {}", skip_words(reason)))?;
        }
    }
    if let Some(index) = counts.index() {
        row(to, index.listed, "files in the disc's index")?;
        row(to, index.missing, "  in the index, not on the disc")?;
        row(to, index.unlisted, "  images on the disc, not in the index")?;
        if index.partly {
            writeln!(to, "The index is damaged and could be read only in part.")?;
        }
    }
    Ok(())
}

fn instance(to: &mut impl Write, line: &PaperLine<'_>) -> io::Result<()> {
    write!(to, "  {}  {}", line.instance.as_str(), outcome_words(line.outcome))?;
    if let Some(reason) = line.reason {
        let numbers = reason.numbers();
        let comma = if numbers.is_empty() { "" } else { ", " };
        write!(to, " [{}{comma}{numbers}]", reason.code.as_str())?;
    }
    write!(to, "\n    {}  {} bytes", line.at.rfc3339(), grouped(line.bytes))?;
    if let Some(digest) = line.sha256 {
        write!(to, "  SHA-256 {}", hex(&digest))?;
    }
    writeln!(to)
}
