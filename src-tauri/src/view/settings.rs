//! What a person sets. Kept in `settings.json` in the home; nothing of a patient and no secret is in it.

use relaypacs_relay::{SpoolWhen, Spooling};
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
    /// Whether RelayPACS starts with the session.
    pub autostart: bool,
    /// Whether the system says when a study is confirmed or needs a person.
    pub notifications: bool,
    /// What is copied to this computer before it is sent.
    pub spool: Spool,
    /// The name of the destination that is offered first.
    pub standard_destination: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            appearance: Appearance::System,
            language: Language::System,
            names: Names::Short,
            autostart: false,
            notifications: true,
            spool: Spool::Removable,
            standard_destination: None,
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
