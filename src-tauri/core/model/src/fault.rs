//! An error as a person meets it.

use crate::{Code, Sentences};
use std::fmt;

/// Something that went wrong for the user: a code with three sentences, and a detail without patient data or secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What to tell apart.
    pub code: Code,
    /// What the sentences cannot know: a host name, an operating system's message, a number. May be empty.
    pub detail: String,
}

impl Fault {
    /// A fault without detail.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, detail: String::new() }
    }

    /// A fault with what only the place that met it can know. Never patient data, UIDs or secrets.
    #[must_use]
    pub fn with(code: Code, detail: impl fmt::Display) -> Self {
        Self { code, detail: detail.to_string() }
    }

    /// What happened, is anything lost, what to do now.
    #[must_use]
    pub fn sentences(&self) -> Sentences {
        self.code.sentences()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sentences { happened, lost, now } = self.sentences();
        write!(f, "{happened}")?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, " {lost} {now} [{}]", self.code.as_str())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_happened_what_is_lost_and_what_to_do() {
        let shown = Fault::with(Code::Unreachable, "connection refused").to_string();
        assert!(
            shown.contains("(connection refused)") && shown.ends_with("[unreachable]"),
            "{shown}"
        );
        assert!(shown.matches('.').count() >= 3, "{shown}");
    }
}
