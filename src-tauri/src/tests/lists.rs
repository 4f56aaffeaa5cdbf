//! The list of commands for the build, the handler, the capabilities and what the UI calls: one and the same.

use crate::commands::names::COMMANDS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn listed() -> BTreeSet<String> {
    COMMANDS.iter().map(|name| (*name).to_owned()).collect()
}

/// What stands between `before` and `after`, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

#[test]
fn the_handler_knows_every_command_of_the_list_and_no_other() {
    let lib = fs::read_to_string(root().join("src-tauri/src/lib.rs")).unwrap();
    let handled: BTreeSet<String> =
        between(&lib, "commands::", ",").into_iter().map(str::to_owned).collect();
    assert_eq!(handled, listed());
}

#[test]
fn a_capability_grants_commands_of_the_list_and_of_the_plugins_select_alone() {
    for name in ["desktop", "mobile"] {
        let text = fs::read_to_string(root().join(format!("capabilities/{name}.json"))).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let granted: Vec<&str> = file["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        let (plugins, own): (Vec<&str>, Vec<&str>) =
            granted.iter().partition(|one| one.contains(':'));
        assert_eq!(plugins, ["sql:allow-select"], "{name}");
        let own: BTreeSet<String> =
            own.iter().map(|one| one.strip_prefix("allow-").unwrap().replace('-', "_")).collect();
        assert!(own.is_subset(&listed()), "{name} grants what is no command");
        if name == "desktop" {
            assert_eq!(own, listed());
        }
    }
}

#[test]
fn the_page_calls_commands_of_the_list_and_all_of_them() {
    let mut called = BTreeSet::new();
    let mut folders = vec![root().join("ui")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "js") {
                let text = fs::read_to_string(&path).unwrap();
                for start in ["ask(\"", "call(\"", "invoke(\""] {
                    called.extend(between(&text, start, "\"").into_iter().map(str::to_owned));
                }
            }
        }
    }
    called.retain(|name| !name.starts_with("plugin:"));
    let listed = listed();
    let unknown: Vec<&String> = called.difference(&listed).collect();
    assert!(unknown.is_empty(), "the page calls what is no command: {unknown:?}");
}
