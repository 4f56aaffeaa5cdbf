//! What the process holds while it runs: the home, the relay in it, and what the window is shown.

use crate::board::Board;
use crate::dialogs::Authorities;
use crate::looking::Turns;
use crate::pictures::Pictures;
use crate::review::Held;
use crate::serving::Serving;
use crate::settings::Kept;
use crate::sources::{Mounted, Recents};
use crate::view::{Failure, State};
use crate::volumes::Volumes;
use relaypacs_model::{Code, Fault};
use relaypacs_practice_pacs::Running;
use relaypacs_relay::{Home, Relay};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A command's answer.
pub(crate) type Answer<T> = Result<T, Failure>;

/// What the process holds.
pub(crate) struct Shell {
    /// Where the home is.
    pub(crate) place: PathBuf,
    /// What the window is shown.
    pub(crate) board: Board,
    /// Set once the home is open.
    opened: Mutex<Option<Opened>>,
    /// Whose turn it is to open it: a second one would find the lock of the first.
    pub(crate) opening: tokio::sync::Mutex<()>,
    /// What the person set.
    pub(crate) kept: Kept,
    /// Folders of this session.
    pub(crate) recents: Recents,
    /// Certificate authorities that were chosen and not saved yet.
    pub(crate) authorities: Authorities,
    /// The practice archive.
    pub(crate) practice: Mutex<Option<Running>>,
    /// Whose turn it is to look inside a source.
    pub(crate) turns: Turns,
    /// What was found, until it is sent or discarded.
    pub(crate) held: Mutex<Option<Arc<Held>>>,
    /// Tokens of pictures.
    pub(crate) pictures: Pictures,
    /// The work behind the window.
    pub(crate) serving: Serving,
    /// Discs and sticks.
    pub(crate) mounted: Mutex<Vec<Mounted>>,
    /// Who tells of them.
    pub(crate) volumes: Volumes,
    /// True once somebody ends the process.
    pub(crate) ending: AtomicBool,
    /// True once that has come to its end.
    pub(crate) ended: watch::Sender<bool>,
}

/// A home, open for work.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) home: Home,
    pub(crate) relay: Arc<Relay>,
}

impl Shell {
    /// A shell over the home in this folder, which is not opened yet.
    #[must_use]
    pub(crate) fn new(place: PathBuf, touch: bool) -> Self {
        let kept = Kept::read(&place);
        let mut state = State::at_start(touch);
        state.settings = kept.settings();
        Self {
            place,
            board: Board::new(state),
            opened: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            kept,
            recents: Recents::default(),
            authorities: Authorities::default(),
            practice: Mutex::default(),
            turns: Turns::default(),
            held: Mutex::default(),
            pictures: Pictures::default(),
            serving: Serving::default(),
            mounted: Mutex::default(),
            volumes: Volumes::default(),
            ending: AtomicBool::new(false),
            ended: watch::Sender::new(false),
        }
    }

    /// The relay.
    ///
    /// # Errors
    /// [`Code::NoKey`] while the home is locked.
    pub(crate) fn relay(&self) -> Result<Arc<Relay>, Fault> {
        self.opened().map(|opened| opened.relay)
    }

    /// The home and the relay in it.
    ///
    /// # Errors
    /// [`Code::NoKey`] while the home is locked.
    pub(crate) fn opened(&self) -> Result<Opened, Fault> {
        lock(&self.opened).clone().ok_or_else(|| Fault::with(Code::NoKey, "the home is not open"))
    }

    /// From now on the home is open.
    pub(crate) fn open(&self, opened: Opened) {
        *lock(&self.opened) = Some(opened);
    }

    /// Lets the relay go. Its books are closed when the last one who holds it lets go.
    pub(crate) fn close(&self) -> Option<Opened> {
        lock(&self.opened).take()
    }
}

/// A lock that a panic elsewhere does not close: what it guards is replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
