//! A second witness: every file that dicom-pixeldata decodes as well gives the samples that it gives. It shares the
//! decoders of JPEG and JPEG 2000 with this room and nothing of what is around them: how the file is read, frames are
//! cut, bits are taken out, planes and colours are put together.

use crate::attributes::Image;
use crate::codec::Decoders;
use crate::render::decoded;
use crate::samples::{Raster, Samples, Stored};
use crate::{Held, Request};
use dicom_object::OpenFileOptions;
use dicom_pixeldata::{DecodedPixelData, PixelDecoder, PlanarConfiguration};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::{env, fs, thread};

/// Larger files show nothing that smaller ones do not, and cost time.
const BYTES_MOST: usize = 1 << 20;
/// The part of the corpus that the witness is spared: it believes lengths that lie, and asks for gigabytes.
const SPARED: &str = "damaged";
/// The witness reads nested sequences by recursion.
const STACK: usize = 256 << 20;

/// Fixtures that the witness does not decode: JPEG-LS without a library in C++, JPEG of 12 bits.
const UNHEARD: &[&str] = &[
    "grey_jls.dcm",
    "grey_jls_near3.dcm",
    "grey_jpeg12.dcm",
    "rgb_jls_0.dcm",
    "rgb_jls_1.dcm",
    "rgb_jls_2.dcm",
];
/// Files of the corpus in which the witness differs.
const DIFFERENT: &[&str] = &[
    // Frames of 1 bit a pixel that do not fill whole bytes: the witness rounds their length down.
    "modality/highdicom/seg_image_sm_control.dcm",
    "modality/highdicom/seg_image_sm_dots_tiled_full.dcm",
    // The stream does not say what its colours are, Photometric Interpretation says RGB: the witness asks only the stream.
    "transfer_syntax/pydicom/SC_jpeg_no_color_transform.dcm",
    // Deflated frames of 1 bit a pixel: the witness leaves the bits packed.
    "transfer_syntax/pydicom_data/liver_deflate.dcm",
    "transfer_syntax/pydicom_data/liver_nonbyte_aligned_deflate.dcm",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The samples of the witness as this room has them: with their sign, pixel by pixel.
fn heard(bytes: &[u8], image: &Image) -> Option<Vec<i64>> {
    let object = OpenFileOptions::new().from_reader(bytes).ok()?;
    let decoded = object.decode_pixel_data_frame(0).ok()?;
    let stored = Stored::of(image);
    let whole = |raw: u32| i64::from(stored.value(raw));
    let data = decoded.data();
    let samples: Vec<i64> = match decoded.bits_allocated() {
        1 => data.iter().map(|bit| i64::from(*bit != 0)).collect(),
        8 => data.iter().map(|byte| whole(u32::from(*byte))).collect(),
        16 => {
            let (pairs, _) = data.as_chunks::<2>();
            pairs.iter().map(|two| whole(u32::from(u16::from_ne_bytes(*two)))).collect()
        }
        _ => return None,
    };
    Some(by_pixel(samples, &decoded))
}

fn by_pixel(samples: Vec<i64>, decoded: &DecodedPixelData<'_>) -> Vec<i64> {
    let planar = decoded.planar_configuration() == PlanarConfiguration::PixelFirst;
    if decoded.samples_per_pixel() == 1 || !planar {
        return samples;
    }
    let plane = samples.len() / 3;
    (0..plane).flat_map(|at| [0, 1, 2].map(|channel| samples[channel * plane + at])).collect()
}

fn ours(raster: &Raster) -> Vec<i64> {
    match &raster.samples {
        Samples::Whole(samples) => samples.iter().map(|sample| i64::from(*sample)).collect(),
        Samples::Float(samples) => samples.iter().map(|sample| *sample as i64).collect(),
    }
}

/// How far the two are apart; nothing where one of them does not decode the file.
fn apart(bytes: &[u8]) -> Option<i64> {
    let request = Request::thumbnail(4_096);
    let mut source = Held(bytes.to_vec());
    let (raster, image) = decoded(Decoders::Registry, &mut source, &request).ok()?;
    let (ours, heard) = (ours(&raster), heard(bytes, &image)?);
    if ours.len() != heard.len() {
        return Some(i64::MAX);
    }
    ours.iter().zip(&heard).map(|(one, other)| (one - other).abs()).max()
}

/// The names of those that are apart. Streams with loss too are to be equal: their decoder is the same, or it is exact.
fn different(compared: &BTreeMap<String, i64>) -> Vec<&str> {
    compared.iter().filter(|(_, apart)| **apart != 0).map(|(name, _)| name.as_str()).collect()
}

/// The files that both decode, with how far they are apart.
fn compared(folder: PathBuf) -> BTreeMap<String, i64> {
    let all = move || {
        let mut paths = Vec::new();
        files(&folder, &mut paths);
        let apart = |path: PathBuf| {
            let name = path.strip_prefix(&folder).ok()?;
            if name.starts_with(SPARED) {
                return None;
            }
            let bytes = fs::read(&path).ok().filter(|bytes| bytes.len() <= BYTES_MOST)?;
            let far = panic::catch_unwind(AssertUnwindSafe(|| apart(&bytes))).ok()??;
            Some((name.display().to_string(), far))
        };
        paths.into_iter().filter_map(apart).collect()
    };
    thread::Builder::new().stack_size(STACK).spawn(all).unwrap().join().unwrap()
}

#[test]
fn the_fixtures_have_the_samples_that_the_witness_finds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut all = Vec::new();
    files(&folder, &mut all);
    let compared = compared(folder);
    assert_eq!(different(&compared), [""; 0]);
    let unheard: BTreeSet<String> = all
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .filter(|name| name.ends_with(".dcm") && !compared.contains_key(name))
        .collect();
    assert_eq!(unheard, UNHEARD.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn the_corpus_has_the_samples_that_the_witness_finds() {
    let Some(corpus) = env::var_os("RELAYPACS_CORPUS") else { return };
    let compared = compared(PathBuf::from(corpus));
    assert_eq!(different(&compared), DIFFERENT);
    assert!(compared.len() >= 380, "only {} files were compared", compared.len());
}
