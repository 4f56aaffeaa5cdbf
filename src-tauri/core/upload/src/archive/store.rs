//! Sends a batch, watches it move, and hands the answer to the judge.

use super::Archive;
use super::body::{self, PartEnd, Progress};
use super::check::Services;
use super::wire::{DICOM_JSON, JSON, Reply, Wire};
use crate::multipart::Framing;
use crate::response::MAX_ANSWER_BYTES;
use crate::trouble::Failure;
use crate::verdict::{Answer, Judgement, Scope, Verdict, judge, judge_native};
use crate::{Batch, BatchAnswer, InstanceVerdict, Learned, Part, Trouble};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use relaypacs_model::{ArchiveRoot, Code, Dialect, Reason};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// Orthanc's `/instances` takes one instance at a time: so many connections for one batch hide the round trips.
const NATIVE_AT_ONCE: usize = 4;

pub(super) async fn store(
    archive: &Archive,
    batch: &Batch,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> BatchAnswer {
    let began = Instant::now();
    let wire = &archive.inner.wire;
    let (dialect, sent) = match archive.profile().await {
        Err(trouble) => (Dialect::Unknown, Sent::nothing(&batch.parts, &trouble)),
        Ok(profile) => {
            let sent = match &profile.services {
                Services::Web { web } | Services::Both { web, .. } => {
                    stow(wire, web, batch, progress).await
                }
                Services::Native { native } => one_by_one(wire, native, batch, progress).await,
            };
            (profile.dialect(), sent)
        }
    };
    let answer = sent.into_answer(batch, dialect, began.elapsed());
    tracing::debug!(
        parts = batch.parts.len(),
        bytes = answer.bytes_sent,
        millis = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
        status = answer.status,
        "batch answered"
    );
    answer
}

/// What came of a request.
struct Sent {
    status: Option<u16>,
    judgement: Judgement,
    ends: Vec<PartEnd>,
    bytes: u64,
}

impl Sent {
    /// Nothing left this machine.
    fn nothing(parts: &[Arc<dyn Part>], trouble: &Trouble) -> Self {
        let verdict = Verdict::TryAgain { reason: trouble.reason, after: trouble.retry_after };
        let judgement = Judgement { verdicts: vec![verdict; parts.len()], scope: trouble.scope };
        let ends = vec![PartEnd::Unreached; parts.len()];
        Self { status: None, judgement, ends, bytes: 0 }
    }

    /// What the source did outweighs what the archive made of it.
    fn into_answer(self, batch: &Batch, dialect: Dialect, took: Duration) -> BatchAnswer {
        let verdicts =
            std::iter::zip(self.judgement.verdicts, self.ends).map(|(verdict, end)| match end {
                PartEnd::Changed => {
                    InstanceVerdict { verdict: Verdict::SourceChanged, sha256: None }
                }
                PartEnd::Gone => InstanceVerdict { verdict: Verdict::SourceGone, sha256: None },
                PartEnd::Unreached => InstanceVerdict { verdict, sha256: None },
                PartEnd::Whole(sha256) => InstanceVerdict { verdict, sha256: Some(sha256) },
            });
        let too_large = self.status == Some(413) && batch.parts.len() > 1;
        let max_request_bytes = too_large.then_some(batch.bytes() / 2);
        BatchAnswer {
            verdicts: verdicts.collect(),
            scope: self.judgement.scope,
            bytes_sent: self.bytes,
            took,
            status: self.status,
            learned: Learned { max_request_bytes, dialect },
        }
    }
}

/// Everything about a request but its body.
struct Post {
    url: Url,
    accept: &'static str,
    content_type: String,
    content_length: u64,
    framing: Option<Framing>,
}

async fn stow(
    wire: &Wire,
    web: &ArchiveRoot,
    batch: &Batch,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Sent {
    let framing = Framing::random().ok();
    let length = framing
        .as_ref()
        .and_then(|framing| framing.content_length(batch.parts.iter().map(|part| part.bytes())));
    let (Some(framing), Some(content_length)) = (framing, length) else {
        let trouble = Trouble::with_question(Reason::new(Code::Internal));
        return Sent::nothing(&batch.parts, &trouble);
    };
    let post = Post {
        url: web.join(&["studies"]),
        accept: DICOM_JSON,
        content_type: framing.content_type(),
        content_length,
        framing: Some(framing),
    };
    let uids: Vec<_> = batch.parts.iter().map(|part| part.sop_instance_uid()).collect();
    send(wire, &post, &batch.parts, progress, &|answer| judge(answer, &uids)).await
}

async fn one_by_one(
    wire: &Wire,
    native: &ArchiveRoot,
    batch: &Batch,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Sent {
    let shared = Shared { progress, total: AtomicU64::new(0), parked: AtomicBool::new(false) };
    // Named and boxed, so that a caller can spawn the whole.
    let each: Vec<BoxFuture<'_, Option<Sent>>> = batch
        .parts
        .iter()
        .map(|part| native_one(wire, native, Arc::clone(part), &shared).boxed())
        .collect();
    together(futures_util::stream::iter(each).buffered(NATIVE_AT_ONCE).collect().await)
}

/// What the requests of one batch share.
struct Shared<'a> {
    progress: &'a (dyn Fn(u64) + Send + Sync),
    total: AtomicU64,
    parked: AtomicBool,
}

/// `None` where the destination failed meanwhile, so that nothing was sent.
async fn native_one(
    wire: &Wire,
    native: &ArchiveRoot,
    part: Arc<dyn Part>,
    shared: &Shared<'_>,
) -> Option<Sent> {
    if shared.parked.load(Ordering::Acquire) {
        return None;
    }
    let post = Post {
        url: native.join(&["instances"]),
        accept: JSON,
        content_type: "application/dicom".to_owned(),
        content_length: part.bytes(),
        framing: None,
    };
    let before = AtomicU64::new(0);
    let share = |bytes: u64| {
        let more = bytes.saturating_sub(before.swap(bytes, Ordering::AcqRel));
        (shared.progress)(shared.total.fetch_add(more, Ordering::AcqRel) + more);
    };
    let sent = send(wire, &post, std::slice::from_ref(&part), &share, &judge_native).await;
    if matches!(sent.judgement.scope, Scope::Destination { .. }) {
        shared.parked.store(true, Ordering::Release);
    }
    Some(sent)
}

/// Makes one answer of many: the first trouble with the destination is the trouble of all that were not sent.
fn together(sent: Vec<Option<Sent>>) -> Sent {
    let scope = sent.iter().flatten().map(|one| one.judgement.scope);
    let scope =
        scope.into_iter().find(|scope| *scope != Scope::Instances).unwrap_or(Scope::Instances);
    let unsent = match scope {
        Scope::Destination { reason, after } => Verdict::TryAgain { reason, after },
        Scope::Batch(reason) => Verdict::TryAgain { reason, after: None },
        Scope::Instances => Verdict::TryAgain { reason: Reason::new(Code::Internal), after: None },
    };
    let status = sent.iter().flatten().find_map(|one| one.status);
    let judgement = Judgement { verdicts: Vec::new(), scope };
    let mut whole = Sent { status, judgement, ends: Vec::new(), bytes: 0 };
    for one in sent {
        match one {
            None => {
                whole.judgement.verdicts.push(unsent);
                whole.ends.push(PartEnd::Unreached);
            }
            Some(one) => {
                whole.judgement.verdicts.extend(one.judgement.verdicts);
                whole.ends.extend(one.ends);
                whole.bytes += one.bytes;
            }
        }
    }
    whole
}

/// Sends one request; once more where an old connection turned out to be closed before it took a byte of an instance.
async fn send(
    wire: &Wire,
    post: &Post,
    parts: &[Arc<dyn Part>],
    progress: &(dyn Fn(u64) + Send + Sync),
    judge: &(dyn Fn(&Answer<'_>) -> Judgement + Send + Sync),
) -> Sent {
    let mut again = true;
    loop {
        let (framing, length) = (post.framing.clone(), post.content_length);
        let (body, taken) = body::start(parts.to_vec(), framing, length, &wire.throttle);
        let failure = match exchange(wire, post, body, &taken, progress).await {
            Ok((status, retry_after, body)) => {
                let judgement = judge(&Answer { status, retry_after, body: &body });
                let (ends, bytes) = (taken.ends(), taken.content());
                return Sent { status: Some(status), judgement, ends, bytes };
            }
            Err(failure) => failure,
        };
        let is_lost = !failure.unsent && failure.code == Code::ConnectionLost;
        if !(again && is_lost && taken.content() == 0 && !is_by_source(&taken.ends())) {
            return unanswered(failure, &taken);
        }
        again = false;
    }
}

/// No answer. What is known of each instance, and whom to blame.
fn unanswered(failure: Failure, taken: &Progress) -> Sent {
    let mut ends = taken.ends();
    let reason = Reason::new(failure.code);
    let source = failure.code == Code::Stalled && taken.is_starved();
    if source && let Some(end) = ends.iter_mut().find(|end| **end == PartEnd::Unreached) {
        *end = PartEnd::Gone;
    }
    // Without a byte of an instance, none can have been stored.
    let verdict = if failure.unsent || taken.content() == 0 {
        Verdict::TryAgain { reason, after: None }
    } else {
        Verdict::Unknown(reason)
    };
    let is_lost = failure.code == Code::ConnectionLost;
    let scope = match (is_by_source(&ends), is_lost, ends.len()) {
        // We hung up ourselves, or there is nobody else to blame.
        (true, _, _) | (false, true, 0 | 1) => Scope::Instances,
        // A proxy with a limit hangs up like this, too: a smaller request tells.
        (false, true, _) => Scope::Batch(reason),
        (false, false, _) => Scope::Destination { reason, after: None },
    };
    tracing::debug!(code = failure.code.as_str(), bytes = taken.content(), "batch not answered");
    // Of what was not handed on to its last byte, nobody can have stored a whole instance.
    let unreached = Verdict::TryAgain { reason, after: None };
    let verdicts = ends.iter().map(|end| match end {
        PartEnd::Unreached => unreached,
        PartEnd::Whole(_) | PartEnd::Changed | PartEnd::Gone => verdict,
    });
    let judgement = Judgement { verdicts: verdicts.collect(), scope };
    Sent { status: None, judgement, ends, bytes: taken.content() }
}

fn is_by_source(ends: &[PartEnd]) -> bool {
    ends.iter().any(|end| matches!(end, PartEnd::Changed | PartEnd::Gone))
}

type Got = (u16, Option<Duration>, Vec<u8>);

async fn exchange(
    wire: &Wire,
    post: &Post,
    body: body::Body,
    taken: &Progress,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Got, Failure> {
    let request = wire
        .client
        .post(post.url.clone())
        .header(ACCEPT, post.accept)
        .header(CONTENT_TYPE, &post.content_type)
        .header(CONTENT_LENGTH, post.content_length)
        .body(reqwest::Body::wrap_stream(body));
    let sending = request.send();
    tokio::pin!(sending);
    let response = loop {
        let patience = patience(wire, taken);
        tokio::select! {
            response = &mut sending => break response,
            () = taken.moved() => progress(taken.content()),
            () = tokio::time::sleep(patience) => return Err(Failure::stalled()),
        }
    };
    progress(taken.content());
    let reply = Reply::new(response.map_err(|error| Failure::of(&error))?, wire.timing.idle);
    let (status, retry_after) = (reply.status(), reply.retry_after());
    let read = reply.bytes(MAX_ANSWER_BYTES).await;
    match read {
        Ok(body) => Ok((status, retry_after, body)),
        // The status of an early refusal says enough without its body.
        Err(_) if status >= 300 => Ok((status, retry_after, Vec::new())),
        Err(failure) => Err(failure),
    }
}

/// How long nothing may move, by what is being waited for.
fn patience(wire: &Wire, taken: &Progress) -> Duration {
    let timing = &wire.timing;
    if taken.is_finished() || taken.is_held_back() {
        // Held back by ourselves: nobody is late.
        timing.answer
    } else if taken.is_starved() {
        timing.source
    } else if taken.is_touched() {
        timing.stall
    } else {
        timing.stall.max(timing.connect)
    }
}
