//! `cargo xtask bench`: RelayPACS beside other programs, on the same data, in one run. Prints figures; judges nothing.

mod data;
mod memory;
mod scan;
mod send;
mod timed;
mod window;

use crate::need;
use crate::shell::{cargo, go, say, target};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every part of the benchmark works with.
pub(crate) struct Place {
    /// Where data and results lie; kept between runs, since making the data takes a while.
    folder: PathBuf,
    /// The program, as a release would be.
    relaypacs: PathBuf,
    /// Python with pydicom and dicomweb-client.
    python: PathBuf,
}

/// Every part, one after the other.
pub(crate) fn all() -> Result<()> {
    let place = Place::prepare()?;
    scan::run(&place)?;
    send::run(&place)?;
    memory::run(&place)?;
    window::run()
}

/// One part.
pub(crate) fn part(part: &str) -> Result<()> {
    match part {
        "scan" => scan::run(&Place::prepare()?),
        "send" => send::run(&Place::prepare()?),
        "memory" => memory::run(&Place::prepare()?),
        "window" => window::run(),
        _ => bail!("the parts are scan, send, memory and window"),
    }
}

impl Place {
    fn prepare() -> Result<Self> {
        need::to_bench()?;
        go(&mut cargo(&["build", "--release", "--package", "relaypacs-cli"]))?;
        let folder = target().join("bench");
        std::fs::create_dir_all(&folder)?;
        let python = python(&folder)?;
        let relaypacs = target().join("release").join("relaypacs");
        Ok(Self { folder, relaypacs, python })
    }

    /// The program with a home of its own.
    fn relaypacs(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.relaypacs);
        command
            .arg("--home")
            .arg(home)
            .env("RELAYPACS_PASSPHRASE", "bench")
            .env("RELAYPACS_PASSWORD", "relay");
        command
    }
}

/// A virtual environment, so that nothing of the machine's Python is touched.
fn python(folder: &Path) -> Result<PathBuf> {
    let venv = folder.join("venv");
    let python = venv.join("bin").join("python");
    let ready = venv.join("ready");
    if !ready.exists() {
        go(Command::new("python3").args(["-m", "venv"]).arg(&venv))
            .context("Python needs its venv module")?;
        go(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "pydicom",
            "dicomweb-client",
            "requests",
        ]))?;
        std::fs::write(ready, b"")?;
    }
    Ok(python)
}

/// A heading between two parts.
fn heading(text: &str) {
    say(&format!("\n## {text}"));
}
