//! Leaving a destination alone that is in trouble: for how long, and what ends it.

use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use crate::lane::Lane;
use crate::network::OF_THE_NETWORK;
use crate::run::{Talk, jitter};
use relaypacs_model::{Code, Fault, Moment, Reason};
use relaypacs_queue::Parked;
use relaypacs_upload::{Trouble, backoff};
use std::time::{Duration, Instant};

impl Lane {
    /// Parks the destination because of `reason` and says so; false where it was parked already. Requests that were on
    /// their way together fail together: what they say of a destination that is parked is the same trouble, not one more.
    pub(crate) async fn park(
        &self,
        over: Talk,
        reason: Reason,
        detail: String,
        after: Option<Duration>,
    ) -> Result<bool, Fault> {
        let (id, jitter) = (self.destination, jitter());
        let until = self
            .desk
            .ask(move |books| {
                let parked = books.queue.view().destination(id).or_fault()?.parked;
                let Some(until) = park_until(parked, reason.code, jitter, after) else {
                    return Ok(None);
                };
                books.queue.park(id, reason, until, now()).or_fault()?;
                Ok(Some(until))
            })
            .await?;
        if reason.code == Code::Stalled {
            self.signs.hung();
        }
        let Some(until) = until else { return Ok(false) };
        self.signs.now_parked(over);
        let code = reason.code.as_str();
        tracing::warn!(destination = id.0, code, status = reason.status, "destination parked");
        self.observer.parked(self.label.as_str(), &Fault::with(reason.code, detail), until);
        Ok(true)
    }

    /// The same for trouble that came while asking.
    pub(crate) async fn park_for(&self, trouble: Trouble) -> Result<bool, Fault> {
        self.park(Talk::Ask, trouble.reason, trouble.detail, trouble.retry_after).await
    }

    /// The destination answered what began at `begun`: its next trouble is its first again.
    pub(crate) async fn answered(&self, talk: Talk, begun: Instant) -> Result<(), Fault> {
        self.signs.answered();
        self.doubt.answered();
        if self.signs.ends_park(talk, begun) {
            let id = self.destination;
            self.desk.ask(move |books| books.queue.unpark(id).or_fault()).await?;
        }
        Ok(())
    }

    /// Takes over what the last lane of this destination left, or the last process.
    pub(crate) async fn take_over(&self) -> Result<(), Fault> {
        let id = self.destination;
        let take_over = move |books: &mut Books| {
            books.queue.disown(id, now()).or_fault()?;
            Ok(books.queue.view().destination(id).or_fault()?.parked.is_some())
        };
        if self.desk.ask(take_over).await? {
            // Over what is not kept: any answer ends it, and what is still wrong shows soon.
            self.signs.now_parked(Talk::Ask);
        }
        Ok(())
    }

    /// What could not be reached is tried at once, as if for the first time.
    pub(crate) async fn network_changed(&self) -> Result<(), Fault> {
        let id = self.destination;
        tracing::info!(destination = id.0, "the network has changed");
        self.signs.gained();
        self.desk
            .ask(move |books| {
                let parked = books.queue.view().destination(id).or_fault()?.parked;
                if parked.is_some_and(|parked| OF_THE_NETWORK.contains(&parked.reason.code)) {
                    books.queue.unpark(id).or_fault()?;
                }
                books.queue.take_up(id, &OF_THE_NETWORK).or_fault()?;
                books.queue.wake(id, &OF_THE_NETWORK, now()).or_fault()?;
                Ok(())
            })
            .await
    }
}

/// Until when a destination is left alone, which may be until a person has done something about it (`Some(None)`).
/// `None`: it is left alone for as long already.
fn park_until(
    parked: Option<Parked>,
    code: Code,
    jitter: f64,
    after: Option<Duration>,
) -> Option<Option<Moment>> {
    const A_PERSON: [Code; 8] = [
        Code::SignInNeeded,
        Code::Forbidden,
        Code::NoStoreHere,
        Code::Redirected,
        Code::TlsNotTrusted,
        Code::TlsFailed,
        Code::CannotConfirm,
        Code::CredentialFile,
    ];
    if A_PERSON.contains(&code) {
        return Some(None);
    }
    let attempts = parked.as_ref().map_or(0, |parked| parked.attempts);
    match parked.map(|parked| parked.until) {
        Some(None) => None,
        Some(Some(until)) if until > now() => {
            let asked = now().after(backoff::wait(0, 0.0, Some(after?)));
            (asked > until).then_some(Some(asked))
        }
        Some(Some(_)) | None => Some(Some(now().after(backoff::wait(attempts + 1, jitter, after)))),
    }
}
