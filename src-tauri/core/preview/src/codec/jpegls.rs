//! JPEG-LS (ITU-T T.87), lossless and near-lossless, 2 to 16 bits, in each interleave mode.
//!
//! A decoder of our own: the one that is well kept is C++ and wants CMake on every machine that builds this. Not read:
//! mapping tables, restart intervals, sizes above 65,535.

use super::jpegls_context::{Around, Model, Parameters};
use super::native::mixed;
use crate::Placeholder;
use crate::attributes::Image;
use crate::samples::{Raster, Samples, Stored};

/// What the frame header says (SOF55).
#[derive(Debug, Clone)]
struct Frame {
    bits: u32,
    width: usize,
    height: usize,
    channels: usize,
}

/// Markers between the start of the image and its end.
const MARKERS_MOST: u32 = 1_000;

/// Decodes one frame.
pub(crate) fn decode(bytes: &[u8], image: &Image) -> Result<Raster, Placeholder> {
    let (frame, planes) = stream(bytes)?;
    let channels = frame.channels as u32;
    let stored = Stored::decoded(image, frame.bits.min(image.bits_stored.max(8)));
    let grey = |sample: &i32| stored.value(sample.cast_unsigned());
    let samples = if channels == 3 { mixed(&planes)? } else { planes.iter().map(grey).collect() };
    let (width, height) = (frame.width as u32, frame.height as u32);
    let (samples, rgb) = (Samples::Whole(samples), false);
    Ok(Raster { width, height, channels, samples, rgb, bits: frame.bits })
}

/// Reads the markers and the scans; the planes of the components one after the other.
fn stream(bytes: &[u8]) -> Result<(Frame, Vec<i32>), Placeholder> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8]).ok_or(Placeholder::Damaged)?;
    let mut frame = None;
    let mut preset = None;
    let mut planes = Vec::new();
    let mut done = 0;
    for _ in 0..MARKERS_MOST {
        let [0xFF, marker, after @ ..] = rest else { break };
        if *marker == 0xFF {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        if *marker == 0xD9 {
            break;
        }
        let (high, low) = (after.first(), after.get(1));
        let (Some(high), Some(low)) = (high, low) else { break };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let value = after.get(2..length).ok_or(Placeholder::Damaged)?;
        rest = after.get(length..).unwrap_or_default();
        match (marker, &frame) {
            (0xF7, None) => {
                let read = header(value)?;
                planes = vec![0; read.width * read.height * read.channels];
                frame = Some(read);
            }
            (0xF8, _) => preset = preset_of(value)?.or(preset),
            (0xDD, _) => return Err(Placeholder::UnknownCompression),
            (0xDA, Some(frame)) => {
                let end = scan_end(rest);
                let scan = rest.get(..end).unwrap_or_default();
                done += decode_scan(value, scan, frame, preset, &mut planes, done)?;
                rest = rest.get(end..).unwrap_or_default();
                if done >= frame.channels {
                    break;
                }
            }
            _ => {}
        }
    }
    match frame {
        Some(frame) if done == frame.channels => Ok((frame, planes)),
        _ => Err(Placeholder::Damaged),
    }
}

fn header(value: &[u8]) -> Result<Frame, Placeholder> {
    let [bits, y1, y0, x1, x0, channels, ..] = value else { return Err(Placeholder::Damaged) };
    let height = u16::from_be_bytes([*y1, *y0]);
    let width = u16::from_be_bytes([*x1, *x0]);
    Raster::check(u32::from(width), u32::from(height), u32::from(*channels))?;
    if !(2..=16).contains(bits) || !matches!(channels, 1 | 3) {
        return Err(Placeholder::UnknownPixels);
    }
    Ok(Frame {
        bits: u32::from(*bits),
        width: usize::from(width),
        height: usize::from(height),
        channels: usize::from(*channels),
    })
}

/// Preset coding parameters (LSE of type 1): the largest sample, three thresholds, reset.
fn preset_of(value: &[u8]) -> Result<Option<[i32; 5]>, Placeholder> {
    match value {
        [1, words @ ..] => {
            let (words, _) = words.as_chunks::<2>();
            let read = words.first_chunk::<5>().ok_or(Placeholder::Damaged)?;
            Ok(Some(read.map(|word| i32::from(u16::from_be_bytes(word)))))
        }
        [2..=4, ..] => Err(Placeholder::UnknownCompression),
        _ => Ok(None),
    }
}

/// Where the coded bits end: at a marker, whose second byte has its highest bit set.
fn scan_end(bytes: &[u8]) -> usize {
    let mark = bytes.windows(2).position(|two| matches!(two, [0xFF, 0x80..=0xFF]));
    mark.unwrap_or(bytes.len())
}

fn parameters(frame: &Frame, preset: Option<[i32; 5]>, near: i32) -> Option<Parameters> {
    let full = (1i32 << frame.bits) - 1;
    let most = preset.map(|[most, ..]| most).filter(|most| *most > 0).unwrap_or(full);
    if most > full || near > 255 || near > most / 2 {
        return None;
    }
    let mut parameters = Parameters::new(most, near);
    let Some([_, one, two, three, reset]) = preset else { return Some(parameters) };
    let [d1, d2, d3] = parameters.thresholds;
    let or = |given: i32, usual: i32| if given == 0 { usual } else { given };
    parameters.thresholds = [or(one, d1), or(two, d2), or(three, d3)];
    parameters.reset = or(reset, 64);
    (parameters.reset >= 3).then_some(parameters)
}

/// A line of one component and the one above, with a sample more at either side.
struct Lines {
    above: Vec<i32>,
    current: Vec<i32>,
    run_index: usize,
}

impl Lines {
    fn new(width: usize) -> Self {
        Self { above: vec![0; width + 2], current: vec![0; width + 2], run_index: 0 }
    }

    /// The current line becomes the one above; the samples beyond the edges are set (A.2.1).
    fn turn(&mut self) {
        std::mem::swap(&mut self.above, &mut self.current);
        let last = self.above.len().saturating_sub(2);
        let (first, right) = (self.above.get(1).copied(), self.above.get(last).copied());
        if let (Some(edge), Some(value)) = (self.above.get_mut(last + 1), right) {
            *edge = value;
        }
        if let (Some(edge), Some(value)) = (self.current.first_mut(), first) {
            *edge = value;
        }
    }

    fn around(&self, at: usize) -> Option<Around> {
        let [c, b, d] = *self.above.get(at - 1..)?.first_chunk::<3>()?;
        Some(Around { a: *self.current.get(at - 1)?, b, c, d })
    }
}

/// Decodes one scan into the planes from `first` on; how many components it had.
fn decode_scan(
    value: &[u8],
    bytes: &[u8],
    frame: &Frame,
    preset: Option<[i32; 5]>,
    planes: &mut [i32],
    first: usize,
) -> Result<usize, Placeholder> {
    let count = usize::from(*value.first().ok_or(Placeholder::Damaged)?);
    let tail = value.get(1 + 2 * count..).ok_or(Placeholder::Damaged)?;
    let [near, interleave, ..] = tail else { return Err(Placeholder::Damaged) };
    if count == 0 || first + count > frame.channels || (count > 1 && *interleave == 0) {
        return Err(Placeholder::Damaged);
    }
    let p = parameters(frame, preset, i32::from(*near)).ok_or(Placeholder::Damaged)?;
    let mut model = Model::new(bytes, p);
    let mut lines: Vec<Lines> = (0..count).map(|_| Lines::new(frame.width)).collect();
    let plane = frame.width * frame.height;
    for row in 0..frame.height {
        lines.iter_mut().for_each(Lines::turn);
        let read = if *interleave == 2 {
            line(&mut model, &mut lines, frame.width)
        } else {
            lines
                .iter_mut()
                .try_for_each(|one| line(&mut model, std::slice::from_mut(one), frame.width))
        };
        read.ok_or(Placeholder::Damaged)?;
        for (component, one) in lines.iter().enumerate() {
            let from = (first + component) * plane + row * frame.width;
            let target = planes.get_mut(from..from + frame.width).ok_or(Placeholder::Damaged)?;
            target.copy_from_slice(one.current.get(1..=frame.width).ok_or(Placeholder::Damaged)?);
        }
    }
    Ok(count)
}

/// One line of one component, or of all that are mixed sample by sample.
fn line(model: &mut Model<'_>, lines: &mut [Lines], width: usize) -> Option<()> {
    let alone = lines.len() == 1;
    let mut at = 1;
    while at <= width {
        let mut flat = true;
        for one in lines.iter() {
            flat &= Model::is_flat(model.context(one.around(at)?));
        }
        if !flat {
            for one in lines.iter_mut() {
                let around = one.around(at)?;
                let context = model.context(around);
                *one.current.get_mut(at)? = model.regular(around, context)?;
            }
            at += 1;
            continue;
        }
        let mut index = lines.first()?.run_index;
        let (length, interrupted) = model.run(width + 1 - at, &mut index)?;
        for one in lines.iter_mut() {
            let value = *one.current.get(at - 1)?;
            one.current.get_mut(at..at + length)?.fill(value);
        }
        at += length;
        if interrupted {
            for one in lines.iter_mut() {
                let around = one.around(at)?;
                *one.current.get_mut(at)? = model.interruption(around, index, alone)?;
            }
            index = index.saturating_sub(1);
            at += 1;
        }
        lines.first_mut()?.run_index = index;
    }
    Some(())
}
