//! The errors of the rooms, as a person meets them.

use crate::home::disk_fault;
use relaypacs_ledger::{LedgerError, PaperError};
use relaypacs_model::{Code, Fault};
use relaypacs_queue::QueueError;
use relaypacs_scan::ScanError;
use std::io::ErrorKind;

/// Turns the error of a room into a [`Fault`].
pub(crate) trait OrFault<T> {
    fn or_fault(self) -> Result<T, Fault>;
}

impl<T> OrFault<T> for Result<T, QueueError> {
    fn or_fault(self) -> Result<T, Fault> {
        self.map_err(|error| {
            let code = match error {
                QueueError::WrongKey => Code::WrongKey,
                QueueError::TooNew => Code::QueueTooNew,
                QueueError::Damaged | QueueError::Unreadable(_) => Code::QueueDamaged,
                QueueError::DiskFull => Code::DiskFull,
                QueueError::NotWritable => Code::HomeNotWritable,
                QueueError::InUse => Code::QueueInUse,
                QueueError::DestinationInUse => Code::DestinationInUse,
                QueueError::NameTaken => Code::DestinationNotUsable,
                QueueError::NoSuchRow => Code::StudyUnknown,
                QueueError::TooOld | QueueError::Sql(_) | QueueError::Statement => Code::Internal,
            };
            Fault::with(code, error)
        })
    }
}

impl<T> OrFault<T> for Result<T, LedgerError> {
    fn or_fault(self) -> Result<T, Fault> {
        self.map_err(|error| Fault::with(error.code(), error))
    }
}

impl<T> OrFault<T> for Result<T, ScanError> {
    fn or_fault(self) -> Result<T, Fault> {
        self.map_err(|error| {
            let code = match error {
                ScanError::NotFound { .. } => Code::SourceNotFound,
                ScanError::Unreadable { .. } => Code::SourceUnreadable,
                ScanError::Cancelled => Code::Stopped,
                ScanError::Thread(_) => Code::Internal,
            };
            Fault::with(code, error)
        })
    }
}

impl<T> OrFault<T> for Result<T, PaperError> {
    fn or_fault(self) -> Result<T, Fault> {
        self.map_err(|error| match error {
            PaperError::Io(error) if error.kind() == ErrorKind::StorageFull => disk_fault(&error),
            PaperError::Io(error) => Fault::with(Code::ReceiptNotSaved, error.kind()),
            PaperError::DoesNotAddUp { .. } => Fault::with(Code::Internal, error),
        })
    }
}
