//! A review through the commands, with what the page gives them.

use super::acl::ask;
use super::{app, window};
use crate::review::Held;
use crate::shell::{Opened, Shell};
use crate::sources::Source;
use relaypacs_model::{ArchiveRoot, Destination, ReadBack, Secret, SignIn};
use relaypacs_relay::{Home, KeySource, Nobody, Relay, Stop, Target};
use relaypacs_tests::fixture;
use serde_json::{Value, json};
use std::sync::Arc;
use tauri::async_runtime::block_on;
use tauri::test::MockRuntime;
use tauri::{App, Manager, WebviewWindow};
use tempfile::TempDir;

struct Bench {
    app: App<MockRuntime>,
    page: WebviewWindow<MockRuntime>,
    relay: Arc<Relay>,
    disc: TempDir,
    _home: TempDir,
}

impl Bench {
    /// A window over a home with two destinations that nobody answers at.
    fn new() -> Self {
        let (home, disc) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fixture::sample_disc(disc.path(), 1).unwrap();
        let app = app(home.path());
        let page = window(&app, "main");
        let relay = block_on(async {
            let opened = Home::open(home.path()).unwrap();
            let key = KeySource::Passphrase(Secret::new("a passphrase for a test"));
            let relay = Arc::new(Relay::open(&opened, &key).await.unwrap());
            for (name, port) in [("Main PACS", 9), ("Clinic B", 19)] {
                relay.save_destination(name, nowhere(port)).await.unwrap();
            }
            app.state::<Shell>().open(Opened { home: opened, relay: relay.clone() });
            relay
        });
        Self { app, page, relay, disc, _home: home }
    }

    /// Looks inside the disc. Gives the number of the review.
    fn look(&self) -> i64 {
        let paths = vec![self.disc.path().to_path_buf()];
        let source = Source::of(paths.clone(), &[]).unwrap();
        let to = Target::Saved("Main PACS".into());
        let stop = Stop::new();
        let found = self.relay.review(paths, &to, false, Arc::new(Nobody), &stop);
        let review = block_on(found).unwrap();
        Held::begin(self.app.handle(), review, source, true);
        self.shown().unwrap()
    }

    /// The number of the review that is shown.
    fn shown(&self) -> Option<i64> {
        let shell = self.app.state::<Shell>();
        shell.board.read(|state| state.review.as_ref().map(|head| head.id))
    }

    fn ask(&self, command: &str, arguments: Value) -> Value {
        ask(&self.page, command, arguments).unwrap()
    }

    /// The code of a refusal.
    fn refused(&self, command: &str, arguments: Value) -> String {
        let refused = ask(&self.page, command, arguments).unwrap_err();
        refused["code"].as_str().unwrap_or_else(|| panic!("no code: {refused}")).to_owned()
    }

    fn studies(&self) -> Vec<Value> {
        let page = self.ask("review_studies", json!({ "offset": 0, "limit": 50 }));
        page["rows"].as_array().unwrap().clone()
    }

    fn numbers(&self) -> Vec<i64> {
        self.studies().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }
}

fn nowhere(port: u16) -> Destination {
    let root = format!("http://127.0.0.1:{port}/dicom-web");
    Destination {
        label: root.clone(),
        root: ArchiveRoot::parse(&root).unwrap(),
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    }
}

#[test]
fn the_images_of_a_study_can_be_asked_for_without_naming_a_series() {
    let bench = Bench::new();
    bench.look();
    for study in bench.studies() {
        let images = |series: &Value| {
            let wanted =
                json!({ "study": study["id"], "series": series, "offset": 0, "limit": 500 });
            let page = bench.ask("review_images", wanted);
            assert_eq!(page["total"], page["rows"].as_array().unwrap().len());
            page["total"].as_u64().unwrap()
        };
        let all = bench.ask("review_series", json!({ "study": study["id"] }));
        let of_each: u64 = all.as_array().unwrap().iter().map(|one| images(&one["uid"])).sum();
        assert_eq!(study["images"], images(&Value::Null));
        assert_eq!(study["images"], of_each);
        let unknown = json!({ "study": study["id"], "series": "x", "offset": 0, "limit": 1 });
        assert_eq!(bench.refused("review_images", unknown), "review_changed");
    }
}

#[test]
fn studies_keep_their_numbers_when_the_review_goes_elsewhere_and_what_was_ticked_is_sent() {
    let bench = Bench::new();
    let review = bench.look();
    let before = bench.numbers();
    bench.ask("review_destination", json!({ "name": "Clinic B" }));
    assert_eq!((bench.shown(), bench.numbers()), (Some(review), before.clone()));
    let ticked = &bench.studies()[2];
    let wanted = json!({ "review": review, "studies": [ticked["id"]], "priority": "routine" });
    bench.ask("review_send", wanted);
    assert_eq!(bench.shown(), None);
    let queued = block_on(bench.relay.in_turn(0, 50)).unwrap();
    assert_eq!(queued.len(), 1);
    assert_eq!(queued[0].study.counts.total().instances, ticked["images"].as_u64().unwrap());
    let to = block_on(bench.relay.destinations()).unwrap();
    let clinic = to.iter().find(|row| row.destination.label == "Clinic B").unwrap();
    assert_eq!(queued[0].study.destination, clinic.id);
}

#[test]
fn what_was_chosen_from_another_review_is_refused_and_nothing_is_dropped() {
    let bench = Bench::new();
    let earlier = bench.look();
    let old = bench.numbers();
    let review = bench.look();
    let now = bench.numbers();
    assert_ne!(review, earlier);
    assert!(old.iter().all(|number| !now.contains(number)), "{old:?} {now:?}");
    for (of, studies, code) in [
        // All of the one that was seen is not all of the one that is held.
        (earlier, Value::Null, "review_changed"),
        (earlier, json!(now), "review_changed"),
        (review, json!([old[0]]), "review_changed"),
        (review, json!([now[0], old[0]]), "review_changed"),
        (review, json!([]), "nothing_to_send"),
    ] {
        let wanted = json!({ "review": of, "studies": studies, "priority": "routine" });
        assert_eq!(bench.refused("review_send", wanted), code);
    }
    assert_eq!(bench.refused("review_series", json!({ "study": old[0] })), "review_changed");
    assert_eq!((bench.shown(), bench.numbers()), (Some(review), now));
    assert!(block_on(bench.relay.in_turn(0, 50)).unwrap().is_empty());
}
