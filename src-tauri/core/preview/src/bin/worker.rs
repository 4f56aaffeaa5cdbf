//! The worker as a program of its own, for tests and for faces that do not start themselves again.

use std::process::ExitCode;

fn main() -> ExitCode {
    relaypacs_preview::worker::run()
}
