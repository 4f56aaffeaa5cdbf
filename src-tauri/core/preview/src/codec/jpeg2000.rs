//! JPEG 2000 (ITU-T T.800) and High-Throughput JPEG 2000 (T.814) by `openjp2`, the port of OpenJPEG to Rust.

use crate::Placeholder;
use crate::attributes::Image;
use crate::samples::{Raster, Samples, Stored};
use jpeg2k::{DecodeParameters, Image as Decoded, ImageComponent};

/// Tiles of one image: a stream of a few bytes can ask for billions.
const TILES_MOST: u64 = 65_535;
/// How far behind the boxes of a JP2 file the codestream is looked for.
const BOXES_MOST: usize = 64 << 10;

/// What the main header says (T.800 A.5.1, A.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    width: u32,
    height: u32,
    channels: u32,
    /// Wavelet levels: how often the size can be halved.
    levels: u32,
    /// Colours were made independent: they come out as red, green, blue.
    transformed: bool,
}

/// Decodes one frame, at half, quarter... of its size where that is still larger than `edge`.
pub(crate) fn decode(bytes: &[u8], image: &Image, edge: u32) -> Result<Raster, Placeholder> {
    let header = header(bytes).ok_or(Placeholder::Damaged)?;
    Raster::check(header.width, header.height, header.channels)?;
    let reduce = reduction(header.width.max(header.height), edge, header.levels);
    let parameters = DecodeParameters::new().reduce(reduce).strict(false);
    let decoded = Decoded::from_bytes_with(bytes, parameters).map_err(|_| Placeholder::Damaged)?;
    let parts = decoded.components();
    let channels = if image.channels == 3 && parts.len() >= 3 { 3 } else { 1 };
    let first = parts.first().ok_or(Placeholder::Damaged)?;
    let (width, height) = (first.width(), first.height());
    Raster::check(width, height, channels)?;
    let bits = first.precision().clamp(1, 31);
    let planes: Vec<Vec<i32>> = parts
        .iter()
        .take(channels as usize)
        .map(|part| plane(part, image, (width, height)))
        .collect::<Result<_, _>>()?;
    let samples = match planes.as_slice() {
        [grey] => grey.clone(),
        [red, green, blue] => {
            red.iter().zip(green).zip(blue).flat_map(|((r, g), b)| [*r, *g, *b]).collect()
        }
        _ => return Err(Placeholder::UnknownPixels),
    };
    let samples = Samples::Whole(samples);
    Ok(Raster { width, height, channels, samples, rgb: header.transformed, bits })
}

/// How often the size is halved without falling under `edge`.
fn reduction(longest: u32, edge: u32, levels: u32) -> u32 {
    (0..levels.min(6)).take_while(|step| longest >> (step + 1) >= edge).count() as u32
}

/// One component in the size of the first, which the colours may be smaller than.
fn plane(
    part: &ImageComponent,
    image: &Image,
    (width, height): (u32, u32),
) -> Result<Vec<i32>, Placeholder> {
    let (wide, high, samples) = (part.width(), part.height(), part.data());
    if wide == 0 || high == 0 || samples.len() as u64 != u64::from(wide) * u64::from(high) {
        return Err(Placeholder::Damaged);
    }
    // The stream knows better than Pixel Representation whether its samples have a sign.
    let stored = Stored::decoded(image, part.precision().min(image.bits_stored.max(8)));
    let value = |sample: i32| {
        if part.is_signed() { sample } else { stored.value(sample.cast_unsigned()) }
    };
    if (wide, high) == (width, height) {
        return Ok(samples.iter().map(|sample| value(*sample)).collect());
    }
    let scaled =
        |place: u32, from: u32, to: u32| u64::from(place) * u64::from(to) / u64::from(from);
    let mut plane = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let at = scaled(row, height, high) * u64::from(wide) + scaled(column, width, wide);
            let sample = usize::try_from(at).ok().and_then(|at| samples.get(at));
            plane.push(value(*sample.ok_or(Placeholder::Damaged)?));
        }
    }
    Ok(plane)
}

/// Reads the main header as far as it says what decoding would cost.
fn header(bytes: &[u8]) -> Option<Header> {
    let head = bytes.get(..BOXES_MOST).unwrap_or(bytes);
    let begin = head.windows(4).position(|four| four == [0xFF, 0x4F, 0xFF, 0x51])?;
    let stream = bytes.get(begin + 2..)?;
    let size = stream.get(6..)?;
    let word = |place: usize| {
        size.get(place * 4..place * 4 + 4)?.first_chunk::<4>().map(|four| u32::from_be_bytes(*four))
    };
    let (right, bottom, left, top) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
    let tiles =
        u64::from(right.div_ceil(word(4)?.max(1))) * u64::from(bottom.div_ceil(word(5)?.max(1)));
    let channels = u32::from(u16::from_be_bytes(*size.get(32..)?.first_chunk::<2>()?));
    if tiles > TILES_MOST || word(4)? == 0 || word(5)? == 0 || !(1..=4).contains(&channels) {
        return None;
    }
    let (levels, transformed) = coding(stream)?;
    Some(Header { width, height, channels, levels, transformed })
}

/// Finds the default coding style (COD): wavelet levels and whether colours were transformed.
fn coding(stream: &[u8]) -> Option<(u32, bool)> {
    let mut at = 0;
    loop {
        let [0xFF, marker, high, low, value @ ..] = stream.get(at..)? else { return None };
        match marker {
            0x52 => return Some((u32::from(*value.get(5)?), *value.get(4)? == 1)),
            0x90 | 0xD9 => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_image_is_decoded_as_small_as_the_picture_allows() {
        assert_eq!(reduction(2_048, 256, 5), 3);
        assert_eq!(reduction(2_048, 256, 1), 1);
        assert_eq!(reduction(512, 512, 5), 0);
        assert_eq!(reduction(100, 4_096, 5), 0);
    }

    #[test]
    fn a_header_of_billions_of_tiles_is_refused() {
        let mut stream = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
        for word in [60_000u32, 60_000, 0, 0, 1, 1, 0, 0] {
            stream.extend(word.to_be_bytes());
        }
        stream.extend([0, 1, 7, 1, 1, 0xFF, 0x52, 0, 12, 0, 0, 0, 1, 0, 5, 4, 4, 0, 1]);
        assert_eq!(header(&stream), None);
        stream.splice(24..32, [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let read = header(&stream).unwrap();
        assert_eq!(
            (read.width, read.channels, read.levels, read.transformed),
            (60_000, 1, 5, false)
        );
    }
}
