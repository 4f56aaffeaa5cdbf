//! JPEG XL (ISO/IEC 18181) by dicom-pixeldata, only in a worker: its decoder is bounded by the limits of the process,
//! not by a limit of its own. It is not given the file: the frame that our walk has cut out goes into an object of the
//! few attributes that describe it, so that no general parser meets hostile bytes.

use crate::Placeholder;
use crate::attributes::{Image, SAMPLES_MOST};
use crate::samples::{Raster, Samples, Stored};
use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileDicomObject, FileMetaTableBuilder, InMemDicomObject};
use dicom_pixeldata::PixelDecoder;
use jxl_oxide::{AllocTracker, JxlImage};
use std::thread;

/// The stack of the thread that decodes: 32 MiB.
const STACK: usize = 32 << 20;
/// What reading the headers of a stream may take: 64 MiB.
const FRONT_MOST: usize = 64 << 20;
/// dicom-pixeldata refuses a frame of 16 MiB that is packed into less than a 64th of it.
const PACKED: (usize, usize) = (16 << 20, 64);

/// What a stream says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Front {
    width: u32,
    height: u32,
    channels: u32,
    /// Bits of a sample.
    bits: u32,
    /// The samples were transformed, and are red, green and blue once they are decoded.
    transformed: bool,
}

/// Decodes one frame in a thread of its own; one that panics has met a damaged stream.
pub(crate) fn decode(bytes: &[u8], image: &Image) -> Result<Raster, Placeholder> {
    thread::scope(|scope| {
        let decoder = thread::Builder::new().stack_size(STACK);
        let decoder = decoder.spawn_scoped(scope, || decode_here(bytes, image));
        let decoder = decoder.map_err(|_| Placeholder::NoDecoder)?;
        decoder.join().unwrap_or(Err(Placeholder::Damaged))
    })
}

fn decode_here(bytes: &[u8], image: &Image) -> Result<Raster, Placeholder> {
    let front = front(bytes)?;
    let Front { width, height, channels, .. } = front;
    let wide = match image.bits_allocated {
        8 => false,
        16 => true,
        _ => return Err(Placeholder::UnknownPixels),
    };
    let count = width as usize * height as usize * channels as usize;
    let unpacked = if wide { count * 2 } else { count };
    if unpacked >= PACKED.0 && bytes.len() < unpacked / PACKED.1 {
        return Err(Placeholder::TooLarge);
    }
    let object = object(bytes.to_vec(), front, image)?;
    let decoded = object.decode_pixel_data_frame(0).map_err(|_| Placeholder::Damaged)?;
    // The decoder spreads samples over what is allocated: 0 to 65,535 where the stream goes from 0 to 4,095.
    let most = (1 << image.bits_allocated) - 1;
    let bits = front.bits.min(image.bits_allocated);
    let stored = Stored::decoded(image, bits);
    let sample = |spread: u16| stored.value(narrowed(u32::from(spread), most, (1 << bits) - 1));
    let samples: Vec<i32> = if wide {
        let (pairs, _) = decoded.data().as_chunks::<2>();
        pairs.iter().map(|two| sample(u16::from_ne_bytes(*two))).collect()
    } else {
        decoded.data().iter().map(|byte| sample(u16::from(*byte))).collect()
    };
    if samples.len() != count {
        return Err(Placeholder::Damaged);
    }
    let rgb = front.transformed && channels == 3;
    Ok(Raster { width, height, channels, samples: Samples::Whole(samples), rgb, bits })
}

/// Back from the range that is allocated to the range of the stream; exact for every whole number.
fn narrowed(spread: u32, from: u32, to: u32) -> u32 {
    if from == to { spread } else { (spread * to + from / 2) / from }
}

/// Reads the headers, which cost what their bytes are long, and holds every frame in the stream against the limits: it
/// may be larger than the image that it is put on.
fn front(bytes: &[u8]) -> Result<Front, Placeholder> {
    let limit = AllocTracker::with_limit(FRONT_MOST);
    let stream = JxlImage::builder().alloc_tracker(limit).read(bytes);
    let stream = stream.map_err(|_| Placeholder::Damaged)?;
    let metadata = &stream.image_header().metadata;
    let channels: u32 = if stream.pixel_format().is_grayscale() { 1 } else { 3 };
    let (width, height) = (stream.width(), stream.height());
    Raster::check(width, height, channels)?;
    // Opacity, depth, black ink: DICOM has none, and each is one more plane.
    if !metadata.ec_info.is_empty() || stream.pixel_format().has_black() {
        return Err(Placeholder::UnknownPixels);
    }
    let frames = (0..stream.num_loaded_frames()).filter_map(|number| stream.frame(number));
    let mut all: u64 = 0;
    let mut transformed = metadata.xyb_encoded;
    for frame in frames {
        let header = frame.header();
        let pixels = u64::from(header.sample_width(1)) * u64::from(header.sample_height(1));
        all = all.saturating_add(pixels.saturating_mul(u64::from(channels)));
        transformed |= header.do_ycbcr;
    }
    if all > SAMPLES_MOST * 2 {
        return Err(Placeholder::TooLarge);
    }
    Ok(Front { width, height, channels, bits: metadata.bit_depth.bits_per_sample(), transformed })
}

/// An object of one frame that says of it what its stream says.
fn object(
    bytes: Vec<u8>,
    front: Front,
    image: &Image,
) -> Result<FileDicomObject<InMemDicomObject>, Placeholder> {
    let short = |number: u32| u16::try_from(number).map_err(|_| Placeholder::TooLarge);
    let mut object = InMemDicomObject::new_empty();
    let numbers: [(Tag, u32); 7] = [
        (tags::SAMPLES_PER_PIXEL, front.channels),
        (tags::ROWS, front.height),
        (tags::COLUMNS, front.width),
        (tags::BITS_ALLOCATED, image.bits_allocated),
        (tags::BITS_STORED, image.bits_allocated),
        (tags::HIGH_BIT, image.bits_allocated - 1),
        (tags::PIXEL_REPRESENTATION, 0),
    ];
    for (tag, number) in numbers {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(short(number)?)));
    }
    let photometric = if front.channels == 1 { "MONOCHROME2" } else { "RGB" };
    object.put_str(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, photometric);
    object.put_str(tags::NUMBER_OF_FRAMES, VR::IS, "1");
    let fragments = PixelFragmentSequence::new_fragments(vec![bytes]);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, fragments));
    // The one decoder behind the three transfer syntaxes of JPEG XL reads whatever its stream is.
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::JPEGXL)
        .media_storage_sop_class_uid(uids::SECONDARY_CAPTURE_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("1.2")
        .build();
    Ok(object.with_exact_meta(meta.map_err(|_| Placeholder::NoDecoder)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spread_over_sixteen_bits_comes_back_as_it_was() {
        for bits in 1..=16 {
            let most = (1u32 << bits) - 1;
            for value in 0..=most {
                let spread = (value as f32 / most as f32 * 65_535.0 + 0.5) as u32;
                assert_eq!(narrowed(spread, 65_535, most), value, "{bits} bits");
            }
        }
    }
}
