//! What can go wrong with the queue. The texts carry no patient data, no UID, no path and no SQL value.

use rusqlite::ErrorCode;

/// Why the queue could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The key does not open the database: no page of it is authentic under this key.
    #[error("the key does not open the queue")]
    WrongKey,
    /// The database was written by a newer program; nothing was changed.
    #[error("the queue was made by a newer program")]
    TooNew,
    /// The database was written by an older program and a reader may not bring it up to date.
    #[error("the queue was made by an older program and has to be opened for writing once")]
    TooOld,
    /// Bytes of the database are not what was written: see [`crate::set_aside`].
    #[error("the queue's database is damaged")]
    Damaged,
    /// No room on the disk; the change was not made.
    #[error("the disk is full")]
    DiskFull,
    /// The database, or the folder that holds it, cannot be opened or written.
    #[error("the queue cannot be written")]
    NotWritable,
    /// Another process (or another [`crate::Queue`]) writes this database.
    #[error("another process works this queue")]
    InUse,
    /// The destination still has studies in the queue.
    #[error("the destination still has studies in the queue")]
    DestinationInUse,
    /// Another destination has this name.
    #[error("another destination has this name")]
    NameTaken,
    /// No row has this id, or it is not there any more.
    #[error("the queue has no such row")]
    NoSuchRow,
    /// A row holds what this program never writes.
    #[error("a row of the queue cannot be read: {0}")]
    Unreadable(&'static str),
    /// The database answered with another code (SQLite's extended result code).
    #[error("the queue's database answered with code {0}")]
    Sql(i32),
    /// A statement of ours does not fit the tables.
    #[error("a statement does not fit the queue's tables")]
    Statement,
}

/// SQLITE_IOERR_SHMSIZE
const NO_ROOM_FOR_INDEX: i32 = 4874;

/// What every function of this room returns.
pub type Result<T, E = QueueError> = std::result::Result<T, E>;

impl From<rusqlite::Error> for QueueError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(failure) = error.sqlite_error() else {
            let no_row = matches!(error, rusqlite::Error::QueryReturnedNoRows);
            return if no_row { Self::NoSuchRow } else { Self::Statement };
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "non-exhaustive, from outside")]
        match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
            ErrorCode::DiskFull => Self::DiskFull,
            // The index of the log cannot grow: SQLite asks the disk for its room at once.
            ErrorCode::SystemIoFailure if failure.extended_code == NO_ROOM_FOR_INDEX => {
                Self::DiskFull
            }
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                Self::NotWritable
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::InUse,
            _ => Self::Sql(failure.extended_code),
        }
    }
}
