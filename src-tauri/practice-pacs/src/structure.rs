//! Walks a DICOM file from end to end without trusting a length in it (PS3.10 section 7, PS3.5 section 7), and copies out
//! the few elements that the archive wants to know. What comes out is small and well-formed, so that a general parser can
//! be let loose on it.

use crate::source::{FileSource, InflatedSource, Source};
use dicom_core::VR;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader};

/// Sequences and their items, each for itself.
const DEPTH_LIMIT: usize = 256;
const STEP_LIMIT: u64 = 20_000_000;
const INFLATED_LIMIT: u64 = 8 << 30;
const COPY_LIMIT: u32 = 64 * 1024;
const UNDEFINED: u32 = u32::MAX;
const ITEM: u32 = 0xFFFE_E000;
const ITEM_END: u32 = 0xFFFE_E00D;
const SEQUENCE_END: u32 = 0xFFFE_E0DD;
const PIXEL_DATA: u32 = 0x7FE0_0010;

/// Why a file is not DICOM that can be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("no preamble and DICM")]
    NotDicom,
    #[error("the file ends too early")]
    Cut,
    #[error("the structure of the data set is broken")]
    Structure,
    #[error("deeper or larger than is read")]
    Bounds,
    #[error("no valid UIDs")]
    NoUid,
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        if kind == io::ErrorKind::UnexpectedEof {
            Self::Cut
        } else if matches!(kind, io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) {
            Self::Structure
        } else {
            Self::Io(error)
        }
    }
}

/// How the data set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

/// What was copied out of a file.
#[derive(Debug)]
pub(crate) struct Extract {
    /// (0002,0010) as written.
    pub(crate) transfer_syntax: String,
    /// How `elements` are written.
    pub(crate) syntax: Syntax,
    /// The wanted elements, a data set of their own.
    pub(crate) elements: Vec<u8>,
}

/// Reads a whole file and keeps the elements of the top level that `wanted` names.
pub(crate) fn extract(file: File, wanted: &dyn Fn(u32) -> bool) -> Result<Extract, Broken> {
    let size = file.metadata()?.len();
    let mut walk = Walk::new(FileSource(BufReader::with_capacity(1 << 16, file)), size);
    let mut start = [0; 132];
    walk.read(&mut start).map_err(|_| Broken::NotDicom)?;
    if !start.ends_with(b"DICM") {
        return Err(Broken::NotDicom);
    }
    let transfer_syntax = walk.meta()?;
    let syntax = match transfer_syntax.as_str() {
        "1.2.840.10008.1.2" => Syntax::ImplicitLittle,
        "1.2.840.10008.1.2.2" => Syntax::ExplicitBig,
        _ => Syntax::ExplicitLittle,
    };
    walk.syntax = syntax;
    let elements = if transfer_syntax == "1.2.840.10008.1.2.1.99" {
        let inflating = InflatedSource(DeflateDecoder::new(walk.source.0));
        let mut inner = Walk::new(inflating, INFLATED_LIMIT);
        inner.open_end = true;
        inner.data_set(wanted)?;
        inner.copied
    } else {
        walk.data_set(wanted)?;
        walk.copied
    };
    Ok(Extract { transfer_syntax, syntax, elements })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Elements,
    Items,
    Fragments,
}

/// A sequence, an item or the data set itself; without an `end` a delimiter closes it.
#[derive(Debug, Clone, Copy)]
struct Frame {
    inside: Inside,
    end: Option<u64>,
    implicit: bool,
}

struct Element {
    tag: u32,
    vr: VR,
    length: u32,
    raw: Vec<u8>,
}

struct Walk<S> {
    source: S,
    size: u64,
    position: u64,
    /// Whether the data set may end before `size`, where that is only a bound.
    open_end: bool,
    syntax: Syntax,
    frames: Vec<Frame>,
    copied: Vec<u8>,
}

impl Walk<FileSource> {
    /// The file meta group (PS3.10 section 7.1). It ends where another group begins: its own group length is wrong or
    /// missing in files that other archives take.
    fn meta(&mut self) -> Result<String, Broken> {
        let mut syntax = None;
        while self.next_is_meta()? {
            let element = self.element(false)?;
            if element.length == UNDEFINED {
                return Err(Broken::Structure);
            }
            if element.tag == 0x0002_0010 && element.length <= 64 {
                let mut value = vec![0; usize::try_from(element.length).unwrap_or_default()];
                self.read(&mut value)?;
                let text = String::from_utf8(value).map_err(|_| Broken::Structure)?;
                syntax = Some(text.trim_end_matches(['\0', ' ']).to_owned());
            } else {
                self.skip(u64::from(element.length))?;
            }
        }
        syntax.ok_or(Broken::Structure)
    }

    fn next_is_meta(&mut self) -> Result<bool, Broken> {
        let mut group = [0; 2];
        self.read(&mut group)?;
        self.source.0.seek_relative(-2)?;
        self.position -= 2;
        Ok(group == [2, 0])
    }
}

impl<S: Source> Walk<S> {
    fn new(source: S, size: u64) -> Self {
        let (frames, copied) = (Vec::new(), Vec::new());
        let syntax = Syntax::ExplicitLittle;
        Self { source, size, position: 0, open_end: false, syntax, frames, copied }
    }

    fn data_set(&mut self, wanted: &dyn Fn(u32) -> bool) -> Result<(), Broken> {
        let implicit = self.syntax == Syntax::ImplicitLittle;
        self.frames = vec![Frame { inside: Inside::Elements, end: None, implicit }];
        for _ in 0..STEP_LIMIT {
            let Some(frame) = self.frames.last().copied() else { return Ok(()) };
            if frame.end == Some(self.position) {
                self.frames.pop();
                continue;
            }
            if self.frames.len() == 1 && self.at_end()? {
                return Ok(());
            }
            match frame.inside {
                Inside::Elements => self.in_elements(frame, wanted)?,
                Inside::Items => self.in_items(frame)?,
                Inside::Fragments => self.in_fragments()?,
            }
            if frame.end.is_some_and(|end| self.position > end) {
                return Err(Broken::Structure);
            }
        }
        Err(Broken::Bounds)
    }

    fn at_end(&mut self) -> Result<bool, Broken> {
        if self.position >= self.size {
            return if self.open_end { Err(Broken::Bounds) } else { Ok(true) };
        }
        Ok(false)
    }

    fn in_elements(&mut self, frame: Frame, wanted: &dyn Fn(u32) -> bool) -> Result<(), Broken> {
        let top = self.frames.len() == 1;
        let before = self.position;
        let element = match self.element(frame.implicit) {
            // An inflated data set has no other sign of its end.
            Err(Broken::Cut) if top && self.open_end && self.position <= before + 1 => {
                self.frames.clear();
                return Ok(());
            }
            other => other?,
        };
        if element.tag == ITEM_END && !top && frame.end.is_none() {
            self.frames.pop();
            return Ok(());
        }
        // Zeros after the data set are padding that some writers leave.
        if element.tag == 0 && top && element.length == 0 {
            self.frames.clear();
            return Ok(());
        }
        if element.tag >> 16 == 0xFFFE {
            return Err(Broken::Structure);
        }
        match (element.vr, element.length) {
            (VR::OB | VR::OW | VR::UN, UNDEFINED) if element.tag == PIXEL_DATA => {
                self.push(Inside::Fragments, None, frame.implicit)
            }
            (VR::SQ, UNDEFINED) => self.push(Inside::Items, None, frame.implicit),
            // PS3.5 section 6.2.2: UN of undefined length holds items in Implicit VR.
            (VR::UN, UNDEFINED) => self.push(Inside::Items, None, true),
            (_, UNDEFINED) => Err(Broken::Structure),
            (VR::SQ, length) => {
                let end = Some(self.position + u64::from(length));
                self.push(Inside::Items, end, frame.implicit)
            }
            (_, length) if top && length <= COPY_LIMIT && wanted(element.tag) => self.copy(element),
            (_, length) => self.skip(u64::from(length)),
        }
    }

    fn in_items(&mut self, frame: Frame) -> Result<(), Broken> {
        match self.item()? {
            (ITEM, UNDEFINED) => self.push(Inside::Elements, None, frame.implicit),
            (ITEM, length) => {
                let end = Some(self.position + u64::from(length));
                self.push(Inside::Elements, end, frame.implicit)
            }
            (SEQUENCE_END, _) if frame.end.is_none() => {
                self.frames.pop();
                Ok(())
            }
            _ => Err(Broken::Structure),
        }
    }

    fn in_fragments(&mut self) -> Result<(), Broken> {
        match self.item()? {
            (ITEM, length) if length != UNDEFINED => self.skip(u64::from(length)),
            (SEQUENCE_END, _) => {
                self.frames.pop();
                Ok(())
            }
            _ => Err(Broken::Structure),
        }
    }

    fn push(&mut self, inside: Inside, end: Option<u64>, implicit: bool) -> Result<(), Broken> {
        if self.frames.len() >= DEPTH_LIMIT {
            return Err(Broken::Bounds);
        }
        if end.is_some_and(|end| end > self.size) {
            return Err(Broken::Cut);
        }
        self.frames.push(Frame { inside, end, implicit });
        Ok(())
    }

    fn copy(&mut self, element: Element) -> Result<(), Broken> {
        let mut value = vec![0; usize::try_from(element.length).unwrap_or_default()];
        self.read(&mut value)?;
        self.copied.extend_from_slice(&element.raw);
        self.copied.extend_from_slice(&value);
        Ok(())
    }

    fn item(&mut self) -> Result<(u32, u32), Broken> {
        let mut raw = [0; 8];
        self.read(&mut raw)?;
        let [a, b, c, d, e, f, g, h] = raw;
        Ok((self.tag([a, b, c, d]), self.long([e, f, g, h])))
    }

    /// Tag, VR and length of the next element (PS3.5 section 7.1).
    fn element(&mut self, implicit: bool) -> Result<Element, Broken> {
        let mut raw = [0; 8];
        self.read(&mut raw)?;
        let [a, b, c, d, e, f, g, h] = raw;
        let tag = self.tag([a, b, c, d]);
        let mut raw = raw.to_vec();
        if tag >> 16 == 0xFFFE || tag == 0 {
            return Ok(Element { tag, vr: VR::UN, length: self.long([e, f, g, h]), raw });
        }
        if implicit {
            return Ok(Element { tag, vr: known_vr(tag), length: self.long([e, f, g, h]), raw });
        }
        let vr = VR::from_binary([e, f]).ok_or(Broken::Structure)?;
        let length = if has_long_length(vr) {
            let mut long = [0; 4];
            self.read(&mut long)?;
            raw.extend_from_slice(&long);
            self.long(long)
        } else if self.syntax == Syntax::ExplicitBig {
            u32::from(u16::from_be_bytes([g, h]))
        } else {
            u32::from(u16::from_le_bytes([g, h]))
        };
        Ok(Element { tag, vr, length, raw })
    }

    fn tag(&self, [a, b, c, d]: [u8; 4]) -> u32 {
        if self.syntax == Syntax::ExplicitBig {
            u32::from_be_bytes([a, b, c, d])
        } else {
            u32::from_be_bytes([b, a, d, c])
        }
    }

    fn long(&self, bytes: [u8; 4]) -> u32 {
        if self.syntax == Syntax::ExplicitBig {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), Broken> {
        self.source.read_exact(into)?;
        self.position += into.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Broken> {
        if bytes > self.size.saturating_sub(self.position) {
            return Err(Broken::Cut);
        }
        self.source.skip(bytes)?;
        self.position += bytes;
        Ok(())
    }
}

fn has_long_length(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV
    )
}

fn known_vr(tag: u32) -> VR {
    let tag = dicom_core::Tag((tag >> 16) as u16, (tag & 0xFFFF) as u16);
    StandardDataDictionary.by_tag(tag).map_or(VR::UN, |entry| entry.vr().relaxed())
}
