//! JPEG (ITU-T T.81) by `jpeg-decoder`: baseline, extended and progressive of 8 bits, lossless of 2 to 16 bits.
//! Extended of 12 bits is `jpeg12.rs`.

use super::jpeg12;
use crate::Placeholder;
use crate::attributes::{Image, Photometric, SAMPLES_MOST};
use crate::samples::{Raster, Samples, Stored};
use jpeg_decoder::{ColorTransform, Decoder, Error, PixelFormat};

/// What the markers before the scan say.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Front {
    /// Bits of a sample.
    precision: u8,
    /// Without loss (SOF3).
    lossless: bool,
    /// The stream says itself what its colours are (Adobe's APP14, whole).
    says_colour: bool,
}

/// Decodes one frame.
pub(crate) fn decode(bytes: &[u8], image: &Image) -> Result<Raster, Placeholder> {
    let front = front(bytes);
    if front.precision == 12 && !front.lossless {
        let (width, height, samples) = jpeg12::decode(bytes)?;
        let stored = Stored::decoded(image, image.bits_stored.clamp(8, 12));
        let value = |sample: i32| stored.value(sample.cast_unsigned());
        let samples = Samples::Whole(samples.into_iter().map(value).collect());
        return Ok(Raster { width, height, channels: 1, samples, rgb: false, bits: 12 });
    }
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(SAMPLES_MOST as usize * 2);
    decoder.read_info().map_err(|error| reason(&error))?;
    let info = decoder.info().ok_or(Placeholder::Damaged)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let channels = match info.pixel_format {
        PixelFormat::L8 | PixelFormat::L16 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => return Err(Placeholder::UnknownPixels),
    };
    Raster::check(width, height, channels)?;
    if channels == 3 && !front.says_colour {
        let rgb = image.photometric == Photometric::Rgb;
        decoder.set_color_transform(if rgb { ColorTransform::RGB } else { ColorTransform::YCbCr });
    }
    let decoded = decoder.decode().map_err(|error| reason(&error))?;
    let bits = u32::from(front.precision).clamp(1, 16);
    let stored = Stored::decoded(image, bits.min(image.bits_stored.max(8)));
    let samples: Vec<i32> = if info.pixel_format == PixelFormat::L16 {
        let (pairs, _) = decoded.as_chunks::<2>();
        pairs.iter().map(|two| stored.value(u32::from(u16::from_ne_bytes(*two)))).collect()
    } else if channels == 3 {
        decoded.iter().map(|byte| i32::from(*byte)).collect()
    } else {
        decoded.iter().map(|byte| stored.value(u32::from(*byte))).collect()
    };
    if samples.len() as u64 != u64::from(width) * u64::from(height) * u64::from(channels) {
        return Err(Placeholder::Damaged);
    }
    let samples = Samples::Whole(samples);
    Ok(Raster { width, height, channels, samples, rgb: channels == 3, bits })
}

fn reason(error: &Error) -> Placeholder {
    match error {
        Error::Unsupported(_) => Placeholder::UnknownCompression,
        Error::Format(_) | Error::Io(_) | Error::Internal(_) => Placeholder::Damaged,
    }
}

/// Looks at the markers before the first scan.
fn front(bytes: &[u8]) -> Front {
    let mut front = Front { precision: 8, lossless: false, says_colour: false };
    let mut at = 2;
    while let Some([0xFF, marker, high, low, value @ ..]) = bytes.get(at..) {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        match marker {
            // Padding before a marker.
            0xFF => {
                at += 1;
                continue;
            }
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                front.precision = value.first().copied().unwrap_or(8);
                front.lossless = *marker == 0xC3;
            }
            0xEE => front.says_colour |= value.starts_with(b"Adobe") && length >= 14,
            0xDA => break,
            _ => {}
        }
        at += 2 + length.max(2);
    }
    front
}
