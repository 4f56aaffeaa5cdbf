//! A destination as it is used: the edge where bytes meet the network. What they mean is decided elsewhere.

mod body;
mod check;
mod client;
mod compare;
mod list;
mod store;
mod wire;

pub use check::Checked;
pub use list::Listing;

use crate::{Batch, BatchAnswer, Compared, Part, Throttle, Timing, Trouble};
use check::Profile;
use relaypacs_model::{ArchiveRoot, Destination, Fault, SeriesInstanceUid, StudyInstanceUid};
use std::sync::Arc;
use wire::Wire;

/// A destination as it is used: client, connections, credentials, and what was learned of it. Cloning is cheap and
/// shares all of them.
#[derive(Clone)]
pub struct Archive {
    inner: Arc<Inner>,
}

struct Inner {
    wire: Wire,
    destination: Destination,
    /// Held while it is learned, so that many callers ask once.
    profile: tokio::sync::Mutex<Option<Arc<Profile>>>,
}

impl Archive {
    /// Prepares a client: trust, credentials, waits. Nothing is sent.
    ///
    /// # Errors
    /// `CredentialFile` where the file of a private authority cannot be read or holds no certificate,
    /// `DestinationNotUsable` where a password or token cannot be part of a header, `TlsFailed` where the system
    /// gives no trust store.
    pub fn new(destination: &Destination, timing: Timing) -> Result<Self, Fault> {
        Self::throttled(destination, timing, Arc::new(Throttle::none()))
    }

    /// The same, and the instances that are sent go out by the turns of `throttle`, which others may share.
    ///
    /// # Errors
    /// See [`Archive::new`].
    pub fn throttled(
        destination: &Destination,
        timing: Timing,
        throttle: Arc<Throttle>,
    ) -> Result<Self, Fault> {
        let client = client::build(destination, &timing)?;
        let wire = Wire { client, timing, throttle };
        let profile = tokio::sync::Mutex::new(None);
        Ok(Self { inner: Arc::new(Inner { wire, destination: destination.clone(), profile }) })
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &ArchiveRoot {
        &self.inner.destination.root
    }

    /// Learns what the server is without sending a patient. Whatever is wrong with the address, the certificate or
    /// the sign-in is found here. What was learned is used from then on.
    ///
    /// # Errors
    /// [`Trouble`] of the destination; `CannotConfirm` where it takes images but cannot be searched.
    pub async fn check(&self) -> Result<Checked, Trouble> {
        let mut profile = self.inner.profile.lock().await;
        *profile = None;
        let learned = Arc::new(check::learn(&self.inner.wire, &self.inner.destination.root).await?);
        let checked = learned.checked();
        *profile = Some(learned);
        Ok(checked)
    }

    /// What the archive itself says that it holds of a study: QIDO-RS (PS3.18 section 10.6), or Orthanc's
    /// `/tools/find`, which is some fifteen times faster there. Pages until nothing new comes.
    ///
    /// # Errors
    /// [`Trouble`]: nothing is known then, not even of the pages that were read.
    pub async fn list(&self, study: &StudyInstanceUid) -> Result<Listing, Trouble> {
        let profile = self.profile().await?;
        list::list(&self.inner.wire, &profile, study).await
    }

    /// Sends one batch: STOW-RS (PS3.18 section 10.5), or one request per instance to Orthanc's `/instances`.
    /// `progress` is told the bytes of instances that the connection has taken so far.
    ///
    /// An archive may answer early and hang up (401, 413) so abruptly that its answer is lost; the verdict is then
    /// `Unknown` with `ConnectionLost`, the scope says to halve, and a [`check`](Self::check) finds a 401.
    pub async fn store(
        &self,
        batch: &Batch,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> BatchAnswer {
        store::store(self, batch, progress).await
    }

    /// Are the archive's bytes ours? By the MD5 that Orthanc computed over what it holds, else read back by WADO-RS
    /// (PS3.18 section 10.4) and compared as they stream by.
    ///
    /// # Errors
    /// [`Trouble`]: nothing is known then. Trouble with the source is a [`crate::Sameness`].
    pub async fn compare(
        &self,
        study: &StudyInstanceUid,
        series: &SeriesInstanceUid,
        part: Arc<dyn Part>,
    ) -> Result<Compared, Trouble> {
        let profile = self.profile().await?;
        compare::compare(&self.inner.wire, &profile, (study, series), part).await
    }

    /// What was learned, learning it first where it was not.
    async fn profile(&self) -> Result<Arc<Profile>, Trouble> {
        let mut profile = self.inner.profile.lock().await;
        if let Some(profile) = profile.as_ref() {
            return Ok(Arc::clone(profile));
        }
        let learned = Arc::new(check::learn(&self.inner.wire, &self.inner.destination.root).await?);
        *profile = Some(Arc::clone(&learned));
        Ok(learned)
    }
}
