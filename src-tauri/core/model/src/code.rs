//! The codes: one for each thing that somebody has to tell apart. Their sentences are in `words.rs`.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A stable code. Its word goes to programs, its sentences (`Code::sentences`) to people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word that programs rely on and tables hold.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

codes! {
    // An instance, as the archive sees it.
    /// The archive refused the instance and gave a reason that has no code of its own.
    RefusedByArchive = "refused_by_archive",
    /// The archive could not read the instance (no item in the answer, C000 and up).
    NotUnderstood = "not_understood",
    /// Data set does not match SOP class (A9xx).
    DataSetMismatch = "data_set_mismatch",
    /// SOP class not supported (0122).
    SopClassNotSupported = "sop_class_not_supported",
    /// Transfer syntax not supported (C122).
    TransferSyntaxNotSupported = "transfer_syntax_not_supported",
    /// The archive's own rule forbids it (dcm4chee A770 to A77B, 0124).
    ForbiddenByPolicy = "forbidden_by_policy",
    /// A single instance is above the archive's limit (413).
    TooLargeForArchive = "too_large_for_archive",
    /// The archive said that it stored the instance but does not list it, however often it was sent.
    DroppedByArchive = "dropped_by_archive",
    /// The archive has other bytes under this SOP Instance UID.
    DiffersInArchive = "differs_in_archive",
    /// The source has other bytes under this SOP Instance UID.
    DiffersInSource = "differs_in_source",
    /// The archive has the instance, but what it holds could not be compared with ours.
    NotComparable = "not_comparable",
    /// Stored, but the archive changed or discarded something (B000, B006, B007).
    StoredWithWarning = "stored_with_warning",

    // The source.
    /// A path that does not exist.
    SourceNotFound = "source_not_found",
    /// A path that cannot be opened.
    SourceUnreadable = "source_unreadable",
    /// The source was there and is not any more.
    SourceGone = "source_gone",
    /// The file is not what was scanned.
    SourceChanged = "source_changed",
    /// A damaged place on the medium, tried again and again.
    CannotBeRead = "cannot_be_read",
    /// The encrypted copy on this machine is damaged, and the source is not there.
    CopyDamaged = "copy_damaged",
    /// Nothing on the source can be sent.
    NothingToSend = "nothing_to_send",
    /// A disc or stick that the system did not eject.
    NotEjected = "not_ejected",
    /// A disc or stick of which something has still to be read.
    StillNeeded = "still_needed",

    // The destination.
    /// No saved destination has this name.
    DestinationUnknown = "destination_unknown",
    /// The URL or name cannot be used.
    DestinationNotUsable = "destination_not_usable",
    /// The destination cannot be forgotten: something in the queue, or in a review, is to go there.
    DestinationInUse = "destination_in_use",
    /// The name cannot be resolved.
    NameNotFound = "name_not_found",
    /// No connection: refused, no route, timed out.
    Unreachable = "unreachable",
    /// The server's certificate is not trusted.
    TlsNotTrusted = "tls_not_trusted",
    /// TLS failed in another way.
    TlsFailed = "tls_failed",
    /// 401
    SignInNeeded = "sign_in_needed",
    /// 403
    Forbidden = "forbidden",
    /// The archive answers, but there is no store at this address (404, 405, 501, 415).
    NoStoreHere = "no_store_here",
    /// A redirect: credentials and patients are not sent to another address than the one given.
    Redirected = "redirected",
    /// 507, A7xx
    ArchiveFull = "archive_full",
    /// 429, 503
    ArchiveBusy = "archive_busy",
    /// Other 5xx
    ArchiveFailed = "archive_failed",
    /// The answer cannot be read as an answer to a store or a search.
    AnswerNotUnderstood = "answer_not_understood",
    /// The connection broke while sending or before the answer.
    ConnectionLost = "connection_lost",
    /// Nothing moved for too long.
    Stalled = "stalled",
    /// The archive cannot be asked what it holds (no QIDO-RS, nothing native).
    CannotConfirm = "cannot_confirm",
    /// A file named for the connection (CA, token, password) cannot be read.
    CredentialFile = "credential_file",

    // The queue and the home folder.
    /// Another process works this queue.
    QueueInUse = "queue_in_use",
    /// Neither key store nor passphrase.
    NoKey = "no_key",
    /// The key does not open the queue.
    WrongKey = "wrong_key",
    /// The database is damaged.
    QueueDamaged = "queue_damaged",
    /// The database was damaged, and only a part of what waited in it could be read and goes on.
    QueuePartlySalvaged = "queue_partly_salvaged",
    /// The database was damaged, and all that waited in it goes on in a new one.
    QueueSalvaged = "queue_salvaged",
    /// The database was made by a newer program.
    QueueTooNew = "queue_too_new",
    /// No room on the disk.
    DiskFull = "disk_full",
    /// The home folder cannot be written.
    HomeNotWritable = "home_not_writable",
    /// The ledger's chain does not hold.
    LedgerBroken = "ledger_broken",
    /// The receipt that the user asked for could not be saved.
    ReceiptNotSaved = "receipt_not_saved",
    /// No such receipt.
    ReceiptUnknown = "receipt_unknown",
    /// Studies named on the command line are not in the queue.
    StudyUnknown = "study_unknown",
    /// What was chosen is not part of what was looked at last.
    ReviewChanged = "review_changed",

    // The window.
    /// The system did not change what starts with the session.
    AutostartNotChanged = "autostart_not_changed",

    // Ours.
    /// The user stopped it.
    Stopped = "stopped",
    /// A fault of ours.
    Internal = "internal",
}

impl Code {
    /// Reads [`Code::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_word() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
    }
}
