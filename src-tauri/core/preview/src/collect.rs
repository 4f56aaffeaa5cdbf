//! The values that a picture needs, out of the data set and out of the items that may hold them.

use crate::element::{Tag, Way};
use std::collections::BTreeMap;

/// Where a value was found. The item of a frame goes before the shared one, and that before the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Context {
    /// The data set itself.
    Top,
    /// The first item of Modality LUT Sequence.
    ModalityLut,
    /// The first item of VOI LUT Sequence.
    VoiLut,
    /// Shared Functional Groups Sequence.
    Shared,
    /// The item of the wanted frame in Per-frame Functional Groups Sequence.
    Frame,
    /// Nothing that is looked at.
    Elsewhere,
}

const MODALITY_LUT: Tag = 0x0028_3000;
const VOI_LUT: Tag = 0x0028_3010;
const SHARED_GROUPS: Tag = 0x5200_9229;
const FRAME_GROUPS: Tag = 0x5200_9230;
const TRANSFORMATION: Tag = 0x0028_9145;
const FRAME_VOI: Tag = 0x0028_9132;

impl Context {
    /// What the item number `item` of the sequence `tag` is, when `frame` is the wanted one.
    pub(crate) fn enter(self, tag: Tag, item: u32, frame: u32) -> Self {
        match (self, tag) {
            (Self::Top, MODALITY_LUT) if item == 0 => Self::ModalityLut,
            (Self::Top, VOI_LUT) if item == 0 => Self::VoiLut,
            (Self::Top, SHARED_GROUPS) if item == 0 => Self::Shared,
            (Self::Top, FRAME_GROUPS) if item == frame => Self::Frame,
            (Self::Shared | Self::Frame, TRANSFORMATION | FRAME_VOI) if item == 0 => self,
            _ => Self::Elsewhere,
        }
    }

    /// True where the sequence is worth walking into.
    pub(crate) fn opens(self, tag: Tag) -> bool {
        matches!(
            (self, tag),
            (Self::Top, MODALITY_LUT | VOI_LUT | SHARED_GROUPS | FRAME_GROUPS)
                | (Self::Shared | Self::Frame, TRANSFORMATION | FRAME_VOI)
        )
    }

    /// True where the value is kept.
    pub(crate) fn keeps(self, tag: Tag) -> bool {
        match self {
            Self::Top => TOP.contains(&tag) || GREY.contains(&tag),
            Self::ModalityLut | Self::VoiLut => matches!(tag, 0x0028_3002 | 0x0028_3006),
            Self::Shared | Self::Frame => GREY.contains(&tag),
            Self::Elsewhere => false,
        }
    }
}

/// Window Center, Window Width, Rescale Intercept, Rescale Slope, VOI LUT Function.
const GREY: &[Tag] = &[0x0028_1050, 0x0028_1051, 0x0028_1052, 0x0028_1053, 0x0028_1056];
/// What describes the pixels (PS3.3 C.7.6.3), palettes (C.7.9), padding (C.7.5.1.1), where frames lie (C.7.6.3.1.8).
const TOP: &[Tag] = &[
    0x0008_0016,
    0x0008_0060,
    0x0028_0002,
    0x0028_0004,
    0x0028_0006,
    0x0028_0008,
    0x0028_0010,
    0x0028_0011,
    0x0028_0100,
    0x0028_0101,
    0x0028_0102,
    0x0028_0103,
    0x0028_0120,
    0x0028_0121,
    0x0028_1101,
    0x0028_1102,
    0x0028_1103,
    0x0028_1201,
    0x0028_1202,
    0x0028_1203,
    0x0028_1221,
    0x0028_1222,
    0x0028_1223,
    0x0042_0011,
    0x2050_0020,
    0x7FE0_0001,
];

/// Pixel data of the data set itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) tag: Tag,
    pub(crate) vr: [u8; 2],
    /// Where the value begins.
    pub(crate) begin: u64,
    /// Its length, cut at the end of the source; nothing where it lies in fragments.
    pub(crate) native: Option<u64>,
}

/// What a walk found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) way: Way,
    pub(crate) values: BTreeMap<(Context, Tag), Vec<u8>>,
    pub(crate) pixels: Option<Pixels>,
    /// False where the structure broke before the pixels.
    pub(crate) whole: bool,
}

impl Found {
    pub(crate) fn new(way: Way) -> Self {
        Self { way, values: BTreeMap::new(), pixels: None, whole: true }
    }

    pub(crate) fn bytes(&self, context: Context, tag: Tag) -> Option<&[u8]> {
        self.values.get(&(context, tag)).map(Vec::as_slice)
    }

    /// Text without the padding.
    pub(crate) fn text(&self, context: Context, tag: Tag) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes(context, tag)?).ok()?;
        Some(text.trim_matches([' ', '\0'])).filter(|text| !text.is_empty())
    }

    /// The first 16-bit number (US, SS).
    pub(crate) fn short(&self, tag: Tag) -> Option<u16> {
        self.shorts(Context::Top, tag).first().copied()
    }

    /// 16-bit numbers.
    pub(crate) fn shorts(&self, context: Context, tag: Tag) -> Vec<u16> {
        let (pairs, _) = self.bytes(context, tag).unwrap_or_default().as_chunks::<2>();
        pairs.iter().map(|pair| self.way.u16(*pair)).collect()
    }

    /// The first of decimal numbers (DS, IS) that are separated by backslashes.
    pub(crate) fn decimal(&self, context: Context, tag: Tag) -> Option<f64> {
        let first = self.text(context, tag)?.split('\\').next()?.trim();
        first.parse::<f64>().ok().filter(|number| number.is_finite())
    }

    /// A decimal number of the frame, else of all frames, else of the data set.
    pub(crate) fn nearest(&self, tag: Tag) -> Option<f64> {
        [Context::Frame, Context::Shared, Context::Top]
            .iter()
            .find_map(|context| self.decimal(*context, tag))
    }
}
