//! The relay: the rooms composed into the running thing. Import, send, confirm, record, erase.
//!
//! This room knows every other room of the core and none of the faces: no terminal, no window, no Tauri. It asks what
//! time it is (`clock.rs`) and where a home is; the rooms below are told.

mod absent;
mod ask;
mod bandwidth;
mod cancelled;
mod clock;
mod close;
mod counting;
mod desk;
mod doubt;
mod drive;
mod ended;
mod ends;
mod faults;
mod findings;
mod gate;
mod home;
mod import;
mod key;
mod lane;
pub mod log;
mod network;
mod observer;
mod opening;
mod park;
mod part;
mod person;
mod reader;
mod relay;
mod report;
mod review;
mod run;
mod said_there;
mod send;
mod serve;
mod settle;
mod slices;
mod sources;
mod spool;
mod steer;
mod stop;
mod volume;
mod work;

pub use ends::ImportEnd;
pub use findings::{Findings, Notable};
pub use home::Home;
pub use import::{Imported, look};
pub use key::{KeyKept, KeySource};
pub use network::{Interfaces, Network};
pub use observer::{Nobody, Observer, Progress, ScanCounts, StudyEnd, Summary, Verdict};
pub use opening::SetAside;
pub use person::{Wish, check};
pub use reader::Reader;
pub use relay::{Relay, Target};
pub use report::{Reach, completeness, sentence, try_receipt};
pub use review::{Chosen, Presence, Review};
pub use spool::{CopyProgress, Gap, SourceFree, SourceGone, SourceStays, SpoolWhen, Spooling};
pub use steer::{InTurn, Sums};
pub use stop::Stop;
pub use volume::Removable;
pub use work::Work;

pub use relaypacs_ledger::{
    Completeness, Counts as ReceiptCounts, DestinationLabel, EventNumber, HistoryLine, IndexTally,
    ReceiptId, ReceiptSummary, Statistics, StoredLine, UidHash, Verification, skip_words,
};
pub use relaypacs_queue::{
    Counts, DestinationId, DestinationRow, HeldStudy, HeldSum, ImportId, InstanceId, InstanceRow,
    Parked, Phase, SeriesRow, Source, StateName, StudyId, StudyRow, Tally,
};
pub use relaypacs_scan::Opened;
pub use relaypacs_upload::{Checked, Timing};
