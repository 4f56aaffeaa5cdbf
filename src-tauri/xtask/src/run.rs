//! The main job on a sample disc, the tests, the checks.

use crate::need;
use crate::shell::{cargo, go, say, target};
use anyhow::{Context, Result, bail};
use relaypacs_tests::fixture;
use std::fs;
use std::path::Path;
use std::process::Command;

/// From nothing to a receipt: sample disc, practice PACS, send, confirm, erase.
pub(crate) fn main_job() -> Result<()> {
    need::to_build()?;
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    let place = target().join("sample");
    if place.exists() {
        fs::remove_dir_all(&place).context("could not clear the last sample")?;
    }
    let disc = place.join("disc");
    fixtures(&disc)?;
    let receipt = place.join("receipt.json");
    say("\nThe disc goes into the practice PACS, an archive that lives in this process:\n");
    let program = target().join("debug").join(format!("relaypacs{}", std::env::consts::EXE_SUFFIX));
    let passphrase = "only for the sample disc";
    let relaypacs = || {
        let mut command = Command::new(&program);
        command.arg("--home").arg(place.join("home")).env("RELAYPACS_PASSPHRASE", passphrase);
        command
    };
    go(relaypacs().arg("send").arg(&disc).args(["--to", "practice", "--receipt"]).arg(&receipt))?;
    say("\nWhat the ledger keeps of it, without a patient:\n");
    go(relaypacs().args(["receipt", "1"]))?;
    say(&format!(
        "\nThe receipt with every instance: {}\n                        and to print: {}",
        receipt.display(),
        receipt.with_extension("txt").display()
    ));
    Ok(())
}

/// Every test of the workspace, against a real Orthanc among others.
pub(crate) fn tests(rest: &[&str]) -> Result<()> {
    need::to_test()?;
    // The whole-system tests run the program itself.
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    go(cargo(&["test", "--workspace", "--no-fail-fast"]).args(rest))
}

/// What a reviewer should not have to look for.
pub(crate) fn checks() -> Result<()> {
    need::to_build()?;
    go(&mut cargo(&["fmt", "--all", "--check"]))?;
    go(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // Edges, licences, duplicates, file sizes, words: tests/tidy.rs.
    go(&mut cargo(&["test", "--package", "relaypacs-tests", "--test", "tidy"]))
}

/// The sample disc, for trying things by hand.
pub(crate) fn fixtures(folder: &Path) -> Result<()> {
    if folder.exists() && fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty", folder.display());
    }
    let made = fixture::sample_disc(folder, 1)?;
    say(&format!("sample disc: {} ({made:?})", folder.display()));
    Ok(())
}
