//! What a release is made of, as far as text can hold it: actions pinned by commit, rights no wider than needed, and a
//! bundle configuration whose every file is there.

#![cfg(test)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_action_is_held_by_a_full_commit_and_says_its_version() {
    for (name, text) in workflows() {
        for used in text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        {
            if used.starts_with("./") {
                continue;
            }
            let (pinned, version) =
                used.split_once(" # v").unwrap_or_else(|| panic!("{name}: {used}"));
            let commit = pinned.split_once('@').unwrap().1;
            let is_commit =
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit && !version.is_empty(), "{name}: {used}");
        }
    }
}

#[test]
fn one_action_is_held_by_one_commit_everywhere() {
    let all: BTreeSet<String> = workflows()
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| Some(line.split_once("uses: ")?.1.split_once(' ')?.0.to_owned()))
        .collect();
    let names: BTreeSet<&str> =
        all.iter().filter_map(|used| Some(used.split_once('@')?.0)).collect();
    assert_eq!(all.len(), names.len(), "{all:#?}");
}

#[test]
fn a_workflow_has_no_rights_but_those_that_each_part_of_it_asks_for() {
    for (name, text) in workflows() {
        assert!(text.lines().any(|line| line == "permissions: {}"), "{name}");
        assert!(text.lines().any(|line| line == "concurrency:"), "{name}");
        let checkouts = text.matches("uses: actions/checkout@").count();
        assert_eq!(text.matches("persist-credentials: false").count(), checkouts, "{name}");
        let writes: Vec<&str> =
            text.lines().map(str::trim).filter(|line| line.contains(": write")).collect();
        assert!(name.starts_with("release") || writes.is_empty(), "{name}: {writes:?}");
    }
}

#[test]
fn every_file_that_a_bundle_names_is_there() {
    let mut named = 0;
    for (_, config) in configurations() {
        let mut files = BTreeSet::new();
        paths(&config, &mut files);
        for file in files {
            assert!(root().join("src-tauri").join(&file).exists(), "{file} is not there");
            named += 1;
        }
    }
    assert!(named > 15, "only {named} files were found in the configurations");
}

#[test]
fn every_system_says_what_it_opens_in_the_same_words() {
    let desktop = read("packaging/linux/relaypacs.desktop");
    let apple = [read("packaging/apple/dicom-type.plist"), read("packaging/apple/ios.plist")];
    for (name, config) in configurations() {
        let Some(opened) = config.pointer("/bundle/fileAssociations") else { continue };
        let dicom = &opened[0];
        assert_eq!(dicom["mimeType"], "application/dicom", "{name}");
        for ending in dicom["ext"].as_array().unwrap() {
            let ending = ending.as_str().unwrap();
            assert!(
                apple.iter().all(|plist| plist.contains(&format!("<string>{ending}</string>")))
            );
        }
    }
    assert!(desktop.contains("MimeType=application/dicom;"));
    assert!(desktop.contains(" %F\n"), "without it a file manager hands over no path");
}

#[test]
fn the_command_line_that_makes_the_bundles_is_of_the_line_that_the_window_is_built_on() {
    let lock = read("Cargo.lock");
    let (_, rest) = lock.split_once("name = \"tauri\"\nversion = \"").unwrap();
    let line = |version: &str| version.rsplit_once('.').unwrap().0.to_owned();
    let window = line(rest.split('"').next().unwrap());
    let package: Value = serde_json::from_str(&read("packaging/package.json")).unwrap();
    assert_eq!(line(package["devDependencies"]["@tauri-apps/cli"].as_str().unwrap()), window);
}

#[test]
fn nobody_is_asked_to_move_the_sqlite_that_is_held() {
    let dependabot = read(".github/dependabot.yml");
    assert!(dependabot.contains("- dependency-name: rusqlite\n"));
    for ecosystem in ["cargo", "npm", "github-actions"] {
        assert!(dependabot.contains(&format!("package-ecosystem: {ecosystem}\n")), "{ecosystem}");
    }
}

/// Every text of a configuration that points out of `src-tauri`.
fn paths(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("../") => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| paths(value, found)),
        Value::Object(values) => values.values().for_each(|value| paths(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn configurations() -> Vec<(String, Value)> {
    let found = files("src-tauri", ".conf.json");
    assert_eq!(found.len(), 6, "one for all systems, and one for each");
    found.into_iter().map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

fn workflows() -> Vec<(String, String)> {
    let found = files(".github/workflows", ".yml");
    assert!(found.len() >= 2, "the workflows were not found");
    found
}

fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read_to_string(path).unwrap(),
            )
        })
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
