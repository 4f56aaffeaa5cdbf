//! `multipart/related` (RFC 2387, PS3.18 section 8.6.1.2) as archives can read it: written with a length that is
//! known before the first byte, and read back one part at a time. Knows no HTTP.

mod first_part;

pub use first_part::{FirstPart, boundary_of};

/// The framing of one request: CRLF everywhere, an unquoted boundary of token characters, parts typed exactly
/// `application/dicom`. Each of these was seen to lose instances where it was different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framing {
    boundary: String,
}

impl Framing {
    /// A boundary of 128 random bits, so that no data set contains it.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits)?;
        Ok(Self { boundary: format!("r{:032x}", u128::from_be_bytes(bits)) })
    }

    /// The Content-Type of the request.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/related; type=\"application/dicom\"; boundary={}", self.boundary)
    }

    /// What stands before each part.
    #[must_use]
    pub fn before(&self) -> String {
        format!("--{}\r\nContent-Type: application/dicom\r\n\r\n", self.boundary)
    }

    /// What stands after each part.
    #[must_use]
    pub fn after(&self) -> &'static str {
        "\r\n"
    }

    /// What stands after the last part.
    #[must_use]
    pub fn closing(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }

    /// The Content-Length for parts of these lengths; `None` above 2^64 bytes.
    #[must_use]
    pub fn content_length(&self, parts: impl IntoIterator<Item = u64>) -> Option<u64> {
        let around = (self.before().len() + self.after().len()) as u64;
        let closing = self.closing().len() as u64;
        parts.into_iter().try_fold(closing, |sum, part| sum.checked_add(around)?.checked_add(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_length_is_that_of_the_body() {
        let framing = Framing::random().unwrap();
        for parts in [vec![], vec![0_usize], vec![3, 0, 70_000]] {
            let mut body = String::new();
            for part in &parts {
                body += &framing.before();
                body += &"x".repeat(*part);
                body += framing.after();
            }
            body += &framing.closing();
            let lengths = parts.iter().map(|part| *part as u64);
            assert_eq!(framing.content_length(lengths), Some(body.len() as u64));
        }
        assert_eq!(framing.content_length([u64::MAX]), None);
    }

    #[test]
    fn a_request_is_framed_exactly_so() {
        let framing = Framing { boundary: "B".into() };
        assert_eq!(
            framing.content_type(),
            "multipart/related; type=\"application/dicom\"; boundary=B"
        );
        let body = framing.before() + "x" + framing.after() + &framing.closing();
        assert_eq!(body, "--B\r\nContent-Type: application/dicom\r\n\r\nx\r\n--B--\r\n");
    }

    #[test]
    fn boundaries_are_tokens_and_never_the_same() {
        let boundaries: HashSet<String> =
            (0..100).map(|_| Framing::random().unwrap().boundary).collect();
        assert_eq!(boundaries.len(), 100);
        for boundary in boundaries {
            assert!(boundary.len() <= 70 && boundary.bytes().all(|b| b.is_ascii_alphanumeric()));
        }
    }
}
