//! Does the chain hold? Walks every event and every line once; finds what was changed, taken out, put in or cut off.

use crate::chain::{self, SetDigest};
use crate::key::{Keys, hex};
use crate::table::event::{self, EventRow};
use crate::table::seal::{self, Seal};
use crate::table::{self, line, tally};
use crate::{EventNumber, LedgerError};
use rusqlite::{Connection, Row};
use serde_json::Value;
use std::fmt;

/// How long a chain is and how it ends. Kept elsewhere, it finds a ledger that was put back to an older state or
/// written anew. `Display` is one line, `events:chain` in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many events.
    pub events: u64,
    /// The chain value of the last one (HMAC-SHA-256).
    pub chain: [u8; 32],
}

impl Head {
    pub(crate) fn of(seal: &Seal) -> Result<Self, LedgerError> {
        Ok(Self { events: table::count(seal.events)?, chain: seal.chain })
    }

    /// Reads what `Display` shows.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (events, digits) = text.trim().split_once(':')?;
        let events = events.parse().ok()?;
        if digits.len() != 64 || !digits.is_ascii() {
            return None;
        }
        let mut chain = [0; 32];
        for (at, byte) in chain.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(Self { events, chain })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.events, hex(&self.chain))
    }
}

/// What a walk over the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Everything is as it was written.
    Verified {
        /// How many events.
        events: u64,
        /// How many receipts.
        receipts: u64,
        /// How many receipt lines.
        lines: u64,
        /// How the chain ends.
        head: Head,
    },
    /// Something is not.
    Broken {
        /// The first event that is not as it was written (or, past the last one, its number plus one).
        at: EventNumber,
        /// What is wrong with it.
        why: Breach,
    },
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// The event is not there: taken out, moved or cut off.
    Missing,
    /// The event says something else than was written, or was written by somebody without the key.
    Altered,
    /// There are events or lines past the end.
    Added,
    /// The receipt lines that this event covers are not those that were written.
    Lines,
    /// The totals do not agree with the lines.
    Totals,
    /// The seal was changed.
    Seal,
    /// The chain does not go through the head that was kept elsewhere.
    Kept,
}

struct Walk<'a> {
    connection: &'a Connection,
    keys: &'a Keys,
    seal: Seal,
    kept: Option<&'a Head>,
    previous: [u8; 32],
    events: i64,
    lines: i64,
    receipts: u64,
}

pub(crate) fn verify(
    connection: &Connection,
    keys: &Keys,
    kept: Option<&Head>,
) -> Result<Verification, LedgerError> {
    // One transaction: what a writer adds meanwhile is not seen by half.
    let still = connection.unchecked_transaction()?;
    let seal = match seal::load(&still, keys) {
        Ok(seal) => seal,
        Err(LedgerError::Broken | LedgerError::Damaged) => return Ok(broken(0, Breach::Seal)),
        Err(other) => return Err(other),
    };
    let origin = chain::ORIGIN;
    let mut walk = Walk {
        connection: &still,
        keys,
        seal,
        kept,
        previous: origin,
        events: 0,
        lines: 0,
        receipts: 0,
    };
    match walk.run()? {
        Some((at, why)) => Ok(broken(at, why)),
        None => Ok(Verification::Verified {
            events: table::count(walk.events)?,
            receipts: walk.receipts,
            lines: table::count(walk.lines)?,
            head: Head::of(&walk.seal)?,
        }),
    }
}

type Found = Option<(i64, Breach)>;

impl Walk<'_> {
    fn run(&mut self) -> Result<Found, LedgerError> {
        if self.kept.is_some_and(|kept| kept.events == 0 && kept.chain != chain::ORIGIN) {
            return Ok(Some((0, Breach::Kept)));
        }
        let sql = format!("SELECT {} FROM event ORDER BY number", event::COLUMNS);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(why) = self.event(row)? {
                return Ok(Some((self.events.saturating_add(1), why)));
            }
            self.events = self.events.saturating_add(1);
        }
        self.end()
    }

    fn event(&mut self, row: &Row<'_>) -> Result<Option<Breach>, LedgerError> {
        // What cannot be read as what we write was not written by us.
        let Ok((event, chain)) = event::read(row) else { return Ok(Some(Breach::Altered)) };
        if self.events >= self.seal.events {
            return Ok(Some(Breach::Added));
        }
        let expected = self.events.saturating_add(1);
        if event.number != expected {
            let why = if event.number > expected { Breach::Missing } else { Breach::Added };
            return Ok(Some(why));
        }
        let link = chain::link(self.keys, &self.previous, &event);
        if chain != link {
            return Ok(Some(Breach::Altered));
        }
        self.previous = link;
        let kept = self.kept.filter(|kept| i64::try_from(kept.events) == Ok(event.number));
        if kept.is_some_and(|kept| kept.chain != link) {
            return Ok(Some(Breach::Kept));
        }
        match event.kind.as_str() {
            event::RECEIPT_BEGUN => self.receipts = self.receipts.saturating_add(1),
            event::RECEIPT_LINES => return self.set(&event),
            _ => {}
        }
        Ok(None)
    }

    /// The lines that an event covers are those that follow the ones before, all of one receipt and study, and have
    /// the digest that the event names.
    fn set(&mut self, event: &EventRow) -> Result<Option<Breach>, LedgerError> {
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or(Value::Null);
        let number = |key: &str| detail.get(key).and_then(Value::as_i64);
        let (Some(first), Some(last)) = (number("first"), number("last")) else {
            return Ok(Some(Breach::Lines));
        };
        if first != self.lines.saturating_add(1) || last < first {
            return Ok(Some(Breach::Lines));
        }
        let sql = format!(
            "SELECT {} FROM line WHERE number BETWEEN ?1 AND ?2 ORDER BY number",
            line::COLUMNS
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([first, last])?;
        let mut digest = SetDigest::new(self.keys);
        while let Some(row) = rows.next()? {
            let Ok(line) = line::read(row) else { return Ok(Some(Breach::Lines)) };
            self.lines = self.lines.saturating_add(1);
            let ours = Some(line.receipt) == event.receipt
                && event.study.as_deref() == Some(line.study.as_slice());
            if line.number != self.lines || !ours {
                return Ok(Some(Breach::Lines));
            }
            digest.add(&line);
        }
        let named = detail.get("digest").and_then(Value::as_str);
        let holds = self.lines == last && named == Some(hex(&digest.finish()).as_str());
        Ok((!holds).then_some(Breach::Lines))
    }

    fn end(&self) -> Result<Found, LedgerError> {
        let next = self.events.saturating_add(1);
        if self.events != self.seal.events || self.previous != self.seal.chain {
            return Ok(Some((next, Breach::Missing)));
        }
        let outside = "SELECT 1 FROM line WHERE number > ?1 OR number < 1";
        if self.lines != self.seal.lines {
            return Ok(Some((next, Breach::Lines)));
        }
        if self.connection.prepare(outside)?.exists([self.lines])? {
            return Ok(Some((next, Breach::Added)));
        }
        if self.kept.is_some_and(|kept| !i64::try_from(kept.events).is_ok_and(|n| n < next)) {
            return Ok(Some((next, Breach::Kept)));
        }
        if !tally::adds_up(self.connection)? {
            return Ok(Some((next, Breach::Totals)));
        }
        Ok(None)
    }
}

fn broken(at: i64, why: Breach) -> Verification {
    Verification::Broken { at: EventNumber(u64::try_from(at).unwrap_or(0)), why }
}
