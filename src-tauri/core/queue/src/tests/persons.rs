//! What a person does with studies and destinations.

use super::*;
use crate::{Learned, Phase, QueueError, Retry, Scope, StudyFilter};
use relaypacs_model::{Code, DestinationName, Dialect, Reason};

#[test]
fn a_pause_holds_at_every_level_and_resuming_one_does_not_resume_another() {
    let mut bench = Bench::new();
    let import = bench.import(1, 1);
    bench.ask_empty();
    let study = bench.queue.view().studies(&StudyFilter::default(), None, 1).unwrap()[0].id;
    let scopes = [
        Scope::All,
        Scope::Destination(bench.destination),
        Scope::Study(study),
        Scope::Import(import),
    ];
    for scope in scopes {
        bench.queue.pause(scope, true).unwrap();
        assert!(bench.claim().is_none(), "{scope:?}");
        bench.queue.pause(scope, false).unwrap();
    }
    bench.queue.pause(Scope::Study(study), true).unwrap();
    bench.queue.pause(Scope::All, true).unwrap();
    assert!(bench.queue.view().is_paused().unwrap());
    bench.queue.pause(Scope::All, false).unwrap();
    assert!(bench.claim().is_none());
    bench.queue.pause(Scope::Study(study), false).unwrap();
    assert!(bench.claim().is_some());
}

#[test]
fn a_retry_touches_only_what_failed() {
    let mut bench = Bench::new();
    bench.import(1, 4);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::Refused));
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, Event::SourceGone));
    bench.settle(&Answer::to_claim(claim.rows[2].id, 1, Event::Stored));
    assert_eq!(
        bench.queue.retry(Scope::Destination(bench.destination), Retry::Failed, NOW).unwrap(),
        2
    );
    use StateName::{Queued, Sending, Stored};
    assert_eq!(bench.states(claim.study), [Queued, Queued, Stored, Sending]);
    assert!(bench.claim().is_none(), "its archive is asked first");
    bench.ask_empty();
    let again = bench.claim().unwrap();
    assert_eq!((again.rows[0].attempt, again.rows[0].tries), (2, 1));
}

#[test]
fn the_commonest_reason_speaks_for_a_study_that_needs_a_person() {
    let mut bench = Bench::new();
    bench.import(1, 5);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let failure = |bench: &Bench| {
        let row = bench.queue.view().commonest_failure(claim.study).unwrap();
        row.map(|row| (row.state.name(), row.reason.map(|reason| reason.code)))
    };
    assert_eq!(failure(&bench), None);
    for (at, code) in
        [Code::RefusedByArchive, Code::SopClassNotSupported, Code::SopClassNotSupported]
            .into_iter()
            .enumerate()
    {
        let told = Answer::to_claim(claim.rows[at].id, 1, Event::Refused);
        bench.settle(&told.because(Reason::new(code)));
    }
    bench.settle(&Answer::to_claim(claim.rows[3].id, 1, Event::SourceGone));
    let wanted = (StateName::Rejected, Some(Code::SopClassNotSupported));
    assert_eq!(failure(&bench), Some(wanted));
}

#[test]
fn what_is_on_its_way_when_a_study_is_cancelled_is_followed_to_its_end() {
    let mut bench = Bench::new();
    bench.import(1, 4);
    bench.ask_empty();
    let limits = Limits { count: 3, ..WIDE };
    let claim = bench.queue.claim(bench.destination, None, limits, NOW, LEASE).unwrap().unwrap();
    assert_eq!(bench.queue.cancel_study(claim.study, NOW).unwrap(), 1);
    assert!(bench.claim().is_none());
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::Stored));
    let event = Event::TryAgain { not_before: later(5) };
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, event));
    bench.settle(&Answer::to_claim(claim.rows[2].id, 1, Event::AnswerLost));
    use StateName::{Cancelled, Stored, Unknown};
    assert_eq!(bench.states(claim.study), [Stored, Cancelled, Unknown, Cancelled]);
    bench.learn(claim.rows[2].id, Event::ArchiveLacksIt);
    assert_eq!(bench.states(claim.study)[2], Cancelled);
    assert_eq!(bench.queue.retry(Scope::All, Retry::Failed, NOW).unwrap(), 0);
    assert_eq!(bench.queue.retry(Scope::Study(claim.study), Retry::Cancelled, NOW).unwrap(), 3);
    bench.ask_empty();
    assert_eq!(bench.claim().unwrap().rows.len(), 3);
}

#[test]
fn a_study_moves_with_what_the_archive_has_not_got() {
    let mut bench = Bench::new();
    let import = bench.import(1, 3);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    bench.settle(&Answer::to_claim(claim.rows[0].id, 1, Event::Stored));
    bench.settle(&Answer::to_claim(claim.rows[1].id, 1, Event::Refused));
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    let moved = bench.queue.move_study(claim.study, other, NOW).unwrap().unwrap();
    use StateName::{Queued, Sending, Stored};
    assert_eq!(bench.states(claim.study), [Stored, Sending]);
    assert_eq!(bench.states(moved), [Queued]);
    let row = bench.queue.view().study(moved).unwrap();
    assert_eq!((row.destination, row.phase), (other, Phase::New));
    assert_eq!(row.patient.name.reveal(), CANARY);
    let counts = bench.queue.view().counts(Scope::Import(import)).unwrap();
    assert_eq!(counts.total().instances, 3);
    assert_eq!(bench.queue.move_study(claim.study, other, NOW).unwrap(), None);
}

#[test]
fn a_study_that_moves_to_where_it_is_already_is_not_there_twice() {
    let mut bench = Bench::new();
    let import = bench.import(1, 2);
    let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
    let mut second = bench.queue.begin_import(other, NOW).unwrap();
    bench.queue.offer(&mut second, &[found(1, 0)]).unwrap();
    bench.queue.finish_import(&second, NOW).unwrap();
    let study = bench.queue.studies_to_ask(bench.destination, NOW, 1).unwrap()[0].study;
    let moved = bench.queue.move_study(study, other, NOW).unwrap().unwrap();
    assert_eq!(bench.rows(moved).len(), 2);
    assert!(bench.queue.view().study(study).is_err(), "nothing is left behind");
    let counts = bench.queue.view().counts(Scope::Import(import)).unwrap();
    assert_eq!((counts.here().instances, counts.handed_on.instances), (1, 1));
}

#[test]
fn destinations_are_kept_whole_and_their_secrets_do_not_print() {
    let mut bench = Bench::new();
    let name = DestinationName::parse("main").unwrap();
    let mut wanted = place("https://pacs.example/rs");
    wanted.ca = Some("/etc/ca.pem".into());
    let id = bench.queue.save_destination(&name, &wanted).unwrap();
    assert_ne!(id, bench.destination, "a saved one is not the one in place");
    assert_eq!(
        bench.queue.destination_in_place(&place("https://pacs.example/rs")).unwrap(),
        bench.destination
    );
    let row = bench.queue.view().destination(id).unwrap();
    assert_eq!((&row.name, &row.destination), (&Some(name.clone()), &wanted));
    assert!(!format!("{row:?} {:?}", bench.queue).contains("hunter2"));

    let learned = Learned { dialect: Dialect::OrthancRest, max_request_bytes: Some(9) };
    bench.queue.learn(id, learned).unwrap();
    wanted.sign_in = SignIn::Bearer { token: Secret::new("t") };
    assert_eq!(bench.queue.save_destination(&name, &wanted).unwrap(), id);
    assert_eq!(bench.queue.view().destination(id).unwrap().learned, learned);
    wanted.root = ArchiveRoot::parse("https://new.example").unwrap();
    bench.queue.save_destination(&name, &wanted).unwrap();
    let row = bench.queue.view().destination(id).unwrap();
    assert_eq!((row.learned.max_request_bytes, row.destination), (None, wanted));
    assert_eq!(bench.queue.view().destinations().unwrap().len(), 2);
}

#[test]
fn a_destination_that_is_renamed_keeps_what_waits_for_it_and_takes_no_other_ones_name() {
    let mut bench = Bench::new();
    let name = |text| DestinationName::parse(text).unwrap();
    let wanted = place("https://pacs.example/dicom-web");
    let id = bench.queue.save_destination(&name("main"), &wanted).unwrap();
    bench.destination = id;
    bench.import(1, 2);
    bench.ask_empty();
    let learned = Learned { dialect: Dialect::OrthancRest, max_request_bytes: Some(9) };
    bench.queue.learn(id, learned).unwrap();
    bench.queue.save_destination(&name("other"), &wanted).unwrap();

    let refused = bench.queue.rename_destination(id, &name("other"), &wanted);
    assert!(matches!(refused, Err(QueueError::NameTaken)), "{refused:?}");
    assert_eq!(bench.queue.view().destination(id).unwrap().name, Some(name("main")));

    bench.queue.rename_destination(id, &name("ward"), &wanted).unwrap();
    let row = bench.queue.view().destination(id).unwrap();
    assert_eq!((row.name, row.learned), (Some(name("ward")), learned));
    assert_eq!(bench.queue.view().destinations().unwrap().len(), 3, "none was added");
    assert_eq!(bench.claim().unwrap().rows.len(), 2, "what waited for it still does");

    let moved = place("https://new.example");
    bench.queue.rename_destination(id, &name("ward"), &moved).unwrap();
    let row = bench.queue.view().destination(id).unwrap();
    assert_eq!((row.learned.max_request_bytes, row.destination), (None, moved.clone()));
    let gone = bench.queue.rename_destination(DestinationId(99), &name("x"), &moved);
    assert!(matches!(gone, Err(QueueError::NoSuchRow)), "{gone:?}");
}

#[test]
fn the_practice_archive_is_known_by_its_mark_and_never_takes_the_place_of_a_persons_destination() {
    let mut bench = Bench::new();
    let name = |text| DestinationName::parse(text).unwrap();
    let (hers, ours) = (place("https://pacs.example/dicom-web"), place("http://127.0.0.1:9"));
    let real = bench.queue.save_destination(&name("Practice PACS"), &hers).unwrap();
    let refused = bench.queue.save_practice(&name("Practice PACS"), &ours);
    assert!(matches!(refused, Err(QueueError::NameTaken)), "{refused:?}");
    let practice = bench.queue.save_practice(&name("Practice PACS 2"), &ours).unwrap();
    let moved = place("http://127.0.0.1:10");
    let again = bench.queue.save_practice(&name("Practice PACS 2"), &moved).unwrap();
    assert_eq!(again, practice, "there is one");
    let row = |bench: &Bench, id| bench.queue.view().destination(id).unwrap();
    assert_eq!((row(&bench, practice).practice, row(&bench, practice).destination), (true, moved));
    assert_eq!((row(&bench, real).practice, row(&bench, real).destination), (false, hers.clone()));

    // Whoever saves something of a person's under its name has a destination of a person's.
    bench.queue.save_destination(&name("Practice PACS 2"), &hers).unwrap();
    assert!(!row(&bench, practice).practice);
    let fresh = bench.queue.save_practice(&name("Practice PACS 3"), &ours).unwrap();
    assert_ne!(fresh, practice);
    assert_eq!(row(&bench, practice).destination.root, hers.root);
}

#[test]
fn a_destination_with_studies_is_not_forgotten() {
    let mut bench = Bench::new();
    let study = bench.confirmed(1, 1);
    let id = bench.destination;
    let refused = bench.queue.forget_destination(id);
    assert!(matches!(refused, Err(QueueError::DestinationInUse)));
    assert!(bench.queue.view().is_in_use(id).unwrap());
    bench.queue.erase_study(study).unwrap();
    bench.queue.forget_destination(id).unwrap();
    assert!(matches!(bench.queue.forget_destination(id), Err(QueueError::NoSuchRow)));
}

#[test]
fn studies_are_listed_by_page_and_filter() {
    let mut bench = Bench::new();
    let done = bench.confirmed(1, 1);
    let import = bench.import(2, 2);
    let all = StudyFilter::default();
    let first = bench.queue.view().studies(&all, None, 1).unwrap();
    let second = bench.queue.view().studies(&all, Some(first[0].id), 1).unwrap();
    assert_eq!((first[0].id, first[0].phase), (done, Phase::Done));
    assert_eq!((second[0].study_uid.clone(), second[0].phase), (study_uid(2), Phase::New));
    assert_eq!(second[0].counts.of(StateName::Queued).instances, 2);
    let filters = [
        (StudyFilter { done: true, ..all.clone() }, 1),
        (StudyFilter { import: Some(import), ..all.clone() }, 2),
        (StudyFilter { study_uid: Some(study_uid(2)), ..all.clone() }, 2),
        (StudyFilter { with: Some(StateName::Confirmed), ..all.clone() }, 1),
        (StudyFilter { destination: Some(bench.destination), done: true, ..all }, 1),
    ];
    for (filter, study) in filters {
        let rows = bench.queue.view().studies(&filter, None, 9).unwrap();
        assert_eq!(rows.len(), 1, "{filter:?}");
        assert_eq!(rows[0].study_uid, study_uid(study), "{filter:?}");
    }
}

#[test]
fn what_one_archive_has_is_not_counted_for_another_one_at_the_same_name() {
    let mut bench = Bench::new();
    let name = DestinationName::parse("main").unwrap();
    let mut wanted = place("https://pacs.example/dicom-web");
    bench.destination = bench.queue.save_destination(&name, &wanted).unwrap();
    bench.import(1, 5);
    bench.ask_empty();
    let claim = bench.claim().unwrap();
    let ids: Vec<_> = claim.rows.iter().map(|row| row.id).collect();
    bench.settle(&Answer::to_claim(ids[0], 1, Event::Stored));
    bench.settle(&Answer::to_claim(ids[1], 1, Event::Stored));
    bench.learn(ids[1], Event::ArchiveListsIt);
    bench.settle(&Answer::to_claim(ids[2], 1, Event::AnswerLost));
    bench.settle(&Answer::to_claim(ids[3], 1, Event::Refused));
    use StateName::{Confirmed, Queued, Rejected, Sending, Stored, Unknown};
    assert_eq!(bench.states(claim.study), [Stored, Confirmed, Unknown, Rejected, Sending]);

    // Another sign-in is the same archive.
    wanted.sign_in = SignIn::Bearer { token: Secret::new("t") };
    bench.queue.save_destination(&name, &wanted).unwrap();
    assert_eq!(bench.states(claim.study), [Stored, Confirmed, Unknown, Rejected, Sending]);
    wanted.root = ArchiveRoot::parse("https://new.example").unwrap();
    bench.queue.save_destination(&name, &wanted).unwrap();
    assert_eq!(bench.states(claim.study), [Queued, Queued, Queued, Rejected, Sending]);
    assert!(bench.rows(claim.study).iter().all(|row| row.proof.is_none()));
    bench.ask_empty();
    assert_eq!(bench.claim().unwrap().rows.len(), 3, "all of it goes to the new one");
}
