//! From the bytes of one frame to its samples. Each decoder holds the size in its own stream against the limits before
//! it decodes: what the data set declares and what a stream declares are two things.

mod jpeg;
mod jpeg12;
mod jpeg2000;
mod jpeg_huffman;
mod jpegls;
mod jpegls_context;
mod jpegls_stream;
mod native;
mod rle;

use crate::Placeholder;
use crate::attributes::{Image, SAMPLES_MOST};
use crate::file;
use crate::samples::Raster;
use crate::syntax::Codec;

pub(crate) use native::{Layout, length as native_length};

/// Decodes one frame. `edge`: the wanted longest edge, for decoders that can leave out detail.
pub(crate) fn decode(
    codec: Codec,
    bytes: &[u8],
    image: &Image,
    layout: Layout,
    edge: u32,
) -> Result<Raster, Placeholder> {
    match codec {
        Codec::Native => native::decode(bytes, image, layout),
        Codec::Deflated => native::decode(&file::unpacked(bytes, SAMPLES_MOST * 4)?, image, layout),
        Codec::Rle => rle::decode(bytes, image),
        Codec::Jpeg => jpeg::decode(bytes, image),
        Codec::JpegLs => jpegls::decode(bytes, image),
        Codec::Jpeg2000 => jpeg2000::decode(bytes, image, edge),
        Codec::Video => Err(Placeholder::Video),
        Codec::Unknown => Err(Placeholder::UnknownCompression),
    }
}
