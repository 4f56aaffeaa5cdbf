//! `tally`: how many instances and bytes stand in each state, per study and import, kept by triggers in the very
//! statement that changes a row, so that it cannot drift; and `gone`, what left the queue, without a trace of whose
//! it was, so that the sum of an import still adds up.

pub(crate) const V1: &str = "
CREATE TABLE tally (
    study_id INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    state INTEGER NOT NULL,
    instances INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (study_id, import_id, state)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_by_import ON tally(import_id);
CREATE TABLE gone (
    import_id INTEGER NOT NULL REFERENCES import(id),
    state INTEGER NOT NULL,
    instances INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (import_id, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tally_insert AFTER INSERT ON instance BEGIN
    INSERT INTO tally (study_id, import_id, state, instances, bytes)
    VALUES (NEW.study_id, NEW.import_id, NEW.state, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET instances = instances + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER tally_delete AFTER DELETE ON instance BEGIN
    UPDATE tally SET instances = instances - 1, bytes = bytes - OLD.bytes
    WHERE study_id = OLD.study_id AND import_id = OLD.import_id AND state = OLD.state;
END;
CREATE TRIGGER tally_update AFTER UPDATE OF study_id, import_id, state, bytes ON instance BEGIN
    UPDATE tally SET instances = instances - 1, bytes = bytes - OLD.bytes
    WHERE study_id = OLD.study_id AND import_id = OLD.import_id AND state = OLD.state;
    INSERT INTO tally (study_id, import_id, state, instances, bytes)
    VALUES (NEW.study_id, NEW.import_id, NEW.state, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET instances = instances + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER tally_study_gone AFTER DELETE ON study BEGIN
    DELETE FROM tally WHERE study_id = OLD.id;
END;
";

/// The number in `gone` for what a later import, or another row, took over.
pub(crate) const HANDED_ON: i64 = 100;
