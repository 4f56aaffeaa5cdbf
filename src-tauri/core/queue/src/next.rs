//! The way of an instance, as one pure function: `(state, event, now) -> state`. No database, no network, no clock.
//!
//! No event leads to [`State::Confirmed`] but those that carry the archive's own word ([`Event::proof`]), and what is
//! taken out by a person while it is on its way is followed to its end, since bytes that left cannot be called back.

use crate::state::{Event, State};
use relaypacs_model::Moment;

/// The event cannot happen in this state; the state stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to an instance that is {state:?}")]
pub struct Impossible {
    /// The state that stays.
    pub state: State,
    /// The event that does not fit.
    pub event: Event,
}

/// The state after `event`.
///
/// # Errors
/// [`Impossible`] where the event makes no sense in this state; the state stays as it is.
pub fn next(state: State, event: Event, now: Moment) -> Result<State, Impossible> {
    let after = match event {
        Event::Claimed { lease_until } => claimed(state, lease_until, now),
        Event::Stored => stored(state, State::Stored),
        Event::StoredWithWarning => stored(state, State::StoredWithWarning),
        Event::Refused => refused(state),
        Event::TryAgain { not_before } => try_again(state, not_before),
        Event::SendAlone { at_most: _ } => send_alone(state),
        Event::AnswerLost => answer_lost(state),
        Event::LeaseExpired => lease_expired(state, now),
        Event::OwnerGone => owner_gone(state),
        Event::ArchiveHasSame => archive_has_same(state),
        Event::ArchiveListsIt | Event::ArchiveCommits => archive_lists_it(state),
        Event::ArchiveHasOther => archive_has_other(state),
        Event::NotComparable => not_comparable(state),
        Event::ArchiveLacksIt => archive_lacks_it(state),
        Event::SourceChanged => source_failed(state, State::Changed),
        Event::SourceGone => source_failed(state, State::SourceGone),
        Event::DiffersInSource => differs_in_source(state),
        Event::RetryAsked => retry_asked(state),
        Event::CancelAsked => cancel_asked(state),
        Event::OfferedAgain => offered_again(state),
    };
    after.ok_or(Impossible { state, event })
}

/// States that most events treat alike.
enum Stage {
    Ready,
    Sending,
    Unknown,
    Stored,
    Confirmed,
    Failed,
    Cancelled,
}

fn stage(state: State) -> Stage {
    match state {
        State::Queued | State::Waiting { .. } => Stage::Ready,
        State::Sending { .. } => Stage::Sending,
        State::Unknown => Stage::Unknown,
        State::Stored | State::StoredWithWarning => Stage::Stored,
        State::Confirmed => Stage::Confirmed,
        State::Conflict | State::Rejected | State::Changed | State::SourceGone => Stage::Failed,
        State::Cancelled => Stage::Cancelled,
    }
}

fn claimed(state: State, lease_until: Moment, now: Moment) -> Option<State> {
    match stage(state) {
        Stage::Ready => (state.until() <= now).then_some(State::Sending { lease_until }),
        Stage::Sending
        | Stage::Unknown
        | Stage::Stored
        | Stage::Confirmed
        | Stage::Failed
        | Stage::Cancelled => None,
    }
}

/// An answer may come after its lease ended: the archive's word counts all the same.
fn stored(state: State, to: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Sending | Stage::Unknown => Some(to),
        Stage::Stored | Stage::Confirmed => Some(state),
        Stage::Failed | Stage::Cancelled => None,
    }
}

fn refused(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Sending | Stage::Unknown | Stage::Stored => Some(State::Rejected),
        Stage::Confirmed | Stage::Failed | Stage::Cancelled => None,
    }
}

fn try_again(state: State, not_before: Moment) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Sending => Some(State::Waiting { not_before }),
        Stage::Unknown => Some(state),
        Stage::Stored | Stage::Confirmed | Stage::Failed | Stage::Cancelled => None,
    }
}

fn send_alone(state: State) -> Option<State> {
    match stage(state) {
        Stage::Sending => Some(State::Queued),
        Stage::Ready | Stage::Unknown => Some(state),
        Stage::Stored | Stage::Confirmed | Stage::Failed | Stage::Cancelled => None,
    }
}

/// Also where the archive was asked meanwhile and lacked it: the bytes may have arrived after that.
fn answer_lost(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Sending | Stage::Unknown => Some(State::Unknown),
        Stage::Stored | Stage::Confirmed | Stage::Failed | Stage::Cancelled => None,
    }
}

fn lease_expired(state: State, now: Moment) -> Option<State> {
    match stage(state) {
        Stage::Sending => (state.until() <= now).then_some(State::Unknown),
        Stage::Ready
        | Stage::Unknown
        | Stage::Stored
        | Stage::Confirmed
        | Stage::Failed
        | Stage::Cancelled => None,
    }
}

fn owner_gone(state: State) -> Option<State> {
    match stage(state) {
        Stage::Sending => Some(State::Unknown),
        Stage::Ready
        | Stage::Unknown
        | Stage::Stored
        | Stage::Confirmed
        | Stage::Failed
        | Stage::Cancelled => None,
    }
}

fn archive_has_same(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Unknown | Stage::Stored | Stage::Confirmed => Some(State::Confirmed),
        Stage::Sending | Stage::Failed | Stage::Cancelled => None,
    }
}

/// A UID that is listed before we sent it proves nothing about its bytes: `Ready` needs the comparison.
fn archive_lists_it(state: State) -> Option<State> {
    match stage(state) {
        Stage::Unknown | Stage::Stored | Stage::Confirmed => Some(State::Confirmed),
        Stage::Ready | Stage::Sending | Stage::Failed | Stage::Cancelled => None,
    }
}

fn archive_has_other(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Unknown | Stage::Stored | Stage::Confirmed => Some(State::Conflict),
        Stage::Sending | Stage::Failed | Stage::Cancelled => None,
    }
}

/// What we sent and the archive lists stays confirmed: only what was there before has to be compared.
fn not_comparable(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready => Some(State::Conflict),
        Stage::Confirmed => Some(state),
        Stage::Sending | Stage::Unknown | Stage::Stored | Stage::Failed | Stage::Cancelled => None,
    }
}

fn archive_lacks_it(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready => Some(state),
        Stage::Unknown | Stage::Stored | Stage::Confirmed => Some(State::Queued),
        Stage::Sending | Stage::Failed | Stage::Cancelled => None,
    }
}

/// What is `Unknown` or stored is not judged by its source any more, but by the archive.
fn source_failed(state: State, to: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Sending => Some(to),
        Stage::Unknown | Stage::Stored | Stage::Confirmed | Stage::Failed | Stage::Cancelled => {
            None
        }
    }
}

fn differs_in_source(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Failed => Some(State::Conflict),
        Stage::Sending | Stage::Unknown | Stage::Stored | Stage::Confirmed | Stage::Cancelled => {
            None
        }
    }
}

fn retry_asked(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Failed | Stage::Cancelled => Some(State::Queued),
        Stage::Sending | Stage::Unknown | Stage::Stored | Stage::Confirmed => Some(state),
    }
}

fn cancel_asked(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Failed | Stage::Cancelled => Some(State::Cancelled),
        Stage::Sending | Stage::Unknown | Stage::Stored | Stage::Confirmed => Some(state),
    }
}

/// What was confirmed was confirmed for the bytes of then: those that are offered now are compared anew.
fn offered_again(state: State) -> Option<State> {
    match stage(state) {
        Stage::Ready | Stage::Failed | Stage::Cancelled | Stage::Confirmed => Some(State::Queued),
        Stage::Sending | Stage::Unknown | Stage::Stored => Some(state),
    }
}
