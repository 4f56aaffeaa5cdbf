//! Deflated data sets (PS3.5 A.5), inflated as they are read and bounded: a few bytes can be made to expand a
//! thousandfold.

use crate::Limits;
use crate::bytes::{Bound, Bytes, Reading};
use flate2::read::DeflateDecoder;
use std::io::{self, Read};

/// A reader that ends with `exceeded` where more comes out than `limits` accept for what went in.
pub(crate) struct Guarded<R> {
    inner: R,
    out: u64,
    most: u64,
    exceeded: Bound,
}

impl<R: Read> Guarded<R> {
    /// `packed`: how many bytes went in.
    pub(crate) fn new(inner: R, packed: u64, limits: &Limits, exceeded: Bound) -> Self {
        let by_ratio = packed.saturating_mul(limits.ratio).max(limits.ratio_free_bytes);
        Self { inner, out: 0, most: by_ratio.min(limits.member_bytes), exceeded }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.out += read as u64;
        if self.out > self.most { Err(self.exceeded.error()) } else { Ok(read) }
    }
}

/// The data set that `source` holds deflated from `at` on.
pub(crate) fn inflate<'a, S: Bytes>(
    source: &'a mut S,
    at: u64,
    limits: &Limits,
) -> Guarded<DeflateDecoder<Reading<'a, S>>> {
    let packed = source.size().unwrap_or(limits.ratio_free_bytes).saturating_sub(at);
    let decoder = DeflateDecoder::new(Reading { source, at });
    Guarded::new(decoder, packed, limits, Bound::Expands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::DeflateEncoder;

    fn expand(zeros: u64, limits: &Limits) -> io::Result<u64> {
        let mut packed = Vec::new();
        DeflateEncoder::new(io::repeat(0).take(zeros), Compression::best())
            .read_to_end(&mut packed)?;
        let size = packed.len() as u64;
        let plain = DeflateDecoder::new(&packed[..]);
        io::copy(&mut Guarded::new(plain, size, limits, Bound::Expands), &mut io::sink())
    }

    #[test]
    fn a_thousandfold_is_accepted_up_to_the_free_bytes_and_no_further() {
        let limits = Limits { ratio_free_bytes: 1 << 20, ..Limits::default() };
        assert_eq!(expand(1 << 20, &limits).unwrap(), 1 << 20);
        let error = expand((1 << 20) + 1, &limits).unwrap_err();
        assert_eq!(Bound::of(&error), Some(Bound::Expands));
        let small = Limits { member_bytes: 1000, ..limits };
        assert!(expand(1001, &small).is_err());
    }
}
