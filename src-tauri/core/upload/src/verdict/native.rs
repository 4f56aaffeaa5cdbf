//! What Orthanc's own answer to `POST /instances` means: one instance, one `Status`.

use super::{Answer, Judgement, Scope, Verdict, unsaid};
use relaypacs_model::{Code, Reason};
use serde_json::Value;

/// Judges the answer to one instance that was sent to Orthanc's REST interface.
#[must_use]
pub fn judge_native(answer: &Answer<'_>) -> Judgement {
    let body: Option<Value> = serde_json::from_slice(answer.body).ok();
    let word = |key: &str| body.as_ref().and_then(|body| body.get(key));
    let said = |code| Reason::new(code).with_status(answer.status);
    let verdict = match (answer.status, word("Status").and_then(Value::as_str)) {
        (200..=299, Some("Success")) => Verdict::Stored,
        (200..=299, Some("AlreadyStored")) => Verdict::AlreadyThere(said(Code::RefusedByArchive)),
        (200..=299, Some("FilteredOut")) => Verdict::Refused(said(Code::ForbiddenByPolicy)),
        (200..=299, Some("Failure")) => Verdict::Refused(said(Code::RefusedByArchive)),
        // Orthanc says 404 "inexistent tag" of a DICOMDIR, and 404 without an OrthancStatus was said by another.
        (404, _) if word("OrthancStatus").and_then(Value::as_u64) == Some(21) => {
            Verdict::Refused(said(Code::NotUnderstood))
        }
        _ => {
            let unsaid = unsaid(answer, true);
            return Judgement { verdicts: vec![unsaid.verdict], scope: unsaid.scope };
        }
    };
    Judgement { verdicts: vec![verdict], scope: Scope::Instances }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_of_orthanc_has_its_verdict() {
        let refused = |code, status| Verdict::Refused(Reason::new(code).with_status(status));
        let there = Verdict::AlreadyThere(Reason::new(Code::RefusedByArchive).with_status(200));
        let unread = Verdict::Unknown(Reason::new(Code::AnswerNotUnderstood).with_status(200));
        let table = [
            (200, r#"{"ID":"x","Status":"Success"}"#, Verdict::Stored),
            (200, r#"{"ID":"x","Status":"AlreadyStored"}"#, there),
            (200, r#"{"Status":"FilteredOut"}"#, refused(Code::ForbiddenByPolicy, 200)),
            (200, r#"{"Status":"Failure"}"#, refused(Code::RefusedByArchive, 200)),
            (200, r#"{"Status":"NewWord"}"#, unread),
            (200, "", unread),
            (400, r#"{"OrthancStatus":15}"#, refused(Code::NotUnderstood, 400)),
            (400, "", refused(Code::NotUnderstood, 400)),
            (404, r#"{"OrthancStatus":21}"#, refused(Code::NotUnderstood, 404)),
            (413, "", refused(Code::TooLargeForArchive, 413)),
        ];
        for (status, body, verdict) in table {
            let answer = Answer { status, retry_after: None, body: body.as_bytes() };
            let judgement = judge_native(&answer);
            assert_eq!(judgement.verdicts, [verdict], "{status} {body}");
            assert_eq!(judgement.scope, Scope::Instances, "{status} {body}");
        }
        for status in [401, 403, 404, 503, 507] {
            let answer = Answer { status, retry_after: None, body: b"" };
            assert!(matches!(judge_native(&answer).scope, Scope::Destination { .. }), "{status}");
        }
    }
}
