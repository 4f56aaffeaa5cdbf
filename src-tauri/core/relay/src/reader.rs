//! Looking at the books without the right to work them: beside another process, or without a network.

use crate::faults::OrFault;
use crate::home::Home;
use crate::key::{KeySource, Keys};
use crate::opening::is_emptied;
use relaypacs_ledger::{
    EventNumber, HistoryLine, LedgerKey, LedgerReader, ReceiptId, ReceiptSummary, Statistics,
    StoredLine, Verification,
};
use relaypacs_model::{Code, Fault, Moment};
use relaypacs_queue::{DestinationRow, Queue, QueueKey, StudyFilter, StudyId, StudyRow};
use std::io::Write;
use zeroize::Zeroizing;

/// A home, opened to look at.
pub struct Reader {
    home: Home,
    queue_key: Zeroizing<[u8; 32]>,
    ledger_key: LedgerKey,
}

impl Reader {
    /// Prepares to look at a home.
    ///
    /// # Errors
    /// [`Code::NoKey`], [`Code::WrongKey`].
    pub fn open(home: &Home, source: &KeySource) -> Result<Self, Fault> {
        let keys = Keys::to_look(home, source)?;
        Ok(Self {
            home: home.clone(),
            queue_key: keys.queue,
            ledger_key: LedgerKey::new(*keys.ledger),
        })
    }

    /// Studies in the queue, a page after another. An empty page where there is no queue yet.
    ///
    /// # Errors
    /// [`Code::WrongKey`], [`Code::QueueDamaged`].
    pub fn studies(&self, after: Option<StudyId>, limit: u32) -> Result<Vec<StudyRow>, Fault> {
        let Some(queue) = self.queue()? else { return Ok(Vec::new()) };
        queue.view().studies(&StudyFilter::default(), after, limit).or_fault()
    }

    /// Destinations that the queue knows.
    ///
    /// # Errors
    /// As [`Reader::studies`].
    pub fn destinations(&self) -> Result<Vec<DestinationRow>, Fault> {
        let Some(queue) = self.queue()? else { return Ok(Vec::new()) };
        queue.view().destinations().or_fault()
    }

    /// True where a person paused the whole queue.
    ///
    /// # Errors
    /// As [`Reader::studies`].
    pub fn is_paused(&self) -> Result<bool, Fault> {
        let Some(queue) = self.queue()? else { return Ok(false) };
        queue.view().is_paused().or_fault()
    }

    /// What happened, latest first.
    ///
    /// # Errors
    /// [`Code::LedgerBroken`] where the file is damaged.
    pub fn history(
        &self,
        limit: u32,
        before: Option<EventNumber>,
    ) -> Result<Vec<HistoryLine>, Fault> {
        self.ledger()?.map_or(Ok(Vec::new()), |ledger| ledger.history(limit, before).or_fault())
    }

    /// One receipt's totals.
    ///
    /// # Errors
    /// [`Code::ReceiptUnknown`].
    pub fn receipt(&self, receipt: u64) -> Result<ReceiptSummary, Fault> {
        let ledger = self.ledger()?.ok_or_else(|| Fault::new(Code::ReceiptUnknown))?;
        ledger.receipt(ReceiptId(receipt)).or_fault()
    }

    /// The lines of a receipt, a page after another.
    ///
    /// # Errors
    /// [`Code::ReceiptUnknown`].
    pub fn receipt_lines(
        &self,
        receipt: u64,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredLine>, Fault> {
        let ledger = self.ledger()?.ok_or_else(|| Fault::new(Code::ReceiptUnknown))?;
        ledger.receipt_lines(ReceiptId(receipt), after.unwrap_or(0), limit).or_fault()
    }

    /// Figures over all time.
    ///
    /// # Errors
    /// [`Code::LedgerBroken`] where the file is damaged.
    pub fn statistics(&self) -> Result<Statistics, Fault> {
        let all = (Moment(i64::MIN), Moment(i64::MAX));
        self.ledger()?
            .map_or(Ok(Statistics::default()), |ledger| ledger.statistics(all.0, all.1).or_fault())
    }

    /// Writes every event as JSON lines. Returns how many.
    ///
    /// # Errors
    /// Those of writing.
    pub fn export(&self, to: &mut impl Write) -> Result<u64, Fault> {
        self.ledger()?.map_or(Ok(0), |ledger| ledger.export(to).or_fault())
    }

    /// Walks the chain of events.
    ///
    /// # Errors
    /// [`Code::LedgerBroken`] where the file cannot be read; what was changed is part of the answer. `None` where
    /// there is no ledger yet.
    pub fn verify(&self) -> Result<Option<Verification>, Fault> {
        self.ledger()?.map(|ledger| ledger.verify(&self.ledger_key, None).or_fault()).transpose()
    }

    fn queue(&self) -> Result<Option<relaypacs_queue::Reader>, Fault> {
        if !self.home.queue().exists() {
            return Ok(None);
        }
        if is_emptied(&self.home)? {
            return Err(Fault::with(Code::QueueDamaged, "queue.db has not a byte left"));
        }
        Queue::open_reader(&self.home.queue(), &QueueKey::new(*self.queue_key)).or_fault().map(Some)
    }

    fn ledger(&self) -> Result<Option<LedgerReader>, Fault> {
        if !self.home.ledger().exists() {
            return Ok(None);
        }
        LedgerReader::open(&self.home.ledger()).or_fault().map(Some)
    }
}
