//! Sending 1,000 images of 0.5 MB into a fresh Orthanc: RelayPACS from scan to confirmed, others just storing.

use super::timed::{Took, timed};
use super::{Place, data, heading};
use crate::shell::say;
use anyhow::Result;
use relaypacs_tests::orthanc::Orthanc;
use std::fs;
use std::path::Path;
use std::process::Command;

const DICOMWEB_CLIENT: &str = "
import os, sys, pydicom, requests
from dicomweb_client.api import DICOMwebClient
s = requests.Session(); s.auth = ('relay', 'relay'); c = DICOMwebClient(sys.argv[1], session=s)
fs = sorted(os.path.join(d, f) for d, _, n in os.walk(sys.argv[2]) for f in n)
for i in range(0, len(fs), 10): c.store_instances([pydicom.dcmread(f) for f in fs[i:i + 10]])
";

/// Rounds of those that are compared closely; they take turns, so that a slow moment of the machine hits all alike.
const ROUNDS: usize = 3;

pub(super) fn run(place: &Place) -> Result<()> {
    let files = data::thousand(&place.folder)?;
    let bodies = data::bodies(&place.folder, &files)?;
    heading("Send: 1,000 CT images of 0.5 MB (4 studies) into a fresh Orthanc on this machine");
    let mut rows = Vec::new();
    for round in 0..ROUNDS {
        for at_once in [1, 2, 4, 8] {
            let name = format!("curl, bodies of 20 built before, {at_once} at once");
            row(&mut rows, &name, place, |orthanc| curl(&place.folder, &bodies, orthanc, at_once))?;
        }
        row(&mut rows, "relaypacs send: scan, queue, store, confirm", place, |orthanc| {
            Ok(relaypacs(place, &files, orthanc, round))
        })?;
    }
    row(&mut rows, "python dicomweb-client, 10 a body", place, |orthanc| {
        let mut command = Command::new(&place.python);
        command.args(["-c", DICOMWEB_CLIENT, &orthanc.root()]).arg(&files);
        Ok(command)
    })?;
    row(&mut rows, "dcmtk storescu, TCP_NODELAY", place, |orthanc| {
        let mut command = Command::new("storescu");
        command.env("TCP_NODELAY", "1").args(["-aec", "ORTHANC", "+sd", "+r", "127.0.0.1"]);
        command.arg(orthanc.dicom_port().to_string()).arg(&files);
        Ok(command)
    })?;
    row(&mut rows, "dcmtk dcmsend", place, |orthanc| {
        let mut command = Command::new("dcmsend");
        command.args(["-aec", "ORTHANC", "--scan-directories", "--recurse", "127.0.0.1"]);
        command.arg(orthanc.dicom_port().to_string()).arg(&files);
        Ok(command)
    })?;
    table(&rows);
    Ok(())
}

/// One measured run.
struct Row {
    name: String,
    took: Took,
    stored: usize,
}

fn row(
    rows: &mut Vec<Row>,
    name: &str,
    place: &Place,
    command: impl FnOnce(&Orthanc) -> Result<Command>,
) -> Result<()> {
    let orthanc = Orthanc::start()?;
    let command = command(&orthanc)?;
    let took = timed(&command, &place.folder)?;
    let stored = orthanc.instance_uids()?.len();
    say(&format!("{name}: {:.2} s, {stored} stored, status {}", took.wall, took.status));
    rows.push(Row { name: name.to_owned(), took, stored });
    Ok(())
}

fn curl(scratch: &Path, bodies: &Path, orthanc: &Orthanc, at_once: usize) -> Result<Command> {
    let mut config = String::new();
    for body in data::every_file(bodies)? {
        config.push_str(&format!(
            "url=\"{}/studies\"\nupload-file=\"{}\"\nrequest=POST\noutput=/dev/null\n",
            orthanc.root(),
            body.display()
        ));
    }
    let file = scratch.join("curl.cfg");
    fs::write(&file, config)?;
    let mut command = Command::new("curl");
    command.args([
        "-s",
        "-Z",
        "--parallel-max",
        &at_once.to_string(),
        "-u",
        "relay:relay",
        "-H",
        "Expect:",
    ]);
    command
        .args(["-H", "Content-Type: multipart/related; type=\"application/dicom\"; boundary=B123"]);
    command.args(["-H", "Accept: application/dicom+json", "-K"]).arg(file);
    Ok(command)
}

fn relaypacs(place: &Place, files: &Path, orthanc: &Orthanc, round: usize) -> Command {
    let home = place.folder.join(format!("home-send-{round}"));
    let _ = fs::remove_dir_all(&home);
    let mut command = place.relaypacs(&home);
    command.arg("send").arg(files).args(["--to", &orthanc.root(), "--user", "relay"]);
    command
}

/// The best round of each, against the best curl.
fn table(rows: &[Row]) {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    let best = |name: &str| {
        let mut of_name: Vec<&Row> = rows.iter().filter(|row| row.name == name).collect();
        of_name.sort_by(|a, b| a.took.wall.total_cmp(&b.took.wall));
        of_name
    };
    let curl = rows.iter().filter(|row| row.name.starts_with("curl")).map(|row| row.took.wall);
    let curl = curl.fold(f64::INFINITY, f64::min);
    say(&format!(
        "\n{:<46} {:>8} {:>8} {:>8} {:>9} {:>7} {:>12}",
        "", "best s", "worst s", "cpu s", "peak MB", "stored", "x best curl"
    ));
    for name in names {
        let rounds = best(name);
        if let (Some(first), Some(last)) = (rounds.first(), rounds.last()) {
            say(&format!(
                "{name:<46} {:>8.2} {:>8.2} {:>8.2} {:>9.1} {:>7} {:>12.2}",
                first.took.wall,
                last.took.wall,
                first.took.cpu,
                first.took.peak_mb,
                first.stored,
                first.took.wall / curl
            ));
        }
    }
}
