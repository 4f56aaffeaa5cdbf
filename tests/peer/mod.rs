//! A site as the tests of faults see it: a source, the command line, and the practice archive as a peer that
//! misbehaves by script. What the archive really holds is read from its folder, not asked of it.

#![allow(dead_code, reason = "each test that shares this uses another part of it")]

use relaypacs_practice_pacs::{Options, PracticePacs, Running};
use relaypacs_tests::cli::{Cli, Ran};
use relaypacs_tests::fixture::{Instance, Kind, Person, Script, write_series};
use relaypacs_tests::lines::{arg, files, instances_of, is_in_the_archive, text};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tempfile::TempDir;

/// What a source holds: SOP Instance UID to bytes.
pub(crate) type Offered = BTreeMap<String, Vec<u8>>;

/// A source, a home and an archive of their own.
pub(crate) struct Site {
    /// The command line with its home.
    pub(crate) cli: Cli,
    /// The archive.
    pub(crate) pacs: Running,
    /// What there is to send.
    pub(crate) source: TempDir,
    /// The same, to compare with.
    pub(crate) offered: Offered,
    _store: TempDir,
}

impl Site {
    /// So many studies with so many instances each of about so many bytes, and an archive started with what `options`
    /// makes of the usual ones.
    pub(crate) fn new(
        (studies, each, bytes): (u32, u32, usize),
        options: impl FnOnce(Options) -> Options,
    ) -> Self {
        let (source, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut offered = Offered::new();
        for study in 1..=studies {
            let person = Person::new(Script::Ascii, study);
            let first = Instance::new(Kind::Ct).seed(77).person(&person).study(study);
            let folder = source.path().join(format!("ST{study:04}"));
            let made = write_series(&folder, each, bytes, &first).unwrap();
            // Files are named by their numbers, so both are in the same order.
            let contents = files(&folder).into_iter().map(|file| fs::read(file).unwrap());
            offered.extend(made.sop_uids.into_iter().zip(contents));
        }
        let usual = Options { sync: false, ..Options::in_folder(store.path()) };
        let pacs = PracticePacs::start(options(usual)).unwrap();
        Self { cli: Cli::new().unwrap(), pacs, source, offered, _store: store }
    }

    /// The arguments of a send of the whole source, as JSON lines.
    pub(crate) fn arguments<'a>(&'a self, root: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["send", "--json", arg(self.source.path()), "--to", root], more].concat()
    }

    /// Which instances the archive holds byte for byte.
    pub(crate) fn held(&self) -> BTreeSet<String> {
        held(&self.pacs, &self.offered)
    }

    /// How many instances wait or stay in the queue, by state.
    pub(crate) fn queue(&self) -> BTreeMap<String, u64> {
        let ran = self.cli.run(&["queue", "list", "--json"]).unwrap();
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        let mut states = BTreeMap::new();
        for study in ran.json().unwrap() {
            for (state, n) in study["states"].as_object().unwrap() {
                *states.entry(state.clone()).or_default() += n.as_u64().unwrap();
            }
        }
        states.retain(|_, n| *n > 0);
        states
    }
}

/// Which of these an archive holds byte for byte.
pub(crate) fn held(pacs: &Running, offered: &Offered) -> BTreeSet<String> {
    let same = |(uid, bytes): &(&String, &Vec<u8>)| {
        pacs.file_of(uid).is_some_and(|file| fs::read(file).unwrap() == **bytes)
    };
    offered.iter().filter(same).map(|(uid, _)| uid.clone()).collect()
}

/// What holds after every run that ends by itself: each instance is told once, the parts add up to the whole, and what
/// is called confirmed is in the archive with our bytes. Gives each instance's state, with its code.
pub(crate) fn truth(site: &Site, ran: &Ran) -> anyhow::Result<BTreeMap<String, String>> {
    true_of(&site.held(), ran)
}

/// The same for an archive that holds these.
pub(crate) fn true_of(
    held: &BTreeSet<String>,
    ran: &Ran,
) -> anyhow::Result<BTreeMap<String, String>> {
    let sum = instances_of(&ran.summary()?)?;
    let mut ends = BTreeMap::new();
    for line in ran.events("verdict")? {
        let (uid, state) = (text(&line, "sop_instance_uid"), text(&line, "state"));
        if is_in_the_archive(state) {
            anyhow::ensure!(held.contains(uid), "{state}, and the archive does not hold it");
        }
        let told = match line["code"].as_str() {
            Some(code) => format!("{state}:{code}"),
            None => state.to_owned(),
        };
        anyhow::ensure!(ends.insert(uid.to_owned(), told).is_none(), "told of twice");
    }
    anyhow::ensure!(ends.len() as u64 == sum, "{} told of {sum}", ends.len());
    Ok(ends)
}
