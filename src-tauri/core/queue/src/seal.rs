//! A file of the spool: the bytes of one instance, encrypted before the disk sees them, in pieces of 64 KiB, so that
//! neither writing nor reading holds more than one.
//!
//! XChaCha20-Poly1305 in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a piece that was changed,
//! left out, moved or cut off does not open. What the file is about stands in the associated data of every piece, so a
//! file in the place of another does not open either. This module knows no folder, no table and no randomness.

use crate::key::SpoolKey;
use crate::table::InstanceId;
use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use relaypacs_model::SopInstanceUid;
use std::fmt;
use std::io::{self, Read, Write};

/// What a file begins with: whose it is, and in which form.
const MAGIC: &[u8; 8] = b"RPSPOOL1";
/// Random bytes of each file; the other five of the cipher's nonce are the STREAM's.
const NONCE: usize = 19;
/// Bytes of an instance in one piece.
const PIECE: usize = 64 << 10;
/// What each piece is longer once it is sealed.
const TAG: usize = 16;

/// What a file is about.
#[derive(Clone, PartialEq, Eq)]
pub struct About {
    /// The row of the instance; ids are never used twice.
    pub instance: InstanceId,
    /// (0008,0018)
    pub sop_uid: SopInstanceUid,
    /// How many bytes the instance has.
    pub bytes: u64,
}

impl About {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.instance.0.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(self.sop_uid.as_str().as_bytes());
        out
    }
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("About").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// How long the file of so many bytes is.
#[must_use]
pub fn sealed_bytes(bytes: u64) -> u64 {
    let pieces = bytes.div_ceil(PIECE as u64).max(1);
    (MAGIC.len() + NONCE) as u64 + bytes.saturating_add(pieces.saturating_mul(TAG as u64))
}

type Stream = StreamBE32<XChaCha20Poly1305>;

/// The cipher at one place of the stream.
struct Cipher {
    stream: Stream,
    about: Vec<u8>,
    at: u32,
}

impl Cipher {
    fn new(key: &SpoolKey, nonce: [u8; NONCE], about: &About) -> Self {
        let aead = XChaCha20Poly1305::new(&key.0.into());
        Self { stream: Stream::from_aead(aead, &nonce.into()), about: about.to_bytes(), at: 0 }
    }

    fn seal(&mut self, piece: &mut Vec<u8>, last: bool) -> io::Result<()> {
        let sealed = self.stream.encrypt_in_place(self.at, last, &self.about, piece);
        self.step().and(sealed.map_err(|_| io::ErrorKind::InvalidInput.into()))
    }

    fn open(&mut self, piece: &mut Vec<u8>, last: bool) -> io::Result<()> {
        let opened = self.stream.decrypt_in_place(self.at, last, &self.about, piece);
        self.step().and(opened.map_err(|_| damaged()))
    }

    /// No piece is ever sealed under the counter of another.
    fn step(&mut self) -> io::Result<()> {
        self.at = self.at.checked_add(1).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(())
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the copy is damaged")
}

/// Seals what is written. Call [`SealWriter::finish`], or the file is not whole.
pub struct SealWriter<W> {
    to: W,
    cipher: Cipher,
    piece: Vec<u8>,
    left: u64,
}

impl<W: Write> SealWriter<W> {
    /// Begins a file. `nonce` is random, and never used for another file.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn new(mut to: W, key: &SpoolKey, nonce: [u8; NONCE], about: &About) -> io::Result<Self> {
        to.write_all(MAGIC)?;
        to.write_all(&nonce)?;
        let (cipher, piece) = (Cipher::new(key, nonce, about), Vec::with_capacity(PIECE + TAG));
        Ok(Self { to, cipher, piece, left: about.bytes })
    }

    /// Writes the last piece and gives the writer back.
    ///
    /// # Errors
    /// Those of `to`; `UnexpectedEof` where fewer bytes came than were announced.
    pub fn finish(mut self) -> io::Result<W> {
        if self.left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.put(true)?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        self.cipher.seal(&mut self.piece, last)?;
        self.to.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        // A full piece is put once more is to come: the last one has to be known as such.
        if self.piece.len() == PIECE {
            self.put(false)?;
        }
        let fits = bytes.len().min(PIECE - self.piece.len());
        self.left = self.left.checked_sub(fits as u64).ok_or(io::ErrorKind::InvalidData)?;
        self.piece.extend_from_slice(bytes.get(..fits).unwrap_or_default());
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Opens what [`SealWriter`] wrote. Any damage is an error of kind `InvalidData` or `UnexpectedEof`, and no byte of a
/// piece is given before all of it was found to be as it was written.
pub struct SealReader<R> {
    from: R,
    cipher: Cipher,
    piece: Vec<u8>,
    given: usize,
    left: u64,
    ended: bool,
}

impl<R: Read> SealReader<R> {
    /// Begins to read a file that is about `about`.
    ///
    /// # Errors
    /// Those of `from`; `InvalidData` where it is not a file of the spool.
    pub fn new(mut from: R, key: &SpoolKey, about: &About) -> io::Result<Self> {
        let (mut magic, mut nonce) = ([0; 8], [0; NONCE]);
        from.read_exact(&mut magic)?;
        from.read_exact(&mut nonce)?;
        if magic != *MAGIC {
            return Err(damaged());
        }
        let (cipher, piece) = (Cipher::new(key, nonce, about), Vec::with_capacity(PIECE + TAG));
        Ok(Self { from, cipher, piece, given: 0, left: about.bytes, ended: false })
    }

    fn next(&mut self) -> io::Result<()> {
        let plain = self.left.min(PIECE as u64);
        let last = self.left <= PIECE as u64;
        self.piece.clear();
        self.given = 0;
        self.piece.resize(usize::try_from(plain).unwrap_or(PIECE) + TAG, 0);
        let opened = self.from.read_exact(&mut self.piece);
        let opened = opened.and_then(|()| self.cipher.open(&mut self.piece, last));
        if let Err(error) = opened {
            // What did not open is not given, however often it is asked for.
            self.piece.clear();
            return Err(error);
        }
        self.left -= plain;
        self.ended = last;
        if last && self.from.read(&mut [0])? > 0 {
            self.piece.clear();
            return Err(damaged());
        }
        Ok(())
    }
}

impl<R: Read> Read for SealReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.piece.len() && !self.ended {
            self.next()?;
        }
        let ready = self.piece.get(self.given..).unwrap_or_default();
        let most = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..most), ready.get(..most)) {
            to.copy_from_slice(from);
        }
        self.given += most;
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(instance: i64, bytes: u64) -> About {
        let sop_uid = SopInstanceUid::parse("1.2.3.4").unwrap();
        About { instance: InstanceId(instance), sop_uid, bytes }
    }

    fn key(byte: u8) -> SpoolKey {
        SpoolKey::new([byte; 32])
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 7 + at / 251) as u8).collect()
    }

    fn sealed(plain: &[u8], about: &About) -> Vec<u8> {
        let mut writer = SealWriter::new(Vec::new(), &key(1), [9; NONCE], about).unwrap();
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    }

    fn opened(file: &[u8], key: &SpoolKey, about: &About) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        SealReader::new(file, key, about)?.read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn what_was_sealed_comes_back_whatever_its_length() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 77] {
            let (plain, about) = (bytes(length), about(5, length as u64));
            let file = sealed(&plain, &about);
            assert_eq!(file.len() as u64, sealed_bytes(length as u64));
            assert_eq!(opened(&file, &key(1), &about).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn a_byte_that_was_changed_anywhere_is_found_before_its_piece_is_given() {
        let (plain, about) = (bytes(2 * PIECE + 100), about(5, 2 * PIECE as u64 + 100));
        let file = sealed(&plain, &about);
        for at in [0, 8, 26, 27, PIECE, PIECE + 60, 2 * PIECE + 100, file.len() - 1] {
            let mut other = file.clone();
            other[at] ^= 1;
            let mut got = Vec::new();
            let read = SealReader::new(&*other, &key(1), &about)
                .and_then(|mut reader| reader.read_to_end(&mut got));
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData, "{at}");
            assert!(plain.starts_with(&got) && got.len() % PIECE == 0, "{at}: {}", got.len());
        }
    }

    #[test]
    fn a_file_that_was_cut_lengthened_or_rearranged_does_not_open() {
        let (plain, about) = (bytes(3 * PIECE), about(5, 3 * PIECE as u64));
        let file = sealed(&plain, &about);
        for cut in [0, 20, 27, 100, 27 + PIECE + TAG, file.len() - 1] {
            let error = opened(&file[..cut], &key(1), &about).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
        let longer = [&*file, b"x"].concat();
        assert!(opened(&longer, &key(1), &about).is_err());
        let (head, pieces) = file.split_at(27);
        let piece = |n: usize| &pieces[n * (PIECE + TAG)..(n + 1) * (PIECE + TAG)];
        for order in [[1, 0, 2], [0, 0, 2], [0, 2, 1]] {
            let other = [head, piece(order[0]), piece(order[1]), piece(order[2])].concat();
            assert!(opened(&other, &key(1), &about).is_err(), "{order:?}");
        }
    }

    #[test]
    fn a_file_in_the_place_of_another_does_not_open() {
        let plain = bytes(100);
        let file = sealed(&plain, &about(5, 100));
        assert!(opened(&file, &key(1), &about(6, 100)).is_err());
        assert!(opened(&file, &key(2), &about(5, 100)).is_err());
        assert!(opened(&file, &key(1), &about(5, 99)).is_err());
        let sop_uid = SopInstanceUid::parse("1.2.3.5").unwrap();
        assert!(opened(&file, &key(1), &About { sop_uid, ..about(5, 100) }).is_err());
        assert!(!file.windows(9).any(|nine| nine == &plain[20..29]), "a byte was not sealed");
    }

    #[test]
    fn fewer_or_more_bytes_than_announced_are_never_a_whole_file() {
        let mut writer = SealWriter::new(Vec::new(), &key(1), [9; NONCE], &about(5, 10)).unwrap();
        writer.write_all(&bytes(9)).unwrap();
        assert!(writer.finish().is_err());
        let mut writer = SealWriter::new(Vec::new(), &key(1), [9; NONCE], &about(5, 10)).unwrap();
        assert!(writer.write_all(&bytes(11)).is_err());
    }
}
