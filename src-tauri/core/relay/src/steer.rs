//! The queue as a person sees and steers it while it is worked.

use crate::faults::OrFault;
use crate::part::SourcePart;
use crate::relay::Relay;
use relaypacs_ledger::{ReceiptId, ReceiptSummary};
use relaypacs_model::{Code, Fault, Outcome, Priority, Reason};
use relaypacs_queue::{
    Counts, DestinationId, InstanceId, InstanceRow, Scope, StudyId, StudyRow, View,
};
use relaypacs_scan::{Opened, Opener};
use relaypacs_upload::Part;
use std::io::ErrorKind;

/// What the whole queue comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// How many studies.
    pub studies: u64,
    /// Where their instances stand.
    pub counts: Counts,
    /// True where a person paused the whole queue.
    pub paused: bool,
}

/// A study of the queue, and what a person is shown of its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InTurn {
    /// The study.
    pub study: StudyRow,
    /// The modalities of its series, in the order of the alphabet.
    pub modalities: Vec<String>,
    /// True where something of it has to be copied before it can be sent.
    pub to_copy: bool,
    /// How most of its instances ended that need a person, and why.
    pub failed: Option<(Outcome, Option<Reason>)>,
}

/// A study with what a person is shown of its instances.
fn shown(view: View<'_>, study: StudyRow) -> Result<InTurn, Fault> {
    let modalities = view.modalities(study.id).or_fault()?;
    let to_copy = view.has_to_copy(study.id).or_fault()?;
    let failed = match study.counts.needs_a_person().instances > 0 {
        true => view.commonest_failure(study.id).or_fault()?,
        false => None,
    };
    let failed = failed.map(|row| (row.outcome(), row.reason));
    Ok(InTurn { study, modalities, to_copy, failed })
}

impl Relay {
    /// The queue as a person sees it, in the order in which it is sent.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn in_turn(&self, offset: u64, limit: u32) -> Result<Vec<InTurn>, Fault> {
        self.desk
            .ask(move |books| {
                let view = books.queue.view();
                let rows = view.studies_in_turn(offset, limit).or_fault()?;
                rows.into_iter().map(|study| shown(view, study)).collect()
            })
            .await
    }

    /// One study as [`Relay::in_turn`] lists it, wherever in the queue that is.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`].
    pub async fn one_in_turn(&self, study: StudyId) -> Result<InTurn, Fault> {
        self.desk
            .ask(move |books| {
                let view = books.queue.view();
                shown(view, view.study(study).or_fault()?)
            })
            .await
    }

    /// What the whole queue comes to.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn sums(&self) -> Result<Sums, Fault> {
        self.desk
            .ask(|books| {
                let view = books.queue.view();
                let (studies, counts) = view.in_turn().or_fault()?;
                Ok(Sums { studies, counts, paused: view.is_paused().or_fault()? })
            })
            .await
    }

    /// Instances of a study that came to an end and stay because a person has to look.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn ended_instances(
        &self,
        study: StudyId,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceRow>, Fault> {
        self.desk
            .ask(move |books| {
                books.queue.view().ended_instances(Scope::Study(study), after, limit).or_fault()
            })
            .await
    }

    /// The totals of a receipt, and what the scan of its source left out.
    ///
    /// # Errors
    /// [`Code::ReceiptUnknown`], [`Code::LedgerBroken`].
    pub async fn receipt(&self, receipt: u64) -> Result<ReceiptSummary, Fault> {
        self.desk.ask(move |books| books.ledger.receipt(ReceiptId(receipt)).or_fault()).await
    }

    /// One study of the queue.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`].
    pub async fn study(&self, study: StudyId) -> Result<StudyRow, Fault> {
        self.desk.ask(move |books| books.queue.view().study(study).or_fault()).await
    }

    /// Sets how urgent a study is.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`].
    pub async fn prioritise(&self, study: StudyId, priority: Priority) -> Result<(), Fault> {
        self.desk
            .ask(move |books| books.queue.set_priority(study, priority.rank()).or_fault())
            .await
    }

    /// Puts a study before all others of its urgency and below.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`].
    pub async fn first(&self, study: StudyId) -> Result<(), Fault> {
        self.desk.ask(move |books| books.queue.put_first(study).or_fault()).await
    }

    /// Ends a park, and those of its studies: the destination is tried at once.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn try_now(&self, destination: DestinationId) -> Result<(), Fault> {
        self.desk.ask(move |books| books.queue.try_now(destination).or_fault()).await
    }

    /// An instance in the queue.
    ///
    /// # Errors
    /// [`relaypacs_model::Code::StudyUnknown`].
    pub async fn instance(&self, instance: InstanceId) -> Result<InstanceRow, Fault> {
        self.desk.ask(move |books| books.queue.view().instance(instance).or_fault()).await
    }

    /// The bytes of an instance in the queue, for showing.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`], [`Code::SourceGone`],
    /// [`Code::SourceUnreadable`].
    pub async fn open_instance(&self, instance: InstanceId) -> Result<Opened, Fault> {
        let row =
            self.desk.ask(move |books| books.queue.view().instance(instance).or_fault()).await?;
        let part = SourcePart::new(&row, &Opener::new(), &self.desk);
        let opened = tokio::task::spawn_blocking(move || {
            let opened = part.open().map(|reader| Opened {
                reader,
                bytes: row.bytes,
                modified: row.modified,
            });
            opened.map_err(|error| {
                let gone = error.kind() == ErrorKind::NotFound;
                let code = if gone { Code::SourceGone } else { Code::SourceUnreadable };
                Fault::with(code, error.kind())
            })
        });
        opened.await.map_err(|error| Fault::with(Code::Internal, error))?
    }
}
