//! The guarded walk over a data set: every length is held against the bytes that are left, depth and number of
//! elements are bounded, nothing recurses, and of values only those are read that somebody asked for.
//! Pixel data is passed over: native by its length, encapsulated by the fronts of its fragments (`pixel.rs`).

use crate::bytes::Bytes;
use crate::element::{self, Front, NoFront, Tag, UNDEFINED, Way, front};
use crate::pixel;
use std::io;

/// The most of one value that is read.
pub(crate) const VALUE_MOST: usize = 16 * 1024;
/// How much zero padding behind a data set is looked through.
const PADDING_MOST: u64 = 64 << 20;

/// What ends a walk early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The source could not be read, or a [`crate::bytes::Bound`] was met.
    Io(io::Error),
    /// The structure is broken; says how.
    Damage(&'static str),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Who looks at the elements of a walk.
pub(crate) trait Visitor {
    /// True where an item that claims to be longer than its sequence is read as far as the sequence goes: good enough
    /// for a hint, never for an instance.
    const CLAMPS: bool = false;
    /// True where the value is to be read; `depth` is 0 for the data set, 1 for an item of a sequence in it.
    fn wants(&mut self, tag: Tag, depth: usize) -> bool;
    /// The value, cut at [`VALUE_MOST`].
    fn value(&mut self, tag: Tag, bytes: &[u8]);
    /// A new item begins at `depth`, in the sequence `tag`.
    fn item(&mut self, tag: Tag, depth: usize);
}

/// Bounds of a walk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) elements: u64,
    pub(crate) depth: usize,
}

/// What the transfer syntax says of top-level pixel data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// Fragments in items (PS3.5 A.4).
    Encapsulated,
    /// One value.
    Native,
    /// The syntax is not known, or says nothing.
    Either,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Sequence,
    Item,
}

#[derive(Clone, Copy)]
struct Frame {
    kind: Kind,
    tag: Tag,
    way: Way,
    /// Items of this sequence may be written in another way than the data set (UN, CP-246).
    unknown: bool,
    undefined: bool,
    /// Where it ends; with undefined length, where what it lies in ends.
    end: u64,
}

const CUT: Stop = Stop::Damage("the file ends inside an element");
const CUT_SEQUENCE: Stop = Stop::Damage("the file ends inside a sequence");
const PAST: Stop = Stop::Damage("a value is longer than what is left of the file");
const PAST_SEQUENCE: Stop = Stop::Damage("a length runs past the end of its sequence");

/// Walks the data set that begins at `at`, to the end of the source.
pub(crate) fn walk<S: Bytes, V: Visitor>(
    source: &mut S,
    at: u64,
    way: Way,
    pixels: Pixels,
    bounds: Bounds,
    visitor: &mut V,
) -> Result<(), Stop> {
    let (frames, elements, last, behind) = (Vec::new(), 0, Tag(0), false);
    let state = State { at, way, pixels, bounds, frames, elements, last, behind };
    Walk { source, visitor, state }.run()
}

struct State {
    at: u64,
    way: Way,
    pixels: Pixels,
    bounds: Bounds,
    frames: Vec<Frame>,
    elements: u64,
    /// The top-level tag read last.
    last: Tag,
    /// True behind top-level pixel data.
    behind: bool,
}

struct Walk<'a, S, V> {
    source: &'a mut S,
    visitor: &'a mut V,
    state: State,
}

impl<S: Bytes, V: Visitor> Walk<'_, S, V> {
    fn run(mut self) -> Result<(), Stop> {
        loop {
            self.state.elements += 1;
            if self.state.elements > self.state.bounds.elements {
                return Err(Stop::Damage("it has more elements than are accepted"));
            }
            match self.state.frames.last().copied() {
                None => {
                    if self.top()? {
                        return Ok(());
                    }
                }
                Some(frame) if !frame.undefined && self.state.at == frame.end => {
                    self.state.frames.pop();
                }
                Some(frame) if frame.kind == Kind::Sequence => self.in_sequence(frame)?,
                Some(frame) => self.in_item(frame)?,
            }
        }
    }

    /// One element of the data set itself; true at its end.
    fn top(&mut self) -> Result<bool, Stop> {
        let bytes = self.source.peek(self.state.at, 20)?;
        if bytes.is_empty() {
            return Ok(true);
        }
        let read = front(bytes, self.state.way);
        let zeros = bytes.iter().take(8).all(|byte| *byte == 0);
        let front = match read {
            // Group 0000 belongs to messages (PS3.7), so zeros here are padding or a lost sector.
            _ if zeros => return self.padding().map(|()| true),
            Ok(front) => front,
            Err(NoFront::Short) => return Err(CUT),
            Err(NoFront::Vr) => return Err(Stop::Damage("bytes that are no element")),
        };
        // Behind the pixels little is legal, and a wrong pixel length makes pixels look like elements.
        if self.state.behind && (front.tag < self.state.last || !front.known) {
            return Err(Stop::Damage("bytes behind the pixel data that are no element"));
        }
        if front.tag.group() == 0xFFFE || (front.tag.group() == 0 && self.state.last.group() > 0) {
            return Err(Stop::Damage("bytes that are no element"));
        }
        self.state.last = front.tag;
        self.state.behind |= front.tag == Tag::PIXEL_DATA;
        self.element(front, None)?;
        Ok(false)
    }

    fn in_item(&mut self, frame: Frame) -> Result<(), Stop> {
        let bytes = self.source.peek(self.state.at, 20)?;
        let front = match front(bytes, frame.way) {
            Ok(front) => front,
            Err(NoFront::Short) => return Err(CUT_SEQUENCE),
            Err(NoFront::Vr) => {
                return Err(Stop::Damage("bytes in a sequence that are no element"));
            }
        };
        if front.tag == Tag::ITEM_END && frame.undefined {
            self.state.at += 8;
            self.state.frames.pop();
            return Ok(());
        }
        if front.tag.group() == 0xFFFE {
            return Err(Stop::Damage("an item has no end"));
        }
        self.element(front, Some(frame))
    }

    fn in_sequence(&mut self, frame: Frame) -> Result<(), Stop> {
        let bytes = self.source.peek(self.state.at, 8)?;
        let Ok(front) = front(bytes, frame.way) else { return Err(CUT_SEQUENCE) };
        let begin = self.state.at + 8;
        if front.tag == Tag::SEQUENCE_END && frame.undefined {
            self.state.at = begin;
            self.state.frames.pop();
            return Ok(());
        }
        if front.tag != Tag::ITEM {
            return Err(Stop::Damage("a sequence holds something other than items"));
        }
        let depth = self.state.frames.len() / 2 + 1;
        self.visitor.item(frame.tag, depth);
        self.state.at = begin;
        let way = if frame.unknown { self.way_of_item(frame, begin)? } else { frame.way };
        self.push(Kind::Item, frame.tag, way, false, front.length, frame.end)
    }

    /// Items of a UN of undefined length are implicit (PS3.5 section 6.2.2); some writers leave them explicit.
    fn way_of_item(&mut self, frame: Frame, begin: u64) -> Result<Way, Stop> {
        let bytes = self.source.peek(begin, 20)?;
        let implicit = front(bytes, frame.way).is_ok_and(|front| {
            front.length == UNDEFINED || begin.saturating_add(u64::from(front.length)) <= frame.end
        });
        let explicit = front(bytes, Way::ExplicitLittle).is_ok_and(|front| front.known);
        Ok(if explicit && !implicit { Way::ExplicitLittle } else { frame.way })
    }

    fn element(&mut self, front: Front, inside: Option<Frame>) -> Result<(), Stop> {
        let way = inside.map_or(self.state.way, |frame| frame.way);
        let begin = self.state.at + u64::from(front.size);
        let limit = inside.map_or_else(|| self.source.size().unwrap_or(u64::MAX), |f| f.end);
        if front.length == UNDEFINED {
            return self.undefined(front, way, begin, inside.is_none(), limit);
        }
        let end = begin + u64::from(front.length);
        if end > limit {
            return Err(if inside.is_some() { PAST_SEQUENCE } else { PAST });
        }
        if front.length > 0 && self.is_sequence(&front, begin)? {
            self.state.at = begin;
            return self.push(Kind::Sequence, front.tag, way, false, front.length, limit);
        }
        let wrong = inside.is_none() && self.state.pixels == Pixels::Encapsulated;
        if wrong && front.tag == Tag::PIXEL_DATA && front.length > 0 {
            return Err(Stop::Damage("compressed pixel data without fragments"));
        }
        let depth = self.state.frames.len() / 2;
        if self.visitor.wants(front.tag, depth) {
            let want = VALUE_MOST.min(usize::try_from(front.length).unwrap_or(VALUE_MOST));
            let bytes = self.source.peek(begin, want)?;
            if bytes.len() < want {
                return Err(PAST);
            }
            self.visitor.value(front.tag, bytes);
        }
        if !self.source.reaches(end)? {
            return Err(PAST);
        }
        self.state.at = end;
        Ok(())
    }

    /// True where a value of defined length is walked into. In implicit VR the dictionary has to say so.
    fn is_sequence(&mut self, front: &Front, begin: u64) -> Result<bool, Stop> {
        if front.vr != [0, 0] {
            return Ok(front.vr == *b"SQ");
        }
        if front.length < 8 {
            return Ok(false);
        }
        let item = [0xFE, 0xFF, 0x00, 0xE0];
        Ok(self.source.peek(begin, 4)? == item && element::is_sequence(front.tag))
    }

    fn undefined(
        &mut self,
        front: Front,
        way: Way,
        begin: u64,
        top: bool,
        limit: u64,
    ) -> Result<(), Stop> {
        let fragments = match &front.vr {
            b"OB" | b"OW" => true,
            [0, 0] => front.tag == Tag::PIXEL_DATA,
            b"SQ" | b"UN" => false,
            [_, _] => return Err(Stop::Damage("a value has no length")),
        };
        if !fragments {
            let unknown = front.vr == *b"UN";
            let way = if unknown { Way::ImplicitLittle } else { way };
            self.state.at = begin;
            return self.push(Kind::Sequence, front.tag, way, unknown, UNDEFINED, limit);
        }
        if top && front.tag == Tag::PIXEL_DATA && self.state.pixels == Pixels::Native {
            return Err(Stop::Damage("uncompressed pixel data has no length"));
        }
        self.state.at = pixel::skip_fragments(self.source, begin, limit, way)?;
        Ok(())
    }

    fn push(
        &mut self,
        kind: Kind,
        tag: Tag,
        way: Way,
        unknown: bool,
        length: u32,
        limit: u64,
    ) -> Result<(), Stop> {
        if self.state.frames.len() >= self.state.bounds.depth * 2 {
            return Err(Stop::Damage("its sequences are nested deeper than is accepted"));
        }
        let undefined = length == UNDEFINED;
        let mut end = if undefined { limit } else { self.state.at + u64::from(length) };
        if V::CLAMPS && kind == Kind::Item {
            end = end.min(limit);
        }
        if end > limit {
            return Err(PAST_SEQUENCE);
        }
        self.state.frames.push(Frame { kind, tag, way, unknown, undefined, end });
        Ok(())
    }

    /// Zeros to the end are padding that real media have; anything else after them is damage.
    fn padding(&mut self) -> Result<(), Stop> {
        let begin = self.state.at;
        loop {
            let bytes = self.source.peek(self.state.at, 4096)?;
            if bytes.is_empty() {
                return Ok(());
            }
            if bytes.iter().any(|byte| *byte != 0) || self.state.at - begin > PADDING_MOST {
                return Err(Stop::Damage("zeros in place of elements"));
            }
            self.state.at += bytes.len() as u64;
        }
    }
}
