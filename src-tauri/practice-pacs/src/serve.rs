//! One request, from its header to its answer: who may, what goes wrong, what it is for.

use crate::body::{self, Body};
use crate::exchange::{Exchange, Shared, Stop, blocking};
use crate::faults::{CutAt, Fault, Kind};
use crate::gate::{Cut, duration};
use crate::intake::Intake;
use crate::native;
use crate::record::Level;
use crate::retrieve;
use crate::route::{Below, Route, route};
use crate::running::SignIn;
use crate::scripted::{self, Scripted};
use crate::search::{self, Ignoring, Query};
use crate::store::{Settled, Terms, settle};
use crate::uid::Uid;
use crate::wire::End;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ALLOW, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Request, Response};
use std::sync::Arc;

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here, as the script says")]
pub(crate) struct Ended;

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
        if let Some(Fault::FailsOver { study, code }) = &self.fault
            && target.study().is_some_and(|uid| uid.as_str() == study)
        {
            let answer = body::bare(*code);
            self.drain(incoming).await?;
            return Ok(answer);
        }
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

    /// What a fault wants of the request before anyone looks at what it is for.
    async fn scripted(&mut self, incoming: Incoming) -> Result<Incoming, Stop> {
        let Some(fault) = &self.fault else { return Ok(incoming) };
        match scripted::act(fault, self.declared_length()) {
            Scripted::Goes => Ok(incoming),
            Scripted::Cut(cut) => Err(cut.into()),
            Scripted::AtOnce(response) => Err(Stop::Answer(response)),
            Scripted::AfterBody(response) => {
                self.drain(incoming).await?;
                if let Some(Fault::RetryAfter { held, .. }) = self.fault {
                    tokio::time::sleep(duration(held)).await;
                }
                Err(Stop::Answer(response))
            }
        }
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
            Some(Fault::IgnoreLimit { offset_too }) => {
                Ignoring { limit: true, offset: offset_too, ..Ignoring::default() }
            }
            Some(Fault::Phantom) => Ignoring { phantom: true, ..Ignoring::default() },
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
}
