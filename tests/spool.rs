//! The disc can come out: what lies on a removable source is copied, sealed, before it is sent; nothing of it is lost
//! when the disc, the power, the room or a copy goes; and nothing of it is left once it is confirmed.

#![cfg(test)]

mod peer;
#[cfg(target_os = "linux")]
#[path = "spool/volume.rs"]
mod volume;

use peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind as On, Which};
use relaypacs_tests::chance::Chance;
use relaypacs_tests::cli::{Ran, Spawned};
use relaypacs_tests::lines::{files, number};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Three studies with twenty instances each of about 30 kB.
const OFFERED: (u32, u32, usize) = (3, 20, 30_000);
const ALL: usize = 60;
const LIMIT: Duration = Duration::from_secs(60);
const ALWAYS: &[&str] = &["--spool", "always", "--spool-keep-free", "0"];

fn site() -> Site {
    Site::new(OFFERED, |usual| usual)
}

/// An archive that answers questions and takes no image.
fn full() -> Faults {
    let down = Fault::Status { code: 503, headers: BTreeMap::new(), body: String::new() };
    Faults::default().with(On::Store, Which::All, down)
}

/// An archive that takes its time.
fn slow() -> Faults {
    Faults::default().with(On::Store, Which::All, Fault::Slow { bytes_per_second: 400_000 })
}

/// Sends to an archive that takes nothing, until everything is copied and waits.
fn copied(site: &Site) -> Ran {
    site.pacs.set_faults(full());
    let root = site.pacs.root();
    let ran =
        site.cli.run(&site.arguments(&root, &[ALWAYS, &["--patience", "1"]].concat())).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    assert_eq!(ran.events("source_free").unwrap().len(), 1, "{:?}", ran.lines);
    assert_eq!(in_spool(site).len(), ALL);
    site.pacs.set_faults(Faults::default());
    ran
}

fn in_spool(site: &Site) -> Vec<PathBuf> {
    files(&site.cli.home().join("spool"))
}

fn take_out(site: &Site) {
    fs::rename(site.source.path(), out(site)).unwrap();
}

fn put_in(site: &Site) {
    fs::rename(out(site), site.source.path()).unwrap();
}

fn out(site: &Site) -> PathBuf {
    site.source.path().with_extension("out")
}

fn run(site: &Site) -> Ran {
    site.cli.run(&["run", "--json", "--patience", "8"]).unwrap()
}

fn all_arrived(site: &Site, ran: &Ran) {
    truth(site, ran).unwrap();
    assert_eq!((ran.status, site.held().len()), (Some(0), ALL), "{}", ran.stderr);
    assert!(site.queue().is_empty());
    assert_eq!(in_spool(site), [] as [PathBuf; 0]);
    let counts = site.pacs.counts();
    assert_eq!(counts.parts, counts.stored, "something arrived twice");
}

#[test]
fn the_disc_can_come_out_before_the_first_byte_is_stored() {
    let site = site();
    // Nothing is taken before the disc is out, however fast this machine is.
    site.pacs.set_faults(full());
    let root = site.pacs.root();
    let mut run = site.cli.spawn(&site.arguments(&root, ALWAYS)).unwrap();
    run.wait_for(LIMIT, |line| line.contains("\"source_free\"")).unwrap();
    assert_eq!(in_spool(&site).len(), ALL);
    take_out(&site);
    site.pacs.set_faults(Faults::default());
    let ran = run.finish(LIMIT).unwrap();
    put_in(&site);
    all_arrived(&site, &ran);
}

#[test]
fn what_was_copied_arrives_after_the_disc_is_gone_and_the_power_was_cut() {
    let site = site();
    copied(&site);
    take_out(&site);
    let ran = run(&site);
    put_in(&site);
    all_arrived(&site, &ran);
}

#[test]
fn a_local_folder_is_not_copied_unless_it_is_asked_for() {
    let site = site();
    site.pacs.set_faults(full());
    let root = site.pacs.root();
    for more in [&["--patience", "1"][..], &["--patience", "1", "--spool", "never"]] {
        let ran = site.cli.run(&site.arguments(&root, more)).unwrap();
        assert_eq!(ran.status, Some(4), "{}", ran.stderr);
        assert!(ran.events("source_free").unwrap().is_empty());
        assert_eq!(in_spool(&site), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_copy_that_was_changed_cut_or_exchanged_is_never_sent_and_the_source_is_read_instead() {
    let site = site();
    copied(&site);
    let copies = in_spool(&site);
    let mut first = fs::read(&copies[0]).unwrap();
    first[10_000] ^= 1;
    fs::write(&copies[0], first).unwrap();
    let second = fs::read(&copies[1]).unwrap();
    fs::write(&copies[1], &second[..second.len() - 1]).unwrap();
    let (third, fourth) = (fs::read(&copies[2]).unwrap(), fs::read(&copies[3]).unwrap());
    fs::write(&copies[2], fourth).unwrap();
    fs::write(&copies[3], third).unwrap();
    fs::remove_file(&copies[4]).unwrap();
    let ran = run(&site);
    all_arrived(&site, &ran);
}

#[test]
fn a_damaged_copy_without_its_source_waits_for_the_disc_and_says_so() {
    let site = site();
    copied(&site);
    let copies = in_spool(&site);
    let mut bytes = fs::read(&copies[0]).unwrap();
    bytes[10_000] ^= 1;
    fs::write(&copies[0], bytes).unwrap();
    take_out(&site);
    let ran = run(&site);
    let ends = truth(&site, &ran).unwrap();
    let bad: Vec<&str> =
        ends.values().map(String::as_str).filter(|end| *end != "confirmed").collect();
    assert_eq!((bad, ran.status), (vec!["source_gone:copy_damaged"], Some(3)), "{}", ran.stderr);
    assert_eq!(site.held().len(), ALL - 1);
    // The disc is put back in, and nobody has to say so.
    put_in(&site);
    let ran = run(&site);
    all_arrived(&site, &ran);
}

#[test]
fn where_there_is_no_room_the_disc_stays_in_and_everything_arrives_all_the_same() {
    let site = site();
    let root = site.pacs.root();
    let more = ["--spool", "always", "--spool-keep-free", "1000000000"];
    let ran = site.cli.run(&site.arguments(&root, &more)).unwrap();
    assert_eq!(ran.events("source_stays").unwrap().len(), 1, "{:?}", ran.lines);
    assert!(ran.events("source_free").unwrap().is_empty());
    all_arrived(&site, &ran);
}

#[test]
fn a_power_cut_while_it_is_copied_or_erased_loses_nothing_and_leaves_nothing() {
    let mut chance = Chance::new(20_251_125);
    for _ in 0..6 {
        let site = site();
        site.pacs.set_faults(slow());
        let root = site.pacs.root();
        let mut run = site.cli.spawn(&site.arguments(&root, ALWAYS)).unwrap();
        // From the first copy on, at any moment up to the erasure of the last study.
        if run.wait_for(LIMIT, |line| line.contains("\"copying\"")).is_err() {
            continue;
        }
        let moment = Instant::now() + Duration::from_secs_f64(5.0 * chance.part());
        wait_until(&mut run, moment);
        run.kill().unwrap();
        site.pacs.set_faults(Faults::default());
        let ran = self::run(&site);
        truth(&site, &ran).unwrap();
        assert_eq!((ran.status, site.held().len()), (Some(0), ALL), "{}", ran.stderr);
        assert!(site.queue().is_empty());
        assert_eq!(in_spool(&site), [] as [PathBuf; 0]);
    }
}

fn wait_until(run: &mut Spawned, moment: Instant) {
    let _ = run.wait_for(moment.saturating_duration_since(Instant::now()), |_| false);
}

#[test]
fn files_of_the_spool_that_nobody_needs_are_removed_at_the_next_start_and_no_other() {
    let site = site();
    copied(&site);
    let needed = in_spool(&site);
    let spool = site.cli.home().join("spool");
    // A copy that was begun when the power went, and one whose rows were erased just before.
    fs::write(spool.join("0123456789abcdef0123456789abcdef"), b"RPSPOOL1").unwrap();
    let kept = fs::read(&needed[0]).unwrap();
    site.pacs.set_faults(full());
    let ran = site.cli.run(&["run", "--json", "--patience", "1"]).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    assert_eq!(in_spool(&site), needed);
    site.pacs.set_faults(Faults::default());
    let ran = run(&site);
    all_arrived(&site, &ran);
    fs::write(&needed[0], kept).unwrap();
    assert_eq!(site.cli.run(&["run"]).unwrap().status, Some(0));
    assert_eq!(in_spool(&site), [] as [PathBuf; 0]);
}

#[test]
fn the_copies_of_a_damaged_queue_go_on_where_they_were_salvaged_and_are_put_aside_with_it_else() {
    let site = site();
    copied(&site);
    let queue = site.cli.home().join("queue.db");
    let mut bytes = fs::read(&queue).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0x5A);
    fs::write(&queue, bytes).unwrap();
    site.cli.run(&["run", "--json"]).unwrap();
    let names: Vec<String> = fs::read_dir(site.cli.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let aside = names.iter().find(|name| name.starts_with("spool.damaged-")).unwrap();
    assert!(names.contains(&aside.replace("spool.", "queue.db.")), "{names:?}");
    let (aside, held) = (files(&site.cli.home().join(aside)).len(), site.held().len());
    assert!(aside + held >= ALL && held > 0, "{aside} put aside, {held} arrived");
    assert_eq!(in_spool(&site), [] as [PathBuf; 0]);
}

#[test]
fn a_study_that_is_taken_out_leaves_no_copy_behind() {
    let site = site();
    copied(&site);
    let ran = site.cli.run(&["queue", "list", "--json"]).unwrap();
    let studies = ran.json().unwrap();
    let uid = studies[0]["study_instance_uid"].as_str().unwrap();
    assert_eq!(site.cli.run(&["queue", "cancel", uid]).unwrap().status, Some(0));
    let ran = run(&site);
    assert_eq!(number(&ran.summary().unwrap(), "cancelled"), 20, "{}", ran.stderr);
    assert!(site.queue().is_empty());
    assert_eq!(in_spool(&site), [] as [PathBuf; 0]);
}

#[test]
fn a_disc_that_the_archive_has_already_is_compared_from_its_copy_and_nothing_is_sent() {
    let site = site();
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, ALWAYS)).unwrap();
    all_arrived(&site, &ran);
    let ran = site.cli.run(&site.arguments(&root, ALWAYS)).unwrap();
    assert_eq!(number(&ran.summary().unwrap(), "already_there"), ALL as u64, "{}", ran.stderr);
    assert_eq!(ran.events("source_free").unwrap().len(), 1);
    assert_eq!(in_spool(&site), [] as [PathBuf; 0]);
}

#[test]
fn a_file_that_was_changed_after_it_was_first_read_is_never_sent_whatever_its_time_says() {
    let site = site();
    site.pacs.set_faults(full());
    let root = site.pacs.root();
    let ran = site.cli.run(&site.arguments(&root, &["--patience", "1"])).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    // All of them were read for a request that was refused; now one has other bytes, with the same size and time.
    let sources = files(site.source.path());
    for path in &sources {
        let mut bytes = fs::read(path).unwrap();
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        if path == &sources[0] {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::write(path, bytes).unwrap();
            fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
        }
    }
    site.pacs.set_faults(Faults::default());
    let ran = run(&site);
    let ends = truth(&site, &ran).unwrap();
    let bad: Vec<&str> =
        ends.values().map(String::as_str).filter(|end| *end != "confirmed").collect();
    assert_eq!((bad, ran.status), (vec!["changed:source_changed"], Some(3)), "{}", ran.stderr);
    assert_eq!(site.pacs.stored(), ALL - 1);
}
