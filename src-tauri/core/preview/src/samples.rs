//! A decoded frame: whole numbers or floating point, channel by channel within a pixel.

use crate::Placeholder;
use crate::attributes::{Image, check};

/// The samples of a frame, interleaved.
#[derive(Debug)]
pub(crate) enum Samples {
    Whole(Vec<i32>),
    Float(Vec<f32>),
}

/// A decoded frame.
#[derive(Debug)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: u32,
    pub(crate) samples: Samples,
    /// Three channels are red, green and blue already, whatever Photometric Interpretation says.
    pub(crate) rgb: bool,
    /// The bits that a sample can fill: what a decoder found, else Bits Stored.
    pub(crate) bits: u32,
}

impl Raster {
    /// A frame of the size that the data set declares.
    pub(crate) fn declared(image: &Image, samples: Samples) -> Self {
        let (width, height, channels) = (image.columns, image.rows, image.channels);
        Self { width, height, channels, samples, rgb: false, bits: image.bits_stored }
    }

    /// Holds what a decoder says against the limits before it decodes.
    pub(crate) fn check(width: u32, height: u32, channels: u32) -> Result<(), Placeholder> {
        check(height, width, channels)
    }
}

/// Takes the stored bits out of a sample and gives it its sign (PS3.5 section 8.1.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored {
    shift: u32,
    bits: u32,
    signed: bool,
}

impl Stored {
    /// As Bits Stored, High Bit and Pixel Representation say.
    pub(crate) fn of(image: &Image) -> Self {
        let shift = (image.high_bit + 1).saturating_sub(image.bits_stored);
        Self { shift, bits: image.bits_stored, signed: image.signed }
    }

    /// As [`Self::of`], for a decoder that gives samples of `bits`, right-aligned.
    pub(crate) fn decoded(image: &Image, bits: u32) -> Self {
        Self { shift: 0, bits: bits.clamp(1, 32), signed: image.signed }
    }

    /// The value of a sample.
    pub(crate) fn value(self, raw: u32) -> i32 {
        let left = 32 - self.bits.min(32);
        let high = (raw >> self.shift.min(31)).checked_shl(left).unwrap_or(0);
        if self.signed {
            high.cast_signed().checked_shr(left).unwrap_or(0)
        } else {
            high.checked_shr(left).unwrap_or(0).cast_signed()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_bits_are_taken_out_and_get_their_sign() {
        let twelve = |signed, shift| Stored { shift, bits: 12, signed };
        assert_eq!(twelve(false, 0).value(0xF123), 0x123);
        assert_eq!(twelve(true, 0).value(0x0FFF), -1);
        assert_eq!(twelve(true, 4).value(0x8005), -2_048);
        assert_eq!(Stored { shift: 0, bits: 32, signed: true }.value(u32::MAX), -1);
    }
}
