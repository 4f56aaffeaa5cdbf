//! `relaypacs` as a child process: with a home of its own, a limit of time, and its output taken apart (`run`).

pub use crate::run::{Ran, Spawned, peak_rss};

use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tempfile::TempDir;

/// How long a run may take where nothing else is said.
pub const LIMIT: Duration = Duration::from_secs(180);

/// The command line, and the home folder that its runs share.
#[derive(Debug)]
pub struct Cli {
    binary: PathBuf,
    home: TempDir,
    passphrase: Option<String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
}

impl Cli {
    /// Finds the binary and makes a home.
    ///
    /// # Errors
    /// The binary was not built.
    pub fn new() -> Result<Self> {
        let home = tempfile::Builder::new().prefix("relaypacs-home-").tempdir()?;
        let passphrase = Some("a passphrase for tests".to_owned());
        Ok(Self {
            binary: binary()?,
            home,
            passphrase,
            environment: Vec::new(),
            wrapper: Vec::new(),
        })
    }

    /// One more environment variable for all runs.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another passphrase from now on. Without one the system's key store is not there either.
    pub fn passphrase(&mut self, passphrase: Option<&str>) {
        self.passphrase = passphrase.map(str::to_owned);
    }

    /// Runs through another program from now on, which gets the command line as its last arguments.
    pub fn through(&mut self, wrapper: Vec<String>) {
        self.wrapper = wrapper;
    }

    /// Its home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it to its end, within [`LIMIT`].
    ///
    /// # Errors
    /// It cannot be started, or takes too long; then it is killed.
    pub fn run(&self, arguments: &[&str]) -> Result<Ran> {
        self.spawn(arguments)?.finish(LIMIT)
    }

    /// Runs it with something on its standard input.
    ///
    /// # Errors
    /// See [`Cli::run`].
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Result<Ran> {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().context("starting relaypacs")?;
        let mut stdin = child.stdin.take().context("a pipe to relaypacs")?;
        let spawned = Spawned::new(child)?;
        // A program that ends without reading it closes the pipe.
        let _ = stdin.write_all(input);
        drop(stdin);
        spawned.finish(LIMIT)
    }

    /// Starts it and comes back at once.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self, arguments: &[&str]) -> Result<Spawned> {
        Spawned::new(self.command(arguments).spawn().context("starting relaypacs")?)
    }

    /// The same, but what it says is read only as somebody waits for it: one that says much stands still meanwhile.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn_unread(&self, arguments: &[&str]) -> Result<Spawned> {
        let (send, lines) = sync_channel(1);
        let child = self.command(arguments).spawn().context("starting relaypacs")?;
        Spawned::read_by(child, lines, move |line| send.send(line).is_ok())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut words = self.wrapper.iter().map(OsStr::new).chain([self.binary.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .args(arguments)
            .env("RELAYPACS_HOME", self.home.path())
            .env_remove("RELAYPACS_PASSPHRASE")
            .envs(self.passphrase.iter().map(|passphrase| ("RELAYPACS_PASSPHRASE", passphrase)))
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .env("NO_COLOR", "1")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Tests lie in `target/<profile>/deps`, xtask in `target/<profile>`; the binary is beside the latter.
fn binary() -> Result<PathBuf> {
    let name = format!("relaypacs{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().context("where this program is")?;
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join(&name));
    found.into_iter().find(|path| path.is_file()).context(
        "relaypacs is not built beside this test: run `cargo xtask test`, or `cargo build -p relaypacs-cli` first",
    )
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell() -> Cli {
        let home = TempDir::new().unwrap();
        Cli {
            binary: "/bin/sh".into(),
            home,
            passphrase: Some("p".into()),
            environment: Vec::new(),
            wrapper: Vec::new(),
        }
    }

    #[test]
    fn output_status_and_memory_of_a_run_are_kept_apart() {
        let script =
            r#"echo '{"event":"a"}'; echo '{"event":"summary","n":2}'; echo oops >&2; exit 3"#;
        let ran = shell().run(&["-c", script]).unwrap();
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(3), "oops\n"));
        assert_eq!(ran.summary().unwrap()["n"], 2);
        assert_eq!(ran.events("a").unwrap().len(), 1);
        let environment =
            shell().env("MORE", "m").run(&["-c", "echo $RELAYPACS_PASSPHRASE $MORE"]).unwrap();
        assert_eq!(environment.lines, ["p m"]);
        assert!(environment.summary().is_err());
        let waiting = shell().run_with_input(&["-c", "read x; echo got $x"], b"word\n").unwrap();
        assert_eq!(waiting.lines, ["got word"]);
    }

    #[test]
    fn a_run_that_says_much_does_not_get_stuck() {
        let ran = shell().run(&["-c", "seq 1 200000; seq 1 200000 >&2"]).unwrap();
        assert_eq!((ran.status, ran.lines.len()), (Some(0), 200_000));
        assert_eq!(ran.stderr.lines().count(), 200_000);
    }

    #[test]
    fn a_run_is_killed_when_asked_and_when_its_time_is_over() {
        let mut run = shell().spawn(&["-c", "echo ready; exec sleep 600"]).unwrap();
        assert_eq!(run.wait_for(LIMIT, |line| line == "ready").unwrap(), "ready");
        assert!(peak_rss(std::process::id()).is_none_or(|bytes| bytes > 10_000));
        let ran = run.kill().unwrap();
        assert_eq!((ran.status, ran.lines), (None, vec!["ready".to_owned()]));
        let slow = shell().spawn(&["-c", "exec sleep 600"]).unwrap();
        assert!(slow.finish(Duration::from_millis(50)).is_err());
        let mut short = shell().spawn(&["-c", "echo one"]).unwrap();
        assert!(short.wait_for(LIMIT, |line| line == "two").is_err());
    }
}
