//! A small DICOMweb archive in one process: the default destination of a first try and of training, and the faulty
//! peer of the tests.
//!
//! It speaks STOW-RS, QIDO-RS and WADO-RS (PS3.18 sections 10.4 to 10.6) below `/dicom-web`, and enough of Orthanc's
//! own REST interface for a fallback. It listens on this machine only, keeps what it is given in a folder, and finds it
//! again after a restart. A [`Faults`] script makes it misbehave in the ways that archives and networks do; the format
//! is described at [`Faults`].
//!
//! This room must not know any other room: no model, no scan, no upload. It reads DICOM with a reader of its own, so
//! that a mistake of ours in reading or writing does not hide itself.
//!
//! ```no_run
//! use relaypacs_practice_pacs::{Options, PracticePacs};
//!
//! let running = PracticePacs::start(Options::in_folder("/tmp/practice"))?;
//! assert!(running.root().starts_with("http://127.0.0.1:"));
//! running.stop();
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
mod archive;
mod body;
mod director;
mod exchange;
mod faults;
mod gate;
mod header;
mod intake;
mod multipart;
mod native;
mod record;
mod requests;
mod retrieve;
mod route;
mod running;
mod scripted;
mod search;
mod serve;
mod source;
mod store;
mod structure;
mod uid;
mod wire;

pub use faults::{
    AnswerBody, CutAt, Duplicates, Fault, Faults, FaultsUnreadable, Kind, Rule, Share, Which,
};
pub use requests::{Counts, Logged};
pub use running::{Options, PracticePacs, Running, SignIn};

#[cfg(test)]
mod tests;
