//! The few words that the system shows and not the window: the tray, and notifications. No patient is in any of them.

use crate::view::Language;

/// Words of one language.
pub(crate) struct Words {
    /// Open the window.
    pub(crate) open: &'static str,
    /// Quit.
    pub(crate) quit: &'static str,
    /// All images of a send are in the archive: `{n}` images, `{archive}`.
    pub(crate) all_there: &'static str,
    /// Images of a send are in the archive, and something of it is not: `{n}` images, `{archive}`.
    pub(crate) some_there: &'static str,
    /// Some images of a send need a person: `{n}` images, `{archive}`.
    pub(crate) some_need_you: &'static str,
    /// An archive needs a person: `{archive}`.
    pub(crate) archive_needs_you: &'static str,
}

const ENGLISH: Words = Words {
    open: "Open RelayPACS",
    quit: "Quit",
    all_there: "All {n} images are in {archive}.",
    some_there: "{n} images are in {archive}. That is not all: RelayPACS says what is missing.",
    some_need_you: "{n} images for {archive} need a person. Nothing is lost.",
    archive_needs_you: "{archive} cannot be used until somebody looks. Nothing is lost.",
};

const GERMAN: Words = Words {
    open: "RelayPACS öffnen",
    quit: "Beenden",
    all_there: "Alle {n} Bilder sind in {archive}.",
    some_there: "{n} Bilder sind in {archive}. Das ist nicht alles: RelayPACS sagt, was fehlt.",
    some_need_you: "{n} Bilder für {archive} brauchen einen Menschen. Nichts ist verloren.",
    archive_needs_you: "{archive} kann erst benutzt werden, wenn jemand nachsieht. Nichts ist verloren.",
};

/// The words of what is set, or of the system.
pub(crate) fn words(language: Language) -> &'static Words {
    if is_german(language) { &GERMAN } else { &ENGLISH }
}

/// True where German is set, or is the system's and nothing else is set.
pub(crate) fn is_german(language: Language) -> bool {
    match language {
        Language::En => false,
        Language::De => true,
        Language::System => {
            tauri_plugin_os::locale().is_some_and(|locale| locale.starts_with("de"))
        }
    }
}

/// Puts a number and a name into a sentence.
pub(crate) fn fill(sentence: &str, n: u64, archive: &str) -> String {
    sentence.replace("{n}", &n.to_string()).replace("{archive}", archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_the_same_things() {
        for words in [&ENGLISH, &GERMAN] {
            for sentence in [words.all_there, words.some_there, words.some_need_you] {
                let filled = fill(sentence, 7, "Main PACS");
                assert!(filled.contains('7') && filled.contains("Main PACS"), "{filled}");
            }
            assert!(fill(words.archive_needs_you, 0, "Main PACS").contains("Main PACS"));
            assert!(!fill(words.all_there, 1, "x").contains('{'));
        }
    }
}
