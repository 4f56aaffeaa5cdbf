//! Any bytes as a DICOMDIR: what it references, the same each time; loops and offsets that lead nowhere come to an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_scan::read_directory;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let read = |said: u64| read_directory(&mut Cursor::new(bytes), said);
    let length = bytes.len() as u64;
    let directory = read(length);
    assert_eq!(directory, read(length), "the same bytes are read in two ways");
    assert!(directory.files.len() as u64 <= length, "more files than bytes");
    // A source that is shorter or longer than was said: it changed while it was read.
    let _ = read(length.saturating_mul(2).saturating_add(1));
    let _ = read(length / 2);
});
