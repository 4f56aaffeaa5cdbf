//! The main job on a sample disc, the tests, the checks.

use crate::need;
use crate::shell::{cargo, go, go_to, say, target};
use crate::ui;
use crate::window;
use anyhow::{Context, Result, bail};
use relaypacs_tests::fixture;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The status of a send where something needs a person: the sample disc's index lists a file that is not there.
const NEEDS_A_PERSON: i32 = 3;

/// How much of the printed receipt is shown: its head and its first images.
const RECEIPT_SHOWN: usize = 17;

/// What a newcomer sees first: the window, or the same on the terminal where there is no display.
pub(crate) fn first_look() -> Result<()> {
    if window::can_open() { window::open() } else { main_job() }
}

/// From nothing to a receipt: sample disc, practice PACS, send, confirm, erase.
fn main_job() -> Result<()> {
    need::to_build()?;
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    let place = target().join("sample");
    if place.exists() {
        fs::remove_dir_all(&place).context("could not clear the last sample")?;
    }
    let (disc, home) = (place.join("disc"), place.join("home"));
    let receipt = place.join("receipt.json");
    say("");
    fixtures(&disc)?;
    let program = target().join("debug").join(format!("relaypacs{}", std::env::consts::EXE_SUFFIX));
    let relaypacs = |words: &[&str]| {
        let mut command = Command::new(&program);
        command.args(words).env("RELAYPACS_HOME", &home);
        command.env("RELAYPACS_PASSPHRASE", "only for the sample disc");
        command
    };
    say("\n1. Look inside. Nothing is sent or kept.\n");
    go_to(relaypacs(&["scan"]).arg(&disc), NEEDS_A_PERSON)?;
    say("\n2. Send it to the practice PACS, a small archive on this machine.\n");
    let send = |receipt: &Path| {
        let mut send = relaypacs(&["send"]);
        send.arg(&disc).args(["--to", "practice", "--receipt"]).arg(receipt);
        go_to(&mut send, NEEDS_A_PERSON)
    };
    send(&receipt)?;
    say(
        "   Status 3: everything arrived, and a person should ask for the file that the index lists.\n",
    );
    let printed = receipt.with_extension("txt");
    let text = fs::read_to_string(&printed).context("the receipt to print is not there")?;
    text.lines().take(RECEIPT_SHOWN).for_each(|line| say(&format!("   | {line}")));
    say("   | ...");
    say("\n3. Send it once more. The archive is asked first, and nothing goes twice.\n");
    send(&place.join("receipt-again.json"))?;
    say("\n4. What is left: an empty queue, and a ledger without a patient.\n");
    go(&mut relaypacs(&["queue"]))?;
    go(&mut relaypacs(&["stats"]))?;
    go(&mut relaypacs(&["audit", "verify"]))?;
    say(&format!(
        "\nThe receipt:   {}\nand to print:  {}\nYour own disc: {} send PATH --to URL (and --help)",
        receipt.display(),
        printed.display(),
        program.display()
    ));
    Ok(())
}

/// Every test of the workspace, against a real Orthanc among others.
pub(crate) fn tests(rest: &[&str]) -> Result<()> {
    need::to_test()?;
    window::need_for_tests()?;
    // The whole-system tests run the program itself.
    go(everything("build").args(["--bin", "relaypacs"]))?;
    go(everything("test").arg("--no-fail-fast").args(rest))?;
    // Words after `test` pick tests of the workspace by name.
    if rest.is_empty() { ui::tests() } else { Ok(()) }
}

/// What a reviewer should not have to look for.
pub(crate) fn checks() -> Result<()> {
    need::to_build_the_window()?;
    go(&mut cargo(&["fmt", "--all", "--check"]))?;
    go(everything("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    // Edges, licences, duplicates, file sizes, words: tests/tidy.rs.
    go(everything("test").args(["--test", "tidy"]))
}

/// Cargo over the whole workspace, always with the same features, so that what one step compiled is of use to the next:
/// step by step, each with its own, took half as long again. Only Linux has a driver for the window, and so a use for its
/// seam.
fn everything(verb: &str) -> Command {
    let mut command = cargo(&[verb, "--workspace"]);
    if cfg!(target_os = "linux") {
        command.arg(format!("--features={}/test-seam", window::PACKAGE));
    }
    command
}

/// The sample disc, for trying things by hand.
pub(crate) fn fixtures(folder: &Path) -> Result<()> {
    if folder.exists() && fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty", folder.display());
    }
    let made = fixture::sample_disc(folder, 1)?;
    say(&format!(
        "A sample disc in {}: {} invented patients, {} studies, {} images in {} files.\nAs on real ones there are a viewer, \
         an image that is there twice, an image that the disc's index\n(DICOMDIR) does not list, and one that it lists and \
         that is not there: {}.",
        folder.display(),
        made.patients,
        made.studies,
        made.instances.len(),
        made.files,
        made.missing.display()
    ));
    Ok(())
}
