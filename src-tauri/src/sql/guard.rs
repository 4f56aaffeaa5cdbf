//! The guard: SQLite asks it about everything that a statement would do before it does any of it.
//!
//! The only foreign calls of the program are here, since `sqlx` has no safe way to either.

use super::VIEWS;
use rusqlite::ffi;
use sqlx::sqlite::LockedSqliteHandle;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

/// From now on this connection selects from the published views, and nothing else can be said to it.
#[expect(unsafe_code, reason = "two calls into SQLite that sqlx has no safe wrapper for")]
pub(super) fn put_up(handle: &mut LockedSqliteHandle<'_>) {
    let connection = handle.as_raw_handle().as_ptr().cast::<ffi::sqlite3>();
    // SAFETY: the handle is locked, so the connection is open and nobody else uses it during the calls. `sqlx` and
    // `rusqlite` link the same SQLite (`tests/tidy.rs` holds that there is one). The callback is a plain function that
    // lives as long as the program, and needs no user data.
    unsafe {
        ffi::sqlite3_limit(connection, ffi::SQLITE_LIMIT_ATTACHED, 0);
        ffi::sqlite3_set_authorizer(connection, Some(ask), ptr::null_mut());
    }
}

/// What SQLite calls. `first` and `second` depend on the action; `by` is the innermost view that an access comes from.
#[expect(unsafe_code, reason = "SQLite gives C strings")]
unsafe extern "C" fn ask(
    _: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    _database: *const c_char,
    by: *const c_char,
) -> c_int {
    // SAFETY: SQLite passes null or a string that ends with a zero byte and lives for the call.
    let text = |text: *const c_char| unsafe {
        if text.is_null() { None } else { Some(CStr::from_ptr(text).to_str().unwrap_or_default()) }
    };
    if allowed(action, text(first), text(second), text(by)) {
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_DENY
    }
}

/// What the views read of the tables below them. `by` is not enough to go by: SQLite names a common table expression there
/// as it names a view. So whatever calls itself a view gets no column that the views do not show.
const BELOW: &[(&str, &[&str])] = &[
    (
        "event",
        &["number", "at", "kind", "receipt", "import", "study", "destination", "detail", "chain"],
    ),
    (
        "line",
        &[
            "number",
            "receipt",
            "study",
            "instance",
            "bytes",
            "outcome",
            "proof",
            "code",
            "http_status",
            "dicom_reason",
            "at",
        ],
    ),
    ("tally", &["study", "receipt", "day", "outcome", "instances", "bytes", "last"]),
];

/// Selecting, reading from a published view or what it reads itself, and functions of the core. No view is recursive.
fn allowed(action: c_int, first: Option<&str>, second: Option<&str>, by: Option<&str>) -> bool {
    let published = |name: Option<&str>| name.is_some_and(|name| VIEWS.contains(&name));
    match action {
        ffi::SQLITE_SELECT => true,
        // A column of a view, or a column of a table that a view reads.
        // Counting the rows of a view names the tables below it with no column: that shows no value of theirs.
        ffi::SQLITE_READ => published(first) || below(first, second, published(by)),
        ffi::SQLITE_FUNCTION => {
            second.is_some_and(|name| !name.eq_ignore_ascii_case("load_extension"))
        }
        _ => false,
    }
}

/// A column that the views read, for a view; or a table of theirs that is named and of which no column is read.
fn below(table: Option<&str>, column: Option<&str>, for_a_view: bool) -> bool {
    let columns = BELOW.iter().find(|(name, _)| table == Some(*name)).map(|(_, columns)| columns);
    columns.zip(column).is_some_and(|(columns, column)| {
        column.is_empty() || (for_a_view && columns.contains(&column))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_reading_the_published_views_is_allowed() {
        assert!(allowed(ffi::SQLITE_SELECT, None, None, None));
        assert!(allowed(ffi::SQLITE_READ, Some("view_receipt"), Some("receipt"), None));
        assert!(allowed(ffi::SQLITE_READ, Some("event"), Some("at"), Some("view_receipt")));
        assert!(allowed(ffi::SQLITE_FUNCTION, None, Some("count"), None));
        assert!(allowed(ffi::SQLITE_READ, Some("event"), Some(""), None), "count(*) of a view");
        assert!(!allowed(ffi::SQLITE_READ, Some("event"), Some("at"), None));
        for (table, column) in [("event", "id"), ("line", "content"), ("seal", "mac"), ("seal", "")]
        {
            let by = Some("view_history");
            assert!(!allowed(ffi::SQLITE_READ, Some(table), Some(column), by), "{table}.{column}");
        }
        assert!(!allowed(ffi::SQLITE_READ, Some("sqlite_master"), Some(""), None));
        assert!(!allowed(ffi::SQLITE_READ, Some("sqlite_master"), Some("sql"), None));
        assert!(!allowed(ffi::SQLITE_FUNCTION, None, Some("LOAD_EXTENSION"), None));
        for action in [
            ffi::SQLITE_ATTACH,
            ffi::SQLITE_DETACH,
            ffi::SQLITE_PRAGMA,
            ffi::SQLITE_DELETE,
            ffi::SQLITE_INSERT,
            ffi::SQLITE_UPDATE,
            ffi::SQLITE_CREATE_TEMP_TABLE,
            ffi::SQLITE_CREATE_VTABLE,
            ffi::SQLITE_TRANSACTION,
            ffi::SQLITE_SAVEPOINT,
        ] {
            assert!(!allowed(action, Some("view_receipt"), None, Some("view_receipt")), "{action}");
        }
    }
}
