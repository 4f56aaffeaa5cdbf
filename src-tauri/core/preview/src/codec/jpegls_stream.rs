//! The bits of a JPEG-LS scan (ITU-T T.87 A.1, C.1): after a byte FF comes a stuffed zero bit, or a marker.

/// Reads bits, the most significant first.
pub(super) struct Bits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    /// Bits that are waiting, from the top.
    buffer: u64,
    count: u32,
    after_ff: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter(), buffer: 0, count: 0, after_ff: false }
    }

    fn fill(&mut self) {
        while self.count <= 48 {
            let Some(byte) = self.bytes.next() else { return };
            let width = if self.after_ff { 7 } else { 8 };
            let value = u64::from(if self.after_ff { byte & 0x7F } else { *byte });
            self.after_ff = *byte == 0xFF;
            self.count += width;
            self.buffer |= value << (64 - self.count);
        }
    }

    /// `width` bits, at most 32; nothing where the scan has ended.
    pub(super) fn take(&mut self, width: u32) -> Option<i32> {
        if width == 0 {
            return Some(0);
        }
        if self.count < width {
            self.fill();
        }
        if self.count < width {
            return None;
        }
        let value = self.buffer >> (64 - width);
        self.buffer <<= width;
        self.count -= width;
        i32::try_from(value).ok()
    }

    /// How many zeros come before the next one, which is passed over; more than `most` are damage.
    fn zeros(&mut self, most: u32) -> Option<u32> {
        let mut zeros = 0;
        loop {
            if self.count == 0 {
                self.fill();
            }
            let run = self.buffer.leading_zeros().min(self.count);
            zeros += run;
            if run < self.count {
                self.buffer = self.buffer.checked_shl(run + 1).unwrap_or(0);
                self.count -= run + 1;
                return (zeros <= most).then_some(zeros);
            }
            self.buffer = 0;
            self.count = 0;
            self.fill();
            if self.count == 0 || zeros > most {
                return None;
            }
        }
    }

    /// A number in the limited Golomb code (A.5.3).
    pub(super) fn golomb(&mut self, k: u32, limit: u32, escape: u32) -> Option<i32> {
        let longest = limit.checked_sub(escape + 1)?;
        let zeros = self.zeros(longest)?;
        if zeros < longest {
            let high = i32::try_from(zeros).ok()?.checked_shl(k)?;
            return high.checked_add(self.take(k)?);
        }
        self.take(escape)?.checked_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bit_after_ff_is_passed_over() {
        let mut bits = Bits::new(&[0xFF, 0x7F, 0x80]);
        assert_eq!(bits.take(8), Some(0xFF));
        assert_eq!(bits.take(8), Some(0xFF));
        assert_eq!(bits.take(7), Some(0));
        assert_eq!(bits.take(1), None);
    }

    #[test]
    fn a_golomb_code_is_zeros_a_one_and_the_rest() {
        // 00 1 01: two times four and one.
        let mut bits = Bits::new(&[0b0010_1000]);
        assert_eq!(bits.golomb(2, 32, 8), Some(9));
        // As many zeros as are allowed: the number itself follows.
        let mut bits = Bits::new(&[0b0001_0000, 0b0101_0000]);
        assert_eq!(bits.golomb(2, 12, 8), Some(6));
    }
}
