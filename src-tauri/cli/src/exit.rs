//! How a command ends: the exit statuses of the contract, and faults in words.

use crate::people;
use relaypacs_model::{Code, Fault, Outcome};
use relaypacs_relay::{ScanCounts, Summary};

/// The exit statuses of the contract. Usage errors (2) leave through the argument parser or [`Exit::Usage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All that was offered is confirmed.
    Done,
    /// A fault of ours.
    Fault,
    /// The command line, or what it names, is wrong.
    Usage,
    /// Something needs a person.
    NeedsAPerson,
    /// Kept safely in the queue; the destination cannot be reached or is asleep.
    Waiting,
    /// There was nothing to send.
    Nothing,
    /// Stopped by the user, queue intact.
    Stopped,
}

impl Exit {
    /// The number for the operating system.
    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Fault => 1,
            Self::Usage => 2,
            Self::NeedsAPerson => 3,
            Self::Waiting => 4,
            Self::Nothing => 5,
            Self::Stopped => 130,
        }
    }

    /// What a scan alone comes to.
    pub(crate) fn of_scan(counts: &ScanCounts) -> Self {
        if counts.needs_a_person() {
            Self::NeedsAPerson
        } else if counts.instances == 0 {
            Self::Nothing
        } else {
            Self::Done
        }
    }

    /// What a run comes to. What needs a person weighs more than what only waits: waiting mends itself.
    pub(crate) fn of_run(summary: &Summary, scanned: Option<&ScanCounts>) -> Self {
        const PERSON: [Outcome; 4] =
            [Outcome::Rejected, Outcome::Conflict, Outcome::Changed, Outcome::SourceGone];
        if !summary.adds_up() {
            return Self::Fault;
        }
        let needs_a_person = PERSON.iter().any(|outcome| summary.count(*outcome) > 0)
            || scanned.is_some_and(ScanCounts::needs_a_person);
        if needs_a_person {
            Self::NeedsAPerson
        } else if summary.count(Outcome::Waiting) > 0 {
            Self::Waiting
        } else if scanned.is_some_and(|counts| counts.instances == 0) {
            Self::Nothing
        } else {
            Self::Done
        }
    }

    /// What a fault that ended the whole command comes to.
    pub(crate) fn of_fault(code: Code) -> Self {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "what is not named is a fault of ours or of the machine"
        )]
        match code {
            Code::SourceNotFound
            | Code::DestinationUnknown
            | Code::DestinationNotUsable
            | Code::DestinationInUse
            | Code::CredentialFile
            | Code::ReceiptUnknown
            | Code::ReceiptNotSaved
            | Code::StudyUnknown => Self::Usage,
            Code::NothingToSend => Self::Nothing,
            Code::Stopped => Self::Stopped,
            Code::Unreachable
            | Code::NameNotFound
            | Code::ArchiveBusy
            | Code::ArchiveFailed
            | Code::ConnectionLost
            | Code::Stalled => Self::Waiting,
            Code::TlsNotTrusted
            | Code::TlsFailed
            | Code::SignInNeeded
            | Code::Forbidden
            | Code::NoStoreHere
            | Code::Redirected
            | Code::LedgerBroken
            | Code::SourceUnreadable => Self::NeedsAPerson,
            _ => Self::Fault,
        }
    }
}

/// Says a fault to a person, and to a program where one listens.
pub(crate) fn explain(fault: &Fault, json: bool) -> Exit {
    if json {
        crate::json::fault(fault);
    }
    people::fault(fault);
    Exit::of_fault(fault.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(outcomes: &[(Outcome, u64)]) -> Summary {
        Summary {
            instances: outcomes.iter().map(|(_, n)| n).sum(),
            outcomes: outcomes.iter().copied().collect(),
            ..Summary::default()
        }
    }

    fn scanned(instances: u64) -> ScanCounts {
        ScanCounts { instances, ..ScanCounts::default() }
    }

    #[test]
    fn the_status_says_the_worst_that_happened() {
        let done = summary(&[(Outcome::Confirmed, 2), (Outcome::AlreadyThere, 1)]);
        assert_eq!(Exit::of_run(&done, Some(&scanned(3))), Exit::Done);
        let waiting = summary(&[(Outcome::Confirmed, 2), (Outcome::Waiting, 1)]);
        assert_eq!(Exit::of_run(&waiting, Some(&scanned(3))), Exit::Waiting);
        let refused = summary(&[(Outcome::Rejected, 1), (Outcome::Waiting, 1)]);
        assert_eq!(Exit::of_run(&refused, Some(&scanned(2))), Exit::NeedsAPerson);
        assert_eq!(Exit::of_run(&summary(&[]), Some(&scanned(0))), Exit::Nothing);
        assert_eq!(Exit::of_run(&summary(&[]), None), Exit::Done);
    }

    #[test]
    fn parts_that_do_not_add_up_are_a_fault_of_ours() {
        let lost = Summary { instances: 3, ..summary(&[(Outcome::Confirmed, 2)]) };
        assert_eq!(Exit::of_run(&Summary { instances: 3, ..lost }, None), Exit::Fault);
    }
}
