//! A row of `destination` to and from the model's words.

use super::destination::{DestinationRow, Learned, Parked};
use super::instance::reason_from;
use crate::{QueueError, Result};
use relaypacs_model::{
    ArchiveRoot, Destination, DestinationName, Dialect, Location, Moment, ReadBack, Secret, SignIn,
};
use rusqlite::Row;

pub(crate) const COLUMNS: &str = "id, name, label, root, sign_in, user, secret, ca, read_back, dialect, max_request_bytes, \
     paused, park_reason, park_status, park_dicom, park_until, park_attempts, practice";

const READ_BACKS: [ReadBack; 3] = [ReadBack::None, ReadBack::Sample, ReadBack::Every];
const DIALECTS: [Dialect; 4] =
    [Dialect::Unknown, Dialect::DicomWeb, Dialect::OrthancDicomWeb, Dialect::OrthancRest];

/// Kind, user and secret as columns.
pub(crate) fn sign_in_columns(sign_in: &SignIn) -> (i64, &str, &str) {
    match sign_in {
        SignIn::None => (0, "", ""),
        SignIn::Basic { user, password } => (1, user, password.reveal()),
        SignIn::Bearer { token } => (2, "", token.reveal()),
    }
}

pub(crate) fn read_back_code(read_back: ReadBack) -> i64 {
    match read_back {
        ReadBack::None => 0,
        ReadBack::Sample => 1,
        ReadBack::Every => 2,
    }
}

pub(crate) fn dialect_code(dialect: Dialect) -> i64 {
    match dialect {
        Dialect::Unknown => 0,
        Dialect::DicomWeb => 1,
        Dialect::OrthancDicomWeb => 2,
        Dialect::OrthancRest => 3,
    }
}

/// Reads [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> Result<DestinationRow> {
    let name: Option<String> = row.get("name")?;
    let name = name
        .map(|text| DestinationName::parse(&text))
        .transpose()
        .map_err(|_| QueueError::Unreadable("name"))?;
    let root: String = row.get("root")?;
    let ca: Option<Vec<u8>> = row.get("ca")?;
    let ca = ca
        .map(|bytes| Location::from_bytes(&bytes).map(|location| location.file().to_owned()))
        .transpose()
        .map_err(|_| QueueError::Unreadable("ca"))?;
    let limit: Option<i64> = row.get("max_request_bytes")?;
    Ok(DestinationRow {
        id: row.get("id")?,
        name,
        destination: Destination {
            label: row.get("label")?,
            root: ArchiveRoot::parse(&root).map_err(|_| QueueError::Unreadable("root"))?,
            sign_in: sign_in(row)?,
            ca,
            read_back: coded(&READ_BACKS, row.get("read_back")?)
                .ok_or(QueueError::Unreadable("read_back"))?,
        },
        learned: Learned {
            dialect: coded(&DIALECTS, row.get("dialect")?)
                .ok_or(QueueError::Unreadable("dialect"))?,
            max_request_bytes: limit.and_then(|bytes| u64::try_from(bytes).ok()),
        },
        paused: row.get("paused")?,
        parked: parked(row)?,
        practice: row.get("practice")?,
    })
}

fn parked(row: &Row<'_>) -> Result<Option<Parked>> {
    let reason =
        reason_from(row.get("park_reason")?, row.get("park_status")?, row.get("park_dicom")?);
    let Some(reason) = reason else { return Ok(None) };
    let until: Option<i64> = row.get("park_until")?;
    Ok(Some(Parked { reason, until: until.map(Moment), attempts: row.get("park_attempts")? }))
}

fn sign_in(row: &Row<'_>) -> Result<SignIn> {
    let secret = Secret::new(row.get::<_, String>("secret")?);
    match row.get::<_, i64>("sign_in")? {
        0 => Ok(SignIn::None),
        1 => Ok(SignIn::Basic { user: row.get("user")?, password: secret }),
        2 => Ok(SignIn::Bearer { token: secret }),
        _ => Err(QueueError::Unreadable("sign_in")),
    }
}

fn coded<T: Copy>(all: &[T], code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|index| all.get(index)).copied()
}
