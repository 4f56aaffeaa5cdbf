//! RLE Lossless (PS3.5 Annex G): byte planes, the most significant first, each packed by runs.

use crate::Placeholder;
use crate::attributes::Image;
use crate::codec::native::mixed;
use crate::samples::{Raster, Samples, Stored};

/// The header: the number of segments and where each begins.
const HEADER: usize = 64;

/// Decodes one frame.
pub(crate) fn decode(bytes: &[u8], image: &Image) -> Result<Raster, Placeholder> {
    let (words, _) = bytes.get(..HEADER).ok_or(Placeholder::Damaged)?.as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word) as usize);
    let count = words.next().unwrap_or(0);
    let wide = image.bits_allocated.div_ceil(8) as usize;
    if image.bits_allocated == 1 || count != wide * image.channels as usize {
        return Err(Placeholder::UnknownPixels);
    }
    let starts: Vec<usize> = words.take(count).collect();
    let pixels = image.rows as usize * image.columns as usize;
    let mut planes = vec![0u32; pixels * image.channels as usize];
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(bytes.len()).min(bytes.len());
        let packed = bytes.get(*start..end).ok_or(Placeholder::Damaged)?;
        let plane = number / wide * pixels;
        let target = planes.get_mut(plane..plane + pixels).ok_or(Placeholder::Damaged)?;
        unpack(packed, target)?;
    }
    let stored = Stored::of(image);
    if image.bits_allocated == 32 && !image.signed {
        let floats: Vec<f32> =
            planes.iter().map(|raw| stored.value(*raw).cast_unsigned() as f32).collect();
        let samples = if image.channels == 3 { mixed(&floats)? } else { floats };
        return Ok(Raster::declared(image, Samples::Float(samples)));
    }
    let values: Vec<i32> = planes.iter().map(|raw| stored.value(*raw)).collect();
    let samples = if image.channels == 3 { mixed(&values)? } else { values };
    Ok(Raster::declared(image, Samples::Whole(samples)))
}

/// Unpacks one segment, each byte below those that are there already.
fn unpack(packed: &[u8], target: &mut [u32]) -> Result<(), Placeholder> {
    let mut from = packed.iter().copied();
    let mut to = target.iter_mut();
    while to.len() > 0 {
        let control = from.next().ok_or(Placeholder::Damaged)?;
        match control {
            0..=127 => {
                for _ in 0..=control {
                    let byte = from.next().ok_or(Placeholder::Damaged)?;
                    let Some(sample) = to.next() else { return Ok(()) };
                    *sample = (*sample << 8) | u32::from(byte);
                }
            }
            128 => {}
            129..=255 => {
                let byte = from.next().ok_or(Placeholder::Damaged)?;
                for _ in 0..=(256 - u32::from(control)) {
                    let Some(sample) = to.next() else { return Ok(()) };
                    *sample = (*sample << 8) | u32::from(byte);
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_runs_are_unpacked_and_a_cut_segment_is_damaged() {
        let mut target = [0u32; 6];
        unpack(&[1, 7, 8, 128, 253, 9], &mut target).unwrap();
        assert_eq!(target, [7, 8, 9, 9, 9, 9]);
        unpack(&[251, 1], &mut target).unwrap();
        assert_eq!(target, [0x701, 0x801, 0x901, 0x901, 0x901, 0x901]);
        assert_eq!(unpack(&[3, 7, 8], &mut target), Err(Placeholder::Damaged));
    }
}
