//! How urgent a study is.

use std::fmt;

/// Which studies go first. Names follow HL7's and IHE's routine, urgent, STAT (table 0485).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// In its turn.
    #[default]
    Routine,
    /// Before every routine study.
    Urgent,
    /// Before everything else.
    Stat,
}

/// A word that is no priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a priority is routine, urgent or stat")]
pub struct PriorityFault;

impl Priority {
    /// All of them, the least urgent first.
    pub const ALL: [Self; 3] = [Self::Routine, Self::Urgent, Self::Stat];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Stat => "stat",
        }
    }

    /// Reads the word; case does not matter.
    ///
    /// # Errors
    /// [`PriorityFault`] for any other word.
    pub fn parse(word: &str) -> Result<Self, PriorityFault> {
        let named = |priority: &Self| priority.as_str().eq_ignore_ascii_case(word);
        Self::ALL.into_iter().find(named).ok_or(PriorityFault)
    }

    /// How many places there are within one priority, for studies that a person puts before others of theirs.
    pub const PLACES: i32 = 1_000_000;

    /// As a queue keeps it: higher goes first, zero is usual. Up to the next one there are [`Priority::PLACES`].
    #[must_use]
    pub fn rank(self) -> i32 {
        match self {
            Self::Routine => 0,
            Self::Urgent => Self::PLACES,
            Self::Stat => 2 * Self::PLACES,
        }
    }

    /// The priority that a rank amounts to.
    #[must_use]
    pub fn of_rank(rank: i64) -> Self {
        let reached = |priority: &Self| rank >= i64::from(priority.rank());
        Self::ALL.into_iter().rfind(reached).unwrap_or_default()
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ranks_lead_back_to_the_priority() {
        for priority in Priority::ALL {
            assert_eq!(Priority::parse(&priority.as_str().to_uppercase()), Ok(priority));
            assert_eq!(Priority::of_rank(priority.rank().into()), priority);
        }
        assert_eq!(Priority::parse("now"), Err(PriorityFault));
        assert_eq!(Priority::of_rank(-5), Priority::Routine);
        assert_eq!(Priority::of_rank(i64::from(Priority::Stat.rank()) - 1), Priority::Urgent);
        assert!(Priority::Stat > Priority::Urgent && Priority::Urgent > Priority::Routine);
    }
}
