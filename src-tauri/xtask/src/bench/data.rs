//! The data that is measured with, made once.

use crate::shell::{go, say};
use anyhow::{Context, Result};
use relaypacs_tests::fixture;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files in one body that curl sends, as in many uploaders.
const FILES_PER_BODY: usize = 20;

/// Makes `folder/name` once; a run that was cut off begins anew.
pub(super) fn once(
    folder: &Path,
    name: &str,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let place = folder.join(name);
    let done = folder.join(format!("{name}.done"));
    if !done.exists() {
        say(&format!("making {name}"));
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        make(&place)?;
        fs::write(done, b"")?;
        // What was just written must not be on its way to the disk while something is measured.
        go(&mut Command::new("sync"))?;
    }
    Ok(place)
}

/// 1,000 CT images of 0.5 MB in 4 studies.
pub(super) fn thousand(folder: &Path) -> Result<PathBuf> {
    once(folder, "thousand", |place| fixture::write_studies(place, 4, 250, 512 * 1024, 7))
}

/// 20,000 small CT files in 20 studies.
pub(super) fn headers(folder: &Path) -> Result<PathBuf> {
    once(folder, "headers", |place| fixture::write_studies(place, 20, 1_000, 512, 11))
}

/// 200,000 small files in 200 studies.
pub(super) fn tree(folder: &Path) -> Result<PathBuf> {
    once(folder, "tree", |place| fixture::write_studies(place, 200, 1_000, 512, 13))
}

/// 100,000 small files in 10,000 studies.
pub(super) fn studies(folder: &Path) -> Result<PathBuf> {
    once(folder, "studies", |place| fixture::write_studies(place, 10_000, 10, 512, 19))
}

/// One multi-frame instance of 2 GB.
pub(super) fn multiframe(folder: &Path) -> Result<PathBuf> {
    once(folder, "multiframe", |place| {
        fixture::write_multiframe(&place.join("cine.dcm"), 2_000_000_000, 17).map(drop)
    })
}

/// Request bodies for curl, built before the clock starts, and its configuration.
pub(super) fn bodies(folder: &Path, files: &Path) -> Result<PathBuf> {
    once(folder, "bodies", |place| {
        for (at, group) in every_file(files)?.chunks(FILES_PER_BODY).enumerate() {
            let mut body = File::create(place.join(format!("{at:05}")))?;
            for file in group {
                body.write_all(b"--B123\r\nContent-Type: application/dicom\r\n\r\n")?;
                body.write_all(&fs::read(file).context("a file of the data")?)?;
                body.write_all(b"\r\n")?;
            }
            body.write_all(b"--B123--\r\n")?;
        }
        Ok(())
    })
}

/// Every file below a folder, sorted.
pub(super) fn every_file(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
