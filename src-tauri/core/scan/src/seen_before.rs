//! The instances that a scan has listed, kept small: a keyed fingerprint of the SOP Instance UID and a place in an
//! arena of names, about 40 bytes for each instance with a short file name. A fingerprint is a hint: whoever finds one
//! reads the header at the place again.

use relaypacs_model::{Location, MemberStep, SopInstanceUid};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};

/// The position of a listed instance.
pub(crate) type Ordinal = u32;

/// Listed instances, in the order in which they were listed.
#[derive(Debug, Default)]
pub(crate) struct SeenBefore {
    keys: RandomState,
    /// Open addressing: ordinal + 1, or 0.
    slots: Vec<u32>,
    records: Vec<Record>,
    names: Names,
    folders: Folders,
    /// For an instance with differing twins: all of them, itself first.
    variants: HashMap<Ordinal, Vec<Variant>>,
}

#[derive(Debug)]
struct Record {
    fingerprint: u64,
    folder: u32,
    name: u32,
}

/// One of several different files with the same SOP Instance UID.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) bytes: u64,
    pub(crate) digest: u64,
    pub(crate) location: Location,
}

impl SeenBefore {
    pub(crate) fn fingerprint(&self, uid: &SopInstanceUid) -> u64 {
        self.keys.hash_one(uid.as_str())
    }

    pub(crate) fn hasher(&self) -> impl std::hash::Hasher + use<> {
        self.keys.build_hasher()
    }

    /// Instances whose UID has this fingerprint; nearly always none or one.
    pub(crate) fn candidates(&self, fingerprint: u64) -> Vec<Ordinal> {
        let mut found = Vec::new();
        let mut slot = self.first_slot(fingerprint);
        while let Some(Some(ordinal)) = self.slots.get(slot).map(|held| held.checked_sub(1)) {
            let record = self.records.get(ordinal as usize);
            if record.is_some_and(|record| record.fingerprint == fingerprint) {
                found.push(ordinal);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        found
    }

    /// Lists an instance.
    pub(crate) fn insert(&mut self, fingerprint: u64, location: &Location) {
        if (self.records.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let Ok(ordinal) = u32::try_from(self.records.len()) else { return };
        let folder = match location {
            Location::File(path) => path.parent().unwrap_or(Path::new("")),
            Location::Member { archive, .. } => archive,
        };
        let folder = self.folders.intern(folder, &mut self.names);
        let name = match location {
            Location::File(path) => self.names.file(path.file_name().unwrap_or(path.as_os_str())),
            Location::Member { steps, .. } => self.names.steps(steps),
        };
        self.records.push(Record { fingerprint, folder, name });
        self.place(ordinal, fingerprint);
    }

    pub(crate) fn len(&self) -> Ordinal {
        u32::try_from(self.records.len()).unwrap_or(u32::MAX)
    }

    /// Where a listed instance is.
    pub(crate) fn location(&self, ordinal: Ordinal) -> Option<Location> {
        let record = self.records.get(ordinal as usize)?;
        let folder = self.folders.path(record.folder, &self.names);
        Some(match self.names.read(record.name) {
            Name::File(name) => Location::File(folder.join(name)),
            Name::Steps(steps) => Location::Member { archive: folder, steps },
        })
    }

    pub(crate) fn variants(&mut self, ordinal: Ordinal) -> &mut Vec<Variant> {
        self.variants.entry(ordinal).or_default()
    }

    fn first_slot(&self, fingerprint: u64) -> usize {
        let mask = self.slots.len().saturating_sub(1);
        (fingerprint ^ (fingerprint >> 32)) as usize & mask
    }

    fn place(&mut self, ordinal: Ordinal, fingerprint: u64) {
        let mut slot = self.first_slot(fingerprint);
        while self.slots.get(slot).is_some_and(|held| *held != 0) {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        if let Some(held) = self.slots.get_mut(slot) {
            *held = ordinal + 1;
        }
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(1024)];
        for ordinal in 0..self.len() {
            let fingerprint = self.records.get(ordinal as usize).map_or(0, |r| r.fingerprint);
            self.place(ordinal, fingerprint);
        }
    }
}

enum Name {
    File(OsString),
    Steps(Vec<MemberStep>),
}

/// Names one after another: a length, a mark, the bytes.
#[derive(Debug, Default)]
struct Names(Vec<u8>);

impl Names {
    fn put(&mut self, mark: u8, bytes: &[u8]) -> u32 {
        let at = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.push(mark);
        self.0.extend_from_slice(bytes.get(..length as usize).unwrap_or_default());
        at
    }

    fn get(&self, at: u32) -> (u8, &[u8]) {
        let rest = self.0.get(at as usize..).unwrap_or_default();
        let Some((&[a, b, c, d, mark], rest)) = rest.split_first_chunk::<5>() else {
            return (0, &[]);
        };
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        (mark, rest.get(..length).unwrap_or_default())
    }

    fn file(&mut self, name: &OsStr) -> u32 {
        self.put(0, &os_to_bytes(name))
    }

    fn steps(&mut self, steps: &[MemberStep]) -> u32 {
        let way = Location::Member { archive: PathBuf::new(), steps: steps.to_vec() };
        self.put(1, &way.to_bytes())
    }

    fn read(&self, at: u32) -> Name {
        match self.get(at) {
            (0, bytes) => Name::File(os_from_bytes(bytes)),
            (_, bytes) => match Location::from_bytes(bytes) {
                Ok(Location::Member { steps, .. }) => Name::Steps(steps),
                Ok(Location::File(_)) | Err(_) => Name::Steps(Vec::new()),
            },
        }
    }
}

/// Folders as a tree, so that a deep one costs only its own name.
#[derive(Debug, Default)]
struct Folders {
    nodes: Vec<(Option<u32>, u32)>,
    /// The way to the folder interned last.
    last: Vec<(OsString, u32)>,
}

impl Folders {
    fn intern(&mut self, path: &Path, names: &mut Names) -> u32 {
        let mut depth = 0;
        for part in path.components() {
            let part = part.as_os_str();
            if self.last.get(depth).is_none_or(|(known, _)| known != part) {
                self.last.truncate(depth);
                let parent = self.last.last().map(|(_, id)| *id);
                let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
                self.nodes.push((parent, names.file(part)));
                self.last.push((part.to_owned(), id));
            }
            depth += 1;
        }
        self.last.truncate(depth);
        self.last.last().map_or(u32::MAX, |(_, id)| *id)
    }

    fn path(&self, id: u32, names: &Names) -> PathBuf {
        let mut parts = Vec::new();
        let mut node = self.nodes.get(id as usize);
        while let Some((parent, name)) = node {
            parts.push(os_from_bytes(names.get(*name).1));
            node = parent.and_then(|parent| self.nodes.get(parent as usize));
        }
        parts.iter().rev().collect()
    }
}

#[cfg(unix)]
fn os_to_bytes(name: &OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().to_vec()
}

#[cfg(unix)]
fn os_from_bytes(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(windows)]
fn os_to_bytes(name: &OsStr) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    name.encode_wide().flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
fn os_from_bytes(bytes: &[u8]) -> OsString {
    use std::os::windows::ffi::OsStringExt;
    let wide: Vec<u16> =
        bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    OsString::from_wide(&wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(n: u32) -> SopInstanceUid {
        SopInstanceUid::parse(&format!("1.2.840.99.{n}")).unwrap()
    }

    #[test]
    fn every_instance_is_found_again_at_its_place() {
        let mut seen = SeenBefore::default();
        let place = |n: u32| match n % 3 {
            0 => Location::File(format!("/cd/P{}/IM{n}", n / 100).into()),
            1 => Location::File(format!("relative/IM{n}").into()),
            _ => Location::Member {
                archive: "/cd/a.zip".into(),
                steps: vec![MemberStep { index: n, name: format!("x/{n}") }],
            },
        };
        for n in 0..5_000 {
            assert!(seen.candidates(seen.fingerprint(&uid(n))).is_empty());
            seen.insert(seen.fingerprint(&uid(n)), &place(n));
        }
        for n in 0..5_000 {
            let found = seen.candidates(seen.fingerprint(&uid(n)));
            assert_eq!(found, [n]);
            assert_eq!(seen.location(n), Some(place(n)));
        }
    }

    #[test]
    fn a_million_instances_take_less_than_sixty_megabytes() {
        let mut seen = SeenBefore::default();
        for n in 0..1_000_000u32 {
            let path = format!("/media/cd/DICOM/S{:03}/IM{n:08}.dcm", n / 2_000);
            seen.insert(
                u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15),
                &Location::File(path.into()),
            );
        }
        let bytes = seen.slots.len() * 4 + seen.records.len() * 16 + seen.names.0.len();
        assert!(bytes < 60_000_000, "{bytes}");
    }
}
