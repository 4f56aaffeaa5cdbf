//! What an archive has twice is settled without reading the archive anew for each.

use super::*;
use crate::examine::Scratch;
use crate::made::{self, Members};

const UIDS: u32 = 100;

/// Settles all members of an archive: the reasons for those that are skipped, and what opening cost.
fn settled(bytes: &[u8], name: &str) -> (Vec<SkipReason>, crate::Cost) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let (options, cancel) = (Options::default(), Cancel::new());
    let mut settling = Settling::new(&options, &cancel);
    let mut skips = Vec::new();
    let out = &mut |report| {
        if let Seen::Skipped(skip) = settling.settle(report) {
            skips.push(skip.reason);
        }
    };
    examine::file(path, &options.limits, &cancel, &mut Scratch::default(), out);
    (skips, settling.opener.cost())
}

/// Each UID twice; the second time all over again, with `fill` for pixels.
fn twice(pixels: u32, fill: u8) -> Members {
    let one = |round: u8, n: u32| {
        let fill = if round == 0 { 7 } else { fill };
        (format!("{round}/IM{n}"), made::dicom(&format!("1.2.840.99.{n}"), pixels, fill))
    };
    (0..UIDS).map(|n| one(0, n)).chain((0..UIDS).map(|n| one(1, n))).collect()
}

#[test]
fn copies_in_a_zip_are_found_without_reading_its_directory_for_each() {
    let (skips, cost) = settled(&made::zip(&twice(100, 7), None), "a.zip");
    assert_eq!(skips, vec![SkipReason::Duplicate; UIDS as usize]);
    assert!(cost.entries <= u64::from(2 * UIDS + 3 * UIDS), "{cost:?}");
}

#[test]
fn copies_and_conflicts_in_a_packed_tar_are_found_by_winding_through_it_twice() {
    for (fill, reason) in [(7, SkipReason::Duplicate), (8, SkipReason::Conflict)] {
        for pixels in [100, 70_000] {
            let members = twice(pixels, fill);
            let whole: usize = members.iter().map(|(_, bytes)| bytes.len() + 1024).sum();
            let (skips, cost) = settled(&made::tgz(&members), "a.tgz");
            assert_eq!(skips, vec![reason; UIDS as usize]);
            assert!(cost.unpacked <= 2 * whole as u64, "{cost:?} of {whole}");
        }
    }
}
