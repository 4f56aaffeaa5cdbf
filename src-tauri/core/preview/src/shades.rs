//! Grey: stored values to modality units to light (PS3.3 C.11), as the file says, as asked for, or from the data.

use crate::attributes::{Image, Photometric};
use crate::lut::Lut;
use crate::samples::{Raster, Samples};
use crate::scale::Small;
use crate::{Levels, Voi, Window};

/// Values that are sorted to find the darkest and the brightest.
const SORTED_MOST: usize = 1 << 16;

/// Grey pixels, and the window that made them.
pub(crate) struct Shades {
    pub(crate) bytes: Vec<u8>,
    pub(crate) window: Window,
}

/// Looks up stored values in the Modality LUT, where there is one, before anything is averaged.
pub(crate) fn looked_up(raster: &mut Raster, image: &Image) {
    if let (Samples::Whole(samples), Some(table)) = (&mut raster.samples, &image.modality_lut) {
        samples.iter_mut().for_each(|sample| *sample = i32::from(table.at(*sample)));
    }
}

/// Grey values as light.
pub(crate) fn grey(small: &Small, raster: &Raster, image: &Image, levels: Levels) -> Shades {
    let (slope, intercept) = if image.modality_lut.is_some() { (1.0, 0.0) } else { image.rescale };
    let unit = |value: f32| f64::from(value) * slope + intercept;
    let inverse = image.inverse != (image.photometric == Photometric::Monochrome1);
    let byte = |light: f64| {
        let byte = (light * 255.0).round().clamp(0.0, 255.0) as u8;
        if inverse { 255 - byte } else { byte }
    };
    let (window, voi) = match chosen(image, levels) {
        Some(Chosen::Window(window, voi)) => (window, voi),
        Some(Chosen::Table(table)) => {
            let light = |value: &f32| f64::from(table.light(unit(*value).round() as i32));
            let bytes = small.values.iter().map(|value| byte(light(value))).collect();
            return Shades { bytes, window: of_data(small, raster, image, levels, unit) };
        }
        None => (of_data(small, raster, image, levels, unit), Voi::LinearExact),
    };
    let light = |value: &f32| voi.light(window, unit(*value));
    Shades { bytes: small.values.iter().map(|value| byte(light(value))).collect(), window }
}

enum Chosen<'a> {
    Window(Window, Voi),
    Table(&'a Lut),
}

/// What was asked for, else the file's window, else the file's table.
fn chosen(image: &Image, levels: Levels) -> Option<Chosen<'_>> {
    match levels {
        Levels::Given(window) if image.function.takes(window) => {
            Some(Chosen::Window(window, image.function))
        }
        Levels::OfFile => match image.window.filter(|window| image.function.takes(*window)) {
            Some(window) => Some(Chosen::Window(window, image.function)),
            None => image.voi_lut.as_ref().map(Chosen::Table),
        },
        Levels::Given(_) | Levels::OfData => None,
    }
}

/// A window (linear, exact) that shows the data: all of up to 8 bits, else all but half a percent at either end.
fn of_data(
    small: &Small,
    raster: &Raster,
    image: &Image,
    levels: Levels,
    unit: impl Fn(f32) -> f64,
) -> Window {
    let plain = image.rescale == (1.0, 0.0) && image.modality_lut.is_none();
    let whole = matches!(raster.samples, Samples::Whole(_)) && !image.signed;
    if levels != Levels::OfData && plain && whole && raster.bits <= 8 {
        let width = f64::from((1u32 << raster.bits) - 1);
        return Window { center: width / 2.0, width };
    }
    let padded = |value: f32| {
        image.padding.is_some_and(|(low, high)| (low as f32..=high as f32).contains(&value))
    };
    let step = (small.values.len() / SORTED_MOST).max(1);
    let values = small.values.iter().step_by(step);
    let mut sorted: Vec<f64> =
        values.filter(|value| !padded(**value)).map(|value| unit(*value)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted.len() / 200;
    let low = sorted.get(cut).copied().unwrap_or(0.0);
    let high = sorted.get(sorted.len().saturating_sub(cut + 1)).copied().unwrap_or(low);
    let (low, high) = match (sorted.first(), sorted.last()) {
        // Almost all of it is one value: what differs is what there is to see.
        (Some(first), Some(last)) if high <= low => (*first, *last),
        _ => (low, high),
    };
    let width = if high > low { high - low } else { 1.0 };
    Window { center: low + width / 2.0, width }
}
