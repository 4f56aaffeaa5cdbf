//! The tables of `ledger.db`, each with the migration that makes it, and the views that others may read.

pub(crate) mod event;
pub(crate) mod line;
pub(crate) mod seal;
pub(crate) mod tally;
pub(crate) mod view;

use crate::LedgerError;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

/// In order; what has been published is never changed, only added to.
const MIGRATIONS: [&str; 7] = [
    event::CREATE,
    line::CREATE,
    tally::CREATE,
    seal::CREATE,
    view::CREATE,
    view::CREATE_SENT,
    view::CREATE_SOURCE,
];

/// Brings the tables up to what this program knows.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    Migrations::new(MIGRATIONS.map(M::up).to_vec()).to_latest(connection)?;
    Ok(())
}

/// Says whether this program knows the tables, without changing them.
pub(crate) fn check_version(connection: &Connection) -> Result<(), LedgerError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).map_err(|_| LedgerError::Internal)?;
    match version {
        // A writer that is only now making the tables, or a file that is none of ours.
        ..1 => Err(LedgerError::Missing),
        _ if version > known => Err(LedgerError::TooNew),
        _ if version < known => Err(LedgerError::Missing),
        _ => Ok(()),
    }
}

/// A count as a table holds it.
pub(crate) fn stored(count: u64) -> Result<i64, LedgerError> {
    i64::try_from(count).map_err(|_| LedgerError::Internal)
}

/// A count as a table gives it back.
pub(crate) fn count(stored: i64) -> Result<u64, LedgerError> {
    u64::try_from(stored).map_err(|_| LedgerError::Damaged)
}
