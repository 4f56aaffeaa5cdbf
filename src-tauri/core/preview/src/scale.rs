//! A frame made small: each pixel of the picture is the mean of those it stands for, or one of them.

use crate::samples::{Raster, Samples};

/// A frame in the size of the picture.
#[derive(Debug)]
pub(crate) struct Small {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) values: Vec<f32>,
}

/// The size that fits into a square of `edge`; never larger than it was.
pub(crate) fn fitted(width: u32, height: u32, edge: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= edge {
        return (width, height);
    }
    let part = |side: u32| {
        let scaled =
            (u64::from(side) * u64::from(edge) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    (part(width), part(height))
}

/// Makes a frame small. `mean` is false where values are names, such as entries of a palette.
pub(crate) fn small(raster: &Raster, edge: u32, mean: bool) -> Small {
    match &raster.samples {
        Samples::Whole(samples) => scaled(raster, samples, edge, mean, |value| value as f32),
        Samples::Float(samples) => {
            scaled(raster, samples, edge, mean, |value| if value.is_finite() { value } else { 0.0 })
        }
    }
}

fn scaled<N: Copy>(
    raster: &Raster,
    samples: &[N],
    edge: u32,
    mean: bool,
    number: impl Fn(N) -> f32,
) -> Small {
    let (width, height) = fitted(raster.width, raster.height, edge);
    if (width, height) == (raster.width, raster.height) {
        return Small { width, height, values: samples.iter().map(|one| number(*one)).collect() };
    }
    let channels = raster.channels as usize;
    let row_length = raster.width as usize * channels;
    let columns: Vec<(usize, usize)> =
        (0..width).map(|column| span(column, width, raster.width, mean)).collect();
    let mut values = Vec::with_capacity(width as usize * height as usize * channels);
    let mut sums = vec![0f32; width as usize * channels];
    for row in 0..height {
        let (top, bottom) = span(row, height, raster.height, mean);
        sums.fill(0.0);
        for line in samples.chunks_exact(row_length).take(bottom).skip(top) {
            for ((left, right), sum) in columns.iter().zip(sums.chunks_exact_mut(channels)) {
                let part = line.get(left * channels..right * channels).unwrap_or_default();
                for pixel in part.chunks_exact(channels) {
                    for (sum, sample) in sum.iter_mut().zip(pixel) {
                        *sum += number(*sample);
                    }
                }
            }
        }
        for ((left, right), sum) in columns.iter().zip(sums.chunks_exact(channels)) {
            let count = ((right - left) * (bottom - top)) as f32;
            values.extend(sum.iter().map(|sum| sum / count));
        }
    }
    Small { width, height, values }
}

/// Which of `from` places the place `at` of `to` stands for.
fn span(at: u32, to: u32, from: u32, mean: bool) -> (usize, usize) {
    let place = |at: u32| (u64::from(at) * u64::from(from) / u64::from(to)) as usize;
    let (begin, end) = (place(at), place(at + 1));
    if mean { (begin, end.max(begin + 1)) } else { (begin, begin + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(width: u32, height: u32, channels: u32, samples: Vec<i32>) -> Raster {
        Raster { width, height, channels, samples: Samples::Whole(samples), rgb: false, bits: 8 }
    }

    #[test]
    fn a_picture_keeps_its_shape_and_is_never_enlarged() {
        assert_eq!(fitted(512, 512, 256), (256, 256));
        assert_eq!(fitted(2_000, 1_000, 256), (256, 128));
        assert_eq!(fitted(10_000, 2, 256), (256, 1));
        assert_eq!(fitted(100, 50, 256), (100, 50));
    }

    #[test]
    fn pixels_are_means_and_names_are_not_mixed() {
        let grey = raster(4, 2, 1, vec![1, 3, 10, 20, 5, 7, 30, 40]);
        assert_eq!(small(&grey, 2, true).values, [4.0, 25.0]);
        assert_eq!(small(&grey, 2, false).values, [1.0, 10.0]);
        let colour = raster(2, 2, 3, vec![0, 10, 20, 2, 12, 22, 4, 14, 24, 6, 16, 26]);
        assert_eq!(small(&colour, 1, true).values, [3.0, 13.0, 23.0]);
    }
}
