//! What can go wrong with the ledger. No path, no UID, no SQL in any text.

use relaypacs_model::Code;
use rusqlite::ErrorCode;

/// Why the ledger could not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The file is no database, or is damaged.
    #[error("the ledger's file is damaged")]
    Damaged,
    /// The seal, the chain or a published view does not hold: the file was changed from outside.
    #[error("the ledger's chain does not hold")]
    Broken,
    /// The file was made by a newer program.
    #[error("the ledger was made by a newer program")]
    TooNew,
    /// The key is not the one that the ledger was made with.
    #[error("the key does not open this ledger")]
    WrongKey,
    /// No room on the disk.
    #[error("the disk is full")]
    DiskFull,
    /// The file or its folder cannot be opened or written.
    #[error("the ledger cannot be opened or written")]
    NotWritable,
    /// There is no ledger to read.
    #[error("there is no ledger here yet")]
    Missing,
    /// Another connection held the ledger for too long.
    #[error("the ledger is in use by another process")]
    Busy,
    /// No such receipt.
    #[error("there is no receipt with this number")]
    ReceiptUnknown,
    /// What was to be written to could not take it (an export).
    #[error("the export could not be written")]
    NotWritten,
    /// A number does not fit its table, or a fault of ours.
    #[error("a fault of the ledger's own")]
    Internal,
}

impl LedgerError {
    /// The code whose sentences fit.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Damaged | Self::Broken => Code::LedgerBroken,
            Self::TooNew => Code::QueueTooNew,
            Self::WrongKey => Code::WrongKey,
            Self::DiskFull => Code::DiskFull,
            Self::NotWritable | Self::NotWritten => Code::HomeNotWritable,
            Self::Busy => Code::QueueInUse,
            Self::ReceiptUnknown | Self::Missing => Code::ReceiptUnknown,
            Self::Internal => Code::Internal,
        }
    }
}

/// SQLITE_IOERR_SHMSIZE
const NO_ROOM_FOR_INDEX: i32 = 4874;

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the driver is open")]
        match error {
            // The index of the log cannot grow: SQLite asks the disk for its room at once.
            Error::SqliteFailure(failure, _) if failure.extended_code == NO_ROOM_FOR_INDEX => {
                Self::DiskFull
            }
            Error::SqliteFailure(failure, _) => by_code(failure.code),
            // What a table of ours holds cannot be read as what we wrote.
            Error::SqlInputError { .. }
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(_)
            | Error::QueryReturnedNoRows => Self::Damaged,
            _ => Self::Internal,
        }
    }
}

impl From<rusqlite_migration::Error> for LedgerError {
    fn from(error: rusqlite_migration::Error) -> Self {
        use rusqlite_migration::{Error, MigrationDefinitionError};
        #[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the library is open")]
        match error {
            Error::RusqliteError { err, .. } => err.into(),
            Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
                Self::TooNew
            }
            _ => Self::Internal,
        }
    }
}

fn by_code(code: ErrorCode) -> LedgerError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the driver is open")]
    match code {
        ErrorCode::DiskFull => LedgerError::DiskFull,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch => {
            LedgerError::Damaged
        }
        ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::AuthorizationForStatementDenied => LedgerError::NotWritable,
        ErrorCode::SystemIoFailure => LedgerError::NotWritable,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => LedgerError::Busy,
        // Only a row that stands where ours belongs can violate a constraint: nothing of ours writes one.
        ErrorCode::ConstraintViolation => LedgerError::Broken,
        // Our SQL is tested against our tables: where it fails, the tables are not ours.
        ErrorCode::Unknown => LedgerError::Damaged,
        _ => LedgerError::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn what_the_engine_says_is_told_apart() {
        let table = [
            (ffi::SQLITE_FULL, LedgerError::DiskFull),
            (ffi::SQLITE_IOERR_WRITE, LedgerError::NotWritable),
            (ffi::SQLITE_READONLY_DBMOVED, LedgerError::NotWritable),
            (ffi::SQLITE_CANTOPEN, LedgerError::NotWritable),
            (ffi::SQLITE_CORRUPT, LedgerError::Damaged),
            (ffi::SQLITE_NOTADB, LedgerError::Damaged),
            (ffi::SQLITE_BUSY_SNAPSHOT, LedgerError::Busy),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, LedgerError::Broken),
            (ffi::SQLITE_NOMEM, LedgerError::Internal),
        ];
        for (code, expected) in table {
            let text = Some("SELECT a path and a UID 1.2.3".to_owned());
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), text);
            let told = LedgerError::from(error);
            assert_eq!(told, expected);
            assert!(!told.to_string().contains("1.2.3"));
        }
    }
}
