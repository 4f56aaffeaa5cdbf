//! The lines of `--json`: one object a line on standard output, in the words of the contract.

use crate::face::Indexes;
use relaypacs_model::{Fault, Found, IndexReport, Location, Outcome, Seen, Skip};
use relaypacs_relay::{
    Completeness, CopyProgress, Gap, ScanCounts, SetAside, SourceFree, SourceGone, SourceStays,
    StudyEnd, Summary, Verdict,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines that are not written yet. A scan yields 100,000 a second, and each write costs more than the line.
static WAITING: Mutex<Waiting> = Mutex::new(Waiting { lines: Vec::new(), written: None });

struct Waiting {
    lines: Vec<u8>,
    written: Option<Instant>,
}

/// How many bytes of lines wait at most, and for how long while more of them come.
const FULL: usize = 64 << 10;
const LATEST: Duration = Duration::from_millis(50);

/// Prints one line, and what waited before it.
pub(crate) fn line(value: &impl Serialize) {
    put(value, true);
}

/// A reader that went away ends the program's output, not its work.
fn put(value: &impl Serialize, now: bool) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = serde_json::to_writer(&mut waiting.lines, value);
    waiting.lines.push(b'\n');
    let due = waiting.written.is_none_or(|written| written.elapsed() >= LATEST);
    if now || due || waiting.lines.len() >= FULL {
        let _ = std::io::stdout().lock().write_all(&waiting.lines);
        waiting.lines.clear();
        waiting.written = Some(Instant::now());
    }
}

/// The line of a file that was looked at. It may wait a moment for others.
pub(crate) fn seen(seen: &Seen) {
    match seen {
        Seen::Instance(found) => put(&InstanceLine::of(found), false),
        Seen::Skipped(skip) => put(&skipped(skip), false),
        Seen::Index(report) => put(&index(report), false),
    }
}

/// The line of an instance, in the order of the contract.
#[derive(Serialize)]
struct InstanceLine<'a> {
    event: &'static str,
    path: String,
    bytes: u64,
    patient_id: &'a str,
    patient_name: &'a str,
    study_instance_uid: &'a str,
    series_instance_uid: &'a str,
    sop_instance_uid: &'a str,
    sop_class_uid: &'a str,
    transfer_syntax_uid: Option<&'a str>,
    modality: &'a str,
    number_of_frames: Option<u32>,
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<&'a str>,
}

impl<'a> InstanceLine<'a> {
    fn of(found: &'a Found) -> Self {
        let header = &found.header;
        Self {
            event: "instance",
            path: found.location.shown(),
            bytes: found.bytes,
            patient_id: header.patient.id.reveal(),
            patient_name: header.patient.name.reveal(),
            study_instance_uid: header.study_instance_uid.as_str(),
            series_instance_uid: header.series_instance_uid.as_str(),
            sop_instance_uid: header.sop_instance_uid.as_str(),
            sop_class_uid: header.sop_class_uid.as_str(),
            transfer_syntax_uid: header.transfer_syntax_uid.as_ref().map(|uid| uid.as_str()),
            modality: &header.series.modality,
            number_of_frames: header.number_of_frames,
            source: match found.location {
                Location::File(_) => "file",
                Location::Member { .. } => "archive",
            },
            damage: found.damage.as_deref(),
        }
    }
}

fn skipped(skip: &Skip) -> Value {
    let mut detail = skip.detail.clone();
    if let Some(earlier) = &skip.earlier {
        detail = format!("{detail}: {}", earlier.shown());
    }
    json!({
        "event": "skipped",
        "path": skip.location.shown(),
        "reason": skip.reason.as_str(),
        "detail": detail,
    })
}

fn index(report: &IndexReport) -> Value {
    json!({
        "event": "index",
        "path": report.location.shown(),
        "listed": report.listed,
        "listed_missing": report.listed_missing_total,
        "missing": report.listed_missing,
        "unlisted": report.unlisted,
        "damage": report.damage,
    })
}

/// The last line of `scan`.
pub(crate) fn scan_summary(counts: &ScanCounts) {
    line(&json!({
        "event": "summary",
        "files": counts.files,
        "bytes": counts.bytes,
        "instances": counts.instances,
        "series": counts.series,
        "studies": counts.studies,
        "patients": counts.patients,
        "skipped": skips(counts),
        "listed_missing": counts.listed_missing,
        "seconds": counts.took.as_secs_f64(),
    }));
}

/// How much of a source is copied.
pub(crate) fn copying(progress: &CopyProgress) {
    put(
        &json!({ "event": "copying", "copied": progress.copied, "of": progress.of, "bytes": progress.bytes }),
        false,
    );
}

/// The line that says that the disc can come out.
pub(crate) fn source_free(free: &SourceFree) {
    line(&json!({ "event": "source_free", "copied": free.copied, "unreadable": free.unreadable }));
}

/// The line that says that the disc is not in any more, and is needed.
pub(crate) fn source_gone(gone: &SourceGone) {
    line(&json!({ "event": "source_gone", "copied": gone.copied, "waits": gone.waits }));
}

/// The line that says that the disc has to stay in.
pub(crate) fn source_stays(stays: &SourceStays) {
    line(&json!({ "event": "source_stays", "instances": stays.instances, "free": stays.free }));
}

/// The line of what a damaged disc would not give of one series.
pub(crate) fn unreadable(gap: &Gap) {
    line(&json!({
        "event": "unreadable",
        "series_instance_uid": gap.series_instance_uid.as_str(),
        "series_number": gap.series_number,
        "instances": gap.instances,
        "slices": gap.ranges,
        "detail": gap.words(),
    }));
}

/// The proof of completeness: three numbers, the sizes of what is in one set and not in another, and the list behind it.
/// What is on the source and not in the archive has a `verdict` line each, with state and code.
pub(crate) fn completeness(whole: &Completeness, names: &Indexes) {
    let not_there: Map<String, Value> =
        whole.not_in_archive.iter().map(|(how, n)| (how.as_str().into(), (*n).into())).collect();
    line(&json!({
        "event": "completeness",
        "sentence": whole.sentence(),
        "complete": whole.is_whole(),
        "on_source": whole.on_source,
        "in_index": whole.index.map(|index| index.listed),
        "in_archive": whole.in_archive,
        "in_index_not_on_source": whole.index.map(|index| index.missing),
        "on_source_not_in_index": whole.index.map(|index| index.unlisted),
        "index_read_in_part": whole.index.map(|index| index.partly),
        "on_source_not_in_archive": whole.on_source.saturating_sub(whole.in_archive),
        "needs_a_look": whole.needs_a_look,
        "not_in_archive": not_there,
        "missing_files": names.missing,
        "unlisted_files": names.unlisted,
    }));
}

/// The line of an instance at its end.
pub(crate) fn verdict(verdict: &Verdict) {
    line(&json!({
        "event": "verdict",
        "sop_instance_uid": verdict.sop_instance_uid.as_str(),
        "state": verdict.outcome.as_str(),
        "code": verdict.reason.map(|reason| reason.code.as_str()),
        "detail": verdict.reason.map(detail),
    }));
}

fn detail(reason: relaypacs_model::Reason) -> String {
    let happened = reason.code.sentences().happened;
    match reason.numbers() {
        numbers if numbers.is_empty() => happened.to_owned(),
        numbers => format!("{happened} ({numbers})"),
    }
}

/// The line of a study at its end.
pub(crate) fn study(end: &StudyEnd) {
    let mut value = json!({
        "event": "study",
        "study_instance_uid": end.study_instance_uid.as_str(),
        "state": end.state(),
        "instances": end.instances(),
        "in_the_archive": end.in_the_archive(),
        "erased": end.erased,
    });
    if let Some(object) = value.as_object_mut() {
        let count = |outcome| end.outcomes.get(&outcome).copied().unwrap_or(0);
        let confirmed =
            count(Outcome::Confirmed) + count(Outcome::Verified) + count(Outcome::Committed);
        object.insert("confirmed".into(), confirmed.into());
        for outcome in PARTS {
            object.insert(outcome.as_str().into(), count(outcome).into());
        }
    }
    line(&value);
}

/// Outcomes that have a key of their own beside `confirmed`.
const PARTS: [Outcome; 7] = [
    Outcome::AlreadyThere,
    Outcome::Rejected,
    Outcome::Conflict,
    Outcome::Changed,
    Outcome::SourceGone,
    Outcome::Waiting,
    Outcome::Cancelled,
];

/// The last line of `send` and `run`. `confirmed` and the seven parts add up to `instances`; `stored` is zero at the
/// end of a run, since what is stored but not confirmed waits.
pub(crate) fn run_summary(summary: &Summary, scanned: Option<&ScanCounts>) {
    let confirmed = summary.count(Outcome::Confirmed)
        + summary.count(Outcome::Verified)
        + summary.count(Outcome::Committed);
    let mut value = json!({
        "event": "summary",
        "files": scanned.map_or(0, |counts| counts.files),
        "instances": summary.instances,
        "stored": 0,
        "confirmed": confirmed,
        "verified": summary.count(Outcome::Verified),
        "skipped": scanned.map(skips).unwrap_or_default(),
        "bytes_sent": summary.bytes_sent,
        "bytes_sent_again": summary.bytes_sent_again,
        "requests": summary.requests,
        "seconds": summary.took.as_secs_f64(),
        "peak_rss_bytes": peak_rss_bytes(),
    });
    if let Some(object) = value.as_object_mut() {
        for outcome in PARTS {
            object.insert(outcome.as_str().into(), summary.count(outcome).into());
        }
    }
    line(&value);
}

/// The line of a fault that ended the command.
pub(crate) fn fault(fault: &Fault) {
    line(&told("error", fault));
}

/// The line of trouble with the disk or the program that did not end the command: it is tried again.
pub(crate) fn trouble(fault: &Fault) {
    line(&told("trouble", fault));
}

/// The line of a damaged queue that was put aside; the command goes on with a new one.
pub(crate) fn set_aside(set_aside: SetAside) {
    let mut value = told("queue_set_aside", &set_aside.fault());
    if let Some(object) = value.as_object_mut() {
        object.insert("salvaged".into(), set_aside.salvaged.into());
        object.insert("not_salvaged".into(), set_aside.lost.into());
    }
    line(&value);
}

fn told(event: &str, fault: &Fault) -> Value {
    let words = fault.sentences();
    json!({
        "event": event,
        "code": fault.code.as_str(),
        "happened": words.happened,
        "lost": words.lost,
        "now": words.now,
        "detail": fault.detail,
    })
}

fn skips(counts: &ScanCounts) -> Map<String, Value> {
    counts.skipped.iter().map(|(reason, n)| (reason.as_str().to_owned(), (*n).into())).collect()
}

/// The most memory that this process ever held, where the system says so.
pub(crate) fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
