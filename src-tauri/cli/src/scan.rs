//! `scan`: look inside, send nothing, keep nothing.

use crate::args::ScanArgs;
use crate::exit::Exit;
use crate::face::Face;
use crate::session::Session;
use crate::{json, people};
use relaypacs_model::{Code, Fault, Found, Location, Seen, Skip};
use relaypacs_relay::{Observer, ScanCounts};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) async fn scan(session: &Session, args: ScanArgs) -> Result<Exit, Fault> {
    let watcher = Arc::new(Looking {
        face: Face::new(session.json()),
        table: Mutex::default(),
        json: session.json(),
    });
    let seer = watcher.clone();
    let stop = session.stop.clone();
    let looked = tokio::task::spawn_blocking(move || {
        relaypacs_relay::look(&args.paths, args.include_damaged, &stop, seer.as_ref())
    });
    let counts = looked.await.map_err(|error| Fault::with(Code::Internal, error))??;
    watcher.face.done();
    if session.json() {
        json::scan_summary(&counts);
    } else {
        watcher.table.lock().unwrap_or_else(PoisonError::into_inner).show(&counts);
    }
    Ok(Exit::of_scan(&counts))
}

/// Shows what a scan comes upon, and keeps a table of the studies for the end.
struct Looking {
    face: Face,
    json: bool,
    table: Mutex<Table>,
}

impl Observer for Looking {
    fn seen(&self, seen: &Seen) {
        self.face.seen(seen);
        if !self.json {
            self.table.lock().unwrap_or_else(PoisonError::into_inner).add(seen);
        }
    }

    fn scanned(&self, counts: &ScanCounts) {
        self.face.scanned(counts);
    }
}

/// What a person wants to see of a disc: whose it is, what is on it, what is wrong with it. Grows with the number of
/// studies; of what is wrong only the first lines are kept.
#[derive(Default)]
struct Table {
    studies: BTreeMap<String, StudyLine>,
    wrong: Vec<String>,
    indexes: Vec<String>,
}

#[derive(Default)]
struct StudyLine {
    title: String,
    modalities: BTreeSet<String>,
    series: BTreeSet<String>,
    images: u64,
    bytes: u64,
    doubtful: bool,
}

/// How many lines of what is wrong a person gets to see; `--json` has them all.
const WRONG_SHOWN: usize = 30;

impl Table {
    fn add(&mut self, seen: &Seen) {
        match seen {
            Seen::Instance(found) => self.instance(found),
            Seen::Skipped(skip)
                if skip.reason.needs_a_person() && self.wrong.len() < WRONG_SHOWN =>
            {
                self.wrong.push(wrong(skip));
            }
            Seen::Skipped(_) => {}
            Seen::Index(report) => {
                let missing = people::plural(report.listed_missing_total, "file", "files");
                if report.listed_missing_total > 0 {
                    let are = if report.listed_missing_total == 1 { "is" } else { "are" };
                    self.indexes.push(format!(
                        "{} lists {missing} that {are} not there: {}",
                        report.location.shown(),
                        report.listed_missing.join(", ")
                    ));
                }
                if report.unlisted > 0 {
                    self.indexes.push(format!(
                        "{} does not list {} that are there (they are sent all the same).",
                        report.location.shown(),
                        people::plural(report.unlisted, "image", "images")
                    ));
                }
            }
        }
    }

    fn instance(&mut self, found: &Found) {
        let header = &found.header;
        let line = self.studies.entry(header.study_instance_uid.as_str().to_owned()).or_default();
        if line.images == 0 {
            let patient = &header.patient;
            line.title = format!(
                "{} [{}] {}  {} {}",
                patient.name.reveal(),
                patient.id.reveal(),
                patient.birth_date.reveal(),
                header.study.date.reveal(),
                header.study.description.reveal(),
            );
        }
        line.modalities.insert(header.series.modality.clone());
        line.series.insert(header.series_instance_uid.as_str().to_owned());
        line.images += 1;
        line.bytes += found.bytes;
        line.doubtful |= header.text_doubtful;
    }

    fn show(&self, counts: &ScanCounts) {
        for study in self.studies.values() {
            let modalities: Vec<&str> = study.modalities.iter().map(String::as_str).collect();
            people::show(&study.title);
            people::show(&format!(
                "    {}  {}, {}, {}{}",
                modalities.join("/"),
                people::plural(study.series.len() as u64, "series", "series"),
                people::plural(study.images, "image", "images"),
                people::size(study.bytes),
                if study.doubtful {
                    "  (the name may be shown wrong: its character set is not declared)"
                } else {
                    ""
                }
            ));
        }
        for (reason, n) in &counts.skipped {
            people::show(&format!("not sent: {} {}", people::count(*n), words(reason.as_str())));
        }
        for line in self.indexes.iter().chain(&self.wrong) {
            people::show(line);
        }
        people::show(&format!(
            "{}, {}, {}, {}.",
            people::plural(counts.patients, "patient", "patients"),
            people::plural(counts.studies, "study", "studies"),
            people::plural(counts.series, "series", "series"),
            people::plural(counts.instances, "image", "images"),
        ));
    }
}

fn words(reason: &str) -> String {
    reason.replace('_', " ")
}

fn wrong(skip: &Skip) -> String {
    let earlier = skip.earlier.as_ref().map(Location::shown);
    let earlier = earlier.map(|path| format!(": {path}")).unwrap_or_default();
    format!("{}: {} ({}{earlier})", skip.location.shown(), words(skip.reason.as_str()), skip.detail)
}
