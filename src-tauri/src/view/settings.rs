//! What a person sets. Kept in `settings.json` in the home; nothing of a patient and no secret is in it.

use relaypacs_model as model;
use relaypacs_relay::{Relay, SpoolWhen, Spooling};
use serde::{Deserialize, Serialize};

/// What a person sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Settings {
    /// The theme.
    pub appearance: Appearance,
    /// The language.
    pub language: Language,
    /// How much of a patient's name the queue shows.
    pub names: Names,
    /// After how many minutes without a touch what is on the screen is covered.
    pub cover: Cover,
    /// Whether RelayPACS starts with the session.
    pub autostart: bool,
    /// Whether the system says when a study is confirmed or needs a person.
    pub notifications: bool,
    /// What is copied to this computer before it is sent.
    pub spool: Spool,
    /// How much of the line sending may take; null: all of it.
    pub bandwidth: Option<Bandwidth>,
    /// Where a review goes by itself: the name of a destination; empty to ask each time; null where nobody has said yet.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub standard_destination: Standard,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            appearance: Appearance::System,
            language: Language::System,
            names: Names::Short,
            cover: Cover::Never,
            autostart: false,
            notifications: true,
            spool: Spool::Removable,
            bandwidth: None,
            standard_destination: Standard::Unset,
        }
    }
}

/// How much of the line sending may take, and in which hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bandwidth {
    /// Megabits a second, from 1 on.
    pub megabits: u32,
    /// The hour of the day from which it holds, 0 to 23.
    pub from: u8,
    /// The hour until which it holds; that of `from`: all day.
    pub until: u8,
}

impl TryFrom<Bandwidth> for model::Bandwidth {
    type Error = model::BandwidthFault;

    fn try_from(set: Bandwidth) -> Result<Self, Self::Error> {
        Self::new(set.megabits, set.from, set.until)
    }
}

impl Settings {
    /// Has the relay work as it is set. What no window would set counts as unset.
    pub(crate) fn apply(&self, relay: &Relay) {
        relay.copy_as(self.spool.into());
        relay.limit_to(self.limit().unwrap_or_default());
    }

    /// The limit that is set.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn limit(&self) -> Result<Option<model::Bandwidth>, model::BandwidthFault> {
        self.bandwidth.map(TryInto::try_into).transpose()
    }
}

/// Where a review goes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<String>", into = "Option<String>")]
pub enum Standard {
    /// Nobody has said, and there was no single destination to go by.
    Unset,
    /// Nowhere: a person chooses each time.
    Ask,
    /// To the destination of this name.
    Named(String),
}

impl From<Option<String>> for Standard {
    fn from(word: Option<String>) -> Self {
        match word {
            None => Self::Unset,
            // No destination has an empty name.
            Some(name) if name.is_empty() => Self::Ask,
            Some(name) => Self::Named(name),
        }
    }
}

impl From<Standard> for Option<String> {
    fn from(standard: Standard) -> Self {
        match standard {
            Standard::Unset => None,
            Standard::Ask => Some(String::new()),
            Standard::Named(name) => Some(name),
        }
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($word:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[expect(missing_docs, reason = "the words say it")]
        pub enum $name { $($word),* }
    };
}

choice! {
    /// The theme.
    Appearance { System, Dark, Light, Contrast }
}
choice! {
    /// The language.
    Language { System, En, De }
}
choice! {
    /// How much of a patient's name the queue shows: family name and initial, or nothing.
    Names { Short, Hidden }
}
choice! {
    /// After how many minutes without a touch what is on the screen is covered.
    Cover { Never, Five, Fifteen }
}
choice! {
    /// What is copied to this computer before it is sent.
    Spool { Removable, Always, Never }
}

impl From<Spool> for Spooling {
    fn from(spool: Spool) -> Self {
        let when = match spool {
            Spool::Removable => SpoolWhen::Removable,
            Spool::Always => SpoolWhen::Always,
            Spool::Never => SpoolWhen::Never,
        };
        Self { when, keep_free: None }
    }
}
