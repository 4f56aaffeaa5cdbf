//! Optical drives: who reads from one waits until nobody else does. Between two readers its head would only wander.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one turn reads at most: most images are smaller, and nobody has the drive while it waits for a network.
pub(crate) const AHEAD: u64 = 2 << 20;

/// Those that this process has read from, by their device numbers.
static DRIVES: Mutex<BTreeMap<u64, Drive>> = Mutex::new(BTreeMap::new());

/// A drive. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drive(Arc<Mutex<()>>);

impl Drive {
    /// The drive of a file; `None` where it lies on something else, or the system does not tell.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let number = optical(path)?;
        let mut drives = DRIVES.lock().unwrap_or_else(PoisonError::into_inner);
        Some(drives.entry(number).or_default().clone())
    }

    /// Ends when nobody else reads from it.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The device number of the optical file system that holds a file.
#[cfg(target_os = "linux")]
fn optical(path: &Path) -> Option<u64> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    // ISOFS_SUPER_MAGIC and UDF_SUPER_MAGIC of statfs(2).
    matches!(kind, 0x9660 | 0x1501_3346).then_some(())?;
    let about = std::fs::metadata(path).ok()?;
    Some(std::os::unix::fs::MetadataExt::dev(&about))
}

#[cfg(not(target_os = "linux"))]
fn optical(_path: &Path) -> Option<u64> {
    None
}

/// Reads from a drive in turns, each of which takes `ahead` bytes; with none, what is asked for and no more, as a damaged
/// place needs it.
pub(crate) struct InTurn<R> {
    inner: R,
    drive: Drive,
    ahead: u64,
    buffer: Vec<u8>,
    given: usize,
    /// What ended the last turn, told after what it had read.
    failed: Option<io::Error>,
}

impl<R: Read> InTurn<R> {
    pub(crate) fn new(inner: R, drive: Drive, ahead: u64) -> Self {
        Self { inner, drive, ahead, buffer: Vec::new(), given: 0, failed: None }
    }

    fn fill(&mut self) {
        let _turn = self.drive.turn();
        self.buffer.clear();
        self.given = 0;
        let read = self.inner.by_ref().take(self.ahead).read_to_end(&mut self.buffer);
        self.failed = read.err();
    }
}

impl<R: Read> Read for InTurn<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ahead == 0 {
            let _turn = self.drive.turn();
            return self.inner.read(out);
        }
        if self.given == self.buffer.len() && self.failed.is_none() {
            self.fill();
        }
        let mut left = self.buffer.get(self.given..).unwrap_or_default();
        if left.is_empty()
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        let given = left.read(out)?;
        self.given += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    /// Counts who reads at once, and how often.
    #[derive(Default)]
    struct Head {
        now: AtomicUsize,
        most: AtomicUsize,
        reads: AtomicUsize,
    }

    struct Image<'a>(&'a Head, io::Take<io::Repeat>);

    impl Read for Image<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Head { now, most, reads } = self.0;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            reads.fetch_add(1, Ordering::SeqCst);
            thread::yield_now();
            let read = self.1.read(out);
            now.fetch_sub(1, Ordering::SeqCst);
            read
        }
    }

    #[test]
    fn a_drive_has_one_reader_at_a_time() {
        for ahead in [0, 4_096] {
            let (head, drive) = (Head::default(), Drive::default());
            thread::scope(|scope| {
                for _ in 0..6 {
                    let image = Image(&head, io::repeat(7).take(50_000));
                    let mut reader = InTurn::new(image, drive.clone(), ahead);
                    scope.spawn(move || {
                        let mut out = [0; 1_000];
                        let mut whole = 0;
                        while let Ok(read @ 1..) = reader.read(&mut out) {
                            whole += read;
                        }
                        assert_eq!(whole, 50_000);
                    });
                }
            });
            assert_eq!(head.most.load(Ordering::SeqCst), 1);
        }
    }

    #[test]
    fn an_image_is_read_in_one_turn_however_slowly_it_is_taken() {
        let drive = Drive::default();
        let image = io::repeat(7).take(50_000);
        let mut reader = InTurn::new(image, drive.clone(), AHEAD);
        assert_eq!(reader.read(&mut [0; 10]).unwrap(), 10);
        assert!(drive.0.try_lock().is_ok(), "whoever waits for the network has the drive");
        let _other = drive.turn();
        let mut rest = vec![0; 49_990];
        reader.read_exact(&mut rest).unwrap();
    }

    #[test]
    fn what_was_read_before_a_damaged_place_comes_before_its_error() {
        struct Bad;
        impl Read for Bad {
            fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(5))
            }
        }
        let mut reader = InTurn::new(io::repeat(7).take(5_000).chain(Bad), Drive::default(), AHEAD);
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert_eq!((out.len(), error.raw_os_error()), (5_000, Some(5)));
    }

    #[test]
    fn a_folder_on_a_disk_is_on_no_optical_drive() {
        assert!(Drive::of(tempfile::tempdir().unwrap().path()).is_none());
    }
}
