//! Which fragments of encapsulated pixel data are a frame (PS3.5 A.4), by the offset table where there is one.

use crate::Placeholder;
use crate::element::{ITEM, UNDEFINED, Way, front};
use crate::source::View;

/// Fragments that are looked at.
const FRAGMENTS_MOST: usize = 1 << 20;
/// Bytes of an offset table that is believed.
const TABLE_MOST: u32 = 4 << 20;
/// Compressed bytes of one frame: 256 MiB.
pub(crate) const ENCODED_MOST: u64 = 256 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fragment {
    begin: u64,
    length: u64,
}

/// The compressed bytes of one frame. `extended`: the Extended Offset Table, empty where there is none.
pub(crate) fn frame(
    view: &mut View<'_>,
    begin: u64,
    (number, frames): (u32, u32),
    extended: &[u64],
) -> Result<Vec<u8>, Placeholder> {
    let (base, basic) = offset_table(view, begin)?;
    let table = if extended.is_empty() { &basic } else { extended };
    let chosen = match by_table(view, base, table, (number, frames))? {
        Some(chosen) => chosen,
        None => by_count(view, base, (number, frames))?,
    };
    let total = chosen.iter().fold(0u64, |sum, fragment| sum.saturating_add(fragment.length));
    if total > ENCODED_MOST {
        return Err(Placeholder::TooLarge);
    }
    let mut bytes = Vec::new();
    for fragment in chosen {
        bytes.extend_from_slice(&view.exactly(fragment.begin, fragment.length)?);
    }
    if bytes.is_empty() { Err(Placeholder::Damaged) } else { Ok(bytes) }
}

/// The Basic Offset Table and where the first fragment lies. Some writers leave the table's item out.
fn offset_table(view: &mut View<'_>, begin: u64) -> Result<(u64, Vec<u64>), Placeholder> {
    let bytes = view.peek(begin, 12)?;
    let read = front(bytes, Way::ExplicitLittle).filter(|front| front.tag == ITEM);
    let length = read.ok_or(Placeholder::Damaged)?.length;
    let is_fragment = length > 0 && bytes.get(8..).is_some_and(starts_frame);
    if is_fragment || length == UNDEFINED || length > TABLE_MOST {
        return Ok((begin, Vec::new()));
    }
    let value = view.peek(begin + 8, length as usize)?;
    let (entries, _) = value.as_chunks::<4>();
    let table = entries.iter().map(|entry| u64::from(u32::from_le_bytes(*entry))).collect();
    Ok((begin + 8 + u64::from(length), table))
}

/// By the offset table, where it has an entry for each frame and this one points at an item.
fn by_table(
    view: &mut View<'_>,
    base: u64,
    table: &[u64],
    (number, frames): (u32, u32),
) -> Result<Option<Vec<Fragment>>, Placeholder> {
    let number = number as usize;
    if frames < 2 || table.len() != frames as usize {
        return Ok(None);
    }
    let Some(from) = table.get(number).map(|offset| base.saturating_add(*offset)) else {
        return Ok(None);
    };
    let to = table.get(number + 1).map(|offset| base.saturating_add(*offset));
    let chosen = items(view, from, to.unwrap_or(u64::MAX))?;
    Ok(Some(chosen).filter(|chosen| !chosen.is_empty()))
}

/// By counting: one frame has all fragments, as many fragments as frames have one each, else each frame begins where a
/// compressed stream does.
fn by_count(
    view: &mut View<'_>,
    base: u64,
    (number, frames): (u32, u32),
) -> Result<Vec<Fragment>, Placeholder> {
    let all = items(view, base, u64::MAX)?;
    if all.is_empty() {
        return Err(Placeholder::Damaged);
    }
    if frames == 1 {
        return Ok(all);
    }
    let number = number as usize;
    if all.len() <= frames as usize {
        return all.get(number).map(|one| vec![*one]).ok_or(Placeholder::NoSuchFrame);
    }
    let mut frame = 0;
    let mut chosen = Vec::new();
    for (place, fragment) in all.into_iter().enumerate() {
        if place > 0 && starts_frame(view.peek(fragment.begin, 4)?) {
            frame += 1;
        }
        if frame == number {
            chosen.push(fragment);
        }
    }
    if chosen.is_empty() { Err(Placeholder::NoSuchFrame) } else { Ok(chosen) }
}

/// The fragments from `at` on that begin before `to`; the last is cut at the end of the source.
fn items(view: &mut View<'_>, mut at: u64, to: u64) -> Result<Vec<Fragment>, Placeholder> {
    let mut found = Vec::new();
    while at < to && found.len() < FRAGMENTS_MOST {
        let bytes = view.peek(at, 8)?;
        let read = front(bytes, Way::ExplicitLittle);
        let Some(front) = read.filter(|front| front.tag == ITEM && front.length != UNDEFINED)
        else {
            break;
        };
        let begin = at + 8;
        let length = u64::from(front.length).min(view.size().saturating_sub(begin));
        found.push(Fragment { begin, length });
        at = begin + u64::from(front.length);
    }
    Ok(found)
}

/// True where a JPEG, JPEG-LS or JPEG 2000 stream begins, the last also in its file format.
fn starts_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xD8, 0xFF, ..] | [0xFF, 0x4F, 0xFF, ..] | [0, 0, 0, 0x0C, ..])
}
