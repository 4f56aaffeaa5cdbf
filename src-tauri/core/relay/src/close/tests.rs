//! What the ledger says of the end of a study: only what comes about.

use super::*;
use crate::observer::Nobody;
use crate::report::Reach;
use crate::spool::SpoolFolder;
use relaypacs_ledger::{Ledger, LedgerKey};
use relaypacs_model::{
    ArchiveRoot, Destination, Encoding, Found, Header, Location, Patient, ReadBack, Series,
    SeriesInstanceUid, SignIn, SopClassUid, SopInstanceUid, Study,
};
use relaypacs_queue::{Answer, DestinationId, Event as Happens, Import, Limits, Queue, QueueKey};
use std::time::Duration;
use tempfile::TempDir;

fn found(number: u32) -> Found {
    Found {
        location: Location::File(format!("/disc/{number}").into()),
        bytes: 1_000,
        modified: None,
        header: Header {
            sop_class_uid: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            sop_instance_uid: SopInstanceUid::parse(&format!("1.2.3.4.{number}")).unwrap(),
            series_instance_uid: SeriesInstanceUid::parse("1.2.3.5").unwrap(),
            study_instance_uid: StudyInstanceUid::parse("1.2.3.6").unwrap(),
            transfer_syntax_uid: None,
            encoding: Encoding::ExplicitLittle,
            part10: true,
            patient: Patient::default(),
            study: Study::default(),
            series: Series::default(),
            instance_number: None,
            number_of_frames: None,
            text_doubtful: false,
        },
        damage: None,
    }
}

/// Books with one study of three instances.
struct Bench {
    desk: Desk,
    destination: DestinationId,
    closing: Closing,
    _home: TempDir,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let mut queue = Queue::open(&at("q"), &QueueKey::new([1; 32]), now()).unwrap();
        let ledger = Ledger::open(&at("l"), &LedgerKey::new([2; 32])).unwrap();
        let root = ArchiveRoot::parse("https://pacs.example/rs").unwrap();
        let (sign_in, read_back) = (SignIn::None, ReadBack::None);
        let place = Destination { label: "x".into(), root, sign_in, ca: None, read_back };
        let destination = queue.destination_in_place(&place).unwrap();
        let mut import = queue.begin_import(destination, now()).unwrap();
        queue.offer(&mut import, &[1, 2, 3].map(found)).unwrap();
        queue.finish_import(&import, now()).unwrap();
        let row = queue.view().studies(&Default::default(), None, 1).unwrap().remove(0);
        let label = DestinationLabel::from(&place);
        let closing = Closing { study: row.id, study_uid: row.study_uid, label };
        let books = Books::new(queue, ledger, SpoolFolder::new(at("spool")));
        let (desk, ()) = Desk::open(move || Ok((books, ()))).unwrap();
        Self { desk, destination, closing, _home: home }
    }

    fn with<T: Send + 'static>(&self, f: impl FnOnce(&mut Books) -> T + Send + 'static) -> T {
        self.desk.ask_blocking(move |books| Ok(f(books))).unwrap()
    }

    fn cancel(&self) {
        let study = self.closing.study;
        self.with(move |books| books.queue.cancel_study(study, now()).unwrap());
    }

    /// Everything is refused.
    fn refuse(&self) {
        let (study, destination) = (self.closing.study, self.destination);
        self.with(move |books| {
            let queue = &mut books.queue;
            let ask = queue.begin_ask(study, now()).unwrap();
            queue.asked(&ask).unwrap();
            let limits = Limits { bytes: 1 << 30, count: 99 };
            let lease = Duration::from_secs(60);
            let claim = queue.claim(destination, None, limits, now(), lease).unwrap().unwrap();
            let refused =
                |row: &InstanceRow| Answer::to_claim(row.id, row.attempt, Happens::Refused);
            let answers: Vec<Answer> = claim.rows.iter().map(refused).collect();
            assert_eq!(queue.settle(&answers, now()).unwrap().taken, 3);
        });
    }

    /// A review that finds the three, and a fourth.
    fn review(&self) -> Import {
        let destination = self.destination;
        self.with(move |books| {
            let mut import = books.queue.begin_import(destination, now()).unwrap();
            books.queue.offer(&mut import, &[1, 2, 3, 4].map(found)).unwrap();
            import
        })
    }

    /// What a closing records page by page.
    fn sum(&self) -> Sum {
        let closing = self.closing.clone();
        self.with(move |books| {
            let mut sum = Sum::default();
            recorded(books, &closing, None).unwrap().iter().for_each(|row| sum.add(row));
            sum
        })
    }

    fn close(&self) -> Erased {
        let report = Arc::new(Report::new(Reach::Everything, Arc::new(Nobody)));
        let closing = close(&self.desk, &report, self.closing.clone());
        block_on(closing).unwrap()
    }

    /// How many studies can be closed, and how many are held.
    fn looked(&self) -> (usize, usize) {
        let looking = look(&self.desk, &self.closing.label, [self.closing.study].into());
        let (done, held) = block_on(looking).unwrap();
        (done.len(), held.len())
    }

    /// What the ledger says of ends, the first one first.
    fn said(&self) -> Vec<String> {
        self.with(|books| {
            let mut said: Vec<String> = books
                .ledger
                .history(100, None)
                .unwrap()
                .into_iter()
                .map(|line| line.kind)
                .filter(|kind| ["confirmed", "ended", "erased"].contains(&kind.as_str()))
                .collect();
            said.reverse();
            said
        })
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn what_a_review_holds_is_not_said_to_be_erased_and_is_closed_once_that_is_discarded() {
    let bench = Bench::new();
    bench.cancel();
    let review = bench.review();
    assert_eq!(bench.looked(), (0, 1), "nobody says when it lets go");
    assert_eq!(bench.close(), Erased::NotYet);
    assert_eq!(bench.said(), [""; 0]);
    bench.with(move |books| books.queue.abandon_import(&review, now()).unwrap());
    assert_eq!(bench.looked(), (1, 0));
    assert_eq!(bench.close(), Erased::Whole);
    assert_eq!(bench.said(), ["erased"]);
    assert_eq!(bench.looked(), (0, 0));
}

#[test]
fn what_changed_after_it_was_recorded_is_closed_another_time() {
    let bench = Bench::new();
    bench.refuse();
    assert_eq!(bench.close(), Erased::Part { left: 3 });
    assert_eq!(bench.said(), ["ended"]);
    let (sum, closing) = (bench.sum(), bench.closing.clone());
    bench.cancel();
    assert_eq!(bench.with(move |books| end(books, &closing, &sum).unwrap().0), Erased::NotYet);
    assert_eq!(bench.said(), ["ended"]);
    assert_eq!(bench.close(), Erased::Whole);
    assert_eq!(bench.said(), ["ended", "erased"]);
}

#[test]
fn what_was_said_before_a_crash_is_said_once_and_comes_about_after_it() {
    let bench = Bench::new();
    bench.cancel();
    let (sum, closing) = (bench.sum(), bench.closing.clone());
    bench.with(move |books| say(books, &closing, sum.latest().unwrap(), &sum.outcomes()).unwrap());
    assert_eq!(bench.said(), ["erased"]);
    assert_eq!(bench.looked(), (1, 0));
    assert_eq!(bench.close(), Erased::Whole);
    assert_eq!(bench.said(), ["erased"]);
}
