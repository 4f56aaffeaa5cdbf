//! As much of Orthanc's own REST interface as a sender needs where there is no STOW-RS.

use crate::archive::{Archive, orthanc_hash, orthanc_id};
use crate::body::{self, Body};
use crate::record::Record;
use crate::uid::Uid;
use hyper::Response;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};

/// `GET /system`
pub(crate) fn system() -> Response<Body> {
    let system = json!({
        "ApiVersion": 12, "Name": "practice-pacs", "Version": "1.10.1", "DicomAet": "PRACTICE",
        "DatabaseVersion": 6, "IsHttpServerSecure": false, "PluginsEnabled": true,
    });
    written(200, &system)
}

/// `GET /instances`
pub(crate) fn list(archive: &Archive) -> Response<Body> {
    let ids: Vec<String> = archive.list(None, None).iter().map(|r| orthanc_id(r)).collect();
    written(200, &json!(ids))
}

/// `POST /tools/lookup`: the body is a UID.
pub(crate) fn lookup(archive: &Archive, body: &[u8]) -> Response<Body> {
    let uid = str::from_utf8(body).ok().and_then(|text| Uid::parse(text.trim()));
    let found = uid.and_then(|uid| archive.find(&uid)).map(|record| {
        let id = orthanc_id(&record);
        json!({ "ID": id, "Path": format!("/instances/{id}"), "Type": "Instance" })
    });
    written(200, &json!(found.into_iter().collect::<Vec<_>>()))
}

/// `POST /tools/find`, at the level of instances, by UIDs (with `\` between several), with `Since` and `Limit`.
pub(crate) fn find(archive: &Archive, body: &[u8]) -> Response<Body> {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else { return bad_request() };
    if asked.get("Level").and_then(Value::as_str) != Some("Instance") {
        return bad_request();
    }
    let wanted = |key: &str| -> Option<BTreeSet<&str>> {
        let text = asked.get("Query")?.get(key)?.as_str()?;
        (!text.is_empty() && text != "*").then(|| text.split('\\').collect())
    };
    let (study, series, sop) =
        (wanted("StudyInstanceUID"), wanted("SeriesInstanceUID"), wanted("SOPInstanceUID"));
    let number = |key: &str, otherwise: usize| {
        let given = asked.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        given.filter(|n| *n > 0).unwrap_or(otherwise)
    };
    let expand = asked.get("Expand").and_then(Value::as_bool).unwrap_or_default();
    let fits = |uid: &Uid, wanted: &Option<BTreeSet<&str>>| {
        wanted.as_ref().is_none_or(|wanted| wanted.contains(uid.as_str()))
    };
    let records = archive.list(None, None);
    let fitting = records
        .iter()
        .filter(|r| fits(&r.study, &study) && fits(&r.series, &series) && fits(&r.sop, &sop));
    let page = fitting.skip(number("Since", 0)).take(number("Limit", usize::MAX));
    let shown = page.map(|record| match expand {
        true => instance_json(record),
        false => json!(orthanc_id(record)),
    });
    written(200, &json!(shown.collect::<Vec<_>>()))
}

/// `GET /instances/{id}`
pub(crate) fn instance(record: &Record) -> Response<Body> {
    written(200, &instance_json(record))
}

/// What `POST /instances` answers for an instance that is there now.
pub(crate) fn stored(record: &Record, new: bool) -> Response<Body> {
    let id = orthanc_id(record);
    let parent =
        |levels: &[&str]| orthanc_hash(&[&[record.value(0x0010_0020)], levels].concat().join("|"));
    let (study, series) = (record.study.as_str(), record.series.as_str());
    let answer = json!({
        "ID": id,
        "ParentPatient": parent(&[]),
        "ParentStudy": parent(&[study]),
        "ParentSeries": parent(&[study, series]),
        "Path": format!("/instances/{id}"),
        "Status": if new { "Success" } else { "AlreadyStored" },
    });
    written(200, &answer)
}

/// What `POST /instances` answers for a file that it cannot read.
pub(crate) fn bad_file() -> Response<Body> {
    let answer = json!({
        "HttpStatus": 400, "HttpError": "Bad Request", "OrthancStatus": 15,
        "Message": "Bad file format", "Method": "POST", "Uri": "/instances",
    });
    written(400, &answer)
}

/// The MD5 of an instance's file, in hexadecimal. Blocks.
pub(crate) fn md5_of(archive: &Archive, record: &Record) -> io::Result<String> {
    let mut file = File::open(archive.path_of(record))?;
    let (mut hash, mut piece) = (Md5::new(), vec![0; 1 << 16]);
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(piece.get(..length).unwrap_or_default());
    }
}

fn instance_json(record: &Record) -> Value {
    let id = orthanc_id(record);
    json!({
        "ID": id, "Type": "Instance", "FileSize": record.bytes,
        "MainDicomTags": { "SOPInstanceUID": record.sop.as_str() },
    })
}

fn bad_request() -> Response<Body> {
    written(400, &json!({ "HttpStatus": 400, "Message": "Bad request" }))
}

fn written(status: u16, value: &Value) -> Response<Body> {
    body::text(status, "application/json", value.to_string())
}
