//! Are the archive's bytes ours? The cheapest question that can answer it first.

use super::check::{Profile, Services};
use super::wire::{JSON, Question, Wire, not_understood};
use crate::multipart::{FirstPart, boundary_of};
use crate::sameness::{self, Compared, Sameness};
use crate::{Part, Trouble};
use relaypacs_model::{ArchiveRoot, Code, Reason, SeriesInstanceUid, StudyInstanceUid};
use serde_json::Value;
use std::sync::Arc;

const AS_STORED: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
/// An MD5 as text, and a line break.
const MAX_DIGEST_BYTES: usize = 64;

pub(super) async fn compare(
    wire: &Wire,
    profile: &Profile,
    place: (&StudyInstanceUid, &SeriesInstanceUid),
    part: Arc<dyn Part>,
) -> Result<Compared, Trouble> {
    match &profile.services {
        Services::Web { web } => by_wado(wire, web, place, part).await,
        Services::Both { native, .. } | Services::Native { native } => {
            by_orthanc(wire, native, place, part).await
        }
    }
}

/// Orthanc may hold the instance more than once, under different Patient IDs: one that is ours is enough.
async fn by_orthanc(
    wire: &Wire,
    native: &ArchiveRoot,
    place: (&StudyInstanceUid, &SeriesInstanceUid),
    part: Arc<dyn Part>,
) -> Result<Compared, Trouble> {
    let ids = orthanc_ids(wire, native, place, part.as_ref()).await?;
    if ids.is_empty() {
        return Ok(Compared::unread(Sameness::Missing));
    }
    let ours = Arc::clone(&part);
    let read = blocking(move || {
        let open = ours.open().map_err(|error| sameness::source_fault(&error));
        open.and_then(|reader| sameness::digests(reader, ours.bytes()))
    });
    let (sha256, md5) = match read.await? {
        Ok(digests) => digests,
        Err(fault) => return Ok(Compared::unread(fault)),
    };
    let mut last = Sameness::Missing;
    for id in ids {
        let sameness = match orthanc_md5(wire, native, &id).await? {
            Some(theirs) if theirs == md5 => Sameness::Identical,
            // Other bytes, or no digest: only the bytes can tell how they differ.
            Some(_) | None => {
                let url = native.join(&["instances", &id, "file"]);
                stream(wire, Question::get(url, "*/*"), Arc::clone(&part)).await?.sameness
            }
        };
        last = sameness;
        if matches!(sameness, Sameness::Identical | Sameness::SameDataSet) {
            break;
        }
    }
    Ok(Compared { sameness: last, sha256: Some(sha256) })
}

async fn orthanc_ids(
    wire: &Wire,
    native: &ArchiveRoot,
    (study, series): (&StudyInstanceUid, &SeriesInstanceUid),
    part: &dyn Part,
) -> Result<Vec<String>, Trouble> {
    let query = serde_json::json!({
        "Level": "Instance", "Expand": false,
        "Query": {
            "StudyInstanceUID": study.as_str(),
            "SeriesInstanceUID": series.as_str(),
            "SOPInstanceUID": part.sop_instance_uid().as_str(),
        },
    });
    let url = native.join(&["tools", "find"]);
    let reply = wire.ask(Question::post(url, JSON, query.to_string())).await?;
    if reply.status() != 200 {
        return Err(reply.trouble());
    }
    let Some(Value::Array(ids)) = reply.json().await? else { return Err(not_understood(200)) };
    Ok(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// `None` where Orthanc was told not to keep digests.
async fn orthanc_md5(
    wire: &Wire,
    native: &ArchiveRoot,
    id: &str,
) -> Result<Option<[u8; 16]>, Trouble> {
    let url = native.join(&["instances", id, "attachments", "dicom", "md5"]);
    let reply = wire.ask(Question::get(url, "*/*")).await?;
    match reply.status() {
        200 => {}
        400 | 404 => return Ok(None),
        _ => return Err(reply.trouble()),
    }
    let text = reply.bytes(MAX_DIGEST_BYTES).await.map_err(crate::trouble::Failure::trouble)?;
    let text = std::str::from_utf8(&text).unwrap_or_default().trim();
    let digest = (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten();
    Ok(digest.map(u128::to_be_bytes))
}

async fn by_wado(
    wire: &Wire,
    web: &ArchiveRoot,
    (study, series): (&StudyInstanceUid, &SeriesInstanceUid),
    part: Arc<dyn Part>,
) -> Result<Compared, Trouble> {
    let instance = part.sop_instance_uid().as_str();
    let url =
        web.join(&["studies", study.as_str(), "series", series.as_str(), "instances", instance]);
    stream(wire, Question::get(url, AS_STORED), Arc::clone(&part)).await
}

/// Compares with the archive's bytes as they come.
async fn stream(wire: &Wire, question: Question, part: Arc<dyn Part>) -> Result<Compared, Trouble> {
    let reply = wire.ask(question).await?;
    match reply.status() {
        200 => {}
        404 | 410 => return Ok(Compared::unread(Sameness::Missing)),
        // It is there, but not to be had as it was stored, or not at all.
        400 | 405 | 406 | 415 | 501 => return Ok(Compared::unread(Sameness::NotComparable)),
        _ => return Err(reply.trouble()),
    }
    let boundary = reply.content_type().and_then(boundary_of);
    reply
        .read_with(move |body| {
            let ours = match part.open() {
                Ok(ours) => ours,
                Err(error) => return Ok(Compared::unread(sameness::source_fault(&error))),
            };
            match boundary {
                None => sameness::compare(ours, part.bytes(), body),
                Some(boundary) => {
                    sameness::compare(ours, part.bytes(), &mut FirstPart::new(body, &boundary))
                }
            }
        })
        .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Trouble::with_question(Reason::new(Code::Internal)))
}
