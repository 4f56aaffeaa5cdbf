//! `settings.json` in the home: what a person set. No patient, no secret.

use crate::shell::lock;
use crate::view::Settings;
use relaypacs_model::{Code, Fault};
use serde_json::{Map, Value};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The settings, and the file that keeps them.
pub(crate) struct Kept {
    file: PathBuf,
    settings: Mutex<Settings>,
}

impl Kept {
    /// Reads the file; what is missing or cannot be read is as it comes from the factory.
    pub(crate) fn read(home: &Path) -> Self {
        let file = home.join("settings.json");
        let settings = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|_| {
                tracing::warn!("settings.json could not be read and is as new");
                Settings::default()
            }),
            Err(_) => Settings::default(),
        };
        Self { file, settings: Mutex::new(settings) }
    }

    /// Reads the file again: when the program began it may have been out of reach.
    pub(crate) fn read_again(&self) {
        if let Some(home) = self.file.parent() {
            *lock(&self.settings) = Self::read(home).settings();
        }
    }

    /// What is set.
    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Changes what is set, one change after the other, and writes the file whole or not at all. `tell` is told in the
    /// same order.
    ///
    /// # Errors
    /// Those of `change`; [`Code::HomeNotWritable`], [`Code::DiskFull`]; then nothing is changed.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&Settings) -> Result<Settings, Fault>,
        tell: impl FnOnce(&Settings),
    ) -> Result<(), Fault> {
        let mut kept = lock(&self.settings);
        let settings = change(&kept)?;
        self.write(&settings)?;
        tell(&settings);
        *kept = settings;
        Ok(())
    }

    fn write(&self, settings: &Settings) -> Result<(), Fault> {
        let text = serde_json::to_vec_pretty(settings)
            .map_err(|error| Fault::with(Code::Internal, error))?;
        let fresh = self.file.with_extension("json.new");
        let written = fs::File::create(&fresh).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&fresh, &self.file)
        });
        written.map_err(|error| {
            let full = error.kind() == std::io::ErrorKind::StorageFull;
            let code = if full { Code::DiskFull } else { Code::HomeNotWritable };
            Fault::with(code, error.kind())
        })
    }
}

/// What is set, with these fields changed: those alone, so that two changes on their way never take each other back.
///
/// # Errors
/// [`Code::Internal`] where a field or a value is unknown.
pub(crate) fn with(settings: &Settings, changed: Map<String, Value>) -> Result<Settings, Fault> {
    let unknown = |error| Fault::with(Code::Internal, error);
    let mut all = serde_json::to_value(settings).map_err(unknown)?;
    for (name, value) in changed {
        let field = all.get_mut(&name);
        *field.ok_or_else(|| Fault::with(Code::Internal, "no such setting"))? = value;
    }
    let settings: Settings = serde_json::from_value(all).map_err(unknown)?;
    settings.limit().map_err(|fault| Fault::with(Code::Internal, fault))?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Appearance, Names, Standard};
    use serde_json::json;

    fn set_to(kept: &Kept, wanted: &Settings) -> Result<(), Fault> {
        kept.change(|_| Ok(wanted.clone()), |_| ())
    }

    #[test]
    fn a_change_touches_its_own_field_and_an_unknown_one_changes_nothing() {
        let set = Settings { autostart: true, ..Settings::default() };
        let changed = |text: &str| with(&set, serde_json::from_str(text).unwrap());
        let now = changed(r#"{"names":"hidden"}"#).unwrap();
        assert_eq!(now, Settings { names: Names::Hidden, ..set.clone() });
        for wrong in [r#"{"name":"hidden"}"#, r#"{"names":"loud"}"#, r#"{"names":null}"#] {
            assert_eq!(changed(wrong).unwrap_err().code, Code::Internal, "{wrong}");
        }
    }

    #[test]
    fn what_a_person_set_is_there_at_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        let set = Settings {
            appearance: Appearance::Contrast,
            names: Names::Hidden,
            ..Settings::default()
        };
        set_to(&Kept::read(home.path()), &set).unwrap();
        assert_eq!(Kept::read(home.path()).settings(), set);
    }

    #[test]
    fn a_file_of_another_version_keeps_what_it_says_and_fills_the_rest() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("settings.json"), br#"{"language":"de","later":1}"#).unwrap();
        let settings = Kept::read(home.path()).settings();
        assert_eq!(settings.language, crate::view::Language::De);
        assert!(settings.notifications);
        fs::write(home.path().join("settings.json"), b"{broken").unwrap();
        assert_eq!(Kept::read(home.path()).settings(), Settings::default());
    }

    #[test]
    fn to_ask_each_time_is_kept_apart_from_nobody_having_said() {
        let home = tempfile::tempdir().unwrap();
        for standard in [Standard::Ask, Standard::Unset, Standard::Named("Main PACS".into())] {
            let set = Settings { standard_destination: standard.clone(), ..Settings::default() };
            set_to(&Kept::read(home.path()), &set).unwrap();
            assert_eq!(Kept::read(home.path()).settings().standard_destination, standard);
        }
    }

    #[test]
    fn a_limit_on_the_line_is_one_or_nothing_is_changed() {
        let set = |bandwidth: Value| {
            with(&Settings::default(), Map::from_iter([("bandwidth".into(), bandwidth)]))
        };
        let limit =
            |megabits: u32, from: u8| json!({"megabits": megabits, "from": from, "until": 19});
        let settings = set(limit(20, 7)).unwrap();
        assert_eq!(settings.limit().unwrap().unwrap().to_string(), "20@7-19");
        assert_eq!(set(Value::Null).unwrap().limit(), Ok(None));
        for wrong in [limit(0, 7), limit(20, 24), json!(20)] {
            assert_eq!(set(wrong).unwrap_err().code, Code::Internal);
        }
    }

    #[test]
    fn a_home_that_cannot_be_written_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let kept = Kept::read(&home.path().join("not there"));
        let set = Settings { autostart: true, ..Settings::default() };
        assert_eq!(set_to(&kept, &set).unwrap_err().code, Code::HomeNotWritable);
        assert!(!kept.settings().autostart);
    }
}
