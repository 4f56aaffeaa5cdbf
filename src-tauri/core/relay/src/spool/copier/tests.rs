//! The copier on a source that misbehaves: damaged places, files that change or vanish, a disk that fills up.

use super::*;
use crate::clock::now;
use crate::desk::Books;
use crate::spool::{Gap, SourceFree, SourceGone, SourceStays};
use relaypacs_ledger::{Ledger, LedgerKey};
use relaypacs_model::{
    ArchiveRoot, Destination, Encoding, Found, Header, Location, Patient, Priority, ReadBack,
    Series, SeriesInstanceUid, SignIn, SopClassUid, SopInstanceUid, Study, StudyInstanceUid,
};
use relaypacs_queue::{Copying, DestinationId, Queue, QueueKey, State, Volume};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock};
use tempfile::TempDir;

const BYTES: usize = 10_000;

/// What a file does when it is read.
#[derive(Clone, Copy)]
enum Place {
    /// An error in the middle, so many times; then it can be read.
    Damaged(u32),
    /// Not there.
    Gone,
    /// Shorter than it was.
    Short,
}

/// Something that happens while an image is read.
type Meanwhile = Box<dyn Fn() + Send + Sync>;

/// A disc with some bad places.
#[derive(Default)]
struct Disc {
    bad: HashMap<u32, Place>,
    reads: Mutex<Vec<u32>>,
    taken_out: bool,
    meanwhile: OnceLock<(u32, Meanwhile)>,
}

impl Sources for Disc {
    fn open(&self, row: &InstanceRow) -> io::Result<Box<dyn Read + Send>> {
        let number = u32::try_from(row.number.unwrap()).unwrap();
        let mut reads = self.reads.lock().unwrap();
        reads.push(number);
        let before = reads.iter().filter(|read| **read == number).count() as u32;
        drop(reads);
        if let Some((at, happens)) = self.meanwhile.get()
            && *at == number
        {
            happens();
        }
        let whole = Box::new(io::repeat(number as u8).take(BYTES as u64));
        match self.bad.get(&number) {
            Some(Place::Damaged(times)) if before <= *times => {
                Ok(Box::new(io::repeat(1).take(5_000).chain(BadSector)))
            }
            Some(Place::Gone) => Err(io::ErrorKind::NotFound.into()),
            Some(Place::Short) => Ok(Box::new(io::repeat(1).take(100))),
            Some(Place::Damaged(_)) | None => Ok(whole),
        }
    }

    fn is_there(&self, _row: &InstanceRow) -> bool {
        !self.taken_out
    }
}

/// EIO, as Linux gives it.
struct BadSector;

impl Read for BadSector {
    fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(5))
    }
}

/// What was told.
#[derive(Default)]
struct Told {
    free: Mutex<Vec<SourceFree>>,
    gone: Mutex<Vec<SourceGone>>,
    stays: Mutex<Vec<u64>>,
    gaps: Mutex<Vec<String>>,
}

impl Observer for Told {
    fn source_free(&self, free: &SourceFree) {
        self.free.lock().unwrap().push(*free);
    }

    fn source_gone(&self, gone: &SourceGone) {
        self.gone.lock().unwrap().push(*gone);
    }

    fn source_stays(&self, stays: &SourceStays) {
        self.stays.lock().unwrap().push(stays.instances);
    }

    fn unreadable(&self, gaps: &[Gap]) {
        self.gaps.lock().unwrap().extend(gaps.iter().map(Gap::words));
    }
}

fn found(study: u32, number: u32) -> Found {
    let uid = |what: &str| format!("1.2.3.{what}{number}");
    Found {
        location: Location::File(format!("/disc/{number}").into()),
        bytes: BYTES as u64,
        modified: None,
        header: Header {
            sop_class_uid: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            sop_instance_uid: SopInstanceUid::parse(&uid("4.")).unwrap(),
            series_instance_uid: SeriesInstanceUid::parse("1.2.3.5").unwrap(),
            study_instance_uid: StudyInstanceUid::parse(&format!("1.2.3.6.{study}")).unwrap(),
            transfer_syntax_uid: None,
            encoding: Encoding::ExplicitLittle,
            part10: true,
            patient: Patient::default(),
            study: Study::default(),
            series: Series { number: Some(4), ..Series::default() },
            instance_number: Some(i64::from(number)),
            number_of_frames: None,
            text_doubtful: false,
        },
        damage: None,
    }
}

/// A queue with one destination, and a spool.
struct Bench {
    home: TempDir,
    desk: Desk,
    folder: SpoolFolder,
    destination: DestinationId,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = SpoolFolder::new(home.path().join("spool"));
        std::fs::create_dir(home.path().join("spool")).unwrap();
        let key = QueueKey::new([1; 32]);
        let mut queue = Queue::open(&home.path().join("q"), &key, now()).unwrap();
        let ledger = Ledger::open(&home.path().join("l"), &LedgerKey::new([2; 32])).unwrap();
        let root = ArchiveRoot::parse("https://pacs.example/rs").unwrap();
        let (sign_in, read_back) = (SignIn::None, ReadBack::None);
        let destination = Destination { label: "x".into(), root, sign_in, ca: None, read_back };
        let destination = queue.destination_in_place(&destination).unwrap();
        let books = Books::new(queue, ledger, folder.clone());
        let (desk, ()) = Desk::open(move || Ok((books, ()))).unwrap();
        Self { home, desk, folder, destination }
    }

    /// Images in one series, by their numbers.
    fn import(&self, study: u32, numbers: Range<u32>, volume: &str, priority: Priority) {
        offer(&self.desk, self.destination, study, numbers, volume, priority);
    }

    fn copy(&self, disc: &Arc<Disc>, keep_free: u64) -> Arc<Told> {
        let told = Arc::new(Told::default());
        let copier = Copier {
            desk: self.desk.clone(),
            folder: self.folder.clone(),
            sources: disc.clone(),
            keep_free: Some(keep_free),
            observer: told.clone(),
            stop: Stop::new(),
            copies: Arc::new(Copies::new()),
        };
        copier.run().unwrap();
        assert!(!copier.copies.is_active());
        told
    }

    /// All rows, and a look into every copy.
    fn rows(&self) -> Vec<InstanceRow> {
        let rows = self.desk.ask_blocking(|books| {
            let mut rows = Vec::new();
            for study in books.queue.view().studies(&Default::default(), None, 9).or_fault()? {
                rows.extend(books.queue.view().instances(study.id, None, 1_000).or_fault()?);
            }
            for row in &rows {
                let Some(copy) = books.queue.view().copy_of(row.id).or_fault()? else { continue };
                let mut bytes = Vec::new();
                books.spool.open(&copy).unwrap().read_to_end(&mut bytes).unwrap();
                assert_eq!(bytes, [row.number.unwrap() as u8; BYTES]);
            }
            Ok(rows)
        });
        rows.unwrap()
    }
}

fn offer(
    desk: &Desk,
    destination: DestinationId,
    study: u32,
    numbers: Range<u32>,
    volume: &str,
    priority: Priority,
) {
    let identity = volume.to_owned();
    let volume = Volume { mount: "/disc".into(), root: "/".into(), identity };
    let offered: Vec<Found> = numbers.map(|number| found(study, number)).collect();
    desk.ask_blocking(move |books| {
        let queue = &mut books.queue;
        let mut import = queue.begin_import(destination, now()).or_fault()?;
        queue.offer(&mut import, &offered).or_fault()?;
        queue.note_source(&import, true, &[volume]).or_fault()?;
        queue.raise_priority(&import, priority.rank()).or_fault()?;
        queue.finish_import(&import, now()).or_fault()
    })
    .unwrap();
}

/// Twelve images in one series, numbered from one.
fn copied(disc: Disc, keep_free: u64) -> (TempDir, Vec<InstanceRow>, Arc<Told>, Arc<Disc>) {
    let (bench, disc) = (Bench::new(), Arc::new(disc));
    bench.import(1, 1..13, "a", Priority::Routine);
    let told = bench.copy(&disc, keep_free);
    let rows = bench.rows();
    (bench.home, rows, told, disc)
}

fn copies(rows: &[InstanceRow]) -> usize {
    rows.iter().filter(|row| row.copy == Copying::Done).count()
}

fn ends(rows: &[InstanceRow]) -> Vec<(i64, State, Code)> {
    let ended = rows.iter().filter(|row| row.state != State::Queued);
    ended.map(|row| (row.number.unwrap(), row.state, row.reason.unwrap().code)).collect()
}

#[test]
fn a_whole_disc_is_copied_in_the_order_in_which_it_was_found() {
    let (home, rows, told, disc) = copied(Disc::default(), 0);
    assert_eq!((copies(&rows), ends(&rows)), (12, vec![]));
    assert_eq!(*disc.reads.lock().unwrap(), (1..=12).collect::<Vec<_>>());
    assert_eq!(told.free.lock().unwrap()[0].copied, 12);
    assert_eq!(std::fs::read_dir(home.path().join("spool")).unwrap().count(), 12);
    assert!(rows.iter().all(|row| row.sha256.is_some()));
}

#[test]
fn a_damaged_place_is_put_off_tried_again_and_then_named_by_series_and_slices() {
    let bad = [(3, Place::Damaged(1)), (7, Place::Damaged(99)), (8, Place::Damaged(99))];
    let bad = bad.into_iter().chain([(10, Place::Damaged(99))]).collect();
    let (home, rows, told, disc) = copied(Disc { bad, ..Disc::default() }, 0);
    let unreadable = |number| (number, State::SourceGone, Code::CannotBeRead);
    assert_eq!(ends(&rows), [7, 8, 10].map(unreadable));
    assert_eq!(copies(&rows), 9);
    assert_eq!(*told.gaps.lock().unwrap(), ["series 4: slices 7-8, 10"]);
    let free = told.free.lock().unwrap()[0];
    assert_eq!((free.copied, free.unreadable), (9, 3));
    let reads = disc.reads.lock().unwrap().clone();
    assert_eq!(reads[..12], (1..=12).collect::<Vec<_>>(), "the rest of the disc goes first");
    assert_eq!(reads[12..], [3, 7, 7, 7, 8, 8, 8, 10, 10, 10]);
    let files = std::fs::read_dir(home.path().join("spool")).unwrap().count();
    assert_eq!(files, 9, "half a copy stayed");
}

#[test]
fn a_disc_that_was_taken_out_is_no_damaged_disc() {
    let bad = (4..=12).map(|n| (n, if n < 8 { Place::Damaged(99) } else { Place::Gone })).collect();
    let (_home, rows, told, _) = copied(Disc { bad, taken_out: true, ..Disc::default() }, 0);
    let gone = |number| (number, State::SourceGone, Code::SourceGone);
    assert_eq!(ends(&rows), (4..=12).map(gone).collect::<Vec<_>>());
    assert!(told.gaps.lock().unwrap().is_empty());
    assert_eq!(*told.free.lock().unwrap(), [], "what is gone can hardly come out");
    let told = told.gone.lock().unwrap()[0];
    assert_eq!((told.copied, told.waits), (3, 9));
}

#[test]
fn a_file_that_is_not_what_was_scanned_is_not_copied() {
    let bad = HashMap::from([(2, Place::Short)]);
    let (_home, rows, told, _) = copied(Disc { bad, ..Disc::default() }, 0);
    assert_eq!(ends(&rows), [(2, State::Changed, Code::SourceChanged)]);
    assert_eq!(copies(&rows), 11);
    assert_eq!(told.free.lock().unwrap()[0].copied, 11, "no copy is counted that is none");
}

#[test]
fn without_room_nothing_is_copied_and_everything_can_be_sent_from_the_disc() {
    let (home, rows, told, disc) = copied(Disc::default(), u64::MAX);
    assert!(rows.iter().all(|row| row.copy == Copying::Not && row.state == State::Queued));
    assert_eq!(
        (told.stays.lock().unwrap().clone(), told.free.lock().unwrap().len()),
        (vec![12], 0)
    );
    assert!(disc.reads.lock().unwrap().is_empty());
    assert_eq!(std::fs::read_dir(home.path().join("spool")).unwrap().count(), 0);
}

#[test]
fn a_stat_import_overtakes_a_running_copy_within_a_handful() {
    let (bench, disc) = (Bench::new(), Arc::new(Disc::default()));
    bench.import(1, 1..201, "a", Priority::Routine);
    let (desk, destination) = (bench.desk.clone(), bench.destination);
    let comes: Meanwhile =
        Box::new(move || offer(&desk, destination, 2, 501..504, "a", Priority::Stat));
    assert!(disc.meanwhile.set((10, comes)).is_ok());
    let told = bench.copy(&disc, 0);
    let reads = disc.reads.lock().unwrap().clone();
    let stat = reads.iter().position(|number| *number == 501).unwrap();
    assert!(stat >= 10 && stat - 10 <= HANDFUL as usize, "{stat} went before it");
    assert_eq!(reads[stat..stat + 3], [501, 502, 503]);
    let usual: Vec<u32> = reads.iter().copied().filter(|number| *number < 500).collect();
    assert_eq!(usual, (1..=200).collect::<Vec<_>>(), "each once, in the order of the disc");
    assert_eq!(copies(&bench.rows()), 203);
    let copied: Vec<u64> = told.free.lock().unwrap().iter().map(|free| free.copied).collect();
    assert_eq!(copied.iter().sum::<u64>(), 203);
    assert_eq!(copied.len(), 2);
}

#[test]
fn a_disc_that_is_slow_holds_up_no_other() {
    let (bench, disc) = (Bench::new(), Arc::new(Disc::default()));
    bench.import(1, 1..4, "slow", Priority::Routine);
    bench.import(2, 501..520, "other", Priority::Routine);
    let others = Arc::downgrade(&disc);
    // The first image takes until all of the other disc is copied.
    let waits: Meanwhile = Box::new(move || {
        let end = Instant::now() + Duration::from_secs(20);
        let disc = others.upgrade().unwrap();
        while disc.reads.lock().unwrap().len() < 20 && Instant::now() < end {
            thread::yield_now();
        }
    });
    assert!(disc.meanwhile.set((1, waits)).is_ok());
    bench.copy(&disc, 0);
    let reads = disc.reads.lock().unwrap().clone();
    assert_eq!(reads.iter().position(|number| *number == 2), Some(20), "{reads:?}");
    assert_eq!(copies(&bench.rows()), 22);
}

#[test]
fn a_study_that_is_taken_out_while_it_is_read_ends_no_other_copying() {
    let bad = HashMap::from([(5, Place::Gone)]);
    let (bench, disc) = (Bench::new(), Arc::new(Disc { bad, ..Disc::default() }));
    bench.import(1, 1..9, "a", Priority::Routine);
    bench.import(2, 501..505, "a", Priority::Routine);
    let desk = bench.desk.clone();
    let taken_out: Meanwhile = Box::new(move || {
        let study = desk.ask_blocking(|books| {
            let study = books.queue.view().studies(&Default::default(), None, 1).or_fault()?[0].id;
            books.queue.cancel_study(study, now()).or_fault()?;
            books.queue.erase_study(study).or_fault()
        });
        study.unwrap();
    });
    assert!(disc.meanwhile.set((5, taken_out)).is_ok());
    let told = bench.copy(&disc, 0);
    let rows = bench.rows();
    assert_eq!((rows.len(), copies(&rows)), (4, 4));
    assert_eq!(told.free.lock().unwrap().iter().map(|free| free.copied).sum::<u64>(), 4);
    let files = std::fs::read_dir(bench.home.path().join("spool")).unwrap().count();
    assert_eq!(files, 4, "copies of what was taken out stayed");
}
