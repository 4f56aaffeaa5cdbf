//! The entropy coding of JPEG (ITU-T T.81 Annex C and F.2.2): canonical Huffman codes, and bits with stuffed bytes.

/// A code: for each length the first code of it, how many there are, and where their symbols begin.
pub(super) struct Huffman {
    lengths: [(u32, u32, usize); 16],
    symbols: Vec<u8>,
}

impl Huffman {
    /// Reads a table as DHT has it; what is left behind it.
    pub(super) fn read(value: &[u8]) -> Option<(Self, &[u8])> {
        let (counts, rest) = value.split_first_chunk::<16>()?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, left) = rest.split_at_checked(total)?;
        let mut lengths = [(0, 0, 0); 16];
        let (mut code, mut at) = (0u32, 0usize);
        for (length, count) in lengths.iter_mut().zip(counts) {
            *length = (code, u32::from(*count), at);
            code = (code + u32::from(*count)) << 1;
            at += usize::from(*count);
        }
        Some((Self { lengths, symbols: symbols.to_vec() }, left))
    }
}

/// Reads bits, the most significant first, until a marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, buffer: 0, count: 0 }
    }

    fn fill(&mut self) {
        while self.count <= 48 {
            let (byte, rest) = match self.bytes {
                [0xFF, 0x00, rest @ ..] => (0xFF, rest),
                [] | [0xFF, ..] => return,
                [byte, rest @ ..] => (*byte, rest),
            };
            self.bytes = rest;
            self.count += 8;
            self.buffer |= u64::from(byte) << (64 - self.count);
        }
    }

    /// `width` bits, at most 16; nothing where a marker or the end comes first.
    fn take(&mut self, width: u32) -> Option<u32> {
        if self.count < width {
            self.fill();
        }
        if self.count < width {
            return None;
        }
        let value = if width == 0 { 0 } else { self.buffer >> (64 - width) };
        self.buffer <<= width;
        self.count -= width;
        u32::try_from(value).ok()
    }

    /// The next symbol of a code.
    pub(super) fn symbol(&mut self, huffman: &Huffman) -> Option<u8> {
        let mut code = 0;
        for (first, count, at) in &huffman.lengths {
            code = (code << 1) | self.take(1)?;
            if let Some(place) = code.checked_sub(*first).filter(|place| place < count) {
                return huffman.symbols.get(at + place as usize).copied();
            }
        }
        None
    }

    /// A number of `size` bits with its sign (F.2.2.1).
    pub(super) fn extended(&mut self, size: u32) -> Option<i32> {
        if size == 0 {
            return Some(0);
        }
        if size > 16 {
            return None;
        }
        let value = self.take(size)?.cast_signed();
        Some(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }

    /// Passes over the padding and a restart marker.
    pub(super) fn restart(&mut self) -> Option<()> {
        (self.buffer, self.count) = (0, 0);
        let at = self.bytes.windows(2).position(|two| matches!(two, [0xFF, 0xD0..=0xD7]))?;
        self.bytes = self.bytes.get(at + 2..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_code_is_built_from_its_lengths() {
        // One code of one bit, two of two: 0, 10, 11.
        let mut value = vec![1, 2];
        value.extend([0; 14]);
        value.extend([7, 8, 9, 99]);
        let (huffman, left) = Huffman::read(&value).unwrap();
        assert_eq!(left, [99]);
        let mut bits = Bits::new(&[0b0101_1000, 0xFF, 0xD9]);
        let read: Vec<u8> = (0..6).filter_map(|_| bits.symbol(&huffman)).collect();
        assert_eq!(read, [7, 8, 9, 7, 7, 7]);
        assert_eq!(bits.symbol(&huffman), None);
    }

    #[test]
    fn numbers_below_zero_begin_with_a_zero_and_ff_is_followed_by_one() {
        let mut bits = Bits::new(&[0b0111_0000, 0xFF, 0x00]);
        assert_eq!([bits.extended(2), bits.extended(2)], [Some(-2), Some(3)]);
        assert_eq!([bits.extended(4), bits.extended(8)], [Some(-15), Some(255)]);
    }

    #[test]
    fn after_a_restart_marker_the_bits_begin_anew() {
        let mut bits = Bits::new(&[0xAA, 0xFF, 0xD3, 0x80]);
        assert_eq!(bits.take(1), Some(1));
        bits.restart().unwrap();
        assert_eq!([bits.take(1), bits.take(7)], [Some(1), Some(0)]);
        assert_eq!(bits.restart(), None);
    }
}
