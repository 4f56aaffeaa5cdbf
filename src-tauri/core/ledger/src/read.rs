//! Reading: history, receipts, statistics, the export. Works beside a writer, also from another process.

pub(crate) mod query;

use crate::key::Keys;
use crate::verify::{self, Head, Verification};
use crate::{Counts, DestinationLabel, EventNumber, LedgerError, LedgerKey, ReceiptId, UidHash};
use crate::{export, table};
use relaypacs_model::{Moment, Outcome, Proof, Reason, SopInstanceUid, StudyInstanceUid};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// The ledger, open for reading only, beside whoever writes it. What needs the key takes it as an argument, so that
/// history and receipts can be read without one.
#[derive(Debug)]
pub struct LedgerReader {
    connection: Connection,
}

/// One event, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// Its place in the chain.
    pub number: EventNumber,
    /// When it happened.
    pub at: Moment,
    /// A word of [`crate::Event::kind`], or `receipt_begun`, `receipt_lines`, `receipt_ended`.
    pub kind: String,
    /// The receipt it belongs to.
    pub receipt: Option<ReceiptId>,
    /// The study it is about.
    pub study: Option<UidHash>,
    /// The destination it is about.
    pub destination: Option<DestinationLabel>,
    /// Numbers and words, a JSON object.
    pub detail: Value,
}

/// A receipt's totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptSummary {
    /// Its number.
    pub receipt: ReceiptId,
    /// Where it went.
    pub destination: DestinationLabel,
    /// When it was begun.
    pub begun: Moment,
    /// When it was ended last, if it was.
    pub ended: Option<Moment>,
    /// How many studies.
    pub studies: u64,
    /// How the instances stand now, and what the scan of their source left out.
    pub counts: Counts,
    /// How many bytes they have together.
    pub bytes: u64,
}

/// An instance of a receipt as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLine {
    /// Its number, for paging.
    pub number: u64,
    /// Its study.
    pub study: UidHash,
    /// Which instance.
    pub instance: UidHash,
    /// How many bytes it has.
    pub bytes: u64,
    /// How it stands.
    pub outcome: Outcome,
    /// What proves it.
    pub proof: Option<Proof>,
    /// Why it did not get there.
    pub reason: Option<Reason>,
    /// Since when.
    pub at: Moment,
}

/// Where a study or an instance was seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// On which receipt.
    pub receipt: ReceiptId,
    /// Where it went.
    pub destination: DestinationLabel,
    /// The latest line.
    pub at: Moment,
    /// How it stands; for a single instance one outcome that counts one.
    pub counts: Counts,
    /// How many bytes.
    pub bytes: u64,
}

/// What was sent in some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Per day, destination and outcome.
    pub instances: Vec<StatisticsLine>,
    /// Per day on which receipts were begun, and destination.
    pub sends: Vec<SendStatistics>,
}

/// One day, one destination, one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsLine {
    /// The day's first moment (UTC).
    pub day: Moment,
    /// Where it went.
    pub destination: DestinationLabel,
    /// How it stands.
    pub outcome: Outcome,
    /// How many instances.
    pub instances: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// One day, one destination: how many receipts were begun and ended, and how long they took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendStatistics {
    /// The day's first moment (UTC).
    pub day: Moment,
    /// Where it went.
    pub destination: DestinationLabel,
    /// How many receipts were begun.
    pub begun: u64,
    /// How many of them were ended.
    pub ended: u64,
    /// How long those took together, from begin to the last end.
    pub took: Duration,
}

impl LedgerReader {
    /// Opens the ledger at `path` for reading.
    ///
    /// # Errors
    /// [`LedgerError::Missing`], [`LedgerError::Damaged`], [`LedgerError::TooNew`], [`LedgerError::NotWritable`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        if !path.is_file() {
            return Err(LedgerError::Missing);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        table::check_version(&connection)?;
        Ok(Self { connection })
    }

    /// As [`crate::Ledger::history`].
    ///
    /// # Errors
    /// Those of reading.
    pub fn history(
        &self,
        limit: u32,
        before: Option<EventNumber>,
    ) -> Result<Vec<HistoryLine>, LedgerError> {
        query::history(&self.connection, limit, before)
    }

    /// As [`crate::Ledger::receipt`].
    ///
    /// # Errors
    /// [`LedgerError::ReceiptUnknown`]; those of reading.
    pub fn receipt(&self, id: ReceiptId) -> Result<ReceiptSummary, LedgerError> {
        query::receipt(&self.connection, id)
    }

    /// As [`crate::Ledger::receipt_lines`].
    ///
    /// # Errors
    /// [`LedgerError::ReceiptUnknown`]; those of reading.
    pub fn receipt_lines(
        &self,
        id: ReceiptId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, LedgerError> {
        query::receipt_lines(&self.connection, id, after, limit)
    }

    /// As [`crate::Ledger::find_instance`].
    ///
    /// # Errors
    /// [`LedgerError::WrongKey`]; those of reading.
    pub fn find_instance(
        &self,
        key: &LedgerKey,
        instance: &SopInstanceUid,
    ) -> Result<Vec<Sighting>, LedgerError> {
        query::find_instance(&self.connection, &self.keys(key)?, instance)
    }

    /// As [`crate::Ledger::find_study`].
    ///
    /// # Errors
    /// [`LedgerError::WrongKey`]; those of reading.
    pub fn find_study(
        &self,
        key: &LedgerKey,
        study: &StudyInstanceUid,
    ) -> Result<Vec<Sighting>, LedgerError> {
        query::find_study(&self.connection, &self.keys(key)?, study)
    }

    /// As [`crate::Ledger::statistics`].
    ///
    /// # Errors
    /// Those of reading.
    pub fn statistics(&self, from: Moment, to: Moment) -> Result<Statistics, LedgerError> {
        query::statistics(&self.connection, from, to)
    }

    /// As [`crate::Ledger::export`].
    ///
    /// # Errors
    /// [`LedgerError::NotWritten`] where `to` fails; those of reading.
    pub fn export(&self, to: &mut impl Write) -> Result<u64, LedgerError> {
        export::export(&self.connection, to)
    }

    /// As [`crate::Ledger::verify`].
    ///
    /// # Errors
    /// [`LedgerError::WrongKey`]; those of reading.
    pub fn verify(
        &self,
        key: &LedgerKey,
        kept: Option<&Head>,
    ) -> Result<Verification, LedgerError> {
        verify::verify(&self.connection, &Keys::of(key), kept)
    }

    /// The keys, if they are the ledger's: a wrong key would find nothing and look like "never sent".
    fn keys(&self, key: &LedgerKey) -> Result<Keys, LedgerError> {
        let keys = Keys::of(key);
        let check: Vec<u8> =
            self.connection.query_row("SELECT key_check FROM seal", [], |row| row.get(0))?;
        if check == keys.check() { Ok(keys) } else { Err(LedgerError::WrongKey) }
    }
}
