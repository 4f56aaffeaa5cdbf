//! How much of the line sending may take, and in which hours.

use std::fmt;

/// At most so many megabits a second, all day or in some hours of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandwidth {
    megabits: u32,
    from: u8,
    until: u8,
}

/// What is no bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a limit is whole megabits a second from 1 on, all day (20) or between two full hours (20@7-19)"
)]
pub struct BandwidthFault;

impl Bandwidth {
    /// `megabits` a second (1,000,000 bits) from the hour `from` until the hour `until` of the local day, which may lie
    /// on the next one. From an hour until the same hour is all day.
    ///
    /// # Errors
    /// [`BandwidthFault`] for nothing a second, and for hours that no day has (0 to 23).
    pub fn new(megabits: u32, from: u8, until: u8) -> Result<Self, BandwidthFault> {
        let is_one = megabits > 0 && from < 24 && until < 24;
        if is_one { Ok(Self { megabits, from, until }) } else { Err(BandwidthFault) }
    }

    /// Reads `20` or `20@7-19`.
    ///
    /// # Errors
    /// [`BandwidthFault`] for any other form.
    pub fn parse(text: &str) -> Result<Self, BandwidthFault> {
        let (megabits, hours) = text.split_once('@').unwrap_or((text, "0-0"));
        let (from, until) = hours.split_once('-').ok_or(BandwidthFault)?;
        let hour = |word: &str| word.parse().map_err(|_| BandwidthFault);
        let megabits = megabits.parse().map_err(|_| BandwidthFault)?;
        Self::new(megabits, hour(from)?, hour(until)?)
    }

    /// How many bytes a second may go out in this hour of the day; `None`: as many as the line takes.
    #[must_use]
    pub fn bytes_per_second_at(self, hour: u8) -> Option<u64> {
        let holds = match self.from.cmp(&self.until) {
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Less => (self.from..self.until).contains(&hour),
            std::cmp::Ordering::Greater => hour >= self.from || hour < self.until,
        };
        holds.then(|| u64::from(self.megabits) * 125_000)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.megabits)?;
        if self.from == self.until { Ok(()) } else { write!(f, "@{}-{}", self.from, self.until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Vec<u8> {
        let limit = Bandwidth::parse(text).unwrap();
        (0..24).filter(|hour| limit.bytes_per_second_at(*hour).is_some()).collect()
    }

    #[test]
    fn it_holds_in_its_hours_and_in_no_others() {
        assert_eq!(hours("20"), (0..24).collect::<Vec<_>>());
        assert_eq!(hours("20@7-10"), [7, 8, 9]);
        assert_eq!(hours("20@22-2"), [0, 1, 22, 23]);
        assert_eq!(hours("20@5-0"), (5..24).collect::<Vec<_>>());
        assert_eq!(Bandwidth::parse("8").unwrap().bytes_per_second_at(0), Some(1_000_000));
    }

    #[test]
    fn it_reads_what_it_writes_and_refuses_the_rest() {
        for text in ["1", "20@7-19", "1000@22-6"] {
            assert_eq!(Bandwidth::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["", "0", "-1", "2.5", "20@", "20@7", "20@7-24", "20@-", "20@a-b", "20@7-8-9", "x"]
        {
            assert_eq!(Bandwidth::parse(text), Err(BandwidthFault), "{text}");
        }
    }
}
