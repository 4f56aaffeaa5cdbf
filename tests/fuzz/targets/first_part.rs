//! Any bytes as a `multipart/related` answer: the first part or an error, the same in one read and in many.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_upload::multipart::{FirstPart, boundary_of};
use std::io::Read;

/// Gives what it holds one byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let to = if to.is_empty() { to } else { &mut to[..1] };
        self.0.read(to)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let boundary = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.lines().next())
        .and_then(boundary_of)
        .unwrap_or_else(|| "b".into());
    let (mut whole, mut slow) = (Vec::new(), Vec::new());
    let at_once = FirstPart::new(bytes, &boundary).read_to_end(&mut whole);
    let slowly = FirstPart::new(Slow(bytes), &boundary).read_to_end(&mut slow);
    assert_eq!(at_once.is_ok(), slowly.is_ok());
    if at_once.is_ok() {
        assert_eq!(whole, slow);
        assert!(whole.len() <= bytes.len());
    }
});
