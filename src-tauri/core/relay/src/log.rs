//! The log: JSON lines in the home folder, five files of at most 4 MiB. Codes, row numbers and sizes; never a patient,
//! a UID, a path or a secret (the types that hold those do not print).

use crate::home::Home;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// How large one file gets.
const LARGEST: u64 = 4 << 20;
/// How many files there are.
const FILES: u32 = 5;

/// Starts writing the log of a face of RelayPACS. A log that cannot be written is no reason not to send: the caller goes on without.
pub fn start(home: &Home, level: Level) {
    let Ok(file) = Rotated::open(&home.logs(), LARGEST) else { return };
    // Other crates may name hosts, headers and paths in their events: only ours are kept.
    let ours = Targets::new().with_target("relaypacs", level);
    let lines =
        tracing_subscriber::fmt::layer().json().with_writer(Mutex::new(file)).with_filter(ours);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// `relaypacs.jsonl`, moved on to `relaypacs.1.jsonl` and so on when it is full; the last one is dropped.
struct Rotated {
    folder: PathBuf,
    largest: u64,
    file: File,
    written: u64,
}

impl Rotated {
    fn open(folder: &Path, largest: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(name(folder, 0))?;
        let written = file.metadata()?.len();
        Ok(Self { folder: folder.to_owned(), largest, file, written })
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (0..FILES - 1).rev() {
            // A gap in the row is no fault.
            let _ = fs::rename(name(&self.folder, number), name(&self.folder, number + 1));
        }
        *self = Self::open(&self.folder, self.largest)?;
        Ok(())
    }
}

impl Write for Rotated {
    /// One line comes in one call, so that no line is torn between two files.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written > 0 && self.written + line.len() as u64 > self.largest {
            self.rotate()?;
        }
        let n = self.file.write(line)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn name(folder: &Path, number: u32) -> PathBuf {
    match number {
        0 => folder.join("relaypacs.jsonl"),
        number => folder.join(format!("relaypacs.{number}.jsonl")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_within_its_bounds_and_keeps_the_latest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Rotated::open(folder.path(), 1_000).unwrap();
        for n in 0..1_000 {
            log.write_all(format!("{{\"line\":{n:090}}}\n").as_bytes()).unwrap();
        }
        let files: Vec<u64> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(files.len(), FILES as usize);
        assert!(files.iter().all(|size| *size <= 1_000), "{files:?}");
        let latest = fs::read_to_string(name(folder.path(), 0)).unwrap();
        assert!(latest.contains("999}"));
        assert!(latest.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    }

    #[test]
    fn a_new_start_goes_on_in_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        for line in ["{\"n\":1}", "{\"n\":2}"] {
            writeln!(Rotated::open(folder.path(), 1_000).unwrap(), "{line}").unwrap();
        }
        assert_eq!(fs::read_to_string(name(folder.path(), 0)).unwrap(), "{\"n\":1}\n{\"n\":2}\n");
    }
}
