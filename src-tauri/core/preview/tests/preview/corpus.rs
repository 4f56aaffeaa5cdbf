//! Every file of the corpus gives a picture or a labelled placeholder, and takes nobody down.

use crate::support::{corpus, frame, preview};
use relaypacs_preview::{Placeholder, Request};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_of_the_corpus_gives_a_picture_or_a_placeholder() {
    let Some(corpus) = corpus() else { return };
    let preview = preview();
    let mut outcomes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in files(&corpus) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let outcome = match frame(&preview, &fs::read(&path).unwrap(), &Request::thumbnail(256)) {
            Ok(picture) => {
                assert!(picture.png.starts_with(b"\x89PNG"), "{name}");
                assert!(picture.width.max(picture.height) <= 256, "{name}");
                "picture"
            }
            Err(placeholder) => placeholder.code(),
        };
        outcomes.entry(outcome).or_default().push(name);
    }
    let count = |code| outcomes.get(code).map_or(0, Vec::len);
    let counts: Vec<(&str, usize)> =
        outcomes.iter().map(|(code, names)| (*code, names.len())).collect();
    assert!(count("picture") >= 350, "{counts:?}");
    for unexpected in [Placeholder::DecoderDied, Placeholder::TooSlow, Placeholder::Unreadable] {
        let names = outcomes.get(unexpected.code());
        assert!(names.is_none(), "{unexpected}: {names:?}");
    }
}

/// Of the sound images only those in syntaxes without a decoder stay without a picture.
#[test]
fn sound_images_of_the_corpus_are_shown() {
    let Some(corpus) = corpus() else { return };
    let preview = preview();
    let without: Vec<String> = ["transfer_syntax", "modality", "series"]
        .iter()
        .flat_map(|folder| files(&corpus.join(folder)))
        .filter_map(|path| {
            let answer = frame(&preview, &fs::read(&path).unwrap(), &Request::thumbnail(256));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match answer {
                Ok(_) | Err(Placeholder::NoPixels(_) | Placeholder::Video) => None,
                Err(placeholder) => Some(format!("{name}: {placeholder}")),
            }
        })
        .collect();
    assert_eq!(without, WITHOUT_PICTURE);
}

/// What stays without a picture, and why.
const WITHOUT_PICTURE: &[&str] = &[
    // Its width was overwritten with the bytes of a delimiter, to try readers of fragments.
    "JPEG2000-embedded-sequence-delimiter.dcm: damaged_pixels",
    // JPEG XL.
    "jxl_lossless_16.dcm: unknown_compression",
    // Plain pixels that are declared as JPEG.
    "genFile.dcm: damaged_pixels",
];
