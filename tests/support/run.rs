//! A run of the program: while it goes on, and once it has ended.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    pub(crate) fn new(child: Child) -> Result<Self> {
        let (send, lines) = channel();
        Self::read_by(child, lines, move |line| send.send(line).is_ok())
    }

    pub(crate) fn read_by(
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
