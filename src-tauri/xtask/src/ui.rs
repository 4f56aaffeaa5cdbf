//! The window's pages in a browser: what their tests need, and the tests themselves.
//!
//! Knows `tests/ui` only as a folder with a `package.json`; the pages are plain files that nothing builds.

use crate::need;
use crate::shell::{go, root};
use anyhow::Result;
use std::process::Command;

/// Fetches the tools that the lock file names (nothing is fetched that it does not) and runs every test of the pages.
/// Screenshots lie in `target/ui-screenshots` afterwards.
pub(crate) fn tests() -> Result<()> {
    need::to_test_pages()?;
    go(npm().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    go(npm().args(["test"]))
}

/// npm is a script on Windows, which only its full name starts.
fn npm() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(root().join("tests").join("ui"));
    command
}
