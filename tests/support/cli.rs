//! `relaypacs` as a child process: with a home of its own, a limit of time, and its output taken apart.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
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

/// A run that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit status; nothing where a signal ended it.
    pub status: Option<i32>,
    /// Standard output, as lines.
    pub lines: Vec<String>,
    /// Standard error.
    pub stderr: String,
    /// The most memory that it held, in bytes, where the system tells (Linux).
    pub peak_rss_bytes: Option<u64>,
    /// How long it took.
    pub took: Duration,
}

impl Ran {
    /// Standard output as JSON, a value a line.
    ///
    /// # Errors
    /// A line is no JSON.
    pub fn json(&self) -> Result<Vec<Value>> {
        let parse = |line: &String| {
            serde_json::from_str(line).with_context(|| format!("a line is not JSON: {line}"))
        };
        self.lines.iter().map(parse).collect()
    }

    /// The JSON lines with this `event`.
    ///
    /// # Errors
    /// A line is no JSON.
    pub fn events(&self, event: &str) -> Result<Vec<Value>> {
        let all = self.json()?;
        Ok(all
            .into_iter()
            .filter(|v| v.get("event").and_then(Value::as_str) == Some(event))
            .collect())
    }

    /// The summary line.
    ///
    /// # Errors
    /// There is not exactly one.
    pub fn summary(&self) -> Result<Value> {
        let mut all = self.events("summary")?;
        let count = all.len();
        match (all.pop(), count) {
            (Some(summary), 1) => Ok(summary),
            _ => bail!("{count} summaries; exit status {:?}; {}", self.status, self.stderr),
        }
    }
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

/// A run that goes on. Dropping it kills it.
#[derive(Debug)]
pub struct Spawned {
    child: Child,
    started: Instant,
    stdout: Receiver<String>,
    lines: Vec<String>,
    stderr: Option<JoinHandle<String>>,
    peak: Option<u64>,
}

impl Spawned {
    fn new(child: Child) -> Result<Self> {
        let (send, lines) = channel();
        Self::read_by(child, lines, move |line| send.send(line).is_ok())
    }

    fn read_by(
        mut child: Child,
        stdout: Receiver<String>,
        take: impl Fn(String) -> bool + Send + 'static,
    ) -> Result<Self> {
        let output = child.stdout.take().context("a pipe from relaypacs")?;
        let mut errors = child.stderr.take().context("a pipe from relaypacs")?;
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            while lines.next().is_some_and(&take) {}
        });
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What could be read is what is shown.
            let _ = errors.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let (started, stderr) = (Instant::now(), Some(stderr));
        Ok(Self { child, started, stdout, lines: Vec::new(), stderr, peak: None })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of standard output that fits, and gives it.
    ///
    /// # Errors
    /// It ends, or the time is over, before there is one.
    pub fn wait_for(&mut self, limit: Duration, fits: impl Fn(&str) -> bool) -> Result<String> {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.stdout.recv_timeout(left).map_err(|error| match error {
                RecvTimeoutError::Timeout => anyhow::anyhow!("relaypacs did not say it in time"),
                RecvTimeoutError::Disconnected => {
                    anyhow::anyhow!("relaypacs ended without saying it")
                }
            })?;
            self.lines.push(line.clone());
            if fits(&line) {
                return Ok(line);
            }
        }
    }

    /// Ctrl-C.
    ///
    /// # Errors
    /// It is not there any more, or this is no Unix.
    pub fn interrupt(&self) -> Result<()> {
        self.signal("INT")
    }

    /// The machine falls asleep: nothing of it runs until [`Spawned::wake`]. What others do goes on.
    ///
    /// # Errors
    /// It is not there any more, or this is no Unix.
    pub fn sleep(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// The machine wakes up.
    ///
    /// # Errors
    /// It is not there any more, or this is no Unix.
    pub fn wake(&self) -> Result<()> {
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Result<()> {
        // The shell's own `kill` is everywhere; a program of this name is not.
        let said = format!("kill -{name} {}", self.child.id());
        let status = Command::new("/bin/sh").args(["-c", &said]).status().context("a shell")?;
        anyhow::ensure!(status.success(), "relaypacs could not be sent {name}");
        Ok(())
    }

    /// The power is cut: SIGKILL (or its like), no chance to tidy up.
    ///
    /// # Errors
    /// It cannot be killed or waited for.
    pub fn kill(mut self) -> Result<Ran> {
        self.sample();
        self.child.kill().context("killing relaypacs")?;
        let status = self.child.wait()?;
        self.ended(status)
    }

    /// Waits for its end, for so long from now on.
    ///
    /// # Errors
    /// The time is over; then it is killed.
    pub fn finish(mut self, limit: Duration) -> Result<Ran> {
        let asked = Instant::now();
        loop {
            self.sample();
            if let Some(status) = self.child.try_wait()? {
                return self.ended(status);
            }
            if asked.elapsed() > limit {
                let ran = self.kill()?;
                bail!("relaypacs was killed after {limit:?}; it had said: {}", ran.stderr);
            }
            // Only how often it is looked at; also what keeps its output from filling a pipe.
            match self.stdout.recv_timeout(Duration::from_millis(10)) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(5)),
            }
            self.lines.extend(self.stdout.try_iter());
        }
    }

    fn sample(&mut self) {
        self.peak = self.peak.max(peak_rss(self.child.id()));
    }

    fn ended(mut self, status: ExitStatus) -> Result<Ran> {
        let took = self.started.elapsed();
        self.lines.extend(self.stdout.iter());
        let stderr = self.stderr.take().context("standard error is read once")?.join();
        let stderr = stderr.map_err(|_| anyhow::anyhow!("reading standard error panicked"))?;
        let lines = std::mem::take(&mut self.lines);
        Ok(Ran { status: status.code(), lines, stderr, peak_rss_bytes: self.peak, took })
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a running process held, from `/proc` (VmHWM).
#[must_use]
pub fn peak_rss(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
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
