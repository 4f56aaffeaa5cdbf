//! One program, run once, with what it took.

use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    pub(super) wall: f64,
    pub(super) cpu: f64,
    pub(super) peak_mb: f64,
    pub(super) status: i32,
}

/// Runs a program under GNU time, its output thrown away. A status other than 0 is part of the result.
pub(super) fn timed(command: &Command, scratch: &Path) -> Result<Took> {
    let note = scratch.join("time.txt");
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["--quiet", "--format", "%e %U %S %M", "--output"]).arg(&note);
    timed.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            timed.env(name, value);
        }
    }
    let log = std::fs::File::create(scratch.join("output.txt"))?;
    let status = timed
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()
        .context("GNU time did not start")?;
    let text = std::fs::read_to_string(&note)?;
    let mut words = text.split_whitespace().map(str::parse::<f64>);
    let mut next =
        || words.next().context("GNU time wrote something else")?.context("not a number");
    let (wall, user, system, peak_kib) = (next()?, next()?, next()?, next()?);
    Ok(Took {
        wall,
        cpu: user + system,
        peak_mb: peak_kib * 1024.0 / 1e6,
        status: status.code().unwrap_or(-1),
    })
}
