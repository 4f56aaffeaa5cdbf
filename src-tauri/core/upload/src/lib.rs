//! One batch to one verdict per instance: STOW-RS, QIDO-RS, WADO-RS (PS3.18) and Orthanc's own REST interface.
//!
//! This room knows no SQL, no queue, no file and no clock but the one that its waits run on. It never decides when to
//! send: it sends what it is given, says what became of each instance, and asks an archive what it holds.
//! What can be decided without a network is decided in pure files: [`judge`], [`response`], [`multipart`],
//! [`backoff`], [`pacing`], [`sameness`].
//!
//! Nothing of a patient, no UID, URL, header or body gets into an error or a log line of this room.

mod archive;
pub mod backoff;
pub mod multipart;
pub mod pacing;
mod part;
pub mod response;
pub mod sameness;
mod throttle;
mod timing;
mod trouble;
mod verdict;

pub use archive::{Archive, Checked, Listing};
pub use part::{Batch, BatchAnswer, InstanceVerdict, Learned, Part};
pub use sameness::{Compared, Sameness};
pub use throttle::Throttle;
pub use timing::Timing;
pub use trouble::Trouble;
pub use verdict::{Answer, Judgement, Scope, Verdict, judge, judge_native};
