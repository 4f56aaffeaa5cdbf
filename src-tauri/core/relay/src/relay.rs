//! The relay: a home with its queue and ledger, opened for work.

use crate::desk::{Books, Desk};
use crate::faults::OrFault;
use crate::home::{Home, HomeLock};
use crate::import::{Imported, Offer, import};
use crate::key::{KeySource, Keys};
use crate::observer::Observer;
use crate::opening::{self, Opened};
use crate::sources::Tried;
use crate::spool::{SpoolFolder, Spooling};
use crate::stop::Stop;
use relaypacs_ledger::DestinationLabel;
use relaypacs_model::{Code, Destination, DestinationName, Fault};
use relaypacs_queue::DestinationRow;
use std::path::PathBuf;
use std::sync::Arc;

/// A home, opened for work. One process at a time has it.
pub struct Relay {
    pub(crate) desk: Desk,
    set_aside: bool,
    pub(crate) spool: SpoolFolder,
    pub(crate) spooling: Spooling,
    pub(crate) tried: Tried,
    _lock: HomeLock,
}

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
            let Opened { mut books, set_aside } = opening::open(&home, &keys)?;
            books.sweep_spool()?;
            let (spool, spooling) = (books.spool.clone(), Spooling::default());
            let (desk, tried) = (Desk::new(books)?, Tried::default());
            Ok(Self { desk, set_aside, spool, spooling, tried, _lock: lock })
        });
        opened.await.map_err(|error| Fault::with(Code::Internal, error))?
    }

    /// The same relay, copying as `spooling` says from its next import on.
    #[must_use]
    pub fn spooling(self, spooling: Spooling) -> Self {
        Self { spooling, ..self }
    }

    /// True where this opening found the queue damaged and put it aside: what waited in it has to be sent anew.
    #[must_use]
    pub fn queue_was_set_aside(&self) -> bool {
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
        let row = self.destination(target).await?;
        let label = DestinationLabel::from(&row.destination);
        let spool = self.spooling.when;
        let offer = Offer { sources, include_damaged, destination: row.id, label, spool };
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
