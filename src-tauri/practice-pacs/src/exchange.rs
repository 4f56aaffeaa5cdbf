//! One request while it is worked on: its header, its body on the way in, the answer's body on the way out.

use crate::archive::Archive;
use crate::body::{self, Body, Pieces};
use crate::director::Director;
use crate::faults::{Fault, Faults};
use crate::gate::{Cut, Gate};
use crate::intake::{Arrived, Intake};
use crate::requests::{Entry, Requests};
use crate::route::Parts;
use crate::running::SignIn;
use crate::wire::End;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{HeaderMap, Response};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{Sender, channel};

/// More than any body that is not a store's.
const SMALL_BODY: usize = 16 << 20;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) archive: Arc<Archive>,
    pub(crate) director: Mutex<Director>,
    pub(crate) requests: Requests,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) parts: Parts,
    pub(crate) root: String,
    pub(crate) address: SocketAddr,
}

impl Shared {
    pub(crate) fn director(&self) -> MutexGuard<'_, Director> {
        self.director.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What ends a request early: an answer, or the connection.
pub(crate) enum Stop {
    Answer(Response<Body>),
    Cut(Cut),
    /// The other side went away.
    Gone,
}

impl From<Cut> for Stop {
    fn from(cut: Cut) -> Self {
        Self::Cut(cut)
    }
}

/// Where the pieces of a body go.
pub(crate) enum To<'a> {
    Nowhere,
    Intake(&'a Sender<Bytes>),
    Memory(&'a mut Vec<u8>),
}

impl To<'_> {
    /// False where no more is wanted.
    async fn take(&mut self, piece: Bytes) -> bool {
        match self {
            Self::Nowhere => true,
            Self::Intake(send) => send.send(piece).await.is_ok(),
            Self::Memory(whole) => {
                whole.extend_from_slice(&piece);
                whole.len() <= SMALL_BODY
            }
        }
    }
}

/// A request that is worked on.
pub(crate) struct Exchange<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) fault: Option<Fault>,
    pub(crate) faults: Faults,
    pub(crate) end: End,
    pub(crate) method: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) entry: Entry,
}

impl Exchange<'_> {
    pub(crate) fn signed_in(&self) -> bool {
        let wanted = match &self.shared.sign_in {
            None => return true,
            Some(SignIn::Basic { user, password }) => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Some(SignIn::Bearer { token }) => format!("Bearer {token}"),
        };
        self.headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == wanted.as_bytes())
    }

    pub(crate) fn declared_length(&self) -> u64 {
        let value = self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        value.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// The boundary of a body that is `multipart/related` with `application/dicom` in it.
    pub(crate) fn boundary(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if self.headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        let mut pieces = value.split(';').map(str::trim);
        if !pieces.next()?.eq_ignore_ascii_case("multipart/related") {
            return None;
        }
        let (mut boundary, mut typed) = (None, false);
        for parameter in pieces {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "boundary" => boundary = Some(value.to_owned()),
                "type" => typed = value.eq_ignore_ascii_case("application/dicom"),
                _ => {}
            }
        }
        boundary.filter(|boundary| typed && (1..=70).contains(&boundary.len()))
    }

    pub(crate) async fn arrive(
        &mut self,
        mut intake: Intake,
        incoming: Incoming,
    ) -> Result<Arrived, Stop> {
        let (send, mut receive) = channel::<Bytes>(8);
        let arriving = tokio::task::spawn_blocking(move || {
            while let Some(piece) = receive.blocking_recv() {
                intake.feed(&piece)?;
            }
            intake.finish()
        });
        self.pump(incoming, To::Intake(&send)).await?;
        drop(send);
        arriving.await.map_err(io::Error::other).flatten().map_err(failed)
    }

    /// Reads the body through the gate, until it ends or nobody wants more of it.
    pub(crate) async fn pump(
        &mut self,
        mut incoming: Incoming,
        mut to: To<'_>,
    ) -> Result<(), Stop> {
        let mut gate = Gate::for_fault(self.fault.as_ref());
        while let Some(frame) = incoming.frame().await {
            let Ok(piece) = frame.map_err(|_| Stop::Gone)?.into_data() else { continue };
            let (piece, cut) = gate.pass(piece).await;
            self.entry.logged.bytes_received += piece.len() as u64;
            if let Some(cut) = cut {
                return Err(cut.into());
            }
            if !to.take(piece).await {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(crate) async fn drain(&mut self, incoming: Incoming) -> Result<(), Stop> {
        self.pump(incoming, To::Nowhere).await
    }

    pub(crate) async fn small(&mut self, incoming: Incoming) -> Result<Vec<u8>, Stop> {
        let mut whole = Vec::new();
        self.pump(incoming, To::Memory(&mut whole)).await?;
        Ok(whole)
    }

    /// Sends the answer's body through the gate, where a fault is to act on it: for requests that had no body.
    pub(crate) fn paced(&self, response: Response<Body>) -> Response<Body> {
        let gate = Gate::for_fault(self.fault.as_ref());
        if gate.is_free() || self.entry.logged.bytes_received > 0 {
            return response;
        }
        let end = self.end.clone();
        response.map(|body| through(gate, body, end))
    }
}

fn through(mut gate: Gate, mut body: Body, end: End) -> Body {
    let (send, receive) = channel(1);
    tokio::spawn(async move {
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(piece) = frame.into_data() else { continue };
            let (piece, cut) = gate.pass(piece).await;
            if send.send(Ok(piece)).await.is_err() {
                return;
            }
            if let Some(cut) = cut {
                if cut.reset {
                    end.reset();
                }
                let _ = send.send(Err(io::ErrorKind::ConnectionReset.into())).await;
                return;
            }
        }
    });
    Pieces(receive).boxed_unsync()
}

/// Runs what blocks where blocking is allowed.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Stop> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten().map_err(failed)
}

fn failed(error: io::Error) -> Stop {
    Stop::Answer(if error.kind() == io::ErrorKind::StorageFull {
        body::plain(507, "There is no room left.")
    } else {
        body::plain(500, "The archive cannot write or read its folder.")
    })
}
