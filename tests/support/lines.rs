//! Reading the lines of `--json`, and the files of a folder, in a word each. For tests: what is not there is a panic
//! that names it.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A text of a line.
///
/// # Panics
/// There is none under this key.
#[must_use]
pub fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    let found = line.get(key).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text {key} in {line}"))
}

/// A count of a line.
///
/// # Panics
/// There is none under this key.
#[must_use]
pub fn number(line: &Value, key: &str) -> u64 {
    let found = line.get(key).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no number {key} in {line}"))
}

/// The outcomes that a summary counts; together they are all instances.
const PARTS: [&str; 8] = [
    "confirmed",
    "already_there",
    "rejected",
    "conflict",
    "changed",
    "source_gone",
    "waiting",
    "cancelled",
];

/// True for a state that says that the archive has it.
#[must_use]
pub fn is_in_the_archive(state: &str) -> bool {
    ["confirmed", "verified", "committed", "already_there"].contains(&state)
}

/// The instances of a summary, whose parts come to the whole.
///
/// # Errors
/// They do not.
///
/// # Panics
/// A part is missing.
pub fn instances_of(summary: &Value) -> anyhow::Result<u64> {
    let sum: u64 = PARTS.iter().map(|part| number(summary, part)).sum();
    anyhow::ensure!(sum == number(summary, "instances"), "does not add up: {summary}");
    Ok(sum)
}

/// The distinct texts under one key.
#[must_use]
pub fn all(lines: &[Value], key: &str) -> BTreeSet<String> {
    lines.iter().map(|line| text(line, key).to_owned()).collect()
}

/// How many lines have which text under one key.
#[must_use]
pub fn tally(lines: &[Value], key: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(text(line, key).to_owned()).or_default() += 1;
    }
    counts
}

/// A path as an argument.
///
/// # Panics
/// It is not Unicode; those of tests are.
#[must_use]
pub fn arg(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("{} is not Unicode", path.display()))
}

/// Every regular file below a folder, sorted.
///
/// # Panics
/// The folder cannot be read.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries =
            fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// SHA-256, in hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
