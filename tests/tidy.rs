//! What a reviewer should not have to look for: the edges between the rooms, one SQLite, licences, duplicates, and the
//! habits of the code that no lint knows.

#![cfg(test)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The edges of ARCHITECTURE.md, and no others. `cli` starts the embedded practice archive.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("scan", &["model"]),
    ("queue", &["model"]),
    ("upload", &["model"]),
    ("ledger", &["model"]),
    ("relay", &["ledger", "model", "queue", "scan", "upload"]),
    ("preview", &[]),
    ("media", &["model"]),
    ("cli", &["model", "practice-pacs", "relay"]),
    ("practice-pacs", &[]),
    ("sample", &[]),
    ("app", &["media", "model", "practice-pacs", "preview", "relay", "sample"]),
];

/// Who alone may name an outside crate.
const KEEPERS: &[(&str, &[&str])] = &[
    ("reqwest", &["upload"]),
    // The window's guard in front of the ledger needs two calls into SQLite itself.
    ("rusqlite", &["app", "ledger", "queue"]),
    ("sqlx", &["app"]),
    ("tauri", &["app"]),
    ("zbus", &["app"]),
    ("keyring", &["relay"]),
    ("chacha20poly1305", &["queue"]),
    ("aead-stream", &["queue"]),
    ("fs4", &["relay"]),
    ("bzip2", &["scan"]),
    ("lzma-rust2", &["scan"]),
    ("hyper", &["practice-pacs"]),
    ("jpeg-decoder", &["preview"]),
    ("jpeg2k", &["preview"]),
    ("dicom-pixeldata", &["preview"]),
    ("jxl-oxide", &["preview"]),
    ("png", &["preview"]),
];

/// Crates that come in more than one version, each because two dependencies we want disagree.
const KNOWN_DUPLICATES: &[&str] = &[
    // openjp2, the one decoder of High-Throughput JPEG 2000 that is not C++, and jpeg2k above it stay behind.
    "bitflags",
    "thiserror",
    "thiserror-impl",
    // png is at 0.8, flate2 at 0.9: the same pure-Rust inflate.
    "miniz_oxide",
    // ring, which does the TLS, has not left 0.2; everybody else is at 0.4. A call to the system's random numbers.
    "getrandom",
    // hashlink below rusqlite 0.32, the line that links with the window (see Cargo.toml), has not left 0.14.
    "hashbrown",
    // Runs while building only: the macros of zbus (the Linux key store) and of dicom-core are still written with 2.
    "syn",
];

#[test]
fn the_rooms_know_only_whom_the_architecture_lets_them_know() {
    let rooms = rooms();
    for (room, allowed) in EDGES {
        let known = rooms.get(*room).unwrap_or_else(|| panic!("no room {room}"));
        let ours: BTreeSet<&str> =
            known.iter().filter_map(|name| name.strip_prefix("relaypacs-")).collect();
        assert_eq!(ours, allowed.iter().copied().collect(), "the edges of {room}");
    }
    for (outside, keepers) in KEEPERS {
        let who: BTreeSet<&str> = EDGES
            .iter()
            .map(|(room, _)| *room)
            .filter(|room| rooms[*room].contains(*outside))
            .collect();
        assert_eq!(who, keepers.iter().copied().collect(), "who knows {outside}");
    }
}

#[test]
fn there_is_one_sqlite_and_it_is_the_one_that_links_with_the_window() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let versions: Vec<&str> = lock
        .split("[[package]]")
        .filter(|package| package.contains("name = \"libsqlite3-sys\""))
        .filter_map(|package| package.lines().find(|line| line.starts_with("version")))
        .collect();
    assert_eq!(versions, ["version = \"0.30.1\""]);
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    let allowed: BTreeSet<&str> = deny
        .lines()
        .skip_while(|line| !line.starts_with("allow = ["))
        .take_while(|line| *line != "]")
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .collect();
    assert!(allowed.contains("MIT"), "deny.toml could not be read");
    for package in metadata()["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        assert!(permitted(&licence, &allowed), "{}: {licence:?}", package["name"]);
    }
}

#[test]
fn a_crate_comes_in_one_version_unless_it_is_argued_here() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in resolved() {
        let (name, version) = name.split_once(' ').unwrap();
        versions.entry(name.into()).or_default().insert(version.into());
    }
    let twice: Vec<String> = versions
        .into_iter()
        .filter(|(name, versions)| versions.len() > 1 && !KNOWN_DUPLICATES.contains(&name.as_str()))
        .map(|(name, versions)| format!("{name} {versions:?}"))
        .collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", file.display());
    }
}

/// Long because it is one table: split, a row would be harder to find.
const TABLES: &[&str] = &["tests/faults/table.rs"];

#[test]
fn no_source_file_is_too_long_to_be_one_thought() {
    for file in
        sources().into_iter().filter(|file| !TABLES.iter().any(|table| file.ends_with(table)))
    {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", file.display());
    }
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Written so that this file does not find itself.
    let marks = ["#[ign", "FIX", "XX", "HA"].iter().zip(["ore", "ME:", "X:", "CK:"]);
    let marks: Vec<String> = marks.map(|(head, tail)| format!("{head}{tail}")).collect();
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        for mark in &marks {
            assert!(!text.contains(mark), "{} has {mark}", file.display());
        }
    }
}

/// `A OR B`, `A AND B`, `(A OR B) AND C` against what is allowed.
fn permitted(licence: &str, allowed: &BTreeSet<&str>) -> bool {
    let flat = licence.replace(['(', ')'], "");
    flat.split(" AND ").all(|all| all.split(" OR ").any(|any| allowed.contains(any.trim())))
}

/// Each room by the end of its package name, with the names of its normal and build dependencies.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let members = metadata["packages"].as_array().unwrap().iter().filter(|p| p["source"].is_null());
    members
        .map(|package| {
            let name = package["name"].as_str().unwrap();
            let dependencies = package["dependencies"].as_array().unwrap();
            let known = dependencies
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect();
            (name.trim_start_matches("relaypacs-").to_owned(), known)
        })
        .collect()
}

/// `name version` of every package that is built on this system, but for what the window brings: Tauri's own tree has
/// crates in several versions, and which is not ours to say.
fn resolved() -> BTreeSet<String> {
    let out = cargo(&[
        "tree",
        "--workspace",
        "--exclude",
        "relaypacs-app",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    out.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

fn metadata() -> Value {
    serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).unwrap()
}

fn cargo(words: &[&str]) -> String {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out =
        Command::new(program).args(words).arg("--locked").current_dir(root()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every Rust file of the project.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src-tauri"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}
