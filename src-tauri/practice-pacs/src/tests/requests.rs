//! Requests that are not as they should be.

use super::*;
use crate::{Kind as For, SignIn};
use relaypacs_tests::fixture::{DataSet, Encoding, part10};

#[test]
fn a_part_that_is_no_dicom_fails_alone() {
    let good = series(2);
    let mut files: Vec<Vec<u8>> = good.iter().map(Instance::bytes).collect();
    let whole = Instance::new(Kind::Mr).bytes();
    files.insert(1, b"this is no DICOM".to_vec());
    files.push(whole[..whole.len() - 100].to_vec());
    files.push(whole[132..].to_vec());
    let peer = Peer::new(Faults::default());
    let answer = peer.post(&body_of(&files));
    assert_eq!(answer.status, 202);
    assert_eq!(stored(&answer), uids(&good));
    let others = answer.json().unwrap()["0008119A"]["Value"].as_array().unwrap().clone();
    assert_eq!(others.len(), 3);
    assert!(others.iter().all(|item| item["00081197"]["Value"][0] == 0xC000));
    let like_orthanc = Peer::new(Faults { orthanc_like: true, ..Faults::default() });
    let answer = like_orthanc.post(&body_of(&files));
    assert_eq!((answer.status, stored(&answer)), (400, uids(&good)));
    assert_eq!(like_orthanc.running.stored(), 2);
    assert_eq!(peer.post(&body_of(&[b"junk".to_vec()])).status, 409);
}

#[test]
fn a_body_that_is_not_whole_stores_nothing() {
    let peer = Peer::new(Faults::default());
    let sent = series(2);
    let whole = body(&sent);
    assert_eq!(peer.post(&whole[..whole.len() - 8]).status, 400);
    assert_eq!(peer.post(b"").status, 400);
    assert_eq!(peer.post(b"--B1--\r\n").status, 400);
    let lf_only: Vec<u8> = whole.iter().copied().filter(|byte| *byte != b'\r').collect();
    assert_eq!(peer.post(&lf_only).status, 400);
    assert_eq!(peer.running.stored(), 0);
    let like_orthanc = Peer::new(Faults { orthanc_like: true, ..Faults::default() });
    let answer = like_orthanc.post(&whole[..whole.len() - 8]);
    assert_eq!((answer.status, stored(&answer)), (200, uids(&sent[..1])));
    assert_eq!(like_orthanc.post(&lf_only).status, 200);
    assert_eq!(like_orthanc.running.stored(), 1);
}

#[test]
fn a_boundary_in_the_pixels_does_not_end_a_part() {
    let peer = Peer::new(Faults::default());
    let mut file = Instance::new(Kind::Ct).bytes();
    let at = file.len() - 200;
    let tricky = b"--B1--\n--B1\r--B1x\r\n--B1y\r\n--B";
    file[at..at + tricky.len()].copy_from_slice(tricky);
    assert_eq!(peer.post(&body_of(std::slice::from_ref(&file))).status, 200);
    let kept = peer.running.file_of(&Instance::new(Kind::Ct).sop_uid()).unwrap();
    assert_eq!(std::fs::read(kept).unwrap(), file);
}

#[test]
fn only_instances_of_the_study_in_the_address_are_taken() {
    let peer = Peer::new(Faults::default());
    let (here, there) = (Instance::new(Kind::Ct), Instance::new(Kind::Ct).study(2));
    let path = format!("/dicom-web/studies/{}", here.study_uid());
    let answer = peer.http.post(&path, MULTIPART, &body(&[here.clone(), there.clone()])).unwrap();
    assert_eq!(answer.status, 202);
    assert_eq!(
        (stored(&answer), failed(&answer)),
        (uids(&[here]), uids(std::slice::from_ref(&there)))
    );
    let answer = peer.http.post(&path, MULTIPART, &body(&[there])).unwrap();
    assert_eq!(answer.status, 409);
}

#[test]
fn other_bodies_methods_and_addresses_are_refused_with_their_own_status() {
    let peer = Peer::new(Faults::default());
    let whole = body(&series(1));
    let post = |kind: &str| peer.http.post("/dicom-web/studies", kind, &whole).unwrap().status;
    assert_eq!(post("application/dicom"), 415);
    assert_eq!(post("multipart/form-data; boundary=B1"), 415);
    assert_eq!(post("multipart/related; boundary=B1"), 415);
    assert_eq!(post("multipart/related; type=application/dicom"), 415);
    assert_eq!(post("multipart/related; type=application/dicom; boundary=\"B1\""), 200);
    let gzip = [("Content-Type", MULTIPART), ("Content-Encoding", "gzip")];
    assert_eq!(peer.http.request("POST", "/dicom-web/studies", &gzip, &whole).unwrap().status, 415);
    let put = peer.http.request("PUT", "/dicom-web/studies", &[], b"").unwrap();
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, POST")));
    assert_eq!(peer.http.delete("/dicom-web/instances").unwrap().status, 405);
    for path in [
        "/",
        "/dicom-web",
        "/dicom-web/studies/..%2f..",
        "/dicom-web/studies/1.2/x",
        "/system",
        "/%00",
    ] {
        assert_eq!(peer.get(path).status, 404, "{path}");
    }
}

#[test]
fn broken_http_never_stops_the_archive() {
    let peer = Peer::new(Faults::default());
    for raw in [
        &b"\0\0\0\0"[..],
        b"GET\r\n\r\n",
        b"POST /dicom-web/studies HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /dicom-web/studies?limit=\xFF HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        let _ = peer.raw(raw);
    }
    assert_eq!(peer.store(&series(1)).status, 200);
}

#[test]
fn files_that_lie_about_their_lengths_are_refused() {
    let peer = Peer::with(|options| options.sync = false);
    let good = Instance::new(Kind::Sr).bytes();
    // Every byte of the header changed once: some of these are still valid, none may do harm.
    let files: Vec<Vec<u8>> = (132..good.len())
        .map(|at| {
            let mut file = good.clone();
            file[at] = 0xFF;
            file
        })
        .collect();
    let answer = peer.post(&body_of(&files));
    assert!([200, 202, 409].contains(&answer.status));
    let nested: Vec<u8> = [
        0x08, 0x00, 0x15, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0,
        0xFF, 0xFF, 0xFF, 0xFF,
    ]
    .repeat(20_000);
    let deep = [&good[..good.len() / 2], &nested].concat();
    assert_eq!(peer.post(&body_of(&[deep])).status, 409);
    assert_eq!(peer.store(&series(1)).status, 200);
}

#[test]
fn xml_is_answered_where_it_is_asked_for() {
    let peer = Peer::new(Faults::default());
    let headers = [("Content-Type", MULTIPART), ("Accept", "application/dicom+xml")];
    let sent = series(2);
    let answer = peer.http.request("POST", "/dicom-web/studies", &headers, &body(&sent)).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/dicom+xml"));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(uids(&sent).iter().all(|uid| text.contains(&format!(">{uid}<"))), "{text}");
}

#[test]
fn nobody_comes_in_without_signing_in() {
    let basic = SignIn::Basic { user: "ann".into(), password: "secret".into() };
    let peer = Peer::with(|options| options.sign_in = Some(basic));
    let refused = peer.store(&series(1));
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
    assert_eq!(peer.running.stored(), 0);
    let port = peer.running.addr().port();
    let wrong = Http::basic(port, "ann", "guess").get("/dicom-web/studies").unwrap();
    assert_eq!(wrong.status, 401);
    assert_eq!(Http::basic(port, "ann", "secret").get("/dicom-web/studies").unwrap().status, 200);
    let bearer = Peer::with(|options| options.sign_in = Some(SignIn::Bearer { token: "t".into() }));
    let with =
        |token| bearer.http.request("GET", "/dicom-web/studies", &[("Authorization", token)], b"");
    assert_eq!(with("Bearer t").unwrap().status, 200);
    assert_eq!(with("Bearer u").unwrap().status, 401);
}

#[test]
fn the_log_tells_what_was_asked_in_numbers() {
    let peer = Peer::new(Faults::default());
    let whole = body(&series(3));
    peer.post(&whole);
    peer.post(&whole);
    peer.get("/dicom-web/studies");
    peer.get("/nowhere");
    let log = peer.running.log();
    let short: Vec<_> = log.iter().map(|l| (l.kind, l.status, l.parts, l.stored)).collect();
    assert_eq!(
        short,
        [
            (For::Store, Some(200), 3, 3),
            (For::Store, Some(200), 3, 0),
            (For::Search, Some(200), 0, 0),
            (For::Any, Some(404), 0, 0),
        ]
    );
    assert_eq!(log[0].bytes_received, whole.len() as u64);
    let counts = peer.running.counts();
    assert_eq!((counts.requests, counts.stores, counts.searches, counts.in_flight), (4, 2, 1, 0));
    assert_eq!((counts.parts, counts.stored), (6, 3));
}

#[test]
fn deep_but_sound_files_and_wrong_group_lengths_are_taken_and_deeper_ones_are_not() {
    let nested = |depth: usize| {
        let mut inner = DataSet::new().text(0x0008_0104, b"LO", "innermost");
        for _ in 0..depth {
            inner = DataSet::new().items(0x0040_A730, vec![inner]);
        }
        let instance = Instance::new(Kind::Sr).number(depth as u32, 99);
        let whole = instance.data_set().items(0x0040_A730, vec![inner]);
        let class = Kind::Sr.sop_class_uid();
        part10(class, &instance.sop_uid(), Encoding::ExplicitLittle, &whole)
    };
    let peer = Peer::new(Faults::default());
    assert_eq!(peer.post(&body_of(&[nested(60)])).status, 200);
    assert_eq!(peer.post(&body_of(&[nested(400)])).status, 409);
    let mut wrong = Instance::new(Kind::Ct).bytes();
    wrong[140] = 0xF0;
    assert_eq!(peer.post(&body_of(&[wrong])).status, 200);
}
