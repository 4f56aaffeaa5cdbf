//! Rows of the queue as the window shows them: pure.

use crate::view::{
    Failure, GroupImage, Names, OutcomeWord, PriorityWord, QueueGroup, QueueStudy, StudyState,
};
use crate::{paces, people};
use relaypacs_model::{Code, Fault, Outcome, Priority, Reason};
use relaypacs_relay::{
    DestinationRow, InTurn, InstanceRow, Phase, StateName, StudyEnd, StudyRow, Tally,
};

/// How many images of a group are named.
const NAMED: usize = 50;

/// A study in the queue.
pub(super) fn study(
    row: &InTurn,
    destination: Option<&DestinationRow>,
    names: Names,
    all_paused: bool,
    pace: Option<u64>,
) -> QueueStudy {
    let InTurn { study: row, modalities, to_copy, failed: why } = row;
    let counts = |names: &[StateName]| {
        names.iter().fold(Tally::default(), |sum, name| {
            let here = row.counts.of(*name);
            Tally { instances: sum.instances + here.instances, bytes: sum.bytes + here.bytes }
        })
    };
    let done = counts(&[StateName::Stored, StateName::StoredWithWarning, StateName::Confirmed]);
    let failed = row.counts.needs_a_person();
    let here = row.counts.here();
    let paused = row.paused || all_paused || destination.is_some_and(|row| row.paused);
    let parked = destination.and_then(|row| row.parked.as_ref()).or(row.left.as_ref());
    let left = counts(&paces::TO_SEND);
    // While nothing of it goes out, whoever has the disc wants to know that it is read.
    let state = state(row, paused, parked.is_some(), failed.instances);
    let idle = matches!(state, StudyState::Asking | StudyState::Queued);
    let state = if *to_copy && idle { StudyState::Copying } else { state };
    let pace = pace.filter(|_| state == StudyState::Sending);
    let label = destination.map(|row| row.destination.label.clone()).unwrap_or_default();
    let waits = parked.filter(|_| state == StudyState::Waiting);
    QueueStudy {
        id: row.id.0,
        name: match names {
            Names::Short => people::short(&row.patient.name),
            Names::Hidden => people::HIDDEN.to_owned(),
        },
        description: row.study.description.reveal().to_owned(),
        modality: modalities.join("+"),
        priority: PriorityWord::from(Priority::of_rank(row.priority)),
        images: here.instances,
        images_done: done.instances,
        bytes: here.bytes,
        bytes_done: done.bytes,
        bytes_per_second: pace,
        seconds_left: pace.map(|pace| left.bytes.div_ceil(pace.max(1))),
        state,
        failure: failure(state, parked.map(|parked| parked.reason.code), *why),
        waiting_for: waits.map(|_| label.clone()),
        tries_again_at: waits.and_then(|parked| parked.until).map(|until| until.0),
        failed: failed.instances,
        in_archive: row.counts.of(StateName::Confirmed).instances,
        taken_out: row.counts.of(StateName::Cancelled).instances,
        erased: false,
        receipt: None,
        destination: label,
    }
}

/// Why a study waits, or what most of its images that need a person need them for.
fn failure(
    state: StudyState,
    parked: Option<Code>,
    why: Option<(Outcome, Option<Reason>)>,
) -> Option<Failure> {
    let why = why.filter(|_| state == StudyState::NeedsPerson);
    let parked = parked.filter(|_| state == StudyState::Waiting);
    parked.or_else(|| why.map(|(outcome, reason)| code(outcome, reason))).map(Failure::from)
}

fn state(row: &StudyRow, paused: bool, parked: bool, failed: u64) -> StudyState {
    let some = |name| row.counts.of(name).instances > 0;
    match row.phase {
        _ if row.cancelled => StudyState::Cancelled,
        Phase::Done if failed > 0 => StudyState::NeedsPerson,
        Phase::Done => StudyState::Confirmed,
        _ if paused => StudyState::Paused,
        _ if parked => StudyState::Waiting,
        Phase::New => StudyState::Asking,
        Phase::Tally => StudyState::Stored,
        Phase::Open if some(StateName::Sending) => StudyState::Sending,
        Phase::Open if some(StateName::Queued) || some(StateName::Unknown) => {
            if some(StateName::Stored) { StudyState::Sending } else { StudyState::Queued }
        }
        Phase::Open => StudyState::Waiting,
    }
}

/// A study that has left the queue: nothing of the patient is left, so there is no name.
pub(super) fn finished(known: Option<QueueStudy>, end: &StudyEnd) -> QueueStudy {
    let images: u64 = end.recorded.values().sum();
    let there = end.recorded.iter().filter(|(outcome, _)| outcome.is_in_the_archive());
    let there: u64 = there.map(|(_, n)| n).sum();
    let state = match there {
        0 => StudyState::Cancelled,
        all if all == images => StudyState::Confirmed,
        _ => StudyState::Partly,
    };
    let known = known.unwrap_or_else(|| QueueStudy {
        id: end.study.0,
        name: String::new(),
        description: String::new(),
        modality: String::new(),
        priority: PriorityWord::Routine,
        destination: String::new(),
        images,
        images_done: images,
        bytes: 0,
        bytes_done: 0,
        bytes_per_second: None,
        seconds_left: None,
        state,
        failure: None,
        waiting_for: None,
        tries_again_at: None,
        failed: 0,
        in_archive: there,
        taken_out: 0,
        erased: true,
        receipt: None,
    });
    QueueStudy {
        name: people::HIDDEN.to_owned(),
        destination: end.destination.clone(),
        images,
        images_done: there,
        bytes_done: known.bytes,
        bytes_per_second: None,
        seconds_left: None,
        state,
        failure: None,
        waiting_for: None,
        tries_again_at: None,
        in_archive: there,
        taken_out: end.recorded.get(&Outcome::Cancelled).copied().unwrap_or(0),
        failed: 0,
        erased: true,
        ..known
    }
}

/// Images that need a person, by why.
#[derive(Default)]
pub(super) struct Groups(Vec<(Outcome, Option<Reason>, u64, Vec<GroupImage>)>);

impl Groups {
    /// Takes one in; one that is in the archive needs nobody.
    pub(super) fn add(&mut self, row: &InstanceRow) {
        let outcome = row.outcome();
        if outcome.is_in_the_archive() || outcome == Outcome::Cancelled {
            return;
        }
        self.put(outcome, row.reason, image(row.number, row.series_number));
    }

    fn put(&mut self, outcome: Outcome, reason: Option<Reason>, image: GroupImage) {
        let known = self.0.iter().position(|(known, why, ..)| (*known, *why) == (outcome, reason));
        let at = known.unwrap_or_else(|| {
            self.0.push((outcome, reason, 0, Vec::new()));
            self.0.len() - 1
        });
        if let Some((_, _, count, images)) = self.0.get_mut(at) {
            *count += 1;
            if images.len() < NAMED {
                images.push(image);
            }
        }
    }

    /// The largest first.
    pub(super) fn into_rows(mut self) -> Vec<QueueGroup> {
        self.0.sort_by_key(|(_, _, count, _)| std::cmp::Reverse(*count));
        let row =
            |(outcome, reason, count, images): (Outcome, Option<Reason>, u64, Vec<GroupImage>)| {
                QueueGroup {
                    failure: Failure::from(&Fault::new(code(outcome, reason))),
                    outcome: OutcomeWord(outcome),
                    count,
                    http_status: reason.and_then(|reason| reason.status),
                    dicom_reason: reason.and_then(|reason| reason.dicom),
                    images,
                    // A conflict stays one until somebody has decided which of the two is right.
                    can_retry: outcome != Outcome::Conflict,
                }
            };
        self.0.into_iter().map(row).collect()
    }
}

fn image(number: Option<i64>, series: Option<i64>) -> GroupImage {
    let words = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
    GroupImage { number: words(number), series: words(series) }
}

/// The reason, or where there is none the one that the outcome has.
fn code(outcome: Outcome, reason: Option<Reason>) -> Code {
    match (reason, outcome) {
        (Some(reason), _) => reason.code,
        (None, Outcome::Conflict) => Code::DiffersInArchive,
        (None, Outcome::Changed) => Code::SourceChanged,
        (None, Outcome::SourceGone) => Code::SourceGone,
        (
            None,
            Outcome::Rejected
            | Outcome::Waiting
            | Outcome::Cancelled
            | Outcome::Confirmed
            | Outcome::Verified
            | Outcome::Committed
            | Outcome::AlreadyThere,
        ) => Code::RefusedByArchive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::{Moment, Patient, Study, StudyInstanceUid};
    use relaypacs_relay::{Counts, DestinationId, Parked, StudyId};

    fn row(phase: Phase, to_copy: bool) -> InTurn {
        let study = StudyRow {
            id: StudyId(1),
            destination: DestinationId(1),
            study_uid: StudyInstanceUid::parse("1.2.3").unwrap(),
            patient: Patient::default(),
            study: Study::default(),
            priority: 0,
            paused: false,
            cancelled: false,
            left: None,
            phase,
            counts: Counts::default(),
        };
        InTurn { study, modalities: Vec::new(), to_copy, failed: None }
    }

    #[test]
    fn a_study_that_needs_a_person_says_why_and_one_that_waits_says_for_whom() {
        let refused = Some((Outcome::Rejected, Some(Reason::new(Code::SopClassNotSupported))));
        let parked = Some(Code::Unreachable);
        let said = |state, why| failure(state, parked, why).map(|failure| failure.code.0);
        let (needs, waits) = (StudyState::NeedsPerson, StudyState::Waiting);
        assert_eq!(said(needs, refused), Some(Code::SopClassNotSupported));
        assert_eq!(said(needs, Some((Outcome::Conflict, None))), Some(Code::DiffersInArchive));
        assert_eq!(said(waits, refused), parked);
        assert_eq!(said(StudyState::Sending, refused), None);
    }

    #[test]
    fn a_study_that_the_archive_fails_over_waits_and_says_why_and_until_when() {
        let mut row = row(Phase::New, false);
        let reason = Reason { status: Some(500), ..Reason::new(Code::ArchiveFailed) };
        row.study.left = Some(Parked { reason, until: Some(Moment(7)), attempts: 2 });
        let shown = study(&row, None, Names::Hidden, false, None);
        assert_eq!((shown.state, shown.tries_again_at), (StudyState::Waiting, Some(7)));
        assert_eq!(shown.failure.map(|failure| failure.code.0), Some(Code::ArchiveFailed));
    }

    #[test]
    fn a_study_is_copied_then_the_archive_is_asked_and_a_pause_goes_before_both() {
        let state = |row: &InTurn, paused| study(row, None, Names::Hidden, paused, Some(5)).state;
        assert!(state(&row(Phase::New, true), false) == StudyState::Copying);
        assert!(state(&row(Phase::New, false), false) == StudyState::Asking);
        assert!(state(&row(Phase::New, true), true) == StudyState::Paused);
        assert!(state(&row(Phase::Tally, true), false) == StudyState::Stored);
    }

    #[test]
    fn a_rate_is_shown_of_what_is_sent_and_of_nothing_else() {
        let shown = study(&row(Phase::New, false), None, Names::Hidden, false, Some(5));
        assert_eq!((shown.bytes_per_second, shown.seconds_left), (None, None));
    }

    fn ended(recorded: &[(Outcome, u64)]) -> StudyEnd {
        StudyEnd {
            study: StudyId(1),
            study_instance_uid: StudyInstanceUid::parse("1.2.3").unwrap(),
            destination: "Main PACS".into(),
            receipt: 7,
            // This run had to do with the rest alone.
            outcomes: [(Outcome::Cancelled, 1)].into(),
            recorded: recorded.iter().copied().collect(),
            erased: true,
        }
    }

    #[test]
    fn a_study_of_which_some_was_taken_out_is_never_told_as_wholly_there() {
        let told = |recorded: &[(Outcome, u64)]| {
            let row = finished(None, &ended(recorded));
            (row.state, row.images, row.in_archive, row.taken_out)
        };
        let there = (Outcome::Confirmed, 50);
        assert_eq!(told(&[there, (Outcome::AlreadyThere, 1)]), (StudyState::Confirmed, 51, 51, 0));
        assert_eq!(told(&[there, (Outcome::Cancelled, 50)]), (StudyState::Partly, 100, 50, 50));
        assert_eq!(told(&[(Outcome::Cancelled, 50)]), (StudyState::Cancelled, 50, 0, 50));
    }

    #[test]
    fn images_that_need_a_person_are_grouped_by_why_and_named_by_series_and_number() {
        let mut groups = Groups::default();
        let refused = Some(Reason::new(Code::RefusedByArchive));
        groups.put(Outcome::SourceGone, None, image(Some(1), Some(2)));
        groups.put(Outcome::Rejected, refused, image(Some(7), Some(4)));
        groups.put(Outcome::Rejected, refused, image(None, None));
        let rows = groups.into_rows();
        assert_eq!(rows.iter().map(|row| row.count).collect::<Vec<_>>(), [2, 1]);
        let named = rows[0].images.iter().map(|one| (one.series.as_str(), one.number.as_str()));
        assert_eq!(named.collect::<Vec<_>>(), [("4", "7"), ("", "")]);
        assert_eq!(rows[1].failure.code.0, Code::SourceGone);
    }
}
