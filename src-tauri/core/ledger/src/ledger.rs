//! The one that writes: events to the chain, lines to receipts, each call one transaction (a large set of lines: one
//! for every 50,000).

use crate::chain::{self, SetDigest};
use crate::key::{Keys, Kind};
use crate::read::query;
use crate::receipt::study_hash;
use crate::table::event::{self, Draft, EventRow};
use crate::table::seal::{self, Seal};
use crate::table::tally::Changes;
use crate::table::{self, line, stored};
use crate::{
    DestinationLabel, Event, EventId, EventNumber, Head, HistoryLine, ImportId, LedgerError,
    LedgerKey, ReceiptId, ReceiptLine, ReceiptSummary, Recorded, Sighting, Statistics, StoredLine,
    Verification, export, verify,
};
use relaypacs_model::{Moment, SopInstanceUid, StudyInstanceUid};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Lines that share one transaction and one event. Bounds the write-ahead log, whatever the receipt's length.
const LINES_OF_A_SET: usize = 50_000;

/// How long to wait for another connection's transaction.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ledger, open for writing. One at a time is enough; two would wait for each other and keep the chain whole.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    keys: Keys,
}

impl Ledger {
    /// Opens the ledger at `path`, or makes it. Costs the same however long the chain is: the seal is checked, the
    /// chain only by [`Ledger::verify`].
    ///
    /// # Errors
    /// [`LedgerError::Damaged`], [`LedgerError::Broken`] (the seal does not hold), [`LedgerError::TooNew`],
    /// [`LedgerError::WrongKey`], [`LedgerError::DiskFull`], [`LedgerError::NotWritable`], [`LedgerError::Busy`].
    pub fn open(path: &Path, key: &LedgerKey) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // FULL: an event that was acknowledged must be there after a power cut, since the queue acts on it next.
        connection.pragma_update(None, "synchronous", "full")?;
        // 32 MB: most of the index of 1,000,000 instances.
        connection.pragma_update(None, "cache_size", -32_000)?;
        // Without it, INSERT OR REPLACE would pass by the triggers that refuse DELETE.
        connection.pragma_update(None, "recursive_triggers", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        table::migrate(&mut connection)?;
        let keys = Keys::of(key);
        let begin = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        seal::begin(&begin, &keys)?;
        seal::load(&begin, &keys)?;
        begin.commit()?;
        Ok(Self { connection, keys })
    }

    /// Writes an event down, durably. Writing one with the same id again changes nothing and returns the first.
    ///
    /// # Errors
    /// [`LedgerError::Broken`] where the seal or the end of the chain was changed from outside; those of the disk.
    pub fn append(
        &mut self,
        id: EventId,
        event: &Event,
        now: Moment,
    ) -> Result<EventNumber, LedgerError> {
        let id = id.hash(&self.keys);
        let draft = event.draft(&self.keys);
        self.transaction(|tx, keys| {
            if let Some(first) = event::find(tx, &id)? {
                return Ok(EventNumber(table::count(first)?));
            }
            let mut seal = seal::load(tx, keys)?;
            let number = put(tx, keys, &mut seal, id, draft, now)?;
            seal::store(tx, keys, &seal)?;
            Ok(number)
        })
    }

    /// Begins the receipt of an import to a destination; one that was begun before is returned.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn begin_receipt(
        &mut self,
        import: ImportId,
        destination: &DestinationLabel,
        now: Moment,
    ) -> Result<ReceiptId, LedgerError> {
        self.transaction(|tx, keys| {
            let import = import.hash(keys);
            let label = destination.as_str();
            let id = keys.name(Kind::OwnEvent, &[b"begin", &import, label.as_bytes()]);
            if let Some(first) = event::find(tx, &id)? {
                return Ok(ReceiptId(table::count(event::receipt_of(tx, first)?)?));
            }
            let receipt = event::last_receipt(tx)?.saturating_add(1);
            let mut draft = Draft::new(event::RECEIPT_BEGUN);
            draft.receipt = Some(receipt);
            draft.import = Some(import);
            draft.destination = Some(label.into());
            let mut seal = seal::load(tx, keys)?;
            put(tx, keys, &mut seal, id, draft, now)?;
            seal::store(tx, keys, &seal)?;
            Ok(ReceiptId(table::count(receipt)?))
        })
    }

    /// Writes down what became of instances of one study. A line that says what the receipt says of its instance
    /// already is left out; one that says something else is added and counts from then on, the earlier one stays.
    /// What `lines` yields is taken in sets of 50,000: after an error the sets before are kept, and writing all
    /// of it again is harmless.
    ///
    /// # Errors
    /// [`LedgerError::ReceiptUnknown`]; else as [`Ledger::append`].
    pub fn record(
        &mut self,
        receipt: ReceiptId,
        study: &StudyInstanceUid,
        lines: impl IntoIterator<Item = ReceiptLine>,
    ) -> Result<Recorded, LedgerError> {
        let receipt = stored(receipt.0).map_err(|_| LedgerError::ReceiptUnknown)?;
        if !event::is_begun(&self.connection, receipt)? {
            return Err(LedgerError::ReceiptUnknown);
        }
        let study = study_hash(&self.keys, study);
        let mut lines = lines.into_iter().peekable();
        let mut all = Recorded::default();
        while lines.peek().is_some() {
            let set = lines.by_ref().take(LINES_OF_A_SET);
            let one = self.transaction(|tx, keys| put_set(tx, keys, receipt, study, set))?;
            all.new = all.new.saturating_add(one.new);
            all.repeated = all.repeated.saturating_add(one.repeated);
            all.event = one.event.or(all.event);
        }
        Ok(all)
    }

    /// Says that a receipt is complete for now. Lines may follow (something waited and got there later): then it can
    /// be ended again, and the latest end counts. Ending it twice without lines between changes nothing.
    ///
    /// # Errors
    /// [`LedgerError::ReceiptUnknown`]; else as [`Ledger::append`].
    pub fn end_receipt(
        &mut self,
        receipt: ReceiptId,
        now: Moment,
    ) -> Result<EventNumber, LedgerError> {
        let receipt = stored(receipt.0).map_err(|_| LedgerError::ReceiptUnknown)?;
        self.transaction(|tx, keys| {
            if !event::is_begun(tx, receipt)? {
                return Err(LedgerError::ReceiptUnknown);
            }
            let last: Option<i64> = tx
                .prepare_cached("SELECT max(number) FROM line WHERE receipt = ?1")?
                .query_row([receipt], |row| row.get(0))?;
            let lines = last.unwrap_or(0).to_le_bytes();
            let id = keys.name(Kind::OwnEvent, &[b"end", &receipt.to_le_bytes(), &lines]);
            if let Some(first) = event::find(tx, &id)? {
                return Ok(EventNumber(table::count(first)?));
            }
            let mut draft = Draft::new(event::RECEIPT_ENDED);
            draft.receipt = Some(receipt);
            let mut seal = seal::load(tx, keys)?;
            let number = put(tx, keys, &mut seal, id, draft, now)?;
            seal::store(tx, keys, &seal)?;
            Ok(number)
        })
    }

    /// How long the chain is and how it ends, to be kept elsewhere.
    ///
    /// # Errors
    /// [`LedgerError::Broken`] where the seal does not hold.
    pub fn head(&self) -> Result<Head, LedgerError> {
        Head::of(&seal::load(&self.connection, &self.keys)?)
    }

    /// Walks the whole chain. With a `kept` head, also proves that the chain still goes through it.
    ///
    /// # Errors
    /// Only where the file cannot be read; what was changed is a [`Verification::Broken`].
    pub fn verify(&self, kept: Option<&Head>) -> Result<Verification, LedgerError> {
        verify::verify(&self.connection, &self.keys, kept)
    }

    /// The events before `before` (or the last ones), latest first, at most `limit`.
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

    /// A receipt's totals.
    ///
    /// # Errors
    /// [`LedgerError::ReceiptUnknown`]; those of reading.
    pub fn receipt(&self, receipt: ReceiptId) -> Result<ReceiptSummary, LedgerError> {
        query::receipt(&self.connection, receipt)
    }

    /// The instances of a receipt as they stand now, after the line with number `after` (0: from the first), at most
    /// `limit`.
    ///
    /// # Errors
    /// [`LedgerError::ReceiptUnknown`]; those of reading.
    pub fn receipt_lines(
        &self,
        receipt: ReceiptId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, LedgerError> {
        query::receipt_lines(&self.connection, receipt, after, limit)
    }

    /// When and where an instance was sent, and how that ended; one for each receipt, latest first.
    ///
    /// # Errors
    /// Those of reading.
    pub fn find_instance(&self, instance: &SopInstanceUid) -> Result<Vec<Sighting>, LedgerError> {
        query::find_instance(&self.connection, &self.keys, instance)
    }

    /// When and where a study was sent, and how many of its instances ended how; latest first.
    ///
    /// # Errors
    /// Those of reading.
    pub fn find_study(&self, study: &StudyInstanceUid) -> Result<Vec<Sighting>, LedgerError> {
        query::find_study(&self.connection, &self.keys, study)
    }

    /// What was sent from `from` (its whole day, UTC) until `to` (its whole day).
    ///
    /// # Errors
    /// Those of reading.
    pub fn statistics(&self, from: Moment, to: Moment) -> Result<Statistics, LedgerError> {
        query::statistics(&self.connection, from, to)
    }

    /// Writes every event with its chain value, one JSON object a line; the last line is the head.
    ///
    /// # Errors
    /// [`LedgerError::NotWritten`] where `to` fails; those of reading.
    pub fn export(&self, to: &mut impl Write) -> Result<u64, LedgerError> {
        export::export(&self.connection, to)
    }

    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &Keys) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx, &self.keys)?;
        tx.commit()?;
        Ok(done)
    }
}

/// Puts an event at the end of the chain. The seal, not the table, says where the end is: a row that somebody took from
/// the end leaves a gap for good, and a row that somebody added stands in the way.
fn put(
    tx: &Transaction<'_>,
    keys: &Keys,
    seal: &mut Seal,
    id: [u8; 16],
    draft: Draft,
    now: Moment,
) -> Result<EventNumber, LedgerError> {
    let row = EventRow {
        number: seal.events.saturating_add(1),
        id: id.to_vec(),
        at: now.0,
        kind: draft.kind.into(),
        receipt: draft.receipt,
        import: draft.import.map(Vec::from),
        study: draft.study.map(Vec::from),
        destination: draft.destination,
        detail: draft.detail.to_string(),
    };
    let chain = chain::link(keys, &seal.chain, &row);
    event::insert(tx, &row, &chain)?;
    seal.events = row.number;
    seal.chain = chain;
    Ok(EventNumber(table::count(row.number)?))
}

fn put_set(
    tx: &Transaction<'_>,
    keys: &Keys,
    receipt: i64,
    study: [u8; 16],
    lines: impl Iterator<Item = ReceiptLine>,
) -> Result<Recorded, LedgerError> {
    let mut seal = seal::load(tx, keys)?;
    let before = seal.lines;
    let (mut digest, mut changes) = (SetDigest::new(keys), Changes::default());
    let (mut recorded, mut latest_at) = (Recorded::default(), i64::MIN);
    for line in lines {
        let row = line.row(keys, receipt, study, seal.lines.saturating_add(1))?;
        let earlier = line::latest(tx, receipt, &row.instance)?;
        if earlier.as_ref().is_some_and(|earlier| earlier.says_the_same_as(&row)) {
            recorded.repeated = recorded.repeated.saturating_add(1);
            continue;
        }
        if let Some(earlier) = &earlier {
            changes.counts_no_more(earlier);
        }
        changes.counts(&row);
        line::insert(tx, &row)?;
        digest.add(&row);
        seal.lines = row.number;
        latest_at = latest_at.max(row.at);
        recorded.new = recorded.new.saturating_add(1);
    }
    if recorded.new > 0 {
        changes.write(tx)?;
        let first = before.saturating_add(1);
        let mut draft = Draft::new(event::RECEIPT_LINES);
        draft.receipt = Some(receipt);
        draft.study = Some(study);
        draft.detail = json!({
            "first": first, "last": seal.lines, "digest": crate::key::hex(&digest.finish()),
        });
        let id = keys.name(Kind::OwnEvent, &[b"lines", &first.to_le_bytes()]);
        recorded.event = Some(put(tx, keys, &mut seal, id, draft, Moment(latest_at))?);
        seal::store(tx, keys, &seal)?;
    }
    Ok(recorded)
}
