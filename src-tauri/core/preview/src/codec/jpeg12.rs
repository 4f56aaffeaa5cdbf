//! JPEG extended sequential of 12 bits (ITU-T T.81, process 4), one component: the way CT and MR images are compressed
//! with loss. A decoder of our own, since no crate reads more than 8 bits with loss.

use super::jpeg_huffman::{Bits, Huffman};
use crate::Placeholder;
use crate::samples::Raster;
use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// Where each coefficient of the stream lies in its block (figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];
/// The middle and the largest value of 12 bits.
const MIDDLE: f32 = 2_048.0;
const MOST: f32 = 4_095.0;

/// What the markers before the scan said.
#[derive(Default)]
struct Tables {
    quantisation: [Option<[f32; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    /// Width, height, which quantisation.
    frame: Option<(usize, usize, usize)>,
    /// Blocks between two restart markers; 0 for none.
    restart: usize,
}

/// Decodes a stream; its width, height and samples.
pub(super) fn decode(bytes: &[u8]) -> Result<(u32, u32, Vec<i32>), Placeholder> {
    let mut tables = Tables::default();
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8]).ok_or(Placeholder::Damaged)?;
    while let [0xFF, marker, after @ ..] = rest {
        if *marker == 0xFF {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let length = after.first_chunk::<2>().map(|two| usize::from(u16::from_be_bytes(*two)));
        let length = length.ok_or(Placeholder::Damaged)?;
        let value = after.get(2..length).ok_or(Placeholder::Damaged)?;
        rest = after.get(length..).unwrap_or_default();
        match marker {
            0xDB => quantisation(value, &mut tables).ok_or(Placeholder::Damaged)?,
            0xC4 => huffman(value, &mut tables).ok_or(Placeholder::Damaged)?,
            0xC0 | 0xC1 => tables.frame = Some(frame(value)?),
            0xC2..=0xCF => return Err(Placeholder::UnknownCompression),
            0xDD => {
                let interval = value.first_chunk::<2>().ok_or(Placeholder::Damaged)?;
                tables.restart = usize::from(u16::from_be_bytes(*interval));
            }
            0xDA => {
                let (width, height, _) = tables.frame.ok_or(Placeholder::Damaged)?;
                let samples = scan(value, rest, &tables).ok_or(Placeholder::Damaged)?;
                return Ok((width as u32, height as u32, samples));
            }
            _ => {}
        }
    }
    Err(Placeholder::Damaged)
}

fn quantisation(mut value: &[u8], tables: &mut Tables) -> Option<()> {
    while let [kind, rest @ ..] = value {
        let wide = kind >> 4 == 1;
        let length = if wide { 128 } else { 64 };
        let (steps, left) = rest.split_at_checked(length)?;
        let mut table = [0.0; 64];
        for (place, step) in ZIGZAG.iter().zip(steps.chunks(length / 64)) {
            let step = step.iter().fold(0u16, |high, low| (high << 8) | u16::from(*low));
            *table.get_mut(*place)? = f32::from(step);
        }
        *tables.quantisation.get_mut(usize::from(kind & 15))? = Some(table);
        value = left;
    }
    Some(())
}

fn huffman(mut value: &[u8], tables: &mut Tables) -> Option<()> {
    while let [kind, rest @ ..] = value {
        let (table, left) = Huffman::read(rest)?;
        let class = if kind >> 4 == 0 { &mut tables.dc } else { &mut tables.ac };
        *class.get_mut(usize::from(kind & 15))? = Some(table);
        value = left;
    }
    Some(())
}

fn frame(value: &[u8]) -> Result<(usize, usize, usize), Placeholder> {
    let [12, y1, y0, x1, x0, 1, _, _, table] = value else {
        return Err(Placeholder::UnknownCompression);
    };
    let (height, width) = (u16::from_be_bytes([*y1, *y0]), u16::from_be_bytes([*x1, *x0]));
    Raster::check(u32::from(width), u32::from(height), 1)?;
    Ok((usize::from(width), usize::from(height), usize::from(*table)))
}

fn scan(value: &[u8], bytes: &[u8], tables: &Tables) -> Option<Vec<i32>> {
    let [1, _, which, ..] = value else { return None };
    let dc = tables.dc.get(usize::from(which >> 4))?.as_ref()?;
    let ac = tables.ac.get(usize::from(which & 15))?.as_ref()?;
    let (width, height, table) = tables.frame?;
    let steps = tables.quantisation.get(table)?.as_ref()?;
    let wave = waves();
    let mut bits = Bits::new(bytes);
    let mut samples = vec![0; width * height];
    let (mut predicted, mut count) = (0, 0);
    for top in (0..height).step_by(8) {
        for left in (0..width).step_by(8) {
            if tables.restart > 0 && count == tables.restart {
                bits.restart()?;
                (predicted, count) = (0, 0);
            }
            count += 1;
            let block = block(&mut bits, dc, ac, steps, &mut predicted)?;
            let pixels = spatial(&block, &wave)?;
            for (row, line) in pixels.chunks_exact(8).enumerate().take(height - top) {
                let from = (top + row) * width + left;
                let target = samples.get_mut(from..from + (width - left).min(8))?;
                for (sample, pixel) in target.iter_mut().zip(line) {
                    *sample = (pixel + MIDDLE).round().clamp(0.0, MOST) as i32;
                }
            }
        }
    }
    Some(samples)
}

/// The coefficients of one block, times their steps (F.2.2).
fn block(
    bits: &mut Bits<'_>,
    dc: &Huffman,
    ac: &Huffman,
    steps: &[f32; 64],
    predicted: &mut i32,
) -> Option<[f32; 64]> {
    let mut block = [0.0; 64];
    let size = u32::from(bits.symbol(dc)?);
    *predicted = predicted.checked_add(bits.extended(size)?)?;
    let [first, ..] = &mut block;
    *first = *predicted as f32 * steps.first()?;
    let mut at = 1;
    while at < 64 {
        let symbol = bits.symbol(ac)?;
        let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (zeros, size) {
            (15, 0) => at += 16,
            (_, 0) => break,
            _ => {
                at += zeros;
                let place = *ZIGZAG.get(at)?;
                *block.get_mut(place)? = bits.extended(size)? as f32 * steps.get(place)?;
                at += 1;
            }
        }
    }
    Some(block)
}

/// The eight cosines of each frequency (A.3.3).
fn waves() -> [[f32; 8]; 8] {
    std::array::from_fn(|frequency| {
        let scale = if frequency == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        std::array::from_fn(|place| {
            let angle = (2 * place + 1) as f32 * frequency as f32 * PI / 16.0;
            scale * angle.cos() / 2.0
        })
    })
}

/// From frequencies to pixels, rows first.
fn spatial(block: &[f32; 64], wave: &[[f32; 8]; 8]) -> Option<[f32; 64]> {
    let mut rows = [0.0f32; 64];
    for (line, row) in block.chunks_exact(8).zip(rows.chunks_exact_mut(8)) {
        for (amount, wave) in line.iter().zip(wave) {
            if *amount != 0.0 {
                row.iter_mut().zip(wave).for_each(|(sum, height)| *sum += amount * height);
            }
        }
    }
    let mut pixels = [0.0f32; 64];
    for (amounts, wave) in rows.chunks_exact(8).zip(wave) {
        for (height, line) in wave.iter().zip(pixels.chunks_exact_mut(8)) {
            line.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount * height);
        }
    }
    Some(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_one_frequency_is_its_wave() {
        let mut block = [0.0; 64];
        block[0] = 800.0;
        assert!(
            spatial(&block, &waves()).unwrap().iter().all(|pixel| (pixel - 100.0).abs() < 1e-3)
        );
        block[0] = 0.0;
        block[8] = 8.0;
        let pixels = spatial(&block, &waves()).unwrap();
        // Down the block half a cosine, along it nothing.
        let top = (PI / 16.0).cos() * FRAC_1_SQRT_2 * 2.0;
        assert!((pixels[0] - top).abs() < 1e-3 && (pixels[7] - top).abs() < 1e-3);
        assert!((pixels[56] + top).abs() < 1e-3);
    }
}
