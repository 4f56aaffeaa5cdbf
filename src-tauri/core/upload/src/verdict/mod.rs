//! What an answer to a store means: a pure function of status, headers, body and the UIDs that were sent.
//!
//! An HTTP status is never a proof. An instance is stored where the answer names it in its Referenced SOP Sequence,
//! whatever the status; archives answer 200 with instances missing, and 400 or 409 with the good ones stored.

mod native;
mod reasons;
#[cfg(test)]
mod table;

pub use native::judge_native;

use crate::response::{self, StoreResponse};
use relaypacs_model::{Code, Reason, SopInstanceUid};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// What to do with one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The archive says that it has stored it.
    Stored,
    /// Stored, but changed, cut or doubted (PS3.18 Annex I.2.1): its bytes may differ from ours.
    StoredWithWarning(Reason),
    /// The archive will not take it, however often it is sent.
    Refused(Reason),
    /// The archive says that it has this SOP Instance UID already: compare before believing. Where the comparison
    /// finds it missing after all, the reason is the one it was refused for.
    AlreadyThere(Reason),
    /// Nothing certain is said of it among the others: send it once more, alone.
    SendAlone(Reason),
    /// It was not stored, and the cause passes.
    TryAgain {
        /// Why.
        reason: Reason,
        /// The archive asked for at least this wait.
        after: Option<Duration>,
    },
    /// It may be stored or not: ask the archive before sending it again.
    Unknown(Reason),
    /// The source has other bytes than its length promised. Nothing of it was stored.
    SourceChanged,
    /// The source cannot be read any more.
    SourceGone,
}

/// How far trouble reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// No further than each instance's verdict.
    Instances,
    /// The batch failed as a whole and no instance is to blame for certain: send it in halves. Of a single instance,
    /// this scope is never said.
    Batch(Reason),
    /// The destination cannot be used now: park it, not its instances.
    Destination {
        /// Why.
        reason: Reason,
        /// The archive asked for at least this wait.
        after: Option<Duration>,
    },
}

/// An answer to a store, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`, as a wait.
    pub retry_after: Option<Duration>,
    /// The whole body, up to [`response::MAX_ANSWER_BYTES`] and one byte more.
    pub body: &'a [u8],
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// One for each UID that was sent, in that order.
    pub verdicts: Vec<Verdict>,
    /// How far the trouble reaches.
    pub scope: Scope,
}

/// Judges the answer to a STOW-RS request (PS3.18 section 10.5.3 and Annex I.2). The Content-Type is not asked:
/// archives leave it out of the very answers that matter.
#[must_use]
pub fn judge(answer: &Answer<'_>, sent: &[&SopInstanceUid]) -> Judgement {
    let alone = sent.len() <= 1;
    let unsaid = unsaid(answer, alone);
    let Some(response) = response::read(answer.body) else {
        return Judgement { verdicts: vec![unsaid.verdict; sent.len()], scope: unsaid.scope };
    };
    Said::of(&response, sent, answer, alone).judgement(sent, &unsaid)
}

/// What the status alone says of an instance that the body does not mention.
struct Unsaid {
    verdict: Verdict,
    scope: Scope,
}

fn unsaid(answer: &Answer<'_>, alone: bool) -> Unsaid {
    let reason = Reason::new(code_of(answer.status)).with_status(answer.status);
    let after = answer.retry_after;
    let try_again = Verdict::TryAgain { reason, after };
    let destination = Scope::Destination { reason, after };
    let batch = if alone { Scope::Instances } else { Scope::Batch(reason) };
    let (verdict, scope) = match answer.status {
        // Success without a word of what: the archive has to be asked.
        200..=299 => (Verdict::Unknown(reason), Scope::Instances),
        300..=399 | 401 | 403 | 404 | 405 | 406 | 407 | 411 | 415 | 424 | 429 | 501 | 503 | 507 => {
            (try_again, destination)
        }
        // A proxy gave up; the archive behind it may have gone on.
        408 | 502 | 504 => (Verdict::Unknown(reason), destination),
        409 if alone => (Verdict::AlreadyThere(reason), Scope::Instances),
        400..=499 if alone => (Verdict::Refused(reason), Scope::Instances),
        400..=499 => (try_again, batch),
        500..=599 => (Verdict::Unknown(reason), batch),
        // Not a status of HTTP (RFC 9110 section 15).
        _ => (Verdict::Unknown(reason), destination),
    };
    Unsaid { verdict, scope }
}

/// What a status is called (PS3.18 table 10.5.3-1 and what archives do with it).
pub(crate) fn code_of(status: u16) -> Code {
    match status {
        300..=399 => Code::Redirected,
        400 => Code::NotUnderstood,
        401 | 407 => Code::SignInNeeded,
        403 => Code::Forbidden,
        404 | 405 | 406 | 411 | 415 | 501 => Code::NoStoreHere,
        408 | 429 | 503 => Code::ArchiveBusy,
        413 => Code::TooLargeForArchive,
        507 => Code::ArchiveFull,
        402 | 409 | 410 | 412 | 414 | 416..=423 | 425..=428 | 430..=499 => Code::RefusedByArchive,
        424 | 500 | 502 | 504..=506 | 508..=599 => Code::ArchiveFailed,
        _ => Code::AnswerNotUnderstood,
    }
}

/// What the body says of each instance that was sent; what it says of others is not listened to.
struct Said<'a> {
    of: HashMap<&'a str, Verdict>,
    /// For an instance that was sent alone and is not named: the reason of the one failure that names nobody we know.
    nameless: Option<Verdict>,
    /// It names an instance as stored that was never sent: whatever it is about, it is not to be relied on.
    strange: bool,
    alone: bool,
    status: u16,
    full: Option<Reason>,
}

impl<'a> Said<'a> {
    fn of(
        response: &'a StoreResponse,
        sent: &[&SopInstanceUid],
        answer: &Answer<'_>,
        alone: bool,
    ) -> Self {
        let ours: HashSet<&str> = sent.iter().map(|uid| uid.as_str()).collect();
        let status = answer.status;
        let strange = false;
        let mut said =
            Self { of: HashMap::new(), nameless: None, strange, alone, status, full: None };
        for mention in &response.referenced {
            said.strange |= !ours.contains(mention.sop_instance_uid.as_str());
            said.put(&mention.sop_instance_uid, &ours, reasons::stored(mention.reason, status));
        }
        for mention in &response.failed {
            let verdict = reasons::failed(mention.reason, answer, alone);
            if !ours.contains(mention.sop_instance_uid.as_str()) {
                said.nameless = Some(verdict);
            }
            said.put(&mention.sop_instance_uid, &ours, verdict);
        }
        for reason in &response.other_failures {
            said.nameless = Some(reasons::failed(Some(*reason), answer, alone));
        }
        said
    }

    /// An instance that is both stored and failed is neither.
    fn put(&mut self, uid: &'a str, ours: &HashSet<&str>, verdict: Verdict) {
        if !ours.contains(uid) {
            return;
        }
        self.full = self.full.or(reasons::archive_full(verdict));
        let contradiction =
            Verdict::Unknown(Reason::new(Code::AnswerNotUnderstood).with_status(self.status));
        self.of
            .entry(uid)
            .and_modify(|before| {
                if *before != verdict {
                    *before = contradiction;
                }
            })
            .or_insert(verdict);
    }

    fn verdict(&self, uid: &SopInstanceUid) -> Option<Verdict> {
        self.of.get(uid.as_str()).copied()
    }

    fn judgement(&self, sent: &[&SopInstanceUid], unsaid: &Unsaid) -> Judgement {
        let silent = self.silent(unsaid);
        let verdicts = sent.iter().map(|uid| self.verdict(uid).unwrap_or(silent)).collect();
        let scope = match (self.full, unsaid.scope) {
            (Some(reason), _) => Scope::Destination { reason, after: None },
            (None, scope @ Scope::Destination { .. }) => scope,
            (None, Scope::Instances | Scope::Batch(_)) if self.of.is_empty() && !self.alone => {
                Scope::Batch(self.unread())
            }
            (None, Scope::Instances | Scope::Batch(_)) => Scope::Instances,
        };
        Judgement { verdicts, scope }
    }

    /// For the instances that the body passes over.
    fn silent(&self, unsaid: &Unsaid) -> Verdict {
        if matches!(unsaid.scope, Scope::Destination { .. }) || self.status >= 500 {
            return unsaid.verdict;
        }
        if self.strange {
            let reason = Reason::new(Code::AnswerNotUnderstood).with_status(self.status);
            return Verdict::Unknown(reason);
        }
        match (self.alone, self.nameless) {
            (true, Some(nameless)) => nameless,
            (true, None) if self.status == 409 || self.status == 413 => unsaid.verdict,
            (true, None) => Verdict::Refused(self.unread()),
            (false, _) if self.of.is_empty() => {
                Verdict::TryAgain { reason: self.unread(), after: None }
            }
            (false, _) => Verdict::SendAlone(self.unread()),
        }
    }

    /// Orthanc says nothing at all of a part that it cannot read.
    fn unread(&self) -> Reason {
        let code = if self.status == 413 { Code::TooLargeForArchive } else { Code::NotUnderstood };
        Reason::new(code).with_status(self.status)
    }
}
