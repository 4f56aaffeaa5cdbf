//! The durable queue: what is to be sent, where each instance stands, and what proves it.
//!
//! This room must not know HTTP, async, the clock (every `now` is an argument) or where its key comes from. It is
//! the only place where patient data is kept, so its rules are written here.
//!
//! # Rules
//! * **One writer.** [`Queue`] holds the only connection that writes or checkpoints, and a lock file keeps a second
//!   process out: SQLite up to 3.51.2 can damage a database whose write-ahead log is reset by two connections at
//!   once, and the one that is built in is older. Everyone else is a [`Reader`].
//! * **Encrypted whole.** SQLCipher encrypts database and write-ahead log; the key is raw, 32 bytes, without key
//!   derivation. Sorting and staging stay in memory (`temp_store`), nothing is mapped (`mmap_size = 0`).
//!   `cipher_memory_security` is off: it locks and wipes every allocation of the page cache, which costs a multiple of
//!   the time, against a reader of this process's memory, who has the key and the patients anyway.
//! * **`synchronous = NORMAL`.** A commit survives any end of the program. A loss of power can take back the last
//!   commits, never half of one, and that loses nothing: after every start each unfinished study is asked for at its
//!   archive before its next byte. What a person did, the end of an import, and an erasure are synced before the call
//!   returns (`synchronous = FULL`), since nobody could ask for them again.
//! * **What a loss of power can leave, and why it does no harm.** In this order everything gets onto the disk:
//!   1. The key's note (`key.json`, by the relay): written beside its place, synced, renamed, its folder synced, before
//!      the first page is encrypted with the key that it names.
//!   2. The end of an import, synced, before its first byte may leave. Torn off, nothing was sent, and the source has it.
//!   3. A claim, before its first byte leaves, not synced. Torn off, the row is queued, and the archive may have it: the
//!      archive is asked first at every start, and what it lists is compared.
//!   4. A copy of what lies on a disc: its file, synced, the folder, synced, and then its row, synced. Only after that it
//!      is said that the disc can come out. Torn off before, the copy is due again, and its file is swept away.
//!   5. An answer, not synced. Torn off, the row is on its way, which a start makes unknown, and the archive is asked.
//!   6. The ledger's event, synced (`synchronous = FULL`), before the queue acts on it. Torn off here and whole there,
//!      it is written again under the same id, which changes nothing.
//!   7. The erasure, synced, and the log truncated into the database behind it ([`Queue::barrier`]). Torn off, the rows
//!      are there still, and are erased again. The paper receipt is synced and renamed by the ledger's room.
//!
//!   SQLite writes a checkpoint into the database only after the log is synced, and reads a log up to its first frame
//!   whose sum does not fit: a torn page of the database is whole again from the log, and a torn end of the log was never
//!   there. `tests/power_loss.rs` holds all of that against copies from random moments.
//! * **Damage is not overwritten.** Every page is authenticated; a database with a page that is not is put aside, and
//!   what can be read of it goes on in a new one ([`replace_damaged`]).
//! * **STRICT tables, named columns, migrations beside their table.** A released migration never changes.
//! * **One state machine.** Every change of a row's state is a value of [`next`]; the few statements that change
//!   whole studies take their set of states from it. The tables refuse a confirmed row without proof.
//! * **Derived, not kept.** Counts are kept by triggers and a study's [`Phase`] follows from its counts, so that
//!   neither can drift from the rows. What is kept is only whether the archive was asked.
//! * **Nothing stays.** `secure_delete` is on; [`Queue::erase_study`] and [`Queue::barrier`] leave no trace.
//! * **Bytes in the spool are sealed** ([`SealWriter`]) under a key that only this database has; a copy counts once the
//!   row says so, and the row says so after file and folder are on the disk.
//! * **Errors are silent about data.** [`QueueError`] carries codes; ids of rows are what logs may name.

mod ask;
mod claim;
mod copy;
mod erase;
mod error;
mod held;
mod import;
mod key;
mod left;
mod next;
mod open;
mod person;
mod reoffer;
mod salvage;
mod seal;
mod settle;
mod source;
mod state;
mod table;
mod tally;
mod to_copy;
mod view;
mod wreck;

#[cfg(test)]
mod tests;

pub use ask::{Ask, Asked, AskedRow, StudyToAsk};
pub use claim::{Claim, Limits};
pub use copy::{Copied, Copy, Volume};
pub use erase::Erased;
pub use error::{QueueError, Result};
pub use held::{HeldStudy, HeldSum, SeriesRow};
pub use import::{Import, Offered};
pub use key::{QueueKey, SpoolKey};
pub use next::{Impossible, next};
pub use open::{Barrier, Queue, Reader, View, set_aside};
pub use person::Retry;
pub use salvage::{Salvaged, finish_salvage, replace_damaged};
pub use seal::{About, SealReader, SealWriter, sealed_bytes};
pub use settle::{Answer, Basis, Settled};
pub use source::Source;
pub use state::{Event, State, StateName};
pub use table::destination::{DestinationRow, Learned, Parked};
pub use table::instance::{Copying, InstanceRow};
pub use table::study::StudyColumns;
pub use table::{DestinationId, ImportId, InstanceId, SpoolKeyId, StudyId};
pub use tally::{Counts, Scope, Tally};
pub use to_copy::OnSource;
pub use view::{ImportRow, Phase, StudyFilter, StudyRow};
