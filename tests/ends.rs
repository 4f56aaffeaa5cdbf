//! What is told of sends that came to their end: of their source also after a restart and after a retry, and of each study
//! with the receipt of its own import.

#![cfg(test)]

use relaypacs_model::{ArchiveRoot, Destination, Outcome, Priority, ReadBack, Secret, SignIn};
use relaypacs_practice_pacs::{Faults, Options, PracticePacs, Running};
use relaypacs_relay::{
    Chosen, Home, ImportEnd, KeySource, Nobody, Observer, Relay, Review, Source, StateName, Stop,
    StudyEnd, Target, Wish,
};
use relaypacs_tests::cli::LIMIT;
use relaypacs_tests::fixture::{Instance, Kind, Person, Script, sample_disc, write_series};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Every batch has an image that is refused.
const REFUSES: &str = "[[rule]]\non = \"store\"\ndo = { reason = { code = 290, parts = [2] } }\n";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

async fn opened(home: &Path) -> Arc<Relay> {
    let key = KeySource::Passphrase(Secret::new("correct horse"));
    Arc::new(Relay::open(&Home::open(home).unwrap(), &key).await.unwrap())
}

/// An archive, and a home that has it as its destination.
async fn begun(home: &Path, store: &Path) -> (Running, Arc<Relay>) {
    let options = Options { sync: false, ..Options::in_folder(store) };
    let pacs = PracticePacs::start(options).unwrap();
    let relay = opened(home).await;
    relay.save_destination("Main PACS", at(&pacs.root())).await.unwrap();
    (pacs, relay)
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

async fn looked_at(relay: &Relay, disc: &Path) -> Review {
    let to = Target::Saved("Main PACS".into());
    let sources = vec![disc.to_path_buf()];
    relay.review(sources, &to, false, Arc::new(Nobody), &Stop::new()).await.unwrap()
}

enum Told {
    Study(StudyEnd),
    Import(ImportEnd),
}

struct Ears(mpsc::Sender<Told>);

impl Observer for Ears {
    fn study(&self, end: &StudyEnd) {
        self.0.send(Told::Study(end.clone())).unwrap();
    }

    fn import_ended(&self, end: &ImportEnd) {
        self.0.send(Told::Import(end.clone())).unwrap();
    }
}

/// Works the queue until so many imports have ended; what was told of studies, and of imports.
async fn ends(relay: &Arc<Relay>, imports: usize) -> (Vec<StudyEnd>, Vec<ImportEnd>) {
    let (sender, told) = mpsc::channel();
    let stop = Stop::new();
    let (working, asked) = (relay.clone(), stop.clone());
    let work = tokio::spawn(async move { working.serve(Arc::new(Ears(sender)), &asked).await });
    let wait = move || {
        let (mut studies, mut ended) = (Vec::new(), Vec::new());
        while ended.len() < imports {
            match told.recv_timeout(Duration::from_secs(60)).unwrap() {
                Told::Study(end) => studies.push(end),
                Told::Import(end) => ended.push(end),
            }
        }
        (studies, ended, told)
    };
    let (mut studies, ended, told) = tokio::task::spawn_blocking(wait).await.unwrap();
    stop.stop();
    work.await.unwrap().unwrap();
    // The end of an import may be told a moment before that of its last study.
    studies.extend(told.try_iter().filter_map(|told| match told {
        Told::Study(end) => Some(end),
        Told::Import(_) => None,
    }));
    (studies, ended)
}

async fn end_of(relay: &Arc<Relay>) -> ImportEnd {
    ends(relay, 1).await.1.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_end_says_of_a_source_is_known_after_a_restart_and_after_a_retry() {
    let [home, disc, store] = [(); 3].map(|()| folder());
    sample_disc(disc.path(), 3).unwrap();
    let (pacs, relay) = begun(home.path(), store.path()).await;
    let review = looked_at(&relay, disc.path()).await;
    let source = Source { name: "CD of Doe^Jane".into(), place: Some("/nowhere/disc".into()) };
    review.name_source(source.clone()).await.unwrap();
    let skipped = review.findings().skipped().clone();
    let to_look_at = skipped.iter().filter(|(reason, _)| reason.needs_a_person());
    let to_look_at: u64 = to_look_at.map(|(_, n)| n).sum();
    review.accept(Chosen::All, Priority::Routine).await.unwrap();
    assert!(review.name_source(source).await.is_err(), "it has ended");
    drop((review, relay));

    pacs.set_faults(Faults::parse(REFUSES).unwrap());
    let relay = opened(home.path()).await;
    assert_eq!(relay.sources().await.unwrap().len(), 1, "what is copied has a name");
    let of_source = |end: &ImportEnd| {
        let name = end.source.as_ref().map(|source| source.name.clone());
        (end.listed_missing, end.to_look_at, name)
    };
    let wanted = (1, to_look_at, Some("CD of Doe^Jane".to_owned()));
    let first = end_of(&relay).await;
    assert!(first.outcomes[&Outcome::Rejected] > 0, "{:?}", first.outcomes);
    assert_eq!(of_source(&first), wanted);
    drop(relay);

    pacs.set_faults(Faults::default());
    let relay = opened(home.path()).await;
    relay.wish(Wish::Retry, Vec::new()).await.unwrap();
    // What needs a person is told once more at a start; then what was tried again.
    let last = loop {
        let end = end_of(&relay).await;
        assert_eq!(of_source(&end), wanted);
        if !end.outcomes.contains_key(&Outcome::Rejected) {
            break end;
        }
    };
    assert!(last.outcomes.keys().all(|outcome| outcome.is_in_the_archive()), "{:?}", last.outcomes);
    assert!(relay.sources().await.unwrap().is_empty(), "nothing of it is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_study_has_the_receipt_of_its_own_import_where_two_go_to_one_archive() {
    let [home, store] = [(); 2].map(|()| folder());
    let discs = [(); 2].map(|()| folder());
    let (_pacs, relay) = begun(home.path(), store.path()).await;
    let mut imports = Vec::new();
    for (number, disc) in (1..).zip(&discs) {
        let first = Instance::new(Kind::Ct).seed(u64::from(number));
        let first = first.person(&Person::new(Script::Latin1, number)).study(number);
        write_series(disc.path(), 6, 20_000, &first).unwrap();
        let review = looked_at(&relay, disc.path()).await;
        let uid = review.studies(0, 1).await.unwrap()[0].study.uid.clone();
        let imported = review.accept(Chosen::All, Priority::Routine).await.unwrap();
        imports.push((uid, imported.import));
    }
    let (studies, ended) = ends(&relay, 2).await;
    let whole: Vec<_> = studies.iter().filter(|end| end.erased).collect();
    assert_eq!(whole.len(), 2);
    for (uid, import) in imports {
        let study = whole.iter().find(|end| end.study_instance_uid == uid).unwrap();
        let import = ended.iter().find(|end| end.import == import).unwrap();
        assert_eq!(study.receipt, import.receipt);
        assert_eq!(study.destination, "Main PACS");
        assert_eq!(study.recorded, import.outcomes);
        assert_eq!(import.source, None, "nobody named it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_study_knows_what_was_there_before_the_rest_was_taken_out() {
    let [home, disc, store] = [(); 3].map(|()| folder());
    write_series(disc.path(), 8, 20_000, &Instance::new(Kind::Ct).seed(3)).unwrap();
    let (pacs, relay) = begun(home.path(), store.path()).await;
    pacs.set_faults(Faults::parse(REFUSES).unwrap());
    looked_at(&relay, disc.path()).await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let first = end_of(&relay).await;
    let there = first.outcomes[&Outcome::Confirmed];
    let refused = first.outcomes[&Outcome::Rejected];
    let rows = relay.in_turn(0, 9).await.unwrap();
    relay.wish_for(Wish::Cancel, rows.iter().map(|row| row.study.id).collect()).await.unwrap();
    let (studies, ended) = ends(&relay, 1).await;
    let wanted = [(Outcome::Confirmed, there), (Outcome::Cancelled, refused)].into();
    assert_eq!(ended[0].outcomes, wanted);
    let last = studies.iter().find(|end| end.erased).unwrap();
    assert_eq!(last.recorded, wanted, "all of the study");
    assert_eq!(last.outcomes, [(Outcome::Cancelled, refused)].into(), "this run's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disc_is_not_free_while_a_study_of_it_that_went_elsewhere_needs_a_person() {
    let [home, disc, store, other] = [(); 4].map(|()| folder());
    for number in 1..=2 {
        let first = Instance::new(Kind::Ct).person(&Person::new(Script::Latin1, number));
        write_series(&disc.path().join(number.to_string()), 4, 20_000, &first.study(number))
            .unwrap();
    }
    let (_pacs, relay) = begun(home.path(), store.path()).await;
    let options = Options { sync: false, ..Options::in_folder(other.path()) };
    let clinic = PracticePacs::start(options).unwrap();
    clinic.set_faults(Faults::parse(REFUSES).unwrap());
    relay.save_destination("Clinic B", at(&clinic.root())).await.unwrap();
    looked_at(&relay, disc.path()).await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let moved = relay.in_turn(0, 9).await.unwrap()[1].study.id;
    relay.wish_for(Wish::Move("Clinic B".into()), vec![moved]).await.unwrap();
    let (_, ended) = ends(&relay, 2).await;
    let of = |name: &str| ended.iter().find(|end| end.destination == name).unwrap();
    let (main, clinic) = (of("Main PACS"), of("Clinic B"));
    assert_eq!(main.import, clinic.import, "one disc");
    assert_eq!(main.outcomes, [(Outcome::Confirmed, 4)].into());
    let refused = clinic.outcomes[&Outcome::Rejected];
    assert_eq!((main.open_elsewhere, clinic.open_elsewhere), (refused, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_without_anything_being_sent_is_told_while_the_work_goes_on() {
    let [home, store] = [(); 2].map(|()| folder());
    let (_pacs, relay) = begun(home.path(), store.path()).await;
    let (sender, told) = mpsc::channel();
    let stop = Stop::new();
    let (working, asked) = (relay.clone(), stop.clone());
    let work = tokio::spawn(async move { working.serve(Arc::new(Ears(sender)), &asked).await });
    let told = Arc::new(std::sync::Mutex::new(told));
    let end = || {
        let told = told.clone();
        tokio::task::spawn_blocking(move || {
            loop {
                let next = told.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap();
                if let Told::Import(end) = next {
                    return end;
                }
            }
        })
    };
    let usual = folder();
    write_series(usual.path(), 2, 20_000, &Instance::new(Kind::Ct).seed(5)).unwrap();
    looked_at(&relay, usual.path()).await.accept(Chosen::All, Priority::Routine).await.unwrap();
    assert_eq!(end().await.unwrap().outcomes, [(Outcome::Confirmed, 2)].into());

    // Every image twice, with other bytes: none of it goes out.
    let twice = folder();
    for (place, bytes) in [("whole", 20_000), ("lossy", 9_000)] {
        let first = Instance::new(Kind::Ct).seed(6).study(2);
        write_series(&twice.path().join(place), 2, bytes, &first).unwrap();
    }
    looked_at(&relay, twice.path()).await.accept(Chosen::All, Priority::Routine).await.unwrap();
    assert_eq!(end().await.unwrap().outcomes, [(Outcome::Conflict, 2)].into());
    stop.stop();
    work.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_of_a_study_whose_rest_is_moved_while_the_work_goes_on_is_closed() {
    let [home, disc, store, other] = [(); 4].map(|()| folder());
    write_series(disc.path(), 8, 20_000, &Instance::new(Kind::Ct).seed(3)).unwrap();
    let (pacs, relay) = begun(home.path(), store.path()).await;
    let options = Options { sync: false, ..Options::in_folder(other.path()) };
    let clinic = PracticePacs::start(options).unwrap();
    relay.save_destination("Clinic B", at(&clinic.root())).await.unwrap();
    // Out of resources for the first image of each batch: in the end one waits, and the others are there.
    let full = "[[rule]]\non = \"store\"\ndo = { reason = { code = 42752, parts = [1] } }\n";
    pacs.set_faults(Faults::parse(full).unwrap());
    looked_at(&relay, disc.path()).await.accept(Chosen::All, Priority::Routine).await.unwrap();
    let (sender, told) = mpsc::channel();
    let stop = Stop::new();
    let (working, asked) = (relay.clone(), stop.clone());
    let work = tokio::spawn(async move { working.serve(Arc::new(Ears(sender)), &asked).await });
    let end = Instant::now() + LIMIT;
    let study = loop {
        assert!(Instant::now() < end, "one never waits beside seven that are there");
        let rows = relay.in_turn(0, 9).await.unwrap();
        let counts = &rows[0].study.counts;
        if counts.of(StateName::Confirmed).instances == 7
            && counts.of(StateName::Waiting).instances == 1
        {
            break rows[0].study.id;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    // Just then it may be on its way, and stays.
    while relay.wish_for(Wish::Move("Clinic B".into()), vec![study]).await.unwrap() == 0 {
        assert!(Instant::now() < end, "it never moves");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let wait = move || {
        let mut ended = Vec::new();
        while ended.len() < 2 {
            if let Told::Import(end) = told.recv_timeout(Duration::from_secs(60)).unwrap() {
                ended.push(end);
            }
        }
        ended
    };
    let ended = tokio::task::spawn_blocking(wait).await.unwrap();
    let there = ended.iter().flat_map(|end| &end.outcomes);
    assert!(there.clone().all(|(outcome, _)| *outcome == Outcome::Confirmed), "{ended:?}");
    assert_eq!(there.map(|(_, many)| many).sum::<u64>(), 8);
    assert_eq!(relay.sums().await.unwrap().studies, 0, "nothing of it is left here");
    stop.stop();
    work.await.unwrap().unwrap();
}
