//! What the chain is made of: HMAC-SHA-256 over an encoding in which no two different rows look alike.
//!
//! Bytes are preceded by their length (u64, little endian), numbers are i64 little endian, an absent value is one zero
//! byte and a present one a one byte before its value. Each sum starts with the name of what it sums.

use crate::key::Keys;
use crate::table::event::EventRow;
use crate::table::line::LineRow;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What stands before the first event.
pub(crate) const ORIGIN: [u8; 32] = [0; 32];

/// The chain value of an event that follows `previous`.
pub(crate) fn link(keys: &Keys, previous: &[u8], row: &EventRow) -> [u8; 32] {
    let mut sum = Sum::new(keys, "event");
    sum.bytes(previous);
    sum.number(row.number);
    sum.bytes(&row.id);
    sum.number(row.at);
    sum.bytes(row.kind.as_bytes());
    sum.maybe(row.receipt.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
    sum.maybe(row.import.as_deref());
    sum.maybe(row.study.as_deref());
    sum.maybe(row.destination.as_deref().map(str::as_bytes));
    sum.bytes(row.detail.as_bytes());
    sum.finish()
}

/// The MAC of the seal.
pub(crate) fn seal(keys: &Keys, events: i64, lines: i64, chain: &[u8]) -> [u8; 32] {
    let mut sum = Sum::new(keys, "seal");
    sum.number(events);
    sum.number(lines);
    sum.bytes(chain);
    sum.finish()
}

/// The digest of a set of receipt lines, in the order of their numbers.
pub(crate) struct SetDigest(Sum);

impl SetDigest {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self(Sum::new(keys, "lines"))
    }

    pub(crate) fn add(&mut self, line: &LineRow) {
        let sum = &mut self.0;
        sum.number(line.number);
        sum.number(line.receipt);
        sum.bytes(&line.study);
        sum.bytes(&line.instance);
        sum.number(line.bytes);
        sum.maybe(line.content.as_ref().map(<[u8; 16]>::as_slice));
        sum.bytes(line.outcome.as_bytes());
        sum.maybe(line.proof.as_deref().map(str::as_bytes));
        sum.maybe(line.code.as_deref().map(str::as_bytes));
        sum.maybe(line.http_status.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
        sum.maybe(line.dicom_reason.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
        sum.number(line.at);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finish()
    }
}

struct Sum(Hmac<Sha256>);

impl Sum {
    fn new(keys: &Keys, what: &'static str) -> Self {
        let mut sum = Self(keys.chain());
        sum.bytes(what.as_bytes());
        sum
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    fn maybe(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update(&[0]),
            Some(bytes) => {
                self.0.update(&[1]);
                self.bytes(bytes);
            }
        }
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }
}
