//! How much memory the program holds at most, with much work and with large work.

use super::timed::timed;
use super::{Place, data, heading};
use crate::shell::say;
use anyhow::{Context, Result};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(super) fn run(place: &Place) -> Result<()> {
    heading("Memory: peak resident size of the sending process (the archive is another process)");
    say(&format!("{:<52} {:>8} {:>8} {:>9} {:>7}", "", "s", "cpu s", "peak MB", "status"));
    let tree = data::tree(&place.folder)?;
    let film = data::multiframe(&place.folder)?;
    let home = place.folder.join("home-memory");
    for (name, source) in
        [("one multi-frame instance of 2 GB", &film), ("200,000 small files", &tree)]
    {
        row(
            &format!("scan, {name}"),
            place.relaypacs(&home).arg("scan").arg("--json").arg(source),
            place,
        )?;
        let _ = fs::remove_dir_all(&home);
        let archive = Practice::start(place)?;
        let mut send = place.relaypacs(&home);
        send.arg("send").arg(source).args(["--to", &archive.root]);
        row(&format!("send, {name}"), &send, place)?;
    }
    Ok(())
}

fn row(name: &str, command: &Command, place: &Place) -> Result<()> {
    let took = timed(command, &place.folder)?;
    say(&format!(
        "{name:<52} {:>8.2} {:>8.2} {:>9.1} {:>7}",
        took.wall, took.cpu, took.peak_mb, took.status
    ));
    Ok(())
}

/// The practice archive in a process of its own, with an empty store.
struct Practice {
    child: Child,
    root: String,
}

impl Practice {
    fn start(place: &Place) -> Result<Self> {
        let store = place.folder.join("practice-store");
        let _ = fs::remove_dir_all(&store);
        let mut child = place
            .relaypacs(&place.folder.join("home-practice"))
            .args(["practice-pacs", "--port", "0", "--store"])
            .arg(&store)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the practice archive did not start")?;
        let out = child.stdout.take().context("no output of the practice archive")?;
        let mut root = String::new();
        BufReader::new(out).read_line(&mut root)?;
        Ok(Self { child, root: root.trim().to_owned() })
    }
}

impl Drop for Practice {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
