//! Whatever the bytes are: no panic, an end, and bounds that hold.

#[path = "support/archives.rs"]
mod made;
mod support;

use made::{dicomdir, gzip, tar_bytes, zip_file};
use proptest::prelude::*;
use relaypacs_model::Location;
use relaypacs_scan::{Opener, Options, read_directory, read_header};
use std::fs;
use std::io::Cursor;
use support::{Outcome, dicom, element, front, short};

/// A valid file of every sort that is read here.
fn sound() -> Outcome<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("z");
    let sequence = [front(0xFFFE_E000, b"  ", u32::MAX), front(0xFFFE_E00D, b"  ", 0)].concat();
    let rich = [dicom("1.2.3"), element(0x0040_0275, b"SQ", &sequence)].concat();
    let index = dicomdir(&["A\\B", "C"]);
    zip_file(&path, &[("IM", &rich), ("DICOMDIR", &index)])?;
    let tar = tar_bytes(&[("IM", &rich)]);
    let packed = gzip(&tar)?;
    Ok(vec![rich, index, fs::read(path)?, tar, packed])
}

fn mutate(mut bytes: Vec<u8>, changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    for (at, value) in changes {
        let at = at % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *value;
        }
    }
    let length = bytes.len();
    bytes.truncate(if cut.is_multiple_of(4) { cut % length.max(1) } else { length });
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_behind_the_magic_are_read_to_an_end(
        tail in prop::collection::vec(any::<u8>(), 0..2_000),
        marked in any::<bool>(),
    ) {
        let mut bytes = vec![0; if marked { 128 } else { 0 }];
        bytes.extend_from_slice(if marked { b"DICM" } else { b"" });
        bytes.extend(tail);
        let size = bytes.len() as u64;
        let _ = read_header(&mut Cursor::new(&bytes), size);
        let _ = read_directory(&mut Cursor::new(&bytes), size);
        // A size that lies is a file that was cut while it was read.
        let _ = read_header(&mut Cursor::new(&bytes), size * 2 + 7);
    }

    #[test]
    fn a_changed_file_is_one_line_and_what_is_listed_opens(
        which in 0usize..5,
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..12),
        cut in any::<usize>(),
    ) {
        let outcome = (|| -> Outcome<()> {
            let bytes = sound()?.into_iter().nth(which).unwrap_or_default();
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("f");
            fs::write(&path, mutate(bytes, &changes, cut))?;
            let all = short(folder.path(), &Options::default())?;
            assert!(!all.lines.is_empty());
            if all.lines == ["f instance"] {
                let opened = Opener::new().open(&Location::File(path))?;
                assert!(opened.bytes > 0);
            }
            Ok(())
        })();
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }
}
