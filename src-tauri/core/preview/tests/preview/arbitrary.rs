//! Whatever the bytes are: no panic in our own code, an end, and no worker that stays behind.

use crate::support::{fixture, frame, preview};
use proptest::prelude::*;
use relaypacs_preview::{Held, Placeholder, Preview, Request, render};
use std::sync::LazyLock;

static PREVIEW: LazyLock<Preview> = LazyLock::new(preview);

/// Fixtures whose decoders are our own: they may not panic.
const OURS: &[&str] = &[
    "grey.dcm",
    "grey_implicit.dcm",
    "rgb_big.dcm",
    "grey_rle.dcm",
    "grey_jls.dcm",
    "rgb_jls_1.dcm",
    "rgb_jls_2.dcm",
    "grey_deflated.dcm",
    "grey_jpeg12.dcm",
];
/// Fixtures whose decoders are not.
const OTHERS: &[&str] = &["rgb_jpeg.dcm", "grey_jpll_sv1.dcm", "grey_j2k.dcm", "rgb_htj2k.dcm"];

fn mutated(name: &str, changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = fixture(name);
    for (at, value) in changes {
        let length = bytes.len();
        // The meta information stays, so that the mutation reaches what is behind it.
        bytes[300 + at % (length - 300)] = *value;
    }
    let length = bytes.len();
    bytes.truncate(if cut.is_multiple_of(4) { cut % length } else { length });
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_behind_the_magic_are_rendered_to_an_end(
        tail in prop::collection::vec(any::<u8>(), 0..2_000),
        number in any::<u32>(),
    ) {
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM");
        bytes.extend(tail);
        let _either = render(&mut Held(bytes), &Request { frame: number, ..Request::thumbnail(64) });
    }

    #[test]
    fn changed_files_are_rendered_to_an_end_by_our_own_decoders(
        which in 0..OURS.len(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..12),
        cut in any::<usize>(),
    ) {
        let bytes = mutated(OURS[which], &changes, cut);
        let _either = render(&mut Held(bytes), &Request::thumbnail(64));
    }

    #[test]
    fn changed_files_never_take_the_caller_down(
        which in 0..OTHERS.len(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..12),
        cut in any::<usize>(),
    ) {
        let bytes = mutated(OTHERS[which], &changes, cut);
        let answer = frame(&PREVIEW, &bytes, &Request::thumbnail(64));
        prop_assert!(!matches!(answer, Err(Placeholder::NoDecoder | Placeholder::Unreadable)));
    }
}
