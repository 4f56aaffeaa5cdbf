//! How urgent a study is.

/// Which studies go first. A higher one overtakes within one batch; what is on its way already is not called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Priority {
    /// In the order in which studies were offered.
    #[default]
    Routine,
    /// Before the routine ones.
    Urgent,
    /// Before everything else (Latin *statim*, at once).
    Stat,
}

impl Priority {
    /// Every priority, the lowest first.
    pub const ALL: [Self; 3] = [Self::Routine, Self::Urgent, Self::Stat];

    /// The word that programs use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Stat => "stat",
        }
    }

    /// Reads [`Priority::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == word)
    }

    /// How many places there are within one priority, for studies that a person puts before others of theirs.
    pub const PLACES: i32 = 1_000_000;

    /// The number that a queue sorts by: higher goes first. Up to the next one there are [`Priority::PLACES`].
    #[must_use]
    pub fn level(self) -> i32 {
        match self {
            Self::Routine => 0,
            Self::Urgent => Self::PLACES,
            Self::Stat => 2 * Self::PLACES,
        }
    }

    /// The priority of a number; nothing is below routine or above stat.
    #[must_use]
    pub fn of_level(level: i64) -> Self {
        match level / i64::from(Self::PLACES) {
            ..1 => Self::Routine,
            1 => Self::Urgent,
            2.. => Self::Stat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_priority_reads_back_from_its_word_and_its_number() {
        for priority in Priority::ALL {
            assert_eq!(Priority::parse(priority.as_str()), Some(priority));
            assert_eq!(Priority::of_level(priority.level().into()), priority);
            assert_eq!(Priority::of_level(i64::from(priority.level()) + 7), priority);
        }
        assert!(Priority::Stat > Priority::Urgent && Priority::Urgent > Priority::Routine);
    }
}
