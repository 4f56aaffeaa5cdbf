//! The corpus, when RELAYPACS_CORPUS points to it: real and broken files with a table that says what each is.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A line of a table, by the names of its columns.
pub type Row = BTreeMap<String, String>;

/// Where the corpus is, or nothing.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    std::env::var_os("RELAYPACS_CORPUS").map(PathBuf::from).filter(|path| path.is_dir())
}

/// Reads a table such as `MANIFEST.tsv`: tabs between columns, names in the first line, no quoting.
///
/// # Errors
/// The file cannot be read, or a line has more columns than the first.
pub fn table(path: &Path) -> Result<Vec<Row>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading the table {}", path.display()))?;
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next().context("a table has a first line")?.split('\t').collect();
    lines.map(|line| row(&names, line)).collect()
}

fn row(names: &[&str], line: &str) -> Result<Row> {
    let values: Vec<&str> = line.split('\t').collect();
    anyhow::ensure!(values.len() <= names.len(), "a line has more columns than there are names");
    let padded = values.into_iter().chain(std::iter::repeat(""));
    Ok(names
        .iter()
        .zip(padded)
        .map(|(name, value)| ((*name).to_owned(), value.to_owned()))
        .collect())
}
