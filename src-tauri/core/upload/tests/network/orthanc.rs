//! Against a real Orthanc.

use crate::support::dicom::{self, instance, instance_with};
use crate::support::orthanc::Orthanc;
use crate::support::{batch, destination, store, verdicts};
use relaypacs_model::{Code, Dialect, Secret, SeriesInstanceUid, SignIn, StudyInstanceUid};
use relaypacs_upload::{Archive, Part, Sameness, Scope, Timing, Verdict};
use std::sync::Arc;

fn archive(root: &str) -> Archive {
    Archive::new(&destination(root, Orthanc::sign_in()), Timing::default()).expect("an archive")
}

fn study() -> StudyInstanceUid {
    StudyInstanceUid::parse(dicom::STUDY).expect("a UID")
}

async fn listed(archive: &Archive) -> Vec<String> {
    let listing = archive.list(&study()).await.expect("a listing");
    let mut uids: Vec<String> = listing.uids.iter().map(|uid| uid.as_str().to_owned()).collect();
    uids.sort();
    uids
}

fn uids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut uids: Vec<String> = numbers.into_iter().map(dicom::uid).collect();
    uids.sort();
    uids
}

async fn sameness(archive: &Archive, part: Arc<dyn Part>) -> Sameness {
    let series = SeriesInstanceUid::parse(dicom::SERIES).expect("a UID");
    archive.compare(&study(), &series, part).await.expect("a comparison").sameness
}

#[tokio::test]
async fn twenty_instances_are_stored_listed_and_identical() {
    let orthanc = Orthanc::with_dicomweb().await;
    let archive = archive(&orthanc.dicomweb());
    let checked = archive.check().await.unwrap();
    assert_eq!(checked.dialect, Dialect::OrthancDicomWeb);
    assert_eq!(checked.product.as_deref(), Some("Orthanc"));
    assert!(listed(&archive).await.is_empty());

    let twenty = batch((1..=20).map(|n| instance(n, 60_000)));
    let moved = std::sync::atomic::AtomicU64::new(0);
    let answer = archive
        .store(&twenty, &|bytes| moved.store(bytes, std::sync::atomic::Ordering::SeqCst))
        .await;
    assert_eq!(verdicts(&answer), [Verdict::Stored; 20]);
    assert_eq!((answer.scope, answer.status), (Scope::Instances, Some(200)));
    assert_eq!(answer.bytes_sent, twenty.bytes());
    assert_eq!(moved.into_inner(), twenty.bytes());
    assert!(answer.verdicts.iter().all(|each| each.sha256.is_some()));
    assert_eq!(listed(&archive).await, uids(1..=20));

    assert_eq!(sameness(&archive, instance(3, 60_000)).await, Sameness::Identical);
    assert_eq!(sameness(&archive, instance_with(3, 60_000, 9)).await, Sameness::Differs);
    assert_eq!(sameness(&archive, instance(21, 60_000)).await, Sameness::Missing);
    let mut other_preamble = dicom::file(3, 60_000, 0);
    other_preamble[0] = b'M';
    let other_preamble = Arc::new(dicom::raw(3, other_preamble));
    assert_eq!(sameness(&archive, other_preamble).await, Sameness::SameDataSet);
}

#[tokio::test]
async fn one_poison_among_sixty_four_stops_only_itself() {
    let orthanc = Orthanc::with_dicomweb().await;
    let archive = archive(&orthanc.dicomweb());
    let poison: Arc<dyn Part> = Arc::new(dicom::raw(33, b"this is not DICOM".to_vec()));
    let parts = (1..=64).map(|n| if n == 33 { Arc::clone(&poison) } else { instance(n, 2_000) });
    let answer = store(&archive, &batch(parts)).await;
    assert_eq!(answer.status, Some(400));
    assert_eq!(answer.scope, Scope::Instances);
    let mut said = verdicts(&answer);
    let bad = said.remove(32);
    assert!(matches!(bad, Verdict::SendAlone(reason) if reason.code == Code::NotUnderstood));
    assert_eq!(said, [Verdict::Stored; 63]);
    assert_eq!(listed(&archive).await, uids((1..=64).filter(|n| *n != 33)));

    let alone = store(&archive, &batch([poison])).await;
    assert!(
        matches!(verdicts(&alone)[..], [Verdict::Refused(reason)] if reason.code == Code::NotUnderstood)
    );
    assert_eq!(alone.scope, Scope::Instances);
}

#[tokio::test]
async fn the_old_bytes_of_an_instance_that_was_there_are_found_by_comparing() {
    let orthanc = Orthanc::with_dicomweb().await;
    let archive = archive(&orthanc.dicomweb());
    store(&archive, &batch([instance(1, 5_000)])).await;
    let again = store(&archive, &batch([instance_with(1, 5_000, 7)])).await;
    assert_eq!(verdicts(&again), [Verdict::Stored], "Orthanc claims it");
    assert_eq!(sameness(&archive, instance_with(1, 5_000, 7)).await, Sameness::Differs);
    assert_eq!(sameness(&archive, instance(1, 5_000)).await, Sameness::Identical);
}

#[tokio::test]
async fn a_wrong_password_parks_the_destination() {
    let orthanc = Orthanc::with_dicomweb().await;
    let sign_in = SignIn::Basic { user: "relay".into(), password: Secret::new("wrong") };
    for root in [orthanc.dicomweb(), orthanc.root()] {
        let archive =
            Archive::new(&destination(&root, sign_in.clone()), Timing::default()).unwrap();
        let trouble = archive.check().await.unwrap_err();
        assert_eq!((trouble.reason.code, trouble.reason.status), (Code::SignInNeeded, Some(401)));
        let answer = store(&archive, &batch([instance(1, 100)])).await;
        assert!(
            matches!(answer.scope, Scope::Destination { reason, .. } if reason.code == Code::SignInNeeded)
        );
        assert!(matches!(verdicts(&answer)[..], [Verdict::TryAgain { .. }]));
        assert_eq!(answer.bytes_sent, 0);
    }
}

#[tokio::test]
async fn the_plugin_is_found_from_the_root_of_orthanc() {
    let orthanc = Orthanc::with_dicomweb().await;
    let archive = archive(&orthanc.root());
    assert_eq!(archive.check().await.unwrap().dialect, Dialect::OrthancDicomWeb);
    let answer = store(&archive, &batch([instance(1, 100)])).await;
    assert_eq!(verdicts(&answer), [Verdict::Stored]);
}

#[tokio::test]
async fn orthanc_without_the_plugin_is_sent_to_by_its_own_interface() {
    let orthanc = Orthanc::without_plugin().await;
    let archive = archive(&orthanc.root());
    let checked = archive.check().await.unwrap();
    assert_eq!(checked.dialect, Dialect::OrthancRest);
    assert!(checked.version.is_some());

    let poison: Arc<dyn Part> = Arc::new(dicom::raw(9, b"this is not DICOM".to_vec()));
    let parts: Vec<_> = (1..=8).map(|n| instance(n, 60_000)).chain([poison]).collect();
    let sent = batch(parts);
    let answer = store(&archive, &sent).await;
    let (good, bad) = answer.verdicts.split_at(8);
    assert!(good.iter().all(|each| each.verdict == Verdict::Stored && each.sha256.is_some()));
    assert!(
        matches!(bad[0].verdict, Verdict::Refused(reason) if reason.code == Code::NotUnderstood)
    );
    assert_eq!(answer.scope, Scope::Instances);
    assert_eq!(answer.bytes_sent, sent.bytes());

    let again = store(&archive, &batch([instance(1, 60_000)])).await;
    assert!(matches!(verdicts(&again)[..], [Verdict::AlreadyThere(_)]));
    let mut grown = dicom::raw(10, dicom::file(10, 60_000, 0));
    grown.promised -= 2;
    let grown = store(&archive, &batch([Arc::new(grown) as Arc<dyn Part>])).await;
    assert_eq!(verdicts(&grown), [Verdict::SourceChanged]);
    assert_eq!(listed(&archive).await, uids(1..=8));
    assert_eq!(sameness(&archive, instance(1, 60_000)).await, Sameness::Identical);
    assert_eq!(sameness(&archive, instance_with(1, 60_000, 1)).await, Sameness::Differs);
    assert_eq!(sameness(&archive, instance(77, 60_000)).await, Sameness::Missing);
}
