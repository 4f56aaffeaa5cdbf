//! `cargo xtask`: the commands that a person needs to try, test and measure RelayPACS on their own machine.
//!
//! Knows the other crates only as programs that cargo builds, and the test harness as a library.

mod bench;
mod desk;
mod long;
mod need;
mod package;
mod run;
mod screen;
mod shell;
mod soak;
mod ui;
mod window;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask run              install what is missing and open the window; without a display: make a sample disc, send it
                             to the practice PACS, show the receipt
cargo xtask dev              open the window on a home of its own, with the page's inspector (Ctrl-Shift-I)
cargo xtask types            write ui/types.d.ts anew from src-tauri/src/view.rs
cargo xtask test             install what is missing (Orthanc, Chromium, Node.js, WebKitWebDriver), run every test
cargo xtask check            format, lints as errors, the edges between the rooms, licences and duplicates
cargo xtask bench [PART]     measure scan, send and memory against other programs, and the window; PART is scan, send,
                             memory or window
cargo xtask package          build the .deb and the .rpm
cargo xtask package --try [DEB]
                             install the .deb (this one, or a new one), start it, remove it again
cargo xtask long             the waits of a store in real minutes: takes about seventeen
cargo xtask soak --minutes N random faults on everything at once for so long, then the promises are checked
cargo xtask fixtures DIR     make the sample disc in DIR";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run"] => run::first_look(),
        ["dev"] => window::dev(),
        ["types"] => window::types(),
        ["test", rest @ ..] => run::tests(rest),
        ["check"] => run::checks(),
        ["bench"] => bench::all(),
        ["bench", part] => bench::part(part),
        ["package"] => package::build().map(drop),
        ["package", "--try"] => package::build_and_try(),
        ["package", "--try", deb] => package::trial(deb.as_ref()),
        ["long"] => long::run(),
        ["soak", rest @ ..] => soak::run(rest),
        ["fixtures", folder] if !folder.starts_with('-') => run::fixtures(folder.as_ref()),
        [] | ["help" | "-h" | "--help"] => {
            shell::say(USAGE);
            Ok(())
        }
        _ => bail!("not a command of xtask\n{USAGE}"),
    }
}
