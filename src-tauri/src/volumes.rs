//! Discs and sticks of this computer: shown as they come and go, and ejected where the system can.

use crate::shell::{Shell, lock};
use relaypacs_model::{Code, Fault};
use std::path::PathBuf;

impl Shell {
    /// Where a volume is mounted.
    pub(crate) fn root_of(&self, id: &str) -> Option<PathBuf> {
        let mounted = lock(&self.mounted);
        mounted.iter().find(|mounted| mounted.volume.id == id).map(|mounted| mounted.root.clone())
    }

    /// Ejects a volume.
    ///
    /// # Errors
    /// [`Code::SourceGone`] where it is not there any more.
    pub(crate) async fn eject(&self, id: &str) -> Result<(), Fault> {
        self.root_of(id).map(drop).ok_or_else(|| Fault::new(Code::SourceGone))
    }
}
