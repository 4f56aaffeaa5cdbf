//! The views that a window or a program of the user's may read. They hold no patient and no plain UID; hashes are in
//! hex; moments are milliseconds since 1970-01-01T00:00:00Z. Columns are only ever added.
//!
//! - `view_history`: one row for each event. `number` (1, 2, ...), `at`, `kind` (a word of `Event::kind`, or
//!   `receipt_begun`, `receipt_lines`, `receipt_ended`), `receipt`, `study` (hash), `destination` (label), `detail`
//!   (a JSON object of numbers and words), `chain`.
//! - `view_receipt`: one row for each receipt. `receipt`, `destination`, `begun`, `ended` (null while it goes on),
//!   `studies`, `instances`, `in_the_archive`, `waiting`, `not_in_the_archive` (neither there nor waiting), `bytes`.
//! - `view_study`: one row for each study of a receipt. `study` (hash), `receipt`, `destination`, `last` (the latest
//!   line), `instances`, `in_the_archive`, `waiting`, `not_in_the_archive`, `bytes`.
//! - `view_line`: one row for each instance of a receipt, as it stands now. `number`, `receipt`, `study` (hash),
//!   `instance` (hash), `bytes`, `outcome`, `proof`, `code`, `http_status`, `dicom_reason`, `at`.
//! - `view_sent`: one row each time that a study came to its end with something of it in the archive. `number`, `at`,
//!   `receipt`, `study` (hash), `destination`, `modality` (`CT`, `CT+SR`), `priority` (`routine`, `urgent`, `stat`),
//!   `queued` (when it was offered), `images`, `images_in_archive`, `bytes`. Events of an older program have nulls.
//! - `view_source`: one row for each receipt of which the source was scanned. `receipt`, `import` (hash), `listed` (files
//!   in the indexes of the disc; null where there is none), `listed_missing` (of those, not on the disc), `unlisted`,
//!   `index_partly` (1: an index is damaged), `to_look_at` (files that were left out and that a person should look at).
//! - `view_statistics`: one row for each day (UTC, `YYYY-MM-DD`), destination and outcome. `day`, `destination`,
//!   `outcome`, `instances`, `bytes`.

pub(crate) const CREATE: &str = "
CREATE VIEW view_history AS
    SELECT number, at, kind, receipt, lower(hex(study)) AS study, destination, detail, lower(hex(chain)) AS chain
    FROM event;
CREATE VIEW view_receipt AS
    SELECT begun.receipt AS receipt, begun.destination AS destination, begun.at AS begun,
        (SELECT max(at) FROM event WHERE event.receipt = begun.receipt AND kind = 'receipt_ended') AS ended,
        count(DISTINCT tally.study) AS studies,
        coalesce(sum(tally.instances), 0) AS instances,
        coalesce(sum(tally.instances) FILTER (WHERE outcome IN ('confirmed', 'verified', 'committed',
            'already_there')), 0) AS in_the_archive,
        coalesce(sum(tally.instances) FILTER (WHERE outcome = 'waiting'), 0) AS waiting,
        coalesce(sum(tally.instances) FILTER (WHERE outcome NOT IN ('confirmed', 'verified', 'committed',
            'already_there', 'waiting')), 0) AS not_in_the_archive,
        coalesce(sum(tally.bytes), 0) AS bytes
    FROM event AS begun LEFT JOIN tally ON tally.receipt = begun.receipt AND tally.instances > 0
    WHERE begun.kind = 'receipt_begun'
    GROUP BY begun.receipt;
CREATE VIEW view_study AS
    SELECT lower(hex(tally.study)) AS study, tally.receipt AS receipt, begun.destination AS destination,
        max(tally.last) AS last,
        sum(tally.instances) AS instances,
        coalesce(sum(tally.instances) FILTER (WHERE outcome IN ('confirmed', 'verified', 'committed',
            'already_there')), 0) AS in_the_archive,
        coalesce(sum(tally.instances) FILTER (WHERE outcome = 'waiting'), 0) AS waiting,
        coalesce(sum(tally.instances) FILTER (WHERE outcome NOT IN ('confirmed', 'verified', 'committed',
            'already_there', 'waiting')), 0) AS not_in_the_archive,
        sum(tally.bytes) AS bytes
    FROM tally JOIN event AS begun ON begun.receipt = tally.receipt AND begun.kind = 'receipt_begun'
    GROUP BY tally.study, tally.receipt;
CREATE VIEW view_line AS
    SELECT number, receipt, lower(hex(study)) AS study, lower(hex(instance)) AS instance, bytes, outcome, proof, code,
        http_status, dicom_reason, at
    FROM line
    WHERE NOT EXISTS (SELECT 1 FROM line AS later WHERE later.instance = line.instance
        AND later.receipt = line.receipt AND later.number > line.number);
CREATE VIEW view_statistics AS
    SELECT date(tally.day * 86400, 'unixepoch') AS day, begun.destination AS destination, outcome,
        sum(tally.instances) AS instances, sum(tally.bytes) AS bytes
    FROM tally JOIN event AS begun ON begun.receipt = tally.receipt AND begun.kind = 'receipt_begun'
    WHERE tally.instances > 0
    GROUP BY tally.day, begun.destination, outcome;
";

pub(crate) const CREATE_SENT: &str = "
CREATE VIEW view_sent AS
    SELECT number, at, receipt, lower(hex(study)) AS study, destination,
        json_extract(detail, '$.modality') AS modality,
        json_extract(detail, '$.priority') AS priority,
        json_extract(detail, '$.queued') AS queued,
        json_extract(detail, '$.images') AS images,
        json_extract(detail, '$.images_in_archive') AS images_in_archive,
        json_extract(detail, '$.bytes') AS bytes
    FROM event WHERE kind = 'confirmed';
";

/// The reasons are those of `SkipReason::needs_a_person`, which a test holds against this.
pub(crate) const CREATE_SOURCE: &str = "
CREATE INDEX event_by_import ON event (import) WHERE import IS NOT NULL;
CREATE VIEW view_source AS
    SELECT begun.receipt AS receipt, lower(hex(begun.import)) AS import,
        json_extract(import.detail, '$.index.listed') AS listed,
        coalesce(json_extract(import.detail, '$.index.missing'), 0) AS listed_missing,
        coalesce(json_extract(import.detail, '$.index.unlisted'), 0) AS unlisted,
        coalesce(json_extract(import.detail, '$.index.partly'), 0) AS index_partly,
        coalesce(json_extract(import.detail, '$.skipped.damaged'), 0)
            + coalesce(json_extract(import.detail, '$.skipped.unreadable'), 0)
            + coalesce(json_extract(import.detail, '$.skipped.conflict'), 0)
            + coalesce(json_extract(import.detail, '$.skipped.no_uid'), 0)
            + coalesce(json_extract(import.detail, '$.skipped.encrypted_archive'), 0)
            + coalesce(json_extract(import.detail, '$.skipped.unsafe_archive'), 0)
            + coalesce(json_extract(import.detail, '$.skipped.too_large'), 0) AS to_look_at
    FROM event AS begun JOIN event AS import ON import.import = begun.import AND import.kind = 'imported'
    WHERE begun.kind = 'receipt_begun';
";
