//! A review: a source was looked at to its end, and a person decides what of it is sent, and where to.
//!
//! What was found lies in the queue as an import that has not ended: encrypted, of any size, and never claimed. Accepted
//! it becomes work; discarded, dropped with the program or lost with the power it is taken out again.

use crate::clock::now;
use crate::desk::{Books, Desk};
use crate::faults::OrFault;
use crate::findings::Findings;
use crate::import::{Imported, Offer, Taken, finish, take_in};
use crate::observer::{Observer, ScanCounts};
use crate::relay::{Relay, Target};
use crate::stop::Stop;
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::{
    Code, Fault, Priority, Seen, SeriesInstanceUid, SopInstanceUid, StudyInstanceUid,
};
use relaypacs_queue::{
    DestinationId, DestinationRow, HeldStudy, HeldSum, Import, ImportId, InstanceRow, QueueError,
    SeriesRow, Source, Volume,
};
use relaypacs_upload::{Archive, Timing};
use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A source that was looked at, before anything of it is sent.
pub struct Review {
    desk: Desk,
    import: ImportId,
    counts: ScanCounts,
    findings: Findings,
    copies: bool,
    volumes: Vec<Volume>,
    /// Taken while it is worked on, and for good at its end.
    /// One errand with it at a time: who comes meanwhile waits, and finds what the one before left.
    held: tokio::sync::Mutex<Option<Import>>,
    destination: Mutex<DestinationRow>,
}

/// What a person wants of a review. A study is named by its UID, which stays what it is wherever the review goes; its
/// row in the queue is another one for each destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Every study.
    All,
    /// These.
    Only(BTreeSet<StudyInstanceUid>),
}

/// How much of a study its archive lists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Instances of the review that the archive lists. Whether they are the same is compared when they are sent.
    pub there: u64,
    /// Instances of the review.
    pub of: u64,
    /// Whose archive was asked.
    pub destination: DestinationId,
}

impl Relay {
    /// Looks at sources to their end and holds what was found for a person to decide.
    ///
    /// # Errors
    /// As for [`Relay::import`]; then nothing of it is held.
    pub async fn review(
        &self,
        sources: Vec<PathBuf>,
        target: &Target,
        include_damaged: bool,
        observer: Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Review, Fault> {
        let row = self.destination(target).await?;
        let label = DestinationLabel::from(&row.destination);
        let (spool, known) = (self.copies_as().when, self.removable());
        let (destination, priority) = (row.id, Priority::default());
        let offer = Offer { sources, include_damaged, destination, label, spool, known, priority };
        let (desk, stop) = (self.desk.clone(), stop.clone());
        let watching = Arc::new(Watching { findings: Mutex::default(), observer });
        let review = tokio::task::spawn_blocking(move || {
            let told: Arc<dyn Observer> = watching.clone();
            let Taken { import, counts, origin } = take_in(&desk, offer, &stop, &told)?;
            watching.observer.scanned(&counts);
            let findings = std::mem::take(&mut *lock(&watching.findings));
            Ok(Review {
                desk,
                import: import.id(),
                counts,
                findings,
                copies: spool.copies(&origin),
                volumes: origin.volumes,
                held: tokio::sync::Mutex::new(Some(import)),
                destination: Mutex::new(row),
            })
        });
        review.await.map_err(|error| Fault::with(Code::Internal, error))?
    }
}

impl Review {
    /// Its import.
    #[must_use]
    pub fn import(&self) -> ImportId {
        self.import
    }

    /// What the scan counted.
    #[must_use]
    pub fn counts(&self) -> &ScanCounts {
        &self.counts
    }

    /// What was found besides instances.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// True where all of it is copied first, so that the source can be taken away long before everything is sent.
    #[must_use]
    pub fn is_copied_first(&self) -> bool {
        self.copies
    }

    /// Where it goes as it stands.
    #[must_use]
    pub fn destination(&self) -> DestinationRow {
        lock(&self.destination).clone()
    }

    /// How many studies and instances there are.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn sum(&self) -> Result<HeldSum, Fault> {
        let import = self.import;
        self.desk.ask(move |books| books.queue.view().held_sum(import).or_fault()).await
    }

    /// Studies, ordered by patient, from `offset` on, at most `limit`.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn studies(&self, offset: u64, limit: u32) -> Result<Vec<HeldStudy>, Fault> {
        let import = self.import;
        self.desk
            .ask(move |books| books.queue.view().held_studies(import, offset, limit).or_fault())
            .await
    }

    /// The series of a study.
    ///
    /// # Errors
    /// [`Code::ReviewChanged`] where the review has no such study; those of the queue.
    pub async fn series(&self, study: &StudyInstanceUid) -> Result<Vec<SeriesRow>, Fault> {
        let (import, study) = (self.import, study.clone());
        self.desk
            .ask(move |books| {
                let view = books.queue.view();
                let row = of_review(view.held_row(import, &study))?;
                view.held_series(import, row).or_fault()
            })
            .await
    }

    /// The instances of a study, or of one of its series, by series and in the order of their numbers, from `offset`
    /// on, at most `limit`.
    ///
    /// # Errors
    /// [`Code::ReviewChanged`] where the review has no such study; those of the queue.
    pub async fn images(
        &self,
        study: &StudyInstanceUid,
        series: Option<SeriesInstanceUid>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<InstanceRow>, Fault> {
        let (import, study) = (self.import, study.clone());
        self.desk
            .ask(move |books| {
                let view = books.queue.view();
                let row = of_review(view.held_row(import, &study))?;
                view.held_instances(import, row, series.as_ref(), offset, limit).or_fault()
            })
            .await
    }

    /// Asks the archive how much of a study it lists already. No bytes are compared.
    ///
    /// # Errors
    /// What is wrong with the destination, in a code; [`Code::ReviewChanged`] where the review has no such study; those
    /// of the queue.
    pub async fn presence(&self, study: &StudyInstanceUid) -> Result<Presence, Fault> {
        let asked = self.destination();
        let archive = Archive::new(&asked.destination, Timing::default())?;
        let listed: HashSet<SopInstanceUid> = archive.list(study).await.map_err(Fault::from)?.uids;
        let (import, study) = (self.import, study.clone());
        let found = self
            .desk
            .ask(move |books| {
                let view = books.queue.view();
                let row = of_review(view.held_row(import, &study))?;
                view.held_uids(import, row).or_fault()
            })
            .await?;
        Ok(Presence {
            there: found.iter().filter(|uid| listed.contains(uid)).count() as u64,
            of: found.len() as u64,
            destination: asked.id,
        })
    }

    /// Sends it somewhere else.
    ///
    /// # Errors
    /// Those of the queue; [`Code::StudyUnknown`] after its end.
    pub async fn retarget(&self, to: DestinationRow) -> Result<(), Fault> {
        let id = to.id;
        let mut held = self.held.lock().await;
        let errand = move |books: &mut Books, import: &mut Import| {
            books.queue.retarget(import, id, now()).or_fault()
        };
        self.lend(&mut held, errand).await?;
        *lock(&self.destination) = to;
        Ok(())
    }

    /// Says what a person calls its source, for what is told of it after it was accepted.
    ///
    /// # Errors
    /// Those of the queue; [`Code::StudyUnknown`] after its end.
    pub async fn name_source(&self, source: Source) -> Result<(), Fault> {
        let mut held = self.held.lock().await;
        let errand = move |books: &mut Books, import: &mut Import| {
            books.queue.name_source(import, &source).or_fault()
        };
        self.lend(&mut held, errand).await
    }

    /// Makes work of what a person chose; the rest is taken out and counts as cancelled.
    ///
    /// # Errors
    /// [`Code::NothingToSend`] where nothing is chosen and [`Code::ReviewChanged`] where a study is that the review does
    /// not have: then nothing is sent and nothing taken out. Those of the disk, then it can be called again;
    /// [`Code::StudyUnknown`] after its end.
    pub async fn accept(&self, chosen: Chosen, priority: Priority) -> Result<Imported, Fault> {
        if matches!(&chosen, Chosen::Only(wanted) if wanted.is_empty()) {
            return Err(Fault::new(Code::NothingToSend));
        }
        let mut held = self.held.lock().await;
        let (counts, copies, volumes) = (self.counts.clone(), self.copies, self.volumes.clone());
        let label = DestinationLabel::from(&self.destination().destination);
        let errand = move |books: &mut Books, import: &mut Import| {
            if let Chosen::Only(wanted) = &chosen {
                of_review(books.queue.leave_out(import, wanted, now()))?;
            }
            let view = books.queue.view();
            let sum = view.held_sum(import.id()).or_fault()?;
            if sum.studies == 0 {
                return Err(Fault::new(Code::NothingToSend));
            }
            if priority != Priority::Routine {
                books.queue.raise_priority(import, priority.rank()).or_fault()?;
            }
            let sent = ScanCounts {
                studies: sum.studies,
                instances: sum.found.instances,
                bytes: sum.found.bytes,
                ..counts
            };
            books.queue.note_source(import, copies, &volumes).or_fault()?;
            finish(books, import, label, &sent)
        };
        let import = self.lend(&mut held, errand).await?;
        *held = None;
        Ok(Imported { import, counts: self.counts.clone() })
    }

    /// Takes all of it out again; the source still has it.
    ///
    /// # Errors
    /// Those of the disk. Discarding twice, or after it was accepted, does nothing.
    pub async fn discard(&self) -> Result<(), Fault> {
        let Some(import) = self.held.lock().await.take() else { return Ok(()) };
        self.desk.ask(move |books| books.abandon(import)).await
    }

    /// Lends the held import to the desk, and takes it back however that went.
    async fn lend<T: Send + 'static>(
        &self,
        held: &mut Option<Import>,
        errand: impl FnOnce(&mut Books, &mut Import) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let ended = || Fault::with(Code::StudyUnknown, "the review has ended");
        let mut import = held.take().ok_or_else(ended)?;
        let (import, result) = self
            .desk
            .ask(move |books| {
                let result = errand(books, &mut import);
                Ok((import, result))
            })
            .await?;
        *held = Some(import);
        result
    }
}

/// What names a study that the review does not have was chosen from another one.
fn of_review<T>(found: Result<T, QueueError>) -> Result<T, Fault> {
    match found {
        Err(QueueError::NoSuchRow) => Err(Fault::new(Code::ReviewChanged)),
        other => other.or_fault(),
    }
}

/// Looks along while a source is scanned.
struct Watching {
    findings: Mutex<Findings>,
    observer: Arc<dyn Observer>,
}

impl Observer for Watching {
    fn seen(&self, seen: &Seen) {
        lock(&self.findings).add(seen);
        self.observer.seen(seen);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
