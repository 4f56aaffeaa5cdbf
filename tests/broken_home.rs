//! A home that is in trouble: a full disk, one that cannot be written, a queue that was damaged. Each is said clearly,
//! nothing is lost by it, and work goes on when the trouble is over.

#![cfg(test)]

mod peer;
#[path = "broken_home/salvage.rs"]
mod salvage;
#[cfg(target_os = "linux")]
#[path = "broken_home/small_disk.rs"]
mod small_disk;

use peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Which};
use relaypacs_tests::cli::Ran;
use relaypacs_tests::lines::{number, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The code of the fault that ended a run, which a person and a program are told in the same words.
fn code(ran: &Ran) -> String {
    let lines = ran.events("error").unwrap();
    let [line] = &lines[..] else { panic!("{} errors: {}", lines.len(), ran.stderr) };
    for sentence in ["happened", "lost", "now"] {
        let said = text(line, sentence);
        assert!(said.ends_with('.') && ran.stderr.contains(said), "{sentence}: {line}");
    }
    text(line, "code").to_owned()
}

/// A site whose archive has stored nothing yet, with forty instances in the queue.
fn waiting() -> Site {
    waiting_with((2, 20, 6_000))
}

/// The same with other instances.
fn waiting_with(shape: (u32, u32, usize)) -> Site {
    let all = u64::from(shape.0 * shape.1);
    let site = Site::new(shape, |usual| usual);
    let down = Fault::Status { code: 503, headers: BTreeMap::new(), body: String::new() };
    site.pacs.set_faults(Faults::default().with(Kind::Any, Which::All, down));
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &["--patience", "0"])).unwrap();
    assert_eq!((ran.status, site.queue().values().sum::<u64>()), (Some(4), all), "{}", ran.stderr);
    site.pacs.set_faults(Faults::default());
    site
}

/// Damaged queues that were put aside, with their bytes.
fn put_aside(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("queue.db.damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
    });
    found.sort();
    found.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn set_asides(site: &Site) -> usize {
    let history = site.cli.run(&["history", "--json"]).unwrap();
    let lines = history.json().unwrap();
    lines.iter().filter(|line| text(line, "kind") == "queue_set_aside").count()
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0x10;
    bytes
}

#[test]
fn a_damaged_queue_is_said_kept_and_gone_on_with_as_far_as_it_can_be_read() {
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damages: [(&str, Damage); 8] = [
        ("a byte of the salt", |whole| flipped(whole, 3)),
        ("a byte of the first page", |whole| flipped(whole, 100)),
        ("a byte in the middle", |whole| flipped(whole, whole.len() / 2)),
        ("a byte at the end", |whole| flipped(whole, whole.len() - 1)),
        ("cut at a page", |whole| whole[..whole.len() / 8192 * 4096].to_vec()),
        ("cut within a page", |whole| whole[..whole.len() - 1000].to_vec()),
        ("without a byte", |_| Vec::new()),
        ("something else", |whole| whole.iter().map(|_| b'x').collect()),
    ];
    for (what, damage) in damages {
        let site = waiting();
        let path = site.cli.home().join("queue.db");
        let damaged = damage(&fs::read(&path).unwrap());
        fs::write(&path, &damaged).unwrap();

        let first = site.cli.run(&["run", "--json"]).unwrap();
        truth(&site, &first).unwrap();
        let told = first.events("queue_set_aside").unwrap();
        assert_eq!(told.len(), 1, "{what}: {}", first.stderr);
        let (salvaged, lost) = (number(&told[0], "salvaged"), told[0]["not_salvaged"].as_u64());
        let (code, status) = match (salvaged, lost) {
            (40, Some(0)) => ("queue_salvaged", 0),
            (0, _) => ("queue_damaged", 3),
            _ => ("queue_partly_salvaged", 3),
        };
        assert_eq!((text(&told[0], "code"), first.status), (code, Some(status)), "{what}");
        assert!(lost.is_none_or(|lost| lost + salvaged == 40), "{what}: {}", told[0]);
        assert!(first.stderr.contains(text(&told[0], "now")), "{what}: {}", first.stderr);
        let kept = put_aside(site.cli.home());
        assert!(matches!(&kept[..], [(_, bytes)] if *bytes == damaged), "{what}: not as it was");
        // What could be read goes on by itself, and only that.
        let held = site.held().len() as u64;
        assert_eq!((held, set_asides(&site)), (salvaged, 1), "{what}");

        let second = site.cli.run(&["run", "--json"]).unwrap();
        assert_eq!((second.status, set_asides(&site)), (Some(0), 1), "{what}: said twice");
        assert!(second.events("queue_set_aside").unwrap().is_empty(), "{what}");
        // What it says to do works, and nothing goes twice.
        let root = site.pacs.root();
        let again = site.cli.run(&site.arguments(&root, &[])).unwrap();
        truth(&site, &again).unwrap();
        assert_eq!((again.status, site.held().len()), (Some(0), 40), "{what}: {}", again.stderr);
        assert_eq!(site.pacs.counts().parts, 40, "{what}: sent twice");
        assert_eq!(put_aside(site.cli.home()), kept, "{what}");
        let verified = site.cli.run(&["audit", "verify"]).unwrap();
        assert_eq!(verified.status, Some(0), "{what}: {}", verified.stderr);
    }
}

#[test]
fn a_queue_that_is_damaged_twice_is_kept_twice() {
    let site = waiting();
    let root = site.pacs.root();
    let path = site.cli.home().join("queue.db");
    for round in 1..=2 {
        fs::write(&path, flipped(&fs::read(&path).unwrap(), 2000)).unwrap();
        let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        assert_eq!((put_aside(site.cli.home()).len(), set_asides(&site)), (round, round));
    }
}

#[test]
fn looking_at_a_damaged_queue_says_so_and_moves_nothing() {
    let site = waiting();
    let path = site.cli.home().join("queue.db");
    let whole = fs::read(&path).unwrap();
    for damaged in [Vec::new(), flipped(&whole, 100)] {
        fs::write(&path, &damaged).unwrap();
        let ran = site.cli.run(&["queue", "list", "--json"]).unwrap();
        assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "queue_damaged"));
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    assert!(put_aside(site.cli.home()).is_empty());
}

#[test]
fn a_wrong_passphrase_puts_nothing_aside() {
    let mut site = waiting();
    let path = site.cli.home().join("queue.db");
    let whole = fs::read(&path).unwrap();
    site.cli.passphrase(Some("another passphrase"));
    for arguments in
        [&["run", "--json"][..], &["queue", "list", "--json"], &["queue", "retry", "--json"]]
    {
        let ran = site.cli.run(arguments).unwrap();
        assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "wrong_key"), "{arguments:?}");
    }
    // Neither does it where there is no ledger to hold it against.
    fs::rename(site.cli.home().join("ledger.db"), site.source.path().join("ledger.db")).unwrap();
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "wrong_key"));
    assert!(!site.cli.home().join("ledger.db").exists(), "a ledger was begun with the wrong key");
    fs::rename(site.source.path().join("ledger.db"), site.cli.home().join("ledger.db")).unwrap();
    assert!(put_aside(site.cli.home()).is_empty() && fs::read(&path).unwrap() == whole);
    site.cli.passphrase(Some("a passphrase for tests"));
    assert_eq!(site.cli.run(&["run"]).unwrap().status, Some(0));
    assert_eq!(site.held().len(), 40);
}

#[test]
fn a_file_in_the_place_of_the_home_is_said() {
    let site = Site::new((1, 1, 2_000), |usual| usual);
    let file = site.source.path().join("file");
    fs::write(&file, b"no folder").unwrap();
    let root = site.pacs.root();
    let home = file.to_str().unwrap();
    let ran = site.cli.run(&site.arguments(&root, &["--home", home])).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "home_not_writable"));
    assert_eq!((site.pacs.stored(), fs::read(&file).unwrap()), (0, b"no folder".to_vec()));
}
