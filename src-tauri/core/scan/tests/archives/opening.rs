//! Opening members of archives: the right bytes in whatever order, and a cost that grows with the work and no faster.

use crate::made::{gzip, tar_bytes, zip_file};
use crate::support::Outcome;
use relaypacs_model::{Location, MemberStep};
use relaypacs_scan::{Opened, Opener};
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

fn at(path: &Path, steps: &[(u32, &str)]) -> Location {
    let steps =
        steps.iter().map(|(index, name)| MemberStep { index: *index, name: (*name).into() });
    Location::Member { archive: path.to_owned(), steps: steps.collect() }
}

/// Bytes that no other member has, of a size that few have.
fn content(n: u32) -> Vec<u8> {
    let size = 1 + n.wrapping_mul(2_654_435_761) % 3_000;
    (0..size).map(|at| (n.wrapping_mul(31).wrapping_add(at.wrapping_mul(at)) >> 3) as u8).collect()
}

fn members(count: u32) -> Vec<(String, Vec<u8>)> {
    (0..count).map(|n| (format!("S/IM{n}"), content(n))).collect()
}

fn borrowed(members: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

fn drain(mut opened: Opened) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    opened.reader.read_to_end(&mut bytes)?;
    assert_eq!(bytes.len() as u64, opened.bytes);
    Ok(bytes)
}

fn read(opener: &Opener, location: &Location) -> io::Result<Vec<u8>> {
    drain(opener.open(location)?)
}

/// Opens every member of the archive at `path` by three threads in turn: each takes every third.
fn by_three(
    opener: &Opener,
    path: &Path,
    count: u32,
    check: fn(u32, Opened) -> io::Result<()>,
) -> io::Result<()> {
    let one = |first: u32| {
        (first..count).step_by(3).try_for_each(|n| {
            let opened = opener.open(&at(path, &[(n, &format!("S/IM{n}"))]))?;
            check(n, opened)
        })
    };
    std::thread::scope(|scope| {
        let one = &one;
        let threads = [0, 1, 2].map(|first| scope.spawn(move || one(first)));
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| io::ErrorKind::Other)?)
    })
}

fn shuffled(count: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by_key(|n| n.wrapping_mul(2_654_435_761).rotate_left(7));
    order
}

#[test]
fn twenty_thousand_members_of_a_zip_cost_two_looks_each() -> Outcome<()> {
    const COUNT: u32 = 20_000;
    let root = tempfile::tempdir()?;
    let path = root.path().join("a.zip");
    let members: Vec<(String, Vec<u8>)> =
        (0..COUNT).map(|n| (format!("S/IM{n}"), n.to_le_bytes().to_vec())).collect();
    zip_file(&path, &borrowed(&members))?;
    let tar = root.path().join("a.tar");
    fs::write(&tar, tar_bytes(&borrowed(&members)))?;
    for (path, end) in [(&path, 0), (&tar, 1)] {
        let opener = Opener::new();
        for n in 0..COUNT {
            let bytes = read(&opener, &at(path, &[(n, &format!("S/IM{n}"))]))?;
            assert_eq!(bytes, n.to_le_bytes());
        }
        // Once when the archive is met, once when the member is opened.
        assert_eq!(opener.cost().entries, u64::from(2 * COUNT + end));
        // Three at once meet it once.
        let opener = Opener::new();
        by_three(&opener, path, COUNT, |_, _| Ok(()))?;
        assert_eq!(opener.cost().entries, u64::from(2 * COUNT + end));
        assert_eq!(opener.cost().unpacked, 0);
    }
    Ok(())
}

#[test]
fn a_packed_tar_is_unpacked_once_for_each_reader_at_once() -> Outcome<()> {
    const COUNT: u32 = 2_000;
    let root = tempfile::tempdir()?;
    let path = root.path().join("a.tgz");
    let tar = tar_bytes(&borrowed(&members(COUNT)));
    fs::write(&path, gzip(&tar)?)?;
    let whole = tar.len() as u64;

    let opener = Opener::new();
    for n in 0..COUNT {
        assert_eq!(read(&opener, &at(&path, &[(n, &format!("S/IM{n}"))]))?, content(n));
    }
    assert!(opener.cost().unpacked <= whole, "{:?} of {whole}", opener.cost());

    let opener = Opener::new();
    by_three(&opener, &path, COUNT, |n, opened| {
        assert_eq!(drain(opened)?, content(n), "member {n}");
        Ok(())
    })?;
    assert!(opener.cost().unpacked <= 3 * whole, "{:?} of {whole}", opener.cost());

    // Three that hold on to their member while the others go on, as batches in flight do.
    let opener = Opener::new();
    for n in (0..COUNT - 2).step_by(3) {
        let three = [n, n + 1, n + 2]
            .map(|n| (n, opener.open(&at(&path, &[(n, &format!("S/IM{n}"))])).unwrap()));
        for (n, opened) in three {
            assert_eq!(drain(opened)?, content(n));
        }
    }
    assert!(opener.cost().unpacked <= 3 * whole, "{:?} of {whole}", opener.cost());
    Ok(())
}

#[test]
fn who_looked_at_the_beginning_of_a_packed_member_may_come_back() -> Outcome<()> {
    const COUNT: u32 = 200;
    let root = tempfile::tempdir()?;
    let path = root.path().join("a.tgz");
    let tar = tar_bytes(&borrowed(&members(COUNT)));
    fs::write(&path, gzip(&tar)?)?;
    let opener = Opener::new();
    for n in 0..COUNT {
        let place = at(&path, &[(n, &format!("S/IM{n}"))]);
        let mut head = [0; 1];
        opener.open(&place)?.reader.read_exact(&mut head)?;
        drop(opener.open(&place)?);
        for _ in 0..2 {
            assert_eq!(read(&opener, &place)?, content(n));
        }
    }
    assert!(opener.cost().unpacked <= tar.len() as u64, "{:?}", opener.cost());
    // So much of a member is not kept: it is unpacked anew, and is right.
    let large: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    fs::write(&path, gzip(&tar_bytes(&[("first", b"1"), ("large", &large)]))?)?;
    let place = at(&path, &[(1, "large")]);
    opener.open(&place)?.reader.read_exact(&mut vec![0; 2_000_000])?;
    for _ in 0..2 {
        assert_eq!(read(&opener, &place)?, large);
    }
    Ok(())
}

#[test]
fn every_member_of_every_sort_of_archive_is_right_in_any_order() -> Outcome<()> {
    const COUNT: u32 = 150;
    let root = tempfile::tempdir()?;
    let path = |name: &str| root.path().join(name);
    let mut members = members(COUNT);
    // One that is larger than what is kept of a packed one.
    if let Some((_, bytes)) = members.get_mut(70) {
        *bytes = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    }
    let tar = tar_bytes(&borrowed(&members));
    zip_file(&path("a.zip"), &borrowed(&members))?;
    fs::write(path("a.tar"), &tar)?;
    fs::write(path("a.tgz"), gzip(&tar)?)?;
    let inner = ["a.zip", "a.tar", "a.tgz"].map(|name| fs::read(path(name)).unwrap());
    let inner = [("z", &inner[0][..]), ("t", &inner[1]), ("g", &inner[2])];
    zip_file(&path("b.zip"), &inner)?;
    fs::write(path("b.tgz"), gzip(&tar_bytes(&inner))?)?;
    let opener = Opener::new();
    for n in shuffled(COUNT) {
        let Some((name, bytes)) = members.get(n as usize) else { return Err("no member".into()) };
        let last = (n, name.as_str());
        for archive in ["a.zip", "a.tar", "a.tgz"] {
            assert_eq!(&read(&opener, &at(&path(archive), &[last]))?, bytes, "{archive} {n}");
        }
        for first in [(0, "z"), (1, "t"), (2, "g")] {
            for archive in ["b.zip", "b.tgz"] {
                let place = at(&path(archive), &[first, last]);
                assert_eq!(&read(&opener, &place)?, bytes, "{archive} {first:?} {n}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_packed_file_is_measured_once_and_read_as_often_as_asked() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let path = root.path().join("IM.dcm.gz");
    let bytes: Vec<u8> = (0..100_000u32).map(|n| (n % 255) as u8).collect();
    fs::write(&path, gzip(&bytes)?)?;
    let opener = Opener::new();
    for times in 2..5 {
        assert_eq!(read(&opener, &at(&path, &[(0, "IM.dcm")]))?, bytes);
        assert_eq!(opener.cost().unpacked, times * 100_000);
    }
    Ok(())
}

#[test]
fn an_archive_that_changed_is_met_anew_and_says_so() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let path = |name: &str| root.path().join(name);
    let day = |n: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * n);
    let write = |name: &str, members: &[(String, Vec<u8>)], when: SystemTime| -> Outcome<()> {
        match name {
            "a.zip" => zip_file(&path(name), &borrowed(members))?,
            "a.tar" => fs::write(path(name), tar_bytes(&borrowed(members)))?,
            _ => fs::write(path(name), gzip(&tar_bytes(&borrowed(members)))?)?,
        }
        Ok(fs::File::options().write(true).open(path(name))?.set_modified(when)?)
    };
    for name in ["a.zip", "a.tar", "a.tgz"] {
        let opener = Opener::new();
        let member = |n: u32| at(&path(name), &[(n, &format!("S/IM{n}"))]);
        let old = members(20);
        write(name, &old, day(1))?;
        assert_eq!(opener.open(&member(5))?.modified, Some(day(1)));
        // Other bytes, other places, fewer members.
        let new: Vec<(String, Vec<u8>)> =
            (0..10).map(|n| (format!("S/IM{n}"), content(n + 500))).collect();
        write(name, &new, day(2))?;
        for n in [9, 5, 0] {
            let opened = opener.open(&member(n))?;
            assert_eq!(opened.modified, Some(day(2)), "{name}");
            assert_eq!(drain(opened)?, content(n + 500), "{name}");
        }
        let gone = opener.open(&member(15)).err().map(|error| error.kind());
        assert_eq!(gone, Some(io::ErrorKind::NotFound), "{name}");
        // Another name at the same place, under the same time but of another size.
        let other: Vec<(String, Vec<u8>)> =
            (0..30).map(|n| (format!("S/OTHER{n}"), content(n))).collect();
        write(name, &other, day(2))?;
        let gone = opener.open(&member(5)).err().map(|error| error.kind());
        assert_eq!(gone, Some(io::ErrorKind::NotFound), "{name}");
        fs::write(path(name), b"no archive any more")?;
        assert!(opener.open(&member(5)).is_err(), "{name}");
        fs::remove_file(path(name))?;
        let gone = opener.open(&member(5)).err().map(|error| error.kind());
        assert_eq!(gone, Some(io::ErrorKind::NotFound), "{name}");
    }
    Ok(())
}

#[test]
fn a_packed_tar_that_breaks_off_gives_all_before_the_break_again_and_again() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let path = root.path().join("a.tgz");
    let packed = gzip(&tar_bytes(&borrowed(&members(100))))?;
    fs::write(&path, packed.get(..packed.len() / 2).unwrap_or_default())?;
    let opener = Opener::new();
    let member = |n: u32| at(&path, &[(n, &format!("S/IM{n}"))]);
    for _ in 0..2 {
        let good = (0..100).take_while(|n| read(&opener, &member(*n)).is_ok()).count() as u32;
        assert!((20..80).contains(&good), "{good}");
        assert!((good..100).all(|n| read(&opener, &member(n)).is_err()));
        assert_eq!(read(&opener, &member(good - 1))?, content(good - 1));
        assert_eq!(read(&opener, &member(0))?, content(0));
    }
    // Cut off first, packed then: the packing is sound, the last member is not whole.
    let tar = tar_bytes(&[("S/IM0", &content(0)), ("S/IM1", &[1; 2_000])]);
    fs::write(&path, gzip(tar.get(..tar.len() - 2_048).unwrap_or_default())?)?;
    assert_eq!(read(&opener, &member(0))?, content(0));
    assert!(read(&opener, &member(1)).is_err());
    Ok(())
}
