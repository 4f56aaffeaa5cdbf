//! The ledger: what happened, without patient data. Events in a chain, receipts, statistics, and the paper receipt.
//!
//! This room must not know a patient, a path, the network or the clock (`now` is an argument). No public function
//! takes free text: a destination's label is made from a [`relaypacs_model::DestinationName`] or an
//! [`relaypacs_model::ArchiveRoot`], and a UID is turned into a keyed hash before it is written. A patient's name
//! has no way in:
//! ```compile_fail
//! use relaypacs_ledger::DestinationLabel;
//! use relaypacs_model::PatientText;
//! let label = DestinationLabel::from(&PatientText::new("Canary^Anna"));
//! ```
//! where a destination's name has one:
//! ```
//! use relaypacs_ledger::DestinationLabel;
//! use relaypacs_model::DestinationName;
//! let label = DestinationLabel::from(&DestinationName::parse("main").unwrap());
//! assert_eq!(label.as_str(), "main");
//! ```
//!
//! # What is stored, and how
//! `ledger.db` is a plain SQLite file: WAL, `STRICT` tables, `synchronous = FULL` (an event that was acknowledged is on
//! the disk before the queue acts on it), one transaction per call. UIDs, imports and the caller's event ids stand in
//! it as the first 16 bytes of an HMAC-SHA-256 under a key that is derived from the [`LedgerKey`].
//!
//! # What the chain proves, and what it does not
//! Every event carries HMAC-SHA-256(chain key, chain of the event before || the event); a set of receipt lines is
//! covered by a digest inside an event; the seal holds the number of events and the last chain value under a MAC of
//! its own. Without the key nobody can change, insert, drop or reorder an event or a line, or cut the end off, without
//! [`Ledger::verify`] finding it. Two things it cannot find by itself:
//! - Whoever holds the key can write a whole new ledger that verifies. The chain protects against others than the
//!   holder, and against accidents.
//! - Whoever can write the file can put an older copy of it back (a rollback), key or not. Keep [`Ledger::head`]
//!   somewhere else (an audit server, a printed receipt) and give it to `verify`: then both are found.

mod chain;
mod completeness;
mod counts;
mod error;
mod event;
mod export;
mod key;
mod label;
mod ledger;
mod modality;
mod paper;
mod read;
mod receipt;
mod sentence;
mod table;
mod verify;

pub use completeness::{Completeness, IndexTally};
pub use counts::Counts;
pub use error::LedgerError;
pub use event::{
    AboutStudy, Event, EventId, EventNumber, ImportId, Setting, Version, VersionFault,
};
pub use key::{LedgerKey, UidHash};
pub use label::DestinationLabel;
pub use ledger::Ledger;
pub use paper::{
    JsonReceipt, PaperError, PaperForm, PaperHead, PaperLine, ReceiptWriter, SavedReceipt,
    TextReceipt,
};
pub use read::{
    HistoryLine, LedgerReader, ReceiptSummary, SendStatistics, Sighting, Statistics,
    StatisticsLine, StoredLine,
};
pub use receipt::{ReceiptId, ReceiptLine, Recorded};
pub use sentence::{skip_words, verdict_sentence};
pub use verify::{Breach, Head, Verification};
