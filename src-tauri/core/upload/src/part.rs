//! What is sent, and what came of it.

use crate::{Scope, Verdict};
use relaypacs_model::{Dialect, SopClassUid, SopInstanceUid, StudyInstanceUid};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

/// One instance as it is sent. This room never learns whether it is a file, a spool entry or an archive member.
pub trait Part: Send + Sync + 'static {
    /// (0008,0018)
    fn sop_instance_uid(&self) -> &SopInstanceUid;

    /// (0008,0016)
    fn sop_class_uid(&self) -> &SopClassUid;

    /// The exact number of bytes that [`Part::open`] gives. It is part of the Content-Length, so it never changes.
    fn bytes(&self) -> u64;

    /// Opens the bytes from their beginning. Called from a thread that may block.
    ///
    /// # Errors
    /// Any error means that the source is not there any more; `InvalidData` and `UnexpectedEof`, from here or while
    /// reading, mean that it changed.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

/// Whole instances of one study, for one STOW-RS request.
#[derive(Clone)]
pub struct Batch {
    /// (0020,000D)
    pub study: StudyInstanceUid,
    /// In the order in which they are sent.
    pub parts: Vec<Arc<dyn Part>>,
}

impl Batch {
    /// The bytes of all parts, without framing.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes()))
    }
}

/// What came of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceVerdict {
    /// What to do with it.
    pub verdict: Verdict,
    /// SHA-256 of the very bytes that were handed to the connection, where all of them were.
    pub sha256: Option<[u8; 32]>,
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchAnswer {
    /// One for each part, in the order of the batch.
    pub verdicts: Vec<InstanceVerdict>,
    /// How far the trouble reaches.
    pub scope: Scope,
    /// Bytes of instances that were handed to the connection, framing not counted.
    pub bytes_sent: u64,
    /// From the call to the verdict.
    pub took: Duration,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What is worth keeping of the destination.
    pub learned: Learned,
}

/// What a store taught about the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// After a 413: a request of this size is worth trying, the one that was sent is not.
    pub max_request_bytes: Option<u64>,
    /// How the destination was spoken to.
    pub dialect: Dialect,
}
