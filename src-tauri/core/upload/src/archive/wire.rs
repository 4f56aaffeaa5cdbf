//! One question, one answer: requests whose body is small, with a wait that every byte resets.

use crate::trouble::Failure;
use crate::{Throttle, Timing, Trouble, backoff};
use bytes::{Buf, Bytes};
use relaypacs_model::{Code, Reason};
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, Response};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

pub(super) const JSON: &str = "application/json";
pub(super) const DICOM_JSON: &str = "application/dicom+json";

/// The longest small answer.
const MAX_TEXT_BYTES: usize = 1 << 20;

pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) timing: Timing,
    pub(super) throttle: Arc<Throttle>,
}

/// A question, which may be asked twice without harm.
#[derive(Clone)]
pub(super) struct Question {
    url: Url,
    accept: &'static str,
    body: Option<(&'static str, Bytes)>,
}

impl Question {
    pub(super) fn get(url: Url, accept: &'static str) -> Self {
        Self { url, accept, body: None }
    }

    pub(super) fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { url, accept: JSON, body: Some((content_type, body.into())) }
    }
}

impl Wire {
    /// Asks. Where the archive closed the connection before it answered, asks once more on a new one.
    pub(super) async fn ask(&self, question: Question) -> Result<Reply, Trouble> {
        let first = self.ask_once(question.clone()).await;
        match first {
            Err(failure) if failure.code == Code::ConnectionLost && !failure.unsent => {
                self.ask_once(question).await.map_err(Failure::trouble)
            }
            first => first.map_err(Failure::trouble),
        }
    }

    async fn ask_once(&self, question: Question) -> Result<Reply, Failure> {
        let request = match question.body {
            None => self.client.request(Method::GET, question.url),
            Some((content_type, body)) => {
                self.client.post(question.url).header(CONTENT_TYPE, content_type).body(body)
            }
        };
        let sending = request.header(ACCEPT, question.accept).send();
        match timeout(self.timing.connect + self.timing.idle, sending).await {
            Ok(Ok(response)) => Ok(Reply { response, idle: self.timing.idle }),
            Ok(Err(error)) => Err(Failure::of(&error)),
            Err(_) => Err(Failure::stalled()),
        }
    }
}

/// An answer whose body is still to be read.
pub(super) struct Reply {
    response: Response,
    idle: Duration,
}

impl Reply {
    pub(super) fn new(response: Response, idle: Duration) -> Self {
        Self { response, idle }
    }

    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.response.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        let value = self.response.headers().get(RETRY_AFTER)?.to_str().ok()?;
        backoff::retry_after(value, SystemTime::now())
    }

    /// The trouble that the status means.
    pub(super) fn trouble(&self) -> Trouble {
        Trouble::of_status(self.status(), self.retry_after())
    }

    /// The body, up to one byte more than `most`.
    pub(super) async fn bytes(mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            let room = (most + 1).saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
            if chunk.len() >= room {
                break;
            }
        }
        Ok(body)
    }

    /// A small body as JSON; `None` where it is none.
    pub(super) async fn json(self) -> Result<Option<serde_json::Value>, Trouble> {
        let body = self.bytes(MAX_TEXT_BYTES).await.map_err(Failure::trouble)?;
        Ok(serde_json::from_slice(&body).ok())
    }

    /// Gives the body to `read` on a thread that may block, as it arrives.
    pub(super) async fn read_with<T: Send + 'static>(
        mut self,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (chunks, incoming) = mpsc::channel(4);
        let reading = tokio::task::spawn_blocking(move || {
            read(&mut Incoming { chunks: incoming, chunk: Bytes::new() })
        });
        let mut broken = None;
        loop {
            let next = match self.chunk().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => break,
                Err(failure) => {
                    broken = Some(failure);
                    Err(io::Error::from(io::ErrorKind::ConnectionAborted))
                }
            };
            // A reader that has seen enough hangs up.
            if chunks.send(next).await.is_err() || broken.is_some() {
                break;
            }
        }
        drop(chunks);
        let read = reading.await;
        if let Some(failure) = broken {
            return Err(failure.trouble());
        }
        match read {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(_)) => Err(not_understood(self.status())),
            Err(_) => Err(Trouble::with_question(Reason::new(Code::Internal))),
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match timeout(self.idle, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(Failure::of(&error)),
            Err(_) => Err(Failure::stalled()),
        }
    }
}

pub(super) fn not_understood(status: u16) -> Trouble {
    let reason = Reason::new(Code::AnswerNotUnderstood).with_status(status);
    Trouble::with_destination(reason, None)
}

/// The body of an answer as a blocking reader.
struct Incoming {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

impl Read for Incoming {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let read = out.len().min(self.chunk.len());
        self.chunk.split_to(read).copy_to_slice(out.get_mut(..read).unwrap_or_default());
        Ok(read)
    }
}
