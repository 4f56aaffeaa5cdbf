//! Pixels as they are: 1, 8, 16 and 32 bits, either byte order, both planar configurations, floating point.

use crate::Placeholder;
use crate::attributes::{Image, Number, Photometric};
use crate::samples::{Raster, Samples, Stored};

/// How native samples lie in their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) big_endian: bool,
    /// Samples of 1 bit: how many bits to pass over in the first byte.
    pub(crate) first_bit: u32,
}

/// Where a frame of native pixel data begins and how long it is, in bits.
pub(crate) fn length(image: &Image) -> u64 {
    let pixels = u64::from(image.rows) * u64::from(image.columns);
    // YBR_FULL_422 has two samples for each pixel (PS3.3 C.7.6.3.1.2).
    let halved = matches!(image.photometric, Photometric::YbrFull422 | Photometric::YbrPartial422);
    let samples = if halved { pixels * 2 } else { pixels * u64::from(image.channels) };
    samples * u64::from(image.bits_allocated)
}

/// Reads one frame.
pub(crate) fn decode(bytes: &[u8], image: &Image, layout: Layout) -> Result<Raster, Placeholder> {
    let needed = (length(image) + u64::from(layout.first_bit)).div_ceil(8);
    let needed = usize::try_from(needed).map_err(|_| Placeholder::TooLarge)?;
    let bytes = bytes.get(..needed).ok_or(Placeholder::Damaged)?;
    let samples = match (image.number, image.bits_allocated) {
        (Number::Float, _) => Samples::Float(floats(bytes, layout.big_endian)),
        (Number::Double, _) => Samples::Float(doubles(bytes, layout.big_endian)),
        (Number::Integer, 1) => Samples::Whole(bits(bytes, image, layout.first_bit)),
        (Number::Integer, 8) => Samples::Whole(eight(bytes, image)),
        (Number::Integer, 16) => Samples::Whole(sixteen(bytes, image, layout.big_endian)),
        // A picture needs no more than the 24 bits that a float holds.
        (Number::Integer, _) => Samples::Float(thirty_two(bytes, image, layout.big_endian)),
    };
    let mut raster = Raster::declared(image, interleaved(samples, image)?);
    if matches!(image.photometric, Photometric::YbrFull422 | Photometric::YbrPartial422) {
        raster.samples = widened(raster.samples, image)?;
    }
    Ok(raster)
}

fn bits(bytes: &[u8], image: &Image, first: u32) -> Vec<i32> {
    let count = (image.rows as usize) * (image.columns as usize) * (image.channels as usize);
    let all = bytes.iter().flat_map(|byte| (0..8).map(move |bit| i32::from((byte >> bit) & 1)));
    all.skip(first as usize).take(count).collect()
}

fn eight(bytes: &[u8], image: &Image) -> Vec<i32> {
    let stored = Stored::of(image);
    bytes.iter().map(|byte| stored.value(u32::from(*byte))).collect()
}

fn sixteen(bytes: &[u8], image: &Image, big: bool) -> Vec<i32> {
    let stored = Stored::of(image);
    let word = if big { u16::from_be_bytes } else { u16::from_le_bytes };
    bytes.as_chunks::<2>().0.iter().map(|two| stored.value(u32::from(word(*two)))).collect()
}

fn thirty_two(bytes: &[u8], image: &Image, big: bool) -> Vec<f32> {
    let stored = Stored::of(image);
    let word = if big { u32::from_be_bytes } else { u32::from_le_bytes };
    let value = |raw: u32| {
        let value = stored.value(raw);
        if image.signed { value as f32 } else { value.cast_unsigned() as f32 }
    };
    bytes.as_chunks::<4>().0.iter().map(|four| value(word(*four))).collect()
}

fn floats(bytes: &[u8], big: bool) -> Vec<f32> {
    let word = if big { f32::from_be_bytes } else { f32::from_le_bytes };
    bytes.as_chunks::<4>().0.iter().map(|four| word(*four)).collect()
}

fn doubles(bytes: &[u8], big: bool) -> Vec<f32> {
    let word = if big { f64::from_be_bytes } else { f64::from_le_bytes };
    bytes.as_chunks::<8>().0.iter().map(|eight| word(*eight) as f32).collect()
}

/// Planes one after the other become pixels.
fn interleaved(samples: Samples, image: &Image) -> Result<Samples, Placeholder> {
    if !image.planar || image.channels != 3 {
        return Ok(samples);
    }
    match samples {
        Samples::Whole(planes) => Ok(Samples::Whole(mixed(&planes)?)),
        Samples::Float(planes) => Ok(Samples::Float(mixed(&planes)?)),
    }
}

/// Three planes as pixels.
pub(crate) fn mixed<N: Copy>(planes: &[N]) -> Result<Vec<N>, Placeholder> {
    let plane = planes.len() / 3;
    if plane == 0 {
        return Err(Placeholder::Damaged);
    }
    let mut parts = planes.chunks_exact(plane);
    let (Some(red), Some(green), Some(blue)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Placeholder::Damaged);
    };
    Ok(red.iter().zip(green).zip(blue).flat_map(|((r, g), b)| [*r, *g, *b]).collect())
}

/// Y1 Y2 Cb Cr for two pixels becomes Y Cb Cr for each.
fn widened(samples: Samples, image: &Image) -> Result<Samples, Placeholder> {
    let Samples::Whole(narrow) = samples else { return Err(Placeholder::UnknownPixels) };
    if !image.columns.is_multiple_of(2) {
        return Err(Placeholder::UnknownPixels);
    }
    let (pairs, _) = narrow.as_chunks::<4>();
    let wide =
        pairs.iter().flat_map(|[one, two, blue, red]| [*one, *blue, *red, *two, *blue, *red]);
    Ok(Samples::Whole(wide.collect()))
}
