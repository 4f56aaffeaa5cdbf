//! One bad image among many stops only itself, and costs few requests.

#![cfg(test)]

mod peer;

use peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind as On, Which};
use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::fixture::{Instance, Kind};
use relaypacs_tests::lines::{arg, number, tally, text};
use relaypacs_tests::orthanc::Orthanc;
use std::fs;
use std::path::Path;

const IMAGES: u32 = 64;

fn image(number: u32) -> Instance {
    Instance::new(Kind::Ct).seed(41).number(number, IMAGES)
}

/// A study of which one file was cut off on its way to the disc, where `poisoned` says which.
fn write(folder: &Path, poisoned: Option<u32>) {
    for number in 1..=IMAGES {
        let mut bytes = image(number).bytes();
        if poisoned == Some(number) {
            bytes.truncate(bytes.len() / 2);
        }
        fs::write(folder.join(format!("IM{number:04}")), bytes).unwrap();
    }
}

fn send(folder: &Path, orthanc: &Orthanc) -> Ran {
    let cli = Cli::new().unwrap();
    let to = orthanc.root();
    cli.run(&["send", "--json", "--include-damaged", arg(folder), "--to", &to]).unwrap()
}

#[test]
fn one_truncated_image_among_many_is_named_and_all_others_arrive_with_few_requests_more() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), None);
    let whole = send(folder.path(), &Orthanc::start().unwrap());
    assert_eq!(whole.status, Some(0), "{}", whole.stderr);
    let requests = number(&whole.summary().unwrap(), "requests");
    // First, last, and one in the midst.
    for poisoned in [1, 37, IMAGES] {
        write(folder.path(), Some(poisoned));
        let orthanc = Orthanc::start().unwrap();
        let ran = send(folder.path(), &orthanc);
        assert_eq!(ran.status, Some(3), "{}", ran.stderr);
        let summary = ran.summary().unwrap();
        let counts = ["instances", "confirmed", "rejected"].map(|key| number(&summary, key));
        assert_eq!(counts, [64, 63, 1]);
        let verdicts = ran.events("verdict").unwrap();
        assert_eq!(tally(&verdicts, "state").values().sum::<u64>(), 64);
        let named = verdicts.iter().find(|line| text(line, "state") == "rejected").unwrap();
        assert_eq!(text(named, "sop_instance_uid"), image(poisoned).sop_uid());
        assert!(!text(named, "detail").is_empty() && named["code"].is_string(), "{named}");
        let mut wanted: Vec<String> =
            (1..=IMAGES).filter(|n| *n != poisoned).map(|n| image(n).sop_uid()).collect();
        wanted.sort();
        assert_eq!(orthanc.instance_uids().unwrap(), wanted);
        let more = number(&summary, "requests").saturating_sub(requests);
        assert!(more <= at_most(), "{more} requests more than {requests}");
    }
}

/// The most requests that finding one among so many may cost.
fn at_most() -> u64 {
    2 * u64::from(IMAGES.ilog2()) + 2
}

/// The worst an archive can do: it refuses the whole batch for the one, stores nothing of it, and names nobody.
#[test]
fn one_image_for_which_whole_batches_fail_is_found_by_halving_and_all_others_arrive() {
    let requests = |site: &Site, ran: &Ran| {
        let said = number(&ran.summary().unwrap(), "requests");
        assert!(site.pacs.counts().stores <= said, "requests that were not counted");
        said
    };
    let plain = Site::new((1, IMAGES, 3_000), |usual| usual);
    let root = plain.pacs.root();
    let whole = plain.cli.run(&plain.arguments(&root, &[])).unwrap();
    assert_eq!(whole.status, Some(0), "{}", whole.stderr);
    let usual = requests(&plain, &whole);
    for code in [400, 409, 422] {
        for poisoned in [0, 30, IMAGES as usize - 1] {
            let site = Site::new((1, IMAGES, 3_000), |usual| usual);
            let uid = site.offered.keys().nth(poisoned).unwrap().clone();
            let poison = Fault::Poison { uid: uid.clone(), code };
            site.pacs.set_faults(Faults::default().with(On::Store, Which::All, poison));
            let root = site.pacs.root();
            let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
            let ends = truth(&site, &ran).unwrap();
            assert_eq!(ran.status, Some(3), "{code}: {}", ran.stderr);
            let (held, named) = (site.held(), ends.iter().filter(|(_, end)| *end != "confirmed"));
            let named: Vec<&String> = named.map(|(uid, _)| uid).collect();
            assert_eq!((held.len(), named), (63, vec![&uid]), "{code}");
            let more = requests(&site, &ran).saturating_sub(usual);
            assert!(more <= at_most(), "{code}: {more} requests more than {usual}");
        }
    }
}

#[test]
fn a_truncated_image_is_not_sent_unless_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), Some(5));
    let (cli, orthanc) = (Cli::new().unwrap(), Orthanc::start().unwrap());
    let ran = cli.run(&["send", "--json", arg(folder.path()), "--to", &orthanc.root()]).unwrap();
    assert_eq!(ran.status, Some(3), "{}", ran.stderr);
    assert_eq!(number(&ran.summary().unwrap(), "confirmed"), 63);
    let skipped = ran.events("skipped").unwrap();
    assert_eq!((skipped.len(), text(&skipped[0], "reason")), (1, "damaged"));
    assert_eq!(orthanc.count().unwrap(), 63);
}
