//! The files: keys, versions, damage, a second process, putting aside.

use super::*;
use crate::{Barrier, QueueError, Scope, set_aside};
use std::fs;
use std::path::Path;

fn open(path: &Path) -> Result<Queue, QueueError> {
    Queue::open(path, &key(), NOW)
}

/// Turns a byte over.
fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// A closed queue with some pages of rows.
fn closed() -> (TempDir, PathBuf) {
    let mut bench = Bench::new();
    bench.import(1, 500);
    assert_eq!(bench.queue.barrier().unwrap(), Barrier::Done);
    let path = bench.path();
    let Bench { dir, queue, .. } = bench;
    drop(queue);
    (dir, path)
}

#[test]
fn a_wrong_key_is_told_from_damage() {
    let (_dir, path) = closed();
    let other = QueueKey::new([8; 32]);
    assert!(matches!(Queue::open(&path, &other, NOW), Err(QueueError::WrongKey)));
    assert!(matches!(Queue::open_reader(&path, &other), Err(QueueError::WrongKey)));
    assert!(open(&path).is_ok(), "nothing was changed by that");
    flip(&path, 100);
    assert!(matches!(open(&path), Err(QueueError::Damaged)));
}

#[test]
fn damage_further_in_is_noticed_when_it_is_read() {
    let (_dir, path) = closed();
    let pages = fs::metadata(&path).unwrap().len() / 4096;
    for page in 1..pages {
        flip(&path, usize::try_from(page * 4096 + 9).unwrap());
    }
    let outcome =
        open(&path).and_then(|queue| queue.view().instances(StudyId(1), None, 1000).map(|_| ()));
    assert!(matches!(outcome, Err(QueueError::Damaged)), "{outcome:?}");
}

#[test]
fn a_file_that_is_no_database_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queue.db");
    fs::write(&path, vec![b'x'; 9000]).unwrap();
    assert!(open(&path).is_err());
    assert_eq!(fs::read(&path).unwrap(), vec![b'x'; 9000]);
}

#[test]
fn a_newer_database_is_left_as_it_is() {
    let (_dir, path) = closed();
    let queue = open(&path).unwrap();
    queue.conn.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(queue);
    assert!(matches!(open(&path), Err(QueueError::TooNew)));
    assert!(matches!(Queue::open_reader(&path, &key()), Err(QueueError::TooNew)));
}

#[test]
fn only_one_may_write_and_others_may_read() {
    let mut bench = Bench::new();
    bench.import(1, 2);
    assert!(matches!(open(&bench.path()), Err(QueueError::InUse)));
    let reader = Queue::open_reader(&bench.path(), &key()).unwrap();
    assert_eq!(reader.view().counts(Scope::All).unwrap().here().instances, 2);
    assert!(reader.view().conn.execute("DELETE FROM instance", []).is_err());
    assert!(reader.view().conn.execute("ATTACH ':memory:' AS other", []).is_err());
    bench.import(2, 1);
    assert_eq!(reader.view().counts(Scope::All).unwrap().here().instances, 3);
    drop(bench.queue);
    assert!(open(&bench.dir.path().join("queue.db")).is_ok());
}

#[test]
fn a_barrier_says_when_a_reader_is_in_the_way() {
    let mut bench = Bench::new();
    bench.import(1, 1);
    let reader = Queue::open_reader(&bench.path(), &key()).unwrap();
    reader.view().conn.execute_batch("BEGIN; SELECT count(*) FROM study;").unwrap();
    bench.import(2, 1);
    assert_eq!(bench.queue.barrier().unwrap(), Barrier::ReaderInside);
    reader.view().conn.execute_batch("COMMIT").unwrap();
    assert_eq!(bench.queue.barrier().unwrap(), Barrier::Done);
    assert_eq!(fs::metadata(bench.dir.path().join("queue.db-wal")).unwrap().len(), 0);
}

#[test]
fn a_database_is_put_aside_whole_and_never_over_another() {
    let mut targets = Vec::new();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queue.db");
    for round in 0..2 {
        drop(open(&path).unwrap());
        fs::write(dir.path().join("queue.db-wal"), [round]).unwrap();
        targets.push(set_aside(&path, NOW).unwrap());
        assert!(!path.exists());
    }
    assert_ne!(targets[0], targets[1]);
    for (round, target) in targets.iter().enumerate() {
        assert!(target.exists());
        let mut wal = target.as_os_str().to_owned();
        wal.push("-wal");
        assert_eq!(fs::read(wal).unwrap(), [u8::try_from(round).unwrap()]);
    }
    let queue = open(&path).unwrap();
    assert!(matches!(set_aside(&path, NOW), Err(QueueError::InUse)));
    drop(queue);
}

#[test]
fn a_folder_that_is_not_there_is_not_writable_and_the_error_does_not_name_it() {
    let missing = Path::new("/nowhere/Canary^Anna/queue.db");
    let error = open(missing).unwrap_err();
    assert!(matches!(error, QueueError::NotWritable));
    assert!(!format!("{error} {error:?}").contains("Canary"));
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = Bench::new();
    bench.import(1, 1);
    for entry in fs::read_dir(bench.dir.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
