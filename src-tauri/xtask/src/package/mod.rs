//! `cargo xtask package`: the bundles that need nothing but what Debian has, and a trial of the one that can be tried here.
//!
//! AppImage, MSI, NSIS and DMG need tools that the Tauri command line fetches, or another system: the release workflow
//! makes them.

mod installed;

use crate::desk::{Desk, Started};
use crate::need;
use crate::shell::{cargo, go, root, say, target};
use anyhow::{Context, Result, ensure};
use installed::Installed;
use relaypacs_tests::fixture;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

/// How long the window may take to come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Builds the .deb and the .rpm as a release does. Gives where they lie.
pub(crate) fn build() -> Result<Vec<PathBuf>> {
    need::to_package()?;
    let packaging = root().join("packaging");
    go(Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(&packaging))?;
    let tauri = packaging.join("node_modules").join(".bin").join("tauri");
    let folder = target().join("release").join("bundle");
    // What an earlier version left there would be taken for this one's.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    go(Command::new(tauri)
        .args(["build", "--ci", "--bundles", "deb,rpm", "--", "--locked"])
        .current_dir(root()))?;
    let made = [made(&folder, "deb")?, made(&folder, "rpm")?];
    for file in &made {
        say(&format!("{} ({:.1} MB)", file.display(), fs::metadata(file)?.len() as f64 / 1e6));
    }
    Ok(made.into())
}

/// Builds the .deb and tries it.
pub(crate) fn build_and_try() -> Result<()> {
    let made = build()?;
    trial(made.first().context("no .deb was made")?)
}

/// Installs a .deb, starts it, hands over a path by a second start, removes it, and looks for what was left behind.
pub(crate) fn trial(package: &Path) -> Result<()> {
    need::to_start_the_window()?;
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    // apt takes a word without a slash for the name of a package.
    let package = &fs::canonicalize(package).context("there is no such package")?;
    let installed = Installed::new(package)?;
    installed.is_known_to_the_desktop()?;
    let place = target().join("package");
    let desk = Desk::lay(&place.join("desk"))?;
    desk.knows_an_archive(&target().join("debug").join("relaypacs"))?;
    let program = installed.program();
    say("The window is started");
    let first = Started(desk.program(&program).spawn().context("the window did not start")?);
    let window = desk.settled(None, PATIENCE)?;
    let shown = place.join("window.png");
    window.picture.save(&shown)?;
    say(&format!("It came in {:.1} s: {}", window.complete.as_secs_f64(), shown.display()));
    hand_over(&desk, &program, &window.picture.sample(), &place)?;
    let kept = desk.kept();
    first.end()?;
    let files = installed.remove()?;
    ensure!(kept.join("queue.db").exists(), "removing the package took the person's queue with it");
    say(&format!(
        "Removed: none of its {files} files is left. What is the person's is still there."
    ));
    Ok(())
}

/// A second start with a path, seen from the folder that it was started in: it ends at once, and the first looks inside.
fn hand_over(desk: &Desk, program: &Path, before: &[u32], place: &Path) -> Result<()> {
    let disc = desk.home.join("disc");
    fixture::sample_disc(&disc, 1)?;
    let mut second = desk.program(program);
    let status = second.arg("disc").current_dir(&desk.home).status()?;
    ensure!(status.success(), "the second start ended with {status}");
    let review = desk.settled(Some(before), PATIENCE)?;
    let shown = place.join("handed-over.png");
    review.picture.save(&shown)?;
    say(&format!(
        "A second start handed its path over and ended; the first looked inside: {}",
        shown.display()
    ));
    Ok(())
}

/// The one bundle of this kind.
fn made(folder: &Path, kind: &str) -> Result<PathBuf> {
    let folder = folder.join(kind);
    let is_bundle = |path: &PathBuf| path.extension().is_some_and(|ending| ending == kind);
    fs::read_dir(&folder)
        .with_context(|| format!("nothing in {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(is_bundle)
        .with_context(|| format!("no .{kind} was made for {}", env::consts::ARCH))
}
