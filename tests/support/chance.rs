//! Chance that is the same each time for the same seed.

/// A row of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The row of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number, from 0 up to but not including 1.
    pub fn part(&mut self) -> f64 {
        f64::from((self.number() >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
    }

    /// True in this share of all cases.
    pub fn happens(&mut self, share: f64) -> bool {
        self.part() < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_row_again_and_shares_are_kept() {
        let row = |seed| (0..4).map(|_| Chance::new(seed).number()).collect::<Vec<_>>();
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
        let mut chance = Chance::new(1);
        let often = (0..10_000).filter(|_| chance.happens(0.2)).count();
        assert!((1_850..2_150).contains(&often), "{often}");
    }
}
