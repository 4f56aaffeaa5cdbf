//! The key of the database: 32 raw bytes that somebody else keeps. And the keys of the spool, which it keeps itself.

use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 random bytes, used as they are: there is no passphrase behind them that would need stretching, whoever has one
/// stretches it before. Cleared on drop; `Debug` shows nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct QueueKey([u8; 32]);

impl QueueKey {
    /// Wraps the key. The caller clears its own copy.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The statement that hands the key to SQLCipher in its raw form, which skips the key derivation.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        const HEAD: &str = "PRAGMA key = \"x'";
        // Its full length at once: a string that grows leaves a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(HEAD.len() + 64 + 3));
        text.push_str(HEAD);
        for byte in &self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        text.push_str("'\";");
        text
    }
}

impl fmt::Debug for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueKey(..)")
    }
}

/// The key of one study's copies in the spool: 32 random bytes. Cleared on drop; `Debug` shows nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SpoolKey(pub(crate) [u8; 32]);

impl SpoolKey {
    /// Wraps 32 random bytes. The caller clears its own copy.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SpoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpoolKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_given_raw_and_does_not_print_itself() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        bytes[31] = 0x01;
        let key = QueueKey::new(bytes);
        let expected = format!("PRAGMA key = \"x'ab{}01'\";", "00".repeat(30));
        assert_eq!(*key.pragma(), expected);
        assert_eq!(key.pragma().capacity(), expected.len());
        assert_eq!(format!("{key:?}"), "QueueKey(..)");
    }
}
