//! The state machine, pinned: every state with every event.

use crate::{Event, State, next};
use relaypacs_model::{Moment, Proof};
use std::num::NonZeroU32;

const NOW: Moment = Moment(100);
const LATER: Moment = Moment(200);

/// One letter per state, as the table below names the outcome; a dot stands for "impossible".
const STATES: [(char, State); 12] = [
    ('Q', State::Queued),
    ('W', State::Waiting { not_before: NOW }),
    ('S', State::Sending { lease_until: NOW }),
    ('U', State::Unknown),
    ('A', State::Stored),
    ('B', State::StoredWithWarning),
    ('C', State::Confirmed),
    ('X', State::Conflict),
    ('R', State::Rejected),
    ('H', State::Changed),
    ('G', State::SourceGone),
    ('Z', State::Cancelled),
];

fn table() -> [(Event, &'static str); 21] {
    let at_most = NonZeroU32::MIN;
    [
        (Event::Claimed { lease_until: LATER }, "SS.........."),
        (Event::Stored, "AAAAABC....."),
        (Event::StoredWithWarning, "BBBBABC....."),
        (Event::Refused, "RRRRRR......"),
        (Event::TryAgain { not_before: LATER }, "WWWU........"),
        (Event::SendAlone { at_most }, "QWQU........"),
        (Event::AnswerLost, "UUUU........"),
        (Event::LeaseExpired, "..U........."),
        (Event::OwnerGone, "..U........."),
        (Event::ArchiveHasSame, "CC.CCCC....."),
        (Event::ArchiveListsIt, "...CCCC....."),
        (Event::ArchiveCommits, "...CCCC....."),
        (Event::ArchiveHasOther, "XX.XXXX....."),
        (Event::NotComparable, "XX....C....."),
        (Event::ArchiveLacksIt, "QW.QQQQ....."),
        (Event::SourceChanged, "HHH........."),
        (Event::SourceGone, "GGG........."),
        (Event::DiffersInSource, "XX.....XXXX."),
        (Event::RetryAsked, "QQSUABCQQQQQ"),
        (Event::CancelAsked, "ZZSUABCZZZZZ"),
        (Event::OfferedAgain, "QQSUABQQQQQQ"),
    ]
}

#[test]
fn every_state_with_every_event_goes_where_the_table_says() {
    for (event, row) in table() {
        let mut went = String::new();
        for (_, state) in STATES {
            let letter = next(state, event, NOW).map_or('.', |after| {
                STATES.into_iter().find(|(_, state)| state.name() == after.name()).unwrap().0
            });
            went.push(letter);
        }
        assert_eq!(went, row, "{event:?}");
    }
}

#[test]
fn the_table_has_every_event_once() {
    let mut kinds: Vec<_> =
        table().iter().map(|(event, _)| std::mem::discriminant(event)).collect();
    kinds.dedup();
    assert_eq!(kinds.len(), 21);
    // A new event has to be written here, which the compiler asks for, and into the table above.
    for (event, _) in table() {
        match event {
            Event::Claimed { .. }
            | Event::Stored
            | Event::StoredWithWarning
            | Event::Refused
            | Event::TryAgain { .. }
            | Event::SendAlone { .. }
            | Event::AnswerLost
            | Event::LeaseExpired
            | Event::OwnerGone
            | Event::ArchiveHasSame
            | Event::ArchiveListsIt
            | Event::ArchiveCommits
            | Event::ArchiveHasOther
            | Event::NotComparable
            | Event::ArchiveLacksIt
            | Event::SourceChanged
            | Event::SourceGone
            | Event::DiffersInSource
            | Event::RetryAsked
            | Event::CancelAsked
            | Event::OfferedAgain => {}
        }
    }
}

#[test]
fn nothing_is_confirmed_without_the_archives_word() {
    for (event, _) in table() {
        for (_, state) in STATES {
            let confirmed = next(state, event, NOW) == Ok(State::Confirmed);
            if confirmed && state != State::Confirmed {
                assert!(event.proof() >= Some(Proof::Listed), "{state:?} {event:?}");
            }
        }
    }
}

#[test]
fn moments_are_kept_and_waited_for() {
    let early = State::Waiting { not_before: LATER };
    assert!(next(early, Event::Claimed { lease_until: LATER }, NOW).is_err());
    let claimed = next(early, Event::Claimed { lease_until: Moment(300) }, LATER);
    assert_eq!(claimed, Ok(State::Sending { lease_until: Moment(300) }));
    assert!(next(State::Sending { lease_until: LATER }, Event::LeaseExpired, NOW).is_err());
    let waiting = next(State::Queued, Event::TryAgain { not_before: LATER }, NOW);
    assert_eq!(waiting, Ok(early));
    assert_eq!(next(early, Event::RetryAsked, NOW), Ok(State::Queued));
}
