//! A relay in this process, for tests that shorten its waits, import while it runs, or change the network under it.

#![allow(dead_code, reason = "each test that shares this uses another part of it")]

use relaypacs_model::{
    ArchiveRoot, Code, Destination, Fault, Moment, Outcome, ReadBack, Secret, SignIn,
};
use relaypacs_relay::{
    Home, KeySource, Observer, Reach, Reader, Relay, Stop, Summary, Target, Verdict, Work,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Far longer than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// What an observer was told.
#[derive(Default)]
pub(crate) struct Told {
    ends: Mutex<BTreeMap<String, Outcome>>,
    parks: Mutex<Vec<(String, Code, Option<Moment>)>>,
    news: Notify,
}

impl Observer for Told {
    fn parked(&self, destination: &str, fault: &Fault, until: Option<Moment>) {
        self.parks.lock().unwrap().push((destination.to_owned(), fault.code, until));
        self.news.notify_one();
    }

    fn verdict(&self, verdict: &Verdict) {
        let uid = verdict.sop_instance_uid.as_str().to_owned();
        self.ends.lock().unwrap().insert(uid, verdict.outcome);
        self.news.notify_one();
    }
}

impl Told {
    /// How each instance ended.
    pub(crate) fn ends(&self) -> BTreeMap<String, Outcome> {
        self.ends.lock().unwrap().clone()
    }

    /// Which destinations were parked, why, and until when.
    pub(crate) fn parks(&self) -> Vec<(String, Code, Option<Moment>)> {
        self.parks.lock().unwrap().clone()
    }

    /// Waits until what was told fits.
    pub(crate) async fn wait_until(&self, fits: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(LIMIT, async {
            while !fits(self) {
                self.news.notified().await;
            }
        });
        let told = format!("{:?} {:?}", self.ends.lock().unwrap(), self.parks());
        waited.await.unwrap_or_else(|_| panic!("it was not told in time; before: {told}"));
    }
}

/// A home of its own, to be opened again and again.
pub(crate) struct Inside {
    home: TempDir,
}

impl Inside {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// Opens the home.
    pub(crate) async fn open(&self) -> Relay {
        Relay::open(&Home::open(self.home.path()).unwrap(), &key()).await.unwrap()
    }

    /// Looks at it beside whoever has it open.
    pub(crate) fn look(&self) -> Reader {
        Reader::open(&Home::open(self.home.path()).unwrap(), &key()).unwrap()
    }
}

fn key() -> KeySource {
    KeySource::Passphrase(Secret::new("only for tests"))
}

/// A destination without a sign-in.
pub(crate) fn place(root: &str) -> Destination {
    Destination {
        label: root.to_owned(),
        root: ArchiveRoot::parse(root).unwrap(),
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    }
}

/// The same, given in place.
pub(crate) fn given(root: &str) -> Target {
    Target::Given(Box::new(place(root)))
}

/// Queues what a folder holds.
pub(crate) async fn import(relay: &Relay, folder: &Path, target: &Target) {
    let (observer, stop) = (Arc::new(relaypacs_relay::Nobody), Stop::new());
    relay.import(vec![folder.to_owned()], target, false, observer, &stop).await.unwrap();
}

/// Works everything; `None` is for ever.
pub(crate) fn work(patience: Option<Duration>) -> Work {
    Work { reach: Reach::Everything, patience, index: Default::default(), paper: None }
}

/// A run that goes on until it is stopped.
pub(crate) struct Going {
    pub(crate) told: Arc<Told>,
    stop: Stop,
    run: JoinHandle<Result<Summary, Fault>>,
}

impl Going {
    pub(crate) fn of(relay: &Arc<Relay>) -> Self {
        let (relay, told, stop) = (relay.clone(), Arc::new(Told::default()), Stop::new());
        let (observer, switch) = (told.clone(), stop.clone());
        let run = tokio::spawn(async move { relay.work(work(None), observer, &switch).await });
        Self { told, stop, run }
    }

    /// Stops it, and gives what it came to.
    pub(crate) async fn stop(self) -> Summary {
        self.stop.stop();
        tokio::time::timeout(LIMIT, self.run).await.unwrap().unwrap().unwrap()
    }
}
