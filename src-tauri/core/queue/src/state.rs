//! The states of an instance and what can happen to it. No database, no network, no clock; the way from one state to
//! the next is in `next.rs`.

use relaypacs_model::{Code, Moment, Proof};
use std::num::NonZeroU32;

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// To be sent.
    Queued,
    /// To be sent, but not yet.
    Waiting {
        /// When it may be claimed again.
        not_before: Moment,
    },
    /// Claimed by a sender.
    Sending {
        /// When the sender has to be given up.
        lease_until: Moment,
    },
    /// It may be in the archive or not: the archive has to be asked.
    Unknown,
    /// The archive's answer named it as stored.
    Stored,
    /// The archive's answer named it as stored, with a warning.
    StoredWithWarning,
    /// The archive itself says that it has it.
    Confirmed,
    /// The same SOP Instance UID stands for other bytes; a person has to decide.
    Conflict,
    /// The archive will not have it.
    Rejected,
    /// The source has other bytes than those that were scanned.
    Changed,
    /// The source is not there.
    SourceGone,
    /// A person took it out.
    Cancelled,
}

/// A [`State`] without its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are those of State")]
pub enum StateName {
    Queued,
    Waiting,
    Sending,
    Unknown,
    Stored,
    StoredWithWarning,
    Confirmed,
    Conflict,
    Rejected,
    Changed,
    SourceGone,
    Cancelled,
}

/// What happens to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A sender took it.
    Claimed {
        /// When the sender has to be given up.
        lease_until: Moment,
    },
    /// The answer names it in its Referenced SOP Sequence (PS3.18 Annex I.2), or the native equivalent.
    Stored,
    /// The same, with a Warning Reason.
    StoredWithWarning,
    /// It will not be taken, however often it is sent.
    Refused,
    /// It was not taken, for a reason that passes.
    TryAgain {
        /// When to try again.
        not_before: Moment,
    },
    /// The answer to a batch left it open which of its instances is the bad one: in smaller company next time.
    SendAlone {
        /// How many instances its next batch may have.
        at_most: NonZeroU32,
    },
    /// The connection broke, or the answer says nothing about this instance.
    AnswerLost,
    /// Nothing was heard of the sender for as long as its lease.
    LeaseExpired,
    /// The sender is known to be dead (the process was started anew, or the clock was set back behind the claim).
    OwnerGone,
    /// The archive's bytes are ours.
    ArchiveHasSame,
    /// The archive lists the UID after we had sent it.
    ArchiveListsIt,
    /// The archive committed itself to keep it (PS3.18 section 13).
    ArchiveCommits,
    /// The archive has other bytes under this UID.
    ArchiveHasOther,
    /// The archive had the UID before we sent it and does not show its bytes.
    NotComparable,
    /// The archive does not list it.
    ArchiveLacksIt,
    /// The source has other bytes than those that were scanned.
    SourceChanged,
    /// The source is not there.
    SourceGone,
    /// The source has two instances of this UID with different bytes.
    DiffersInSource,
    /// A person asks to try again.
    RetryAsked,
    /// A person takes it out.
    CancelAsked,
    /// A later import found it again, perhaps elsewhere.
    OfferedAgain,
}

impl State {
    /// The state without its moment.
    #[must_use]
    pub fn name(self) -> StateName {
        match self {
            Self::Queued => StateName::Queued,
            Self::Waiting { .. } => StateName::Waiting,
            Self::Sending { .. } => StateName::Sending,
            Self::Unknown => StateName::Unknown,
            Self::Stored => StateName::Stored,
            Self::StoredWithWarning => StateName::StoredWithWarning,
            Self::Confirmed => StateName::Confirmed,
            Self::Conflict => StateName::Conflict,
            Self::Rejected => StateName::Rejected,
            Self::Changed => StateName::Changed,
            Self::SourceGone => StateName::SourceGone,
            Self::Cancelled => StateName::Cancelled,
        }
    }

    /// The moment that belongs to the state; zero where there is none.
    pub(crate) fn until(self) -> Moment {
        match self {
            Self::Waiting { not_before } => not_before,
            Self::Sending { lease_until } => lease_until,
            Self::Queued
            | Self::Unknown
            | Self::Stored
            | Self::StoredWithWarning
            | Self::Confirmed
            | Self::Conflict
            | Self::Rejected
            | Self::Changed
            | Self::SourceGone
            | Self::Cancelled => Moment(0),
        }
    }
}

impl StateName {
    /// Every state; the position is the number that the tables hold.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Waiting,
        Self::Sending,
        Self::Unknown,
        Self::Stored,
        Self::StoredWithWarning,
        Self::Confirmed,
        Self::Conflict,
        Self::Rejected,
        Self::Changed,
        Self::SourceGone,
        Self::Cancelled,
    ];

    /// True where nothing more happens by itself.
    #[must_use]
    pub fn is_ended(self) -> bool {
        self >= Self::Confirmed
    }

    /// True where nothing more is expected of anybody: the data of the instance may go.
    #[must_use]
    pub fn may_be_erased(self) -> bool {
        matches!(self, Self::Confirmed | Self::Cancelled)
    }

    /// The state of this name.
    pub(crate) fn at(self, until: Moment) -> State {
        match self {
            Self::Queued => State::Queued,
            Self::Waiting => State::Waiting { not_before: until },
            Self::Sending => State::Sending { lease_until: until },
            Self::Unknown => State::Unknown,
            Self::Stored => State::Stored,
            Self::StoredWithWarning => State::StoredWithWarning,
            Self::Confirmed => State::Confirmed,
            Self::Conflict => State::Conflict,
            Self::Rejected => State::Rejected,
            Self::Changed => State::Changed,
            Self::SourceGone => State::SourceGone,
            Self::Cancelled => State::Cancelled,
        }
    }
}

impl Event {
    /// What the event proves.
    #[must_use]
    pub fn proof(self) -> Option<Proof> {
        match self {
            Self::Stored | Self::StoredWithWarning => Some(Proof::Referenced),
            Self::ArchiveListsIt => Some(Proof::Listed),
            Self::ArchiveHasSame => Some(Proof::Identical),
            Self::ArchiveCommits => Some(Proof::Committed),
            Self::Claimed { .. }
            | Self::Refused
            | Self::TryAgain { .. }
            | Self::SendAlone { .. }
            | Self::AnswerLost
            | Self::LeaseExpired
            | Self::OwnerGone
            | Self::ArchiveHasOther
            | Self::NotComparable
            | Self::ArchiveLacksIt
            | Self::SourceChanged
            | Self::SourceGone
            | Self::DiffersInSource
            | Self::RetryAsked
            | Self::CancelAsked
            | Self::OfferedAgain => None,
        }
    }

    /// The code to give where nobody gave a better one, so that nothing ends badly without a reason.
    pub(crate) fn usual_code(self) -> Option<Code> {
        match self {
            Self::StoredWithWarning => Some(Code::StoredWithWarning),
            Self::Refused => Some(Code::RefusedByArchive),
            Self::AnswerLost | Self::LeaseExpired | Self::OwnerGone => Some(Code::ConnectionLost),
            Self::ArchiveHasOther => Some(Code::DiffersInArchive),
            Self::NotComparable => Some(Code::NotComparable),
            Self::SourceChanged => Some(Code::SourceChanged),
            Self::SourceGone => Some(Code::SourceGone),
            Self::DiffersInSource => Some(Code::DiffersInSource),
            Self::Claimed { .. }
            | Self::Stored
            | Self::TryAgain { .. }
            | Self::SendAlone { .. }
            | Self::ArchiveHasSame
            | Self::ArchiveListsIt
            | Self::ArchiveCommits
            | Self::ArchiveLacksIt
            | Self::RetryAsked
            | Self::CancelAsked
            | Self::OfferedAgain => None,
        }
    }
}
