//! The relay as the window uses it: look, decide, send what was chosen, go on by itself, say the end.

#![cfg(test)]

use relaypacs_model::{
    ArchiveRoot, Code, Destination, Outcome, Priority, ReadBack, Secret, SignIn, SkipReason,
    StudyInstanceUid,
};
use relaypacs_practice_pacs::{Options, PracticePacs, Running};
use relaypacs_relay::{
    Chosen, Home, ImportEnd, KeySource, Nobody, Notable, Observer, Presence, Relay, Stop, StudyId,
    Target, Wish,
};
use relaypacs_tests::fixture;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tempfile::TempDir;

struct Bench {
    relay: Arc<Relay>,
    disc: TempDir,
    pacs: Running,
    _home: TempDir,
    _store: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let (home, disc, store) = (folder(), folder(), folder());
        fixture::sample_disc(disc.path(), 1).unwrap();
        let options = Options { sync: false, ..Options::in_folder(store.path()) };
        let pacs = PracticePacs::start(options).unwrap();
        let opened = Home::open(home.path()).unwrap();
        let key = KeySource::Passphrase(Secret::new("correct horse"));
        let relay = Arc::new(Relay::open(&opened, &key).await.unwrap());
        relay.save_destination("Main PACS", at(&pacs.root())).await.unwrap();
        Self { relay, disc, pacs, _home: home, _store: store }
    }

    async fn look(&self) -> relaypacs_relay::Review {
        let sources = vec![self.disc.path().to_path_buf()];
        let to = Target::Saved("Main PACS".into());
        self.relay.review(sources, &to, false, Arc::new(Nobody), &Stop::new()).await.unwrap()
    }

    /// How many instances the archive holds.
    fn held(&self) -> u64 {
        self.pacs.counts().stored
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn at(root: &str) -> Destination {
    Destination {
        label: root.to_owned(),
        root: ArchiveRoot::parse(root).unwrap(),
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    }
}

/// Hands over the ends of imports.
struct Ends(mpsc::Sender<ImportEnd>);

impl Observer for Ends {
    fn import_ended(&self, end: &ImportEnd) {
        self.0.send(end.clone()).unwrap();
    }
}

/// Works the queue until the next import has ended.
async fn end_of(relay: &Arc<Relay>) -> ImportEnd {
    let (sender, ends) = mpsc::channel();
    let stop = Stop::new();
    let (working, asked) = (relay.clone(), stop.clone());
    let work = tokio::spawn(async move { working.serve(Arc::new(Ends(sender)), &asked).await });
    let wait = move || ends.recv_timeout(Duration::from_secs(60)).unwrap();
    let end = tokio::task::spawn_blocking(wait).await.unwrap();
    stop.stop();
    work.await.unwrap().unwrap();
    end
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_ticked_is_sent_and_the_sum_of_the_disc_still_adds_up() {
    let bench = Bench::new().await;
    let review = bench.look().await;
    let rows = review.studies(0, 100).await.unwrap();
    assert_eq!((rows.len(), review.counts().patients), (5, 3));
    // (0008,0080) of every image on the sample disc.
    assert!(rows.iter().all(|row| row.study.study.institution.reveal() == "Nowhere General"));
    assert_eq!(bench.held(), 0);
    let first = &rows[0].study.uid;
    let series = review.series(first).await.unwrap();
    let images = review.images(first, Some(series[0].uid.clone()), 0, 500).await.unwrap();
    assert_eq!(images.len() as u64, series[0].found.instances);
    let images = review.images(first, None, 0, 500).await.unwrap();
    assert_eq!(images.len() as u64, rows[0].found.instances, "the whole study");
    let (_, missing) = review.findings().listed_missing();
    // The copy is not listed either.
    assert_eq!((missing, review.findings().unlisted()), (1, 2));
    assert_eq!(review.findings().skipped()[&SkipReason::Duplicate], 1);

    let wanted = rows.iter().take(2).map(|row| row.study.uid.clone()).collect();
    let instances: u64 = rows.iter().take(2).map(|row| row.found.instances).sum();
    let imported = review.accept(Chosen::Only(wanted), Priority::Urgent).await.unwrap();
    let end = end_of(&bench.relay).await;
    assert_eq!(
        (end.import, end.studies, end.destination.as_str()),
        (imported.import, 2, "Main PACS")
    );
    assert_eq!(end.outcomes, [(Outcome::Confirmed, instances)].into());
    assert_eq!(bench.held(), instances);
    assert_eq!(bench.relay.sums().await.unwrap().studies, 0);
    assert!(review.accept(Chosen::All, Priority::Routine).await.is_err(), "it has ended");

    // The same disc again: what is there is known before anything is sent, and nothing goes twice.
    let again = bench.look().await;
    let rows = again.studies(0, 100).await.unwrap();
    let Presence { there, of, destination } = again.presence(&rows[0].study.uid).await.unwrap();
    assert_eq!((there, of), (rows[0].found.instances, rows[0].found.instances));
    assert_eq!(destination, again.destination().id);
    assert_eq!(again.presence(&rows[4].study.uid).await.unwrap().there, 0);
    again.accept(Chosen::All, Priority::Routine).await.unwrap();
    let end = end_of(&bench.relay).await;
    assert_eq!(end.outcomes[&Outcome::AlreadyThere], instances);
    assert_eq!(end.outcomes.len(), 2, "{:?}", end.outcomes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_review_leaves_nothing_and_a_new_one_finds_all_of_it() {
    let bench = Bench::new().await;
    let review = bench.look().await;
    review.discard().await.unwrap();
    review.discard().await.unwrap();
    assert!(review.studies(0, 10).await.unwrap().is_empty());
    assert_eq!(bench.look().await.studies(0, 10).await.unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_goes_to_another_archive_is_not_seen_by_the_first() {
    let bench = Bench::new().await;
    let store = folder();
    let other = PracticePacs::start(Options::in_folder(store.path())).unwrap();
    bench.relay.save_destination("Clinic B", at(&other.root())).await.unwrap();
    let review = bench.look().await;
    let rows = bench.relay.destinations().await.unwrap();
    let clinic = rows.into_iter().find(|row| row.destination.label == "Clinic B").unwrap();
    review.retarget(clinic).await.unwrap();
    review.accept(Chosen::All, Priority::Routine).await.unwrap();
    let end = end_of(&bench.relay).await;
    assert_eq!(end.destination, "Clinic B");
    assert_eq!((bench.held(), other.counts().stored), (0, end.outcomes[&Outcome::Confirmed]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_discarded_while_it_is_sent_elsewhere_leaves_nothing_in_the_way() {
    let bench = Bench::new().await;
    bench.relay.save_destination("Clinic B", at(&bench.pacs.root())).await.unwrap();
    let rows = bench.relay.destinations().await.unwrap();
    let clinic = rows.into_iter().find(|row| row.destination.label == "Clinic B").unwrap();
    for _ in 0..5 {
        let review = bench.look().await;
        // In one task, one after the other is begun: the second finds the first on its way.
        let (_, discarded) = tokio::join!(review.retarget(clinic.clone()), review.discard());
        discarded.unwrap();
        assert!(review.studies(0, 10).await.unwrap().is_empty(), "it was discarded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ticked_before_another_archive_was_chosen_is_what_is_sent_there() {
    let bench = Bench::new().await;
    let store = folder();
    let other = PracticePacs::start(Options::in_folder(store.path())).unwrap();
    bench.relay.save_destination("Clinic B", at(&other.root())).await.unwrap();
    let review = bench.look().await;
    let ticked = review.studies(0, 100).await.unwrap().remove(3);
    let rows = bench.relay.destinations().await.unwrap();
    let clinic = rows.into_iter().find(|row| row.destination.label == "Clinic B").unwrap();
    review.retarget(clinic).await.unwrap();
    let wanted = [ticked.study.uid.clone()].into();
    review.accept(Chosen::Only(wanted), Priority::Routine).await.unwrap();
    let end = end_of(&bench.relay).await;
    assert_eq!((end.destination.as_str(), end.studies), ("Clinic B", 1));
    assert_eq!(end.outcomes, [(Outcome::Confirmed, ticked.found.instances)].into());
    assert_eq!((bench.held(), other.counts().stored), (0, ticked.found.instances));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_nothing_or_of_what_is_not_there_is_refused_and_drops_nothing() {
    let bench = Bench::new().await;
    let review = bench.look().await;
    let rows = review.studies(0, 100).await.unwrap();
    let stranger = StudyInstanceUid::parse("1.2.3.4").unwrap();
    let refused = |chosen| async {
        let refused = review.accept(Chosen::Only(chosen), Priority::Routine).await;
        refused.unwrap_err().code
    };
    assert_eq!(refused([].into()).await, Code::NothingToSend);
    assert_eq!(refused([stranger.clone()].into()).await, Code::ReviewChanged);
    let both = [rows[0].study.uid.clone(), stranger.clone()].into();
    assert_eq!(refused(both).await, Code::ReviewChanged);
    assert_eq!(review.series(&stranger).await.unwrap_err().code, Code::ReviewChanged);
    assert_eq!(review.studies(0, 100).await.unwrap(), rows, "all of it is still held");
    assert_eq!(bench.relay.sums().await.unwrap().studies, 0, "and nothing of it is work");
    review.accept(Chosen::All, Priority::Routine).await.unwrap();
    let all: u64 = rows.iter().map(|row| row.found.instances).sum();
    assert_eq!(end_of(&bench.relay).await.outcomes, [(Outcome::Confirmed, all)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_for_a_study_leaves_the_same_study_on_its_way_elsewhere_alone() {
    let bench = Bench::new().await;
    bench.relay.save_destination("Clinic B", at("http://127.0.0.1:9/dicom-web")).await.unwrap();
    bench.look().await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let review = bench.look().await;
    let rows = bench.relay.destinations().await.unwrap();
    let clinic = rows.into_iter().find(|row| row.destination.label == "Clinic B").unwrap();
    review.retarget(clinic).await.unwrap();
    review.accept(Chosen::All, Priority::Routine).await.unwrap();
    let rows = bench.relay.in_turn(0, 50).await.unwrap();
    let one = rows[0].study.clone();
    let of_this_uid = rows.iter().filter(|row| row.study.study_uid == one.study_uid);
    assert_eq!(of_this_uid.count(), 2);
    bench.relay.wish_for(Wish::Pause, vec![one.id]).await.unwrap();
    let rows = bench.relay.in_turn(0, 50).await.unwrap();
    let paused: Vec<_> =
        rows.iter().filter(|row| row.study.paused).map(|row| row.study.id).collect();
    assert_eq!(paused, [one.id]);
    assert_eq!(bench.relay.wish_for(Wish::Pause, Vec::new()).await.unwrap(), 0);
    assert!(!bench.relay.sums().await.unwrap().paused, "none named is not all");
    let unknown = StudyId(i64::MAX);
    let refused = bench.relay.wish_for(Wish::Cancel, vec![one.id, unknown]).await.unwrap_err();
    assert_eq!(refused.code, Code::StudyUnknown);
    let rows = bench.relay.in_turn(0, 50).await.unwrap();
    assert!(rows.iter().all(|row| !row.study.cancelled), "then nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_waits_and_goes_on_when_it_is_resumed() {
    let bench = Bench::new().await;
    bench.relay.wish(Wish::Pause, Vec::new()).await.unwrap();
    bench.look().await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let (working, stop) = (bench.relay.clone(), Stop::new());
    let asked = stop.clone();
    let work = tokio::spawn(async move { working.serve(Arc::new(Nobody), &asked).await });
    let sums = bench.relay.sums().await.unwrap();
    assert!(sums.paused && sums.counts.unfinished().instances > 0);
    stop.stop();
    work.await.unwrap().unwrap();
    assert_eq!(bench.held(), 0);
    bench.relay.wish(Wish::Resume, Vec::new()).await.unwrap();
    let end = end_of(&bench.relay).await;
    assert_eq!(end.outcomes[&Outcome::Confirmed], bench.held());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_while_the_queue_is_served_is_told_and_leaves_nothing() {
    let bench = Bench::new().await;
    bench.relay.wish(Wish::Pause, Vec::new()).await.unwrap();
    bench.look().await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let (sender, ends) = mpsc::channel();
    let (working, stop) = (bench.relay.clone(), Stop::new());
    let asked = stop.clone();
    let work = tokio::spawn(async move { working.serve(Arc::new(Ends(sender)), &asked).await });
    let rows = bench.relay.in_turn(0, 10).await.unwrap();
    let uids = rows.iter().map(|row| row.study.study_uid.as_str().to_owned()).collect();
    bench.relay.wish(Wish::Cancel, uids).await.unwrap();
    let wait = move || ends.recv_timeout(Duration::from_secs(60)).unwrap();
    let end = tokio::task::spawn_blocking(wait).await.unwrap();
    assert!(end.outcomes.keys().all(|outcome| *outcome == Outcome::Cancelled), "{end:?}");
    assert_eq!((bench.held(), bench.relay.sums().await.unwrap().studies), (0, 0));
    stop.stop();
    work.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_while_a_review_holds_it_is_closed_once_that_is_discarded() {
    let bench = Bench::new().await;
    bench.relay.wish(Wish::Pause, Vec::new()).await.unwrap();
    let taken_out = bench.look().await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let rows = bench.relay.in_turn(0, 10).await.unwrap();
    let uids = rows.iter().map(|row| row.study.study_uid.as_str().to_owned()).collect();
    bench.relay.wish(Wish::Cancel, uids).await.unwrap();
    let review = bench.look().await;
    bench.relay.wish(Wish::Resume, Vec::new()).await.unwrap();

    let (sender, ends) = mpsc::channel();
    let (working, stop) = (bench.relay.clone(), Stop::new());
    let asked = stop.clone();
    let work = tokio::spawn(async move { working.serve(Arc::new(Ends(sender)), &asked).await });
    let ends = Arc::new(std::sync::Mutex::new(ends));
    let next = || {
        let ends = ends.clone();
        let wait = move || ends.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap();
        tokio::task::spawn_blocking(wait)
    };
    // Something else comes to its end, so that the lane has looked at all of it.
    let other = folder();
    fixture::sample_disc(other.path(), 2).unwrap();
    let (sources, to) = (vec![other.path().to_path_buf()], Target::Saved("Main PACS".into()));
    let sent =
        bench.relay.import(sources, &to, false, Arc::new(Nobody), &Stop::new()).await.unwrap();
    assert_eq!(next().await.unwrap().import, sent.import);
    assert!(bench.relay.sums().await.unwrap().studies > 0);
    review.discard().await.unwrap();
    let end = next().await.unwrap();
    assert_eq!(end.import, taken_out.import);
    assert!(end.outcomes.keys().all(|outcome| *outcome == Outcome::Cancelled), "{end:?}");
    assert_eq!(bench.relay.sums().await.unwrap().studies, 0);
    stop.stop();
    work.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_of_a_review_can_be_opened_to_be_shown() {
    let bench = Bench::new().await;
    let review = bench.look().await;
    let rows = review.studies(0, 1).await.unwrap();
    let opened = bench.relay.open_instance(rows[0].picture.unwrap()).await.unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut { opened.reader }, &mut bytes).unwrap();
    assert_eq!((bytes.len() as u64, &bytes[128..132]), (opened.bytes, b"DICM".as_slice()));
    let odd = review.findings().of_study(&rows[0].study.uid);
    assert!(odd.iter().all(|(what, _)| *what != Notable::MixedIdentity), "{odd:?}");
}
