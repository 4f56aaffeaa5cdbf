//! A limit on what goes out: it holds for all destinations together, slows nothing into failing, and can be lifted at any
//! time.

use crate::inside::{Going, Inside, Told, given, import, work};
use crate::peer::Site;
use relaypacs_model::{Bandwidth, Outcome};
use relaypacs_relay::{Stop, Timing};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A megabyte a second.
const MEGABYTE: &str = "8";

fn megabytes(site: &Site) -> f64 {
    site.offered.values().map(Vec::len).sum::<usize>() as f64 / 1e6
}

/// The least that so much may take: what the first piece and late timers may bring forward is a tenth of a second.
fn least(megabytes: f64) -> Duration {
    Duration::from_secs_f64(megabytes - 0.2)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_destinations_share_one_limit_and_nothing_is_taken_for_stalled() {
    let sites = [0; 2].map(|_| Site::new((2, 10, 80_000), |usual| usual));
    // Less than a connection waits for its turn while eight or more of them share a megabyte.
    let timing = Timing { stall: Duration::from_millis(400), ..Timing::default() };
    let home = Inside::new();
    let relay = home.open().await.with_timing(timing);
    for site in &sites {
        import(&relay, site.source.path(), &given(&site.pacs.root())).await;
    }
    relay.limit_to(Some(Bandwidth::parse(MEGABYTE).unwrap()));
    let (told, began) = (Arc::new(Told::default()), Instant::now());
    let run = work(Some(Duration::from_secs(60)));
    let summary = relay.work(run, told.clone(), &Stop::new()).await.unwrap();
    let took = began.elapsed();
    assert!(took >= least(megabytes(&sites[0]) + megabytes(&sites[1])), "{took:?}");
    assert!(told.ends().values().all(|end| *end == Outcome::Confirmed), "{:?}", told.ends());
    assert!(sites.iter().all(|site| site.held().len() == 20), "each has all of it");
    assert!(told.parks().is_empty(), "{:?}", told.parks());
    assert_eq!(summary.bytes_sent_again, 0, "nothing went twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_lifted_lets_the_rest_go_at_once() {
    // Under the limit it would take far longer than any wait here.
    let site = Site::new((1, 60, 500_000), |usual| usual);
    let home = Inside::new();
    let relay = Arc::new(home.open().await);
    import(&relay, site.source.path(), &given(&site.pacs.root())).await;
    relay.limit_to(Some(Bandwidth::parse("1").unwrap()));
    let going = Going::of(&relay);
    super::until("something is there", || !site.held().is_empty()).await;
    assert!(site.held().len() < 10, "{} went at once", site.held().len());
    relay.limit_to(None);
    going.told.wait_until(|told| told.ends().len() == site.offered.len()).await;
    assert_eq!(site.held().len(), site.offered.len());
    going.stop().await;
}

#[test]
fn the_command_line_takes_a_limit_and_refuses_what_is_none() {
    let site = Site::new((1, 10, 150_000), |usual| usual);
    let root = site.pacs.root();
    for wrong in ["0", "fast", "20@7", "20@7-24"] {
        let ran = site.cli.run(&site.arguments(&root, &["--limit", wrong])).unwrap();
        assert_eq!(ran.status, Some(2), "{wrong}: {}", ran.stderr);
        assert!(ran.stderr.contains("megabits a second"), "{wrong}: {}", ran.stderr);
    }
    let began = Instant::now();
    let ran = site.cli.run(&site.arguments(&root, &["--limit", MEGABYTE])).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(began.elapsed() >= least(megabytes(&site)), "{:?}", began.elapsed());
    assert_eq!(site.held().len(), site.offered.len());
}
