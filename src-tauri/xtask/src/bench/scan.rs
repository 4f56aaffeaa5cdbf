//! Reading headers: RelayPACS, pydicom, dcmtk, and the least that any of them must do.

use super::timed::timed;
use super::{Place, data, heading};
use crate::shell::say;
use anyhow::Result;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const PYDICOM: &str = "
import os, sys, pydicom
for d, _, names in os.walk(sys.argv[1]):
    for n in names:
        ds = pydicom.dcmread(os.path.join(d, n), stop_before_pixels=True)
        (ds.PatientID, ds.PatientName, ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID, ds.Modality)
";

pub(super) fn run(place: &Place) -> Result<()> {
    for (what, folder) in [
        ("20,000 small CT files", data::headers(&place.folder)?),
        ("1,000 CT files of 0.5 MB", data::thousand(&place.folder)?),
    ] {
        heading(&format!("Scan: {what}, page cache warm"));
        let files = data::every_file(&folder)?;
        // Twice: the first pass warms the cache.
        read_4_kib(&files)?;
        let floor = read_4_kib(&files)?;
        let home = place.folder.join("home-scan");
        let ours = best_of_3(place.relaypacs(&home).arg("scan").arg("--json").arg(&folder), place)?;
        let pydicom =
            timed(Command::new(&place.python).args(["-c", PYDICOM]).arg(&folder), &place.folder)?
                .wall;
        let dcmdump = timed(
            Command::new("dcmdump")
                .args(["--load-short", "--scan-directories", "--recurse", "--search", "0008,0018"])
                .arg(&folder),
            &place.folder,
        )?
        .wall;
        #[expect(clippy::cast_precision_loss, reason = "a count of files")]
        let n = files.len() as f64;
        say(&format!("{:<44} {:>8}  {:>10}  {:>12}", "", "s", "files/s", "x pydicom"));
        for (name, seconds) in [
            ("open and read 4 KiB, one thread", floor),
            ("relaypacs scan --json (walk, read, tell)", ours),
            ("dcmtk dcmdump, one tag", dcmdump),
            ("pydicom, stop_before_pixels", pydicom),
        ] {
            say(&format!(
                "{name:<44} {seconds:>8.3}  {:>10.0}  {:>12.1}",
                n / seconds,
                pydicom / seconds
            ));
        }
    }
    Ok(())
}

fn best_of_3(command: &Command, place: &Place) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        // GNU time has hundredths; a scan may take less than that.
        let begun = Instant::now();
        timed(command, &place.folder)?;
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// What no reader of headers can do without.
fn read_4_kib(files: &[impl AsRef<Path>]) -> Result<f64> {
    let begun = Instant::now();
    let mut buffer = [0u8; 4096];
    for file in files {
        let _ = File::open(file)?.read(&mut buffer)?;
    }
    Ok(begun.elapsed().as_secs_f64())
}
