//! Are the archive's bytes ours? Compares two DICOM files as they stream by, holding neither. Knows no HTTP.

use md5::Md5;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// Byte for byte.
    Identical,
    /// Preamble or File Meta Information (PS3.10 section 7) differ, the data set is the same byte for byte.
    SameDataSet,
    /// The data set differs.
    Differs,
    /// The archive does not have it.
    Missing,
    /// The archive gives it only in another transfer syntax, or not at all, so its bytes say nothing.
    NotComparable,
    /// The source has other bytes than its length promised.
    SourceChanged,
    /// The source cannot be read any more.
    SourceGone,
}

/// A comparison, and what was learned of our own bytes on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// What it came to.
    pub sameness: Sameness,
    /// SHA-256 of our bytes, where all of them were read.
    pub sha256: Option<[u8; 32]>,
}

impl Compared {
    /// A result that took no reading.
    #[must_use]
    pub fn unread(sameness: Sameness) -> Self {
        Self { sameness, sha256: None }
    }
}

/// Compares our file of `bytes` bytes with the archive's.
///
/// # Errors
/// What `theirs` gives; trouble with `ours` is a [`Sameness`].
pub fn compare(ours: impl Read, bytes: u64, theirs: &mut dyn Read) -> io::Result<Compared> {
    let mut ours = Ours::new(ours, bytes);
    let our_head = match Head::read(&mut ours) {
        Ok(head) => head,
        Err(error) => return Ok(Compared::unread(source_fault(&error))),
    };
    let their_head = Head::read(&mut *theirs)?;
    let mut ours = our_head.rest.as_slice().chain(&mut ours);
    let mut their_rest = their_head.rest.as_slice().chain(&mut *theirs);
    let mut same = true;
    let (mut mine, mut other) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let read = match fill(&mut ours, &mut mine) {
            Ok(read) => read,
            Err(error) => return Ok(Compared::unread(source_fault(&error))),
        };
        if same {
            // One byte more than ours at the end, to see whether theirs goes on.
            let theirs = fill(&mut their_rest, other.get_mut(..read.max(1)).unwrap_or_default())?;
            same = mine.get(..read) == other.get(..theirs);
        }
        if read == 0 {
            break;
        }
    }
    let (_, ours) = ours.into_inner();
    let Some((sha256, _)) = ours.digests() else {
        return Ok(Compared::unread(Sameness::SourceChanged));
    };
    let sameness = match (same, our_head.transfer_syntax == their_head.transfer_syntax) {
        (true, true) if our_head.meta == their_head.meta => Sameness::Identical,
        (true, true) => Sameness::SameDataSet,
        (false, true) => Sameness::Differs,
        (_, false) => Sameness::NotComparable,
    };
    Ok(Compared { sameness, sha256: Some(sha256) })
}

/// SHA-256 and MD5 of our `bytes` bytes.
///
/// # Errors
/// [`Sameness::SourceChanged`] or [`Sameness::SourceGone`].
pub fn digests(ours: impl Read, bytes: u64) -> Result<([u8; 32], [u8; 16]), Sameness> {
    let mut ours = Ours::new(ours, bytes);
    let mut block = vec![0; BLOCK];
    while ours.read(&mut block).map_err(|error| source_fault(&error))? > 0 {}
    ours.digests().ok_or(Sameness::SourceChanged)
}

/// What an error of a source means for the instance.
#[must_use]
pub fn source_fault(error: &io::Error) -> Sameness {
    if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) {
        Sameness::SourceChanged
    } else {
        Sameness::SourceGone
    }
}

const BLOCK: usize = 128 << 10;

/// Our bytes, counted and hashed as they are read. Reads one byte past the promised length, to see growth.
struct Ours<R> {
    inner: io::Take<R>,
    bytes: u64,
    read: u64,
    sha256: Sha256,
    md5: Md5,
}

impl<R: Read> Ours<R> {
    fn new(inner: R, bytes: u64) -> Self {
        let inner = inner.take(bytes.saturating_add(1));
        Self { inner, bytes, read: 0, sha256: Sha256::new(), md5: Md5::new() }
    }

    fn digests(&self) -> Option<([u8; 32], [u8; 16])> {
        let whole = self.read == self.bytes;
        whole.then(|| (self.sha256.clone().finalize().into(), self.md5.clone().finalize().into()))
    }
}

impl<R: Read> Read for Ours<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        let got = out.get(..read).unwrap_or_default();
        self.sha256.update(got);
        self.md5.update(got);
        self.read += read as u64;
        Ok(read)
    }
}

/// The preamble and File Meta Information of a file, and what was read beyond them.
#[derive(Default)]
struct Head {
    meta: Vec<u8>,
    /// (0002,0010) without padding.
    transfer_syntax: Option<Vec<u8>>,
    rest: Vec<u8>,
}

impl Head {
    /// A longer element of group 0002 is none: the rest is compared as it stands.
    const MAX_ELEMENT_BYTES: u32 = 1 << 20;

    fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let mut start = vec![0; 132];
        let got = fill(reader, &mut start)?;
        start.truncate(got);
        if start.get(128..) != Some(b"DICM") {
            return Ok(Self { rest: start, ..Self::default() });
        }
        let mut head = Self { meta: start, ..Self::default() };
        while head.element(reader)? {}
        Ok(head)
    }

    /// Reads one element of the File Meta Information, which is Explicit VR Little Endian; false after the last.
    fn element(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        let mut header = [0; 8];
        let got = fill(reader, &mut header)?;
        let [2, 0, element_low, element_high, vr @ .., low, high] = header else {
            self.rest = header.get(..got).unwrap_or_default().to_vec();
            return Ok(false);
        };
        self.meta.extend_from_slice(header.get(..got).unwrap_or_default());
        let mut length = u32::from(u16::from_le_bytes([low, high]));
        if matches!(&vr, b"OB" | b"OW" | b"UN" | b"UT" | b"SQ") {
            let mut long = [0; 4];
            let got = fill(reader, &mut long)?;
            self.meta.extend_from_slice(long.get(..got).unwrap_or_default());
            length = u32::from_le_bytes(long);
        }
        if got < 8 || length > Self::MAX_ELEMENT_BYTES {
            return Ok(false);
        }
        let from = self.meta.len();
        reader.take(length.into()).read_to_end(&mut self.meta)?;
        if [element_low, element_high] == [0x10, 0x00] {
            let value = self.meta.get(from..).unwrap_or_default();
            self.transfer_syntax = Some(value.trim_ascii_end().to_vec());
            if let Some(value) = &mut self.transfer_syntax {
                value.retain(|byte| *byte != 0);
            }
        }
        Ok(true)
    }
}

/// Reads until `out` is full or the end.
fn fill(reader: &mut (impl Read + ?Sized), out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(
        preamble: u8,
        transfer_syntax: &[u8],
        implementation: &[u8],
        data_set: &[u8],
    ) -> Vec<u8> {
        let mut file = vec![preamble; 128];
        file.extend_from_slice(b"DICM");
        file.extend_from_slice(b"\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01");
        for (element, value) in [(0x10, transfer_syntax), (0x12, implementation)] {
            file.extend_from_slice(&[2, 0, element, 0, b'U', b'I', value.len() as u8, 0]);
            file.extend_from_slice(value);
        }
        file.extend_from_slice(b"\x08\0\x05\0CS\0\0");
        file.extend_from_slice(data_set);
        file
    }

    fn sameness(ours: &[u8], mut theirs: &[u8]) -> Sameness {
        let compared = compare(ours, ours.len() as u64, &mut theirs).unwrap();
        assert_eq!(compared.sha256, Some(Sha256::digest(ours).into()));
        compared.sameness
    }

    #[test]
    fn bytes_meta_and_data_set_are_told_apart() {
        let data = vec![7; 300_000];
        let ours = file(0, b"1.2.840.10008.1.2.1\0", b"1.2.3\0", &data);
        assert_eq!(sameness(&ours, &ours), Sameness::Identical);
        let preamble = file(1, b"1.2.840.10008.1.2.1\0", b"1.2.3\0", &data);
        assert_eq!(sameness(&ours, &preamble), Sameness::SameDataSet);
        let meta = file(0, b"1.2.840.10008.1.2.1\0", b"1.2.999.4\0", &data);
        assert_eq!(sameness(&ours, &meta), Sameness::SameDataSet);
        let transcoded = file(0, b"1.2.840.10008.1.2.5\0", b"1.2.3\0", &data);
        assert_eq!(sameness(&ours, &transcoded), Sameness::NotComparable);
        for at in [0, 150_000, 299_999] {
            let mut other = data.clone();
            other[at] ^= 1;
            let other = file(0, b"1.2.840.10008.1.2.1\0", b"1.2.3\0", &other);
            assert_eq!(sameness(&ours, &other), Sameness::Differs, "{at}");
        }
        assert_eq!(sameness(&ours, &ours[..ours.len() - 1]), Sameness::Differs);
        assert_eq!(sameness(&ours[..ours.len() - 1], &ours), Sameness::Differs);
        assert_eq!(sameness(&ours, b""), Sameness::NotComparable);
    }

    #[test]
    fn what_has_no_preamble_is_compared_from_its_first_byte() {
        assert_eq!(sameness(b"\x08\0\x05\0abc", b"\x08\0\x05\0abc"), Sameness::Identical);
        assert_eq!(sameness(b"\x08\0\x05\0abc", b"\x08\0\x05\0abd"), Sameness::Differs);
    }

    #[test]
    fn a_source_that_is_not_what_it_was_is_never_the_same() {
        let ours = file(0, b"1.2\0", b"1\0", b"abc");
        for bytes in [ours.len() as u64 - 1, ours.len() as u64 + 1] {
            let compared = compare(ours.as_slice(), bytes, &mut ours.as_slice()).unwrap();
            assert_eq!(compared, Compared::unread(Sameness::SourceChanged));
            assert_eq!(digests(ours.as_slice(), bytes), Err(Sameness::SourceChanged));
        }
    }

    #[test]
    fn both_digests_are_of_all_bytes() {
        let (sha256, md5) = digests(b"abc".as_slice(), 3).unwrap();
        assert_eq!(sha256[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(md5[..4], [0x90, 0x01, 0x50, 0x98]);
    }

    proptest! {
        #[test]
        fn only_equal_bytes_are_identical(
            ours in prop::collection::vec(any::<u8>(), 0..400),
            theirs in prop::collection::vec(any::<u8>(), 0..400),
            dicm in any::<bool>(),
        ) {
            let dress = |bytes: &[u8]| if dicm { [&[0; 128], b"DICM".as_slice(), bytes].concat() } else { bytes.to_vec() };
            let (ours, theirs) = (dress(&ours), dress(&theirs));
            prop_assert_eq!(sameness(&ours, &theirs) == Sameness::Identical, ours == theirs);
            prop_assert_eq!(sameness(&ours, &ours), Sameness::Identical);
        }
    }
}
