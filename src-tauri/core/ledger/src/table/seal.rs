//! `seal`: how long the chain is and how it ends, under a MAC of its own, so that cutting the end off is found.

use crate::LedgerError;
use crate::chain;
use crate::key::Keys;
use rusqlite::{Connection, OptionalExtension};

pub(crate) const CREATE: &str = "
CREATE TABLE seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key_check BLOB NOT NULL,
    events INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    chain BLOB NOT NULL,
    mac BLOB NOT NULL
) STRICT;
CREATE TRIGGER seal_is_never_deleted BEFORE DELETE ON seal
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
";

/// The state of the chain after its last event.
#[derive(Clone, Copy)]
pub(crate) struct Seal {
    pub(crate) events: i64,
    pub(crate) lines: i64,
    pub(crate) chain: [u8; 32],
}

impl Seal {
    const NEW: Self = Self { events: 0, lines: 0, chain: chain::ORIGIN };

    fn mac(&self, keys: &Keys) -> [u8; 32] {
        chain::seal(keys, self.events, self.lines, &self.chain)
    }
}

/// Begins the chain of a new ledger; a ledger that has one is left as it is.
pub(crate) fn begin(connection: &Connection, keys: &Keys) -> Result<(), LedgerError> {
    let has_history: bool = connection
        .prepare("SELECT 1 FROM event UNION ALL SELECT 1 FROM line LIMIT 1")?
        .exists([])?;
    let sealed = connection.prepare("SELECT 1 FROM seal")?.exists([])?;
    if sealed {
        return Ok(());
    }
    if has_history {
        return Err(LedgerError::Broken);
    }
    let new = Seal::NEW;
    connection.execute(
        "INSERT INTO seal (one, key_check, events, lines, chain, mac) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        (
            keys.check().as_slice(),
            new.events,
            new.lines,
            new.chain.as_slice(),
            new.mac(keys).as_slice(),
        ),
    )?;
    Ok(())
}

/// The seal, if the key made it and nobody changed it.
pub(crate) fn load(connection: &Connection, keys: &Keys) -> Result<Seal, LedgerError> {
    let mut load =
        connection.prepare_cached("SELECT key_check, events, lines, chain, mac FROM seal")?;
    let found = load
        .query_row([], |row| {
            let blobs: (Vec<u8>, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(3)?, row.get(4)?);
            Ok((blobs, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let ((check, chain, mac), events, lines) = found.ok_or(LedgerError::Broken)?;
    if check != keys.check() {
        return Err(LedgerError::WrongKey);
    }
    let chain = chain.try_into().map_err(|_| LedgerError::Broken)?;
    let seal = Seal { events, lines, chain };
    if mac != seal.mac(keys) {
        return Err(LedgerError::Broken);
    }
    Ok(seal)
}

pub(crate) fn store(connection: &Connection, keys: &Keys, seal: &Seal) -> Result<(), LedgerError> {
    let mut store = connection
        .prepare_cached("UPDATE seal SET events = ?1, lines = ?2, chain = ?3, mac = ?4")?;
    let mac = seal.mac(keys);
    store.execute((seal.events, seal.lines, seal.chain.as_slice(), mac.as_slice()))?;
    Ok(())
}
