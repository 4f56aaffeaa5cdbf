//! The practice archive of a soak as a process of its own, so that it can die, come back, and come back worse.

use anyhow::{Context, Result};
use relaypacs_tests::chance::Chance;
use relaypacs_tests::cli::{Cli, Spawned};
use relaypacs_tests::orthanc::dead_port;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const COMES_UP: Duration = Duration::from_secs(60);

/// The archive of a site. Its folder outlives its processes.
pub(crate) struct Archive {
    cli: Cli,
    store: TempDir,
    port: u16,
    running: Option<Spawned>,
}

impl Archive {
    /// One that runs without a fault.
    pub(crate) fn new() -> Result<Self> {
        let (cli, store, port) = (Cli::new()?, tempfile::tempdir()?, dead_port()?);
        let mut archive = Self { cli, store, port, running: None };
        archive.start(&json!({}))?;
        Ok(archive)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        self.store.path()
    }

    /// Gone in the middle of whatever it does.
    pub(crate) fn dies(&mut self) -> Result<()> {
        self.running.take().map_or(Ok(()), |running| running.kill().map(drop))
    }

    /// Here (again), with a script.
    pub(crate) fn start(&mut self, script: &Value) -> Result<()> {
        self.dies()?;
        let file = self.store.path().join("script.json");
        fs::write(&file, script.to_string())?;
        let (port, store) = (self.port.to_string(), self.store.path().join("archive"));
        let words = ["practice-pacs", "--port", &port, "--store", text(&store)?];
        let mut running = self.cli.spawn(&[&words[..], &["--faults", text(&file)?]].concat())?;
        running
            .wait_for(COMES_UP, |line| line.starts_with("http"))
            .with_context(|| format!("the archive does not come up with {script}"))?;
        self.running = Some(running);
        Ok(())
    }

    /// What it holds, read from its folder: SOP Instance UID to file.
    pub(crate) fn holds(&self) -> Result<BTreeMap<String, PathBuf>> {
        let mut held = BTreeMap::new();
        let instances = self.store.path().join("archive/instances");
        for study in folder(&instances)? {
            for series in folder(&study)? {
                for file in folder(&series)? {
                    let name = file.file_stem().and_then(|name| name.to_str());
                    held.insert(name.context("a file's name")?.to_owned(), file);
                }
            }
        }
        Ok(held)
    }
}

fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// A script of up to four rules, each for some of the requests.
pub(crate) fn script(chance: &mut Chance) -> Value {
    let rules = chance.number() % 5;
    let rules: Vec<Value> = (0..rules).map(|_| rule(chance)).collect();
    let duplicates =
        pick(chance, &["keep_old_say_success", "conflict_409", "code_45070"]).to_owned();
    json!({
        "duplicates": duplicates,
        "empty_is_204": chance.happens(0.3),
        "page_cap": if chance.happens(0.3) { 3 + chance.number() % 20 } else { 1000 },
        "rule": rules,
    })
}

fn rule(chance: &mut Chance) -> Value {
    let which = match chance.number() % 4 {
        0 => json!({ "nth": [1 + chance.number() % 4, 5 + chance.number() % 9] }),
        1 => json!({ "every": 2 + chance.number() % 6 }),
        2 => {
            json!({ "random": { "seed": chance.number() >> 12, "probability": 0.05 + 0.4 * chance.part() } })
        }
        _ => json!("all"),
    };
    let (on, act) = match chance.number() % 20 {
        0..=2 => ("any", status(chance)),
        3 => ("any", json!("refuse")),
        4 => ("any", json!("garbage")),
        5 => ("any", json!({ "redirect": { "to": "http://127.0.0.1:1/" } })),
        6 => (
            "any",
            json!({ "slow": { "bytes_per_second": 200_000 + chance.number() % 2_000_000 } }),
        ),
        7 => ("search", status(chance)),
        8 => ("search", json!({ "ignore_limit": { "offset_too": chance.happens(0.5) } })),
        9 => ("retrieve", status(chance)),
        _ => ("store", store(chance)),
    };
    json!({ "on": on, "which": which, "do": act })
}

fn status(chance: &mut Chance) -> Value {
    let codes =
        [204, 400, 401, 403, 404, 408, 409, 411, 413, 415, 424, 429, 500, 502, 503, 504, 507];
    json!({ "status": { "code": pick(chance, &codes), "body": "<html>no</html>" } })
}

/// What only a store can meet.
fn store(chance: &mut Chance) -> Value {
    let parts = vec![1 + chance.number() % 6];
    let body = pick(chance, &["items", "no_failed_items", "nothing"]);
    let reasons = [0x0110, 0x0111, 0x0122, 0x0124, 0x0213, 0xA700, 0xA777, 0xA900, 0xC000, 0xC122];
    match chance.number() % 12 {
        0 => json!({ "partial": { "status": pick(chance, &[200, 202, 400, 409, 500]),
            "store": { "count": chance.number() % 8 }, "body": body } }),
        1 => json!({ "too_large": { "above": 20_000 + chance.number() % 300_000,
            "early": chance.happens(0.5) } }),
        2 => {
            json!({ "retry_after": { "code": pick(chance, &[429, 503]), "seconds": chance.part() } })
        }
        3 => json!({ "cut": { "at": "before", "reset": chance.happens(0.5) } }),
        4 => {
            json!({ "cut": { "at": { "bytes": chance.number() % 200_000 }, "reset": chance.happens(0.5) } })
        }
        5 | 6 => json!({ "cut": { "at": "after_storing", "reset": chance.happens(0.5) } }),
        7 => json!({ "stall": { "seconds": chance.part(), "at_bytes": chance.number() % 50_000 } }),
        8 => json!({ "answer_after": { "seconds": chance.part() } }),
        9 => json!({ "lose": { "parts": parts } }),
        10 => json!("full"),
        _ => json!({ "reason": { "code": pick(chance, &reasons), "parts": parts } }),
    }
}

fn pick<T: Copy + Default>(chance: &mut Chance, from: &[T]) -> T {
    let place = chance.number() as usize % from.len().max(1);
    from.get(place).copied().unwrap_or_default()
}
