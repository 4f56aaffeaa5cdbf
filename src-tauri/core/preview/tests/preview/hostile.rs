//! Files that lie. Each gives its placeholder, the caller lives, and what a worker may take is bounded by the system.

use crate::support::{EXPLICIT, Value, element, file, fixture, frame, front, grey, preview};
use relaypacs_preview::{Held, Placeholder, Request, render};
use std::io::Write;

fn answer(bytes: &[u8]) -> Result<(), Placeholder> {
    frame(&preview(), bytes, &Request::thumbnail(256)).map(|_| ())
}

fn encapsulated(syntax: &str, stream: &[u8]) -> Vec<u8> {
    let mut bytes = file(syntax, &grey(64, 64, (8, 8), false));
    bytes.extend(front(0x7FE0_0010, b"OB"));
    bytes.extend([0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0]);
    bytes.extend((stream.len() as u32).to_le_bytes());
    [bytes, stream.to_vec(), vec![0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]].concat()
}

#[test]
fn sizes_that_lie_are_refused_before_anything_is_allocated() {
    let native = |rows, columns, frames: &'static str| {
        let mut elements = grey(rows, columns, (16, 16), false);
        elements.insert(2, (0x0028_0008, Value::Text(frames)));
        elements.push((0x7FE0_0010, Value::Bytes(b"OW", &[1, 2, 3, 4])));
        file(EXPLICIT, &elements)
    };
    assert_eq!(answer(&native(65_535, 65_535, "1 ")), Err(Placeholder::TooLarge));
    assert_eq!(answer(&native(8_000, 8_000, "1 ")), Err(Placeholder::Damaged));
    assert_eq!(answer(&native(0, 10, "1 ")), Err(Placeholder::Damaged));
    let many = native(1, 1, "2147483647");
    let request = Request { frame: 2_000_000_000, ..Request::thumbnail(64) };
    assert_eq!(frame(&preview(), &many, &request).err(), Some(Placeholder::Damaged));
    let request = Request { frame: 5, ..request };
    assert_eq!(
        frame(&preview(), &native(1, 1, "2 "), &request).err(),
        Some(Placeholder::NoSuchFrame)
    );
}

#[test]
fn streams_that_claim_to_be_huge_are_refused() {
    let jpeg =
        [&[0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0][..], &[0; 64]]
            .concat();
    assert_eq!(answer(&encapsulated("1.2.840.10008.1.2.4.50", &jpeg)), Err(Placeholder::TooLarge));
    let ls =
        [&[0xFF, 0xD8, 0xFF, 0xF7, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0][..], &[0; 64]]
            .concat();
    assert_eq!(answer(&encapsulated("1.2.840.10008.1.2.4.80", &ls)), Err(Placeholder::TooLarge));
    let mut j2k = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
    for word in [1u32 << 30, 1 << 30, 0, 0, 1 << 30, 1 << 30, 0, 0] {
        j2k.extend(word.to_be_bytes());
    }
    j2k.extend([0, 1, 7, 1, 1, 0xFF, 0x52, 0, 12, 0, 0, 0, 1, 0, 5, 4, 4, 0, 1, 0xFF, 0x90, 0, 10]);
    assert_eq!(answer(&encapsulated("1.2.840.10008.1.2.4.90", &j2k)), Err(Placeholder::TooLarge));
}

#[test]
fn a_million_sequences_within_each_other_do_not_exhaust_the_stack() {
    let mut bytes = file(EXPLICIT, &[]);
    let mut level = element(0x0040_0275, &Value::Item(Vec::new()));
    level.truncate(8);
    level.extend([0xFF; 4]);
    level.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    for _ in 0..1_000_000 {
        bytes.extend(&level);
    }
    assert_eq!(answer(&bytes), Err(Placeholder::Damaged));
}

#[test]
fn a_deflated_bomb_is_refused() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    let piece = vec![0; 1 << 20];
    for _ in 0..340 {
        encoder.write_all(&piece).unwrap();
    }
    let mut bytes = file("1.2.840.10008.1.2.1.99", &[]);
    // Everything behind the meta information is deflated: cut the one element that `file` adds.
    bytes.truncate(bytes.len() - element(0x0008_0060, &Value::Text("OT")).len());
    bytes.extend(encoder.finish().unwrap());
    assert_eq!(answer(&bytes), Err(Placeholder::TooLarge));
}

#[test]
fn streams_that_are_cut_or_broken_give_a_picture_or_a_placeholder() {
    let preview = preview();
    let names = [
        "grey_rle",
        "grey_jls",
        "grey_jpll_sv1",
        "grey_j2k",
        "grey_htj2k",
        "rgb_jpeg",
        "rgb_jls_2",
    ];
    for name in names {
        let whole = fixture(&format!("{name}.dcm"));
        for cut in (400..whole.len()).step_by(97) {
            let answer = frame(&preview, &whole[..cut], &Request::thumbnail(64));
            assert!(
                !matches!(answer, Err(Placeholder::TooSlow | Placeholder::Unreadable)),
                "{name} {cut}"
            );
        }
        for at in (whole.len() - 300..whole.len()).step_by(41) {
            let mut broken = whole.clone();
            broken[at] ^= 0x5A;
            let answer = frame(&preview, &broken, &Request::thumbnail(64));
            assert!(
                !matches!(answer, Err(Placeholder::TooSlow | Placeholder::Unreadable)),
                "{name} {at}"
            );
        }
    }
}

#[test]
fn a_fragment_that_is_longer_than_the_file_is_cut_at_its_end() {
    let mut bytes = encapsulated("1.2.840.10008.1.2.5", &[0; 64]);
    let length = bytes.len() - 8 - 64 - 4;
    bytes[length..length + 4].copy_from_slice(&0xFFFF_FFF0u32.to_le_bytes());
    let mut source = Held(bytes);
    let answer = render(&mut source, &Request::thumbnail(64));
    assert!(matches!(answer, Err(Placeholder::UnknownPixels | Placeholder::Damaged)), "{answer:?}");
}
