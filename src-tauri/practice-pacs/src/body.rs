//! Bodies of answers: text that is at hand, or bytes that are read from files while they are sent.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::{Body as HttpBody, Frame};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::Receiver;

/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer with a text.
pub(crate) fn text(status: u16, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = bare(status);
    if !body.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    *response.body_mut() =
        Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
    response
}

/// An answer in plain words, for what is not there or not understood.
pub(crate) fn plain(status: u16, words: &str) -> Response<Body> {
    text(status, "text/plain; charset=utf-8", format!("{words}\n"))
}

/// An answer with nothing in it.
pub(crate) fn bare(status: u16) -> Response<Body> {
    let mut response =
        Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync());
    // A script may ask for a status that HTTP does not know.
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// An answer whose bytes come while it is sent; `length` of them.
pub(crate) fn streamed(
    length: u64,
    content_type: &str,
    pieces: Receiver<io::Result<Bytes>>,
) -> Response<Body> {
    let mut response = bare(200);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    *response.body_mut() = Pieces(pieces).boxed_unsync();
    response
}

/// Pieces that another task reads. An error among them breaks the connection.
pub(crate) struct Pieces(pub(crate) Receiver<io::Result<Bytes>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
