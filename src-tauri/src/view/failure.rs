//! A fault as the window shows it.

use super::CodeWord;
use relaypacs_model::{Code, Fault, Sentences};
use serde::Serialize;

/// What went wrong: a code that the UI has words for, and the same in English for when it has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Failure {
    /// What to tell apart.
    pub code: CodeWord,
    /// What happened, and whether anything is lost.
    pub message: String,
    /// What to do now.
    pub hint: String,
    /// What only the place that met it can know: a host, a number. Never patient data. May be empty.
    pub detail: String,
}

impl From<&Fault> for Failure {
    fn from(fault: &Fault) -> Self {
        let Sentences { happened, lost, now } = fault.sentences();
        Self {
            code: CodeWord(fault.code),
            message: format!("{happened} {lost}"),
            hint: now.to_owned(),
            detail: fault.detail.clone(),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::from(&fault)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::from(&Fault::new(code))
    }
}
