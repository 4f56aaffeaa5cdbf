//! Store, search, retrieve, restart.

use super::*;
use crate::Duplicates;
use relaypacs_tests::fixture::{Encoding, Person, Script};
use std::fs;

#[test]
fn what_is_stored_is_listed_and_given_back_byte_for_byte() {
    let peer = Peer::new(Faults::default());
    let mut sent = series(3);
    for (n, (kind, encoding)) in (1..).zip(Kind::ALL.into_iter().zip(Encoding::ALL)) {
        sent.push(Instance::new(kind).study(n + 1).encoding(encoding).private_bytes(70_000));
    }
    let answer = peer.store(&sent);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/dicom+json"));
    assert_eq!(stored(&answer), uids(&sent));
    assert_eq!(peer.running.stored(), sent.len());
    for instance in &sent {
        let (study, series, sop) =
            (instance.study_uid(), instance.series_uid(), instance.sop_uid());
        let path = format!("/dicom-web/studies/{study}/series/{series}/instances");
        let found = peer.search(&format!("{path}?SOPInstanceUID={sop}"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["00080018"]["Value"][0], sop.as_str());
        let whole = peer.get(&format!("{path}/{sop}"));
        assert_eq!(whole.status, 200);
        let file = instance.bytes();
        assert!(whole.body.windows(file.len()).any(|window| window == file), "other bytes");
        assert_eq!(fs::read(peer.running.file_of(&sop).unwrap()).unwrap(), file);
    }
    assert_eq!(fs::read_dir(peer.folder.path().join("incoming")).unwrap().count(), 0);
}

#[test]
fn a_restart_on_the_same_folder_finds_everything() {
    let peer = Peer::new(Faults::default());
    let sent = series(4);
    peer.store(&sent);
    let before = peer.running.instances();
    let Peer { running, folder, .. } = peer;
    let port = running.addr().port();
    running.stop();
    fs::write(folder.path().join("incoming/part-left"), "half a file").unwrap();
    let options = Options { port, ..Options::in_folder(folder.path()) };
    let again = PracticePacs::start(options).unwrap();
    assert_eq!(again.instances(), before);
    assert_eq!(before.len(), 4);
    assert!(!folder.path().join("incoming/part-left").exists());
}

#[test]
fn it_starts_stops_and_drops_inside_another_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let peer = Peer::new(Faults::default());
        assert_eq!(peer.get("/dicom-web/studies").status, 200);
    });
}

#[test]
fn it_listens_on_this_machine_only() {
    let peer = Peer::new(Faults::default());
    assert!(peer.running.addr().ip().is_loopback());
    assert_eq!(
        peer.running.root(),
        format!("http://127.0.0.1:{}/dicom-web", peer.running.addr().port())
    );
}

#[test]
fn an_instance_is_never_overwritten_and_the_answer_is_as_configured() {
    let old = Instance::new(Kind::Ct);
    let new = old.clone().altered();
    for (duplicates, status, reason) in [
        (Duplicates::KeepOldSaySuccess, 200, None),
        (Duplicates::Conflict409, 409, Some(272)),
        (Duplicates::Code45070, 409, Some(45070)),
    ] {
        let peer = Peer::new(Faults { duplicates, ..Faults::default() });
        peer.store(std::slice::from_ref(&old));
        assert_eq!(peer.store(std::slice::from_ref(&old)).status, 200, "the same bytes again");
        let answer = peer.store(std::slice::from_ref(&new));
        assert_eq!(answer.status, status, "{duplicates:?}");
        let json = answer.json().unwrap();
        let told = json["00081198"]["Value"][0]["00081197"]["Value"][0].as_u64();
        assert_eq!(told, reason, "{duplicates:?}");
        let kept = fs::read(peer.running.file_of(&old.sop_uid()).unwrap()).unwrap();
        assert!(kept == old.bytes() && kept != new.bytes(), "{duplicates:?}");
        assert_eq!(peer.running.counts().stored, 1);
    }
}

#[test]
fn searches_are_paged_matched_and_capped() {
    let peer = Peer::new(Faults { page_cap: 4, ..Faults::default() });
    let one = series(6);
    let other: Vec<Instance> = (1..=2)
        .map(|n| {
            Instance::new(Kind::Mr).person(&Person::new(Script::Latin1, 2)).series(2).number(n, 2)
        })
        .collect();
    peer.store(&one);
    peer.store(&other);
    let study = format!("/dicom-web/studies/{}", one[0].study_uid());
    let mut seen = Vec::new();
    for offset in [0, 2, 4, 6] {
        let page = peer.search(&format!("{study}/instances?limit=2&offset={offset}"));
        seen.extend(page.iter().map(|i| i["00080018"]["Value"][0].as_str().unwrap().to_owned()));
    }
    seen.sort();
    let mut sent = uids(&one);
    sent.sort();
    assert_eq!(seen, sent);
    let capped = peer.get("/dicom-web/instances");
    assert_eq!(capped.json().unwrap().as_array().unwrap().len(), 4);
    assert!(capped.header("warning").unwrap().contains("4 additional"), "{capped:?}");
    let both = peer.search("/dicom-web/studies");
    assert_eq!(both.len(), 2);
    let of_two = peer.search("/dicom-web/studies?PatientID=FIX000002&includefield=00081030&x=y");
    assert_eq!(of_two.len(), 1);
    assert_eq!(of_two[0]["00100010"]["Value"][0]["Alphabetic"], "Müller^Jörg");
    assert_eq!(of_two[0]["00201208"]["Value"][0], 2);
    let list = format!("{}%2C{}%5C1.2.3", one[1].sop_uid(), other[0].sop_uid());
    assert_eq!(peer.search(&format!("/dicom-web/instances?SOPInstanceUID={list}")).len(), 2);
    assert_eq!(peer.search(&format!("{study}/series")).len(), 1);
    assert_eq!(
        peer.search(&format!("/dicom-web/series?SeriesInstanceUID={}", other[0].series_uid()))
            .len(),
        1
    );
    assert_eq!(peer.get("/dicom-web/studies?limit=many").status, 400);
    assert_eq!(peer.search("/dicom-web/studies/9.9.9/instances").len(), 0);
    peer.running.set_faults(Faults { empty_is_204: true, ..Faults::default() });
    assert_eq!(peer.get("/dicom-web/studies/9.9.9/instances").status, 204);
}

#[test]
fn names_in_every_single_byte_script_and_utf_8_are_answered_as_people_read_them() {
    let peer = Peer::new(Faults::default());
    let scripts = [
        Script::Ascii,
        Script::Latin1,
        Script::Utf8,
        Script::Cyrillic,
        Script::Greek,
        Script::Gb18030,
    ];
    for (n, script) in (1..).zip(scripts) {
        let person = Person::new(script, n);
        peer.store(&[Instance::new(Kind::Cr).person(&person)]);
        let found = peer.search(&format!("/dicom-web/studies?PatientID={}", person.id));
        let name = &found[0]["00100010"]["Value"][0];
        let groups = ["Alphabetic", "Ideographic"].map(|group| name[group].as_str());
        let shown: Vec<&str> = groups.into_iter().flatten().collect();
        assert_eq!(shown.join("="), person.shown_name, "{script:?}");
    }
}

#[test]
fn a_series_and_a_study_can_be_retrieved_whole_and_as_attributes() {
    let peer = Peer::new(Faults::default());
    let sent = series(3);
    peer.store(&sent);
    let (study, series) = (sent[0].study_uid(), sent[0].series_uid());
    let lengths: usize = sent.iter().map(|i| i.bytes().len()).sum();
    for path in [
        format!("/dicom-web/studies/{study}"),
        format!("/dicom-web/studies/{study}/series/{series}"),
    ] {
        let answer = peer.get(&path);
        assert!(
            answer.body.len() > lengths
                && answer.header("content-type").unwrap().starts_with("multipart/related")
        );
        let metadata = peer.search(&format!("{path}/metadata"));
        assert_eq!(metadata.len(), 3);
        assert_eq!(metadata[0]["00280010"]["Value"][0], 64);
    }
    let elsewhere =
        format!("/dicom-web/studies/{study}/series/1.2/instances/{}", sent[0].sop_uid());
    assert_eq!(peer.get(&elsewhere).status, 404);
    assert_eq!(peer.get("/dicom-web/studies/9.9/metadata").status, 404);
}
