//! Text that must not be printed by accident.

use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Anything read from a data set that could tell who the patient is. `Debug` shows nothing; there is no `Display`.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatientText(String);

impl PatientText {
    /// Wraps decoded text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that shows or stores it. Never for a log, an event or an error.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True where the data set has no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for PatientText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientText(..)")
    }
}

/// A password, a token, a passphrase. `Debug` shows nothing; memory is cleared on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership of the secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that uses it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_patients_nor_secrets_print() {
        let shown = format!("{:?} {:?}", PatientText::new("Canary^Anna"), Secret::new("hunter2"));
        assert_eq!(shown, "PatientText(..) Secret(..)");
    }
}
