//! The one secret of a home, and the keys that are derived from it.
//!
//! With a key store the secret is 32 random bytes kept by the operating system. Without one it is derived from a
//! passphrase (Argon2id, RFC 9106) that is never written anywhere. There is no third way: no key, no queue.

use crate::home::{Home, disk_fault};
use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use relaypacs_model::{Code, Fault, Secret};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fs;
use std::io::{self, Write};
use zeroize::Zeroizing;

/// Where the secret comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// The operating system's key store.
    Store,
    /// A passphrase that a person or an administrator gives at each start.
    Passphrase(Secret),
}

/// How the secret of a home is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKept {
    /// This home has no secret yet.
    New,
    /// By the operating system's key store.
    Store,
    /// In somebody's head: a passphrase has to be given.
    Passphrase,
}

impl KeyKept {
    /// Reads it from the home.
    ///
    /// # Errors
    /// [`Code::QueueDamaged`] where the note about it is gone or cannot be read, and those of the disk.
    pub fn of(home: &Home) -> Result<Self, Fault> {
        Ok(match read_note(home)? {
            None => Self::New,
            Some(KeyNote::Store { .. }) => Self::Store,
            Some(KeyNote::Passphrase { .. }) => Self::Passphrase,
        })
    }
}

/// The keys of a home.
pub(crate) struct Keys {
    pub(crate) queue: Zeroizing<[u8; 32]>,
    pub(crate) ledger: Zeroizing<[u8; 32]>,
}

/// What stands in the home about its key: enough to find it again, nothing that opens anything.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kept", rename_all = "snake_case")]
enum KeyNote {
    Store { entry: String },
    Passphrase { salt: String },
}

impl Keys {
    /// Finds the keys of a home, or makes them on its first use. Only for whoever has the home: two that make them at the
    /// same time would lock a queue with one and note the other.
    ///
    /// # Errors
    /// [`Code::NoKey`] where there is neither key store nor passphrase, or not the one this home was made with.
    pub(crate) fn of(home: &Home, source: &KeySource) -> Result<Self, Fault> {
        let note = read_note(home)?;
        let secret = match (source, note) {
            (KeySource::Passphrase(passphrase), Some(KeyNote::Passphrase { salt })) => {
                stretch(passphrase, &salt)?
            }
            (KeySource::Passphrase(passphrase), None) => {
                let salt = hex(&random::<16>()?);
                let secret = stretch(passphrase, &salt)?;
                write_note(home, &KeyNote::Passphrase { salt })?;
                secret
            }
            (KeySource::Store, Some(KeyNote::Store { entry })) => store::get(&entry)?,
            (KeySource::Store, None) => {
                let entry = hex(&random::<16>()?);
                let secret = Zeroizing::new(random::<32>()?);
                store::put(&entry, &secret)?;
                write_note(home, &KeyNote::Store { entry })?;
                secret
            }
            (KeySource::Store, Some(KeyNote::Passphrase { .. })) => {
                return Err(Fault::with(Code::NoKey, "this queue was made with a passphrase"));
            }
            (KeySource::Passphrase(_), Some(KeyNote::Store { .. })) => {
                return Err(Fault::with(
                    Code::WrongKey,
                    "this queue's key is in the system's key store, not a passphrase",
                ));
            }
        };
        Self::derived(&secret)
    }

    /// The same for whoever only looks. Where a home has no secret yet none is kept: another process may be about to, and
    /// there is nothing that the keys would open.
    pub(crate) fn to_look(home: &Home, source: &KeySource) -> Result<Self, Fault> {
        if read_note(home)?.is_some() {
            return Self::of(home, source);
        }
        let secret = match source {
            KeySource::Passphrase(passphrase) => stretch(passphrase, &hex(&random::<16>()?))?,
            KeySource::Store => {
                store::is_there()?;
                Zeroizing::new(random::<32>()?)
            }
        };
        Self::derived(&secret)
    }

    fn derived(secret: &[u8; 32]) -> Result<Self, Fault> {
        Ok(Self { queue: derive(secret, b"queue.db")?, ledger: derive(secret, b"ledger.db")? })
    }
}

/// Argon2id with the second set of OWASP's recommendations (19 MiB, 2 passes): it must fit a small workstation.
fn stretch(passphrase: &Secret, salt: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
    if passphrase.reveal().is_empty() {
        return Err(Fault::with(Code::NoKey, "the passphrase is empty"));
    }
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(internal)?;
    let mut out = Zeroizing::new([0u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.reveal().as_bytes(), salt.as_bytes(), out.as_mut_slice())
        .map_err(internal)?;
    Ok(out)
}

fn derive(secret: &[u8; 32], purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut out = Zeroizing::new([0u8; 32]);
    Hkdf::<Sha256>::new(Some(b"relaypacs 1"), secret)
        .expand(purpose, out.as_mut_slice())
        .map_err(internal)?;
    Ok(out)
}

fn read_note(home: &Home) -> Result<Option<KeyNote>, Fault> {
    match fs::read(home.key_note()) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|_| Fault::with(Code::QueueDamaged, "key.json cannot be read")),
        // A queue whose note is gone must not get a new key: that would lock its images away for good.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match home.queue().exists() {
            true => Err(Fault::with(Code::QueueDamaged, "key.json is missing beside queue.db")),
            false => Ok(None),
        },
        Err(error) => Err(disk_fault(&error)),
    }
}

/// Written whole or not at all, and on the disk before the first thing is encrypted with the key it names.
fn write_note(home: &Home, note: &KeyNote) -> Result<(), Fault> {
    let text = serde_json::to_vec_pretty(note).map_err(internal)?;
    let path = home.key_note();
    let fresh = path.with_extension("json.new");
    let written = fs::File::create(&fresh).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)
    });
    written.map_err(|error| disk_fault(&error))?;
    // The name as well: a queue without its note is locked for good. Where a folder cannot be synced the rename is.
    if let Some(folder) = path.parent().filter(|_| cfg!(unix)) {
        fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| disk_fault(&error))?;
    }
    Ok(())
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(internal)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::with(Code::Internal, error)
}

#[cfg(not(any(target_os = "ios", target_os = "android")))]
mod store {
    use super::{Code, Fault, Zeroizing};
    use keyring::v1::{Entry, Error};

    const SERVICE: &str = "RelayPACS";

    pub(super) fn get(entry: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
        let bytes = Zeroizing::new(
            Entry::new(SERVICE, entry).and_then(|entry| entry.get_secret()).map_err(no_key)?,
        );
        let key: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| Fault::with(Code::WrongKey, "the key store holds something else"))?;
        Ok(Zeroizing::new(key))
    }

    pub(super) fn put(entry: &str, secret: &[u8; 32]) -> Result<(), Fault> {
        Entry::new(SERVICE, entry).and_then(|entry| entry.set_secret(secret)).map_err(no_key)
    }

    /// That there is a store which answers.
    pub(super) fn is_there() -> Result<(), Fault> {
        match Entry::new(SERVICE, "nothing").and_then(|entry| entry.get_secret()) {
            Ok(_) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(no_key(error)),
        }
    }

    /// The key store's own messages may quote entry names, never secrets; only the kind is passed on all the same.
    fn no_key(error: Error) -> Fault {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are open-ended")]
        let kind = match error {
            Error::NoEntry => "the key store has no key for this queue",
            Error::NoDefaultStore => "there is no key store in this session",
            Error::NoStorageAccess(_) => "the key store is locked or does not answer",
            _ => "the key store failed",
        };
        Fault::with(Code::NoKey, kind)
    }
}

#[cfg(any(target_os = "ios", target_os = "android"))]
mod store {
    use super::{Code, Fault, Zeroizing};

    /// Mobile shells set their own store; until one does, there is none.
    pub(super) fn get(_entry: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
        Err(Fault::with(Code::NoKey, "there is no key store on this system yet"))
    }

    pub(super) fn is_there() -> Result<(), Fault> {
        get("nothing").map(drop)
    }

    pub(super) fn put(_entry: &str, _secret: &[u8; 32]) -> Result<(), Fault> {
        Err(Fault::with(Code::NoKey, "there is no key store on this system yet"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> KeySource {
        KeySource::Passphrase(Secret::new(text))
    }

    #[test]
    fn a_passphrase_gives_the_same_keys_again_and_another_one_gives_others() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let first = Keys::of(&home, &passphrase("correct horse")).unwrap();
        let again = Keys::of(&home, &passphrase("correct horse")).unwrap();
        let other = Keys::of(&home, &passphrase("wrong horse")).unwrap();
        assert_eq!(first.queue, again.queue);
        assert_ne!(first.queue, other.queue);
        assert_ne!(first.queue, first.ledger);
    }

    #[test]
    fn two_homes_with_one_passphrase_have_different_keys() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let keys = folders.map(|folder| {
            let home = Home::open(folder.path()).unwrap();
            Keys::of(&home, &passphrase("correct horse")).unwrap().queue
        });
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn a_queue_without_its_note_never_gets_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        fs::write(home.queue(), b"an older queue").unwrap();
        let fault = Keys::of(&home, &passphrase("correct horse")).err().unwrap();
        assert_eq!(fault.code, Code::QueueDamaged);
    }

    #[test]
    fn looking_at_a_home_that_another_begins_does_not_take_its_key_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        Keys::to_look(&home, &passphrase("correct horse")).unwrap();
        assert_eq!(KeyKept::of(&home).unwrap(), KeyKept::New);
        let keys = Keys::of(&home, &passphrase("correct horse")).unwrap();
        let beside = Keys::to_look(&home, &passphrase("correct horse")).unwrap();
        assert_eq!(beside.queue, keys.queue);
        assert_eq!(Keys::to_look(&home, &passphrase("")).err().unwrap().code, Code::NoKey);
    }

    #[test]
    fn an_empty_passphrase_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        assert_eq!(Keys::of(&home, &passphrase("")).err().unwrap().code, Code::NoKey);
    }
}
