//! The relay: a home with its queue and ledger, opened for work.

use crate::bandwidth::Limit;
use crate::cancelled::Cancelled;
use crate::desk::{Books, Closing, Desk};
use crate::faults::OrFault;
use crate::home::{Home, HomeLock};
use crate::import::{Imported, Offer, import};
use crate::key::{KeySource, Keys};
use crate::network::{Interfaces, Network};
use crate::observer::Observer;
use crate::opening::{self, Opened, SetAside};
use crate::sources::Tried;
use crate::spool::{SpoolFolder, Spooling};
use crate::stop::Stop;
use crate::volume::Removable;
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::{Bandwidth, Code, Destination, DestinationName, Fault, Priority};
use relaypacs_queue::DestinationRow;
use relaypacs_upload::Timing;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A home, opened for work. One process at a time has it.
pub struct Relay {
    pub(crate) desk: Desk,
    pub(crate) timing: Timing,
    pub(crate) limit: Limit,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) cancelled: Arc<Cancelled>,
    set_aside: Option<SetAside>,
    pub(crate) spool: SpoolFolder,
    spooling: Mutex<Spooling>,
    removable: Mutex<Vec<Removable>>,
    pub(crate) tried: Tried,
    at_work: Arc<tokio::sync::Mutex<()>>,
    /// Before the lock: whoever gets it finds the books closed.
    _closing: Closing,
    _lock: HomeLock,
}

/// The right to work the queue: one has it at a time, and every lane keeps it alive until its last task is over. A lane
/// that begins ends the claims it finds, and those must be nobody's.
pub(crate) type AtWork = Arc<tokio::sync::OwnedMutexGuard<()>>;

/// Where an import goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A saved destination, by its name.
    Saved(String),
    /// One that is given in place.
    Given(Box<Destination>),
}

impl Relay {
    /// Opens a home for work, making what is not there. A damaged queue is put aside, and a new one begun.
    ///
    /// # Errors
    /// [`Code::QueueInUse`], [`Code::NoKey`], [`Code::WrongKey`], [`Code::QueueDamaged`], [`Code::QueueTooNew`],
    /// [`Code::DiskFull`], [`Code::HomeNotWritable`], [`Code::LedgerBroken`].
    pub async fn open(home: &Home, source: &KeySource) -> Result<Self, Fault> {
        let (home, source) = (home.clone(), source.clone());
        // The key store may ask a person, and the passphrase takes a moment to stretch.
        let opened = tokio::task::spawn_blocking(move || {
            let lock = home.lock()?;
            let keys = Keys::of(&home, &source)?;
            let (desk, (spool, set_aside)) = Desk::open(move || {
                let Opened { mut books, set_aside } = opening::open(&home, &keys)?;
                books.sweep_spool()?;
                let spool = books.spool.clone();
                Ok((books, (spool, set_aside)))
            })?;
            Ok(Self {
                spool,
                _closing: Closing(desk.clone()),
                desk,
                timing: Timing::default(),
                limit: Limit::default(),
                network: Arc::new(Interfaces),
                cancelled: Arc::default(),
                set_aside,
                spooling: Mutex::default(),
                removable: Mutex::default(),
                tried: Tried::default(),
                at_work: Arc::default(),
                _lock: lock,
            })
        });
        opened.await.map_err(|error| Fault::with(Code::Internal, error))?
    }

    /// The same relay, copying as `spooling` says from its next import on.
    #[must_use]
    pub fn spooling(self, spooling: Spooling) -> Self {
        self.copy_as(spooling);
        self
    }

    /// With other waits than the usual ones.
    #[must_use]
    pub fn with_timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    /// With another word for what this machine is connected to than the system's.
    #[must_use]
    pub fn with_network(self, network: Arc<dyn Network>) -> Self {
        Self { network, ..self }
    }

    pub(crate) fn copies_as(&self) -> Spooling {
        *self.spooling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies as `spooling` says from the next import on.
    pub fn copy_as(&self, spooling: Spooling) {
        *self.spooling.lock().unwrap_or_else(PoisonError::into_inner) = spooling;
    }

    /// Sends no more than this from now on, to all destinations together; `None`: as much as the line takes. Questions to
    /// an archive, and what is read back from it, are not held back.
    pub fn limit_to(&self, bandwidth: Option<Bandwidth>) {
        self.limit.set(bandwidth);
    }

    /// From the next import on, what lies on one of these volumes can be taken away, whatever the system says of it.
    pub fn know_removable(&self, volumes: Vec<Removable>) {
        *self.removable.lock().unwrap_or_else(PoisonError::into_inner) = volumes;
    }

    pub(crate) fn removable(&self) -> Vec<Removable> {
        self.removable.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until nobody works the queue any more; `None` where it is stopped before that.
    pub(crate) async fn begin_work(&self, stop: &Stop) -> Option<AtWork> {
        tokio::select! {
            biased;
            at_work = self.at_work.clone().lock_owned() => Some(Arc::new(at_work)),
            () = stop.stopped() => None,
        }
    }

    /// Set where this opening found the queue damaged, put it aside, and went on with what could be read of it.
    #[must_use]
    pub fn queue_set_aside(&self) -> Option<SetAside> {
        self.set_aside
    }

    /// Scans sources to their end and queues what can be sent.
    ///
    /// # Errors
    /// Those of [`crate::look`], of the disk, and [`Code::DestinationUnknown`]; then nothing of it is queued.
    pub async fn import(
        &self,
        sources: Vec<PathBuf>,
        target: &Target,
        include_damaged: bool,
        observer: Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Imported, Fault> {
        let usual = Priority::default();
        self.import_first(sources, target, include_damaged, usual, observer, stop).await
    }

    /// The same, and its studies go before all of a lower priority: after the batches that are in flight already.
    ///
    /// # Errors
    /// See [`Relay::import`].
    pub async fn import_first(
        &self,
        sources: Vec<PathBuf>,
        target: &Target,
        include_damaged: bool,
        priority: Priority,
        observer: Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Imported, Fault> {
        let row = self.destination(target).await?;
        let label = DestinationLabel::from(&row.destination);
        let (spool, known) = (self.copies_as().when, self.removable());
        let destination = row.id;
        let offer = Offer { sources, include_damaged, destination, label, spool, known, priority };
        let (desk, stop) = (self.desk.clone(), stop.clone());
        let imported = tokio::task::spawn_blocking(move || import(&desk, offer, &stop, &observer));
        imported.await.map_err(|error| Fault::with(Code::Internal, error))?
    }

    /// The row of a destination; one that is given in place gets a row of its own.
    pub(crate) async fn destination(&self, target: &Target) -> Result<DestinationRow, Fault> {
        let target = target.clone();
        self.desk
            .ask(move |books| match target {
                Target::Given(destination) => {
                    let id = books.queue.destination_in_place(&destination).or_fault()?;
                    books.queue.view().destination(id).or_fault()
                }
                Target::Saved(name) => saved(books, &name),
            })
            .await
    }
}

/// A saved destination by its name.
pub(crate) fn saved(books: &Books, name: &str) -> Result<DestinationRow, Fault> {
    let unknown = || Fault::new(Code::DestinationUnknown);
    let name = DestinationName::parse(name).map_err(|_| unknown())?;
    let all = books.queue.view().destinations().or_fault()?;
    all.into_iter().find(|row| row.name.as_ref() == Some(&name)).ok_or_else(unknown)
}
