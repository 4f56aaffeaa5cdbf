//! The walk over a data set as far as its pixel data. Nothing recurses, every length is held against the bytes that
//! are left, depth and number of elements are bounded. Where the structure breaks the walk ends with what it has.

use crate::Placeholder;
use crate::collect::{Context, Found, Pixels};
use crate::element::{Front, ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, Tag, UNDEFINED, Way, front};
use crate::source::View;

/// Elements and items that are looked at.
const ELEMENTS_MOST: u32 = 4_000_000;
/// Sequences and items within each other.
const DEPTH_MOST: usize = 1_024;
/// Bytes of one value that is kept.
const VALUE_MOST: u64 = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Sequence,
    Item,
    /// Fragments of something nested, such as an icon.
    Fragments,
}

#[derive(Clone, Copy)]
struct Level {
    kind: Kind,
    tag: Tag,
    context: Context,
    way: Way,
    undefined: bool,
    end: u64,
    items: u32,
}

struct Walk<'a, 'b> {
    view: &'a mut View<'b>,
    at: u64,
    frame: u32,
    levels: Vec<Level>,
    found: Found,
}

/// Walks the data set that begins at `at`; `frame` is the wanted one.
pub(crate) fn walk(
    view: &mut View<'_>,
    at: u64,
    way: Way,
    frame: u32,
) -> Result<Found, Placeholder> {
    let mut walk = Walk { view, at, frame, levels: Vec::new(), found: Found::new(way) };
    for _ in 0..ELEMENTS_MOST {
        match walk.step()? {
            Step::On => {}
            Step::End => return Ok(walk.found),
            Step::Broken => break,
        }
    }
    walk.found.whole = false;
    Ok(walk.found)
}

enum Step {
    On,
    End,
    Broken,
}

impl Walk<'_, '_> {
    fn step(&mut self) -> Result<Step, Placeholder> {
        let level = self.levels.last().copied();
        if let Some(level) = level.filter(|level| !level.undefined && self.at >= level.end) {
            self.at = level.end;
            self.levels.pop();
            return Ok(Step::On);
        }
        let bytes = self.view.peek(self.at, 12)?;
        if bytes.is_empty() && level.is_none() {
            return Ok(Step::End);
        }
        let way = level.map_or(self.found.way, |level| level.way);
        let Some(front) = front(bytes, way) else { return Ok(Step::Broken) };
        match level {
            Some(level) if level.kind != Kind::Item => Ok(self.in_sequence(level, front)),
            Some(level) if front.tag == ITEM_END && level.undefined => {
                self.at += 8;
                self.levels.pop();
                Ok(Step::On)
            }
            _ if front.tag >> 16 == 0xFFFE => Ok(Step::Broken),
            _ => self.element(front, level),
        }
    }

    fn in_sequence(&mut self, level: Level, front: Front) -> Step {
        self.at += 8;
        if front.tag == SEQUENCE_END && level.undefined {
            self.levels.pop();
            return Step::On;
        }
        if front.tag != ITEM {
            return Step::Broken;
        }
        if let Some(open) = self.levels.last_mut() {
            open.items = open.items.saturating_add(1);
        }
        let context = level.context.enter(level.tag, level.items, self.frame);
        let defined = front.length != UNDEFINED;
        if defined && (context == Context::Elsewhere || level.kind == Kind::Fragments) {
            self.at = self.at.saturating_add(u64::from(front.length));
            return Step::On;
        }
        let end = if defined { self.at.saturating_add(u64::from(front.length)) } else { level.end };
        let (kind, items) = (Kind::Item, 0);
        self.push(Level { kind, context, undefined: !defined, end, items, ..level })
    }

    fn push(&mut self, level: Level) -> Step {
        if self.levels.len() >= DEPTH_MOST {
            return Step::Broken;
        }
        self.levels.push(level);
        Step::On
    }

    fn element(&mut self, front: Front, inside: Option<Level>) -> Result<Step, Placeholder> {
        let context = inside.map_or(Context::Top, |level| level.context);
        let way = inside.map_or(self.found.way, |level| level.way);
        let begin = self.at.saturating_add(front.size);
        let size = self.view.size();
        let defined = front.length != UNDEFINED;
        let end = if defined { begin.saturating_add(u64::from(front.length)) } else { size };
        if inside.is_none() && matches!(front.tag, 0x7FE0_0008 | 0x7FE0_0009 | PIXEL_DATA) {
            let native = defined.then(|| end.min(size).saturating_sub(begin));
            self.found.pixels = Some(Pixels { tag: front.tag, vr: front.vr, begin, native });
            return Ok(Step::End);
        }
        if !defined || (context.opens(front.tag) && matches!(&front.vr, b"SQ" | [0, 0])) {
            self.at = begin;
            let pixels = matches!(&front.vr, b"OB" | b"OW") || front.tag == PIXEL_DATA;
            let kind = if pixels && !defined { Kind::Fragments } else { Kind::Sequence };
            // Items of a UN of undefined length are implicit (PS3.5 section 6.2.2).
            let way = if front.vr == *b"UN" { Way::ImplicitLittle } else { way };
            let (tag, items) = (front.tag, 0);
            return Ok(self.push(Level {
                kind,
                tag,
                context,
                way,
                undefined: !defined,
                end,
                items,
            }));
        }
        if end > size {
            return Ok(Step::Broken);
        }
        let key = (context, front.tag);
        if context.keeps(front.tag) && u64::from(front.length) <= VALUE_MOST {
            let value = self.view.peek(begin, front.length as usize)?.to_vec();
            self.found.values.entry(key).or_insert(value);
        }
        self.at = end;
        Ok(Step::On)
    }
}
