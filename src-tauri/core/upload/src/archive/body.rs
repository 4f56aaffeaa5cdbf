//! The body of a store as a stream: one thread that may block reads the parts, hashes exactly what it hands on, and
//! stops the request where a part is not what its length promised. Holds about 2 MiB, whatever the parts measure.

use crate::multipart::Framing;
use crate::sameness::{Sameness, source_fault};
use crate::{Part, Throttle};
use bytes::Bytes;
use futures_util::Stream;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Sleep, sleep_until};

/// What is read from a part at a time.
const READ_BYTES: u64 = 256 << 10;
/// What the connection is given at a time. Small enough that a slow line is seen to move.
const GIVE_BYTES: usize = 64 << 10;
/// Reads that wait for the connection.
const AHEAD: usize = 4;

/// How far a part got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartEnd {
    /// All of it was handed on; this is its SHA-256.
    Whole([u8; 32]),
    /// It has other bytes than its length promised.
    Changed,
    /// It cannot be read.
    Gone,
    /// The request ended before it did.
    Unreached,
}

/// What the connection has taken so far; shared between the body and whoever watches it.
#[derive(Default)]
pub(super) struct Progress {
    content: AtomicU64,
    touched: AtomicBool,
    finished: AtomicBool,
    starved: AtomicBool,
    held_back: AtomicBool,
    ends: Mutex<Vec<PartEnd>>,
    moved: Notify,
}

impl Progress {
    /// Bytes of instances, framing not counted.
    pub(super) fn content(&self) -> u64 {
        self.content.load(Ordering::Acquire)
    }

    /// True once the connection has asked for a byte: some may have been sent.
    pub(super) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Acquire)
    }

    /// True once the last byte was taken.
    pub(super) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// True while the connection waits for the source.
    pub(super) fn is_starved(&self) -> bool {
        self.starved.load(Ordering::Acquire)
    }

    /// True while the next bytes wait for their turn.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back.load(Ordering::Acquire)
    }

    pub(super) fn ends(&self) -> Vec<PartEnd> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns when something has moved since the last call.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }

    fn end(&self, index: usize, end: PartEnd) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = ends.get_mut(index) {
            *slot = end;
        }
    }
}

/// Starts reading. Without framing, the parts stand bare one after the other: for one part, that is a file.
/// `length` is the Content-Length.
pub(super) fn start(
    parts: Vec<Arc<dyn Part>>,
    framing: Option<Framing>,
    length: u64,
    throttle: &Arc<Throttle>,
) -> (Body, Arc<Progress>) {
    let progress = Arc::new(Progress {
        ends: Mutex::new(vec![PartEnd::Unreached; parts.len()]),
        ..Progress::default()
    });
    let (sink, pieces) = mpsc::channel(AHEAD);
    let shared = Arc::clone(&progress);
    drop(tokio::task::spawn_blocking(move || {
        // An error means that the connection is gone, or that it was told why already.
        let _ = pump(&parts, framing.as_ref(), &shared, &sink);
    }));
    let (piece, throttle) = (Piece::framing(""), Arc::clone(throttle));
    let body =
        Body { pieces, piece, left: length, progress: Arc::clone(&progress), throttle, turn: None };
    (body, progress)
}

struct Stopped;

fn pump(
    parts: &[Arc<dyn Part>],
    framing: Option<&Framing>,
    progress: &Progress,
    sink: &mpsc::Sender<io::Result<Piece>>,
) -> Result<(), Stopped> {
    let give = |piece| sink.blocking_send(Ok(piece)).map_err(|_| Stopped);
    for (index, part) in parts.iter().enumerate() {
        if let Some(framing) = framing {
            give(Piece::framing(framing.before()))?;
        }
        let whole = |sha256| progress.end(index, PartEnd::Whole(sha256));
        match hand_on(part.as_ref(), &give, &whole) {
            Ok(()) => {}
            Err(Halt::Stopped) => return Err(Stopped),
            Err(Halt::Source(end)) => {
                // Written down before the connection learns of it, so that whoever sees it break finds the cause.
                progress.end(index, end);
                let _ = sink.blocking_send(Err(io::ErrorKind::InvalidData.into()));
                return Err(Stopped);
            }
        }
        if let Some(framing) = framing {
            give(Piece::framing(framing.after()))?;
        }
    }
    framing.map_or(Ok(()), |framing| give(Piece::framing(framing.closing())))
}

/// Calls `whole` before the last bytes are given: once they are, the answer may come at any moment.
fn hand_on(
    part: &dyn Part,
    give: &dyn Fn(Piece) -> Result<(), Stopped>,
    whole: &dyn Fn([u8; 32]),
) -> Result<(), Halt> {
    let mut reader = part.open().map_err(|error| Halt::source(&error))?;
    let mut sha256 = Sha256::new();
    let mut left = part.bytes();
    loop {
        let is_last = left <= READ_BYTES;
        // One byte more than is left: a part that grew shows before its last byte was handed on.
        let most = if is_last { left + 1 } else { READ_BYTES };
        let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or_default());
        let read = (&mut reader).take(most).read_to_end(&mut bytes);
        read.map_err(|error| Halt::source(&error))?;
        let got = bytes.len() as u64;
        if got != most.min(left) {
            return Err(Halt::Source(PartEnd::Changed));
        }
        sha256.update(&bytes);
        left -= got;
        if is_last {
            whole(std::mem::take(&mut sha256).finalize().into());
        }
        if got > 0 {
            give(Piece { bytes: bytes.into(), is_content: true }).map_err(|_| Halt::Stopped)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

enum Halt {
    Stopped,
    Source(PartEnd),
}

impl Halt {
    fn source(error: &io::Error) -> Self {
        let changed = source_fault(error) == Sameness::SourceChanged;
        Self::Source(if changed { PartEnd::Changed } else { PartEnd::Gone })
    }
}

struct Piece {
    bytes: Bytes,
    is_content: bool,
}

impl Piece {
    fn framing(text: impl Into<String>) -> Self {
        Self { bytes: Bytes::from(text.into()), is_content: false }
    }
}

/// The stream that the connection takes from.
pub(super) struct Body {
    pieces: mpsc::Receiver<io::Result<Piece>>,
    piece: Piece,
    /// Bytes until the Content-Length is reached: whoever takes the last one does not ask for the end.
    left: u64,
    progress: Arc<Progress>,
    throttle: Arc<Throttle>,
    /// When the next bytes may go.
    turn: Option<Pin<Box<Sleep>>>,
}

impl Body {
    /// Waits until the next `bytes` may go.
    fn poll_turn(&mut self, context: &mut Context<'_>, bytes: usize) -> Poll<()> {
        if self.turn.is_none() {
            let Some(turn) = self.throttle.turn(Instant::now(), bytes) else {
                return Poll::Ready(());
            };
            self.turn = Some(Box::pin(sleep_until(turn.into())));
            self.progress.held_back.store(true, Ordering::Release);
            self.progress.moved.notify_one();
        }
        if let Some(turn) = &mut self.turn {
            ready!(turn.as_mut().poll(context));
        }
        self.turn = None;
        self.progress.held_back.store(false, Ordering::Release);
        Poll::Ready(())
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.progress.touched.store(true, Ordering::Release);
        while self.piece.bytes.is_empty() {
            let next = self.pieces.poll_recv(context);
            self.progress.starved.store(next.is_pending(), Ordering::Release);
            match next {
                Poll::Pending => {
                    self.progress.moved.notify_one();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(piece))) => self.piece = piece,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
            }
        }
        let most = GIVE_BYTES.min(self.piece.bytes.len());
        ready!(self.poll_turn(context, most));
        let given = self.piece.bytes.split_to(most);
        if self.piece.is_content {
            self.progress.content.fetch_add(given.len() as u64, Ordering::AcqRel);
        }
        self.left = self.left.saturating_sub(given.len() as u64);
        self.progress.finished.store(self.left == 0, Ordering::Release);
        self.progress.moved.notify_one();
        Poll::Ready(Some(Ok(given)))
    }
}
