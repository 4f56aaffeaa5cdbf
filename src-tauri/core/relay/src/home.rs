//! The home folder: where queue, ledger, spool, logs and settings live, and the lock that keeps a second process out.

use relaypacs_model::{Code, Fault};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that belongs to RelayPACS alone. It is made on first use, for its owner only.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
}

/// Held for as long as a process works the queue; the operating system gives it back when the process ends, however
/// it ends.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl Home {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// [`Code::HomeNotWritable`] or [`Code::DiskFull`].
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        make_private(folder).map_err(|error| disk_fault(&error))?;
        for inner in ["logs", "spool"] {
            make_private(&folder.join(inner)).map_err(|error| disk_fault(&error))?;
        }
        let folder = folder.canonicalize().map_err(|error| disk_fault(&error))?;
        Ok(Self { folder })
    }

    /// Where the home is when nobody says otherwise: the system's place for data of one user on this machine.
    #[must_use]
    pub fn usual_folder() -> Option<PathBuf> {
        dirs::data_local_dir().map(|base| base.join("relaypacs"))
    }

    /// Takes the right to work the queue.
    ///
    /// # Errors
    /// [`Code::QueueInUse`] where another process has it.
    pub fn lock(&self) -> Result<HomeLock, Fault> {
        let path = self.folder.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|error| disk_fault(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(HomeLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Fault::new(Code::QueueInUse)),
            Err(TryLockError::Error(error)) => Err(disk_fault(&error)),
        }
    }

    /// The encrypted queue.
    #[must_use]
    pub fn queue(&self) -> PathBuf {
        self.folder.join("queue.db")
    }

    /// The ledger, free of patient data.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.folder.join("ledger.db")
    }

    /// Sealed copies of what lies on removable sources.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.folder.join("spool")
    }

    /// The logs, free of patient data.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// The images of the embedded practice archive.
    #[must_use]
    pub fn practice(&self) -> PathBuf {
        self.folder.join("practice-pacs")
    }

    /// Says how the key of this home is kept; holds no secret.
    #[must_use]
    pub(crate) fn key_note(&self) -> PathBuf {
        self.folder.join("key.json")
    }
}

/// Tells a full disk from a folder that cannot be written.
pub(crate) fn disk_fault(error: &io::Error) -> Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are open-ended")]
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        _ => Code::HomeNotWritable,
    };
    Fault::with(code, error.kind())
}

fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let first = home.lock().unwrap();
        assert_eq!(home.lock().unwrap_err().code, Code::QueueInUse);
        drop(first);
        assert!(home.lock().is_ok());
    }

    #[test]
    fn a_file_in_the_place_of_the_home_is_a_clear_fault() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("home");
        fs::write(&file, b"x").unwrap();
        assert_eq!(Home::open(&file).unwrap_err().code, Code::HomeNotWritable);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_into_a_new_home() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        Home::open(&home).unwrap();
        assert_eq!(fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
