//! `ui/types.d.ts`, written from the types of this room. A test fails where the file in the tree is another one.

use super::*;
use crate::commands::ChosenCa;
use std::fs;
use std::path::Path;
use ts_rs::{Config, TS};

const HEAD: &str = "\
// What the Rust side says to the window. Made from src-tauri/src/view.rs by `cargo xtask types`; not to be edited.
";

/// The file as it has to be.
fn generated() -> String {
    let config = Config::new().with_large_int("number");
    let mut file = HEAD.to_owned();
    macro_rules! write {
        ($($kind:ty),* $(,)?) => {
            $(file.push_str(&format!("\nexport {}\n", <$kind as TS>::decl(&config)));)*
        };
    }
    write!(
        CodeWord,
        OutcomeWord,
        SkipWord,
        PriorityWord,
        ReadBackWord,
        Failure,
        State,
        Stage,
        Platform,
        Settings,
        Bandwidth,
        Appearance,
        Language,
        Names,
        Cover,
        Spool,
        Destination,
        Standing,
        SignInKind,
        SignInField,
        DestinationDraft,
        SignInDraft,
        ChosenCa,
        Checked,
        Volume,
        VolumeKind,
        VolumeHint,
        Recent,
        DropState,
        Practice,
        Looking,
        ReviewHead,
        SourceKind,
        ReviewStudy,
        Patient,
        Warning,
        WarningKind,
        ReviewSeries,
        ReviewImage,
        Picture,
        Placeholder,
        HeaderLine,
        Skipped,
        QueueHead,
        SourceFree,
        QueueStudy,
        StudyState,
        QueueGroup,
        GroupImage,
        Done,
        NotThere,
    );
    file.push_str(&format!("\nexport {}\n", <Page<ReviewStudy> as TS>::decl(&config)));
    file
}

#[test]
fn the_types_of_the_page_are_those_of_rust() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("ui/types.d.ts");
    if std::env::var_os("RELAYPACS_WRITE_TYPES").is_some() {
        fs::write(&place, generated()).unwrap();
    }
    let there = fs::read_to_string(&place).unwrap_or_default();
    assert!(
        there == generated(),
        "ui/types.d.ts is not what src-tauri/src/view.rs says; write it anew with `cargo xtask types`"
    );
}
