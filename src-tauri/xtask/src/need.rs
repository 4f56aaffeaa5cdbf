//! What has to be on the machine, and how it gets there: by apt on Debian and its relatives, by a clear word elsewhere.

use crate::shell::{go, say};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// One thing that has to be there.
struct Need {
    /// What it is for, in words.
    what: &'static str,
    /// Programs (looked up in PATH and the sbin folders), files (with a slash) or libraries (`lib:` and what pkg-config
    /// calls them) that show that it is there.
    shown_by: &'static [&'static str],
    /// The Debian packages that bring it.
    packages: &'static [&'static str],
    /// How to get it elsewhere.
    elsewhere: &'static str,
}

const BUILD: &[Need] = &[Need {
    what: "a C compiler, make and perl (they build SQLCipher and its OpenSSL)",
    shown_by: &["cc", "make", "perl"],
    packages: &["gcc", "libc6-dev", "make", "perl"],
    elsewhere: "macOS: xcode-select --install. Windows: Visual Studio Build Tools, Strawberry Perl and NASM",
}];

/// Linux only: the other systems bring a web view along.
const WINDOW: &[Need] = &[
    Need {
        what: "pkg-config (it finds the libraries of the window)",
        shown_by: &["pkg-config"],
        packages: &["pkg-config"],
        elsewhere: "pkg-config, by your package manager",
    },
    Need {
        what: "WebKitGTK and the libraries of tray and icons (the window is built on them)",
        shown_by: &[
            "lib:webkit2gtk-4.1",
            "lib:ayatana-appindicator3-0.1",
            "lib:librsvg-2.0",
            "/usr/include/xdo.h",
        ],
        packages: &[
            "libwebkit2gtk-4.1-dev",
            "libayatana-appindicator3-dev",
            "librsvg2-dev",
            "libxdo-dev",
        ],
        elsewhere: "see https://tauri.app/start/prerequisites",
    },
];

const DRIVE: &[Need] = &[Need {
    what: "WebKitWebDriver, a display and a bus of their own (the tests drive the window with them)",
    shown_by: &["WebKitWebDriver", "xvfb-run", "xauth", "dbus-run-session"],
    packages: &["webkit2gtk-driver", "xvfb", "xauth", "dbus"],
    elsewhere: "WebKitWebDriver, xvfb and dbus, by your package manager",
}];

const TEST: &[Need] = &[Need {
    what: "Orthanc with its DICOMweb plugin (the archive that the tests believe)",
    shown_by: &["Orthanc", "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
    packages: &["orthanc", "orthanc-dicomweb"],
    elsewhere: "see https://orthanc.uclouvain.be/downloads",
}];

const PAGES: &[Need] = &[Need {
    what: "Node.js and npm (they drive the browser that the window's pages are tested in)",
    shown_by: &["node", "npm"],
    packages: &["nodejs", "npm"],
    elsewhere: "Node.js 18 or newer, from https://nodejs.org",
}];

/// Chromium goes by several names; any of them will do.
const BROWSERS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const BROWSER: &[Need] = &[Need {
    what: "Chromium (the window's pages are tested in it)",
    shown_by: &["chromium"],
    packages: &["chromium"],
    elsewhere: "Chromium, with its path in RELAYPACS_CHROMIUM",
}];

const BENCH: &[Need] = &[
    Need {
        what: "the programs that RelayPACS is measured against",
        shown_by: &["dcmsend", "storescu", "dcmftest", "curl"],
        packages: &["dcmtk", "curl"],
        elsewhere: "dcmtk and curl, by your package manager",
    },
    Need {
        what: "GNU time and Python with venv",
        shown_by: &["/usr/bin/time", "python3"],
        packages: &["time", "python3-venv"],
        elsewhere: "GNU time and Python 3, by your package manager",
    },
];

const PACKAGE: &[Need] = &[Need {
    what: "npm (it brings the Tauri command line, which makes the bundles)",
    shown_by: &["npm"],
    packages: &["npm"],
    elsewhere: "see https://nodejs.org",
}];

const DESK: &[Need] = &[Need {
    what: "Xvfb and a session bus (the window is started on a screen that nobody sees)",
    shown_by: &["Xvfb", "dbus-daemon"],
    packages: &["xvfb", "dbus"],
    elsewhere: "Linux only",
}];

/// What `cargo xtask run` needs.
pub(crate) fn to_build() -> Result<()> {
    install(BUILD)
}

/// What building the window needs.
pub(crate) fn to_build_the_window() -> Result<()> {
    install(BUILD)?;
    if cfg!(target_os = "linux") { install(WINDOW) } else { Ok(()) }
}

/// What `cargo xtask test` needs.
pub(crate) fn to_test() -> Result<()> {
    install(BUILD)?;
    install(TEST)
}

/// What driving the window needs.
pub(crate) fn to_drive_the_window() -> Result<()> {
    to_build_the_window()?;
    install(DRIVE)
}

/// What the tests of the window's pages need.
pub(crate) fn to_test_pages() -> Result<()> {
    install(PAGES)?;
    let named = std::env::var_os("RELAYPACS_CHROMIUM").is_some();
    if named || BROWSERS.iter().any(|name| is_there(name)) { Ok(()) } else { install(BROWSER) }
}

/// What `cargo xtask bench` needs.
pub(crate) fn to_bench() -> Result<()> {
    to_test()?;
    install(BENCH)
}

/// What `cargo xtask package` needs.
pub(crate) fn to_package() -> Result<()> {
    to_build_the_window()?;
    install(PACKAGE)
}

/// What starting the window on a screen of its own needs.
pub(crate) fn to_start_the_window() -> Result<()> {
    to_build_the_window()?;
    install(DESK)
}

/// What `cargo xtask bench window` needs.
pub(crate) fn to_measure_the_window() -> Result<()> {
    to_start_the_window()?;
    install(DRIVE)
}

fn install(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> =
        needs.iter().filter(|need| !need.shown_by.iter().all(|sign| is_there(sign))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        say(&format!("missing: {}", need.what));
    }
    if !is_there("apt-get") {
        let ways: Vec<String> =
            missing.iter().map(|need| format!("- {}: {}", need.what, need.elsewhere)).collect();
        bail!("install these and start again:\n{}", ways.join("\n"));
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    go(apt().args(["update", "-qq"]))?;
    go(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages))
}

/// As root apt is called as it is; otherwise through sudo, which may ask for a password.
pub(crate) fn apt() -> Command {
    let root =
        Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.trim_ascii() == b"0");
    let mut command = if root {
        Command::new("apt-get")
    } else {
        let mut command = Command::new("sudo");
        command.arg("apt-get");
        command
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::inherit()).stdout(Stdio::null());
    command
}

pub(crate) fn is_there(sign: &str) -> bool {
    if let Some(library) = sign.strip_prefix("lib:") {
        let mut ask = Command::new("pkg-config");
        ask.args(["--exists", library]).stdout(Stdio::null()).stderr(Stdio::null());
        return ask.status().is_ok_and(|status| status.success());
    }
    if sign.contains('/') {
        return Path::new(sign).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Orthanc lives in sbin, which is not in everybody's PATH.
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders
        .into_iter()
        .any(|folder| folder.join(sign).is_file() || folder.join(format!("{sign}.exe")).is_file())
}
