//! Running programs, and speaking to the person at the terminal.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The folder that cargo builds into; everything that xtask makes lies there too.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command of cargo in the workspace. What cargo tells xtask about itself is kept from it: build scripts that look at
/// it (ring's) would run anew, and with them half of the build, whenever cargo is called now by hand and now by xtask.
pub(crate) fn cargo(words: &[&str]) -> Command {
    const ABOUT_XTASK: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(words).current_dir(root());
    for (name, _) in std::env::vars_os() {
        if ABOUT_XTASK.iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end and takes anything but success as an error.
pub(crate) fn go(command: &mut Command) -> Result<()> {
    go_to(command, 0)
}

/// Runs a program to its end and takes any other status than this one as an error.
pub(crate) fn go_to(command: &mut Command, wanted: i32) -> Result<()> {
    let shown = shown(command);
    say(&format!("$ {shown}"));
    let status = command.status().with_context(|| format!("could not start: {shown}"))?;
    if status.code() != Some(wanted) {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// One line to the terminal.
#[expect(clippy::print_stderr, reason = "xtask speaks to a person")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// As a person would write it: programs by their names, paths from the folder of the workspace where they lie in it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let words = command.get_args().map(|word| {
        let path = Path::new(word);
        path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
    });
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}
