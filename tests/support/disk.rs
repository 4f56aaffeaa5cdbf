//! A home on a disk of its own, small enough to be filled, or that cannot be written: a file system in memory (or the
//! same folder once more, read-only) in a mount namespace of its own, so that nobody else sees it. Where the caller is
//! not root, a user namespace gives the right to mount. Linux only.

use anyhow::{Context, Result, bail};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

const SMALL: &str = "mount -t tmpfs -o size=\"$2\" none \"$1\" && echo ready && read line";
const READ_ONLY: &str =
    "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && echo ready && read line";

/// A mount namespace, held by a shell that waits. Dropping it ends both.
#[derive(Debug)]
pub struct Disk {
    shell: Child,
    own_user: bool,
    _input: ChildStdin,
}

impl Disk {
    /// An empty disk of so many kB in the place of `home`.
    ///
    /// # Errors
    /// Neither root nor a user namespace may mount here.
    pub fn small(home: &Path, kilobytes: u32) -> Result<Self> {
        Self::new(SMALL, home, &format!("{kilobytes}k"))
    }

    /// `home` as it is, but nobody can write to it.
    ///
    /// # Errors
    /// Neither root nor a user namespace may mount here.
    pub fn read_only(home: &Path) -> Result<Self> {
        Self::new(READ_ONLY, home, "")
    }

    fn new(script: &str, home: &Path, size: &str) -> Result<Self> {
        let mut ways = [false, true].into_iter();
        let found = ways.find_map(|own| Self::try_new(script, home, size, own));
        found.context("neither root nor a user namespace may mount here")
    }

    fn try_new(script: &str, home: &Path, size: &str, own_user: bool) -> Option<Self> {
        let flags: &[&str] = if own_user { &["-U", "-r", "-m"] } else { &["-m"] };
        let mut shell = Command::new("unshare")
            .args(flags)
            .args(["sh", "-c", script, "sh"])
            .args([home.as_os_str(), size.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let input = shell.stdin.take()?;
        let mut line = String::new();
        BufReader::new(shell.stdout.take()?).read_line(&mut line).ok()?;
        let disk = Self { shell, own_user, _input: input };
        (line == "ready\n").then_some(disk)
    }

    /// What runs a program where the disk is seen.
    #[must_use]
    pub fn enter(&self) -> Vec<String> {
        let user: &[&str] = if self.own_user { &["-U", "--preserve-credentials"] } else { &[] };
        let pid = self.shell.id().to_string();
        let words = ["nsenter", "-t", &pid, "-m"].into_iter().chain(user.iter().copied());
        words.chain(["--"]).map(str::to_owned).collect()
    }

    /// Where a path of the disk is seen from outside.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.shell.id()));
        root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Takes all the room there is in `home`, and says which file gives it back.
    ///
    /// # Errors
    /// It cannot be written for another reason.
    pub fn fill(&self, home: &Path) -> Result<PathBuf> {
        let path = self.path(&home.join("something-large"));
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        for size in [4096, 1] {
            let piece = vec![7; size];
            let full = std::iter::repeat_with(|| file.write_all(&piece)).find_map(Result::err);
            match full.map(|error| error.kind()) {
                Some(ErrorKind::StorageFull) => {}
                other => bail!("the disk cannot be filled: {other:?}"),
            }
        }
        Ok(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
