//! The whole way from the bytes of an instance to a picture. This is what runs in the worker process.

use crate::attributes::{Image, Number, Photometric, without_pixels};
use crate::codec::{self, Layout};
use crate::collect::{Context, Found, Pixels};
use crate::element::{PIXEL_DATA, Way};
use crate::file::{self, Start};
use crate::fragments::{self, ENCODED_MOST};
use crate::samples::Raster;
use crate::source::View;
use crate::syntax::{Codec, Syntax};
use crate::walk::walk;
use crate::{Held, Picture, Placeholder, Request, Source, colour, picture, scale, shades};

/// Makes the picture of one frame, in this thread. Memory is bounded for any bytes; call it through
/// [`crate::Preview`], which also bounds its time and survives its end.
///
/// # Errors
/// The placeholder to show in its place.
pub fn render(source: &mut dyn Source, request: &Request) -> Result<Picture, Placeholder> {
    let mut view = View::new(source);
    let start = file::start(&mut view)?;
    if !start.syntax.deflated {
        return of_data_set(&mut view, start, request);
    }
    let mut held = Held(file::inflate(&mut view, start.at)?);
    let inflated = Start { at: 0, syntax: Syntax { deflated: false, ..start.syntax } };
    of_data_set(&mut View::new(&mut held), inflated, request)
}

fn of_data_set(
    view: &mut View<'_>,
    start: Start,
    request: &Request,
) -> Result<Picture, Placeholder> {
    let found = walk(view, start.at, start.syntax.way, request.frame)?;
    let Some(pixels) = found.pixels else { return Err(without_pixels(&found)) };
    match start.syntax.codec {
        Codec::Video => return Err(Placeholder::Video),
        Codec::Unknown => return Err(Placeholder::UnknownCompression),
        Codec::Native
        | Codec::Deflated
        | Codec::Rle
        | Codec::Jpeg
        | Codec::JpegLs
        | Codec::Jpeg2000 => {}
    }
    let number = match pixels.tag {
        PIXEL_DATA => Number::Integer,
        0x7FE0_0008 => Number::Float,
        _ => Number::Double,
    };
    let image = Image::of(&found, number)?;
    if request.frame >= image.frames {
        return Err(Placeholder::NoSuchFrame);
    }
    let raster = frame(view, &found, pixels, &image, start.syntax, request)?;
    finished(raster, &image, request)
}

/// Reads the bytes of the wanted frame, and only those, and decodes them.
fn frame(
    view: &mut View<'_>,
    found: &Found,
    pixels: Pixels,
    image: &Image,
    syntax: Syntax,
    request: &Request,
) -> Result<Raster, Placeholder> {
    let big_endian = found.way == Way::ExplicitBig || syntax.big_pixels;
    let layout = Layout { big_endian, first_bit: 0 };
    let Some(available) = pixels.native else {
        let extended = extended_offsets(found);
        let which = (request.frame, image.frames);
        let bytes = fragments::frame(view, pixels.begin, which, &extended)?;
        return codec::decode(syntax.codec, &bytes, image, layout, request.edge());
    };
    // Pixel data of defined length is native, whatever the transfer syntax says.
    let length = codec::native_length(image);
    let first = length.checked_mul(u64::from(request.frame)).ok_or(Placeholder::Damaged)?;
    let layout = Layout { first_bit: (first % 8) as u32, ..layout };
    let (from, to) = (first / 8, (first + length).div_ceil(8));
    if to > available || to - from > ENCODED_MOST * 2 {
        return Err(Placeholder::Damaged);
    }
    // Samples of 8 bits in words of 16, in big endian: each two are swapped (PS3.5 section 7.3).
    let in_words = big_endian && pixels.vr == *b"OW" && image.bits_allocated == 8;
    let bytes = if in_words {
        let begin = from & !1;
        let mut bytes =
            view.exactly(pixels.begin + begin, to.next_multiple_of(2).min(available) - begin)?;
        bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.swap(0, 1));
        bytes.split_off((from - begin) as usize)
    } else {
        view.exactly(pixels.begin + from, to - from)?
    };
    codec::decode(Codec::Native, &bytes, image, layout, request.edge())
}

/// The Extended Offset Table: 64-bit offsets (PS3.3 C.7.6.3.1.8).
fn extended_offsets(found: &Found) -> Vec<u64> {
    let bytes = found.bytes(Context::Top, 0x7FE0_0001).unwrap_or_default();
    bytes.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight)).collect()
}

/// Makes it small, gives it light or colour, encodes it.
fn finished(mut raster: Raster, image: &Image, request: &Request) -> Result<Picture, Placeholder> {
    let named = image.photometric == Photometric::Palette && raster.channels == 1;
    if raster.channels == 1 && !named {
        shades::looked_up(&mut raster, image);
    }
    let small = scale::small(&raster, request.edge(), !named);
    let (bytes, window) = if named {
        (colour::palette(&small, image).ok_or(Placeholder::UnknownPixels)?, None)
    } else if raster.channels == 3 {
        (colour::rgb(&small, &raster, image), None)
    } else {
        let shades = shades::grey(&small, &raster, image, request.levels);
        (shades.bytes, Some(shades.window))
    };
    let png = picture::png(&bytes, small.width, small.height, window.is_none())?;
    Ok(Picture {
        png,
        width: small.width,
        height: small.height,
        columns: image.columns,
        rows: image.rows,
        frames: image.frames,
        window,
    })
}
