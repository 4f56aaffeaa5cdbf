//! WADO-RS (PS3.18 section 10.4): the original bytes as `multipart/related`, and the attributes that are kept.

use crate::archive::Archive;
use crate::body::{self, Body};
use crate::record::{Level, Record};
use crate::uid::Uid;
use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const BOUNDARY: &str = "practice-pacs-7d1f0c52e9b84a36";
const PIECE: usize = 1 << 16;

/// The instances that an address names; none where there is nothing.
pub(crate) fn named(
    archive: &Archive,
    study: &Uid,
    series: Option<&Uid>,
    sop: Option<&Uid>,
) -> Vec<Arc<Record>> {
    match (sop, series) {
        (Some(sop), Some(series)) => {
            let found = archive.find(sop);
            let right = |r: &Arc<Record>| r.study == *study && r.series == *series;
            found.filter(right).into_iter().collect()
        }
        _ => archive.list(Some(study), series),
    }
}

/// The instances' bytes as they were stored.
pub(crate) fn instances(archive: &Archive, records: &[Arc<Record>]) -> Response<Body> {
    if records.is_empty() {
        return body::plain(404, "There is no such thing here.");
    }
    let between = |record: &Record| {
        format!(
            "--{BOUNDARY}\r\nContent-Type: application/dicom; transfer-syntax={}\r\n\r\n",
            record.transfer_syntax
        )
    };
    let end = format!("--{BOUNDARY}--\r\n");
    let parts: Vec<(String, PathBuf, u64)> =
        records.iter().map(|r| (between(r), archive.path_of(r), r.bytes)).collect();
    let length: u64 =
        parts.iter().map(|(head, _, bytes)| head.len() as u64 + bytes + 2).sum::<u64>()
            + end.len() as u64;
    let (send, receive) = channel(4);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = multipart(&parts, &end, &send) {
            let _ = send.blocking_send(Err(error));
        }
    });
    let content_type =
        format!("multipart/related; type=\"application/dicom\"; boundary={BOUNDARY}");
    body::streamed(length, &content_type, receive)
}

/// One file as it is.
pub(crate) fn file(archive: &Archive, record: &Record) -> Response<Body> {
    let (path, length) = (archive.path_of(record), record.bytes);
    let (send, receive): (_, Receiver<io::Result<Bytes>>) = channel(4);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = copy(path, &send) {
            let _ = send.blocking_send(Err(error));
        }
    });
    body::streamed(length, "application/dicom", receive)
}

/// The attributes that are kept of each, as DICOM JSON.
pub(crate) fn metadata(records: &[Arc<Record>]) -> Response<Body> {
    if records.is_empty() {
        return body::plain(404, "There is no such thing here.");
    }
    let each = records.iter().map(|record| {
        let mut model = record.json(Level::Instance);
        let syntax = json!({ "vr": "UI", "Value": [record.transfer_syntax] });
        model.insert("00083002".into(), syntax);
        Value::Object(model)
    });
    body::text(200, "application/dicom+json", Value::Array(each.collect()).to_string())
}

fn multipart(
    parts: &[(String, PathBuf, u64)],
    end: &str,
    send: &Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    for (head, path, _) in parts {
        give(send, Bytes::from(head.clone()))?;
        copy(path.clone(), send)?;
        give(send, Bytes::from_static(b"\r\n"))?;
    }
    give(send, Bytes::from(end.to_owned()))
}

fn copy(path: PathBuf, send: &Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut file = File::open(path)?;
    loop {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        piece.truncate(length);
        give(send, Bytes::from(piece))?;
    }
}

fn give(send: &Sender<io::Result<Bytes>>, piece: Bytes) -> io::Result<()> {
    send.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
}
