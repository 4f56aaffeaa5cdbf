//! Who waits for whom: an urgent study for nobody, a destination for no other, and nobody for a network that is gone.
//! Beside it: how long a store may take, how far a failure reaches, and how much of the line is left to others.

#![cfg(test)]

#[path = "pace/inside.rs"]
mod inside;
#[path = "pace/limit.rs"]
mod limit;
mod peer;
#[path = "pace/scope.rs"]
mod scope;
#[path = "pace/time.rs"]
mod time;

use inside::{Going, Inside, LIMIT, Told, given, import, place};
use peer::Site;
use relaypacs_model::{Code, Outcome, Priority};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Logged, Which};
use relaypacs_relay::{Network, Nobody, Relay, Stop, Target, Wish};
use relaypacs_tests::fixture::{Instance, Kind as Pictures, Person, Script, write_series};
use relaypacs_tests::lines::number;
use relaypacs_tests::orthanc::dead_port;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The most batches that are ever in flight.
const IN_FLIGHT: usize = 8;

fn always(on: Kind, fault: Fault) -> Faults {
    Faults::default().with(on, Which::All, fault)
}

/// The stores that have ended.
fn stores(site: &Site) -> Vec<Logged> {
    site.pacs.log().into_iter().filter(|entry| entry.kind == Kind::Store).collect()
}

/// Looks again and again: what an archive has got is told by nobody.
async fn until(what: &str, fits: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !fits() {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stat_study_overtakes_a_running_one_within_the_batches_that_are_in_flight() {
    // Images of half a megabyte over a narrow line: a batch holds one or two of them, and there are many batches.
    let site = Site::new((1, 120, 500_000), |usual| usual);
    site.pacs.set_faults(always(Kind::Store, Fault::Slow { bytes_per_second: 250_000 }));
    let (home, target) = (Inside::new(), given(&site.pacs.root()));
    let relay = Arc::new(home.open().await);
    import(&relay, site.source.path(), &target).await;
    let going = Going::of(&relay);
    until("the big study is being sent", || stores(&site).len() >= 4).await;

    let urgent = tempfile::tempdir().unwrap();
    let patient = Person::new(Script::Ascii, 9);
    let study = Instance::new(Pictures::Ct).seed(78).person(&patient).study(99);
    let made = write_series(urgent.path(), 3, 6_000, &study).unwrap();
    let (nobody, stop) = (Arc::new(Nobody), Stop::new());
    let source = vec![urgent.path().to_owned()];
    relay.import_first(source, &target, false, Priority::Stat, nobody, &stop).await.unwrap();
    let before = stores(&site).len();
    let is_there = |uid: &String| site.pacs.file_of(uid).is_some();
    until("the STAT study is there", || made.sop_uids.iter().all(is_there)).await;

    let small = |entry: &Logged| entry.bytes_received < 100_000;
    until("its request has ended", || stores(&site).iter().any(small)).await;
    let overtaken = stores(&site).iter().skip(before).take_while(|entry| !small(entry)).count();
    assert!(overtaken <= IN_FLIGHT, "{overtaken} batches came before it");
    let held = site.held().len();
    assert!(held + 2 * IN_FLIGHT < site.offered.len(), "there was nothing to overtake: {held}");
    going.stop().await;
}

#[test]
fn a_study_is_sent_as_stat_and_its_priority_is_told_and_changed() {
    let site = Site::new((1, 2, 6_000), |usual| usual);
    let root = format!("http://127.0.0.1:{}/dicom-web", dead_port().unwrap());
    let more = ["--patience", "0", "--priority", "STAT"];
    let ran = site.cli.run(&site.arguments(&root, &more)).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    let listed = || site.cli.run(&["queue", "list", "--json"]).unwrap().json().unwrap();
    assert_eq!(listed()[0]["priority"], "stat");
    let uid = listed()[0]["study_instance_uid"].as_str().unwrap().to_owned();
    let changed = ["queue", "priority", &uid, "--to", "urgent", "--json"];
    let done = site.cli.run(&changed).unwrap().json().unwrap();
    assert_eq!((number(&done[0], "count"), &listed()[0]["priority"]), (1, &"urgent".into()));
    let wrong = site.cli.run(&site.arguments(&root, &["--priority", "now"])).unwrap();
    assert_eq!(wrong.status, Some(2), "{}", wrong.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_and_a_dead_destination_do_not_slow_a_healthy_one() {
    let [stalled, dead, healthy] = [0; 3].map(|_| Site::new((2, 20, 60_000), |usual| usual));
    stalled.pacs.set_faults(always(Kind::Store, Fault::Stall { seconds: 600.0, at_bytes: 0 }));
    let nowhere = format!("http://127.0.0.1:{}/dicom-web", dead_port().unwrap());
    let home = Inside::new();
    let relay = Arc::new(home.open().await);
    // The healthy one comes last.
    import(&relay, stalled.source.path(), &given(&stalled.pacs.root())).await;
    import(&relay, dead.source.path(), &given(&nowhere)).await;
    import(&relay, healthy.source.path(), &given(&healthy.pacs.root())).await;
    let going = Going::of(&relay);
    going.told.wait_until(|told| told.ends().len() == healthy.offered.len()).await;
    assert_eq!(healthy.held().len(), healthy.offered.len());
    assert!(going.told.ends().values().all(|end| *end == Outcome::Confirmed));
    assert_eq!((stalled.held().len(), stalled.pacs.stored()), (0, 0));
    going.told.wait_until(|told| told.parks().iter().any(|park| park.1 == Code::Unreachable)).await;
    let summary = going.stop().await;
    assert!(summary.adds_up(), "{summary:?}");
}

/// A network that a test changes.
#[derive(Default)]
struct Cable(AtomicU64);

impl Network for Cable {
    fn fingerprint(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A run for ever against an archive that answers everything with this, until it has given up.
async fn given_up(relay: &Arc<Relay>, site: &Site, fault: Fault, code: Code) -> Going {
    site.pacs.set_faults(always(Kind::Any, fault));
    let going = Going::of(relay);
    let parked =
        |told: &Told| told.parks().iter().any(|(_, why, until)| *why == code && until.is_none());
    going.told.wait_until(parked).await;
    site.pacs.set_faults(Faults::default());
    going
}

async fn all_arrive(going: Going, site: &Site) {
    going.told.wait_until(|told| told.ends().len() == site.offered.len()).await;
    assert!(going.told.ends().values().all(|end| *end == Outcome::Confirmed));
    assert_eq!(site.held().len(), site.offered.len());
    going.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_network_changes_what_could_not_be_reached_is_tried_at_once() {
    let site = Site::new((1, 4, 6_000), |usual| usual);
    let (home, cable) = (Inside::new(), Arc::new(Cable::default()));
    let relay = Arc::new(home.open().await.with_network(cable.clone()));
    import(&relay, site.source.path(), &given(&site.pacs.root())).await;
    // The sign-in page of a guest network stands in the archive's place; nothing ends that by itself.
    let page = Fault::Redirect { code: 302, to: "http://127.0.0.1:1/welcome".to_owned() };
    let going = given_up(&relay, &site, page, Code::Redirected).await;
    cable.0.store(1, Ordering::SeqCst);
    all_arrive(going, &site).await;
}

/// What a person can do about a destination that is parked.
enum Act {
    Check,
    TryNow,
    SaveAgain,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_park_outlives_a_restart_and_ends_when_a_person_acts() {
    for act in [Act::Check, Act::TryNow, Act::SaveAgain] {
        let site = Site::new((1, 4, 6_000), |usual| usual);
        let (home, ward) = (Inside::new(), Target::Saved("ward".to_owned()));
        let relay = Arc::new(home.open().await);
        relay.save_destination("ward", place(&site.pacs.root())).await.unwrap();
        import(&relay, site.source.path(), &ward).await;
        let forbidden = Fault::Status { code: 403, headers: BTreeMap::new(), body: String::new() };
        let going = given_up(&relay, &site, forbidden, Code::Forbidden).await;
        going.stop().await;
        drop(relay);

        let relay = Arc::new(home.open().await);
        let parked = relay.destinations().await.unwrap()[0].parked.unwrap();
        assert_eq!((parked.reason.code, parked.until), (Code::Forbidden, None));
        let before = site.pacs.counts().requests;
        let going = Going::of(&relay);
        assert_eq!(site.pacs.counts().requests, before, "it was not left alone");
        match act {
            Act::Check => drop(relay.check(&ward).await.unwrap()),
            Act::TryNow => drop(relay.wish(Wish::Retry, Vec::new()).await.unwrap()),
            Act::SaveAgain => {
                relay.save_destination("ward", place(&site.pacs.root())).await.unwrap();
            }
        }
        all_arrive(going, &site).await;
        assert!(relay.destinations().await.unwrap()[0].parked.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_again_touches_only_what_failed() {
    let site = Site::new((1, 8, 6_000), |usual| usual);
    let refused = Fault::Reason { code: 0xC000, parts: vec![2], warning: false };
    site.pacs.set_faults(Faults::default().with(Kind::Store, Which::Nth(vec![1]), refused));
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    assert_eq!(ran.status, Some(3), "{}", ran.stderr);
    let parts = site.pacs.counts().parts;
    let done = site.cli.run(&["queue", "retry", "--json"]).unwrap().json().unwrap();
    assert_eq!(number(&done[0], "count"), 1, "{done:?}");
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    assert_eq!((ran.status, site.pacs.counts().parts), (Some(0), parts + 1), "{}", ran.stderr);
    assert_eq!(site.held().len(), site.offered.len());
}
