//! Pixels against values that are computed here: each way of writing them, each way of showing them.

use crate::support::{EXPLICIT, Value, corpus, file, fixture, frame, grey, pixels, preview};
use relaypacs_preview::{Levels, Request, Window};
use std::fs;

const WIDTH: u32 = 24;
const HEIGHT: u32 = 16;

/// The grey pattern: 12 bits, with a flat corner.
fn pattern() -> Vec<u16> {
    let value = |x: u32, y: u32| match (x, y) {
        (0..12, 8..) => 1_000,
        _ => ((x * 160 + y * 9 + (x * y) % 7) & 0xFFF) as u16,
    };
    (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| value(x, y))).collect()
}

/// The colour pattern.
fn colours() -> Vec<u8> {
    let value = |x: u32, y: u32| [(x * 10) as u8, (y * 15) as u8, ((x ^ y) * 8) as u8];
    (0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| value(x, y))).collect()
}

/// PS3.3 C.11.2.1.2.1 written out once more: c 2048, w 4096 over the whole of 12 bits.
fn shown(value: u16) -> u8 {
    let (value, center, width) = (f64::from(value), 2_048.0, 4_096.0);
    let light = (value - (center - 0.5)) / (width - 1.0) + 0.5;
    (light.clamp(0.0, 1.0) * 255.0).round() as u8
}

fn whole() -> Request {
    let window = Window { center: 2_048.0, width: 4_096.0 };
    Request { levels: Levels::Given(window), ..Request::thumbnail(4_096) }
}

fn farthest(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0)
}

#[test]
fn a_grey_image_has_the_same_pixels_in_each_transfer_syntax() {
    let (preview, expected) = (preview(), pattern());
    let expected: Vec<u8> = expected.into_iter().map(shown).collect();
    let exact = [
        "grey", "implicit", "big", "deflated", "rle", "jpll_sv1", "jpll_p14", "jls", "j2k", "htj2k",
    ];
    let near = [("jls_near3", 1), ("jpeg12", 4)];
    for (name, tolerance) in exact.into_iter().map(|name| (name, 0)).chain(near) {
        let name = if name == "grey" { "grey.dcm".into() } else { format!("grey_{name}.dcm") };
        let picture = frame(&preview, &fixture(&name), &whole());
        let picture = picture.unwrap_or_else(|placeholder| panic!("{name}: {placeholder}"));
        let (bytes, channels) = pixels(&picture);
        assert_eq!((channels, picture.width, picture.height), (1, WIDTH, HEIGHT), "{name}");
        assert!(
            farthest(&bytes, &expected) <= tolerance,
            "{name}: {}",
            farthest(&bytes, &expected)
        );
    }
}

#[test]
fn a_colour_image_has_the_same_pixels_in_each_transfer_syntax() {
    let (preview, expected) = (preview(), colours());
    let exact = ["rgb.dcm", "rgb_big.dcm", "rgb_rle.dcm", "rgb_j2k.dcm", "rgb_htj2k.dcm"];
    let exact = exact.into_iter().chain(["rgb_jls_0.dcm", "rgb_jls_1.dcm", "rgb_jls_2.dcm"]);
    let near = [("rgb_jpeg.dcm", 24), ("rgb_jpeg_rgb.dcm", 16)];
    for (name, tolerance) in exact.map(|name| (name, 0)).chain(near) {
        let picture = frame(&preview, &fixture(name), &whole());
        let picture = picture.unwrap_or_else(|placeholder| panic!("{name}: {placeholder}"));
        let (bytes, channels) = pixels(&picture);
        assert_eq!((channels, picture.window), (3, None), "{name}");
        assert!(
            farthest(&bytes, &expected) <= tolerance,
            "{name}: {}",
            farthest(&bytes, &expected)
        );
    }
}

fn bytes_of(elements: Vec<(u32, Value<'_>)>, request: &Request) -> Vec<u8> {
    pixels(&frame(&preview(), &file(EXPLICIT, &elements), request).unwrap()).0
}

fn little(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn signed_values_are_rescaled_and_then_windowed_as_the_file_says() {
    let stored = little(&[(-1024i16).cast_unsigned(), 0, 976, 1_424, 3_071]);
    let mut elements = grey(1, 5, (16, 16), true);
    elements.extend([
        (0x0028_1050, Value::Text("40\\600 ")),
        (0x0028_1051, Value::Text("400\\90")),
        (0x0028_1052, Value::Text("-1024 ")),
        (0x0028_1053, Value::Text("1 ")),
        (0x7FE0_0010, Value::Bytes(b"OW", &stored)),
    ]);
    // In Hounsfield units: -2048, -1024, -48, 400, 2047; the window goes from -160 to 239.
    let middle = ((-48.0 - 39.5) / 399.0 + 0.5) * 255.0;
    assert_eq!(
        bytes_of(elements, &Request::thumbnail(64)),
        [0, 0, f64::round(middle) as u8, 255, 255]
    );
}

#[test]
fn monochrome1_is_white_where_it_is_low_and_eight_bits_are_shown_as_they_are() {
    let mut elements = grey(1, 4, (8, 8), false);
    elements.push((0x7FE0_0010, Value::Bytes(b"OB", &[0, 1, 200, 255])));
    assert_eq!(bytes_of(elements, &Request::thumbnail(64)), [0, 1, 200, 255]);
    let mut elements = grey(1, 4, (8, 8), false);
    elements[1].1 = Value::Text("MONOCHROME1 ");
    elements.push((0x7FE0_0010, Value::Bytes(b"OB", &[0, 1, 200, 255])));
    assert_eq!(bytes_of(elements, &Request::thumbnail(64)), [255, 254, 55, 0]);
}

#[test]
fn without_a_window_the_data_decide_and_padding_has_no_say() {
    let mut values: Vec<u16> = (1_000..1_400).collect();
    values.extend([63_536; 100]);
    let stored = little(&values);
    let mut elements = grey(20, 25, (16, 16), false);
    elements.push((0x0028_0120, Value::Short(63_536)));
    elements.push((0x7FE0_0010, Value::Bytes(b"OW", &stored)));
    let shown = bytes_of(elements, &Request::thumbnail(64));
    // Two of 400 values are cut at either end.
    assert_eq!((shown[0], shown[2], shown[397], shown[399], shown[499]), (0, 0, 255, 255, 255));
    assert_eq!(shown[200], (f64::round((1_200.0 - 1_002.0) / 395.0 * 255.0)) as u8);
}

#[test]
fn lookup_tables_of_the_file_are_used() {
    let entries = little(&[0, 100, 255, 40]);
    let table = |tag: u32| {
        let descriptor = little(&[4, 10, 8]);
        let item = [
            crate::support::element(0x0028_3002, &Value::Bytes(b"US", &descriptor)),
            crate::support::element(0x0028_3006, &Value::Bytes(b"OW", &entries)),
        ];
        (tag, Value::Item(item.concat()))
    };
    for tag in [0x0028_3010, 0x0028_3000] {
        let mut elements = grey(1, 5, (8, 8), false);
        elements.push(table(tag));
        elements.push((0x7FE0_0010, Value::Bytes(b"OB", &[9, 11, 12, 13, 14, 0])));
        let window = Window { center: 128.0, width: 256.0 };
        let levels = if tag == 0x0028_3000 { Levels::Given(window) } else { Levels::OfFile };
        let request = Request { levels, ..Request::thumbnail(64) };
        assert_eq!(bytes_of(elements, &request), [0, 100, 255, 40, 40], "{tag:08X}");
    }
}

fn colour(planar: u16, photometric: &'static str, stored: &[u8]) -> Vec<u8> {
    let mut elements = grey(1, 2, (8, 8), false);
    elements[0].1 = Value::Short(3);
    elements[1].1 = Value::Text(photometric);
    elements.insert(2, (0x0028_0006, Value::Short(planar)));
    elements.push((0x7FE0_0010, Value::Bytes(b"OB", stored)));
    bytes_of(elements, &Request::thumbnail(64))
}

#[test]
fn colours_come_out_of_planes_and_of_luminance_and_chrominance() {
    assert_eq!(colour(0, "RGB ", &[1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
    assert_eq!(colour(1, "RGB ", &[1, 4, 2, 5, 3, 6]), [1, 2, 3, 4, 5, 6]);
    // Pure red and pure white, by ITU-R BT.601.
    assert_eq!(colour(0, "YBR_FULL", &[76, 85, 255, 255, 128, 128]), [254, 0, 0, 255, 255, 255]);
    assert_eq!(colour(0, "YBR_FULL_422", &[76, 255, 128, 128]), [76, 76, 76, 255, 255, 255]);
}

#[test]
fn a_palette_gives_its_colours_and_neighbours_are_not_mixed() {
    let mut elements = grey(2, 2, (8, 8), false);
    elements[1].1 = Value::Text("PALETTE COLOR ");
    let descriptor = little(&[3, 0, 16]);
    let (red, green, blue) =
        (little(&[0xFF00, 0, 0]), little(&[0, 0xFF00, 0]), little(&[0, 0, 0x8000]));
    for channel in 0..3 {
        elements.push((0x0028_1101 + channel, Value::Bytes(b"US", &descriptor)));
    }
    for (channel, entries) in (0..3).zip([&red, &green, &blue]) {
        elements.push((0x0028_1201 + channel, Value::Bytes(b"OW", entries)));
    }
    elements.push((0x7FE0_0010, Value::Bytes(b"OB", &[0, 1, 2, 9])));
    let data = file(EXPLICIT, &elements);
    let all = pixels(&frame(&preview(), &data, &Request::thumbnail(64)).unwrap()).0;
    assert_eq!(all, [255, 0, 0, 0, 255, 0, 0, 0, 128, 0, 0, 128]);
    let one = pixels(&frame(&preview(), &data, &Request::thumbnail(1)).unwrap()).0;
    assert_eq!(one, [255, 0, 0]);
}

#[test]
fn any_frame_is_shown_and_bits_are_packed_across_frames() {
    let request = |frame| Request { frame, ..Request::thumbnail(64) };
    let mut elements = grey(1, 3, (1, 1), false);
    elements.insert(2, (0x0028_0008, Value::Text("3 ")));
    // 110 010 011, the first bit lowest.
    elements.push((0x7FE0_0010, Value::Bytes(b"OB", &[0b1001_0011, 0b1])));
    let data = file(EXPLICIT, &elements);
    let shown = |number| pixels(&frame(&preview(), &data, &request(number)).unwrap()).0;
    assert_eq!([shown(0), shown(1), shown(2)], [[255, 255, 0], [0, 255, 0], [0, 255, 255]]);
    let mut elements = grey(1, 2, (16, 16), false);
    elements.insert(2, (0x0028_0008, Value::Text("2 ")));
    let stored = little(&[0, 4_095, 4_095, 0]);
    elements.push((0x7FE0_0010, Value::Bytes(b"OW", &stored)));
    let data = file(EXPLICIT, &elements);
    let shown = |number| {
        pixels(&frame(&preview(), &data, &Request { frame: number, ..whole() }).unwrap()).0
    };
    assert_eq!([shown(0), shown(1)], [[0, 255], [255, 0]]);
}

#[test]
fn floating_point_pixels_are_shown_over_their_range() {
    let stored: Vec<u8> =
        [0.0f32, 0.25, 0.5, 1.0].iter().flat_map(|one| one.to_le_bytes()).collect();
    let mut elements = grey(1, 4, (32, 32), false);
    elements.push((0x7FE0_0008, Value::Bytes(b"OF", &stored)));
    assert_eq!(bytes_of(elements, &Request::thumbnail(64)), [0, 64, 128, 255]);
}

/// The sample images of NEMA WG-04: one image in many lossless transfer syntaxes.
#[test]
fn the_lossless_files_of_the_corpus_have_the_pixels_of_the_plain_one() {
    let Some(corpus) = corpus() else { return };
    let (preview, folder) = (preview(), corpus.join("transfer_syntax/wg04"));
    let families: [(&str, &[&str]); 3] = [
        ("CT1_UNC", &["CT1_J2KR", "CT1_JLSL", "CT1_JPLL", "CT1_RLE"]),
        ("MR1_UNC", &["MR1_J2KR", "MR1_JLSL", "MR1_JPLL", "MR1_RLE"]),
        ("VL1_UNC", &["VL1_J2KR", "VL1_RLE"]),
    ];
    let shown = |name: &str| {
        let picture =
            frame(&preview, &fs::read(folder.join(name)).unwrap(), &Request::thumbnail(4_096));
        pixels(&picture.unwrap_or_else(|placeholder| panic!("{name}: {placeholder}"))).0
    };
    for (plain, packed) in families {
        let expected = shown(plain);
        for name in packed {
            assert!(shown(name) == expected, "{name} differs from {plain}");
        }
    }
}
