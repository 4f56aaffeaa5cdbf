//! The table that pins the verdict: every status and every reason, each with what the field makes of it.

use super::{Answer, Judgement, Scope, Verdict, judge};
use relaypacs_model::{Code, Reason, SopInstanceUid};
use std::fmt::Write as _;
use std::time::Duration;

const HTML: &str = "<!DOCTYPE html><html><head><title>Error</title></head></html>";
const EMPTY: &str = r#"{"00081198":{"vr":"SQ"},"00081199":{"vr":"SQ"}}"#;

/// A word for each verdict and scope, so that the table can be read across.
fn words(judgement: &Judgement) -> String {
    let mut line = String::new();
    for verdict in &judgement.verdicts {
        let _ = match verdict {
            Verdict::Stored => write!(line, "stored "),
            Verdict::StoredWithWarning(r) => write!(line, "warned:{:04X} ", r.dicom.unwrap_or(0)),
            Verdict::Refused(r) => write!(line, "refused:{} ", r.code.as_str()),
            Verdict::AlreadyThere(_) => write!(line, "there "),
            Verdict::SendAlone(r) => write!(line, "alone:{} ", r.code.as_str()),
            Verdict::TryAgain { reason, after } => {
                let wait = after.map(|a| format!("+{}", a.as_secs())).unwrap_or_default();
                write!(line, "again:{}{wait} ", reason.code.as_str())
            }
            Verdict::Unknown(r) => write!(line, "ask:{} ", r.code.as_str()),
            Verdict::SourceChanged => write!(line, "changed "),
            Verdict::SourceGone => write!(line, "gone "),
        };
    }
    line + &match judgement.scope {
        Scope::Instances => "|".to_owned(),
        Scope::Batch(r) => format!("| batch:{}", r.code.as_str()),
        Scope::Destination { reason, after } => {
            let wait = after.map(|a| format!("+{}", a.as_secs())).unwrap_or_default();
            format!("| park:{}{wait}", reason.code.as_str())
        }
    }
}

fn judged(status: u16, retry_after: Option<u64>, body: &str, count: usize) -> Judgement {
    let sent: Vec<SopInstanceUid> =
        (1..=count).map(|n| SopInstanceUid::parse(&format!("1.{n}")).unwrap()).collect();
    let retry_after = retry_after.map(Duration::from_secs);
    let answer = Answer { status, retry_after, body: body.as_bytes() };
    judge(&answer, &sent.iter().collect::<Vec<_>>())
}

/// A store response that refers to `stored` and fails `failed`, each `(n, reason)` for the UID `1.n`.
fn body(stored: &[(u32, u16)], failed: &[(u32, u16)]) -> String {
    let entries = |list: &[(u32, u16)], tag: &str| {
        let entry = |(n, reason): &(u32, u16)| match reason {
            0 => format!(r#"{{"00081155":{{"vr":"UI","Value":["1.{n}"]}}}}"#),
            _ => format!(
                r#"{{"00081155":{{"vr":"UI","Value":["1.{n}"]}},"{tag}":{{"vr":"US","Value":[{reason}]}}}}"#
            ),
        };
        list.iter().map(entry).collect::<Vec<_>>().join(",")
    };
    format!(
        r#"{{"00081199":{{"vr":"SQ","Value":[{}]}},"00081198":{{"vr":"SQ","Value":[{}]}}}}"#,
        entries(stored, "00081196"),
        entries(failed, "00081197")
    )
}

#[test]
fn a_status_without_a_store_response_never_proves_anything() {
    // status, of three, of one that was alone
    let table = [
        (200, "ask:answer_not_understood x3 |", "ask:answer_not_understood |"),
        (201, "ask:answer_not_understood x3 |", "ask:answer_not_understood |"),
        (202, "ask:answer_not_understood x3 |", "ask:answer_not_understood |"),
        (204, "ask:answer_not_understood x3 |", "ask:answer_not_understood |"),
        (
            100,
            "ask:answer_not_understood x3 | park:answer_not_understood",
            "ask:answer_not_understood | park:answer_not_understood",
        ),
        (301, "again:redirected x3 | park:redirected", "again:redirected | park:redirected"),
        (302, "again:redirected x3 | park:redirected", "again:redirected | park:redirected"),
        (307, "again:redirected x3 | park:redirected", "again:redirected | park:redirected"),
        (308, "again:redirected x3 | park:redirected", "again:redirected | park:redirected"),
        (400, "again:not_understood x3 | batch:not_understood", "refused:not_understood |"),
        (
            401,
            "again:sign_in_needed x3 | park:sign_in_needed",
            "again:sign_in_needed | park:sign_in_needed",
        ),
        (403, "again:forbidden x3 | park:forbidden", "again:forbidden | park:forbidden"),
        (
            404,
            "again:no_store_here x3 | park:no_store_here",
            "again:no_store_here | park:no_store_here",
        ),
        (
            405,
            "again:no_store_here x3 | park:no_store_here",
            "again:no_store_here | park:no_store_here",
        ),
        (
            406,
            "again:no_store_here x3 | park:no_store_here",
            "again:no_store_here | park:no_store_here",
        ),
        (
            407,
            "again:sign_in_needed x3 | park:sign_in_needed",
            "again:sign_in_needed | park:sign_in_needed",
        ),
        (408, "ask:archive_busy x3 | park:archive_busy", "ask:archive_busy | park:archive_busy"),
        (409, "again:refused_by_archive x3 | batch:refused_by_archive", "there |"),
        (
            411,
            "again:no_store_here x3 | park:no_store_here",
            "again:no_store_here | park:no_store_here",
        ),
        (
            413,
            "again:too_large_for_archive x3 | batch:too_large_for_archive",
            "refused:too_large_for_archive |",
        ),
        (
            415,
            "again:no_store_here x3 | park:no_store_here",
            "again:no_store_here | park:no_store_here",
        ),
        (
            422,
            "again:refused_by_archive x3 | batch:refused_by_archive",
            "refused:refused_by_archive |",
        ),
        (
            424,
            "again:archive_failed x3 | park:archive_failed",
            "again:archive_failed | park:archive_failed",
        ),
        (
            429,
            "again:archive_busy+7 x3 | park:archive_busy+7",
            "again:archive_busy+7 | park:archive_busy+7",
        ),
        (500, "ask:archive_failed x3 | batch:archive_failed", "ask:archive_failed |"),
        (
            501,
            "again:no_store_here x3 | park:no_store_here",
            "again:no_store_here | park:no_store_here",
        ),
        (
            502,
            "ask:archive_failed x3 | park:archive_failed",
            "ask:archive_failed | park:archive_failed",
        ),
        (
            503,
            "again:archive_busy+7 x3 | park:archive_busy+7",
            "again:archive_busy+7 | park:archive_busy+7",
        ),
        (
            504,
            "ask:archive_failed x3 | park:archive_failed",
            "ask:archive_failed | park:archive_failed",
        ),
        (
            507,
            "again:archive_full x3 | park:archive_full",
            "again:archive_full | park:archive_full",
        ),
        (599, "ask:archive_failed x3 | batch:archive_failed", "ask:archive_failed |"),
        (
            999,
            "ask:answer_not_understood x3 | park:answer_not_understood",
            "ask:answer_not_understood | park:answer_not_understood",
        ),
    ];
    for (status, three, one) in table {
        let retry_after = [429, 503].contains(&status).then_some(7);
        let (word, rest) = three.split_once(" x3 ").unwrap();
        for body in ["", HTML, "plain text", r#"{"Message":"no"}"#] {
            let judgement = judged(status, retry_after, body, 3);
            assert_eq!(
                words(&judgement),
                format!("{word} {word} {word} {rest}"),
                "{status} {body}"
            );
            assert_eq!(words(&judged(status, retry_after, body, 1)), one, "{status} {body} alone");
        }
    }
}

#[test]
fn every_failure_reason_has_its_verdict_in_company_and_alone() {
    // reason, in a 202 beside one that was stored, alone in a 409
    let table = [
        (0x0106, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0110, "alone:refused_by_archive", "there |"),
        (0x0111, "there", "there |"),
        (0x0112, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0117, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0118, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0119, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0120, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0121, "refused:refused_by_archive", "refused:refused_by_archive |"),
        (0x0122, "refused:sop_class_not_supported", "refused:sop_class_not_supported |"),
        (0x0124, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0x0131, "alone:refused_by_archive", "refused:refused_by_archive |"),
        (0x0213, "again:archive_busy", "again:archive_busy |"),
        (0xA700, "again:archive_full", "again:archive_full | park:archive_full"),
        (0xA702, "again:archive_full", "again:archive_full | park:archive_full"),
        (0xA770, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA771, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA777, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA778, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA779, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA77A, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA77B, "refused:forbidden_by_policy", "refused:forbidden_by_policy |"),
        (0xA77C, "again:archive_full", "again:archive_full | park:archive_full"),
        (0xA900, "refused:data_set_mismatch", "refused:data_set_mismatch |"),
        (0xA901, "refused:data_set_mismatch", "refused:data_set_mismatch |"),
        (0xB000, "ask:stored_with_warning", "ask:stored_with_warning |"),
        (0xB00E, "there", "there |"),
        (0xB00F, "again:archive_busy+30", "again:archive_busy+30 |"),
        (0xC000, "refused:not_understood", "refused:not_understood |"),
        (
            0xC122,
            "refused:transfer_syntax_not_supported",
            "refused:transfer_syntax_not_supported |",
        ),
        (0xC409, "refused:not_understood", "refused:not_understood |"),
        (0xC499, "refused:not_understood", "refused:not_understood |"),
        (0xFFFF, "alone:refused_by_archive", "refused:refused_by_archive |"),
    ];
    for (reason, company, alone) in table {
        let park = if company == "again:archive_full" { " park:archive_full" } else { "" };
        let mixed = judged(202, None, &body(&[(1, 0)], &[(2, reason)]), 2);
        assert_eq!(words(&mixed), format!("stored {company} |{park}"), "{reason:04X}");
        let single = judged(409, None, &body(&[], &[(1, reason)]), 1);
        assert_eq!(words(&single), alone, "{reason:04X} alone");
    }
    // A single 0110 is final under any status but 409, which may also mean "there, with other bytes".
    let single = judged(400, None, &body(&[], &[(1, 0x0110)]), 1);
    assert_eq!(words(&single), "refused:refused_by_archive |");
}

#[test]
fn the_body_is_believed_and_the_status_is_not() {
    let stored = |numbers: &[u32]| body(&numbers.iter().map(|n| (*n, 0)).collect::<Vec<_>>(), &[]);
    let table: Vec<(&str, u16, String, usize, &str)> = vec![
        ("all stored", 200, stored(&[1, 2, 3]), 3, "stored stored stored |"),
        ("200 with one missing", 200, stored(&[1, 3]), 3, "stored alone:not_understood stored |"),
        ("400 with the good ones stored (Orthanc)", 400, stored(&[1, 3]), 3, "stored alone:not_understood stored |"),
        ("409 with the matching ones stored (Orthanc)", 409, body(&[(1, 0)], &[(2, 0x0110)]), 2, "stored alone:refused_by_archive |"),
        ("500 after some were stored", 500, stored(&[1]), 2, "stored ask:archive_failed |"),
        ("503 after some were stored", 503, stored(&[1]), 2, "stored again:archive_busy | park:archive_busy"),
        ("nothing said of any (sequences without Value)", 200, EMPTY.into(), 2, "again:not_understood again:not_understood | batch:not_understood"),
        ("nothing said of the only one", 200, EMPTY.into(), 1, "refused:not_understood |"),
        ("an empty object for the only one", 400, "{}".into(), 1, "refused:not_understood |"),
        ("a response that says nothing with 413", 413, EMPTY.into(), 1, "refused:too_large_for_archive |"),
        ("a response that says nothing with 409", 409, EMPTY.into(), 1, "there |"),
        ("a warning is stored", 200, body(&[(1, 0xB000), (2, 0xB006), (3, 0xB007)], &[]), 3, "warned:B000 warned:B006 warned:B007 |"),
        ("a validation warning (Azure)", 202, body(&[(1, 1)], &[]), 1, "warned:0001 |"),
        ("already there beside new ones (Azure)", 202, body(&[(1, 0)], &[(2, 45070)]), 2, "stored there |"),
        ("already there alone (Azure)", 409, body(&[], &[(1, 45070)]), 1, "there |"),
        ("stored and failed at once", 202, body(&[(1, 0), (2, 0)], &[(1, 0xC000)]), 2, "ask:answer_not_understood stored |"),
        ("named twice the same way", 200, stored(&[1, 1]), 1, "stored |"),
        ("invented UIDs for what cannot be read (dcm4chee)", 202, body(&[(1, 0)], &[(777, 0xC499)]), 2, "stored alone:not_understood |"),
        ("invented UIDs, alone (dcm4chee)", 409, body(&[], &[(777, 0xC499)]), 1, "refused:not_understood |"),
        ("a UID that was never sent is stored", 200, stored(&[777]), 1, "ask:answer_not_understood |"),
        ("a failure without a reason", 202, body(&[(1, 0)], &[(2, 0)]), 2, "stored alone:refused_by_archive |"),
        ("other failures, alone", 409, r#"{"0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[290]}}]}}"#.into(), 1, "refused:sop_class_not_supported |"),
        ("XML to whoever asks for JSON", 200, r#"<NativeDicomModel><DicomAttribute tag="00081199" vr="SQ"><Item number="1"><DicomAttribute tag="00081155" vr="UI"><Value number="1">1.1</Value></DicomAttribute></Item></DicomAttribute></NativeDicomModel>"#.into(), 1, "stored |"),
    ];
    for (case, status, body, count, expected) in table {
        assert_eq!(words(&judged(status, None, &body, count)), expected, "{case}");
    }
}

#[test]
fn the_numbers_of_the_archive_stay_with_the_reason() {
    let judgement = judged(409, None, &body(&[], &[(1, 0xA901)]), 1);
    let reason = Reason::new(Code::DataSetMismatch).with_status(409).with_dicom(0xA901);
    assert_eq!(judgement.verdicts, [Verdict::Refused(reason)]);
}

#[test]
fn whatever_comes_back_there_is_one_verdict_for_each_instance_and_none_is_stored_unnamed() {
    for status in 0..=1000 {
        for body in ["", HTML, EMPTY, "{}", "[]"] {
            let judgement = judged(status, None, body, 5);
            assert_eq!(judgement.verdicts.len(), 5);
            for verdict in judgement.verdicts {
                assert!(
                    !matches!(verdict, Verdict::Stored | Verdict::StoredWithWarning(_)),
                    "{status}"
                );
            }
        }
    }
}
