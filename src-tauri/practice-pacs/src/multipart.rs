//! `multipart/related` bodies (RFC 2046 section 5.1, PS3.18 section 8.6.1), read piece by piece.
//!
//! Strict where archives are: lines end in CRLF, the closing delimiter has to be there. A body without them is not
//! guessed at.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

const HEADER_LIMIT: usize = 16 * 1024;

/// What was found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A part begins; its Content-Type, lower case, without parameters.
    Part { content_type: String },
    /// Bytes of the part.
    Data(Bytes),
    /// The part is whole.
    PartEnd,
}

/// Why a body is not multipart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MultipartFault {
    #[error("no first delimiter")]
    NoPart,
    #[error("a part's header does not end or has lines without CRLF")]
    Header,
    #[error("no closing delimiter")]
    NotClosed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Preamble,
    Header,
    Content,
    Epilogue,
}

/// A reader that is fed pieces of any size.
#[derive(Debug)]
pub(crate) struct Multipart {
    delimiter: Vec<u8>,
    held: BytesMut,
    at: At,
}

impl Multipart {
    pub(crate) fn new(boundary: &str) -> Self {
        // The first delimiter may stand at the very start; a line break before it makes it like the others.
        let held = BytesMut::from(&b"\r\n"[..]);
        Self { delimiter: [b"\r\n--", boundary.as_bytes()].concat(), held, at: At::Preamble }
    }

    /// Takes a piece and tells what it completes.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<Vec<Event>, MultipartFault> {
        self.held.extend_from_slice(piece);
        let mut events = Vec::new();
        while self.step(&mut events)? {}
        Ok(events)
    }

    /// Whether the body may end here.
    pub(crate) fn end(&self) -> Result<(), MultipartFault> {
        match self.at {
            At::Epilogue => Ok(()),
            At::Preamble => Err(MultipartFault::NoPart),
            At::Header | At::Content => Err(MultipartFault::NotClosed),
        }
    }

    fn step(&mut self, events: &mut Vec<Event>) -> Result<bool, MultipartFault> {
        match self.at {
            At::Preamble => Ok(self.until_delimiter(None)),
            At::Content => Ok(self.until_delimiter(Some(events))),
            At::Header => self.header(events),
            At::Epilogue => {
                self.held.clear();
                Ok(false)
            }
        }
    }

    /// Moves to the next delimiter line; what stands before it goes to `content`, if anyone wants it.
    fn until_delimiter(&mut self, mut content: Option<&mut Vec<Event>>) -> bool {
        match find_delimiter(&self.held, &self.delimiter) {
            Found::At { start, end, closes } => {
                let before = self.held.split_to(start).freeze();
                self.held.advance(end - start);
                if let Some(events) = &mut content {
                    if !before.is_empty() {
                        events.push(Event::Data(before));
                    }
                    events.push(Event::PartEnd);
                }
                self.at = if closes { At::Epilogue } else { At::Header };
                true
            }
            Found::NotBefore(safe) => {
                let before = self.held.split_to(safe).freeze();
                if let (Some(events), false) = (content, before.is_empty()) {
                    events.push(Event::Data(before));
                }
                false
            }
        }
    }

    fn header(&mut self, events: &mut Vec<Event>) -> Result<bool, MultipartFault> {
        // A part without any header has its empty line right after the delimiter.
        let (length, skip) = if self.held.starts_with(b"\r\n") {
            (0, 2)
        } else {
            match memmem::find(&self.held, b"\r\n\r\n") {
                Some(at) if at <= HEADER_LIMIT => (at, 4),
                None if self.held.len() <= HEADER_LIMIT => return Ok(false),
                Some(_) | None => return Err(MultipartFault::Header),
            }
        };
        let lines = self.held.split_to(length);
        self.held.advance(skip);
        events.push(Event::Part { content_type: content_type(&lines)? });
        self.at = At::Content;
        Ok(true)
    }
}

fn content_type(header: &[u8]) -> Result<String, MultipartFault> {
    let text = str::from_utf8(header).map_err(|_| MultipartFault::Header)?;
    let mut found = String::new();
    for line in text.split("\r\n") {
        if line.contains(['\r', '\n']) {
            return Err(MultipartFault::Header);
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.trim().eq_ignore_ascii_case("content-type") {
            found = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        }
    }
    Ok(found)
}

enum Found {
    /// A delimiter line from `start`, its line break included, to `end`.
    At { start: usize, end: usize, closes: bool },
    /// None so far; what stands before this place belongs to no delimiter.
    NotBefore(usize),
}

fn find_delimiter(held: &[u8], delimiter: &[u8]) -> Found {
    for start in memmem::find_iter(held, delimiter) {
        let after = start + delimiter.len();
        match line_end(held.get(after..).unwrap_or_default()) {
            LineEnd::Closes => return Found::At { start, end: after + 2, closes: true },
            LineEnd::Line(length) => {
                return Found::At { start, end: after + length, closes: false };
            }
            LineEnd::TooShort => return Found::NotBefore(start),
            LineEnd::Content => {}
        }
    }
    Found::NotBefore(held.len().saturating_sub(delimiter.len() - 1))
}

enum LineEnd {
    Closes,
    Line(usize),
    TooShort,
    Content,
}

/// What follows a delimiter: `--`, or blanks and a line break (RFC 2046 calls the blanks transport padding).
fn line_end(rest: &[u8]) -> LineEnd {
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match rest.get(blanks..).unwrap_or_default() {
        [b'-', b'-', ..] if blanks == 0 => LineEnd::Closes,
        [b'\r', b'\n', ..] => LineEnd::Line(blanks + 2),
        [] | [b'\r'] => LineEnd::TooShort,
        [b'-'] if blanks == 0 => LineEnd::TooShort,
        _ => LineEnd::Content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts' types and contents, for a body that comes in pieces of `step` bytes.
    fn parts(body: &[u8], step: usize) -> Result<Vec<(String, Vec<u8>)>, MultipartFault> {
        let mut reader = Multipart::new("B");
        let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
        for piece in body.chunks(step) {
            for event in reader.feed(piece)? {
                match event {
                    Event::Part { content_type } => parts.push((content_type, Vec::new())),
                    Event::Data(bytes) => parts.last_mut().unwrap().1.extend_from_slice(&bytes),
                    Event::PartEnd => {}
                }
            }
        }
        reader.end().map(|()| parts)
    }

    const HEADER: &str = "Content-Type: application/dicom\r\n\r\n";

    #[test]
    fn parts_are_the_same_whatever_the_size_of_the_pieces() {
        let body = format!(
            "preamble to ignore\r\n--B\r\n{HEADER}one\r\n--B \t\r\n\r\ntwo\r\n--B--\r\nepilogue --B"
        );
        for step in [1, 2, 3, 7, 1000] {
            let found = parts(body.as_bytes(), step).unwrap();
            assert_eq!(found.len(), 2, "{step}");
            assert_eq!(found[0], ("application/dicom".into(), b"one".to_vec()), "{step}");
            assert_eq!(found[1], (String::new(), b"two".to_vec()), "{step}");
        }
    }

    #[test]
    fn a_boundary_inside_the_content_is_content() {
        let content = "a--B--\n--B\r\n--Bx\r\n--B \tx\r\n--\r\n\r\n--";
        let body = format!("--B\r\n{HEADER}{content}\r\n--B--");
        for step in [1, 5, 1000] {
            let found = parts(body.as_bytes(), step).unwrap();
            assert_eq!(found.len(), 1, "{step}");
            assert_eq!(found[0].1, content.as_bytes(), "{step}");
        }
    }

    #[test]
    fn lines_without_crlf_are_refused() {
        let delimiters = "--B\nContent-Type: application/dicom\n\none\n--B--\n";
        assert_eq!(parts(delimiters.as_bytes(), 1000), Err(MultipartFault::NoPart));
        let header = "--B\r\nContent-Type: application/dicom\nX: y\r\n\r\none\r\n--B--";
        assert_eq!(parts(header.as_bytes(), 1000), Err(MultipartFault::Header));
        let endless = format!("--B\r\nX: {}", "y".repeat(HEADER_LIMIT));
        assert_eq!(parts(endless.as_bytes(), 1000), Err(MultipartFault::Header));
    }

    #[test]
    fn a_body_without_its_closing_delimiter_is_not_whole() {
        let body = format!("--B\r\n{HEADER}one\r\n--B\r\n{HEADER}two\r\n--B-");
        assert_eq!(parts(body.as_bytes(), 1000), Err(MultipartFault::NotClosed));
        assert_eq!(parts(b"", 1), Err(MultipartFault::NoPart));
    }
}
