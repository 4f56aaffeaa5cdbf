//! The folder of the spool: files under random names, which say nothing about anybody.

use crate::home::disk_fault;
use relaypacs_model::{Fault, Moment};
use relaypacs_queue::{Copy, SealReader};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Floor of free space where nobody says otherwise, in bytes.
const KEEP_FREE: u64 = 512_000_000;
/// Or this part of the disk, where that is more.
const KEEP_FREE_PART: u64 = 50;

/// The books write as well: below this their write-ahead logs, 8 MB of the queue and 4 MB of the ledger, find no room, and
/// nothing would go on.
const LEAST_FREE: u64 = 16_000_000;

/// What the name of a folder that was put aside goes on with; a stamp follows.
const ASIDE: &str = ".damaged-";

/// The folder. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SpoolFolder(PathBuf);

impl SpoolFolder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// A new file that only its owner may read, and its name.
    pub(crate) fn create(&self) -> io::Result<(String, File)> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.0.join(&name))?;
        Ok((name, file))
    }

    /// Opens a copy.
    pub(crate) fn open(&self, copy: &Copy) -> io::Result<Box<dyn Read + Send>> {
        let file = BufReader::new(File::open(self.0.join(&copy.name))?);
        Ok(Box::new(SealReader::new(file, &copy.key, &copy.about)?))
    }

    /// Removes a file; one that is gone is as good as removed.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Puts the names of the folder on the disk (on Windows a new name is, once its file is).
    pub(crate) fn sync(&self) -> io::Result<()> {
        #[cfg(unix)]
        File::open(&self.0)?.sync_all()?;
        Ok(())
    }

    /// Bytes that may be written without going below the floor; `None` where the system does not tell.
    pub(crate) fn room(&self, keep_free: Option<u64>) -> Option<u64> {
        let about = fs4::statvfs(&self.0).ok()?;
        let usual = KEEP_FREE.max(about.total_space() / KEEP_FREE_PART);
        let floor = keep_free.unwrap_or(usual).max(LEAST_FREE);
        Some(about.available_space().saturating_sub(floor))
    }

    /// Bytes that are free.
    pub(crate) fn free(&self) -> Option<u64> {
        fs4::available_space(&self.0).ok()
    }

    /// Removes every file of ours that `needs` does not know. What bears another name than we give is left alone.
    pub(crate) fn sweep(&self, needs: &dyn Fn(&str) -> Result<bool, Fault>) -> Result<u64, Fault> {
        let mut removed = 0;
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(disk_fault(&error)),
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
            if !needs(name)? && self.remove(name).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Brings files back that rows need and that were put aside with a damaged queue: what could be read of that queue
    /// goes on in a new one, with its keys.
    pub(crate) fn take_back(
        &self,
        needs: &dyn Fn(&str) -> Result<bool, Fault>,
    ) -> Result<u64, Fault> {
        let mut back = 0;
        for aside in self.put_aside() {
            for entry in fs::read_dir(aside).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
                let place = self.0.join(name);
                if needs(name)? && !place.exists() && fs::rename(entry.path(), place).is_ok() {
                    back += 1;
                }
            }
        }
        Ok(back)
    }

    /// Folders that were put aside, which is hardly ever one.
    fn put_aside(&self) -> Vec<PathBuf> {
        let (Some(home), Some(name)) = (self.0.parent(), self.0.file_name()) else {
            return Vec::new();
        };
        let start = format!("{}{ASIDE}", name.to_string_lossy());
        let entries = fs::read_dir(home).into_iter().flatten().flatten();
        let aside = entries.filter(|e| e.file_name().to_string_lossy().starts_with(&start));
        aside.map(|entry| entry.path()).collect()
    }

    /// Moves the whole folder aside, under the same stamp as a damaged queue: the keys of its files are in there, so
    /// whoever mends the one needs the other. Called before the queue is put aside: a new queue knows none of them.
    pub(crate) fn set_aside(home_spool: &Path, now: Moment) -> Result<(), Fault> {
        let is_empty = fs::read_dir(home_spool).map_or(true, |mut files| files.next().is_none());
        if is_empty {
            return Ok(());
        }
        let mut stamp = now.0;
        let target = loop {
            let mut name = home_spool.as_os_str().to_owned();
            name.push(format!("{ASIDE}{stamp}"));
            let target = PathBuf::from(name);
            if !target.exists() {
                break target;
            }
            stamp = stamp.saturating_add(1);
        };
        fs::rename(home_spool, target).map_err(|error| disk_fault(&error))?;
        fs::create_dir(home_spool).map_err(|error| disk_fault(&error))
    }
}

fn is_ours(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_removes_what_nobody_needs_and_nothing_that_is_not_ours() {
        let place = tempfile::tempdir().unwrap();
        let folder = SpoolFolder::new(place.path().to_owned());
        let (needed, _) = folder.create().unwrap();
        let (orphan, _) = folder.create().unwrap();
        fs::write(place.path().join("README"), b"mine").unwrap();
        let removed = folder.sweep(&|name| Ok(name == needed)).unwrap();
        assert_eq!(removed, 1);
        let names: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(names.len() == 2 && !names.contains(&orphan.into()), "{names:?}");
    }

    #[test]
    fn the_folder_of_a_damaged_queue_is_moved_whole_and_never_over_another() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("spool");
        fs::create_dir(&path).unwrap();
        SpoolFolder::set_aside(&path, Moment(7)).unwrap();
        assert!(!place.path().join("spool.damaged-7").exists(), "an empty one needs no keeping");
        for text in [b"first", b"other"] {
            fs::write(path.join("file"), text).unwrap();
            SpoolFolder::set_aside(&path, Moment(7)).unwrap();
        }
        let kept = |stamp: u8| fs::read(place.path().join(format!("spool.damaged-{stamp}/file")));
        assert_eq!((kept(7).unwrap(), kept(8).unwrap()), (b"first".to_vec(), b"other".to_vec()));
        assert!(path.is_dir());
    }

    #[test]
    fn what_a_salvaged_queue_needs_is_brought_back_and_the_rest_stays_aside() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("spool");
        fs::create_dir(&path).unwrap();
        let folder = SpoolFolder::new(path.clone());
        let [(needed, _), (lost, _)] = [(); 2].map(|()| folder.create().unwrap());
        SpoolFolder::set_aside(&path, Moment(7)).unwrap();
        let needs = |name: &str| Ok(name == needed);
        assert_eq!(folder.take_back(&needs).unwrap(), 1);
        assert_eq!(folder.take_back(&needs).unwrap(), 0);
        assert!(path.join(&needed).exists());
        assert!(place.path().join("spool.damaged-7").join(&lost).exists());
    }

    #[test]
    fn the_floor_is_kept_free() {
        let place = tempfile::tempdir().unwrap();
        let folder = SpoolFolder::new(place.path().to_owned());
        assert_eq!(folder.room(Some(u64::MAX)), Some(0));
        assert!(folder.room(Some(0)).unwrap() > 0);
    }
}
