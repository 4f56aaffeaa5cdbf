//! The receipt that a user saves: every instance with its plain UIDs and what became of it, never a patient.
//!
//! It is written line by line, so that its length costs no memory. The file appears under its name only when it is
//! whole and on the disk; until then it is called `NAME.partial`.

mod json;
mod text;

pub use json::JsonReceipt;
pub use text::TextReceipt;

use crate::{Counts, DestinationLabel, Version};
use relaypacs_model::{
    Moment, Outcome, Proof, Reason, SeriesInstanceUid, SopInstanceUid, StudyInstanceUid,
};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What stands at the head of a saved receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperHead {
    /// The program's version.
    pub version: Version,
    /// Where it went.
    pub destination: DestinationLabel,
    /// When it was begun.
    pub started: Moment,
}

/// One instance on a saved receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaperLine<'a> {
    /// (0020,000D)
    pub study: &'a StudyInstanceUid,
    /// (0020,000E), where known
    pub series: Option<&'a SeriesInstanceUid>,
    /// (0008,0018)
    pub instance: &'a SopInstanceUid,
    /// How many bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, where they were read.
    pub sha256: Option<[u8; 32]>,
    /// How it ended, or that it waits.
    pub outcome: Outcome,
    /// What proves it.
    pub proof: Option<Proof>,
    /// Why it did not get there.
    pub reason: Option<Reason>,
    /// When that was known.
    pub at: Moment,
}

/// How a saved receipt is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperForm {
    /// One JSON object, for programs.
    Json,
    /// Plain text, for reading and printing.
    Text,
}

impl PaperForm {
    /// By the file's name: `.txt` is text, everything else JSON.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let text = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt"));
        if text { Self::Text } else { Self::Json }
    }
}

/// Why a receipt could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The file could not be written. The operating system's message names no path.
    #[error("the receipt could not be written: {0}")]
    Io(#[from] io::Error),
    /// The summary counts other instances than there are lines.
    #[error("the summary counts {summary} instances, but the receipt has {lines} lines")]
    DoesNotAddUp {
        /// Lines that were written.
        lines: u64,
        /// Instances that the summary counts.
        summary: u64,
    },
}

/// Whatever takes the lines of a receipt, one by one.
pub trait ReceiptWriter {
    /// Writes one instance.
    ///
    /// # Errors
    /// [`PaperError::Io`].
    fn line(&mut self, line: &PaperLine<'_>) -> Result<(), PaperError>;

    /// Writes the summary and ends the receipt. `counts` holds each line once, and the files that were left out.
    ///
    /// # Errors
    /// [`PaperError::DoesNotAddUp`] where the counts and the lines differ, kind by kind; [`PaperError::Io`].
    fn finish(self, counts: &Counts, ended: Moment) -> Result<(), PaperError>;
}

/// A receipt on its way to a file. Dropped before [`ReceiptWriter::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct SavedReceipt {
    paper: Option<Paper>,
    partial: Partial,
    target: PathBuf,
}

#[derive(Debug)]
enum Paper {
    Json(Box<JsonReceipt<BufWriter<File>>>),
    Text(Box<TextReceipt<File, File>>),
}

/// The files that are not the receipt yet; removed on drop.
#[derive(Debug)]
struct Partial(Vec<PathBuf>);

impl SavedReceipt {
    /// Begins a receipt that will stand at `target` (a file there is replaced when the new one is whole).
    ///
    /// # Errors
    /// [`PaperError::Io`].
    pub fn create(target: &Path, form: PaperForm, head: PaperHead) -> Result<Self, PaperError> {
        let beside = |ending: &str| {
            let mut name = OsString::from(target.as_os_str());
            name.push(ending);
            PathBuf::from(name)
        };
        let mut partial = Partial(Vec::new());
        let mut open = |ending: &str| {
            let path = beside(ending);
            let file =
                File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
            partial.0.push(path);
            Ok::<_, io::Error>(file)
        };
        let whole = open(".partial")?;
        let paper = match form {
            PaperForm::Json => {
                Paper::Json(Box::new(JsonReceipt::begin(BufWriter::new(whole), &head)?))
            }
            PaperForm::Text => {
                Paper::Text(Box::new(TextReceipt::begin(whole, open(".partial-lines")?, head)))
            }
        };
        Ok(Self { paper: Some(paper), partial, target: target.into() })
    }
}

impl ReceiptWriter for SavedReceipt {
    fn line(&mut self, line: &PaperLine<'_>) -> Result<(), PaperError> {
        match &mut self.paper {
            Some(Paper::Json(paper)) => paper.line(line),
            Some(Paper::Text(paper)) => paper.line(line),
            None => Ok(()),
        }
    }

    fn finish(mut self, counts: &Counts, ended: Moment) -> Result<(), PaperError> {
        let file = match self.paper.take() {
            Some(Paper::Json(paper)) => {
                paper.end(counts, ended)?.into_inner().map_err(|e| e.into_error())?
            }
            Some(Paper::Text(paper)) => paper.end(counts, ended)?,
            None => return Ok(()),
        };
        file.sync_all()?;
        drop(file);
        if let Some(whole) = self.partial.0.first() {
            fs::rename(whole, &self.target)?;
        }
        sync_folder(&self.target);
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for path in &self.0 {
            // Gone already where the receipt was finished; nothing else can be done about it here.
            let _ = fs::remove_file(path);
        }
    }
}

/// Makes the new name durable where a folder can be synced (it cannot on Windows, where the rename itself is).
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|path| !path.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

/// Counts the lines as they are written and holds the summary against them.
#[derive(Debug, Default)]
struct Tally {
    counts: Counts,
    bytes: u64,
}

impl Tally {
    fn add(&mut self, line: &PaperLine<'_>) {
        self.counts.add(line.outcome, 1);
        self.bytes = self.bytes.saturating_add(line.bytes);
    }

    fn check(&self, told: &Counts) -> Result<(), PaperError> {
        if self.counts.outcomes().eq(told.outcomes()) {
            return Ok(());
        }
        Err(PaperError::DoesNotAddUp { lines: self.counts.instances(), summary: told.instances() })
    }
}

/// A file that is written through a buffer and given back.
fn through_buffer<W: Write, T>(
    to: W,
    write: impl FnOnce(&mut BufWriter<W>) -> io::Result<T>,
) -> io::Result<W> {
    let mut buffer = BufWriter::new(to);
    write(&mut buffer)?;
    buffer.into_inner().map_err(io::IntoInnerError::into_error)
}
