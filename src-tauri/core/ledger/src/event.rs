//! What can happen, as the ledger writes it down.

use crate::key::{Keys, Kind};
use crate::table::event::Draft;
use crate::{Counts, DestinationLabel, IndexTally, ReceiptId, modality};
use relaypacs_model::{Moment, Priority, SkipReason, StudyInstanceUid};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The caller's stable id of an event: writing the same one again changes nothing. Only a keyed hash of it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId([u8; 32]);

impl EventId {
    /// An id from what makes the event the same one: the same parts give the same id.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut sum = Sha256::new();
        for part in parts {
            sum.update((part.len() as u64).to_le_bytes());
            sum.update(part);
        }
        Self(sum.finalize().into())
    }

    pub(crate) fn hash(&self, keys: &Keys) -> [u8; 16] {
        keys.name(Kind::Event, &[&self.0])
    }
}

/// The caller's stable id of one import (one send command, one drop into the window), random. Only a keyed hash of it
/// is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImportId(pub [u8; 16]);

impl ImportId {
    pub(crate) fn hash(&self, keys: &Keys) -> [u8; 16] {
        keys.name(Kind::Import, &[&self.0])
    }
}

/// Where an event stands in the chain: 1, 2, 3 and so on, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventNumber(pub u64);

/// A program's version: 1 to 32 characters of `0-9 a-z A-Z . + -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// Why a text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version has 1 to 32 characters: digits, letters, '.', '+' and '-'")]
pub struct VersionFault;

impl Version {
    /// Checks a version.
    ///
    /// # Errors
    /// [`VersionFault`] says the rule.
    pub fn parse(text: &str) -> Result<Self, VersionFault> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
        if text.is_empty()
            || text.len() > 32
            || !text.chars().all(fits)
            || !text.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(VersionFault);
        }
        Ok(Self(text.into()))
    }

    /// The version.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which setting was changed; never to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A destination was saved or changed.
    DestinationSaved,
    /// A destination was removed.
    DestinationRemoved,
    /// Destinations were taken over from a file or a code.
    DestinationEnrolled,
    /// How the queue's key is kept.
    QueueKey,
    /// How much is read back and compared.
    ReadBack,
    /// Whether local files are copied until they are confirmed.
    KeepACopy,
    /// Anything else.
    Other,
}

impl Setting {
    fn as_str(self) -> &'static str {
        match self {
            Self::DestinationSaved => "destination_saved",
            Self::DestinationRemoved => "destination_removed",
            Self::DestinationEnrolled => "destination_enrolled",
            Self::QueueKey => "queue_key",
            Self::ReadBack => "read_back",
            Self::KeepACopy => "keep_a_copy",
            Self::Other => "other",
        }
    }
}

/// What the lists and figures of sent studies are made of. Nothing in it can name a patient: a modality that is no defined
/// term is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutStudy {
    /// On which receipt.
    pub receipt: ReceiptId,
    /// (0008,0060) of its series, each once.
    pub modalities: Vec<String>,
    /// How urgent it was.
    pub priority: Priority,
    /// When it was offered.
    pub queued: Moment,
    /// Bytes of its instances.
    pub bytes: u64,
}

impl AboutStudy {
    /// `CT`, `CT+SR`; whatever is no defined term reads `OT`: a file can have anything there, a name or a date of birth.
    fn modality(&self) -> String {
        let term = |word: &String| modality::term(word).unwrap_or(modality::OTHER);
        let words: BTreeSet<&str> = self.modalities.iter().map(term).collect();
        let words: Vec<&str> = words.into_iter().take(8).collect();
        words.join("+")
    }
}

/// Something that happened. The codes in brackets are those of PS3.15 section A.5.3 (DCM), where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The program started (110100, Application Activity).
    Started {
        /// Which program.
        version: Version,
    },
    /// The program stopped (110100, Application Activity).
    Stopped {
        /// Which program.
        version: Version,
    },
    /// A source was looked at and queued (110107, Import).
    Imported {
        /// Which import.
        import: ImportId,
        /// Where it is to go, once that is known.
        destination: Option<DestinationLabel>,
        /// How many studies.
        studies: u64,
        /// How many instances.
        instances: u64,
        /// How many bytes.
        bytes: u64,
        /// How many files were left out, by reason.
        skipped: BTreeMap<SkipReason, u64>,
        /// What the index of the disc says, where there is one.
        index: Option<IndexTally>,
    },
    /// The first byte of a study is about to go out (110102, Begin Transferring DICOM Instances).
    BeginTransferring {
        /// Which study.
        study: StudyInstanceUid,
        /// How many of its instances.
        instances: u64,
        /// Where to.
        destination: DestinationLabel,
    },
    /// What of a study the archive said it stored (110104, DICOM Instances Transferred).
    InstancesTransferred {
        /// Which study.
        study: StudyInstanceUid,
        /// Where to.
        destination: DestinationLabel,
        /// How many instances.
        stored: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// What of a study the archive is proven to have.
    Confirmed {
        /// Which study.
        study: StudyInstanceUid,
        /// Where.
        destination: DestinationLabel,
        /// By outcome.
        counts: Counts,
        /// What is told of it in lists and figures.
        about: AboutStudy,
    },
    /// A study came to its end.
    Ended {
        /// Which study.
        study: StudyInstanceUid,
        /// How its instances ended.
        counts: Counts,
    },
    /// A study's key was destroyed and its rows were erased.
    Erased {
        /// Which study.
        study: StudyInstanceUid,
    },
    /// A sign-in at a destination (110114, User Authentication).
    SignIn {
        /// Where.
        destination: DestinationLabel,
        /// Whether it was accepted.
        accepted: bool,
    },
    /// A setting was changed.
    SettingsChanged {
        /// Which one.
        what: Setting,
    },
    /// A damaged queue was put aside and a new one begun.
    QueueSetAside,
}

impl Event {
    /// The word that tables and exports use.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Stopped { .. } => "stopped",
            Self::Imported { .. } => "imported",
            Self::BeginTransferring { .. } => "begin_transferring",
            Self::InstancesTransferred { .. } => "instances_transferred",
            Self::Confirmed { .. } => "confirmed",
            Self::Ended { .. } => "ended",
            Self::Erased { .. } => "erased",
            Self::SignIn { .. } => "sign_in",
            Self::SettingsChanged { .. } => "settings_changed",
            Self::QueueSetAside => "queue_set_aside",
        }
    }

    /// What is written: identifiers as keyed hashes, the rest as numbers and words.
    pub(crate) fn draft(&self, keys: &Keys) -> Draft {
        let mut draft = Draft::new(self.kind());
        let hash = |study: &StudyInstanceUid| keys.name(Kind::Study, &[study.as_str().as_bytes()]);
        match self {
            Self::Started { version } | Self::Stopped { version } => {
                draft.detail = json!({ "version": version.as_str() });
            }
            Self::Imported { import, destination, studies, instances, bytes, skipped, index } => {
                draft.import = Some(import.hash(keys));
                draft.destination = destination.as_ref().map(|label| label.as_str().into());
                let skipped = words(skipped.iter().map(|(why, many)| (why.as_str(), *many)));
                draft.detail = json!({
                    "studies": studies, "instances": instances, "bytes": bytes, "skipped": skipped,
                });
                if let (Some(index), Value::Object(detail)) = (index, &mut draft.detail) {
                    let IndexTally { listed, missing, unlisted, partly } = index;
                    let mut parts = vec![
                        ("listed", json!(listed)),
                        ("missing", json!(missing)),
                        ("unlisted", json!(unlisted)),
                    ];
                    if *partly {
                        parts.push(("partly", json!(true)));
                    }
                    let index = parts.into_iter().map(|(name, value)| (name.to_owned(), value));
                    detail.insert("index".into(), Value::Object(index.collect()));
                }
            }
            Self::BeginTransferring { study, instances, destination } => {
                draft.study = Some(hash(study));
                draft.destination = Some(destination.as_str().into());
                draft.detail = json!({ "instances": instances });
            }
            Self::InstancesTransferred { study, destination, stored, bytes } => {
                draft.study = Some(hash(study));
                draft.destination = Some(destination.as_str().into());
                draft.detail = json!({ "stored": stored, "bytes": bytes });
            }
            Self::Confirmed { study, destination, counts, about } => {
                draft.study = Some(hash(study));
                draft.destination = Some(destination.as_str().into());
                draft.receipt = i64::try_from(about.receipt.0).ok();
                let mut detail = by_outcome(counts);
                detail.insert("modality".into(), json!(about.modality()));
                detail.insert("priority".into(), json!(about.priority.as_str()));
                detail.insert("queued".into(), json!(about.queued.0));
                detail.insert("bytes".into(), json!(about.bytes));
                detail.insert("images".into(), json!(counts.instances()));
                detail.insert("images_in_archive".into(), json!(counts.in_the_archive()));
                draft.detail = Value::Object(detail);
            }
            Self::Ended { study, counts } => {
                draft.study = Some(hash(study));
                draft.detail = Value::Object(by_outcome(counts));
            }
            Self::Erased { study } => draft.study = Some(hash(study)),
            Self::SignIn { destination, accepted } => {
                draft.destination = Some(destination.as_str().into());
                draft.detail = json!({ "accepted": accepted });
            }
            Self::SettingsChanged { what } => draft.detail = json!({ "what": what.as_str() }),
            Self::QueueSetAside => {}
        }
        draft
    }
}

/// The code of an event kind in PS3.15 section A.5.3 and PS3.16 (DCM), where it has one.
pub(crate) fn dicom_code(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "started" | "stopped" => "110100",
        "imported" => "110107",
        "begin_transferring" => "110102",
        "instances_transferred" => "110104",
        "sign_in" => "110114",
        _ => return None,
    })
}

fn by_outcome(counts: &Counts) -> Map<String, Value> {
    words(counts.outcomes().map(|(outcome, many)| (outcome.as_str(), many)))
}

fn words<'a>(pairs: impl Iterator<Item = (&'a str, u64)>) -> Map<String, Value> {
    pairs.map(|(word, many)| (word.to_owned(), json!(many))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_holds_no_name() {
        assert!(Version::parse("1.4.0-beta.2+5").is_ok());
        for bad in ["", "Canary^Anna", "Canary", "1 2", &"1".repeat(33)] {
            assert_eq!(Version::parse(bad), Err(VersionFault), "{bad}");
        }
    }

    #[test]
    fn a_modality_that_is_none_names_nobody() {
        let about = |words: &[&str]| AboutStudy {
            receipt: ReceiptId(1),
            modalities: words.iter().map(|word| (*word).to_owned()).collect(),
            priority: Priority::Routine,
            queued: Moment(0),
            bytes: 0,
        };
        assert_eq!(about(&["SR", "CT", "CT"]).modality(), "CT+SR");
        assert_eq!(about(&["Canary^Anna", "", "SMITH JOHN"]).modality(), "OT");
        // Also where they look like one.
        assert_eq!(about(&["MUELLER", "19400312", "ANNA", "LI", "CT2"]).modality(), "OT");
        assert_eq!(about(&["RTSTRUCT", "MUELLER", "PT"]).modality(), "OT+PT+RTSTRUCT");
    }

    #[test]
    fn the_parts_of_an_event_id_do_not_run_together() {
        assert_ne!(EventId::of(&[b"ab", b"c"]), EventId::of(&[b"a", b"bc"]));
        assert_eq!(EventId::of(&[b"ab", b"c"]), EventId::of(&[b"ab", b"c"]));
    }
}
