//! Any bytes as an instance: a picture or a placeholder, within the limits, as far as the decoders are our own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_preview::{Held, Levels, Request, Window, render};

/// JPEG and JPEG 2000 are decoded by crates that may panic; in the product they do so in a worker.
const OF_OTHERS: &[&[u8]] = &[
    b"1.2.840.10008.1.2.4.5",
    b"1.2.840.10008.1.2.4.6",
    b"1.2.840.10008.1.2.4.7",
    b"1.2.840.10008.1.2.4.9",
    b"1.2.840.10008.1.2.4.20",
];

fuzz_target!(|bytes: &[u8]| {
    let has = |uid: &[u8]| bytes.windows(uid.len()).any(|part| part == uid);
    if OF_OTHERS.iter().any(|uid| has(uid)) {
        return;
    }
    let window = Window { center: f64::from(bytes.len() as u32), width: 300.0 };
    for (frame, levels) in [(0, Levels::OfFile), (0, Levels::OfData), (3, Levels::Given(window))] {
        let request = Request { frame, longest_edge: 64, levels };
        if let Ok(picture) = render(&mut Held(bytes.to_vec()), &request) {
            assert!(picture.width <= 64 && picture.height <= 64);
            assert!(frame < picture.frames);
        }
    }
});
