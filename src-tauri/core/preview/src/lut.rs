//! Lookup tables (PS3.3 C.11.1 and C.11.2, palettes C.7.6.3.1.5): a descriptor of three numbers and the entries.

/// A lookup table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lut {
    /// The value that the first entry is for.
    first: i32,
    entries: Vec<u16>,
    /// The entry that is full light.
    full: u16,
}

impl Lut {
    /// From a descriptor and the bytes of the entries. `word` reads a 16-bit number in the order of the data set;
    /// `signed` where the values that are looked up are.
    pub(crate) fn new(
        descriptor: &[u16],
        bytes: &[u8],
        word: impl Fn([u8; 2]) -> u16,
        signed: bool,
    ) -> Option<Self> {
        let [count, first, bits] = descriptor.first_chunk::<3>()?;
        let count = if *count == 0 { 65_536 } else { usize::from(*count) };
        let first = if signed { i32::from(first.cast_signed()) } else { i32::from(*first) };
        let (pairs, _) = bytes.as_chunks::<2>();
        // Entries of 8 bits are packed two to a word by most, one to a word by some.
        let packed = *bits <= 8 && pairs.len() < count;
        let entries: Vec<u16> = if packed {
            bytes.iter().take(count).map(|byte| u16::from(*byte)).collect()
        } else {
            pairs.iter().take(count).map(|pair| word(*pair)).collect()
        };
        // Some writers declare 16 bits and fill 8: the largest entry says how far they go.
        let most = entries.iter().copied().max()?;
        let bits = u32::from(*bits).clamp(1, 16);
        let declared = ((1u32 << bits) - 1) as u16;
        let full = if bits == 16 && most < 256 { 255 } else { declared.max(most) };
        Some(Self { first, entries, full })
    }

    /// The entry for a value; below and above the table its first and last.
    pub(crate) fn at(&self, value: i32) -> u16 {
        let place = usize::try_from(value.saturating_sub(self.first)).unwrap_or(0);
        let last = self.entries.len().saturating_sub(1);
        self.entries.get(place.min(last)).copied().unwrap_or(0)
    }

    /// The entry for a value, from 0 to 1.
    pub(crate) fn light(&self, value: i32) -> f32 {
        f32::from(self.at(value)) / f32::from(self.full)
    }

    /// The entry for a value as 8 bits.
    pub(crate) fn byte(&self, value: i32) -> u8 {
        let entry = self.at(value);
        if self.full > 255 { (entry >> 8) as u8 } else { entry as u8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_holds_its_ends_and_reads_both_packings() {
        let words = Lut::new(&[3, 10, 16], &[0, 1, 0, 2, 0, 3], u16::from_le_bytes, false).unwrap();
        assert_eq!([9, 10, 11, 12, 13].map(|value| words.at(value)), [256, 256, 512, 768, 768]);
        assert_eq!(words.byte(12), 3);
        let bytes = Lut::new(&[4, 0, 8], &[1, 2, 3, 4], u16::from_le_bytes, false).unwrap();
        assert_eq!([0, 1, 2, 3].map(|value| bytes.byte(value)), [1, 2, 3, 4]);
        let signed = Lut::new(&[2, 0xFFFE, 16], &[7, 0, 9, 0], u16::from_le_bytes, true).unwrap();
        assert_eq!([-2, -1].map(|value| signed.at(value)), [7, 9]);
        assert_eq!(Lut::new(&[2, 0], &[1, 2], u16::from_le_bytes, false), None);
    }
}
