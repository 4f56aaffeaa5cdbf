//! The package on this machine: installed by apt, and removed again whatever happens in between.

use crate::need;
use crate::shell::{go, say};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// As the control file says it.
const NAME: &str = "relaypacs";

/// Where the desktop keeps who opens what.
const OPENERS: &str = "/usr/share/applications/mimeinfo.cache";

/// Where the desktop keeps which names are of which type.
const TYPES: &str = "/usr/share/mime/globs2";

/// An installed package.
pub(super) struct Installed {
    /// Every path that is this package's alone.
    own: Vec<PathBuf>,
    removed: bool,
}

impl Installed {
    /// Installs it, with what it depends on.
    ///
    /// # Errors
    /// It is there already (somebody uses it), or apt refuses it.
    pub(super) fn new(package: &Path) -> Result<Self> {
        ensure!(!is_installed()?, "{NAME} is installed on this machine; remove it first");
        go(need::apt().args(["install", "-y", "--no-install-recommends"]).arg(package))?;
        let mut installed = Self { own: Vec::new(), removed: false };
        let listed = Command::new("dpkg").args(["-L", NAME]).output()?;
        let listed = String::from_utf8(listed.stdout)?;
        installed.own = listed.lines().map(PathBuf::from).filter(|path| is_own(path)).collect();
        ensure!(!installed.own.is_empty(), "the package brought no file");
        Ok(installed)
    }

    /// The window's program.
    pub(super) fn program(&self) -> PathBuf {
        PathBuf::from("/usr/bin/relaypacs-app")
    }

    /// Files of DICOM are of its type, and it is offered for them.
    ///
    /// # Errors
    /// The desktop does not know.
    pub(super) fn is_known_to_the_desktop(&self) -> Result<()> {
        let types = fs::read_to_string(TYPES)?;
        for name in ["*.dcm", "*.dicom", "DICOMDIR"] {
            let is_so = types.lines().any(|line| {
                let mut words = line.split(':').skip(1);
                words.next() == Some("application/dicom") && words.next() == Some(name)
            });
            ensure!(is_so, "{name} is not known as application/dicom");
        }
        if need::is_there("update-desktop-database") {
            ensure!(is_opener()?, "the desktop does not offer it for application/dicom");
            say("The desktop offers it for application/dicom: *.dcm, *.dicom, DICOMDIR");
        }
        Ok(())
    }

    /// Removes it, its configuration with it. Gives how many files it had.
    ///
    /// # Errors
    /// Something of it is left.
    pub(super) fn remove(mut self) -> Result<usize> {
        self.purge()?;
        let left: Vec<String> = self
            .own
            .iter()
            .filter(|path| path.exists())
            .map(|path| path.display().to_string())
            .collect();
        if !left.is_empty() {
            bail!("left behind: {}", left.join(", "));
        }
        ensure!(!is_installed()?, "dpkg still knows {NAME}");
        ensure!(!is_opener()?, "the desktop still offers it");
        Ok(self.own.len())
    }

    fn purge(&mut self) -> Result<()> {
        self.removed = true;
        go(need::apt().args(["purge", "-y", NAME]))
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if !self.removed && self.purge().is_err() {
            say(&format!("{NAME} is still installed: apt-get purge {NAME}"));
        }
    }
}

/// Its files, and the folders that bear its name; `/usr` is everybody's.
fn is_own(path: &Path) -> bool {
    !path.is_dir() || path.file_name().is_some_and(|name| name == NAME)
}

fn is_installed() -> Result<bool> {
    let status = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", NAME])
        .stderr(Stdio::null())
        .output()
        .context("the trial needs a system of the Debian family")?;
    Ok(status.stdout == b"installed")
}

fn is_opener() -> Result<bool> {
    if !Path::new(OPENERS).exists() {
        return Ok(false);
    }
    let openers = fs::read_to_string(OPENERS)?;
    Ok(openers
        .lines()
        .any(|line| line.starts_with("application/dicom=") && line.contains("relaypacs.desktop")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_folders_are_not_taken_for_the_packages_own() {
        assert!(!is_own(Path::new("/usr")));
        assert!(is_own(Path::new("/usr/bin/relaypacs-app-that-is-not-there")));
    }
}
