//! The archive as its clients see it: over HTTP, with files that another room's encoder wrote.

mod faults;
mod native;
mod requests;
mod round_trip;
mod script;

use crate::{Faults, Options, PracticePacs, Running};
use relaypacs_tests::fixture::{Instance, Kind};
use relaypacs_tests::http::{Answer, Http};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tempfile::TempDir;

const MULTIPART: &str = "multipart/related; type=\"application/dicom\"; boundary=B1";

/// A running archive in a folder that goes with it.
struct Peer {
    running: Running,
    http: Http,
    folder: TempDir,
}

impl Peer {
    fn new(faults: Faults) -> Self {
        Self::with(|options| options.faults = faults)
    }

    fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = Options::in_folder(folder.path());
        change(&mut options);
        let running = PracticePacs::start(options).unwrap();
        let http = Http::new(running.addr().port());
        Self { running, http, folder }
    }

    fn store(&self, instances: &[Instance]) -> Answer {
        self.post(&body(instances))
    }

    fn post(&self, body: &[u8]) -> Answer {
        self.http.post("/dicom-web/studies", MULTIPART, body).unwrap()
    }

    fn get(&self, path: &str) -> Answer {
        self.http.get(path).unwrap()
    }

    fn search(&self, path: &str) -> Vec<Value> {
        self.get(path).json().unwrap().as_array().unwrap().clone()
    }

    /// Sends bytes as they are and gives what comes back, and how the connection ended.
    fn raw(&self, sent: &[u8]) -> (Vec<u8>, std::io::Result<usize>) {
        let mut stream = TcpStream::connect(self.running.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The other side may end the connection before it has read all.
        let _ = stream.write_all(sent);
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer);
        (answer, end)
    }
}

fn series(count: u32) -> Vec<Instance> {
    (1..=count).map(|n| Instance::new(Kind::Ct).number(n, count)).collect()
}

fn body(instances: &[Instance]) -> Vec<u8> {
    let files: Vec<Vec<u8>> = instances.iter().map(Instance::bytes).collect();
    body_of(&files)
}

fn body_of(files: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for file in files {
        body.extend_from_slice(b"--B1\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B1--\r\n");
    body
}

/// The head of a store request with this length.
fn head(length: usize) -> String {
    format!(
        "POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// The SOP Instance UIDs that an answer to a store lists in a sequence.
fn listed(answer: &Answer, sequence: &str) -> Vec<String> {
    let json = answer.json().unwrap();
    let items = json[sequence]["Value"].as_array().cloned().unwrap_or_default();
    items.iter().map(|i| i["00081155"]["Value"][0].as_str().unwrap().to_owned()).collect()
}

fn stored(answer: &Answer) -> Vec<String> {
    listed(answer, "00081199")
}

fn failed(answer: &Answer) -> Vec<String> {
    listed(answer, "00081198")
}

fn uids(instances: &[Instance]) -> Vec<String> {
    instances.iter().map(Instance::sop_uid).collect()
}
