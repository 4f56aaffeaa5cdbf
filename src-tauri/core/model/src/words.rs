//! The sentences of every code: what happened, is anything lost, what to do now. Plain words, no blame.

use crate::Code;

/// Three sentences for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentences {
    /// What happened.
    pub happened: &'static str,
    /// Is anything lost.
    pub lost: &'static str,
    /// What to do now.
    pub now: &'static str,
}

const KEPT: &str = "Nothing is lost: it waits in the queue.";
const ON_SOURCE: &str = "Nothing is lost: the image is still on the source.";
const NOTHING: &str = "Nothing was sent or changed.";
const TRIES: &str = "RelayPACS tries again by itself; there is nothing to do.";
const ASK_PACS: &str =
    "Ask the people who run the archive, and give them the code and the numbers.";

fn say(happened: &'static str, lost: &'static str, now: &'static str) -> Sentences {
    Sentences { happened, lost, now }
}

impl Code {
    /// What happened, is anything lost, what to do now.
    #[must_use]
    pub fn sentences(self) -> Sentences {
        self.instance().or_else(|| self.place()).unwrap_or_else(|| self.home())
    }

    /// Codes of one instance.
    fn instance(self) -> Option<Sentences> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "split in three; a test holds that no code is left out"
        )]
        Some(match self {
            Self::RefusedByArchive => say("The archive refused this image.", ON_SOURCE, ASK_PACS),
            Self::NotUnderstood => say(
                "The archive could not read this image.",
                ON_SOURCE,
                "Open it in a viewer; if it opens, ask the people who run the archive.",
            ),
            Self::DataSetMismatch => say(
                "The archive says that this image breaks the rules of its kind (SOP class).",
                ON_SOURCE,
                "Ask where the image was made for a correct copy, or ask the people who run the archive to accept it.",
            ),
            Self::SopClassNotSupported => say(
                "The archive does not take this kind of object (SOP class).",
                ON_SOURCE,
                ASK_PACS,
            ),
            Self::TransferSyntaxNotSupported => say(
                "The archive does not take this way of compression (transfer syntax).",
                ON_SOURCE,
                ASK_PACS,
            ),
            Self::ForbiddenByPolicy => say(
                "A rule of the archive forbids this image, often a patient ID that conflicts.",
                ON_SOURCE,
                ASK_PACS,
            ),
            Self::TooLargeForArchive => say(
                "This one image is larger than the archive accepts in a request.",
                ON_SOURCE,
                "Ask the people who run the archive (or the proxy before it) to raise the limit, then retry.",
            ),
            Self::DroppedByArchive => say(
                "The archive said that it stored this image, but it does not list it.",
                ON_SOURCE,
                "Ask the people who run the archive whether a filter drops it, then retry.",
            ),
            Self::DiffersInArchive => say(
                "The archive has a different image under the same identity (SOP Instance UID).",
                "Nothing is lost: both are unchanged, ours on the source, theirs in the archive.",
                "Compare the two; a person has to decide which one is right.",
            ),
            Self::DiffersInSource => say(
                "The source has different images under the same identity (SOP Instance UID).",
                "Nothing is lost: none of them was sent.",
                "Compare them; a person has to decide which one is right.",
            ),
            Self::NotComparable => say(
                "The archive already lists this image, but would not show it for comparison.",
                ON_SOURCE,
                "Compare the image in the archive with the one on the source; a person has to decide.",
            ),
            Self::StoredWithWarning => say(
                "The archive stored this image but changed or dropped something in it.",
                "The image is in the archive; the original is still on the source.",
                "Look at the image in the archive and ask the people who run it what was changed.",
            ),
            _ => return None,
        })
    }

    /// Codes of a source or a destination.
    fn place(self) -> Option<Sentences> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "split in three; a test holds that no code is left out"
        )]
        Some(match self {
            Self::SourceNotFound => say(
                "There is nothing at this path.",
                NOTHING,
                "Check the spelling, and that the disc or stick is in.",
            ),
            Self::SourceUnreadable => say(
                "This path could not be read.",
                NOTHING,
                "Check that you may open it; clean the disc, or try another drive.",
            ),
            Self::SourceGone => say(
                "The source is not there any more.",
                KEPT,
                "Put the disc or stick back in, or bring the folder back; then retry.",
            ),
            Self::SourceChanged => say(
                "The file is not what it was when it was looked at.",
                "Nothing is lost: the changed file was not counted as sent.",
                "Scan the source again and send it anew.",
            ),
            Self::CannotBeRead => say(
                "This image cannot be read: its place on the disc is damaged.",
                "The other images are not affected; this one is only on the disc.",
                "Clean the disc or try another drive, then retry; or ask for another copy of the disc.",
            ),
            Self::CopyDamaged => say(
                "The encrypted copy of this image on this machine is damaged, and its source is not there.",
                "Nothing is lost: the image is still on its disc or stick, and it waits in the queue.",
                "Put the disc or stick back in, then retry.",
            ),
            Self::NothingToSend => say(
                "There is no image here that can be sent.",
                "Nothing was sent; each file and its reason is listed.",
                "Check that it is the right disc or folder.",
            ),
            Self::NotEjected => say(
                "The disc or stick was not ejected.",
                "Nothing is lost: it is as it was.",
                "Close what else uses it and eject it again, or take it out by hand.",
            ),
            Self::StillNeeded => say(
                "This disc or stick has still to be read.",
                "Nothing is lost: it was left in.",
                "Leave it in until it is said that it can come out.",
            ),
            Self::DestinationUnknown => say(
                "No destination has this name.",
                NOTHING,
                "See the saved ones with `relaypacs destination list`, or give a URL.",
            ),
            Self::DestinationNotUsable => {
                say("This destination cannot be used.", NOTHING, "Correct it and try again.")
            }
            Self::DestinationInUse => say(
                "This destination is still needed: studies in the queue, or in a review that is open, are to go there.",
                NOTHING,
                "Move or cancel those studies (see `relaypacs queue list`) and end the review; then remove it.",
            ),
            Self::NameNotFound => say(
                "The archive's name was not found on the network.",
                KEPT,
                "Check the network and the spelling of the address; RelayPACS goes on trying.",
            ),
            Self::Unreachable => say("The archive does not answer at this address.", KEPT, TRIES),
            Self::TlsNotTrusted => say(
                "The archive's certificate is not trusted, so nothing was said to it.",
                KEPT,
                "Check the address; for a hospital's own authority give its certificate with --ca.",
            ),
            Self::TlsFailed => {
                say("No secure connection to the archive came about.", KEPT, ASK_PACS)
            }
            Self::SignInNeeded => say(
                "The archive does not accept the sign-in.",
                KEPT,
                "Check user and password or token, then retry.",
            ),
            Self::Forbidden => say("The archive does not let this user store.", KEPT, ASK_PACS),
            Self::NoStoreHere => say(
                "Something answers at this address, but it takes no images.",
                KEPT,
                "Check the address of the DICOMweb service, down to its path.",
            ),
            Self::Redirected => say(
                "The address points on to another one, and images are not sent where you did not say.",
                KEPT,
                "If the other address is right, give that one.",
            ),
            Self::ArchiveFull => say("The archive has no room left.", KEPT, ASK_PACS),
            Self::ArchiveBusy => say("The archive asks to wait.", KEPT, TRIES),
            Self::ArchiveFailed => say("The archive had a fault of its own.", KEPT, TRIES),
            Self::AnswerNotUnderstood => {
                say("The archive's answer could not be read, so it proves nothing.", KEPT, TRIES)
            }
            Self::ConnectionLost => {
                say("The connection broke before the archive answered.", KEPT, TRIES)
            }
            Self::Stalled => say("Nothing moved on the connection for too long.", KEPT, TRIES),
            Self::CannotConfirm => say(
                "The archive cannot be asked what it holds, so nothing can be confirmed.",
                "Nothing is lost: it stays in the queue and on the source.",
                ASK_PACS,
            ),
            Self::CredentialFile => say(
                "A file named for the connection could not be read.",
                NOTHING,
                "Check the path and the file.",
            ),
            _ => return None,
        })
    }

    /// Codes of the home folder and of ourselves.
    fn home(self) -> Sentences {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "split in three; a test holds that no code is left out"
        )]
        match self {
            Self::QueueInUse => say(
                "Another RelayPACS is working on this queue.",
                NOTHING,
                "Let it finish or stop it; `relaypacs queue list` works meanwhile.",
            ),
            Self::NoKey => say(
                "There is no key to encrypt the queue with.",
                NOTHING,
                "Unlock the system's key store, or set RELAYPACS_PASSPHRASE or --passphrase-file.",
            ),
            Self::WrongKey => say(
                "The key or passphrase does not open this queue.",
                "Nothing is lost: the queue is as it was.",
                "Use the passphrase that the queue was made with, or another --home.",
            ),
            Self::QueueDamaged => say(
                "The queue's database is damaged.",
                "What was confirmed is in the archive; the damaged file is kept.",
                "Send the source again: what is already there is not sent twice.",
            ),
            Self::QueuePartlySalvaged => say(
                "The queue's database was damaged; what could be read of it goes on in a new one.",
                "What could not be read is not waited for any more; the damaged file is kept.",
                "Send the source again: what is already there is not sent twice. Have the disk of this computer checked.",
            ),
            Self::QueueSalvaged => say(
                "The queue's database was damaged; all that waited in it was read and goes on in a new one.",
                "Nothing is lost; the damaged file is kept.",
                "There is nothing to do for the images. Have the disk of this computer checked.",
            ),
            Self::QueueTooNew => say(
                "This queue was made by a newer RelayPACS.",
                "Nothing is lost: the queue is as it was.",
                "Use the newer program, or another --home.",
            ),
            Self::DiskFull => say(
                "The disk is full.",
                "Nothing is lost: what was queued stays queued.",
                "Make room, then start again.",
            ),
            Self::HomeNotWritable => say(
                "RelayPACS cannot write to its home folder.",
                NOTHING,
                "Check its permissions, or choose another with --home.",
            ),
            Self::LedgerBroken => say(
                "The ledger was changed from outside, or is damaged.",
                "The archive and the queue are not affected.",
                "Keep the file as it is and tell the person responsible for data protection.",
            ),
            Self::ReceiptNotSaved => say(
                "The receipt could not be saved in its place.",
                "Nothing is lost: what was sent stands in the ledger.",
                "Give --receipt a folder that exists and can be written; `relaypacs receipt` shows the ledger's copy.",
            ),
            Self::ReceiptUnknown => say(
                "There is no receipt with this number.",
                NOTHING,
                "See `relaypacs history` for the numbers.",
            ),
            Self::StudyUnknown => say(
                "This study is not in the queue.",
                NOTHING,
                "See `relaypacs queue list` for what is.",
            ),
            Self::ReviewChanged => say(
                "What was chosen is not part of what was looked at last.",
                NOTHING,
                "Choose again from what is shown now.",
            ),
            Self::AutostartNotChanged => say(
                "Whether RelayPACS starts with the computer could not be changed.",
                "Nothing is lost: it is as it was.",
                "Change it where this computer lists what starts with it, or ask who looks after it.",
            ),
            Self::Stopped => say(
                "Stopped by you.",
                "Nothing is lost: what was not confirmed waits in the queue.",
                "Go on with `relaypacs run`.",
            ),
            _ => say(
                "RelayPACS made a mistake.",
                "What was confirmed is in the archive; the rest stays in the queue.",
                "Start it again; if it happens again, report the code and the log.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_sentences_of_its_own() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            let Sentences { happened, lost, now } = code.sentences();
            for sentence in [happened, lost, now] {
                assert!(sentence.ends_with('.') && sentence.len() > 10, "{code:?}: {sentence}");
            }
            assert!(seen.insert(happened), "{code:?} shares its first sentence with another code");
        }
    }
}
