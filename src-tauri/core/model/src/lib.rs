//! The words of RelayPACS: what every room means by a UID, a header, a patient, a destination, an outcome.
//!
//! This room knows no IO, no clock, no database and no network. Time is a value that is passed in.
//! Types that can hold patient data or secrets ([`PatientText`], [`Secret`]) have no `Display`, and a `Debug` that
//! says nothing; whoever shows them has to call `reveal`, which a reader of the code can search for.

mod bandwidth;
mod code;
mod destination;
mod fault;
mod header;
mod location;
mod moment;
mod outcome;
mod priority;
mod redacted;
mod seen;
mod uid;
mod words;

pub use bandwidth::{Bandwidth, BandwidthFault};
pub use code::Code;
pub use destination::{
    ArchiveRoot, ArchiveRootFault, Destination, DestinationName, DestinationNameFault, Dialect,
    ReadBack, SignIn,
};
pub use fault::Fault;
pub use header::{Encoding, Header, Patient, Series, Study};
pub use location::{Location, LocationFault, MemberStep};
pub use moment::Moment;
pub use outcome::{Outcome, Proof, Reason};
pub use priority::{Priority, PriorityFault};
pub use redacted::{PatientText, Secret};
pub use seen::{Found, IndexReport, Seen, Skip, SkipReason};
pub use uid::{
    SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid, TransferSyntaxUid, UidFault,
};
pub use words::Sentences;
