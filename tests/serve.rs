//! Work that goes on for ever: what a lane leaves behind when it begins anew, what of a park outlives a restart, and who is
//! still at work when somebody lets go.

#![cfg(test)]

#[path = "pace/inside.rs"]
mod inside;
mod peer;

use inside::{Going, Inside, LIMIT, Told, given, import, place, work};
use peer::Site;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use relaypacs_model::{Code, Destination, Moment, Outcome, ReadBack};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Which};
use relaypacs_relay::{Observer, Parked, Reader, Relay, StateName, Stop, StudyId, Target, Wish};
use relaypacs_tests::fixture::{Instance, Kind as Form, Person, Script, write_series};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn always(on: Kind, fault: Fault) -> Faults {
    Faults::default().with(on, Which::All, fault)
}

fn status(code: u16) -> Fault {
    Fault::Status { code, headers: BTreeMap::new(), body: String::new() }
}

fn ward() -> Target {
    Target::Saved("ward".to_owned())
}

/// Waits until something is on its way and the archive has met it: nobody tells that.
async fn until_sending(relay: &Relay, site: &Site) {
    let end = Instant::now() + LIMIT;
    let is_met = || site.pacs.counts().fired.iter().any(|times| *times > 0);
    while relay.sums().await.unwrap().counts.of(StateName::Sending).instances == 0 || !is_met() {
        assert!(Instant::now() < end, "nothing is ever sent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn all_told(told: &Told, site: &Site) {
    told.wait_until(|told| told.ends().len() == site.offered.len()).await;
    let ends = told.ends();
    assert!(ends.values().all(|end| end.is_in_the_archive()), "{ends:?}");
    assert_eq!(site.held().len(), site.offered.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_goes_on_at_once_when_its_destination_is_changed() {
    let site = Site::new((1, 4, 6_000), |usual| usual);
    let stuck = Fault::Stall { seconds: 600.0, at_bytes: 0 };
    site.pacs.set_faults(always(Kind::Store, stuck));
    let home = Inside::new();
    let relay = Arc::new(home.open().await);
    relay.save_destination("ward", place(&site.pacs.root())).await.unwrap();
    import(&relay, site.source.path(), &ward()).await;
    let going = Going::of(&relay);
    until_sending(&relay, &site).await;
    site.pacs.set_faults(Faults::default());
    let changed = Destination { read_back: ReadBack::Every, ..place(&site.pacs.root()) };
    relay.save_destination("ward", changed).await.unwrap();
    // A claim lasts ten minutes, far longer than this waits.
    all_told(&going.told, &site).await;
    assert!(going.told.ends().values().all(|end| *end == Outcome::Verified));
    let summary = going.stop().await;
    assert!(summary.adds_up(), "{summary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_a_park_from_before_a_restart() {
    let (site, home) = (Site::new((1, 4, 6_000), |usual| usual), Inside::new());
    let relay = home.open().await;
    relay.save_destination("ward", place(&site.pacs.root())).await.unwrap();
    import(&relay, site.source.path(), &ward()).await;
    site.pacs.set_faults(always(Kind::Any, status(503)));
    let told = Arc::new(Told::default());
    relay.work(work(Some(Duration::ZERO)), told, &Stop::new()).await.unwrap();
    let parked = relay.destinations().await.unwrap()[0].parked.unwrap();
    assert!(parked.until.is_some() && parked.attempts > 0, "{parked:?}");
    drop(relay);

    site.pacs.set_faults(Faults::default());
    let relay = Arc::new(home.open().await);
    let going = Going::of(&relay);
    all_told(&going.told, &site).await;
    assert_eq!(relay.destinations().await.unwrap()[0].parked, None);
    going.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_without_its_file_is_parked_and_that_is_said_once_until_the_file_is_back() {
    let [broken, healthy] = [0; 2].map(|_| Site::new((1, 2, 6_000), |usual| usual));
    let file = broken.source.path().with_extension("pem");
    let home = Inside::new();
    let relay = Arc::new(home.open().await);
    let without = Destination { ca: Some(file.clone()), ..place(&broken.pacs.root()) };
    relay.save_destination("a", without).await.unwrap();
    import(&relay, broken.source.path(), &Target::Saved("a".into())).await;
    let going = Going::of(&relay);
    going.told.wait_until(|told| !told.parks().is_empty()).await;
    assert_eq!(going.told.parks(), [("a".to_owned(), Code::CredentialFile, None)]);
    let parked = relay.destinations().await.unwrap()[0].parked.unwrap();
    assert_eq!((parked.reason.code, parked.until), (Code::CredentialFile, None));
    going.stop().await;

    // Tried again, as the end of the one that comes after it shows, and not said again.
    relay.save_destination("b", place(&healthy.pacs.root())).await.unwrap();
    import(&relay, healthy.source.path(), &Target::Saved("b".into())).await;
    let going = Going::of(&relay);
    all_told(&going.told, &healthy).await;
    assert!(going.told.parks().is_empty(), "{:?}", going.told.parks());
    going.stop().await;

    let CertifiedKey { cert, .. } = generate_simple_self_signed(vec!["ward".to_owned()]).unwrap();
    fs::write(&file, cert.pem()).unwrap();
    let going = Going::of(&relay);
    all_told(&going.told, &broken).await;
    assert_eq!(relay.destinations().await.unwrap()[0].parked, None);
    going.stop().await;
    fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_of_a_destination_that_cannot_be_used_is_erased_all_the_same() {
    let site = Site::new((2, 2, 6_000), |usual| usual);
    let file = site.source.path().with_extension("pem");
    let home = Inside::new();
    let relay = Arc::new(home.open().await);
    let without = Destination { ca: Some(file), ..place(&site.pacs.root()) };
    relay.save_destination("a", without).await.unwrap();
    import(&relay, site.source.path(), &Target::Saved("a".into())).await;
    let going = Going::of(&relay);
    going.told.wait_until(|told| !told.parks().is_empty()).await;
    let rows = relay.in_turn(0, 9).await.unwrap();
    relay.wish_for(Wish::Cancel, vec![rows[0].study.id]).await.unwrap();
    going.told.wait_until(|told| told.ends().len() == 2).await;
    assert!(going.told.ends().values().all(|end| *end == Outcome::Cancelled));
    until_studies(&relay, 1).await;
    going.stop().await;
    relay.wish_for(Wish::Cancel, vec![rows[1].study.id]).await.unwrap();
    let going = Going::of(&relay);
    until_studies(&relay, 0).await;
    going.stop().await;
    relay.forget_destination("a").await.unwrap();
}

/// Waits until so many studies are left.
async fn until_studies(relay: &Relay, many: u64) {
    let end = Instant::now() + LIMIT;
    while relay.sums().await.unwrap().studies != many {
        assert!(Instant::now() < end, "they stay");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_somebody_lets_go_of_stops_and_nobody_works_beside_the_next() {
    let site = Site::new((1, 4, 6_000), |usual| usual);
    site.pacs.set_faults(always(Kind::Store, Fault::AnswerAfter { seconds: 30.0 }));
    let home = Inside::new();
    let relay = Arc::new(home.open().await);
    import(&relay, site.source.path(), &given(&site.pacs.root())).await;
    let (first, working) = (Arc::new(Told::default()), relay.clone());
    let observer = first.clone();
    let serving = tokio::spawn(async move { working.serve(observer, &Stop::new()).await });
    until_sending(&relay, &site).await;
    serving.abort();
    let going = Going::of(&relay);
    all_told(&going.told, &site).await;
    going.stop().await;
    assert_eq!(first.ends(), BTreeMap::new(), "the first went on beside the next");
}

/// Looks at the books in the moment that a destination is parked.
struct Looks {
    reader: Reader,
    stored: Mutex<Vec<u64>>,
    told: Told,
}

impl Observer for Looks {
    fn parked(&self, destination: &str, fault: &relaypacs_model::Fault, until: Option<Moment>) {
        let studies = self.reader.studies(None, 10).unwrap();
        let stored = studies.iter().map(|row| row.counts.of(StateName::Stored).instances).sum();
        self.stored.lock().unwrap().push(stored);
        self.told.parked(destination, fault, until);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_while_comparing_parks_before_anything_can_be_sent_again() {
    let (site, home) = (Site::new((1, 2, 6_000), |usual| usual), Inside::new());
    // The second one is not there, which counts once it was asked for often enough; by then the first cannot be compared.
    let full = Which::FromTo { from: 4, to: None };
    let faults = always(Kind::Store, Fault::Lose { parts: vec![2] });
    let faults = faults.with(Kind::Retrieve, full, Fault::Full);
    site.pacs.set_faults(faults.with(Kind::Retrieve, Which::All, status(404)));
    let relay = Arc::new(home.open().await);
    let every = Destination { read_back: ReadBack::Every, ..place(&site.pacs.root()) };
    relay.save_destination("ward", every).await.unwrap();
    import(&relay, site.source.path(), &ward()).await;
    let reader = home.look();
    let looks = Arc::new(Looks { reader, stored: Mutex::default(), told: Told::default() });
    let (working, observer, stop) = (relay.clone(), looks.clone(), Stop::new());
    let switch = stop.clone();
    let serving = tokio::spawn(async move { working.serve(observer, &switch).await });
    looks.told.wait_until(|told| !told.parks().is_empty()).await;
    stop.stop();
    serving.await.unwrap().unwrap();
    let parks: Vec<Code> = looks.told.parks().into_iter().map(|park| park.1).collect();
    assert_eq!(parks, [Code::ArchiveFull]);
    assert_eq!(*looks.stored.lock().unwrap(), [2], "one of them could be sent again before that");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_the_archive_fails_over_waits_alone_and_holds_up_nobody() {
    let (site, home) = (Site::new((4, 2, 6_000), |usual| usual), Inside::new());
    let relay = Arc::new(home.open().await);
    relay.save_destination("ward", place(&site.pacs.root())).await.unwrap();
    import(&relay, site.source.path(), &ward()).await;
    let bad = relay.in_turn(0, 9).await.unwrap().remove(0).study;
    let uid = bad.study_uid.as_str().to_owned();
    site.pacs.set_faults(always(Kind::Search, Fault::FailsOver { study: uid, code: 500 }));
    let going = Going::of(&relay);
    going.told.wait_until(|told| told.ends().len() == 6).await;
    let left = until_left(&relay, bad.id, 2).await;
    assert_eq!((left.reason.code, left.reason.status), (Code::ArchiveFailed, Some(500)));
    assert_eq!(relay.destinations().await.unwrap()[0].parked, None);
    assert_eq!(site.held().len(), 6, "what could not be asked about was sent");

    // What comes now goes at once, and is over while that study still waits.
    let other = write_study(50);
    import(&relay, other.path(), &ward()).await;
    going.told.wait_until(|told| told.ends().len() == 8).await;
    until_left(&relay, bad.id, 3).await;
    assert!(relay.destinations().await.unwrap()[0].parked.is_none());
    going.stop().await;

    // It is remembered over a restart, and a person can have it tried at once.
    drop(relay);
    let relay = Arc::new(home.open().await);
    let left = relay.study(bad.id).await.unwrap().left.unwrap();
    assert!(left.attempts >= 3 && left.until > Some(Moment(0)), "{left:?}");
    site.pacs.set_faults(Faults::default());
    relay.try_now(bad.destination).await.unwrap();
    assert_eq!(relay.study(bad.id).await.unwrap().left, None);
    let going = Going::of(&relay);
    going.told.wait_until(|told| told.ends().len() == 2).await;
    assert_eq!(site.held().len(), site.offered.len());
    going.stop().await;
}

/// Waits until a study is left alone for the `times`th time.
async fn until_left(relay: &Relay, study: StudyId, times: u32) -> Parked {
    let end = Instant::now() + LIMIT;
    loop {
        let left = relay.study(study).await.unwrap().left;
        if let Some(left) = left.filter(|left| left.attempts >= times) {
            return left;
        }
        assert!(Instant::now() < end, "it is never left alone");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn write_study(number: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let person = Person::new(Script::Ascii, number);
    let first = Instance::new(Form::Ct).seed(78).person(&person).study(number);
    write_series(folder.path(), 2, 6_000, &first).unwrap();
    folder
}
