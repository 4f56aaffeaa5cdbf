//! Opaque names for things that the web view may point at and must not know: 128 random bits in hex.

use relaypacs_model::{Code, Fault};

/// A new token.
///
/// # Errors
/// [`Code::Internal`] where the system has no random numbers.
pub(crate) fn new() -> Result<String, Fault> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Fault::with(Code::Internal, error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
