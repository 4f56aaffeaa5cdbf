//! A store that goes wrong in every way a network has.

use crate::support::dicom::{self, Content, instance, uid};
use crate::support::server::{Server, read_body, respond, stored};
use crate::support::{archive, batch, destination, quick, store, verdicts};
use relaypacs_model::{Code, Reason, SignIn};
use relaypacs_upload::{Archive, Scope, Timing, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn two(size: usize) -> relaypacs_upload::Batch {
    batch([instance(1, size), instance(2, size)])
}

fn both() -> String {
    stored(&[uid(1), uid(2)])
}

const SMALL: usize = 1_000;
/// More than any socket buffers hold.
const LARGE: usize = 60_000;
const MANY: u32 = 400;

#[tokio::test]
async fn the_request_is_what_archives_can_read() {
    let server = Server::dicomweb(|request, mut socket| async move {
        let body = read_body(&mut socket, request.content_length).await?;
        let head = request.head.to_ascii_lowercase();
        let boundary = head.split("boundary=").nth(1)?.split("\r\n").next()?.to_owned();
        let begin = format!("--{boundary}\r\nContent-Type: application/dicom\r\n\r\n");
        let end = format!("\r\n--{boundary}--\r\n");
        let good = request.head.starts_with("POST /rs/studies HTTP/1.1\r\n")
            && head.contains("\r\naccept: application/dicom+json\r\n")
            && head.contains(
                "\r\ncontent-type: multipart/related; type=\"application/dicom\"; boundary=r",
            )
            && head.contains("\r\nuser-agent: relaypacs/")
            && !head.contains("transfer-encoding")
            && !head.contains("expect:")
            && body.starts_with(begin.as_bytes())
            && body.ends_with(end.as_bytes())
            && body[begin.len()..].starts_with(&dicom::file(1, SMALL, 0));
        let status = if good { "200 OK" } else { "418 I'm a teapot" };
        respond(&mut socket, status, "", &both()).await;
        Some(socket)
    })
    .await;
    let sent = two(SMALL);
    let answer = store(&archive(&server.root), &sent).await;
    assert_eq!(answer.status, Some(200));
    assert_eq!(verdicts(&answer), [Verdict::Stored; 2]);
    assert_eq!(answer.bytes_sent, sent.bytes());
}

#[tokio::test]
async fn a_chunked_answer_and_an_answer_in_xml_are_read() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        let item = |n| format!("<Item><DicomAttribute tag=\"00081155\" vr=\"UI\"><Value number=\"1\">{}</Value></DicomAttribute></Item>", uid(n));
        let xml = format!("<NativeDicomModel><DicomAttribute tag=\"00081199\" vr=\"SQ\">{}{}</DicomAttribute></NativeDicomModel>", item(1), item(2));
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/dicom+xml\r\n\r\n").await;
        for piece in xml.as_bytes().chunks(10) {
            let _ = socket.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await;
            let _ = socket.write_all(piece).await;
            let _ = socket.write_all(b"\r\n").await;
        }
        let _ = socket.write_all(b"0\r\n\r\n").await;
        Some(socket)
    })
    .await;
    let answer = store(&archive(&server.root), &two(SMALL)).await;
    assert_eq!(verdicts(&answer), [Verdict::Stored; 2]);
}

#[tokio::test]
async fn a_connection_that_is_closed_before_a_byte_is_taken_is_made_anew() {
    let server = Server::start(|request, mut socket| async move {
        if request.head.starts_with("GET") {
            // Kept alive in words, closed in deed.
            let found = request.head.starts_with("GET /rs/studies");
            respond(&mut socket, if found { "200 OK" } else { "404 Not Found" }, "", "[]").await;
            return None;
        }
        read_body(&mut socket, request.content_length).await?;
        respond(&mut socket, "200 OK", "", &both()).await;
        Some(socket)
    })
    .await;
    let archive = archive(&server.root);
    archive.check().await.unwrap();
    let answer = store(&archive, &two(SMALL)).await;
    assert_eq!(verdicts(&answer), [Verdict::Stored; 2]);
}

#[tokio::test]
async fn a_cut_in_the_middle_of_the_body_leaves_unknown_what_was_handed_on_whole_and_nothing_else()
{
    let server = Server::dicomweb(|_, mut socket| async move {
        read_body(&mut socket, 70_000).await?;
        None
    })
    .await;
    let answer =
        store(&archive(&server.root), &batch((1..=MANY).map(|n| instance(n, LARGE)))).await;
    let reason = Reason::new(Code::ConnectionLost);
    let again = Verdict::TryAgain { reason, after: None };
    let (unknown, unreached): (Vec<_>, Vec<_>) =
        answer.verdicts.iter().partition(|each| each.sha256.is_some());
    assert!(unknown.iter().all(|each| each.verdict == Verdict::Unknown(reason)));
    assert!(unreached.iter().all(|each| each.verdict == again) && !unreached.is_empty());
    assert_eq!(answer.scope, Scope::Batch(reason));
    assert_eq!(server.posts(), 1, "what may have been stored is not sent again unasked");
}

#[tokio::test]
async fn a_cut_after_the_last_byte_leaves_every_instance_unknown() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        None
    })
    .await;
    let answer = store(&archive(&server.root), &two(SMALL)).await;
    assert_eq!(verdicts(&answer), [Verdict::Unknown(Reason::new(Code::ConnectionLost)); 2]);
    assert!(answer.verdicts.iter().all(|each| each.sha256.is_some()));
    assert_eq!(server.posts(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_proves_nothing() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        let body = both();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len() + 1);
        let _ = socket.write_all((head + &body).as_bytes()).await;
        None
    })
    .await;
    let answer = store(&archive(&server.root), &two(SMALL)).await;
    assert_eq!(verdicts(&answer), [Verdict::Unknown(Reason::new(Code::ConnectionLost)); 2]);
}

#[tokio::test]
async fn a_server_that_stops_reading_is_a_stall() {
    let server = Server::dicomweb(|_, mut socket| async move {
        read_body(&mut socket, 1_000).await?;
        std::future::pending::<()>().await;
        Some(socket)
    })
    .await;
    let answer =
        store(&archive(&server.root), &batch((1..=MANY).map(|n| instance(n, LARGE)))).await;
    let reason = Reason::new(Code::Stalled);
    let again = Verdict::TryAgain { reason, after: None };
    for each in &answer.verdicts {
        let whole = if each.sha256.is_some() { Verdict::Unknown(reason) } else { again };
        assert_eq!(each.verdict, whole);
    }
    assert_eq!(answer.scope, Scope::Destination { reason, after: None });
}

#[tokio::test]
async fn a_server_that_reads_slowly_is_not_a_stall() {
    let server = Server::dicomweb(|request, mut socket| async move {
        let mut left = request.content_length;
        let mut block = vec![0; 1 << 20];
        while left > 0 {
            // Slow on purpose: the whole takes longer than the longest stall, no byte does.
            tokio::time::sleep(Duration::from_millis(150)).await;
            let most = left.min(block.len());
            socket.read_exact(&mut block[..most]).await.ok()?;
            left -= most;
        }
        respond(&mut socket, "200 OK", "", &stored(&(1..=MANY).map(uid).collect::<Vec<_>>())).await;
        Some(socket)
    })
    .await;
    // Far longer than a machine under load stands still.
    let timing = Timing { stall: Duration::from_secs(3), ..quick() };
    let archive =
        Archive::new(&destination(&server.root, SignIn::None), timing).expect("an archive");
    let answer = store(&archive, &batch((1..=MANY).map(|n| instance(n, LARGE)))).await;
    assert!(verdicts(&answer).iter().all(|verdict| *verdict == Verdict::Stored));
    assert!(answer.took > timing.stall, "{:?}", answer.took);
}

#[tokio::test]
async fn a_server_that_thinks_long_before_it_answers_is_waited_for() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        // Slow on purpose: longer than a stall, shorter than the wait for an answer.
        tokio::time::sleep(quick().stall * 2).await;
        respond(&mut socket, "200 OK", "", &both()).await;
        Some(socket)
    })
    .await;
    let answer = store(&archive(&server.root), &two(SMALL)).await;
    assert_eq!(verdicts(&answer), [Verdict::Stored; 2]);
}

#[tokio::test]
async fn a_server_that_never_answers_leaves_every_instance_unknown() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        std::future::pending::<()>().await;
        Some(socket)
    })
    .await;
    let timing = Timing { answer: Duration::from_millis(300), ..quick() };
    let archive = Archive::new(&destination(&server.root, SignIn::None), timing).unwrap();
    let answer = store(&archive, &two(SMALL)).await;
    assert_eq!(verdicts(&answer), [Verdict::Unknown(Reason::new(Code::Stalled)); 2]);
}

#[tokio::test]
async fn an_early_refusal_is_heard_while_the_body_is_still_sent() {
    for (status, code) in
        [("413 Too Large", Code::TooLargeForArchive), ("401 No", Code::SignInNeeded)]
    {
        let server = Server::dicomweb(move |request, mut socket| async move {
            respond(&mut socket, status, "Connection: close\r\n", "").await;
            // Lingers like a proxy that wants its answer to be heard.
            let mut drain = vec![0; 1 << 20];
            let mut left = request.content_length.min(8 << 20);
            while left > 0 {
                left -= socket.read(&mut drain).await.ok().filter(|read| *read > 0)?.min(left);
            }
            None
        })
        .await;
        let sent = batch((1..=MANY).map(|n| instance(n, LARGE)));
        let answer = store(&archive(&server.root), &sent).await;
        let reason = Reason::new(code).with_status(status[..3].parse().unwrap());
        assert_eq!(answer.status, reason.status);
        if code == Code::TooLargeForArchive {
            assert_eq!(answer.scope, Scope::Batch(reason));
            assert_eq!(answer.learned.max_request_bytes, Some(sent.bytes() / 2));
        } else {
            assert_eq!(answer.scope, Scope::Destination { reason, after: None });
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::dicomweb(|_, _| async { None }).await;
    for status in [301, 302, 303, 307, 308] {
        let there = elsewhere.root.clone();
        let server = Server::dicomweb(move |request, mut socket| {
            let location = format!("Location: {there}/studies\r\n");
            async move {
                read_body(&mut socket, request.content_length).await?;
                respond(&mut socket, &format!("{status} Elsewhere"), &location, "").await;
                Some(socket)
            }
        })
        .await;
        let answer = store(&archive(&server.root), &two(SMALL)).await;
        let reason = Reason::new(Code::Redirected).with_status(status);
        assert_eq!(answer.scope, Scope::Destination { reason, after: None });
    }
    assert!(elsewhere.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_busy_archive_says_when_to_come_back() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        respond(&mut socket, "503 Busy", "Retry-After: 17\r\n", "").await;
        Some(socket)
    })
    .await;
    let answer = store(&archive(&server.root), &two(SMALL)).await;
    let reason = Reason::new(Code::ArchiveBusy).with_status(503);
    let after = Some(Duration::from_secs(17));
    assert_eq!(answer.scope, Scope::Destination { reason, after });
    assert_eq!(verdicts(&answer), [Verdict::TryAgain { reason, after }; 2]);
}

#[tokio::test]
async fn nobody_there_is_told_from_a_name_that_is_unknown() {
    // Taken, and nobody listens there.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    let answer = store(&archive(&format!("http://127.0.0.1:{port}/rs")), &two(SMALL)).await;
    let reason = Reason::new(Code::Unreachable);
    assert_eq!(answer.scope, Scope::Destination { reason, after: None });
    assert_eq!(verdicts(&answer), [Verdict::TryAgain { reason, after: None }; 2]);

    let nameless = archive("https://no-such-name.invalid/rs").check().await.unwrap_err();
    assert_eq!(nameless.reason.code, Code::NameNotFound);
}

#[tokio::test]
async fn a_source_that_changed_is_never_stored() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        respond(&mut socket, "200 OK", "", &stored(&[uid(1), uid(2), uid(3)])).await;
        Some(socket)
    })
    .await;
    let archive = archive(&server.root);
    // The last size is that of one read: growth must show there, too.
    for (wrong, size) in [(-1_i64, LARGE), (1, LARGE), (-1, 262_145), (1, 262_143)] {
        let mut changed = dicom::raw(2, vec![0; size]);
        changed.promised = changed.promised.checked_add_signed(wrong).unwrap();
        let answer =
            store(&archive, &batch([instance(1, LARGE), Arc::new(changed), instance(3, LARGE)]))
                .await;
        let said = verdicts(&answer);
        assert_eq!(said[1], Verdict::SourceChanged, "{wrong} {size}");
        for other in [said[0], said[2]] {
            assert!(matches!(other, Verdict::Unknown(_) | Verdict::TryAgain { .. }), "{other:?}");
        }
        assert_eq!(answer.scope, Scope::Instances);
        assert_eq!(answer.verdicts[1].sha256, None);
    }
    let mut gone = dicom::raw(2, dicom::file(2, LARGE, 0));
    gone.content = Content::Gone;
    let answer = store(&archive, &batch([instance(1, LARGE), Arc::new(gone)])).await;
    assert_eq!(verdicts(&answer)[1], Verdict::SourceGone);
}

#[tokio::test]
async fn nothing_is_unknown_where_nothing_was_sent() {
    // Waits for a body, so that it is the source that ends the request.
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        None
    })
    .await;
    let mut gone = dicom::raw(1, Vec::new());
    (gone.content, gone.promised) = (Content::Gone, 5);
    let answer = store(&archive(&server.root), &batch([Arc::new(gone), instance(2, LARGE)])).await;
    let reason = Reason::new(Code::ConnectionLost);
    let rest = Verdict::TryAgain { reason, after: None };
    assert_eq!(verdicts(&answer), [Verdict::SourceGone, rest]);
    assert_eq!(answer.bytes_sent, 0);
}

#[tokio::test]
async fn a_source_that_hangs_is_not_blamed_on_the_network() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        Some(socket)
    })
    .await;
    let (release, until) = std::sync::mpsc::channel();
    let mut hanging = dicom::raw(2, dicom::file(2, LARGE, 0));
    hanging.content = Content::Hangs(vec![0; 100], std::sync::Mutex::new(Some(until)));
    let answer =
        store(&archive(&server.root), &batch([instance(1, LARGE), Arc::new(hanging)])).await;
    assert_eq!(verdicts(&answer)[1], Verdict::SourceGone);
    assert_eq!(answer.scope, Scope::Instances);
    assert!(answer.took >= quick().source);
    drop(release);
}

#[tokio::test]
async fn progress_grows_up_to_the_whole_and_never_falls() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        respond(&mut socket, "200 OK", "", &both()).await;
        Some(socket)
    })
    .await;
    let (last, calls) = (AtomicU64::new(0), AtomicU64::new(0));
    let sent = batch((1..=MANY).map(|n| instance(n, LARGE)));
    let _ = archive(&server.root)
        .store(&sent, &|bytes| {
            calls.fetch_add(1, Ordering::SeqCst);
            assert!(bytes >= last.swap(bytes, Ordering::SeqCst));
        })
        .await;
    assert_eq!(last.into_inner(), sent.bytes());
    assert!(calls.into_inner() > 10);
}

#[tokio::test]
async fn every_call_can_be_spawned() {
    let server = Server::dicomweb(|request, mut socket| async move {
        read_body(&mut socket, request.content_length).await?;
        respond(&mut socket, "200 OK", "", &both()).await;
        Some(socket)
    })
    .await;
    let archive = archive(&server.root);
    let spawned = tokio::spawn(async move {
        let study = relaypacs_model::StudyInstanceUid::parse(dicom::STUDY).unwrap();
        let series = relaypacs_model::SeriesInstanceUid::parse(dicom::SERIES).unwrap();
        archive.check().await.unwrap();
        // What these two make of a store response does not matter here.
        let _ = archive.list(&study).await;
        let _ = archive.compare(&study, &series, instance(1, SMALL)).await;
        store(&archive, &two(SMALL)).await
    });
    assert_eq!(verdicts(&spawned.await.unwrap()), [Verdict::Stored; 2]);
}
