//! Colour: YCbCr to RGB (PS3.3 C.7.6.3.1.2), palettes, more than 8 bits to 8.

use crate::attributes::{Image, Photometric};
use crate::samples::Raster;
use crate::scale::Small;

/// Three channels as RGB of 8 bits each.
pub(crate) fn rgb(small: &Small, raster: &Raster, image: &Image) -> Vec<u8> {
    let most = ((1u64 << raster.bits.min(32)) - 1).max(1) as f32;
    let scale = 255.0 / most;
    let ybr =
        !raster.rgb && matches!(image.photometric, Photometric::YbrFull | Photometric::YbrFull422);
    let partial = !raster.rgb && image.photometric == Photometric::YbrPartial422;
    let (pixels, _) = small.values.as_chunks::<3>();
    pixels
        .iter()
        .flat_map(|pixel| {
            let pixel = pixel.map(|value| value * scale);
            if ybr {
                full(pixel)
            } else if partial {
                let [y, blue, red] = pixel;
                let wide = |value: f32| (value - 128.0) * 255.0 / 224.0 + 128.0;
                full([(y - 16.0) * 255.0 / 219.0, wide(blue), wide(red)])
            } else {
                pixel.map(byte)
            }
        })
        .collect()
}

/// One pixel of YBR_FULL (ITU-R BT.601, all values used).
fn full([y, blue, red]: [f32; 3]) -> [u8; 3] {
    let (blue, red) = (blue - 128.0, red - 128.0);
    [y + 1.402 * red, y - 0.344_136 * blue - 0.714_136 * red, y + 1.772 * blue].map(byte)
}

fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Entries of a palette as RGB.
pub(crate) fn palette(small: &Small, image: &Image) -> Option<Vec<u8>> {
    let tables = image.palette.as_ref()?;
    let colour = |value: &f32| tables.each_ref().map(|table| table.byte(*value as i32));
    Some(small.values.iter().flat_map(colour).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_colour_space_come_out_right() {
        assert_eq!(full([255.0, 128.0, 128.0]), [255, 255, 255]);
        assert_eq!(full([76.0, 85.0, 255.0]), [254, 0, 0]);
        assert_eq!(full([150.0, 44.0, 21.0]), [0, 255, 1]);
        assert_eq!(full([29.0, 255.0, 107.0]), [0, 0, 254]);
    }
}
