//! The truth table: whatever an archive answers, does to a connection or says of an instance, end to end. The rows are
//! in `faults/table.rs`; what holds in every one of them is checked here.

#![cfg(test)]

#[path = "faults/complete.rs"]
mod complete;
mod peer;
#[path = "faults/table.rs"]
mod table;
#[path = "faults/way.rs"]
mod way;

use anyhow::{Context, Result, ensure};
use peer::{Site, truth};
use relaypacs_practice_pacs::{CutAt, Fault, Faults, Kind, Options, SignIn, Which};
use relaypacs_tests::http::Http;
use relaypacs_tests::lines::{files, number};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use table::{Before, Door, Row, table};

/// Instances of a row's source: enough for a batch to be halved three times.
const OFFERED: u32 = 8;
/// Rows at once: most of their time is waiting.
const AT_ONCE: usize = 16;

#[test]
fn whatever_the_archive_does_every_instance_ends_in_its_one_true_state() {
    let (rows, next, wrong) = (table(), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = holds(row) {
                        wrong.lock().unwrap().push(format!("{}: {error:#}", row.what));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn site(row: &Row) -> Site {
    let site = Site::new((1, OFFERED, 6_000), |usual| Options {
        sign_in: (row.door == Door::Locked)
            .then(|| SignIn::Basic { user: "relay".to_owned(), password: "right".to_owned() }),
        dicomweb: row.door != Door::Orthanc,
        orthanc_rest: row.door == Door::Orthanc,
        ..usual
    });
    if let Some(bytes) = site.offered.values().next().and_then(|ours| row.before.of(ours)) {
        let body = [b"--b\r\nContent-Type: application/dicom\r\n\r\n", &*bytes, b"\r\n--b--\r\n"];
        let kind = "multipart/related; type=\"application/dicom\"; boundary=b";
        let http = Http::new(site.pacs.addr().port());
        assert_eq!(http.post("/dicom-web/studies", kind, &body.concat()).unwrap().status, 200);
    }
    let mut faults = row.faults.clone();
    if let (Some(code), Some(uid)) = (row.poison, site.offered.keys().next()) {
        let poison = Fault::Poison { uid: uid.clone(), code };
        faults = faults.with(Kind::Store, Which::All, poison);
    }
    site.pacs.set_faults(faults);
    site
}

fn holds(row: &Row) -> Result<()> {
    let site = site(row);
    let root = match row.door {
        Door::Orthanc => format!("http://{}", site.pacs.addr()),
        Door::Open | Door::Locked => site.pacs.root(),
    };
    let patience = row.patience.to_string();
    let more = [&["--patience", &patience], row.more].concat();
    let ran = site.cli.run(&site.arguments(&root, &more))?;
    let ends = truth(&site, &ran).with_context(|| ran.stderr.clone())?;
    let mut came: BTreeMap<String, u64> = BTreeMap::new();
    for end in ends.values() {
        // Why something waits depends on what was tried last.
        let end = if end.starts_with("waiting") { "waiting" } else { end };
        *came.entry(end.to_owned()).or_default() += 1;
    }
    let came: Vec<String> = came.iter().map(|(end, n)| format!("{end} {n}")).collect();
    ensure!(came.join(", ") == row.ends, "came to {}; {}", came.join(", "), ran.stderr);
    ensure!(ran.status == Some(row.status), "ended with {:?}; {}", ran.status, ran.stderr);
    ensure!(ends.keys().eq(site.offered.keys()), "not what was offered");
    let fired = site.pacs.counts().fired;
    ensure!(fired.iter().all(|n| *n > 0) || row.spare, "a rule never acted: {fired:?}");
    nothing_is_lost(&site, &ends)?;
    if row.status == 4 && row.door != Door::Locked {
        mends(&site)?;
    }
    Ok(())
}

/// What is neither proven to be in the archive nor erased stands in the queue.
fn nothing_is_lost(site: &Site, ends: &BTreeMap<String, String>) -> Result<()> {
    let open = ends.values().filter(|end| {
        !["confirmed", "verified", "already_there"].iter().any(|done| end.starts_with(done))
    });
    let (open, queue) = (open.count() as u64, site.queue());
    let confirmed = queue.get("confirmed").copied().unwrap_or_default();
    let here: u64 = queue.values().sum();
    ensure!(here - confirmed == open, "{open} are not done, and the queue holds {queue:?}");
    Ok(())
}

/// Once the archive is well again, everything that waited gets there.
fn mends(site: &Site) -> Result<()> {
    site.pacs.set_faults(Faults::default());
    // Without it, what the archive wants to have later waits until then.
    site.cli.run(&["queue", "retry"])?;
    let ran = site.cli.run(&["run", "--json", "--patience", "8"])?;
    truth(site, &ran).context("after it was mended")?;
    ensure!(ran.status == Some(0), "mended: {:?}; {}", ran.status, ran.stderr);
    ensure!(site.held().len() == OFFERED as usize, "mended, and not all is there");
    ensure!(site.queue().is_empty(), "mended, and the queue is not empty");
    Ok(())
}

#[test]
fn a_lost_answer_is_settled_by_the_archives_list_where_the_source_is_gone() {
    let site = Site::new((1, OFFERED, 6_000), |usual| usual);
    let down = Fault::Status { code: 503, headers: BTreeMap::new(), body: String::new() };
    let faults = Faults::default()
        .with(Kind::Store, Which::All, Fault::Cut { at: CutAt::AfterStoring, reset: true })
        .with(Kind::Search, Which::FromTo { from: 3, to: None }, down);
    site.pacs.set_faults(faults);
    let root = site.pacs.root();
    let first = site.cli.run(&site.arguments(&root, &["--patience", "1"])).unwrap();
    assert_eq!(first.status, Some(4), "{}", first.stderr);
    files(site.source.path()).into_iter().for_each(|file| fs::remove_file(file).unwrap());
    site.pacs.set_faults(Faults::default());
    let ran = site.cli.run(&["run", "--json", "--patience", "8"]).unwrap();
    let ends = truth(&site, &ran).unwrap();
    assert!(ends.values().all(|end| end == "confirmed"), "{ends:?}");
    assert_eq!((ran.status, ends.len()), (Some(0), OFFERED as usize), "{}", ran.stderr);
    assert_eq!(number(&ran.summary().unwrap(), "bytes_sent"), 0);
}

#[test]
fn one_busy_moment_of_an_archive_costs_a_moment_however_many_requests_it_hits() {
    let site = Site::new((16, 2, 400_000), |usual| usual);
    // Held back until all of the first requests are on their way.
    let busy = Fault::RetryAfter { code: 503, seconds: 0.0, held: 1.5 };
    site.pacs.set_faults(Faults::default().with(
        Kind::Store,
        Which::FromTo { from: 1, to: Some(4) },
        busy,
    ));
    let root = site.pacs.root();
    // Enough for one pause of at most a second, and too little for the fourth, of at least four.
    let ran = site.cli.run(&site.arguments(&root, &["--patience", "4"])).unwrap();
    truth(&site, &ran).unwrap();
    assert_eq!(site.pacs.counts().fired, [4]);
    assert_eq!((ran.status, site.held().len()), (Some(0), 32), "{}", ran.stderr);
}

impl Before {
    /// What the archive holds of the first instance already.
    fn of(self, ours: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Nothing => None,
            Self::Same => Some(ours.to_vec()),
            Self::Other => {
                let mut other = ours.to_vec();
                if let Some(last) = other.last_mut() {
                    *last ^= 1;
                }
                Some(other)
            }
        }
    }
}
