//! What a face of RelayPACS (terminal, window, test) is told while the relay works.

use crate::ends::ImportEnd;
use crate::spool::{CopyProgress, Gap, SourceFree, SourceGone, SourceStays};
use relaypacs_ledger::IndexTally;
use relaypacs_model::{
    Fault, Moment, Outcome, Reason, Seen, SkipReason, SopInstanceUid, StudyInstanceUid,
};
use relaypacs_queue::StudyId;
use std::collections::BTreeMap;
use std::time::Duration;

/// Told of everything that happens. Called from several threads; must not block for long.
pub trait Observer: Send + Sync + 'static {
    /// A file was looked at.
    fn seen(&self, _seen: &Seen) {}
    /// The whole source was looked at.
    fn scanned(&self, _counts: &ScanCounts) {}
    /// Bytes of images went out, or images came to their end.
    fn progress(&self, _progress: &Progress) {}
    /// A destination cannot be used for now; what waits for it is kept.
    fn parked(&self, _destination: &str, _fault: &Fault, _until: Option<Moment>) {}
    /// A destination fails over one study, which is left alone for now; the others go on.
    fn left_alone(&self, _destination: &str, _study: StudyId, _fault: &Fault, _until: Moment) {}
    /// So much of an import is copied into the spool.
    fn copying(&self, _progress: &CopyProgress) {}
    /// A source is not needed any more: the disc can come out.
    fn source_free(&self, _free: &SourceFree) {}
    /// A source is not there any more, and something of it was not copied: that waits for it.
    fn source_gone(&self, _gone: &SourceGone) {}
    /// There is no room to copy a source: the disc has to stay in until all of it is sent.
    fn source_stays(&self, _stays: &SourceStays) {}
    /// These images could not be read from a damaged medium, when they were copied.
    fn unreadable(&self, _gaps: &[Gap]) {}
    /// An instance came to its end in this run. Comes once for each instance; again only where something put right what it
    /// ended with, and it came to another end.
    fn verdict(&self, _verdict: &Verdict) {}
    /// Everything that one import offered came to its end.
    fn import_ended(&self, _end: &ImportEnd) {}
    /// The disk or the program itself is in trouble; what waits is kept and tried again.
    fn trouble(&self, _fault: &Fault) {}
    /// A study came to its end in this run.
    fn study(&self, _study: &StudyEnd) {}
}

/// An observer that does not look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {}

/// What a scan counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Regular files and members of archives: instances and all skipped.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Instances that can be sent.
    pub instances: u64,
    /// Distinct Series Instance UIDs among them.
    pub series: u64,
    /// Distinct Study Instance UIDs among them.
    pub studies: u64,
    /// Distinct patients among them, by ID, issuer, name and birth date.
    pub patients: u64,
    /// Files that will not be sent, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Files that a DICOMDIR lists and the source lacks.
    pub listed_missing: u64,
    /// What the DICOMDIRs say; `None` where there is none.
    pub index: Option<IndexTally>,
    /// Where files could not be read: the gaps that they seem to have left in their series.
    pub gaps: Vec<Gap>,
    /// How long it took.
    pub took: Duration,
}

impl ScanCounts {
    /// True where a file was skipped for a reason that a person should look at, or one may be missing that the index of
    /// the disc lists.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        self.listed_missing > 0
            || self.index.is_some_and(|index| index.partly)
            || self.skipped.keys().any(|reason| reason.needs_a_person())
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Instances in the run.
    pub instances: u64,
    /// Instances that are confirmed, or were there before.
    pub confirmed: u64,
    /// Instances that the archive said it stored, confirmed ones among them.
    pub stored: u64,
    /// Bytes of all instances in the run.
    pub bytes: u64,
    /// Bytes of instances handed to the network so far.
    pub bytes_sent: u64,
    /// Those of them that had been handed to the network before.
    pub bytes_sent_again: u64,
    /// HTTP requests made so far.
    pub requests: u64,
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which one.
    pub sop_instance_uid: SopInstanceUid,
    /// How.
    pub outcome: Outcome,
    /// Why, where it did not get into the archive or got there changed.
    pub reason: Option<Reason>,
}

/// How a study ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyEnd {
    /// Its row in the queue.
    pub study: StudyId,
    /// Which one.
    pub study_instance_uid: StudyInstanceUid,
    /// Where it went.
    pub destination: String,
    /// The receipt in the ledger of the import that offered it last.
    pub receipt: u64,
    /// Its instances in this run, by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// All of its instances by outcome, those that its receipt had before this run too.
    pub recorded: BTreeMap<Outcome, u64>,
    /// True once its patient data has left the queue.
    pub erased: bool,
}

impl StudyEnd {
    /// How many instances it had in this run.
    #[must_use]
    pub fn instances(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// How many of them are proven to be in the archive.
    #[must_use]
    pub fn in_the_archive(&self) -> u64 {
        self.outcomes
            .iter()
            .filter(|(outcome, _)| outcome.is_in_the_archive())
            .map(|(_, n)| n)
            .sum()
    }

    /// One word for the whole: the worst that happened to any of its instances.
    #[must_use]
    pub fn state(&self) -> &'static str {
        const WORST_FIRST: [Outcome; 6] = [
            Outcome::Conflict,
            Outcome::Rejected,
            Outcome::Changed,
            Outcome::SourceGone,
            Outcome::Waiting,
            Outcome::Cancelled,
        ];
        let worst = WORST_FIRST.into_iter().find(|outcome| self.outcomes.contains_key(outcome));
        match worst {
            Some(outcome) => outcome.as_str(),
            None if self.outcomes.keys().all(|outcome| *outcome == Outcome::AlreadyThere) => {
                Outcome::AlreadyThere.as_str()
            }
            None => Outcome::Confirmed.as_str(),
        }
    }
}

/// What a run came to. The parts add up to `instances`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Instances in the run.
    pub instances: u64,
    /// How they ended. Verified and committed ones are confirmed ones with a stronger proof.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Bytes of instances handed to the network.
    pub bytes_sent: u64,
    /// Those of them that had been handed to the network before.
    pub bytes_sent_again: u64,
    /// HTTP requests made.
    pub requests: u64,
    /// Why the paper receipt could not be saved, where it was asked for and could not.
    pub paper_fault: Option<Fault>,
    /// How long it took.
    pub took: Duration,
}

impl Summary {
    /// How many ended so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    /// The promise that every instance is accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.outcomes.values().sum::<u64>() == self.instances
    }
}
