//! The key of the ledger and the keyed hashes that stand for identifiers.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 random bytes from the operating system's key store. `Debug` shows nothing; memory is cleared on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LedgerKey([u8; 32]);

impl LedgerKey {
    /// Takes the key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerKey(..)")
    }
}

/// What stands for a UID: the first 16 bytes of its HMAC-SHA-256. `Display` and `Debug` show it in hex; it says
/// nothing to whoever has no key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UidHash(pub(crate) [u8; 16]);

impl fmt::Display for UidHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for UidHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UidHash({self})")
    }
}

/// What an identifier identifies: equal bytes of two kinds have unrelated hashes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Study,
    Instance,
    Content,
    Import,
    Event,
    OwnEvent,
}

/// The keys in use: one for the chain, one for identifiers, and what recognises the key.
pub(crate) struct Keys {
    chain: Hmac<Sha256>,
    names: Hmac<Sha256>,
    check: [u8; 16],
}

impl Keys {
    pub(crate) fn of(key: &LedgerKey) -> Self {
        let root = keyed(&key.0);
        let derive = |purpose: &str| Zeroizing::new(mac(&root, &[purpose.as_bytes()]));
        Self {
            chain: keyed(&derive("relaypacs ledger: chain")),
            names: keyed(&derive("relaypacs ledger: identifiers")),
            check: first_half(mac(&root, &[b"relaypacs ledger: check"])),
        }
    }

    /// What the seal holds to tell a wrong key from a broken chain.
    pub(crate) fn check(&self) -> &[u8; 16] {
        &self.check
    }

    pub(crate) fn chain(&self) -> Hmac<Sha256> {
        self.chain.clone()
    }

    pub(crate) fn name(&self, kind: Kind, parts: &[&[u8]]) -> [u8; 16] {
        let kind: &[u8] = match kind {
            Kind::Study => b"study",
            Kind::Instance => b"instance",
            Kind::Content => b"content",
            Kind::Import => b"import",
            Kind::Event => b"event",
            Kind::OwnEvent => b"own event",
        };
        let mut sum = self.names.clone();
        for part in std::iter::once(&kind).chain(parts) {
            sum.update(&(part.len() as u64).to_le_bytes());
            sum.update(part);
        }
        first_half(sum.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // RFC 2104 fills a short key up with zeros to the block of 64 bytes; doing so here leaves no error to handle.
    let mut block = Zeroizing::new([0_u8; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    <Hmac<Sha256> as KeyInit>::new((&*block).into())
}

fn mac(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut sum = key.clone();
    for part in parts {
        sum.update(part);
    }
    sum.finalize().into_bytes().into()
}

fn first_half(whole: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(whole) {
        *to = from;
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_hmac_sha_256_of_rfc_4231() {
        // RFC 4231 test case 4 has a key of 25 bytes, filled up here as RFC 2104 fills it up.
        let mut key = [0_u8; 32];
        for (at, byte) in key.iter_mut().take(25).enumerate() {
            *byte = at as u8 + 1;
        }
        assert_eq!(
            hex(&mac(&keyed(&key), &[&[0xcd; 50]])),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        );
    }

    #[test]
    fn equal_text_of_two_kinds_and_two_keys_has_unrelated_names() {
        let keys = Keys::of(&LedgerKey::new([1; 32]));
        let others = Keys::of(&LedgerKey::new([2; 32]));
        let study = keys.name(Kind::Study, &[b"1.2.3"]);
        assert_ne!(study, keys.name(Kind::Instance, &[b"1.2.3"]));
        assert_ne!(study, others.name(Kind::Study, &[b"1.2.3"]));
        assert_ne!(keys.name(Kind::Event, &[b"ab", b"c"]), keys.name(Kind::Event, &[b"a", b"bc"]));
        assert_ne!(keys.check(), others.check());
    }

    #[test]
    fn the_key_does_not_print() {
        assert_eq!(format!("{:?}", LedgerKey::new([7; 32])), "LedgerKey(..)");
    }
}
