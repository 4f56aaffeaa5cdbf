//! The sources that were named, made ready: each exists, none lies in another.

use crate::ScanError;
use std::fs;
use std::io;
use std::path::PathBuf;

/// A source to walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// As it was named (a symbolic link that was named is followed).
    pub(crate) path: PathBuf,
    pub(crate) folder: bool,
}

/// Checks `named` and drops a source that is, or lies in, another one: its files would be listed twice.
pub(crate) fn resolve(named: &[PathBuf]) -> Result<Vec<Source>, ScanError> {
    let mut kept: Vec<(PathBuf, Source)> = Vec::new();
    for (which, path) in named.iter().enumerate() {
        let fault = |source: io::Error| {
            let missing = source.kind() == io::ErrorKind::NotFound;
            if missing {
                ScanError::NotFound { which }
            } else {
                ScanError::Unreadable { which, source }
            }
        };
        let real = fs::canonicalize(path).map_err(fault)?;
        let about = fs::metadata(&real).map_err(fault)?;
        let folder = about.is_dir();
        if folder {
            fs::read_dir(&real).map_err(fault)?;
        } else if !about.is_file() {
            // Opening a FIFO or a device could wait for ever.
            return Err(fault(io::Error::from(io::ErrorKind::Unsupported)));
        } else {
            fs::File::open(&real).map_err(fault)?;
        }
        if kept.iter().any(|(earlier, _)| real.starts_with(earlier)) {
            continue;
        }
        kept.retain(|(earlier, _)| !earlier.starts_with(&real));
        // A link that was named is followed here, once: below a source links are skips.
        let link = fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
        let path = if link { real.clone() } else { path.clone() };
        kept.push((real, Source { path, folder }));
    }
    Ok(kept.into_iter().map(|(_, source)| source).collect())
}
