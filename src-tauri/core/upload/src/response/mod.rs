//! Reads the answer to a store: the Store Instances Response Module (PS3.18 Annex I.1, five tags of it), as JSON or
//! XML, whatever the Content-Type says. Knows no HTTP, and trusts nothing: size, depth and counts are bounded.

mod json;
mod search;
mod xml;

pub use json::read_json;
pub use search::{Listed, read_orthanc_find, read_search};
pub use xml::read_xml;

/// The longest answer that is read. A batch of 1,000 instances with a failure and a text each stays below 1 MiB.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// An item of a Referenced SOP Sequence (0008,1199) or a Failed SOP Sequence (0008,1198).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// (0008,1155) as the archive wrote it, padding taken off. It may name an instance that was never sent.
    pub sop_instance_uid: String,
    /// Warning Reason (0008,1196) or Failure Reason (0008,1197).
    pub reason: Option<u16>,
}

/// What the archive says of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreResponse {
    /// Stored.
    pub referenced: Vec<Mention>,
    /// Not stored.
    pub failed: Vec<Mention>,
    /// Failure Reasons of the Other Failures Sequence (0008,119A): no instance is named.
    pub other_failures: Vec<u16>,
}

/// Reads the body of an answer. `None`: it is not a Store Instances Response, so it proves nothing.
///
/// An object or a document without any of the sequences counts as one: Orthanc sends them empty, or not at all.
#[must_use]
pub fn read(body: &[u8]) -> Option<StoreResponse> {
    if body.len() > MAX_ANSWER_BYTES {
        return None;
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match body.iter().find(|byte| !byte.is_ascii_whitespace())? {
        b'{' | b'[' => read_json(body),
        b'<' => read_xml(body),
        _ => None,
    }
}

/// Takes padding off a UID as it stands in an answer.
fn bare(uid: &str) -> &str {
    uid.trim_matches(|c: char| c == '\0' || c.is_ascii_whitespace())
}

/// Reads a reason, which is a number, or the same as text.
fn reason(text: &str) -> Option<u16> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_store_response_is_none() {
        for body in [
            "",
            "   ",
            "Internal Server Error",
            "<html><body>502 Bad Gateway</body></html>",
            "<!DOCTYPE html><html></html>",
            "[\"a\",\"b\"]",
            "{\"Message\":\"Bad request\",\"HttpStatus\":400}",
            "{",
            "[",
            "<NativeDicomModel>",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn an_answer_above_the_bound_is_not_read() {
        let mut body = b"{\"00081199\":{\"vr\":\"SQ\"}}".to_vec();
        assert!(read(&body).is_some());
        body.resize(MAX_ANSWER_BYTES + 1, b' ');
        assert_eq!(read(&body), None);
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert!(read(b"\xef\xbb\xbf{\"00081198\":{\"vr\":\"SQ\"}}").is_some());
    }

    #[test]
    fn nesting_without_end_is_refused_without_overflow() {
        let json = "{\"00081199\":{\"Value\":[".repeat(100_000);
        assert_eq!(read(json.as_bytes()), None);
        let xml = "<NativeDicomModel>".to_owned()
            + &"<DicomAttribute tag=\"00081199\"><Item>".repeat(50_000);
        assert_eq!(read(xml.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..512)) {
            let _ = read(&body);
            let _ = read_json(&body);
            let _ = read_xml(&body);
        }
    }
}
