//! The window: how soon it can be used, what it costs at rest, and whether it stays smooth while there is much to do.
//!
//! The start and the rest are measured on the program as it is released, from outside: by the picture on the screen and
//! by what the system counts. A release cannot be driven, on purpose; what happens in the page is therefore measured on
//! the same optimised program with the test seam in it.

mod driver;
mod processes;
mod smooth;

use super::{data, heading};
use crate::desk::{Desk, Started};
use crate::need;
use crate::shell::{cargo, go, say, target};
use anyhow::{Context, Result};
use processes::Family;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

/// Starts of each kind.
const STARTS: usize = 5;

/// So long the window is left alone before it counts as idle, and so long it is watched then.
const CALM: Duration = Duration::from_secs(5);
const WATCHED: Duration = Duration::from_secs(30);

pub(super) fn run() -> Result<()> {
    need::to_measure_the_window()?;
    let folder = target().join("bench");
    let place = folder.join("window");
    fs::create_dir_all(&place)?;
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    let released = built(&place, "relaypacs-app", "tauri/custom-protocol", None)?;
    start(&place, &released)?;
    rest(&place, &released)?;
    let driven = built(
        &place,
        "relaypacs-app-driven",
        "tauri/custom-protocol,relaypacs-app/test-seam",
        Some("profile.release.package.relaypacs-app.debug-assertions=true"),
    )?;
    let studies = data::studies(&folder)?;
    smooth::run(&place, &driven, &studies)
}

/// Builds the window's program, and keeps it under a name of its own.
fn built(place: &Path, name: &str, features: &str, setting: Option<&str>) -> Result<PathBuf> {
    let mut build =
        cargo(&["build", "--release", "--package", "relaypacs-app", "--features", features]);
    if let Some(setting) = setting {
        build.args(["--config", setting]);
    }
    go(&mut build)?;
    let kept = place.join(name);
    fs::copy(target().join("release").join("relaypacs-app"), &kept)?;
    Ok(kept)
}

/// The command line, as tests use it.
fn command_line() -> PathBuf {
    target().join("debug").join("relaypacs")
}

fn start(place: &Path, program: &Path) -> Result<()> {
    heading("Window: from the start of the process to a picture that no longer changes (Xvfb)");
    say(&format!("{:<52} {:>10} {:>10} {:>10}", "", "first ms", "whole ms", "worst ms"));
    let libraries = libraries(program)?;
    let measured = |name: &str, cold: bool, new: bool| -> Result<()> {
        let lay = || Desk::lay(&place.join("desk"));
        let mut desk = lay()?;
        desk.knows_an_archive(&command_line())?;
        let mut took = Vec::new();
        for _ in 0..STARTS {
            if new {
                drop(desk);
                desk = lay()?;
            }
            if cold {
                forget(&libraries)?;
            }
            let window = Started(desk.program(program).spawn()?);
            let settled = desk.settled(None, PATIENCE)?;
            settled.picture.save(&place.join("start.png"))?;
            took.push((settled.complete.as_millis(), settled.first.as_millis()));
            window.end()?;
            desk.is_bare(PATIENCE)?;
        }
        took.sort_unstable();
        let middle = took.get(STARTS / 2).context("no start")?;
        let worst = took.last().context("no start")?.0;
        say(&format!("{name:<52} {:>10} {:>10} {worst:>10}", middle.1, middle.0));
        Ok(())
    };
    measured("cold: program and libraries out of the page cache", true, false)?;
    measured("the very first start, on a new home", false, true)?;
    measured("a later start", false, false)
}

fn rest(place: &Path, program: &Path) -> Result<()> {
    heading("Window: at rest for 30 s");
    let desk = Desk::lay(&place.join("desk"))?;
    desk.knows_an_archive(&command_line())?;
    let window = Started(desk.program(program).spawn()?);
    desk.settled(None, PATIENCE)?;
    sleep(CALM);
    let before = Family::of(window.0.id())?;
    sleep(WATCHED);
    let after = Family::of(window.0.id())?;
    let percent = |ticks: u64| ticks as f64 / processes::TICKS / WATCHED.as_secs_f64() * 100.0;
    say(&format!("{:<40} {:>8} {:>8} {:>8} {:>12}", "", "cpu %", "RSS MB", "PSS MB", "program MB"));
    let main = percent(after.main.ticks.saturating_sub(before.main.ticks));
    let row = |name: &str, percent: f64, used: processes::Used| {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        let [resident, share, own] = [used.resident, used.share, used.program].map(mb);
        say(&format!("{name:<40} {percent:>8.2} {resident:>8.1} {share:>8.1} {own:>12.1}"));
    };
    row("the app's process (Rust, GTK)", main, after.main);
    let web = percent(after.web.ticks.saturating_sub(before.web.ticks));
    row("WebKit's processes beside it", web, after.web);
    window.end()
}

/// The program and all that it loads.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let out = Command::new("ldd").arg(program).output().context("ldd")?;
    let text = String::from_utf8(out.stdout)?;
    let loaded = text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from);
    let mut all: Vec<PathBuf> = std::iter::once(program.to_path_buf()).chain(loaded).collect();
    all.extend(processes::web_programs());
    Ok(all)
}

/// Takes files out of the page cache, as far as nobody else has them in use.
fn forget(files: &[PathBuf]) -> Result<()> {
    for file in files {
        let mut dd = Command::new("dd");
        dd.arg(format!("if={}", file.display())).args(["iflag=nocache", "count=0", "status=none"]);
        go_quietly(&mut dd)?;
    }
    Ok(())
}

fn go_quietly(command: &mut Command) -> Result<()> {
    let status = command.status().context("dd")?;
    anyhow::ensure!(status.success(), "dd: {status}");
    Ok(())
}
