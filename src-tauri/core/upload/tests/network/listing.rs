//! What is made of archives that page in their own ways.

use crate::support::server::{Request, Server, respond};
use crate::support::{archive, dicom};
use relaypacs_model::{Code, StudyInstanceUid};
use relaypacs_upload::Trouble;
use std::collections::HashSet;

fn study() -> StudyInstanceUid {
    StudyInstanceUid::parse(dicom::STUDY).unwrap()
}

fn hits(numbers: impl Iterator<Item = usize>) -> String {
    let hit = |n| {
        format!(
            r#"{{"00080018":{{"vr":"UI","Value":["1.9.{n}"]}},"0020000D":{{"vr":"UI","Value":["{}"]}}}}"#,
            dicom::STUDY
        )
    };
    format!("[{}]", numbers.map(hit).collect::<Vec<_>>().join(","))
}

fn offset(request: &Request) -> usize {
    let at = request.target().split("offset=").nth(1).unwrap_or("0");
    at.split('&').next().unwrap().parse().unwrap()
}

async fn listed(
    answer: impl Fn(&Request) -> (&'static str, String) + Send + Sync + 'static,
) -> (Result<HashSet<String>, Trouble>, usize) {
    let answer = std::sync::Arc::new(answer);
    let server = Server::dicomweb(move |request, mut socket| {
        let (status, body) = answer(&request);
        async move {
            respond(&mut socket, status, "", &body).await;
            Some(socket)
        }
    })
    .await;
    let listing = archive(&server.root).list(&study()).await;
    let uids =
        listing.map(|listing| listing.uids.iter().map(|uid| uid.as_str().to_owned()).collect());
    let asked = server.requests.lock().unwrap().len();
    (uids, asked)
}

fn numbers(range: std::ops::Range<usize>) -> HashSet<String> {
    range.map(|n| format!("1.9.{n}")).collect()
}

#[tokio::test]
async fn an_archive_that_caps_its_pages_silently_is_read_to_the_end() {
    let (uids, _) = listed(|request| {
        let from = offset(request);
        ("200 OK", hits((from..3_000).take(37)))
    })
    .await;
    assert_eq!(uids.unwrap(), numbers(0..3_000));
}

#[tokio::test]
async fn an_archive_that_ignores_limit_and_offset_is_asked_twice() {
    let (uids, asked) = listed(|_| ("200 OK", hits(0..100_000))).await;
    assert_eq!(uids.unwrap().len(), 100_000);
    assert_eq!(asked, 4, "two for the check, two for the listing");
}

#[tokio::test]
async fn no_content_means_none() {
    let (uids, _) = listed(|_| ("204 No Content", String::new())).await;
    assert_eq!(uids.unwrap(), HashSet::new());
}

#[tokio::test]
async fn an_archive_that_only_searches_series_by_series_is_asked_so() {
    let (uids, _) = listed(|request| {
        let path = request.target().split('?').next().unwrap();
        let series = |n| format!(r#"{{"0020000E":{{"vr":"UI","Value":["1.7.{n}"]}}}}"#);
        let first = offset(request) == 0;
        match path.strip_prefix("/rs/studies/2.25.1001/").unwrap() {
            "series" if first => ("200 OK", format!("[{},{}]", series(1), series(2))),
            "series/1.7.1/instances" if first => ("200 OK", hits(0..5)),
            "series/1.7.2/instances" if first => ("200 OK", hits(5..9)),
            "instances" => ("404 Not Found", String::new()),
            _ => ("204 No Content", String::new()),
        }
    })
    .await;
    assert_eq!(uids.unwrap(), numbers(0..9));
}

#[tokio::test]
async fn an_archive_that_does_not_know_the_study_has_none_of_it() {
    let (uids, _) = listed(|_| ("404 Not Found", String::new())).await;
    assert_eq!(uids.unwrap(), HashSet::new());
}

#[tokio::test]
async fn instances_of_another_study_confirm_nothing() {
    let (uids, _) = listed(|_| {
        let other = r#"[{"00080018":{"vr":"UI","Value":["1.9.1"]},"0020000D":{"vr":"UI","Value":["2.25.9"]}}]"#;
        ("200 OK", other.to_owned())
    })
    .await;
    assert_eq!(uids.unwrap(), HashSet::new());
}

#[tokio::test]
async fn half_an_answer_is_no_listing() {
    let (uids, _) = listed(|request| match offset(request) {
        0 => ("200 OK", hits(0..100)),
        _ => ("200 OK", r#"[{"00080018":{"vr":"UI","Value":["1.9.500"]}}"#.to_owned()),
    })
    .await;
    assert_eq!(uids.unwrap_err().reason.code, Code::AnswerNotUnderstood);

    let (uids, _) = listed(|request| match offset(request) {
        0 => ("200 OK", hits(0..100)),
        _ => ("503 Busy", String::new()),
    })
    .await;
    assert_eq!(uids.unwrap_err().reason.code, Code::ArchiveBusy);
}

#[tokio::test]
async fn what_is_no_archive_is_told_from_an_archive() {
    let table = [
        ("200 OK", "<html><body>It works!</body></html>", Code::AnswerNotUnderstood),
        ("404 Not Found", "", Code::NoStoreHere),
        ("405 Method Not Allowed", "", Code::CannotConfirm),
        ("403 Forbidden", "", Code::Forbidden),
        ("302 Found", "", Code::Redirected),
        ("500 Oops", "", Code::ArchiveFailed),
    ];
    for (status, body, code) in table {
        let server = Server::start(move |request, mut socket| async move {
            let first = request.target().starts_with("/rs/studies");
            let (status, body) = if first { (status, body) } else { ("404 Not Found", "") };
            respond(&mut socket, status, "Location: /elsewhere\r\n", body).await;
            Some(socket)
        })
        .await;
        let trouble = archive(&server.root).check().await.unwrap_err();
        assert_eq!(trouble.reason.code, code, "{status}");
    }
}
