//! A home on a disk of its own, small enough to be filled, or that cannot be written: a file system in memory (or the
//! same folder once more, read-only) in a mount namespace of its own, so that nobody else sees it. Where the tests do not
//! run as root, a user namespace gives the right to mount.

use super::{code, waiting};
use crate::peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Which};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// Shells at the namespace of a home.
const SMALL: &str = "mount -t tmpfs -o size=\"$2\" none \"$1\" && echo ready && read line";
const READ_ONLY: &str =
    "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && echo ready && read line";

/// A mount namespace, held by a shell that waits.
struct Namespace {
    shell: Child,
    own_user: bool,
    _input: ChildStdin,
}

impl Namespace {
    fn new(script: &str, home: &Path, size: &str) -> Self {
        let mut ways = [false, true].into_iter();
        let found = ways.find_map(|own| Self::try_new(script, home, size, own));
        found.expect("neither root nor a user namespace may mount here")
    }

    fn try_new(script: &str, home: &Path, size: &str, own_user: bool) -> Option<Self> {
        let flags: &[&str] = if own_user { &["-U", "-r", "-m"] } else { &["-m"] };
        let mut shell = Command::new("unshare")
            .args(flags)
            .args(["sh", "-c", script, "sh"])
            .args([home.as_os_str(), size.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let input = shell.stdin.take()?;
        let mut line = String::new();
        BufReader::new(shell.stdout.take()?).read_line(&mut line).ok()?;
        let namespace = Self { shell, own_user, _input: input };
        (line == "ready\n").then_some(namespace)
    }

    /// What runs a program in it.
    fn enter(&self) -> Vec<String> {
        let user: &[&str] = if self.own_user { &["-U", "--preserve-credentials"] } else { &[] };
        let pid = self.shell.id().to_string();
        let words = ["nsenter", "-t", &pid, "-m"].into_iter().chain(user.iter().copied());
        words.chain(["--"]).map(str::to_owned).collect()
    }

    /// How a path is seen from within.
    fn path(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.shell.id()));
        root.join(path.strip_prefix("/").unwrap())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// A site with its home on a small disk, of so many kB.
fn small(shape: (u32, u32, usize), kilobytes: u32) -> (Site, Namespace) {
    let mut site = Site::new(shape, |usual| usual);
    let disk = Namespace::new(SMALL, site.cli.home(), &format!("{kilobytes}k"));
    site.cli.through(disk.enter());
    (site, disk)
}

/// Takes all the room there is, and says where the file is that gives it back.
fn fill(disk: &Namespace, home: &Path) -> PathBuf {
    let path = disk.path(&home.join("something-large"));
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    for size in [4096, 1] {
        let piece = vec![7; size];
        let full = std::iter::repeat_with(|| file.write_all(&piece)).find_map(Result::err);
        assert_eq!(full.unwrap().kind(), ErrorKind::StorageFull);
    }
    path
}

#[test]
fn a_disk_that_is_full_from_the_start_is_said_and_with_room_it_begins() {
    let (site, disk) = small((1, 10, 6_000), 3_000);
    let filler = fill(&disk, site.cli.home());
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    assert_eq!(site.pacs.stored(), 0);
    fs::remove_file(filler).unwrap();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 10), "{}", ran.stderr);
}

#[test]
fn a_queue_that_does_not_fit_is_taken_back_whole_and_nothing_of_it_was_sent() {
    // Some 600 bytes a row, and as much again in the log.
    let (site, disk) = small((3, 1_500, 1_300), 20_000);
    let large = disk.path(&site.cli.home().join("something-large"));
    fs::write(&large, vec![7; 18_500_000]).unwrap();
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    assert_eq!(site.pacs.counts().stores, 0);
    // With room the same home takes what fits, and of the other nothing is left.
    fs::remove_file(large).unwrap();
    let one = site.source.path().join("ST0001/S0000/I0000001.dcm");
    let ran = site.cli.run(&["send", "--json", one.to_str().unwrap(), "--to", &root]).unwrap();
    assert_eq!((ran.status, site.pacs.stored()), (Some(0), 1), "{}", ran.stderr);
    assert!(site.queue().is_empty(), "{:?}", site.queue());
    let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 4_500), "{}", ran.stderr);
}

#[test]
fn a_disk_that_fills_up_while_images_wait_loses_none_and_goes_on_with_room() {
    let (site, disk) = small((3, 20, 6_000), 3_000);
    site.pacs.set_faults(Faults::default().with(Kind::Any, Which::All, Fault::Full));
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &["--patience", "0"])).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    site.pacs.set_faults(Faults::default());
    let filler = fill(&disk, site.cli.home());
    for _ in 0..2 {
        let ran = site.cli.run(&["run", "--json"]).unwrap();
        assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    }
    fs::remove_file(filler).unwrap();
    assert_eq!(site.queue().values().sum::<u64>(), 60);
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 60), "{}", ran.stderr);
    assert!(site.queue().is_empty());
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_sending_loses_none_and_goes_on_with_room() {
    let (site, disk) = small((20, 10, 6_000), 3_000);
    site.pacs.set_faults(Faults::default().with(
        Kind::Store,
        Which::All,
        Fault::AnswerAfter { seconds: 0.3 },
    ));
    let root = site.pacs.root();
    let mut run = site.cli.spawn(&site.arguments(&root, &[])).unwrap();
    let first = run.wait_for(Duration::from_secs(30), |line| line.contains("\"study\","));
    first.unwrap();
    let filler = fill(&disk, site.cli.home());
    let ran = run.finish(Duration::from_secs(60)).unwrap();
    assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "disk_full"), "{}", ran.stderr);
    fs::remove_file(filler).unwrap();
    site.pacs.set_faults(Faults::default());
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 200), "{}", ran.stderr);
    assert!(site.queue().is_empty());
}

#[test]
fn a_home_that_cannot_be_written_is_said_and_stays_as_it_was() {
    let mut site = waiting();
    let before = fs::read(site.cli.home().join("queue.db")).unwrap();
    let disk = Namespace::new(READ_ONLY, site.cli.home(), "");
    site.cli.through(disk.enter());
    let root = site.pacs.root();
    for arguments in [&["run", "--json"][..], &site.arguments(&root, &[])] {
        let ran = site.cli.run(arguments).unwrap();
        assert_eq!((ran.status, code(&ran).as_str()), (Some(1), "home_not_writable"));
    }
    assert_eq!(site.pacs.stored(), 0);
    site.cli.through(Vec::new());
    assert!(fs::read(site.cli.home().join("queue.db")).unwrap() == before);
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), 40), "{}", ran.stderr);
}
