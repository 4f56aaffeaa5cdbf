//! Failure and warning reasons (PS3.18 Annex I.2, PS3.7 Annex C) and what archives mean by them.

use super::{Answer, Verdict};
use relaypacs_model::{Code, Reason};
use std::time::Duration;

/// An instance is being created by another request: long enough for that to end.
const CREATION_PENDING: Duration = Duration::from_secs(30);

/// An item of the Referenced SOP Sequence.
pub(super) fn stored(warning: Option<u16>, status: u16) -> Verdict {
    match warning {
        None => Verdict::Stored,
        Some(warning) => Verdict::StoredWithWarning(
            Reason::new(Code::StoredWithWarning).with_status(status).with_dicom(warning),
        ),
    }
}

/// An item of the Failed SOP Sequence.
pub(super) fn failed(reason: Option<u16>, answer: &Answer<'_>, alone: bool) -> Verdict {
    let said = |code| {
        let said = Reason::new(code).with_status(answer.status);
        reason.map_or(said, |number| said.with_dicom(number))
    };
    match reason {
        // Duplicate SOP instance (PS3.7); already exists (Azure).
        Some(0x0111 | 0xB00E) => Verdict::AlreadyThere(said(Code::RefusedByArchive)),
        Some(0xB00F) => Verdict::TryAgain {
            reason: said(Code::ArchiveBusy),
            after: Some(answer.retry_after.unwrap_or(CREATION_PENDING)),
        },
        Some(0x0213) => {
            Verdict::TryAgain { reason: said(Code::ArchiveBusy), after: answer.retry_after }
        }
        Some(0x0122) => Verdict::Refused(said(Code::SopClassNotSupported)),
        Some(0xC122) => Verdict::Refused(said(Code::TransferSyntaxNotSupported)),
        Some(0x0124 | 0xA770..=0xA77B) => Verdict::Refused(said(Code::ForbiddenByPolicy)),
        Some(0xA700..=0xA7FF) => {
            Verdict::TryAgain { reason: said(Code::ArchiveFull), after: answer.retry_after }
        }
        Some(0xA900..=0xA9FF) => Verdict::Refused(said(Code::DataSetMismatch)),
        Some(0xC000..=0xCFFF) => Verdict::Refused(said(Code::NotUnderstood)),
        Some(0x0106 | 0x0112 | 0x0117..=0x0121) => Verdict::Refused(said(Code::RefusedByArchive)),
        // A warning means "stored" (PS3.4 B.2.3), yet it stands among the failures.
        Some(0xB000..=0xBFFF | 0x0001) => Verdict::Unknown(said(Code::StoredWithWarning)),
        // Google says 409 and 0110 of an instance that is there with other bytes: only a comparison can tell.
        Some(0x0110) | None if alone && answer.status == 409 => {
            Verdict::AlreadyThere(said(Code::RefusedByArchive))
        }
        Some(_) | None if alone => Verdict::Refused(said(Code::RefusedByArchive)),
        Some(_) | None => Verdict::SendAlone(said(Code::RefusedByArchive)),
    }
}

/// The reason, where a verdict means that nothing else will fit either.
pub(super) fn archive_full(verdict: Verdict) -> Option<Reason> {
    match verdict {
        Verdict::TryAgain { reason, .. } if reason.code == Code::ArchiveFull => Some(reason),
        Verdict::TryAgain { .. }
        | Verdict::Stored
        | Verdict::StoredWithWarning(_)
        | Verdict::Refused(_)
        | Verdict::AlreadyThere(_)
        | Verdict::SendAlone(_)
        | Verdict::Unknown(_)
        | Verdict::SourceChanged
        | Verdict::SourceGone => None,
    }
}
