//! Passing over encapsulated pixel data (PS3.5 A.4): fronts of fragments only, their bytes are never looked at.

use crate::bytes::Bytes;
use crate::element::{Tag, UNDEFINED, Way, front};
use crate::walker::Stop;

/// More fragments than any real object has; a bound in time.
const FRAGMENTS_MOST: u64 = 8_000_000;

/// Hops over the items from `at` on to behind the sequence delimiter and says where that is; nothing may reach past
/// `limit`.
pub(crate) fn skip_fragments<S: Bytes>(
    source: &mut S,
    at: u64,
    limit: u64,
    way: Way,
) -> Result<u64, Stop> {
    let mut at = at;
    for _ in 0..FRAGMENTS_MOST {
        let Ok(front) = front(source.peek(at, 8)?, way) else {
            return Err(Stop::Damage("the file ends inside compressed pixel data"));
        };
        if front.tag == Tag::SEQUENCE_END {
            return Ok(at + 8);
        }
        if front.tag != Tag::ITEM || front.length == UNDEFINED {
            return Err(Stop::Damage("compressed pixel data holds something other than fragments"));
        }
        at += 8 + u64::from(front.length);
        if at > limit || !source.reaches(at)? {
            return Err(Stop::Damage("a fragment of pixel data is longer than what is left"));
        }
    }
    Err(Stop::Damage("pixel data has more fragments than are accepted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::bytes::{Store, Window};
    use std::sync::Arc;

    fn skip(bytes: &[u8]) -> Result<u64, Stop> {
        let (cancel, mut buffer, size) = (Cancel::new(), Vec::new(), bytes.len() as u64);
        let store = Store::Memory(Arc::new(bytes.to_vec()));
        let mut window = Window::new(store, size, &mut buffer, &cancel);
        skip_fragments(&mut window, 0, size, Way::ExplicitLittle)
    }

    #[test]
    fn fragments_are_hopped_over_to_behind_the_delimiter() {
        let whole =
            b"\xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\x00\xE0\x02\0\0\0ab\xFE\xFF\xDD\xE0\0\0\0\0rest";
        assert_eq!(skip(whole).unwrap(), 26);
        for cut in 0..26 {
            assert!(matches!(skip(&whole[..cut]), Err(Stop::Damage(_))), "cut at {cut}");
        }
    }

    #[test]
    fn something_other_than_a_fragment_is_damage() {
        assert!(matches!(skip(b"\x10\0\x20\0LO\x04\0ABCD"), Err(Stop::Damage(_))));
        assert!(matches!(skip(b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF"), Err(Stop::Damage(_))));
    }
}
