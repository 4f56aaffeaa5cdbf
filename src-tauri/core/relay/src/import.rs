//! Importing: a source is scanned to its end, and what can be sent goes into the queue.
//!
//! The scan runs in a thread of its own and hands over what it found some thousands at a time, so that the desk stays
//! free for others while a slow disc is read.

use crate::clock::now;
use crate::counting::Counting;
use crate::desk::{Books, Desk};
use crate::faults::OrFault;
use crate::observer::{Observer, ScanCounts};
use crate::spool::SpoolWhen;
use crate::stop::Stop;
use crate::volume::{Origin, Removable};
use relaypacs_ledger::{DestinationLabel, Event, EventId};
use relaypacs_model::{Code, Fault, Found, Location, Priority, Seen, Skip, SkipReason};
use relaypacs_queue::{DestinationId, Import, ImportId, Offered};
use relaypacs_scan::{Cancel, Options};
use std::path::PathBuf;
use std::sync::Arc;

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The import, to be worked.
    pub import: ImportId,
    /// What the scan counted.
    pub counts: ScanCounts,
}

/// What to import, and for whom.
pub(crate) struct Offer {
    pub(crate) sources: Vec<PathBuf>,
    pub(crate) include_damaged: bool,
    pub(crate) destination: DestinationId,
    pub(crate) label: DestinationLabel,
    pub(crate) spool: SpoolWhen,
    /// Volumes that are known to be removable.
    pub(crate) known: Vec<Removable>,
    pub(crate) priority: Priority,
}

/// Looks inside sources and keeps nothing. Blocks.
///
/// # Errors
/// [`Code::SourceNotFound`], [`Code::SourceUnreadable`], [`Code::Stopped`]. What is wrong with a single file is not an
/// error: the observer sees it.
pub fn look(
    sources: &[PathBuf],
    include_damaged: bool,
    stop: &Stop,
    observer: &dyn Observer,
) -> Result<ScanCounts, Fault> {
    let mut counting = Counting::new();
    // What no system says of a volume is known to whoever keeps a relay, and this is without one.
    let options = how(include_damaged, &Origin::of(sources, &[]));
    relaypacs_scan::scan(sources, &options, stop.cancel(), &mut |seen| {
        counting.add(&seen);
        observer.seen(&seen);
    })
    .or_fault()?;
    let counts = counting.counts();
    observer.scanned(&counts);
    Ok(counts)
}

/// How a source is scanned: an optical medium by one reader, in the order of its own listing.
fn how(include_damaged: bool, origin: &Origin) -> Options {
    let usual = Options { include_damaged, ..Options::default() };
    match origin.is_optical {
        true => Options { readers: 1, as_listed: true, ..usual },
        false => usual,
    }
}

/// How many findings are handed over at once.
const HANDFUL: usize = 4_096;

/// Scans and queues. Blocks; runs in a thread of its own.
pub(crate) fn import(
    desk: &Desk,
    offer: Offer,
    stop: &Stop,
    observer: &Arc<dyn Observer>,
) -> Result<Imported, Fault> {
    let (label, spool, priority) = (offer.label.clone(), offer.spool, offer.priority);
    let Taken { import, counts, origin } = take_in(desk, offer, stop, observer)?;
    let told = counts.clone();
    let import = desk.ask_blocking(move |books| {
        let ended = (|| {
            let copy = spool.copies(&origin);
            books.queue.note_source(&import, copy, &origin.volumes).or_fault()?;
            if priority > Priority::default() {
                books.queue.raise_priority(&import, priority.rank()).or_fault()?;
            }
            finish(books, &import, label, &told)
        })();
        if ended.is_err() {
            // Whoever is told that it was not taken in offers it again; one that has ended all the same stays.
            let _ = books.abandon(import);
        }
        ended
    })?;
    observer.scanned(&counts);
    Ok(Imported { import, counts })
}

/// What was taken in and is held until somebody finishes it.
pub(crate) struct Taken {
    pub(crate) import: Import,
    pub(crate) counts: ScanCounts,
    pub(crate) origin: Origin,
}

/// Scans to the end and hands everything over; the import is held until it is finished. Blocks.
pub(crate) fn take_in(
    desk: &Desk,
    offer: Offer,
    stop: &Stop,
    observer: &Arc<dyn Observer>,
) -> Result<Taken, Fault> {
    let destination = offer.destination;
    let import = desk.ask_blocking(move |books| {
        books.abandon_the_rest();
        books.queue.begin_import(destination, now()).or_fault()
    })?;
    let mut taking =
        Taking { desk, import: Some(import), found: Vec::new(), skips: Vec::new(), failed: None };
    let mut counting = Counting::new();
    let origin = Origin::of(&offer.sources, &offer.known);
    let options = how(offer.include_damaged, &origin);
    // Its own: that this scan has to end is no reason for anything else to.
    let cancel = stop.cancel().below();
    let scanned = relaypacs_scan::scan(&offer.sources, &options, &cancel, &mut |seen| {
        counting.add(&seen);
        observer.seen(&seen);
        taking.take(seen, &cancel);
    });
    let ended = match (taking.failed.take(), scanned.or_fault()) {
        (Some(fault), _) | (None, Err(fault)) => Err(fault),
        (None, Ok(())) => taking.hand_over(),
    };
    let import =
        taking.import.take().ok_or_else(|| Fault::with(Code::Internal, "the import is gone"))?;
    if let Err(fault) = ended {
        // What was taken in of a scan that did not end is taken out again; the source still has it.
        let _ = desk.ask_blocking(move |books| books.abandon(import));
        return Err(fault);
    }
    Ok(Taken { import, counts: counting.counts(), origin })
}

/// Ledger first, queue second; a crash between the two takes the import out again, and the ledger says truly that a
/// source was looked at.
pub(crate) fn finish(
    books: &mut Books,
    import: &Import,
    label: DestinationLabel,
    counts: &ScanCounts,
) -> Result<ImportId, Fault> {
    let name = books.import_name(import.id())?;
    let event = Event::Imported {
        import: name,
        destination: Some(label.clone()),
        studies: counts.studies,
        instances: counts.instances,
        bytes: counts.bytes,
        skipped: counts.skipped.clone(),
        index: counts.index,
    };
    books.ledger.append(EventId::of(&[b"imported", &name.0]), &event, now()).or_fault()?;
    books.receipt_of(import.id(), &label)?;
    books.queue.note_listed_missing(import, counts.listed_missing).or_fault()?;
    let id = books.queue.finish_import(import, now()).or_fault()?;
    // Copies of what was offered anew: they may be of other bytes. The import has ended whatever becomes of them, and what
    // is left of them goes later.
    if let Err(fault) = books.clear_leftovers() {
        tracing::warn!(code = fault.code.as_str(), "copies that nobody needs are left for later");
    }
    Ok(id)
}

/// Collects what the scan yields and hands it to the desk.
struct Taking<'a> {
    desk: &'a Desk,
    import: Option<Import>,
    found: Vec<Found>,
    skips: Vec<Skip>,
    failed: Option<Fault>,
}

impl Taking<'_> {
    fn take(&mut self, seen: Seen, cancel: &Cancel) {
        match seen {
            Seen::Instance(found) => {
                let location = lasting(found.location);
                self.found.push(Found { location, ..*found });
            }
            Seen::Skipped(skip) => {
                let (location, earlier) = (lasting(skip.location), skip.earlier.map(lasting));
                self.skips.push(Skip { location, earlier, ..skip });
            }
            Seen::Index(_) => {}
        }
        if self.failed.is_none()
            && self.found.len() + self.skips.len() >= HANDFUL
            && let Err(fault) = self.hand_over()
        {
            // A full disk: there is no use in scanning on.
            self.failed = Some(fault);
            cancel.cancel();
        }
    }

    /// Found ones first: a conflict names an instance that was found before it.
    fn hand_over(&mut self) -> Result<(), Fault> {
        let Some(mut import) = self.import.take() else { return Ok(()) };
        let (found, skips) = (std::mem::take(&mut self.found), std::mem::take(&mut self.skips));
        let (import, result) = self.desk.ask_blocking(move |books| {
            let result = offer(books, &mut import, &found, &skips);
            Ok((import, result))
        })?;
        self.import = Some(import);
        result
    }
}

/// The same place for whoever works the queue later, from whatever working directory.
fn lasting(location: Location) -> Location {
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    match location {
        Location::File(path) => Location::File(absolute(path)),
        Location::Member { archive, steps } => {
            Location::Member { archive: absolute(archive), steps }
        }
    }
}

fn offer(
    books: &mut Books,
    import: &mut Import,
    found: &[Found],
    skips: &[Skip],
) -> Result<(), Fault> {
    let offered = books.queue.offer(import, found).or_fault()?;
    // The scan has told same UIDs apart by their bytes already, within one study and across studies.
    if offered.iter().any(|offered| matches!(offered, Offered::Twice(_))) {
        return Err(Fault::with(Code::Internal, "the scan listed an instance twice"));
    }
    debug_assert!(
        skips.iter().all(|skip| skip.reason != SkipReason::Conflict || skip.header.is_some())
    );
    books.queue.skip(import, skips).or_fault()
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::MemberStep;

    #[test]
    fn what_is_queued_names_its_place_without_the_working_directory() {
        let here = std::env::current_dir().unwrap();
        let steps = vec![MemberStep { index: 3, name: "a/IM".into() }];
        let member = |archive: PathBuf| Location::Member { archive, steps: steps.clone() };
        assert_eq!(
            lasting(Location::File("disc/IM1".into())),
            Location::File(here.join("disc/IM1"))
        );
        assert_eq!(lasting(member("./a.zip".into())), member(here.join("a.zip")));
        assert_eq!(lasting(member(here.join("a.zip"))), member(here.join("a.zip")));
    }
}
