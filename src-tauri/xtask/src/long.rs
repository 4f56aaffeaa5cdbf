//! `cargo xtask long`: the waits of a store in real minutes, which no test should take. One instance of 400 MB goes over
//! a line that moves nothing at first, then takes ten minutes for it, to an archive that is silent for five minutes
//! after the last byte.

use crate::need;
use crate::shell::{cargo, go, say};
use anyhow::{Context, Result, ensure};
use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::fixture;
use relaypacs_tests::lines::{arg, number};
use relaypacs_tests::weather::{Forecast, Weather};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What is sent, in bytes.
const BYTES: u64 = 400 << 20;
/// How long the line takes for it.
const ON_THE_LINE: Duration = Duration::from_secs(600);
/// How long the archive thinks after the last byte.
const SILENT: Duration = Duration::from_secs(300);
/// In which the first try is not read on; the sender gives that up long before.
const STUCK: Duration = Duration::from_secs(900);
/// Where the first try sticks, in bytes of its body.
const STUCK_AT: u64 = 1 << 20;
/// Everything together takes less.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// The long run.
pub(crate) fn run() -> Result<()> {
    need::to_build()?;
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    let place = tempfile::tempdir().context("a folder for the long run")?;
    let file = place.path().join("US1");
    fixture::write_multiframe(&file, BYTES, 5)?;
    let offered = fs::metadata(&file)?.len();
    let script = place.path().join("faults.toml");
    fs::write(&script, faults())?;

    let archive = Cli::new()?;
    let store = place.path().join("archive");
    let words = ["practice-pacs", "--store", arg(&store), "--faults", arg(&script)];
    let mut archive = archive.spawn(&words)?;
    let root = archive.wait_for(Duration::from_secs(60), |line| line.starts_with("http"))?;
    let weather = Weather::before(port_of(&root)?, line(offered))?;

    let cli = Cli::new()?;
    let to = format!("http://127.0.0.1:{}/dicom-web", weather.port());
    say(&format!(
        "one instance of {} MB: the first try sticks after {} kB, the next takes {} s, the answer {} s more",
        offered / 1_000_000,
        STUCK_AT / 1000,
        ON_THE_LINE.as_secs(),
        SILENT.as_secs()
    ));
    let ran = cli.spawn(&["send", "--json", arg(&file), "--to", &to])?.finish(LIMIT)?;
    told(&ran, &weather, offered)?;
    arrived(&store, &file)
}

/// The first store is read no further after a moment, and every other one answered late.
fn faults() -> String {
    format!(
        "[[rule]]\non = \"store\"\nwhich = {{ nth = [1] }}\ndo = {{ stall = {{ seconds = {}, at_bytes = {STUCK_AT} }} }}\n\
         [[rule]]\non = \"store\"\ndo = {{ answer_after = {{ seconds = {} }} }}\n",
        STUCK.as_secs(),
        SILENT.as_secs()
    )
}

fn line(bytes: u64) -> Forecast {
    Forecast {
        round_trip: Duration::from_millis(40),
        bytes_per_second: bytes / ON_THE_LINE.as_secs(),
        cut_every: None,
        dying: 0.0,
        lost_answers: 0.0,
        seed: 0,
    }
}

fn port_of(root: &str) -> Result<u16> {
    let after = root.rsplit(':').next().and_then(|rest| rest.split('/').next());
    after.context("an address without a port")?.parse().context("not a port")
}

/// What the run came to, and whether that is what it has to come to.
fn told(ran: &Ran, weather: &Weather, offered: u64) -> Result<()> {
    let summary = ran.summary()?;
    let (seconds, happened) = (ran.took.as_secs(), weather.happened());
    say(&format!(
        "status {:?} after {} min {} s; {} bytes offered, {} on the line over {} connections\n{summary}",
        ran.status,
        seconds / 60,
        seconds % 60,
        offered,
        happened.bytes,
        happened.connections
    ));
    ensure!(ran.status == Some(0), "it did not get there: {}", ran.stderr);
    ensure!(number(&summary, "confirmed") == 1, "not confirmed");
    let least = ON_THE_LINE + SILENT + Duration::from_secs(60);
    ensure!(ran.took >= least, "sooner than the waits allow: {:?}", ran.took);
    // What the first try lost is what its connection held, and no more was sent twice.
    ensure!(happened.bytes < offered + (16 << 20), "sent more than once");
    Ok(())
}

/// The archive has it, byte for byte.
fn arrived(store: &Path, file: &Path) -> Result<()> {
    let ours = fs::read(file)?;
    let kept = relaypacs_tests::lines::files(store);
    let same = kept.iter().any(|kept| {
        fs::metadata(kept).is_ok_and(|about| about.len() == ours.len() as u64)
            && fs::read(kept).is_ok_and(|theirs| theirs == ours)
    });
    ensure!(same, "the archive has other bytes");
    say("the archive has it, byte for byte");
    Ok(())
}
