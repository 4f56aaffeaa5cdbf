//! The first part of a `multipart/related` answer as a stream, for WADO-RS: one instance was asked for.

use std::io::{self, Read};

/// The longest preamble or part header that is read.
const MAX_HEADER_BYTES: usize = 16 << 10;
const READ_BYTES: usize = 64 << 10;

/// The boundary of a Content-Type, quoted or not. `None` where it is not multipart.
#[must_use]
pub fn boundary_of(content_type: &str) -> Option<String> {
    if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let value = content_type.get(at + "boundary=".len()..)?;
    let boundary = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split(';').next()?.trim(),
    };
    (1..=200).contains(&boundary.len()).then(|| boundary.to_owned())
}

/// Gives the bytes of the first part, and an error where the answer ends before its delimiter does.
pub struct FirstPart<R> {
    inner: R,
    delimiter: Vec<u8>,
    held: Vec<u8>,
    given: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    After,
}

impl<R: Read> FirstPart<R> {
    /// Reads the first part of `inner`, the body of an answer with this boundary.
    pub fn new(inner: R, boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first delimiter may stand at the very beginning: a line break before it does no harm.
        Self { inner, delimiter, held: b"\r\n".to_vec(), given: 0, state: State::Before }
    }

    fn open(&mut self) -> io::Result<()> {
        let delimiter = self.delimiter.clone();
        let start = self.after(&delimiter)?;
        self.given = start;
        let body = self.after(b"\r\n\r\n")?;
        self.given = body;
        self.state = State::Within;
        Ok(())
    }

    /// The place just after the next `needle`.
    fn after(&mut self, needle: &[u8]) -> io::Result<usize> {
        loop {
            let unread = self.held.get(self.given..).unwrap_or_default();
            if let Some(at) = find(unread, needle) {
                return Ok(self.given + at + needle.len());
            }
            if unread.len() > MAX_HEADER_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.held.drain(..self.given.min(self.held.len()));
        self.given = 0;
        let got = (&mut self.inner).take(READ_BYTES as u64).read_to_end(&mut self.held)?;
        if got == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

impl<R: Read> Read for FirstPart<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.state == State::Before {
            self.open()?;
        }
        while self.state == State::Within {
            let unread = self.held.get(self.given..).unwrap_or_default();
            let end = find(unread, &self.delimiter);
            // Without a delimiter in sight, the last bytes may be the beginning of one.
            let certain = end.unwrap_or((unread.len() + 1).saturating_sub(self.delimiter.len()));
            if certain > 0 {
                let mut part = unread.get(..certain).unwrap_or_default();
                let read = part.read(out)?;
                self.given += read;
                return Ok(read);
            }
            if end.is_some() {
                self.state = State::After;
            } else {
                self.fill()?;
            }
        }
        Ok(0)
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(rest) = bytes.get(from..) {
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives one byte at a time, the worst that a network does.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let few = self.0.len().min(out.len()).min(1);
            let read = (&self.0[..few]).read(out)?;
            self.0 = &self.0[read..];
            Ok(read)
        }
    }

    fn first_part(body: &[u8]) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        FirstPart::new(body, "B").read_to_end(&mut whole)?;
        let mut dripped = Vec::new();
        FirstPart::new(Drip(body), "B").read_to_end(&mut dripped)?;
        assert_eq!(whole, dripped);
        Ok(whole)
    }

    #[test]
    fn the_first_part_is_given_and_nothing_else() {
        let table: [(&[u8], &[u8]); 4] = [
            (b"--B\r\nContent-Type: application/dicom\r\n\r\nbody\r\n--B--\r\n", b"body"),
            (
                b"preamble\r\n--B\r\nA: b\r\nC: d\r\n\r\nx\r\n-y\r\n--B\r\n\r\nsecond\r\n--B--",
                b"x\r\n-y",
            ),
            (b"\r\n--B\r\n\r\n\r\n--B--", b""),
            (b"\r\n--B\r\n\r\n\r\r\n\r\n--\r\n--B--", b"\r\r\n\r\n--"),
        ];
        for (body, part) in table {
            assert_eq!(first_part(body).unwrap(), part);
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        let whole = b"--B\r\nContent-Type: application/dicom\r\n\r\nbody\r\n--B";
        assert!(first_part(whole).is_ok());
        for end in 0..whole.len() {
            assert_eq!(first_part(&whole[..end]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn a_header_without_end_is_an_error() {
        let body = [b"--B\r\n".as_slice(), &[b'x'; 1 << 20]].concat();
        assert_eq!(first_part(&body).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_boundary_may_be_quoted_or_not() {
        let table = [
            ("multipart/related; boundary=abc", Some("abc")),
            ("multipart/related; type=\"application/dicom\"; boundary=\"a b\"; x=y", Some("a b")),
            ("Multipart/Related; Boundary=abc; type=x", Some("abc")),
            ("application/dicom; boundary=abc", None),
            ("multipart/related", None),
            ("multipart/related; boundary=", None),
        ];
        for (content_type, boundary) in table {
            assert_eq!(boundary_of(content_type).as_deref(), boundary, "{content_type}");
        }
    }

    proptest! {
        #[test]
        fn any_part_comes_back_as_it_was(part in prop::collection::vec(prop::sample::select(b"\r\n-Bx".to_vec()), 0..200)) {
            prop_assume!(find(&[b"\r\n\r\n", part.as_slice(), b"\r\n"].concat(), b"\r\n--B").is_none());
            let body = [b"--B\r\n\r\n".as_slice(), &part, b"\r\n--B--\r\n"].concat();
            prop_assert_eq!(first_part(&body).unwrap(), part);
        }
    }
}
