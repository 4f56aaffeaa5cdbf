//! One request, from its header to its answer: who may, what goes wrong, what it is for.

use crate::archive::Archive;
use crate::body::{self, Body, Pieces};
use crate::director::Director;
use crate::faults::{CutAt, Fault, Faults, Kind};
use crate::gate::{Cut, Gate, duration};
use crate::intake::{Arrived, Intake};
use crate::native;
use crate::record::{Level, Record};
use crate::requests::{Entry, Requests};
use crate::retrieve;
use crate::route::{Below, Parts, Route, route};
use crate::running::SignIn;
use crate::search::{self, Ignoring, Query};
use crate::store::{Settled, Terms, settle};
use crate::uid::Uid;
use crate::wire::End;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, Request, Response};
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

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here, as the script says")]
pub(crate) struct Ended;

/// What ends a request early: an answer, or the connection.
enum Stop {
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
enum To<'a> {
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

struct Exchange<'a> {
    shared: &'a Shared,
    fault: Option<Fault>,
    faults: Faults,
    end: End,
    method: String,
    query: String,
    headers: HeaderMap,
    entry: Entry,
}

/// Answers a request.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    end: End,
    request: Request<Incoming>,
) -> Result<Response<Body>, Ended> {
    let (head, incoming) = request.into_parts();
    let method = head.method.as_str().to_owned();
    let target = route(head.uri.path(), shared.parts);
    let kind = target.kind(&method);
    let entry = shared.requests.begin(&method, kind);
    let mut exchange = Exchange {
        shared: &shared,
        fault: None,
        faults: shared.director().faults().clone(),
        end: end.clone(),
        method,
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        entry,
    };
    let response = match exchange.answer(target, kind, incoming).await {
        Ok(response) | Err(Stop::Answer(response)) => response,
        Err(Stop::Cut(Cut { reset })) => {
            if reset {
                end.reset();
            }
            return Err(Ended);
        }
        Err(Stop::Gone) => return Err(Ended),
    };
    exchange.entry.logged.status = Some(response.status().as_u16());
    Ok(exchange.paced(response))
}

impl Exchange<'_> {
    async fn answer(
        &mut self,
        target: Route,
        kind: Kind,
        incoming: Incoming,
    ) -> Result<Response<Body>, Stop> {
        if !self.signed_in() {
            return self.unauthorised(incoming).await;
        }
        self.fault = self.shared.director().act(kind, &self.method);
        self.entry.logged.faulty = self.fault.is_some();
        let incoming = self.scripted(incoming).await?;
        if target == Route::Nowhere {
            return Ok(body::plain(404, "There is nothing at this address."));
        }
        if !target.methods().contains(&self.method.as_str()) {
            let mut response = body::plain(405, "This address does not know this method.");
            if let Ok(value) = HeaderValue::from_str(&target.methods().join(", ")) {
                response.headers_mut().insert(ALLOW, value);
            }
            return Ok(response);
        }
        let response = self.routed(target, kind, incoming).await?;
        match self.fault {
            Some(Fault::AnswerAfter { seconds }) => tokio::time::sleep(duration(seconds)).await,
            Some(Fault::Cut { at: CutAt::AfterStoring, reset }) => return Err(Cut { reset }.into()),
            _ => {}
        }
        Ok(response)
    }

    fn signed_in(&self) -> bool {
        let wanted = match &self.shared.sign_in {
            None => return true,
            Some(SignIn::Basic { user, password }) => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Some(SignIn::Bearer { token }) => format!("Bearer {token}"),
        };
        self.headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == wanted.as_bytes())
    }

    async fn unauthorised(&mut self, incoming: Incoming) -> Result<Response<Body>, Stop> {
        self.drain(incoming).await?;
        let mut response = body::plain(401, "Sign in first.");
        let scheme = match self.shared.sign_in {
            Some(SignIn::Bearer { .. }) => "Bearer",
            Some(SignIn::Basic { .. }) | None => "Basic realm=\"practice-pacs\"",
        };
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        Ok(response)
    }

    /// The faults that need nothing but the request's header. The body is read first, since a server that answers and
    /// closes with bytes unread would reset the connection, which is another fault.
    async fn scripted(&mut self, incoming: Incoming) -> Result<Incoming, Stop> {
        let Some(fault) = self.fault.clone() else { return Ok(incoming) };
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others act later")]
        let response = match fault {
            Fault::Cut { at: CutAt::Before, reset } => return Err(Cut { reset }.into()),
            Fault::TooLarge { above, early: true } if self.declared_length() > above => {
                return Err(Stop::Answer(body::plain(413, "Too large.")));
            }
            Fault::Status { code, headers, body } => {
                let mut response = body::text(code, "text/plain; charset=utf-8", body);
                for (name, value) in &headers {
                    add(&mut response, name, value);
                }
                response
            }
            Fault::RetryAfter { code, seconds } => {
                let mut response = body::plain(code, "Come back later.");
                let whole = duration(seconds).as_secs_f64().ceil();
                add(&mut response, RETRY_AFTER.as_str(), &format!("{whole}"));
                response
            }
            Fault::Garbage => body::text(
                200,
                "text/html",
                "<html><body><h1>Welcome</h1><p>Please sign in to the guest network.</p></body></html>".into(),
            ),
            Fault::Redirect { code, to } => {
                let mut response = body::plain(code, "It is elsewhere.");
                add(&mut response, LOCATION.as_str(), &to);
                response
            }
            Fault::Full => body::plain(507, "There is no room left."),
            _ => return Ok(incoming),
        };
        self.drain(incoming).await?;
        Err(Stop::Answer(response))
    }

    fn declared_length(&self) -> u64 {
        let value = self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        value.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    async fn routed(
        &mut self,
        target: Route,
        kind: Kind,
        incoming: Incoming,
    ) -> Result<Response<Body>, Stop> {
        let archive = &self.shared.archive.clone();
        match target {
            Route::Studies(study) if kind == Kind::Store => self.stow(study, incoming).await,
            Route::NativeInstances if kind == Kind::Store => self.native_store(incoming).await,
            Route::Studies(None) => Ok(self.search(Level::Study, None, None)),
            Route::SearchSeries(study) => Ok(self.search(Level::Series, study, None)),
            Route::SearchInstances(s, e) => Ok(self.search(Level::Instance, s, e)),
            Route::Studies(Some(study)) => {
                Ok(retrieve::instances(archive, &retrieve::named(archive, &study, None, None)))
            }
            Route::Retrieve { study, series, sop } => {
                let records = retrieve::named(archive, &study, Some(&series), sop.as_ref());
                Ok(retrieve::instances(archive, &records))
            }
            Route::Metadata { study, series, sop } => {
                let records = retrieve::named(archive, &study, series.as_ref(), sop.as_ref());
                Ok(retrieve::metadata(&records))
            }
            Route::NativeSystem => Ok(native::system()),
            Route::NativeInstances => Ok(native::list(archive)),
            Route::NativeLookup => Ok(native::lookup(archive, &self.small(incoming).await?)),
            Route::NativeFind => Ok(native::find(archive, &self.small(incoming).await?)),
            Route::NativeInstance { id, below } => self.native_instance(&id, below).await,
            Route::Nowhere => Ok(body::bare(404)),
        }
    }

    fn search(&self, level: Level, study: Option<Uid>, series: Option<Uid>) -> Response<Body> {
        let Some(query) = Query::parse(level, study, series, &self.query) else {
            return body::plain(400, "The query is not understood.");
        };
        let ignoring = match self.fault {
            Some(Fault::IgnoreLimit { offset_too }) => Ignoring { limit: true, offset: offset_too },
            _ => Ignoring::default(),
        };
        search::answer(&self.shared.archive, &query, &self.faults, ignoring, &self.shared.root)
    }

    async fn native_instance(&self, id: &str, below: Below) -> Result<Response<Body>, Stop> {
        let archive = self.shared.archive.clone();
        let Some(record) = archive.find_by_id(id) else {
            return Ok(body::plain(404, "There is no such instance."));
        };
        Ok(match below {
            Below::Itself if self.method == "DELETE" => {
                let removed = blocking(move || archive.remove(&record.sop)).await?;
                body::text(if removed { 200 } else { 404 }, "application/json", "{}".into())
            }
            Below::Itself => native::instance(&record),
            Below::File => retrieve::file(&archive, &record),
            Below::Size => body::text(200, "text/plain", record.bytes.to_string()),
            Below::Md5 => {
                let md5 = blocking(move || native::md5_of(&archive, &record)).await?;
                body::text(200, "text/plain", md5)
            }
        })
    }

    async fn stow(
        &mut self,
        study: Option<Uid>,
        incoming: Incoming,
    ) -> Result<Response<Body>, Stop> {
        let Some(boundary) = self.boundary() else {
            self.drain(incoming).await?;
            return Ok(body::plain(
                415,
                "A store is multipart/related with type application/dicom.",
            ));
        };
        let intake = Intake::multipart(self.shared.archive.clone(), &boundary);
        let settled = self.kept(intake, incoming, study).await?;
        if !settled.with_body {
            return Ok(body::bare(settled.status));
        }
        let accept = self.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let asks_xml = accept.contains("xml") && !accept.contains("json");
        Ok(if asks_xml || self.fault == Some(Fault::Xml) {
            body::text(settled.status, "application/dicom+xml", settled.answer.xml())
        } else {
            body::text(settled.status, "application/dicom+json", settled.answer.json())
        })
    }

    async fn native_store(&mut self, incoming: Incoming) -> Result<Response<Body>, Stop> {
        let intake = Intake::single(self.shared.archive.clone());
        let settled = self.kept(intake, incoming, None).await?;
        Ok(match settled.first {
            Some((record, new)) => native::stored(&record, new),
            None => native::bad_file(),
        })
    }

    /// Lets the body arrive and keeps what is in it.
    async fn kept(
        &mut self,
        intake: Intake,
        incoming: Incoming,
        study: Option<Uid>,
    ) -> Result<Settled, Stop> {
        let arrived = self.arrive(intake, incoming).await?;
        if let Some(Fault::TooLarge { above, .. }) = self.fault
            && self.entry.logged.bytes_received > above
        {
            return Err(Stop::Answer(body::plain(413, "Too large.")));
        }
        let terms = Terms::new(self.fault.clone(), &self.faults, study, &self.shared.root);
        let archive = self.shared.archive.clone();
        let settled = blocking(move || settle(&archive, arrived, &terms)).await?;
        self.entry.logged.parts = settled.parts;
        self.entry.logged.stored = settled.new;
        Ok(settled)
    }

    async fn arrive(&mut self, mut intake: Intake, incoming: Incoming) -> Result<Arrived, Stop> {
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
    async fn pump(&mut self, mut incoming: Incoming, mut to: To<'_>) -> Result<(), Stop> {
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

    async fn drain(&mut self, incoming: Incoming) -> Result<(), Stop> {
        self.pump(incoming, To::Nowhere).await
    }

    async fn small(&mut self, incoming: Incoming) -> Result<Vec<u8>, Stop> {
        let mut whole = Vec::new();
        self.pump(incoming, To::Memory(&mut whole)).await?;
        Ok(whole)
    }

    /// The boundary of a body that is `multipart/related` with `application/dicom` in it.
    fn boundary(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if self.headers.contains_key("content-encoding") {
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

    /// Sends the answer's body through the gate, where a fault is to act on it: for requests that had no body.
    fn paced(&self, response: Response<Body>) -> Response<Body> {
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

fn add(response: &mut Response<Body>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Stop> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten().map_err(failed)
}

fn failed(error: io::Error) -> Stop {
    Stop::Answer(match error.kind() {
        io::ErrorKind::StorageFull => body::plain(507, "There is no room left."),
        _ => body::plain(500, "The archive cannot write or read its folder."),
    })
}

/// What is looked at by [`Running`](crate::Running) of an instance.
pub(crate) fn uids(record: &Record) -> (String, String, String) {
    let [study, series, sop] =
        [&record.study, &record.series, &record.sop].map(|uid| uid.as_str().to_owned());
    (study, series, sop)
}
