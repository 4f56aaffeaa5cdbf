//! Bad networks: far away, narrow, with connections that break and answers that are lost. Everything arrives without a
//! hand being lifted, and little of it travels twice.

#![cfg(test)]

mod peer;

use peer::{Site, truth};
use relaypacs_practice_pacs::Counts;
use relaypacs_tests::lines::number;
use relaypacs_tests::weather::{Forecast, Happened, Weather};
use std::time::Duration;

/// 20 Mbit/s at 200 ms, cut every few MB.
const ROUGH: Forecast = Forecast {
    round_trip: Duration::from_millis(200),
    bytes_per_second: 20_000_000 / 8,
    cut_every: Some(4_000_000),
    dying: 0.0,
    lost_answers: 0.02,
    seed: 20,
};

/// What a crossing came to.
#[derive(Debug)]
struct Crossing {
    /// Bytes of all instances.
    offered: u64,
    /// Bytes that travelled though they had travelled before, as the sender tells it.
    again: u64,
    seconds: f64,
    /// Instances whose answer was lost, and which were compared with what the archive has.
    compared: usize,
    happened: Happened,
    archive: Counts,
}

/// Sends `studies` times `each` instances of about `bytes` through the weather, and checks that all arrived by itself and
/// that nothing was sent again that had been stored.
fn cross(
    (studies, each, bytes): (u32, u32, usize),
    forecast: Forecast,
    limit: Duration,
) -> Crossing {
    let site = Site::new((studies, each, bytes), |usual| usual);
    let weather = Weather::before(site.pacs.addr().port(), forecast).unwrap();
    let root = format!("http://127.0.0.1:{}/dicom-web", weather.port());
    let run = site.cli.spawn(&site.arguments(&root, &["--patience", "120"])).unwrap();
    let ran = run.finish(limit).unwrap();
    let ends = truth(&site, &ran).unwrap();
    assert_eq!(ran.status, Some(0), "{:?}: {}", weather.happened(), ran.stderr);
    assert_eq!((ends.len(), site.held().len()), (site.offered.len(), site.offered.len()));
    assert!(site.queue().is_empty());
    let summary = ran.summary().unwrap();
    let crossing = Crossing {
        offered: site.offered.values().map(|bytes| bytes.len() as u64).sum(),
        again: number(&summary, "bytes_sent_again"),
        seconds: summary["seconds"].as_f64().unwrap(),
        compared: ends.values().filter(|end| *end == "verified").count(),
        happened: weather.happened(),
        archive: site.pacs.counts(),
    };
    // An answer that was lost is asked for, and the bytes are not sent a second time.
    assert_eq!(crossing.archive.parts, crossing.archive.stored, "arrived twice: {crossing:?}");
    println!(
        "{} kB in {:.1} s, {:.0} kB/s, {:.1} % more on the line, {:.1} % handed on again, {:?}",
        crossing.offered / 1000,
        crossing.seconds,
        crossing.offered as f64 / 1000.0 / crossing.seconds,
        100.0 * crossing.happened.bytes as f64 / crossing.offered as f64 - 100.0,
        100.0 * crossing.again as f64 / crossing.offered as f64,
        crossing.happened,
    );
    crossing
}

/// What is crossed: the one of every day, or a longer one where RELAYPACS_SOAK names it.
fn setting() -> ((u32, u32, usize), Forecast, Duration) {
    let far = Forecast {
        round_trip: Duration::from_millis(500),
        bytes_per_second: 5_000_000 / 8,
        cut_every: Some(3_000_000),
        ..ROUGH
    };
    let hours = Duration::from_secs(3600);
    match std::env::var("RELAYPACS_SOAK").as_deref() {
        Ok("far") => ((4, 250, 50_000), far, hours),
        Ok("dying") => ((4, 250, 50_000), Forecast { dying: 0.5, ..far }, hours),
        Ok(other) => panic!("RELAYPACS_SOAK is far or dying, not {other}"),
        Err(_) => ((4, 50, 100_000), ROUGH, Duration::from_secs(60)),
    }
}

#[test]
fn a_far_and_breaking_network_is_crossed_without_help_and_little_travels_twice() {
    let (source, forecast, limit) = setting();
    let crossing = cross(source, forecast, limit);
    assert!(crossing.happened.cuts >= 2, "no weather to speak of: {crossing:?}");
    // What breaks is what was in flight on that connection: half a batch in the mean.
    assert!(crossing.happened.bytes * 100 <= crossing.offered * 170, "{crossing:?}");
}

#[test]
fn lost_answers_alone_cost_no_bytes() {
    let forecast = Forecast { cut_every: None, lost_answers: 0.3, seed: 3, ..ROUGH };
    let crossing = cross((25, 2, 30_000), forecast, Duration::from_secs(60));
    assert!(crossing.happened.lost_answers > 9 && crossing.compared > 1, "{crossing:?}");
    assert_eq!(crossing.again, 0, "{crossing:?}");
}
