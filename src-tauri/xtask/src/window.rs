//! The window: opened for a newcomer, for those who work on it, and driven by its tests.

use crate::need;
use crate::shell::{cargo, go, say, target};
use anyhow::Result;
use std::process::Command;

/// Its package.
pub(crate) const PACKAGE: &str = "relaypacs-app";

/// True where there is somebody to see it.
pub(crate) fn can_open() -> bool {
    let display = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || display("DISPLAY") || display("WAYLAND_DISPLAY")
}

/// Builds it and opens it on a home of its own, which is new each time: the first start offers the practice archive.
pub(crate) fn open() -> Result<()> {
    let home = target().join("sample").join("window");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    say(
        "The window opens on a new home. The practice PACS and the sample disc are all it takes for a first try.",
    );
    start("sample/window")
}

/// The same on a home that stays, for those who work on it. What is under `ui/` is part of the program: after a change
/// it is started again.
pub(crate) fn dev() -> Result<()> {
    start("dev-home")
}

fn start(home: &str) -> Result<()> {
    need::to_build_the_window()?;
    go(&mut cargo(&["build", "--package", PACKAGE]))?;
    let name = format!("{PACKAGE}{}", std::env::consts::EXE_SUFFIX);
    let mut window = Command::new(target().join("debug").join(name));
    window.env("RELAYPACS_HOME", target().join(home));
    // Not the key of anything that lasts, so nobody's key store is asked for it.
    window.env("RELAYPACS_PASSPHRASE", "only for a first try");
    go(&mut window)
}

/// Installs what its tests need; on Linux those that drive it, too.
pub(crate) fn need_for_tests() -> Result<()> {
    if cfg!(target_os = "linux") {
        need::to_drive_the_window()
    } else {
        need::to_build_the_window()
    }
}

/// Writes the page's types anew.
pub(crate) fn types() -> Result<()> {
    need::to_build_the_window()?;
    let mut write = cargo(&["test", "--package", PACKAGE, "--lib", "the_types_of_the_page"]);
    go(write.env("RELAYPACS_WRITE_TYPES", "1"))
}
