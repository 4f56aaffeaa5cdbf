//! Segmented palettes (PS3.3 C.7.9.2): runs, ramps and repetitions in place of every entry.

/// Entries of a table.
const ENTRIES_MOST: usize = 65_536;
/// Words of one segment's front: what it is and how long; an indirect one has two more.
const DISCRETE: u16 = 0;
const LINEAR: u16 = 1;
const INDIRECT: u16 = 2;

/// Unpacks a segmented table; nothing where it is broken or too long.
pub(crate) fn unpacked(words: &[u16]) -> Option<Vec<u16>> {
    let mut entries = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        rest = match rest {
            [INDIRECT, count, low, high, left @ ..] => {
                // The offset is in bytes, to an earlier segment; what is there is not indirect itself.
                let from = ((usize::from(*high) << 16) | usize::from(*low)) / 2;
                let mut again = words.get(from..)?;
                for _ in 0..*count {
                    again = direct(again, &mut entries)?;
                }
                left
            }
            _ => direct(rest, &mut entries)?,
        };
    }
    (!entries.is_empty()).then_some(entries)
}

/// One discrete or linear segment; what is behind it.
fn direct<'a>(words: &'a [u16], entries: &mut Vec<u16>) -> Option<&'a [u16]> {
    let left = match words {
        [DISCRETE, count, rest @ ..] => {
            let (values, left) = rest.split_at_checked(usize::from(*count))?;
            entries.extend_from_slice(values);
            left
        }
        [LINEAR, count, end, left @ ..] => {
            let (from, to) = (f64::from(*entries.last()?), f64::from(*end));
            let step = |at: u16| from + (to - from) * f64::from(at) / f64::from(*count);
            entries.extend((1..=*count).map(|at| step(at).round() as u16));
            left
        }
        // Padding to an even length.
        [_] => &[],
        _ => return None,
    };
    (entries.len() <= ENTRIES_MOST).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_ramps_and_repetitions_are_unpacked() {
        let words = [DISCRETE, 2, 5, 10, LINEAR, 4, 30, INDIRECT, 2, 0, 0];
        assert_eq!(unpacked(&words).unwrap(), [5, 10, 15, 20, 25, 30, 5, 10, 15, 20, 25, 30]);
    }

    #[test]
    fn broken_segments_and_endless_repetition_are_refused() {
        assert_eq!(unpacked(&[LINEAR, 4, 30]), None);
        assert_eq!(unpacked(&[DISCRETE, 9, 1]), None);
        assert_eq!(unpacked(&[7, 1, 1]), None);
        let mut bomb = vec![DISCRETE, 1, 1, LINEAR, 65_535, 9];
        bomb.extend([INDIRECT, 65_535, 6, 0]);
        assert_eq!(unpacked(&bomb), None);
        assert_eq!(unpacked(&[INDIRECT, 1, 0, 0, DISCRETE, 1, 1]), None);
    }
}
