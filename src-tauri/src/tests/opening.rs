//! The home opens without a new start once it can, whatever kept it from opening.

use super::acl::ask;
use super::{app, window};
use crate::opening;
use crate::shell::{Opened, Shell};
use crate::view::{Language, Stage, State};
use relaypacs_model::{Code, Secret};
use relaypacs_relay::{Home, KeySource, Relay};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tauri::Manager;
use tauri::async_runtime::block_on;

const PASSPHRASE: &str = "only for a test";

/// Makes a home with a passphrase, or opens it.
fn opened(folder: &Path) -> Opened {
    let home = Home::open(folder).unwrap();
    let key = KeySource::Passphrase(Secret::new(PASSPHRASE));
    let relay = Arc::new(block_on(Relay::open(&home, &key)).unwrap());
    Opened { home, relay }
}

/// How far the program is with itself, and why no further.
fn stands(shell: &Shell) -> (Stage, Option<Code>) {
    shell.board.read(|state| (state.stage, state.failure.as_ref().map(|failure| failure.code.0)))
}

#[test]
fn a_home_that_could_not_be_written_is_opened_as_soon_as_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let (home, away) = (folder.path().join("home"), folder.path().join("away"));
    drop(opened(&home));
    fs::write(home.join("settings.json"), br#"{"language":"de"}"#).unwrap();
    fs::rename(&home, &away).unwrap();
    fs::write(&home, b"a file in its place").unwrap();
    let app = app(&home);
    let main = window(&app, "main");
    let shell = app.state::<Shell>();
    let again = || ask(&main, "reopen", json!({}));

    let refused = again().unwrap_err();
    assert_eq!(refused["code"], "home_not_writable");
    assert_eq!(stands(&shell), (Stage::Broken, Some(Code::HomeNotWritable)));

    fs::remove_file(&home).unwrap();
    fs::rename(&away, &home).unwrap();
    assert_eq!(again().unwrap_err()["code"], "no_key");
    assert_eq!(stands(&shell), (Stage::Locked, None), "now its passphrase is asked for");
    let unlocked = ask(&main, "unlock", json!({ "passphrase": PASSPHRASE }));
    assert_eq!(unlocked, Ok(Value::Null));
    assert_eq!(stands(&shell), (Stage::FirstStart, None));
    let language = |state: &State| state.settings.language;
    assert_eq!(
        shell.board.read(language),
        Language::De,
        "what was set is out of its reach no more"
    );
    assert_eq!(again(), Ok(Value::Null), "what is open stays open");
    assert_eq!(stands(&shell), (Stage::FirstStart, None));
    block_on(shell.serving.end());
}

#[cfg(unix)]
#[test]
fn what_fails_after_the_home_was_opened_is_said_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let shell = app.state::<Shell>();
    let opened = opened(folder.path());
    let (ledger, away) = (opened.home.ledger(), folder.path().join("away.db"));
    shell.open(opened);
    fs::rename(&ledger, &away).unwrap();
    let fault = block_on(opening::again(app.handle())).unwrap_err();
    assert_eq!(fault.code, Code::LedgerBroken);
    assert_eq!(
        stands(&shell),
        (Stage::Broken, Some(Code::LedgerBroken)),
        "it is not left starting"
    );

    fs::rename(&away, &ledger).unwrap();
    block_on(opening::again(app.handle())).unwrap();
    assert_eq!(stands(&shell), (Stage::FirstStart, None));
    block_on(shell.serving.end());
}
