//! The same against an archive that others made: a real Orthanc behind a long line, killed at ten moments.

use super::{begins, seed};
use relaypacs_tests::chance::Chance;
use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::fixture::write_studies;
use relaypacs_tests::lines::{arg, number, tally};
use relaypacs_tests::orthanc::Orthanc;
use relaypacs_tests::weather::{Forecast, Weather};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Studies, instances of each, bytes of each.
const OFFERED: (u32, u32, usize) = (25, 20, 20_000);
const ALL: usize = 500;
const KILLS: usize = 10;
/// No pace has more batches in flight, and none has a larger batch than one study.
const MOST_IN_FLIGHT: u64 = 8;

#[test]
fn a_power_cut_while_orthanc_takes_images_loses_none_and_stores_none_twice() {
    let (seed, source) = (seed(), tempfile::tempdir().unwrap());
    let (studies, each, bytes) = OFFERED;
    write_studies(source.path(), studies, each, bytes, 71).unwrap();
    println!("RELAYPACS_SEED={seed}");
    let whole = undisturbed(source.path());
    let fell = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (source, fell) = (source.path(), &fell);
            scope.spawn(move || {
                for n in (half..KILLS).step_by(2) {
                    let part = Chance::new(seed + n as u64).part();
                    let moment = whole.mul_f64((n as f64 + part) / KILLS as f64);
                    fell.lock().unwrap().push(killed_after(source, moment));
                }
            });
        }
    });
    let fell = fell.into_inner().unwrap();
    println!("held when the power went, of {ALL}, after {whole:?} undisturbed: {fell:?}");
    assert!(fell.iter().any(|held| (1..ALL).contains(held)), "none fell where it matters");
}

/// A line so long that no phase is over in a moment.
fn line(orthanc: &Orthanc) -> String {
    let forecast = Forecast {
        round_trip: Duration::from_millis(30),
        bytes_per_second: 6_000_000,
        cut_every: None,
        dying: 0.0,
        lost_answers: 0.0,
        seed: 1,
    };
    let weather = Weather::before(orthanc.port(), forecast).unwrap();
    format!("http://127.0.0.1:{}/dicom-web", weather.port())
}

fn undisturbed(source: &Path) -> Duration {
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let ran = cli.run(&["send", "--json", arg(source), "--to", &line(&orthanc)]).unwrap();
    assert_eq!((ran.status, orthanc.count().unwrap()), (Some(0), ALL as u64), "{}", ran.stderr);
    ran.took
}

/// Gives how many instances Orthanc held when the power went.
fn killed_after(source: &Path, moment: Duration) -> usize {
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let to = line(&orthanc);
    let send = ["send", "--json", arg(source), "--to", &to];
    let mut run = cli.spawn(&send).unwrap();
    begins(&mut run, moment);
    run.kill().unwrap();
    let held = orthanc.count().unwrap() as usize;
    let mut last = cli.run(&["run", "--json"]).unwrap();
    ends_well(&last, moment);
    if orthanc.count().unwrap() == 0 {
        // The scan had not come to its end: the source has it all.
        last = cli.run(&send).unwrap();
        ends_well(&last, moment);
    }
    let uids = orthanc.instance_uids().unwrap();
    let distinct: BTreeSet<&String> = uids.iter().collect();
    assert_eq!((uids.len(), distinct.len()), (ALL, ALL), "after {moment:?}");
    let again = number(&last.summary().unwrap(), "bytes_sent_again");
    let batch = u64::from(OFFERED.1) * (OFFERED.2 as u64 + 2_000);
    assert!(again <= MOST_IN_FLIGHT * batch, "after {moment:?}: {again} bytes again");
    assert!(cli.run(&["queue", "list", "--json"]).unwrap().lines.is_empty(), "after {moment:?}");
    held
}

fn ends_well(ran: &Ran, moment: Duration) {
    assert_eq!(ran.status, Some(0), "after {moment:?}: {}", ran.stderr);
    let states = tally(&ran.events("verdict").unwrap(), "state");
    let done = ["confirmed", "verified", "already_there"];
    assert!(states.keys().all(|state| done.contains(&state.as_str())), "{states:?}");
}
