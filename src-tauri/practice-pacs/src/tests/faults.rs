//! Each fault does what the script says.

use super::*;
use crate::{AnswerBody, CutAt, Fault, Kind as For, Share, Which};
use std::io::ErrorKind;
use std::time::Instant;

fn always(on: For, act: Fault) -> Faults {
    Faults::default().with(on, Which::All, act)
}

fn once(on: For, act: Fault) -> Faults {
    Faults::default().with(on, Which::Nth(vec![1]), act)
}

/// Seconds since, for faults that take time.
fn seconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

#[test]
fn refuse_closes_the_connection_at_once() {
    let peer = Peer::new(once(For::Any, Fault::Refuse));
    let (answer, end) = peer.raw(b"GET /dicom-web/studies HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.is_empty());
    assert!(end.is_err() || end.is_ok_and(|n| n == 0));
    assert_eq!(peer.get("/dicom-web/studies").status, 200);
    assert_eq!((peer.running.counts().refused, peer.running.counts().requests), (1, 1));
    assert_eq!(peer.running.counts().fired, [1]);
}

#[test]
fn answers_from_the_script_store_nothing() {
    let status = Fault::Status {
        code: 502,
        headers: [("Via".to_owned(), "1.1 proxy".to_owned())].into(),
        body: "bad gateway".into(),
    };
    let sent = series(2);
    for (act, code, header) in [
        (status, 502, Some(("via", "1.1 proxy"))),
        (Fault::RetryAfter { code: 503, seconds: 1.2, held: 0.0 }, 503, Some(("retry-after", "2"))),
        (Fault::RetryAfter { code: 429, seconds: 0.0, held: 0.3 }, 429, Some(("retry-after", "0"))),
        (Fault::Garbage, 200, Some(("content-type", "text/html"))),
        (
            Fault::Redirect { code: 307, to: "http://127.0.0.1:1/x".into() },
            307,
            Some(("location", "http://127.0.0.1:1/x")),
        ),
        (Fault::Full, 507, None),
        (Fault::TooLarge { above: 10, early: false }, 413, None),
        (Fault::Status { code: 99, headers: [].into(), body: String::new() }, 500, None),
    ] {
        let peer = Peer::new(once(For::Store, act.clone()));
        let answer = peer.store(&sent);
        assert_eq!(answer.status, code, "{act:?}");
        if let Some((name, value)) = header {
            assert_eq!(answer.header(name), Some(value), "{act:?}");
        }
        assert_eq!(peer.running.stored(), 0, "{act:?}");
        assert_eq!(peer.store(&sent).status, 200, "only once: {act:?}");
        assert_eq!(peer.running.log().iter().map(|l| l.faulty).collect::<Vec<_>>(), [true, false]);
    }
}

#[test]
fn too_large_answers_before_the_body_where_it_is_early() {
    let peer = Peer::new(always(For::Store, Fault::TooLarge { above: 1000, early: true }));
    // The body never comes: an answer proves that nobody waited for it.
    let (answer, _) = peer.raw(head(5000).as_bytes());
    assert!(answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(peer.running.log()[0].bytes_received, 0);
    let small = Peer::new(always(For::Store, Fault::TooLarge { above: 1 << 20, early: true }));
    assert_eq!(small.store(&series(1)).status, 200);
}

#[test]
fn a_partial_store_keeps_its_share_and_tells_as_much_as_it_is_told_to() {
    let sent = series(4);
    let all = uids(&sent);
    for (share, status, body, kept) in [
        (Share::Count(2), 202, AnswerBody::Items, vec![0, 1]),
        (Share::Only(vec![2, 4]), 409, AnswerBody::NoFailedItems, vec![1, 3]),
        (Share::Count(0), 400, AnswerBody::Items, vec![]),
        (Share::Count(3), 400, AnswerBody::Nothing, vec![0, 1, 2]),
    ] {
        let peer = Peer::new(once(For::Store, Fault::Partial { status, store: share, body }));
        let answer = peer.store(&sent);
        assert_eq!(answer.status, status);
        let kept: Vec<String> = kept.into_iter().map(|n: usize| all[n].clone()).collect();
        let mut there: Vec<String> =
            peer.running.instances().into_iter().map(|(_, _, sop)| sop).collect();
        let mut wanted = kept.clone();
        there.sort();
        wanted.sort();
        assert_eq!(there, wanted);
        if body == AnswerBody::Nothing {
            assert!(answer.body.is_empty());
            continue;
        }
        assert_eq!(stored(&answer), kept);
        let others = all.len() - kept.len();
        assert_eq!(failed(&answer).len(), if body == AnswerBody::Items { others } else { 0 });
    }
}

#[test]
fn a_cut_ends_the_connection_where_it_says_by_reset_or_close() {
    let sent = body(&series(2));
    let request = [head(sent.len()).as_bytes(), &sent].concat();
    for (at, kept) in [(CutAt::Before, 0), (CutAt::Bytes(5000), 0), (CutAt::AfterStoring, 2)] {
        for reset in [true, false] {
            let peer = Peer::new(once(For::Store, Fault::Cut { at, reset }));
            let (answer, end) = peer.raw(&request);
            assert!(answer.is_empty(), "{at:?}: {}", String::from_utf8_lossy(&answer));
            if reset {
                assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset, "{at:?}");
            } else if at == CutAt::AfterStoring {
                assert_eq!(end.unwrap(), 0, "{at:?}");
            }
            assert_eq!(peer.running.stored(), kept, "{at:?}");
            assert_eq!(peer.running.log()[0].status, None);
            assert_eq!(peer.post(&sent).status, 200);
            assert_eq!(peer.running.stored(), 2);
        }
    }
    let peer = Peer::new(once(For::Store, Fault::Cut { at: CutAt::Bytes(5000), reset: true }));
    let _ = peer.raw(&request);
    assert_eq!(peer.running.log()[0].bytes_received, 5000);
}

#[test]
fn a_cut_answer_ends_in_its_middle() {
    let peer = Peer::new(Faults::default());
    let instance = Instance::new(Kind::Ct);
    peer.store(std::slice::from_ref(&instance));
    let path = format!("/dicom-web/studies/{}", instance.study_uid());
    for reset in [true, false] {
        peer.running.set_faults(once(For::Retrieve, Fault::Cut { at: CutAt::Bytes(3000), reset }));
        assert!(peer.http.get(&path).is_err());
        assert_eq!(peer.get(&path).status, 200);
    }
}

#[test]
fn a_stall_a_slow_line_and_a_late_answer_take_their_time() {
    let sent = series(2);
    let length = body(&sent).len() as u64;
    for (on, act) in [
        (For::Store, Fault::Stall { seconds: 0.3, at_bytes: 4000 }),
        (For::Store, Fault::Slow { bytes_per_second: length * 3 }),
        (For::Store, Fault::AnswerAfter { seconds: 0.3 }),
        (For::Retrieve, Fault::Stall { seconds: 0.3, at_bytes: 4000 }),
        (For::Retrieve, Fault::Slow { bytes_per_second: length * 3 }),
    ] {
        let peer = Peer::new(once(on, act.clone()));
        let path = format!("/dicom-web/studies/{}", sent[0].study_uid());
        let start = Instant::now();
        assert_eq!(peer.store(&sent).status, 200);
        assert_eq!(peer.get(&path).status, 200);
        assert!(seconds(start) >= 0.29, "{act:?} took {}", seconds(start));
        assert_eq!(peer.running.stored(), 2);
    }
}

#[test]
fn a_late_answer_has_been_stored_in_time() {
    let peer = Peer::new(once(For::Store, Fault::AnswerAfter { seconds: 30.0 }));
    let sent = body(&series(1));
    let mut stream = TcpStream::connect(peer.running.addr()).unwrap();
    stream.write_all(&[head(sent.len()).as_bytes(), &sent].concat()).unwrap();
    let start = Instant::now();
    while peer.running.stored() == 0 && seconds(start) < 20.0 {
        std::thread::yield_now();
    }
    assert_eq!(peer.running.stored(), 1);
    assert_eq!(peer.running.counts().in_flight, 1);
}

#[test]
fn a_lost_instance_is_answered_for_but_not_there() {
    let peer = Peer::new(once(For::Store, Fault::Lose { parts: vec![2] }));
    let sent = series(3);
    let answer = peer.store(&sent);
    assert_eq!((answer.status, stored(&answer)), (200, uids(&sent)));
    assert_eq!(peer.running.stored(), 2);
    assert!(peer.running.file_of(&sent[1].sop_uid()).is_none());
    peer.store(&sent);
    assert_eq!(peer.running.stored(), 3);
}

#[test]
fn an_altered_instance_has_other_bytes_and_the_same_length() {
    let peer = Peer::new(once(For::Store, Fault::Alter { parts: vec![1] }));
    let sent = series(2);
    assert_eq!(peer.store(&sent).status, 200);
    let kept = |n: usize| std::fs::read(peer.running.file_of(&sent[n].sop_uid()).unwrap()).unwrap();
    assert_ne!(kept(0), sent[0].bytes());
    assert_eq!(kept(0).len(), sent[0].bytes().len());
    assert_eq!(kept(1), sent[1].bytes());
}

#[test]
fn reasons_refuse_or_warn() {
    let sent = series(2);
    let refusing = Fault::Reason { code: 0xA700, parts: vec![2], warning: false };
    let peer = Peer::new(once(For::Store, refusing));
    let answer = peer.store(&sent);
    assert_eq!((answer.status, failed(&answer)), (202, uids(&sent[1..])));
    assert_eq!(answer.json().unwrap()["00081198"]["Value"][0]["00081197"]["Value"][0], 0xA700);
    assert_eq!(peer.running.stored(), 1);
    let warning = Fault::Reason { code: 0xB000, parts: vec![1], warning: true };
    let peer = Peer::new(once(For::Store, warning));
    let answer = peer.store(&sent);
    assert_eq!((answer.status, stored(&answer)), (202, uids(&sent)));
    assert_eq!(answer.json().unwrap()["00081199"]["Value"][0]["00081196"]["Value"][0], 0xB000);
    assert_eq!(peer.running.stored(), 2);
}

#[test]
fn xml_comes_whatever_was_asked_for() {
    let peer = Peer::new(always(For::Store, Fault::Xml));
    let answer = peer.store(&series(1));
    assert_eq!(answer.header("content-type"), Some("application/dicom+xml"));
    assert!(answer.body.starts_with(b"<?xml"));
}

#[test]
fn a_limit_can_be_ignored() {
    let peer = Peer::new(always(For::Search, Fault::IgnoreLimit { offset_too: false }));
    peer.store(&series(5));
    assert_eq!(peer.search("/dicom-web/instances?limit=2").len(), 5);
    assert_eq!(peer.search("/dicom-web/instances?limit=2&offset=4").len(), 1);
    peer.running.set_faults(always(For::Search, Fault::IgnoreLimit { offset_too: true }));
    assert_eq!(peer.search("/dicom-web/instances?limit=2&offset=4").len(), 5);
}
