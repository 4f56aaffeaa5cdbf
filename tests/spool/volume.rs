//! A disc that is taken out and put back under another mount point is found again by itself: a file system in memory, in a
//! mount namespace of its own, moved from one place to another.

use super::{ALL, all_arrived, full, run, site};
use crate::peer::truth;
use relaypacs_practice_pacs::Faults;
use relaypacs_tests::lines::arg;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell that mounts, copies, waits, moves, and waits again.
const SCRIPT: &str = "mount --make-rprivate / && mount -t tmpfs none \"$1\" && cp -r \"$3\"/. \"$1\" \
                      && echo in && read line && mount --move \"$1\" \"$2\" && echo moved && read line";

struct Drive {
    shell: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    own_user: bool,
}

impl Drive {
    /// Where the tests do not run as root, a user namespace gives the right to mount.
    fn with_disc(first: &Path, second: &Path, disc: &Path) -> Self {
        let found = [false, true].into_iter().find_map(|own| Self::start(first, second, disc, own));
        found.expect("neither root nor a user namespace may mount here")
    }

    fn start(first: &Path, second: &Path, disc: &Path, own_user: bool) -> Option<Self> {
        let flags: &[&str] = if own_user { &["-U", "-r", "-m"] } else { &["-m"] };
        let mut shell = Command::new("unshare")
            .args(flags)
            .args(["sh", "-c", SCRIPT, "sh"])
            .args([first, second, disc])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, output) = (shell.stdin.take()?, BufReader::new(shell.stdout.take()?));
        let mut drive = Self { shell, input, output, own_user };
        drive.says("in").then_some(drive)
    }

    fn says(&mut self, word: &str) -> bool {
        let mut line = String::new();
        self.output.read_line(&mut line).is_ok() && line.trim() == word
    }

    fn remount(&mut self) {
        writeln!(self.input).unwrap();
        assert!(self.says("moved"));
    }

    /// What runs a program where the disc is seen.
    fn enter(&self) -> Vec<String> {
        let user: &[&str] = if self.own_user { &["-U", "--preserve-credentials"] } else { &[] };
        let pid = self.shell.id().to_string();
        let words = ["nsenter", "-t", &pid, "-m"].into_iter().chain(user.iter().copied());
        words.chain(["--"]).map(str::to_owned).collect()
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[test]
fn a_disc_that_comes_back_under_another_mount_point_is_found_by_itself() {
    let mut site = site();
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut drive = Drive::with_disc(first.path(), second.path(), site.source.path());
    site.cli.through(drive.enter());
    site.pacs.set_faults(full());
    let root = site.pacs.root();
    let send = ["send", "--json", arg(first.path()), "--to", &root, "--patience", "1"];
    let ran = site.cli.run(&send).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    site.pacs.set_faults(Faults::default());
    drive.remount();
    let gone = run(&site);
    let ends = truth(&site, &gone).unwrap();
    assert!(ends.values().all(|end| end == "source_gone:source_gone"), "{ends:?}");
    assert_eq!((gone.status, ends.len()), (Some(3), ALL), "{}", gone.stderr);
    let ran = run(&site);
    all_arrived(&site, &ran);
}
