//! What the tests of this room lean on: small valid DICOM files, servers that misbehave on purpose, a real Orthanc.

pub(crate) mod dicom;
pub(crate) mod orthanc;
pub(crate) mod server;

use relaypacs_model::{ArchiveRoot, Destination, ReadBack, SignIn};
use relaypacs_upload::{Archive, Batch, BatchAnswer, Part, Timing, Verdict};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn destination(root: &str, sign_in: SignIn) -> Destination {
    let root = ArchiveRoot::parse(root).expect("a root");
    Destination { label: "test".into(), root, sign_in, ca: None, read_back: ReadBack::None }
}

pub(crate) fn archive(root: &str) -> Archive {
    Archive::new(&destination(root, SignIn::None), quick()).expect("an archive")
}

/// Waits that a test can sit through, and that no healthy server exceeds.
pub(crate) fn quick() -> Timing {
    Timing {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(1),
        source: Duration::from_secs(2),
        answer: Duration::from_secs(20),
        idle: Duration::from_secs(20),
        ..Timing::default()
    }
}

pub(crate) fn batch(parts: impl IntoIterator<Item = Arc<dyn Part>>) -> Batch {
    let study = relaypacs_model::StudyInstanceUid::parse(dicom::STUDY).expect("a UID");
    Batch { study, parts: parts.into_iter().collect() }
}

pub(crate) async fn store(archive: &Archive, batch: &Batch) -> BatchAnswer {
    archive.store(batch, &|_| ()).await
}

pub(crate) fn verdicts(answer: &BatchAnswer) -> Vec<Verdict> {
    answer.verdicts.iter().map(|each| each.verdict).collect()
}
