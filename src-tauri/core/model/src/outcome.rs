//! How an instance ends, what proves it, and why it did not get there.

use crate::Code;

/// The state of an instance at the end of a run, in the words of the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The archive lists it.
    Confirmed,
    /// The archive's bytes are ours.
    Verified,
    /// The archive has committed to keep it (PS3.18 section 13).
    Committed,
    /// It was there before, with the same bytes; nothing was sent.
    AlreadyThere,
    /// The archive refused it.
    Rejected,
    /// The same SOP Instance UID stands for other bytes, on the source or in the archive.
    Conflict,
    /// The file is no longer what was scanned.
    Changed,
    /// The source is not there any more.
    SourceGone,
    /// Kept in the queue, to be tried again.
    Waiting,
    /// The user took it out.
    Cancelled,
}

impl Outcome {
    /// Every outcome, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Confirmed,
        Self::Verified,
        Self::Committed,
        Self::AlreadyThere,
        Self::Rejected,
        Self::Conflict,
        Self::Changed,
        Self::SourceGone,
        Self::Waiting,
        Self::Cancelled,
    ];

    /// The word in the command line's contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Verified => "verified",
            Self::Committed => "committed",
            Self::AlreadyThere => "already_there",
            Self::Rejected => "rejected",
            Self::Conflict => "conflict",
            Self::Changed => "changed",
            Self::SourceGone => "source_gone",
            Self::Waiting => "waiting",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads [`Outcome::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// True where the archive is proven to have the instance.
    #[must_use]
    pub fn is_in_the_archive(self) -> bool {
        match self {
            Self::Confirmed | Self::Verified | Self::Committed | Self::AlreadyThere => true,
            Self::Rejected
            | Self::Conflict
            | Self::Changed
            | Self::SourceGone
            | Self::Waiting
            | Self::Cancelled => false,
        }
    }
}

/// The strongest proof that is held for an instance. An HTTP status is never one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Proof {
    /// The answer to the store named it in its Referenced SOP Sequence (0008,1199), or the native equivalent.
    Referenced,
    /// The archive lists it (QIDO-RS, or the native equivalent).
    Listed,
    /// The archive's bytes are ours (read back, or by a digest that the archive computed over what it holds).
    Identical,
    /// Storage commitment (PS3.18 section 13).
    Committed,
}

impl Proof {
    /// The word that a receipt uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Referenced => "referenced",
            Self::Listed => "listed",
            Self::Identical => "identical",
            Self::Committed => "committed",
        }
    }
}

/// Why something did not happen: a code that has words, and the numbers that the archive gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reason {
    /// What to tell a person.
    pub code: Code,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// Failure Reason (0008,1197) or Warning Reason (0008,1196) of the answer.
    pub dicom: Option<u16>,
}

impl Reason {
    /// A reason without numbers.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, status: None, dicom: None }
    }

    /// With the HTTP status of the answer.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// With the Failure Reason or Warning Reason of the answer.
    #[must_use]
    pub fn with_dicom(self, dicom: u16) -> Self {
        Self { dicom: Some(dicom), ..self }
    }

    /// The numbers in words a person can quote: `HTTP 409, reason 0x0110`. Empty where there are none.
    #[must_use]
    pub fn numbers(self) -> String {
        match (self.status, self.dicom) {
            (Some(status), Some(dicom)) => format!("HTTP {status}, reason 0x{dicom:04X}"),
            (Some(status), None) => format!("HTTP {status}"),
            (None, Some(dicom)) => format!("reason 0x{dicom:04X}"),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_reads_back_from_its_word() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
    }

    #[test]
    fn the_numbers_of_the_archive_can_be_quoted() {
        let reason = Reason::new(Code::RefusedByArchive).with_status(409).with_dicom(0x0110);
        assert_eq!(reason.numbers(), "HTTP 409, reason 0x0110");
        assert_eq!(Reason::new(Code::RefusedByArchive).numbers(), "");
    }
}
