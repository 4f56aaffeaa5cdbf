//! A screen that nobody sits at: Xvfb, whose picture lies in a file, so that looking at it costs the program that draws
//! nothing. Linux only, as Xvfb is.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Width and height in pixels: the window's own size, so that it fills the screen.
pub(crate) const SIZE: (u32, u32) = (1280, 800);

/// Words of 32 bits at the head of the picture (XWD, version 7).
const HEAD: usize = 25;

/// A running Xvfb.
pub(crate) struct Screen {
    server: Child,
    /// As `DISPLAY` says it.
    pub(crate) display: String,
    picture: PathBuf,
}

impl Screen {
    /// Starts one on a display that is free.
    ///
    /// # Errors
    /// There is no Xvfb, or it does not start.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let size = format!("{}x{}x24", SIZE.0, SIZE.1);
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp", "-fbdir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb did not start")?;
        let out = server.stdout.take().context("no output of Xvfb")?;
        let mut number = String::new();
        // Written once the display takes clients.
        BufReader::new(out).read_line(&mut number)?;
        let screen = Self {
            server,
            display: format!(":{}", number.trim()),
            picture: folder.join("Xvfb_screen0"),
        };
        if number.trim().is_empty() {
            bail!("Xvfb found no free display");
        }
        Ok(screen)
    }

    /// What is on it now.
    ///
    /// # Errors
    /// The file of the picture is not what Xvfb writes.
    pub(crate) fn look(&self) -> Result<Picture> {
        let bytes = fs::read(&self.picture).context("the picture of the screen")?;
        let words: Vec<usize> = bytes
            .chunks_exact(4)
            .take(HEAD)
            .filter_map(|word| word.try_into().ok().map(u32::from_be_bytes))
            .filter_map(|word| usize::try_from(word).ok())
            .collect();
        let &[
            head,
            _,
            _,
            _,
            width,
            height,
            _,
            _,
            _,
            _,
            _,
            bits,
            line,
            _,
            _,
            _,
            _,
            _,
            _,
            colours,
            ..,
        ] = words.as_slice()
        else {
            bail!("the picture of the screen has no head");
        };
        let pixels =
            bytes.get(head + colours * 12..).context("the picture of the screen is cut")?;
        if bits != 32 || line != width * 4 || pixels.len() < line * height {
            bail!("the picture of the screen has {bits} bits a pixel");
        }
        Ok(Picture { width, height, pixels: pixels.to_vec() })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What was on the screen at one moment: blue, green, red and a spare byte for each pixel.
pub(crate) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// One in 64 of its pixels, to compare pictures by.
    pub(crate) fn sample(&self) -> Vec<u32> {
        let rows = self.pixels.chunks_exact(self.width * 4).take(self.height).step_by(8);
        rows.flat_map(|row| row.chunks_exact(4).step_by(8))
            .map(|pixel| {
                pixel.iter().take(3).rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
            })
            .collect()
    }

    /// For a person to look at.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        let (width, height) = (u32::try_from(self.width)?, u32::try_from(self.height)?);
        let rgb: Vec<u8> = self
            .pixels
            .chunks_exact(4)
            .take(self.width * self.height)
            .flat_map(|pixel| pixel.iter().take(3).rev().copied())
            .collect();
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(file)?), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header()?.write_image_data(&rgb)?;
        Ok(())
    }
}

/// The share of two samples that differs, from 0 to 1.
pub(crate) fn difference(one: &[u32], other: &[u32]) -> f64 {
    let differing = one.iter().zip(other).filter(|(one, other)| one != other).count();
    differing as f64 / one.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_differ_in_a_quarter_of_their_pixels_differ_by_a_quarter() {
        assert!((difference(&[1, 2, 3, 4], &[1, 2, 3, 5]) - 0.25).abs() < f64::EPSILON);
        assert!(difference(&[7; 64], &[7; 64]) == 0.0);
    }

    #[test]
    fn a_sample_is_one_pixel_of_eight_in_one_row_of_eight_as_red_green_blue() {
        let mut pixels = vec![0; 16 * 16 * 4];
        pixels[8 * 16 * 4 + 8 * 4..][..3].copy_from_slice(&[3, 2, 1]);
        let sample = Picture { width: 16, height: 16, pixels }.sample();
        assert_eq!(sample, [0, 0, 0, 0x01_02_03]);
    }
}
