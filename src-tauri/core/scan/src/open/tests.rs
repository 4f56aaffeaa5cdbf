//! What an opener remembers stays small, and what its readers share is there once.

use super::*;
use crate::made;

fn at(path: &Path, steps: &[(u32, &str)]) -> Location {
    let steps =
        steps.iter().map(|(index, name)| MemberStep { index: *index, name: (*name).into() });
    Location::Member { archive: path.to_owned(), steps: steps.collect() }
}

fn held(opener: &Opener) -> (usize, usize, usize) {
    opener.0.cache().held()
}

/// An opener that keeps no more than 64 KiB of archives in archives.
fn small() -> Opener {
    let limits = Limits { nested_bytes: 64 << 10, ..Limits::default() };
    Opener(Arc::new(Shared { limits, ..Shared::default() }))
}

/// A ZIP with archives of so many KiB in it, each with one member that is stored.
fn nest(kibibytes: &[usize]) -> Vec<u8> {
    let inner = |(n, size): (usize, &usize)| {
        let image = vec![("IM".to_owned(), vec![n as u8; size << 10])];
        (format!("{n}.zip"), made::zip(&image, None))
    };
    made::zip(&kibibytes.iter().enumerate().map(inner).collect(), Some(1))
}

#[test]
fn archives_in_archives_share_one_bound_and_the_one_used_last_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(&path, nest(&[30, 30, 30])).unwrap();
    let opener = small();
    let inside = |n: u32| at(&path, &[(n, &format!("{n}.zip")), (0, "IM")]);
    for n in [0, 1, 2, 0, 1, 2] {
        let mut bytes = Vec::new();
        opener.open(&inside(n)).unwrap().reader.read_to_end(&mut bytes).unwrap();
        assert!(bytes == vec![n as u8; 30 << 10]);
        assert!(held(&opener).1 <= 64 << 10, "{} bytes", held(&opener).1);
    }
    assert_eq!(held(&opener).0, 3, "the file and two archives in it");
    // Two fit: going to and fro between them looks at nothing anew.
    let before = opener.cost();
    for n in [1, 2, 1, 2] {
        opener.open(&inside(n)).unwrap();
    }
    assert_eq!(opener.cost().entries, before.entries + 4);
}

#[test]
fn readers_at_once_of_one_inner_archive_share_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(&path, nest(&[40, 40])).unwrap();
    let opener = small();
    let inside = |n: u32| at(&path, &[(n, &format!("{n}.zip")), (0, "IM")]);
    let readers: Vec<Opened> = std::thread::scope(|scope| {
        let open = || opener.open(&inside(0)).unwrap();
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!((40 << 10..41 << 10).contains(&held(&opener).1), "one copy");
    // What a reader has is not forgotten for another one: the next reader of it shares it still.
    let other = opener.open(&inside(1)).unwrap();
    assert_eq!(held(&opener).0, 3);
    drop((readers, other));
    opener.open(&inside(1)).unwrap();
    assert!(held(&opener).1 <= 64 << 10);
}

#[test]
fn many_archives_leave_only_the_last_few_behind_and_all_open_again() {
    let folder = tempfile::tempdir().unwrap();
    let opener = Opener::new();
    let path = |n: u32| folder.path().join(format!("{n}.zip"));
    for n in 0..12 {
        let image = vec![("IM".to_owned(), vec![n as u8; 100])];
        let inner = |m: u32| (format!("{m}.zip"), made::zip(&image, None));
        std::fs::write(path(n), made::zip(&(0..4).map(inner).collect(), None)).unwrap();
    }
    for (n, m) in (0..12).flat_map(|n| (0..4).map(move |m| (n, m))).chain([(0, 0), (11, 3)]) {
        let mut bytes = Vec::new();
        let place = at(&path(n), &[(m, &format!("{m}.zip")), (0, "IM")]);
        opener.open(&place).unwrap().reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, vec![n as u8; 100]);
        assert!(held(&opener).0 <= 4 + 16, "{}", held(&opener).0);
    }
}

#[test]
fn at_most_eight_packed_tars_wait_for_their_next_reader() {
    let folder = tempfile::tempdir().unwrap();
    let opener = Opener::new();
    let packed = made::tgz(&vec![("IM".into(), b"image".to_vec())]);
    for n in 0..10 {
        let path = folder.path().join(format!("{n}.tgz"));
        std::fs::write(&path, &packed).unwrap();
        assert_eq!(opener.open(&at(&path, &[(0, "IM")])).unwrap().bytes, 5);
    }
    assert_eq!(held(&opener).2, 8);
}

#[test]
fn a_cancelled_scan_winds_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tgz");
    let members = (0..3).map(|n| (format!("{n}"), vec![n; 1_000])).collect();
    std::fs::write(&path, made::tgz(&members)).unwrap();
    let cancel = Cancel::new();
    let opener = Opener::until(&cancel);
    opener.open(&at(&path, &[(0, "0")])).unwrap();
    cancel.cancel();
    let error = opener.open(&at(&path, &[(2, "2")])).err().unwrap();
    assert_eq!(Bound::of(&error), Some(Bound::Cancelled));
}
