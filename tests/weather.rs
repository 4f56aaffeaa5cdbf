//! Bad networks: far away, narrow, with connections that break and answers that are lost. Everything arrives without a
//! hand being lifted, little of it travels twice, and the line is used.

#![cfg(test)]

mod peer;

use peer::{Site, truth};
use relaypacs_practice_pacs::Counts;
use relaypacs_tests::lines::number;
use relaypacs_tests::weather::{Forecast, Happened, Weather};
use std::time::Duration;

/// 5 Mbit/s over all connections, half a second there and back, each connection cut after a few MB.
const FAR: Forecast = Forecast {
    round_trip: Duration::from_millis(500),
    bytes_per_second: 5_000_000 / 8,
    cut_every: Some(3_000_000),
    dying: 0.0,
    lost_answers: 0.02,
    seed: 20,
};
/// Far more than any of these takes.
const LIMIT: Duration = Duration::from_secs(500);

/// What a crossing came to.
#[derive(Debug)]
struct Crossing {
    /// Bytes of all instances.
    offered: u64,
    /// Bytes that the sender handed on though it had handed them on before, as it tells it.
    again: u64,
    /// From the start of the program to its end: the scan, the first question, every connection and the tally as well.
    seconds: f64,
    /// Instances whose answer was lost, and which were compared with what the archive has.
    compared: usize,
    happened: Happened,
    archive: Counts,
}

impl Crossing {
    /// Bytes on the line beyond what was offered, in percent of that: what was sent twice, and all that is said besides.
    fn more(&self) -> f64 {
        100.0 * self.happened.bytes as f64 / self.offered as f64 - 100.0
    }

    /// How much of what the line can carry was used for what was offered, in percent.
    fn share(&self, line: Forecast) -> f64 {
        100.0 * self.offered as f64 / (line.bytes_per_second as f64 * self.seconds)
    }
}

/// Sends `studies` times `each` instances of about `bytes` through the weather, and checks that all arrived by itself and
/// that nothing was sent again that had been stored. RELAYPACS_SEED makes it another weather of the same kind.
fn cross((studies, each, bytes): (u32, u32, usize), forecast: Forecast) -> Crossing {
    let seed = std::env::var("RELAYPACS_SEED").map_or(forecast.seed, |seed| seed.parse().unwrap());
    let forecast = Forecast { seed, ..forecast };
    let site = Site::new((studies, each, bytes), |usual| usual);
    let weather = Weather::before(site.pacs.addr().port(), forecast).unwrap();
    let root = format!("http://127.0.0.1:{}/dicom-web", weather.port());
    let run = site.cli.spawn(&site.arguments(&root, &["--patience", "120"])).unwrap();
    let ran = run.finish(LIMIT).unwrap();
    let ends = truth(&site, &ran).unwrap();
    assert_eq!(ran.status, Some(0), "{:?}: {}", weather.happened(), ran.stderr);
    assert_eq!((ends.len(), site.held().len()), (site.offered.len(), site.offered.len()));
    assert!(site.queue().is_empty());
    let crossing = Crossing {
        offered: site.offered.values().map(|bytes| bytes.len() as u64).sum(),
        again: number(&ran.summary().unwrap(), "bytes_sent_again"),
        seconds: ran.took.as_secs_f64(),
        compared: ends.values().filter(|end| *end == "verified").count(),
        happened: weather.happened(),
        archive: site.pacs.counts(),
    };
    // An answer that was lost is asked for, and the bytes are not sent a second time.
    assert_eq!(crossing.archive.parts, crossing.archive.stored, "arrived twice: {crossing:?}");
    println!(
        "seed {seed}: {} kB in {:.1} s, {:.1} % of the line, {:.1} % more on the line, {:.1} % handed on again, \
         {} requests to store, {:?}",
        crossing.offered / 1000,
        crossing.seconds,
        crossing.share(forecast),
        crossing.more(),
        100.0 * crossing.again as f64 / crossing.offered as f64,
        crossing.archive.stores,
        crossing.happened,
    );
    crossing
}

#[test]
fn a_far_and_breaking_network_is_crossed_without_help_used_well_and_little_travels_twice() {
    let crossing = cross((10, 100, 54_000), FAR);
    let (cuts, lost) = (crossing.happened.cuts, crossing.happened.lost_answers);
    assert!(cuts >= 5 && lost >= 1, "no weather to speak of: {crossing:?}");
    assert!(crossing.share(FAR) >= 80.0, "{crossing:?}");
    assert!(crossing.more() < 10.0, "{crossing:?}");
    assert!(crossing.again * 10 < crossing.offered, "{crossing:?}");
}

#[test]
fn a_network_on_which_half_of_the_connections_die_is_crossed_without_help() {
    let crossing = cross((4, 75, 45_000), Forecast { dying: 0.5, seed: 21, ..FAR });
    let Happened { connections, cuts, .. } = crossing.happened;
    assert!(cuts >= 3, "hardly one of {connections} died: {crossing:?}");
}

#[test]
fn lost_answers_alone_cost_no_bytes() {
    let forecast = Forecast {
        round_trip: Duration::from_millis(200),
        bytes_per_second: 20_000_000 / 8,
        cut_every: None,
        lost_answers: 0.3,
        seed: 3,
        ..FAR
    };
    let crossing = cross((25, 2, 30_000), forecast);
    assert!(crossing.happened.lost_answers > 9 && crossing.compared > 1, "{crossing:?}");
    assert_eq!(crossing.again, 0, "{crossing:?}");
}
