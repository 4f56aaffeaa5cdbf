//! What the data set says of its pixels (PS3.3 C.7.6.3 and C.11), made of what the walk collected.

use crate::collect::{Context, Found};
use crate::lut::Lut;
use crate::segments;
use crate::{NoPixels, Placeholder, Voi, Window};

/// Samples of one frame that are decoded: 64 Mi, which are 256 MiB in memory.
pub(crate) const SAMPLES_MOST: u64 = 64 << 20;

/// Photometric Interpretation, as far as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Photometric {
    /// The lowest value is white.
    Monochrome1,
    Monochrome2,
    Palette,
    Rgb,
    /// Also YBR_FULL_422, where a decoder has brought both colours to full size.
    YbrFull,
    YbrFull422,
    YbrPartial422,
    /// YBR_ICT and YBR_RCT: RGB once JPEG 2000 is decoded.
    YbrJpeg2000,
}

/// What a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Integer,
    Float,
    Double,
}

/// The description of an image.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) channels: u32,
    pub(crate) photometric: Photometric,
    /// Planar Configuration 1: all red, all green, all blue.
    pub(crate) planar: bool,
    pub(crate) frames: u32,
    pub(crate) bits_allocated: u32,
    pub(crate) bits_stored: u32,
    pub(crate) high_bit: u32,
    pub(crate) signed: bool,
    pub(crate) number: Number,
    /// Rescale Slope and Rescale Intercept.
    pub(crate) rescale: (f64, f64),
    pub(crate) modality_lut: Option<Lut>,
    pub(crate) window: Option<Window>,
    pub(crate) function: Voi,
    pub(crate) voi_lut: Option<Lut>,
    pub(crate) palette: Option<[Lut; 3]>,
    /// Pixel Padding Value, and the other end of its range.
    pub(crate) padding: Option<(i32, i32)>,
    /// Presentation LUT Shape INVERSE.
    pub(crate) inverse: bool,
}

impl Image {
    /// # Errors
    /// [`Placeholder::UnknownPixels`], [`Placeholder::Damaged`], [`Placeholder::TooLarge`].
    pub(crate) fn of(found: &Found, number: Number) -> Result<Self, Placeholder> {
        let channels = u32::from(found.short(0x0028_0002).unwrap_or(1));
        let rows = u32::from(found.short(0x0028_0010).unwrap_or(0));
        let columns = u32::from(found.short(0x0028_0011).unwrap_or(0));
        let photometric = photometric(found, channels)?;
        let bits_allocated = match number {
            Number::Integer => u32::from(found.short(0x0028_0100).unwrap_or(8)),
            Number::Float => 32,
            Number::Double => 64,
        };
        if number == Number::Integer && !matches!(bits_allocated, 1 | 8 | 16 | 32) {
            return Err(Placeholder::UnknownPixels);
        }
        let stored = u32::from(found.short(0x0028_0101).unwrap_or(0));
        let bits_stored =
            if (1..=bits_allocated).contains(&stored) { stored } else { bits_allocated };
        let high = u32::from(found.short(0x0028_0102).unwrap_or(0));
        let fits = (bits_stored..=bits_allocated).contains(&(high + 1));
        let signed = found.short(0x0028_0103) == Some(1);
        check(rows, columns, channels)?;
        let frames = found.decimal(Context::Top, 0x0028_0008).unwrap_or(1.0);
        let rescale = (
            found.nearest(0x0028_1053).filter(|slope| *slope != 0.0).unwrap_or(1.0),
            found.nearest(0x0028_1052).unwrap_or(0.0),
        );
        Ok(Self {
            rows,
            columns,
            channels,
            photometric,
            planar: found.short(0x0028_0006) == Some(1),
            frames: if frames >= 1.0 { frames as u32 } else { 1 },
            bits_allocated,
            bits_stored,
            high_bit: if fits { high } else { bits_stored - 1 },
            signed,
            number,
            rescale,
            modality_lut: table(found, Context::ModalityLut, signed),
            window: window(found),
            function: match Voi::named(function(found)) {
                // LINEAR counts whole values; in a map from 0 to 1 it would be a threshold.
                Voi::Linear if number != Number::Integer => Voi::LinearExact,
                named @ (Voi::Linear | Voi::LinearExact | Voi::Sigmoid) => named,
            },
            voi_lut: table(found, Context::VoiLut, true),
            palette: palette(found, photometric)?,
            padding: padding(found, signed),
            inverse: found.text(Context::Top, 0x2050_0020) == Some("INVERSE"),
        })
    }
}

/// Holds the size of a frame against what is allowed.
pub(crate) fn check(rows: u32, columns: u32, channels: u32) -> Result<(), Placeholder> {
    if rows == 0 || columns == 0 {
        return Err(Placeholder::Damaged);
    }
    let pixels = u64::from(rows) * u64::from(columns);
    match pixels.checked_mul(u64::from(channels)) {
        Some(samples) if samples <= SAMPLES_MOST => Ok(()),
        _ => Err(Placeholder::TooLarge),
    }
}

fn photometric(found: &Found, channels: u32) -> Result<Photometric, Placeholder> {
    let named = match found.text(Context::Top, 0x0028_0004) {
        Some("MONOCHROME1") => Photometric::Monochrome1,
        Some("PALETTE COLOR") => Photometric::Palette,
        Some("RGB") => Photometric::Rgb,
        Some("YBR_FULL") => Photometric::YbrFull,
        Some("YBR_FULL_422") => Photometric::YbrFull422,
        Some("YBR_PARTIAL_422") => Photometric::YbrPartial422,
        Some("YBR_ICT" | "YBR_RCT") => Photometric::YbrJpeg2000,
        Some("MONOCHROME2") => Photometric::Monochrome2,
        None if channels == 3 => Photometric::Rgb,
        None => Photometric::Monochrome2,
        Some(_) => return Err(Placeholder::UnknownPixels),
    };
    // What the number of samples shows goes before the name.
    match (named, channels) {
        (Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette, 1) => {
            Ok(named)
        }
        (Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette, 3) => {
            Ok(Photometric::Rgb)
        }
        (_, 3) => Ok(named),
        (_, 1) => Ok(Photometric::Monochrome2),
        _ => Err(Placeholder::UnknownPixels),
    }
}

/// Window Center and Window Width of the frame, of all frames, of the data set; the first of several.
fn window(found: &Found) -> Option<Window> {
    [Context::Frame, Context::Shared, Context::Top].iter().find_map(|context| {
        let center = found.decimal(*context, 0x0028_1050)?;
        let width = found.decimal(*context, 0x0028_1051)?;
        Some(Window { center, width })
    })
}

fn function(found: &Found) -> Option<&str> {
    [Context::Frame, Context::Shared, Context::Top]
        .iter()
        .find_map(|context| found.text(*context, 0x0028_1056))
}

fn table(found: &Found, context: Context, signed: bool) -> Option<Lut> {
    let way = found.way;
    let descriptor = found.shorts(context, 0x0028_3002);
    // The first value may be below zero only where the values are (C.11.2.1.1), but it is written as US by some.
    let signed = signed && descriptor.get(1).is_some_and(|first| *first > 0x7FFF);
    Lut::new(&descriptor, found.bytes(context, 0x0028_3006)?, |pair| way.u16(pair), signed)
}

fn palette(found: &Found, photometric: Photometric) -> Result<Option<[Lut; 3]>, Placeholder> {
    if photometric != Photometric::Palette {
        return Ok(None);
    }
    let way = found.way;
    let one = |channel: u32| {
        let descriptor = found.shorts(Context::Top, 0x0028_1101 + channel);
        if let Some(bytes) = found.bytes(Context::Top, 0x0028_1201 + channel) {
            return Lut::new(&descriptor, bytes, |pair| way.u16(pair), false);
        }
        let segments = found.shorts(Context::Top, 0x0028_1221 + channel);
        let bytes: Vec<u8> =
            segments::unpacked(&segments)?.into_iter().flat_map(u16::to_ne_bytes).collect();
        Lut::new(&descriptor, &bytes, u16::from_ne_bytes, false)
    };
    match (one(0), one(1), one(2)) {
        (Some(red), Some(green), Some(blue)) => Ok(Some([red, green, blue])),
        _ => Err(Placeholder::UnknownPixels),
    }
}

fn padding(found: &Found, signed: bool) -> Option<(i32, i32)> {
    let read = |tag| {
        let value = found.short(tag)?;
        Some(if signed { i32::from(value.cast_signed()) } else { i32::from(value) })
    };
    let one = read(0x0028_0120)?;
    let other = read(0x0028_0121).unwrap_or(one);
    Some((one.min(other), one.max(other)))
}

/// What an instance without pixels is, by its SOP class (PS3.4 Annex B) and, where that is private, its Modality.
pub(crate) fn without_pixels(found: &Found) -> Placeholder {
    if !found.whole {
        return Placeholder::Damaged;
    }
    let class = found.text(Context::Top, 0x0008_0016).unwrap_or_default();
    let storage = class.strip_prefix("1.2.840.10008.5.1.4.1.1.").unwrap_or_default();
    let family = storage.split('.').next().unwrap_or_default();
    let modality = found.text(Context::Top, 0x0008_0060).unwrap_or_default();
    Placeholder::NoPixels(match (family, storage) {
        (_, "11.1" | "11.2" | "11.3" | "11.4" | "11.5" | "11.8") => NoPixels::PresentationState,
        ("88", _) => NoPixels::Report,
        ("104", _) => NoPixels::Document,
        ("481", _) => NoPixels::Radiotherapy,
        ("9", _) => NoPixels::Waveform,
        _ if found.bytes(Context::Top, 0x0042_0011).is_some() => NoPixels::Document,
        _ => match modality {
            "SR" | "KO" => NoPixels::Report,
            "DOC" => NoPixels::Document,
            "RTPLAN" | "RTSTRUCT" | "RTRECORD" => NoPixels::Radiotherapy,
            "ECG" | "HD" | "EPS" => NoPixels::Waveform,
            "PR" => NoPixels::PresentationState,
            _ => NoPixels::Other,
        },
    })
}
