//! The harness of the whole-system tests: synthetic DICOM, a real Orthanc, the command line as a child process, and the
//! corpus where there is one. `cargo xtask` uses it as well.
//!
//! This room knows none of the core's: what it makes and what it expects must not lean on what it tests.

pub mod bus;
pub mod censor;
pub mod chance;
pub mod cli;
pub mod corpus;
#[cfg(target_os = "linux")]
pub mod disk;
pub mod gate;
pub mod http;
pub mod lines;
pub mod orthanc;
mod run;
pub mod trace;
pub mod weather;
pub mod webdriver;

/// Synthetic DICOM.
pub use relaypacs_sample as fixture;
