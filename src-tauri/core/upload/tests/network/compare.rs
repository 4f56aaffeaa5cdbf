//! What is read back by WADO-RS, from archives that give it in their own ways.

use crate::support::server::{Server, respond};
use crate::support::{archive, dicom};
use relaypacs_model::{Code, SeriesInstanceUid, StudyInstanceUid};
use relaypacs_upload::{Compared, Sameness, Trouble};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

const SIZE: usize = 60_000;

async fn compared(
    headers: &'static str,
    body: Vec<u8>,
    missing: usize,
) -> Result<Compared, Trouble> {
    let body = Arc::new(body);
    let server = Server::dicomweb(move |request, mut socket| {
        let body = Arc::clone(&body);
        async move {
            let path = format!(
                "/rs/studies/{}/series/{}/instances/{}",
                dicom::STUDY,
                dicom::SERIES,
                dicom::uid(1)
            );
            if request.target() != path || !request.head.contains("transfer-syntax=*") {
                respond(&mut socket, "404 Not Found", "", "").await;
                return Some(socket);
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n",
                body.len() + missing
            );
            let _ = socket.write_all(head.as_bytes()).await;
            let _ = socket.write_all(&body).await;
            (missing == 0).then_some(socket)
        }
    })
    .await;
    let study = StudyInstanceUid::parse(dicom::STUDY).unwrap();
    let series = SeriesInstanceUid::parse(dicom::SERIES).unwrap();
    archive(&server.root).compare(&study, &series, dicom::instance(1, SIZE)).await
}

fn related(file: &[u8]) -> Vec<u8> {
    [b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\n", file, b"\r\n--B--"].concat()
}

const RELATED: &str =
    "Content-Type: multipart/related; type=\"application/dicom\"; boundary=\"B\"\r\n";

#[tokio::test]
async fn the_archives_bytes_are_compared_as_they_come() {
    let ours = dicom::file(1, SIZE, 0);
    let same = compared(RELATED, related(&ours), 0).await.unwrap();
    assert_eq!(same.sameness, Sameness::Identical);
    assert!(same.sha256.is_some());

    let bare = compared("Content-Type: application/dicom\r\n", ours.clone(), 0).await.unwrap();
    assert_eq!(bare, same);

    let other = compared(RELATED, related(&dicom::file(1, SIZE, 1)), 0).await.unwrap();
    assert_eq!(other.sameness, Sameness::Differs);
    assert_eq!(other.sha256, same.sha256);

    let mut preamble = ours;
    preamble[5] = 1;
    let preamble = compared(RELATED, related(&preamble), 0).await.unwrap();
    assert_eq!(preamble.sameness, Sameness::SameDataSet);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_a_difference() {
    let whole = related(&dicom::file(1, SIZE, 0));
    let cut = compared(RELATED, whole[..30_000].to_vec(), 1).await.unwrap_err();
    assert_eq!(cut.reason.code, Code::ConnectionLost);
    let short = compared(RELATED, whole[..30_000].to_vec(), 0).await.unwrap_err();
    assert_eq!(short.reason.code, Code::AnswerNotUnderstood);
}

#[tokio::test]
async fn what_the_archive_does_not_give_is_missing_or_cannot_be_compared() {
    for (status, sameness) in
        [("404 Not Found", Sameness::Missing), ("406 Not Acceptable", Sameness::NotComparable)]
    {
        let server = Server::dicomweb(move |_, mut socket| async move {
            respond(&mut socket, status, "", "").await;
            Some(socket)
        })
        .await;
        let study = StudyInstanceUid::parse(dicom::STUDY).unwrap();
        let series = SeriesInstanceUid::parse(dicom::SERIES).unwrap();
        let compared = archive(&server.root).compare(&study, &series, dicom::instance(1, 10)).await;
        assert_eq!(compared.unwrap(), Compared::unread(sameness));
    }
}
