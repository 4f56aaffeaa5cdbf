//! Any bytes as a DICOM file: a header or a reason, and the same one each time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_scan::read_header;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let read = || read_header(&mut Cursor::new(bytes), bytes.len() as u64);
    match (read(), read()) {
        (Ok(first), Ok(second)) => assert_eq!(first, second),
        (Err(first), Err(second)) => assert_eq!(first.reason, second.reason),
        _ => panic!("the same bytes are read in two ways"),
    }
    // A source that is shorter or longer than was said: it changed while it was read.
    let length = bytes.len() as u64;
    for said in [length.saturating_mul(2).saturating_add(1), length / 2] {
        let _ = read_header(&mut Cursor::new(bytes), said);
    }
});
