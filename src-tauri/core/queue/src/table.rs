//! The tables, each with its migration and its rows in a file of its own, composed here into one history.

pub(crate) mod destination;
pub(crate) mod destination_row;
pub(crate) mod import;
pub(crate) mod instance;
pub(crate) mod series;
pub(crate) mod spool;
pub(crate) mod study;
pub(crate) mod tally;

use rusqlite::types::FromSql;
use rusqlite::{Row, RowIndex};
use rusqlite_migration::{M, Migrations};

/// How many migrations there are; the `user_version` of a database that is up to date.
pub(crate) const VERSION: usize = 15;

/// The whole history. Only ever append: a migration that was released never changes.
pub(crate) fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(destination::V1),
        M::up(import::V1),
        M::up(study::V1),
        M::up(instance::V1),
        M::up(tally::V1),
        M::up(import::STAGING_V1),
        M::up(instance::COPY_V1),
        M::up(import::COPY_V1),
        M::up(spool::V1),
        M::up(series::V1),
        M::up(study::INSTITUTION_V1),
        M::up(import::SOURCE_V1),
        M::up(destination::PRACTICE_V1),
        M::up(instance::COPY_V2),
        M::up(study::LEFT_V1),
    ])
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    };
}

id! {
    /// A row of `destination`. Ids are never used twice.
    DestinationId
}
id! {
    /// A row of `import`. Ids are never used twice.
    ImportId
}
id! {
    /// A row of `study`. Ids are never used twice.
    StudyId
}
id! {
    /// A row of `instance`. Ids are never used twice.
    InstanceId
}
id! {
    /// A row of `spool_key`. Ids are never used twice.
    SpoolKeyId
}

/// A count or a size from a column; what this program never writes (a negative one) reads as zero.
pub(crate) fn unsigned<I: RowIndex>(row: &Row<'_>, index: I) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|number| u64::try_from(number).unwrap_or(0))
}

/// A count for a column.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
