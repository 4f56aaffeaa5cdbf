//! The copier on a source that misbehaves: damaged places, files that change or vanish, a disk that fills up.

use super::*;
use crate::desk::Books;
use relaypacs_ledger::{Ledger, LedgerKey};
use relaypacs_model::{
    ArchiveRoot, Destination, Encoding, Found, Header, Location, Patient, ReadBack, Series,
    SeriesInstanceUid, SignIn, SopClassUid, SopInstanceUid, Study, StudyInstanceUid,
};
use relaypacs_queue::{Copying, Queue, QueueKey, State};
use std::collections::HashMap;
use std::sync::Mutex;
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

/// A disc with some bad places.
#[derive(Default)]
struct Disc {
    bad: HashMap<u32, Place>,
    reads: Mutex<Vec<u32>>,
    taken_out: bool,
}

impl Sources for Disc {
    fn open(&self, row: &InstanceRow) -> io::Result<Box<dyn Read + Send>> {
        let number = u32::try_from(row.number.unwrap()).unwrap();
        let mut reads = self.reads.lock().unwrap();
        reads.push(number);
        let before = reads.iter().filter(|read| **read == number).count() as u32;
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
    stays: Mutex<Vec<u64>>,
    gaps: Mutex<Vec<String>>,
}

impl Observer for Told {
    fn source_free(&self, free: &SourceFree) {
        self.free.lock().unwrap().push(*free);
    }

    fn source_stays(&self, stays: &SourceStays) {
        self.stays.lock().unwrap().push(stays.instances);
    }

    fn unreadable(&self, gaps: &[Gap]) {
        self.gaps.lock().unwrap().extend(gaps.iter().map(Gap::words));
    }
}

fn found(number: u32) -> Found {
    let uid = |what: &str| format!("1.2.3.{what}{number}");
    Found {
        location: Location::File(format!("/disc/{number}").into()),
        bytes: BYTES as u64,
        modified: None,
        header: Header {
            sop_class_uid: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            sop_instance_uid: SopInstanceUid::parse(&uid("4.")).unwrap(),
            series_instance_uid: SeriesInstanceUid::parse("1.2.3.5").unwrap(),
            study_instance_uid: StudyInstanceUid::parse("1.2.3.6").unwrap(),
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

/// Twelve images in one series, numbered from one.
fn copied(disc: Disc, keep_free: u64) -> (TempDir, Vec<InstanceRow>, Arc<Told>, Arc<Disc>) {
    let home = tempfile::tempdir().unwrap();
    let folder = SpoolFolder::new(home.path().join("spool"));
    std::fs::create_dir(home.path().join("spool")).unwrap();
    let mut queue = Queue::open(&home.path().join("q"), &QueueKey::new([1; 32]), now()).unwrap();
    let ledger = Ledger::open(&home.path().join("l"), &LedgerKey::new([2; 32])).unwrap();
    let root = ArchiveRoot::parse("https://pacs.example/rs").unwrap();
    let (sign_in, read_back) = (SignIn::None, ReadBack::None);
    let destination = Destination { label: "x".into(), root, sign_in, ca: None, read_back };
    let destination = queue.destination_in_place(&destination).unwrap();
    let mut import = queue.begin_import(destination, now()).unwrap();
    let offered: Vec<Found> = (1..=12).map(found).collect();
    queue.offer(&mut import, &offered).unwrap();
    queue.note_source(&import, true, &[]).unwrap();
    queue.finish_import(&import, now()).unwrap();
    let books = Books::new(queue, ledger, folder.clone());
    let (desk, ()) = Desk::open(move || Ok((books, ()))).unwrap();
    let (told, disc) = (Arc::new(Told::default()), Arc::new(disc));
    let copier = Copier {
        desk: desk.clone(),
        folder,
        sources: disc.clone(),
        keep_free: Some(keep_free),
        observer: told.clone(),
        stop: Stop::new(),
        copies: Arc::new(Copies::new()),
    };
    copier.run().unwrap();
    assert!(!copier.copies.is_active());
    let rows = desk.ask_blocking(|books| {
        let study = books.queue.view().studies(&Default::default(), None, 1).or_fault()?[0].id;
        let rows = books.queue.view().instances(study, None, 100).or_fault()?;
        for row in &rows {
            let Some(copy) = books.queue.view().copy_of(row.id).or_fault()? else { continue };
            let mut bytes = Vec::new();
            books.spool.open(&copy).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, [row.number.unwrap() as u8; BYTES]);
        }
        Ok(rows)
    });
    (home, rows.unwrap(), told, disc)
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
}

#[test]
fn a_file_that_is_not_what_was_scanned_is_not_copied() {
    let bad = HashMap::from([(2, Place::Short)]);
    let (_home, rows, _, _) = copied(Disc { bad, ..Disc::default() }, 0);
    assert_eq!(ends(&rows), [(2, State::Changed, Code::SourceChanged)]);
    assert_eq!(copies(&rows), 11);
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
