//! A picture as it is shown: PNG, and what the viewer has to know of it.

use crate::{Placeholder, Window};

/// One frame, encoded as PNG, 8 bits grey or RGB. Patient data: it stays in memory.
#[derive(Clone, PartialEq)]
pub struct Picture {
    /// The PNG file.
    pub png: Vec<u8>,
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
    /// Columns of the frame it shows.
    pub columns: u32,
    /// Rows of the frame it shows.
    pub rows: u32,
    /// How many frames the instance has.
    pub frames: u32,
    /// The window it was made with, in modality units; nothing where it is in colour.
    pub window: Option<Window>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Picture({} x {})", self.width, self.height)
    }
}

/// Encodes 8-bit pixels, grey or RGB.
pub(crate) fn png(
    bytes: &[u8],
    width: u32,
    height: u32,
    colour: bool,
) -> Result<Vec<u8>, Placeholder> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(if colour { png::ColorType::Rgb } else { png::ColorType::Grayscale });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(bytes)?;
        writer.finish()
    });
    written.map_err(|_| Placeholder::Damaged)?;
    Ok(file)
}
