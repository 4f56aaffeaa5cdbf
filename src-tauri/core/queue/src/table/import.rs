//! `import`: one offered set of sources, what was found in it and what was skipped.

pub(crate) const V1: &str = "
CREATE TABLE import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER REFERENCES destination(id),
    created INTEGER NOT NULL,
    finished_at INTEGER,
    files INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX import_unfinished ON import(id) WHERE finished_at IS NULL;
CREATE INDEX import_by_destination ON import(destination_id);
CREATE TABLE import_skip (
    import_id INTEGER NOT NULL REFERENCES import(id),
    reason TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (import_id, reason)
) STRICT, WITHOUT ROWID;
";

/// What an unfinished import may not change yet: `hold` keeps its studies from being claimed, `reoffer` what it found
/// of instances that are in the queue already.
pub(crate) const STAGING_V1: &str = "
CREATE TABLE hold (
    study_id INTEGER NOT NULL REFERENCES study(id),
    import_id INTEGER NOT NULL REFERENCES import(id),
    PRIMARY KEY (study_id, import_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_by_import ON hold(import_id);
CREATE TABLE reoffer (
    import_id INTEGER NOT NULL REFERENCES import(id),
    instance_id INTEGER NOT NULL REFERENCES instance(id),
    sop_class_uid TEXT NOT NULL,
    series_uid TEXT NOT NULL,
    transfer_syntax_uid TEXT,
    encoding INTEGER NOT NULL,
    part10 INTEGER NOT NULL,
    modality TEXT NOT NULL,
    number_of_frames INTEGER,
    location BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    modified INTEGER,
    differs INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, instance_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reoffer_by_instance ON reoffer(instance_id);
";

/// Whether what an import found has to be copied into the spool, and on which volumes it lay. A mount point can carry a
/// patient's name, so a volume goes after the last instance of its import, once its end was told.
pub(crate) const COPY_V1: &str = "
ALTER TABLE import ADD COLUMN copy INTEGER NOT NULL DEFAULT 0;
CREATE TABLE import_volume (
    import_id INTEGER NOT NULL REFERENCES import(id) ON DELETE CASCADE,
    mount BLOB NOT NULL,
    root BLOB NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (import_id, mount)
) STRICT, WITHOUT ROWID;
";

/// What the end of an import has to say of its source. The name and the place can be those of a patient, so they go with
/// the volumes; a number names nobody.
pub(crate) const SOURCE_V1: &str = "
ALTER TABLE import ADD COLUMN source_name TEXT;
ALTER TABLE import ADD COLUMN source_place BLOB;
ALTER TABLE import ADD COLUMN listed_missing INTEGER NOT NULL DEFAULT 0;
";
